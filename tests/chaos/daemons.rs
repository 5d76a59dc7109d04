//! The daemons on the stage: one configuration, each with addresses of its own.

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::{PATIENCE, REQUESTS_PER_MINUTE};
use crate::house::Daemon;
use crate::registries::{KEY, Place, Registry};

/// Sessions of a daemon at the registry, for each account.
pub const SESSIONS: usize = 5;

/// What a daemon's configuration is about, beside its addresses. Failures are tried again at once, leases are short, and an
/// answer that does not come within some seconds is one that never came.
const COMMON: &str = r#"
[http]
listen = ""

[log]
format = "text"

[retry]
soon = [0.05, 0.2]
backoff = [0.05, 0.5]
pending = [0.5, 2.0]
follow_ups = 1000
connect = [0.05, 0.5]
"#;

/// How often queues are looked at.
const POLL: &str = "
[poll]
shortest = 0.5
longest = 2.0
";

/// How the program ends if what it needs at the start cannot be reached.
const UNAVAILABLE: i32 = 69;

/// Where a daemon finds what, and who publishes there.
pub(super) struct Addresses<'a> {
    pub(super) database: String,
    pub(super) broker: String,
    /// Those of each registry.
    pub(super) registries: Vec<Vec<String>>,
    pub(super) user: &'a str,
}

/// A daemon and what is known of it.
pub struct Actor {
    pub name: String,
    daemon: Daemon,
    flaw: Option<&'static str>,
    /// Failpoints it was started with.
    armed: Option<String>,
    /// How much of its log was searched for panics.
    searched: u64,
    log: PathBuf,
}

impl Actor {
    pub(super) fn new(
        directory: &Path,
        name: &str,
        scene: &Scenery,
        addresses: &Addresses<'_>,
        flaw: Option<&'static str>,
    ) -> Self {
        let config = write_config(directory, name, scene, addresses);
        let log = directory.join(format!("{name}.log"));
        let daemon = Daemon::of(config, log.clone());
        Self { name: name.to_owned(), daemon, flaw, armed: None, searched: 0, log }
    }

    /// Starts it, without failpoints.
    pub fn start(&mut self) {
        self.armed = None;
        let flaw: Vec<_> = self.flaw.iter().map(|flaw| ("REGISTRARD_FLAW", *flaw)).collect();
        self.daemon.start_with(&flaw);
    }

    /// Starts it with `FAILPOINTS`.
    pub fn start_armed(&mut self, failpoints: &str) {
        self.armed = Some(failpoints.to_owned());
        let flaw = self.flaw.iter().map(|flaw| ("REGISTRARD_FLAW", *flaw));
        let variables: Vec<_> = flaw.chain([("FAILPOINTS", failpoints)]).collect();
        self.daemon.start_with(&variables);
    }

    /// Whether it runs, as far as anybody has looked.
    pub fn is_up(&self) -> bool {
        self.daemon.is_up()
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        if self.daemon.is_up() {
            self.daemon.kill().await;
        }
    }

    /// Sends it a signal.
    pub async fn signal(&mut self, signal: &str) {
        if self.daemon.is_up() {
            self.daemon.signal(signal).await;
        }
    }

    /// Waits until it has died at its failpoint; not if it does not within the limit.
    pub async fn struck(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.daemon.bury(limit).await
    }

    /// Says so if it ended without a blow, or a part of it panicked.
    pub(super) fn ended_by_itself(&mut self) -> Option<String> {
        if let Some(status) = self.daemon.has_died() {
            self.daemon.forget();
            // It was told to, and so it did.
            let at_failpoint = self.armed.as_ref().is_some_and(|spec| spec.contains("crash")) && is_abort(status);
            if self.never_began(status) {
                // There was no store to begin with: systemd would try again, and so does this.
                self.start();
            } else if !at_failpoint {
                return Some(format!("{} ended by itself with {status}:\n{}", self.name, self.log_tail()));
            }
        }
        let said = self.said_since().unwrap_or_default();
        // An unfinished line is looked at again.
        let whole = said.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.searched += whole as u64;
        let said = String::from_utf8_lossy(&said[..whole]).into_owned();
        let panic = said.lines().find(|line| line.contains("panicked at"));
        panic.map(|line| format!("{}: {line}:\n{}", self.name, self.log_tail()))
    }

