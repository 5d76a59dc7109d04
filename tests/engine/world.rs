//! A sandbox registry, a store, and a daemon between them that can be stopped, killed and started again.
#![allow(dead_code, reason = "each test binary uses its part of this")]

mod place;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use registrard::config::{Account, Config};
use registrard::daemon;
use registrard::job::intake::{self, Outcome, Submission};
use registrard::model::{Job, JobId, State};
use registrard::ops::notify::Notify;
use registrard::ops::stop::Stop;
use registrard::sandbox::{
    DenicOptions, FaultSpec, NzOptions, OpensrsOptions, Options, RequestRecord, RrpOptions, Sandbox,
};
use registrard::store::{JobDetail, JobFilter};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

pub use place::*;

use crate::database::{self, Database, Kind};

/// Longest wait for one thing to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until there is something to see; fails the test, naming what was awaited.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: never seen"))
}

/// How the registry and its accounts are set up.
#[derive(Clone, Default)]
pub struct Setup {
    pub place: Place,
    pub denic: DenicOptions,
    pub opensrs: OpensrsOptions,
    pub rrp: RrpOptions,
    pub nz_srs: NzOptions,
    /// Decides what chance decides in the sandbox.
    pub seed: u64,
    pub faults: Vec<String>,
    /// Settings of [`ACCOUNT`] on top of the usual ones.
    pub settings: Map<String, Value>,
    /// Limits of [`ACCOUNT`] on top of the usual ones.
    pub limits: Map<String, Value>,
    /// Whether the daemon reads the accounts' messages. The other tests are about what jobs cause on the wire.
    pub reads_messages: bool,
}

impl Setup {
    pub fn new() -> Self {
        // A real registry keeps the place of a cut session for a while; here that would only be waiting.
        let denic = DenicOptions {
            ghost: Duration::ZERO,
            // The same by day and by night.
            requests_per_window: Some(100_000),
            ..DenicOptions::default()
        };
        Self { denic, seed: 1, ..Self::default() }
    }

    /// OpenSRS in the place of DENIC.
    pub fn at(place: Place) -> Self {
        Self { place, ..Self::new() }
    }

    pub fn fault(mut self, spec: &str) -> Self {
        self.faults.push(spec.to_owned());
        self
    }

    pub fn reading_messages(mut self) -> Self {
        self.reads_messages = true;
        self
    }

    pub fn set(mut self, key: &str, value: Value) -> Self {
        self.settings.insert(key.to_owned(), value);
        self
    }

    pub fn limit(mut self, key: &str, value: Value) -> Self {
        self.limits.insert(key.to_owned(), value);
        self
    }
}

/// A key that secrets of jobs are sealed with.
pub const PARAMETER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

/// Everything but the daemon.
pub struct World {
    place: Place,
    pub sandbox: Sandbox,
    pub database: Arc<Database>,
    pub config: Config,
    directory: tempfile::TempDir,
}

/// Plays a test in a world of its own, which is removed whatever becomes of the test.
pub async fn play(kind: Kind, setup: Setup, test: impl AsyncFnOnce(World)) {
    let database = Database::migrated(kind).await;
    database::with(database, |database| async move { test(World::new(database, setup).await).await }).await;
}

