//! The stage of the year: a sandbox with all registries, a store, and a daemon whose clock is moved.
//!
//! The clock of both is real time and so many seconds more: the sandbox is told them, the daemon's libc is libfaketime's. Only
//! the time of day is moved, so that what is waited for lasts as long as ever.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Unit};
use registrard::config::Config;
use registrard::job::intake::{DefaultId, Gate, Origin, Publisher};
use registrard::model::{Operation, State};
use registrard::store::{Acceptance, JobFilter};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::control;
use crate::database::{Database, Kind};
use crate::house::{Daemon, Sandbox, until};
use crate::places::{Place, Registry, places};

/// The library that moves the daemon's clock (Debian: faketime), unless `REGISTRARD_TEST_FAKETIME` names it.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
/// How long a day's work of the daemon may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// What secrets of jobs are sealed with: 32 bytes in base64.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";
/// How long a daemon lives at least: time to read the registries' messages.
const LEAST: Duration = Duration::from_millis(700);

/// What an act is prepared for, and how long before it it is submitted, in days.
pub const ACTS: &[(&str, &str, i64)] = &[
    ("domain_expiry", "domain.renew", 14),
    ("contact_verification", "contact.update", 7),
    ("auth_info1_expiry", "domain.authcode_delete", 2),
];
/// When a reminder is told: the leads of the configuration, days and hours.
pub const LEADS: &[(&str, i64, i64)] =
    &[("30d", 30, 0), ("14d", 14, 0), ("7d", 7, 0), ("3d", 3, 0), ("1d", 1, 0), ("6h", 0, 6)];
/// The local hour of the digest.
pub const DIGEST_HOUR: i8 = 7;

/// Everything there is.
pub struct Stage {
    pub database: Database,
    pub places: Vec<Place>,
    sandbox: Sandbox,
    daemon: Daemon,
    gate: Gate,
    metrics: String,
    library: String,
    /// Seconds the clocks are ahead.
    ahead: i64,
    clock: PathBuf,
    directory: TempDir,
}

impl Stage {
    /// Opens it, with the clocks at real time.
    pub async fn open(seed: u64, kind: Kind) -> Self {
        let library = std::env::var("REGISTRARD_TEST_FAKETIME").unwrap_or_else(|_| FAKETIME.to_owned());
        assert!(std::path::Path::new(&library).exists(), "{library} is missing: `./dev test` installs it");
        let directory = TempDir::new().unwrap();
        let log = std::fs::File::create(directory.path().join("sandbox.log")).unwrap();
        let registries = Registry::ALL.map(Registry::name);
        let arguments = "--accounts 2 --requests-per-minute 100000000 --quota 1000000000 --sessions 60 --connections 200 \
                         --balance 1000000000 --no-auto-renew --nz-lock-ms 1";
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let state = directory.path().join("sandbox");
        let sandbox = Sandbox::start_with(&state, seed, &registries, &arguments, log).await;
        let database = Database::migrated(kind).await;
        let places = places(&sandbox.ready);
        // Nobody else is told of it, so that it is likely to be free a moment later.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let metrics = format!("127.0.0.1:{port}");
        let config = directory.path().join("registrard.toml");
        std::fs::write(&config, configuration(&database, &places, &sandbox.ready, &metrics, directory.path())).unwrap();
        let read = Config::load(Some(&config)).unwrap();
        let gate = registrard::daemon::gate(&read, &registrard::daemon::accounts(&read).unwrap()).unwrap();
        let daemon = Daemon::of(config, directory.path().join("daemon.log"));
        let clock = directory.path().join("clock");
        Self { database, places, sandbox, daemon, gate, metrics, library, ahead: 0, clock, directory }
    }

