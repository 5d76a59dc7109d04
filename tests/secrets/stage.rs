//! The processes: a sandbox, a daemon and commands, with all that they say.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Outputs;

const PROGRAM: &str = env!("CARGO_BIN_EXE_registrard");

/// Longest wait for one thing to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: not in time"))
}

/// A sandbox with three accounts, of which it cuts the second takeover of a domain after its effect.
pub struct Sandbox {
    _process: Child,
    pub ready: Value,
}

impl Sandbox {
    pub async fn start(state: &Path) -> Self {
        let flags = ["--registry", "denic-rri", "--requests-per-minute", "100000", "--ghost-seconds", "0", "--fault"];
        Self::with(&[&flags[..], &["cut_after:action=domain.chprov,nth=2"]].concat(), state).await
    }

    /// With other flags.
    pub async fn with(flags: &[&str], state: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["sandbox", "--accounts", "3", "--state"]).arg(state).args(flags);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("a line");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _process: process, ready: serde_json::from_str(&line).unwrap() }
    }

    /// Name, user and password of an account.
    pub fn account(&self, number: usize) -> [String; 3] {
        let account = &self.ready["denic_rri"]["accounts"][number];
        ["account", "user", "password"].map(|key| account[key].as_str().unwrap().to_owned())
    }
}

/// A daemon at work.
pub struct Daemon {
    process: Child,
    log: PathBuf,
}

impl Daemon {
    pub fn start(config: &Path) -> Self {
        let log = config.with_extension("log");
        let file = std::fs::File::create(&log).unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg("--config").arg(config).env("RUST_LOG", "trace").stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(file).kill_on_drop(true);
        Self { process: command.spawn().unwrap(), log }
    }

    /// Tells it to stop; returns all it said.
    pub async fn stop(mut self) -> Vec<u8> {
        let kill = format!("kill -TERM {}", self.process.id().expect("a daemon that runs"));
        assert!(Command::new("sh").arg("-c").arg(kill).status().await.unwrap().success());
        let status =
            tokio::time::timeout(PATIENCE, self.process.wait()).await.expect("the daemon does not end").unwrap();
        assert!(status.success(), "{status}");
        std::fs::read(&self.log).unwrap()
    }
}

/// Runs a command to its end, a daemon for ten seconds, and keeps what it says.
pub async fn command(outputs: &mut Outputs, config: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--config").arg(config).envs(variables.iter().copied()).env("RUST_LOG", "trace");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (mut said, mut told) = (Vec::new(), Vec::new());
    let limit = if arguments[0] == "serve" { Duration::from_secs(10) } else { PATIENCE };
    let ended = tokio::time::timeout(limit, async {
        tokio::join!(child.wait(), out.read_to_end(&mut said), err.read_to_end(&mut told)).0
    })
    .await;
    let names: Vec<_> = variables.iter().map(|(name, _)| name).collect();
    let place = format!("{arguments:?} {names:?} of {}", config.display());
    outputs.add(format!("stdout and stderr of {place}"), [said, told].concat());
    ended.is_ok_and(|status| status.unwrap().success())
}

/// Runs a command to its end as it is run at work.
pub async fn output(config: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--config").arg(config).stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output()).await.expect("the command does not end").unwrap()
}

/// A page of the daemon.
pub async fn page(authority: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200"));
    answer
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this test with `./dev test --test secrets`"))
}

/// The password in a URL, and its user.
pub fn user_of(url: &str) -> (String, String) {
    let (_, rest) = url.split_once("://").unwrap();
    let (user, _) = rest.split_once('@').unwrap();
    let (user, password) = user.split_once(':').expect("a URL with a password");
    (user.to_owned(), password.to_owned())
}