impl World {
    pub async fn new(database: Arc<Database>, setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            registries: vec![setup.place.registry().into()],
            state_dir: directory.path().join("sandbox"),
            port_base: None,
            faults: setup.faults.iter().map(|spec| spec.parse::<FaultSpec>().unwrap()).collect(),
            seed: setup.seed,
            denic: setup.denic,
            opensrs: setup.opensrs,
            rrp: setup.rrp,
            nz_srs: setup.nz_srs,
        })
        .await
        .unwrap();
        let mut config = Config::default();
        config.store.url.clone_from(&database.url);
        let keys = directory.path().join("parameter.keys");
        std::fs::write(&keys, PARAMETER_KEY).unwrap();
        config.store.parameter_keys_file = Some(keys);
        config.http.listen.clear();
        config.daemon.lease_seconds = 3;
        config.daemon.poll_millis = 20;
        config.daemon.stop_seconds = 20;
        config.retry.soon = [0.02, 0.1];
        config.retry.backoff = [0.02, 0.1];
        config.retry.question = [0.02, 0.1];
        config.retry.questions = 100;
        config.retry.connect = [0.02, 0.1];
        config.deadlines.look_seconds = 1;
        config.poll.shortest = 0.02;
        config.poll.longest = 0.1;
        let mut world = Self { place: setup.place, sandbox, database, config, directory };
        for name in setup.place.accounts() {
            world.write_password(name, &world.credentials(name).1);
            let mut settings = world.settings(name);
            // The same at every time of every day.
            let limits = json!({ "requests": 100_000, "timetable": [], "quiet": [], "quota": 0 });
            let mut limits = limits.as_object().unwrap().clone();
            if name == setup.place.accounts()[0] {
                settings.extend(setup.settings.clone());
                limits.extend(setup.limits.clone());
            }
            let account = Account {
                registry: setup.place.registry().into(),
                read_messages: setup.reads_messages,
                credential_expires: None,
                mail: None,
                limits: serde_json::from_value(Value::Object(limits)).unwrap(),
                settings,
            };
            world.config.accounts.insert(name.into(), account);
        }
        world
    }

    fn settings(&self, name: &str) -> Map<String, Value> {
        let ready = self.sandbox.ready();
        let settings = match self.place {
            Place::Denic => json!({
                "address": ready["denic_rri"]["address"],
                "ca_file": ready["ca"],
                "user": self.credentials(name).0,
                "password_file": self.password_file(name),
                "answer_seconds": 20,
            }),
            Place::OpensrsByHttps => {
                let url = ready["opensrs"]["https"].as_str().unwrap();
                let address = url.trim_start_matches("https://").trim_end_matches('/');
                json!({
                    "address": address, "ca_file": ready["ca"], "user": name,
                    "key_file": self.password_file(name), "answer_seconds": 20,
                })
            }
            Place::OpensrsByTcp => json!({
                "transport": "tcp", "address": ready["opensrs"]["tcp"], "user": name,
                "key_file": self.password_file(name), "answer_seconds": 20,
            }),
            Place::Rrp => json!({
                "address": ready["rrp"]["address"], "ca_file": ready["ca"], "user": name,
                "password_file": self.password_file(name), "answer_seconds": 20,
            }),
            Place::NzSrs => json!({
                "url": ready["nz_srs"]["url"], "ca_file": ready["ca"], "registrar_id": name, "environment": "other",
                "keys": [{ "file": self.credentials(name).1 }],
                "registry_keys": [{ "file": ready["nz_srs"]["registry_key"] }], "answer_seconds": 20,
            }),
        };
        settings.as_object().unwrap().clone()
    }

    /// User of an account, and its password or key.
    pub fn credentials(&self, name: &str) -> (String, String) {
        let (registry, keys) = match self.place {
            Place::Denic => ("denic_rri", ["account", "user", "password"]),
            Place::OpensrsByHttps | Place::OpensrsByTcp => ("opensrs", ["username", "username", "private_key"]),
            Place::Rrp => ("rrp", ["id", "id", "password"]),
            // The key lies in a file; it has no passphrase.
            Place::NzSrs => ("nz_srs", ["registrar_id", "registrar_id", "secret_key"]),
        };
        let accounts = self.sandbox.ready()[registry]["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|account| account[keys[0]] == name).unwrap();
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        (text(keys[1]), text(keys[2]))
    }

    pub fn password_file(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.password"))
    }

    /// What the daemon reads as the account's password when it starts.
    pub fn write_password(&self, name: &str, password: &str) {
        std::fs::write(self.password_file(name), password).unwrap();
    }

    /// A directory that goes with the world.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Starts a daemon.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(self.config.clone())
    }

    /// Takes in jobs as the command line does; all of them have to be accepted.
    pub async fn submit(&self, jobs: &[Value]) -> Vec<JobId> {
        let gate = daemon::gate(&self.config, &daemon::accounts(&self.config).unwrap()).unwrap();
        let items: Vec<_> = jobs.iter().map(|job| Submission { job: job.clone(), batch: None }).collect();
        let report = intake::submit(&gate, &*self.database.store, &items, false).await.unwrap();
        report.into_iter().map(|one| (one.id, one.outcome)).for_each(|(id, outcome)| {
            assert_eq!(outcome, Outcome::Accepted, "{id:?}");
        });
        jobs.iter().map(id_of).collect()
    }

    pub async fn job(&self, id: JobId) -> JobDetail {
        self.database.store.job(id).await.unwrap().expect("a known job")
    }

    /// All jobs of an account.
    pub async fn jobs(&self, account: &str) -> Vec<Job> {
        let filter = JobFilter { account: Some(account.into()), limit: 10_000, ..JobFilter::default() };
        self.database.store.jobs(&filter).await.unwrap()
    }

    /// Waits until a job's life is over, or a human is asked.
    pub async fn end_of(&self, id: JobId) -> JobDetail {
        let mut seen = None;
        let waiting = async {
            loop {
                let detail = self.job(id).await;
                if detail.job.state.is_final() || detail.job.state == State::NeedsAttention {
                    return detail;
                }
                seen = Some(detail.job);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, waiting).await;
        ended.unwrap_or_else(|_| panic!("the end of a job is never seen: {seen:#?}"))
    }

    pub async fn succeeded(&self, id: JobId) -> JobDetail {
        let detail = self.end_of(id).await;
        assert_eq!(detail.job.state, State::Succeeded, "{:?}", detail.job.reason);
        detail
    }

    /// Lets the other account get so many jobs done, one after the other. Each of its commits makes the scheduler of
    /// every account look for work, so that what did not happen meanwhile was not merely late.
    pub async fn rounds(&self, count: usize) {
        for round in 0..count {
            let [_, other] = self.place.accounts();
            let [id] = self.submit(&[check(other, &format!("round-{round}.de"))]).await[..] else { unreachable!() };
            self.succeeded(id).await;
        }
    }

    /// The same without a request: jobs of the other account expire, and each time all schedulers are told to look.
    pub async fn quiet_rounds(&self, count: usize) {
        for round in 0..count {
            let [_, other] = self.place.accounts();
            let mut job = check(other, &format!("quiet-{round}.de"));
            job["start_by"] = json!(Timestamp::UNIX_EPOCH);
            self.submit(std::slice::from_ref(&job)).await;
            assert_eq!(self.end_of(id_of(&job)).await.job.state, State::Expired);
        }
    }

    /// Every request of an account, LOGINs included, in order of arrival.
    pub fn requests(&self, account: &str) -> Vec<RequestRecord> {
        let of_account = |request: &RequestRecord| request.account.as_deref() == Some(account);
        self.sandbox.ledger().requests.into_iter().filter(of_account).collect()
    }

    /// Those of one action.
    pub fn requests_for(&self, account: &str, action: &str) -> Vec<RequestRecord> {
        self.requests(account).into_iter().filter(|request| request.action == action).collect()
    }

    /// How often the account has changed hands.
    pub async fn fence(&self, account: &str) -> i64 {
        let sql = format!("SELECT coalesce(max(fence), 0) FROM leases WHERE name = '{account}'");
        self.database.number(&sql).await
    }

    /// Waits until an account is worked by another daemon than the one of that fence.
    pub async fn taken_over(&self, account: &str, fence: i64) {
        until("another owner", async || (self.fence(account).await > fence).then_some(())).await;
    }
}

