//! Daemons as in production, each a process of its own, on the database and the registry of a world.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::world::{PATIENCE, World};

/// What a daemon is configured for.
pub struct Plan<'a> {
    pub accounts: &'a [String],
    /// Sessions of each account.
    pub sessions: usize,
    /// More limits of each account.
    pub limits: &'a str,
    /// Length of its leases; as it comes if none.
    pub lease: Option<Duration>,
    /// Milliseconds between looks for work.
    pub poll: u32,
}

impl Plan<'_> {
    /// The configuration file of the daemon of that name, written.
    pub fn write(&self, world: &World, name: &str) -> PathBuf {
        let lease = self.lease.map_or(String::new(), |lease| format!("lease_seconds = {}", lease.as_secs()));
        let mut text = format!(
            r#"[store]
url = '{store}'

[http]
listen = ""

[intake]
open = true

[log]
format = "text"

[daemon]
name = "{name}"
{lease}
poll_millis = {poll}
stop_seconds = 10

[retry]
soon = [0.02, 0.1]
backoff = [0.02, 0.1]
question = [0.02, 0.1]
questions = 100
connect = [0.02, 0.1]

[deadlines]
digest_at = "" # what is told must not depend on the hour
"#,
            store = world.database.url,
            poll = self.poll,
        );
        for account in self.accounts {
            let (user, password) = world.credentials(account);
            if !world.password_file(account).exists() {
                // Another daemon may be reading it already.
                world.write_password(account, &password);
            }
            write!(
                text,
                r#"
[accounts.{account}]
registry = "denic-rri"
address = {address}
user = "{user}"
password_file = '{password}'
ca_file = {ca}

[accounts.{account}.limits]
sessions = {sessions}
timetable = []
quiet = []
{limits}
"#,
                address = world.sandbox.ready()["denic_rri"]["address"],
                password = world.password_file(account).display(),
                ca = world.sandbox.ready()["ca"],
                sessions = self.sessions,
                limits = self.limits,
            )
            .unwrap();
        }
        let config = world.directory().join(format!("{name}.toml"));
        std::fs::write(&config, text).unwrap();
        config
    }
}

/// A running daemon.
pub struct Process {
    pub child: Child,
    pub name: &'static str,
}

impl Process {
    pub fn start(world: &World, name: &'static str, plan: &Plan<'_>) -> Self {
        let config = plan.write(world, name);
        let log = std::fs::File::create(world.directory().join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_registrard"));
        command.arg("serve").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self { child: command.kill_on_drop(true).spawn().unwrap(), name }
    }

    pub async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("a running daemon");
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{signal} {id}")).status().await.unwrap();
        assert!(kill.success());
    }

    /// Told to stop, it ends in good order.
    pub async fn terminate(mut self) {
        self.signal("TERM").await;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the daemon does not end").unwrap();
        assert!(status.success(), "{}: {status}", self.name);
    }
}