    /// What all clocks show.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.ahead)
    }

    /// Moves all clocks.
    pub async fn move_to(&mut self, to: Timestamp) {
        let seconds = to.duration_since(self.now()).as_secs();
        if seconds > 0 {
            self.ahead += seconds;
            let order = json!({ "advance_all_seconds": seconds });
            control::ordered(&self.sandbox.control, "POST", "/clock", &order).await;
        }
        // Whoever reads it must find a whole line.
        let new = self.clock.with_extension("new");
        std::fs::write(&new, format!("+{}\n", self.ahead)).unwrap();
        std::fs::rename(&new, &self.clock).unwrap();
    }

    /// Starts the daemon, if it does not run.
    pub fn start(&mut self) {
        if self.daemon.is_up() {
            return;
        }
        let clock = self.clock.display().to_string();
        self.daemon.start_with(&[
            ("LD_PRELOAD", &self.library),
            ("FAKETIME_TIMESTAMP_FILE", &clock),
            ("FAKETIME_CACHE_DURATION", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ]);
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.daemon.kill().await;
    }

    /// The daemon's memory in kilobytes: the most it has had (`VmHWM`) or what it has (`VmRSS`).
    pub fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.daemon.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
        let Some(line) = line else { panic!("the daemon is gone:\n{}", self.daemon.log_tail()) };
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Takes in jobs; all of them have to be accepted.
    pub async fn submit(&self, jobs: &[&Value]) {
        let origin = Origin {
            publisher: Publisher::Local,
            id: DefaultId::InBulk,
            batch: None,
            reply_to: None,
            correlation_id: None,
        };
        let admitted: Vec<_> =
            jobs.iter().map(|job| self.gate.admit(&origin, job).unwrap_or_else(|why| panic!("{job}: {why}"))).collect();
        for group in admitted.chunks(500) {
            let taken = self.database.store.accept(group, &[], self.now()).await.unwrap();
            assert!(taken.iter().all(|one| matches!(one, Acceptance::New)), "a job is known already");
        }
    }

    /// The registrant of a domain answers the mail that asks whether the address is right; false if there is no such domain.
    pub async fn verify(&self, domain: &str) -> bool {
        let order = json!({ "domain": domain, "verified": true });
        control::request(&self.sandbox.control, "POST", "/domains", &order).await.0 == 200
    }

    /// Waits until a daemon that was started at `since` has nothing left to do: it has looked at the calendar, no job is
    /// unfinished, the registries' messages are read and what they say is heard, and nothing is due.
    pub async fn settle(&mut self, since: Timestamp) {
        let begun = std::time::Instant::now();
        let what = format!("a daemon that is done at {}", since.round(Unit::Second).unwrap());
        let waiting = until(&what, PATIENCE, async || {
            self.attend().await;
            let is_done = begun.elapsed() >= LEAST
                && self.has_looked(since).await
                && self.is_idle().await
                && self.is_read().await
                && self.is_idle().await;
            is_done.then_some(())
        });
        if tokio::time::timeout(PATIENCE - Duration::from_secs(5), waiting).await.is_err() {
            let counts = self.database.store.counts().await.unwrap();
            let open: Vec<_> = counts.iter().filter(|count| !count.state.is_final()).collect();
            panic!("{what}: not in time; jobs {open:?}\n{}", self.daemon.log_tail());
        }
        if let Some(status) = self.daemon.has_died() {
            panic!("the daemon ended by itself with {status}:\n{}", self.daemon.log_tail());
        }
    }

    /// The human: a deletion whose answer was lost, and that did not happen, is not repeated by itself where no id of it tells
    /// it from a later one. It is declared over, and ordered anew.
    async fn attend(&self) {
        let counts = self.database.store.counts().await.unwrap();
        if counts.iter().all(|count| count.state != State::NeedsAttention || count.jobs == 0) {
            return;
        }
        let filter = JobFilter { states: vec![State::NeedsAttention], limit: 1_000, ..JobFilter::default() };
        for job in self.database.store.jobs(&filter).await.unwrap() {
            assert_eq!(job.operation, Operation::DomainDelete, "nothing else is for a human: {job:?}");
            self.daemon.command(&["jobs", "dismiss", &job.id.to_string(), "--because", "ordered anew"]).await;
            let id = uuid::Uuid::now_v7().to_string();
            let again = json!({ "id": id, "account": job.account, "operation": "domain.delete", "params": job.params });
            self.submit(&[&again]).await;
        }
    }

    async fn has_looked(&self, since: Timestamp) -> bool {
        let Some(text) = metrics(&self.metrics).await else { return false };
        let value = text.lines().find_map(|line| line.strip_prefix("registrard_calendar_kept_timestamp_seconds "));
        value.and_then(|value| value.trim().parse::<f64>().ok()).is_some_and(|at| at >= since.as_second() as f64)
    }

    /// Whatever is written by what was looked at first shows in what is looked at later.
    async fn is_idle(&self) -> bool {
        let store = &self.database.store;
        let jobs = async || store.counts().await.unwrap().iter().all(|count| count.state.is_final() || count.jobs == 0);
        jobs().await
            && store.words(1).await.unwrap().is_empty()
            && store.ripe_entries(self.now(), 1).await.unwrap().is_empty()
            && jobs().await
    }

    /// Whether no message waits at the registries: a daemon that lives for seconds a day must not fall behind. It is much to say,
    /// so it is asked last.
    async fn is_read(&self) -> bool {
        let objects = control::ordered(&self.sandbox.control, "GET", "/objects", &Value::Null).await;
        let waiting = |account: &Value| account["messages"].as_u64().or(account["events"].as_u64()).unwrap_or(0);
        let accounts = Registry::ALL.into_iter().flat_map(|registry| {
            let of = |part: &str| objects[part]["accounts"].as_array();
            of(registry.name()).or(of(registry.shown().0)).unwrap_or_else(|| panic!("no accounts of {registry:?}"))
        });
        accounts.map(waiting).sum::<u64>() == 0
    }

    /// Everything the registries have done, and what they have.
    pub async fn truth(&self) -> (Value, Value) {
        let effects = control::ordered(&self.sandbox.control, "GET", "/ledger?effects=1", &Value::Null).await;
        (effects, control::ordered(&self.sandbox.control, "GET", "/objects", &Value::Null).await)
    }

    /// Panics and errors of the daemon, but those that call the human.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.daemon.log();
        let is_wrong = |line: &&str| line.contains("panicked at") || line.contains(" ERROR ");
        log.lines().filter(|line| is_wrong(line) && !line.contains("needs attention")).map(str::to_owned).collect()
    }

    /// Keeps what was written, for whoever wants to know why.
    pub fn keep(&mut self) {
        self.directory.disable_cleanup(true);
        eprintln!("logs and configuration are kept in {}", self.directory.path().display());
    }
}

