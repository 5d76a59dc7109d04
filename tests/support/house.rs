//! The real processes: a sandbox registry and a daemon, each in its own process as in production, ended when dropped.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_registrard");

/// Longest wait for one thing to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until there is something to see; fails the test, naming what was awaited, after `limit`.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(limit, waiting).await.unwrap_or_else(|_| panic!("{what}: not within {} s", limit.as_secs()))
}

/// A sandbox.
pub struct Sandbox {
    process: Child,
    /// Where it is controlled, as a URL.
    pub control: String,
    /// Where clients of DENIC RRI connect to, if it is there.
    pub address: String,
    /// The CA its certificate is made by.
    pub ca: PathBuf,
    /// The first account at DENIC RRI: name, user and password.
    pub account: [String; 3],
    /// What it said when it was ready.
    pub ready: Value,
}

impl Sandbox {
    /// Starts one with a throttle that does not bind, and waits for its word that it is ready.
    pub async fn start(state: &Path, seed: u64, faults: &[&str]) -> Self {
        let faults = faults.iter().flat_map(|fault| ["--fault", fault]);
        let arguments: Vec<&str> = ["--requests-per-minute", "100000"].into_iter().chain(faults).collect();
        Self::start_with(state, seed, &["denic-rri"], &arguments, Stdio::inherit()).await
    }

    /// Starts one of these registries with more arguments and a place for what it says, and waits for its word that it is
    /// ready.
    pub async fn start_with(
        state: &Path,
        seed: u64,
        registries: &[&str],
        arguments: &[&str],
        log: impl Into<Stdio>,
    ) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("sandbox").args(registries.iter().flat_map(|registry| ["--registry", registry]));
        // A real registry keeps the sessions of a killed client for a while; here that would only be waiting.
        command.args(["--ghost-seconds", "0", "--seed"]).arg(seed.to_string()).arg("--state").arg(state);
        command.args(arguments).stderr(log);
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the sandbox is not ready");
        let line = line.unwrap().expect("the sandbox ended before it was ready");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let is_there = registries.contains(&"denic-rri");
        let text = |pointer: &str| match ready.pointer(pointer).and_then(Value::as_str) {
            None if !is_there && pointer.starts_with("/denic_rri/") => String::new(),
            value => value.unwrap_or_else(|| panic!("no {pointer} in {line}")).to_owned(),
        };
        // Nothing more is expected there, but a full pipe must not stop the sandbox.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            process,
            control: text("/control"),
            address: text("/denic_rri/address"),
            ca: text("/ca").into(),
            account: ["account", "user", "password"].map(|key| text(&format!("/denic_rri/accounts/0/{key}"))),
            ready,
        }
    }

    /// Whether it has ended without being asked to.
    pub fn has_died(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Everything it has seen and done.
    pub async fn ledger(&self) -> Value {
        let authority = self.control.trim_start_matches("http://").trim_end_matches('/');
        let body = get(authority, "/ledger").await;
        serde_json::from_slice(&body).unwrap()
    }

    /// The effects of clients' orders, in the order they happened: kind and object.
    pub async fn effects(&self) -> Vec<(String, String)> {
        let ledger = self.ledger().await;
        let effects = ledger["effects"].as_array().expect("the ledger lists effects");
        let text = |effect: &Value, key: &str| effect[key].as_str().unwrap().to_owned();
        // Messages are removed by the daemon on its own account.
        let of_jobs = effects.iter().filter(|effect| text(effect, "kind") != "queue.delete");
        of_jobs.map(|effect| (text(effect, "kind"), text(effect, "object"))).collect()
    }

    /// How many requests of one action have arrived (`logout`, `domain.create`).
    pub async fn requests(&self, action: &str) -> usize {
        let ledger = self.ledger().await;
        let requests = ledger["requests"].as_array().expect("the ledger lists requests");
        requests.iter().filter(|request| request["action"] == action).count()
    }
}