/// A daemon with its own threads, so that it can be killed like a process.
pub struct Daemon {
    stop: Stop,
    runtime: Option<Runtime>,
    running: Option<tokio::task::JoinHandle<()>>,
}

impl Daemon {
    fn start(config: Config) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stop = Stop::new();
        let told = stop.clone();
        let running = runtime.spawn(async move { daemon::run(config, told, Notify::to("", None)).await.unwrap() });
        Self { stop, runtime: Some(runtime), running: Some(running) }
    }

    /// Tells it to stop and waits until it has, in good order.
    pub async fn stop(mut self) {
        self.stop.soft();
        let running = self.running.take().unwrap();
        tokio::time::timeout(PATIENCE, running).await.expect("the daemon does not end").unwrap();
    }

    /// Ends it in the middle of everything.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A job with a new id.
pub fn job(account: &str, operation: &str, params: Value) -> Value {
    json!({ "id": Uuid::now_v7(), "account": account, "operation": operation, "params": params })
}

pub fn check(account: &str, domain: &str) -> Value {
    job(account, "domain.check", json!({ "domain": domain }))
}

/// The handle of a contact of [`ACCOUNT`].
pub fn handle(name: &str) -> String {
    format!("{ACCOUNT}-{name}")
}

pub fn contact_create(name: &str) -> Value {
    let params = json!({
        "handle": handle(name), "type": "PERSON", "name": "Max Mustermann", "address": ["Musterweg 1"],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": ["max@example.de"], "phone": "+49.6927235",
    });
    job(ACCOUNT, "contact.create", params)
}

pub fn domain_create(domain: &str, holder: &str) -> Value {
    let nserver = ["ns1.example.net", "ns2.example.net"];
    job(ACCOUNT, "domain.create", json!({ "domain": domain, "holder": [handle(holder)], "nserver": nserver }))
}

pub fn domain_delete(domain: &str) -> Value {
    job(ACCOUNT, "domain.delete", json!({ "domain": domain }))
}

/// The job, to be started only after others have succeeded.
pub fn after(mut job: Value, needed: &[&Value]) -> Value {
    job["after"] = needed.iter().map(|needed| needed["id"].clone()).collect();
    job
}

pub fn id_of(job: &Value) -> JobId {
    job["id"].as_str().unwrap().parse().unwrap()
}

/// The kinds of a job's events, oldest first.
pub fn told(detail: &JobDetail) -> Vec<&str> {
    detail.events.iter().map(|row| row.event.kind.as_str()).collect()
}