    /// What it said since the last look.
    fn said_since(&self) -> std::io::Result<Vec<u8>> {
        let mut log = std::fs::File::open(&self.log)?;
        log.seek(SeekFrom::Start(self.searched))?;
        let mut said = Vec::new();
        log.read_to_end(&mut said)?;
        Ok(said)
    }

    /// Makes it run, awake and without failpoints.
    pub(super) async fn recover(&mut self) {
        self.signal("CONT").await;
        if self.armed.is_some() {
            self.kill().await;
        }
        if !self.daemon.is_up() {
            self.start();
        }
    }

    /// Asks it to end; what was wrong with how it did.
    pub(super) async fn end(&mut self) -> Option<String> {
        if !self.daemon.is_up() {
            return None;
        }
        let status = self.daemon.terminate().await;
        (!status.success()).then(|| format!("{} ended with {status}:\n{}", self.name, self.log_tail()))
    }

    /// Whether it ended because there was no store to begin with.
    pub fn never_began(&self, status: ExitStatus) -> bool {
        status.code() == Some(UNAVAILABLE) && !self.daemon.was_at_work()
    }

    /// The end of what it said.
    pub fn log_tail(&self) -> String {
        self.daemon.log_tail()
    }
}

/// The end of a process that was told to crash.
pub fn is_abort(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGABRT: i32 = 6;
    status.signal() == Some(SIGABRT)
}

/// The registries as the sandbox plays them.
pub(super) struct Scenery {
    pub(super) places: Vec<(&'static dyn Registry, Place)>,
    /// The root their certificates lead to.
    pub(super) ca: PathBuf,
}

impl Scenery {
    /// The longest pause between questions, and how many of them there are: what suits all of the registries.
    pub(super) fn questions(&self) -> (f64, u32) {
        let each = self.places.iter().map(|(registry, _)| registry.questions());
        each.reduce(|one, other| (one.0.max(other.0), one.1.min(other.1))).unwrap()
    }
}

/// Writes the configuration of that name.
pub(super) fn write_config(directory: &Path, name: &str, scenery: &Scenery, addresses: &Addresses<'_>) -> PathBuf {
    let Addresses { database, broker, registries, user } = addresses;
    let file = |name: &str, content: &str| {
        let path = directory.join(name);
        if !path.exists() {
            // Another daemon may be reading it already.
            std::fs::write(&path, content).unwrap();
        }
        path.display().to_string()
    };
    let keys = file("parameter.keys", KEY);
    let (pause, questions) = scenery.questions();
    let mut text = format!(
        "[store]\nurl = '{database}'\nparameter_keys_file = '{keys}'\n\n[broker]\nurl = '{broker}'\n\n[publishers.'{user}']\naccounts = ['*']\n\n\
                 [daemon]\nname = '{name}'\nlease_seconds = 4\npoll_millis = 100\nstop_seconds = 10\n{COMMON}\
                 question = [0.05, {pause:?}]\nquestions = {questions}\n{POLL}"
    );
    let ca = scenery.ca.display().to_string();
    for ((registry, place), at) in scenery.places.iter().zip(registries) {
        for (number, account) in place.accounts.iter().enumerate() {
            let secret = file(&format!("{}.secret", account.name), &account.secret);
            let (kind, name, limits) = (registry.name(), &account.name, registry.limits());
            let settings = registry.settings(place, number, at, &ca, &secret);
            write!(
                text,
                "\n[accounts.{name}]\nregistry = '{kind}'\nanswer_seconds = 3\nconnect_seconds = 2\n{settings}\n\
                 [accounts.{name}.limits]\nrequests = {REQUESTS_PER_MINUTE}\ngrace_seconds = 20\n\
                 sessions = {SESSIONS}\n{limits}"
            )
            .unwrap();
        }
    }
    let config = directory.join(format!("{name}.toml"));
    std::fs::write(&config, text).unwrap();
    config
}

/// Runs a command of the program with that configuration; none if it fails.
pub(super) async fn command(config: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_registrard"));
    command.args(arguments).arg("--config").arg(config).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} takes too long")).unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}