/// HTTP in its oldest form: one request, the answer ends with the connection.
async fn get(authority: &str, path: &str) -> Vec<u8> {
    let exchange = async {
        let mut stream = TcpStream::connect(authority).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await.expect("the control interface is silent").unwrap();
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP answer") + 4;
    let head = String::from_utf8_lossy(&answer[..body]);
    assert_eq!(head.split_whitespace().nth(1), Some("200"), "GET {path}: {head}");
    answer[body..].to_vec()
}

/// A daemon with its configuration; it can be killed and started again.
pub struct Daemon {
    process: Option<Child>,
    config: PathBuf,
    log: PathBuf,
    /// What stands before each of its commands.
    wrapper: Vec<String>,
    /// How long the log was when it was last started.
    begun: u64,
}

impl Daemon {
    /// Writes the configuration of a daemon that works the sandbox's account. `rest` is TOML, beginning with top-level
    /// sections (store, broker).
    pub fn new(directory: &Path, sandbox: &Sandbox, rest: &str) -> Self {
        let [account, user, password] = &sandbox.account;
        let password_file = directory.join("rri.password");
        std::fs::write(&password_file, password).unwrap();
        let text = format!(
            r#"{rest}

[http]
listen = ""

[daemon]
lease_seconds = 3
poll_millis = 50
stop_seconds = 10

[retry]
soon = [0.05, 0.2]
backoff = [0.05, 0.2]
question = [0.05, 0.2]
questions = 100
connect = [0.05, 0.5]

[deadlines]
digest_at = "" # what is told must not depend on the hour

[accounts.{account}]
registry = "denic-rri"
address = "{address}"
user = "{user}"
password_file = "{password_file}"
ca_file = "{ca}"

[accounts.{account}.limits]
requests = 100000
timetable = []
quiet = []
quota = 0
sessions = 5
"#,
            address = sandbox.address,
            password_file = password_file.display(),
            ca = sandbox.ca.display(),
        );
        let config = directory.join("registrard.toml");
        std::fs::write(&config, text).unwrap();
        Self::of(config, directory.join("daemon.log"))
    }

    /// A daemon with a configuration that is written, and the file it will log to.
    pub fn of(config: PathBuf, log: PathBuf) -> Self {
        Self { process: None, config, log, wrapper: Vec::new(), begun: 0 }
    }

    /// The same, run by another program (`nsenter …`), which becomes it.
    pub fn within(self, wrapper: Vec<String>) -> Self {
        Self { wrapper, ..self }
    }

    /// The same with its log in another place.
    pub fn logging_to(self, log: &Path) -> Self {
        Self { log: log.to_owned(), ..self }
    }

    fn program(&self) -> Command {
        let mut words = self.wrapper.iter().map(String::as_str).chain([PROGRAM]);
        let mut command = Command::new(words.next().unwrap_or(PROGRAM));
        command.args(words);
        command
    }

    /// Starts it; what it says is added to its log.
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts it with more variables.
    pub fn start_with(&mut self, variables: &[(&str, &str)]) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        self.begun = log.metadata().unwrap().len();
        let mut command = self.program();
        command.arg("serve").arg("--config").arg(&self.config).stdin(Stdio::null());
        command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        self.process = Some(command.spawn().unwrap());
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.as_ref().and_then(Child::id).expect("a running daemon")
    }

    /// Ends it as a power cut would: no goodbye, nothing written any more.
    pub async fn kill(&mut self) {
        self.process.take().expect("a running daemon").kill().await.unwrap();
    }

    /// Asks it to end (SIGTERM), once it listens to signals, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        until("a daemon at work", PATIENCE, async || self.was_at_work().then_some(())).await;
        self.signal("TERM").await;
        let mut process = self.process.take().expect("a running daemon");
        tokio::time::timeout(PATIENCE, process.wait()).await.expect("the daemon does not end").unwrap()
    }

    /// Whether it has found its store since it was last started.
    pub fn was_at_work(&self) -> bool {
        let said = std::fs::read(&self.log).unwrap_or_default();
        let begun = usize::try_from(self.begun).unwrap().min(said.len());
        String::from_utf8_lossy(&said[begun..]).contains("the store is available")
    }

    /// Sends it a signal (`STOP`, `CONT`).
    pub async fn signal(&self, signal: &str) {
        let id = self.process.as_ref().and_then(Child::id).expect("a daemon that has not ended by itself");
        let kill = format!("kill -{signal} {id}");
        assert!(Command::new("sh").arg("-c").arg(kill).status().await.unwrap().success());
    }

    /// Whether it was started and has not been seen to end.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Waits until it has ended by itself, so that it can be started again; none if it goes on.
    pub async fn bury(&mut self, limit: Duration) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        let status = tokio::time::timeout(limit, process.wait()).await.ok()?.unwrap();
        self.process = None;
        Some(status)
    }

    /// Thinks no more of one that has ended.
    pub fn forget(&mut self) {
        self.process = None;
    }

    /// Whether it has ended without being asked to.
    pub fn has_died(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(|process| process.try_wait().unwrap())
    }

    /// Runs a command on the daemon's store and returns what it prints.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}: {told}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command on the daemon's store, whatever becomes of it.
    pub async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.program();
        command.args(arguments).arg("--config").arg(&self.config).kill_on_drop(true);
        tokio::time::timeout(PATIENCE, command.output()).await.expect("the command does not end").unwrap()
    }

    /// All it said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The end of what it said.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}