async fn metrics(address: &str) -> Option<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    stream.write_all(format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    Some(text)
}

fn configuration(
    database: &Database,
    places: &[Place],
    ready: &Value,
    metrics: &str,
    directory: &std::path::Path,
) -> String {
    let keys = directory.join("parameter.keys");
    std::fs::write(&keys, KEY).unwrap();
    let mut text = format!(
        r#"[store]
url = '{url}'
parameter_keys_file = '{keys}'

[http]
listen = "{metrics}"

[log]
format = "text"
filter = "warn"

[daemon]
lease_seconds = 3
poll_millis = 50
stop_seconds = 10

[poll]
shortest = 0.02
longest = 0.3

[retry]
soon = [0.05, 0.2]
backoff = [0.05, 0.2]
pending = [0.05, 0.2]
question = [0.05, 0.2]
questions = 5
connect = [0.05, 0.2]

[deadlines]
look_seconds = 1
digest_at = "0{DIGEST_HOUR}:00"
"#,
        url = database.url,
        keys = keys.display(),
    );
    for place in places.iter().filter(|place| place.covered) {
        for (kind, operation, days) in ACTS {
            let Some(params) = act(place.registry, kind) else { continue };
            text += &format!(
                "\n[[deadlines.acts]]\nkind = \"{kind}\"\naccounts = [\"{}\"]\nbefore = \"{days}d\"\n\
                 operation = \"{operation}\"\nparams = {params}\n",
                place.account
            );
        }
    }
    for place in places {
        text += &place.settings(ready, directory);
    }
    text
}

/// The parameters of the job for a kind of date at a registry, where it knows that kind.
fn act(registry: Registry, kind: &str) -> Option<&'static str> {
    Some(match (registry, kind) {
        (Registry::Denic, "contact_verification") => {
            r#"{ handle = "{object}", merge = true, verification = [{ claims = ["name", "address"], result = "success", reference = "R1", timestamp = "2026-01-02T15:04:05+01:00", evidence = "idcard", method = "auth", trust_framework = "de_denic" }] }"#
        }
        (Registry::Denic, "auth_info1_expiry") => r#"{ domain = "{object}" }"#,
        (Registry::Opensrs, "domain_expiry") => {
            r#"{ domain = "{object}", expires = "{year}", years = 1, auto_renew = false }"#
        }
        (Registry::NzSrs, "domain_expiry") => r#"{ domain = "{object}", expires = "{date}", term = 12 }"#,
        (Registry::Rrp, "domain_expiry") => r#"{ domain = "{object}", expires = "{year}", years = 1 }"#,
        _ => return None,
    })
}
