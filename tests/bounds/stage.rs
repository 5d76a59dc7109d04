//! A house to be flooded: database, sandbox, broker, and a daemon whose memory is looked at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::amqp::Amqp;
use crate::database::Database;
use crate::house::{Daemon, PATIENCE, Sandbox, until};
use crate::memory::{self, Memory};
use crate::{patience, plain_amqp};

pub struct Stage {
    pub directory: TempDir,
    pub database: Arc<Database>,
    pub sandbox: Sandbox,
    pub daemon: Daemon,
    pub amqp: Amqp,
}

impl Stage {
    /// Everything but the daemon is up. `requests` a minute are what the account may send; the broker is at `url`, if
    /// not where it really is.
    pub async fn new(database: Arc<Database>, requests: u32, url: Option<&str>) -> Self {
        let directory = TempDir::new().unwrap();
        let amqp = Amqp::connect().await;
        plain_amqp::prepare(&amqp.url).await.expect("RabbitMQ is there");
        let sandbox = Sandbox::start(&directory.path().join("sandbox"), 1, &[]).await;
        let rest = format!(
            "[store]\nurl = '{store}'\n\n[broker]\nurl = '{broker}'\nevents_queue = ''\n\n[publishers.'{user}']\naccounts = ['*']\n",
            store = database.url,
            broker = url.unwrap_or(&amqp.url),
            user = amqp.user,
        );
        let daemon = Daemon::new(directory.path(), &sandbox, &rest);
        let config = directory.path().join("registrard.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let slower = text.replace("requests = 100000", &format!("requests = {requests}"));
        assert!(slower != text || requests == 100_000);
        std::fs::write(&config, slower).unwrap();
        Self { directory, database, sandbox, daemon, amqp }
    }

    pub fn account(&self) -> &str {
        &self.sandbox.account[0]
    }

    /// Starts the daemon and waits until its queues are there.
    pub async fn start(&mut self) {
        self.daemon.start();
        let listening = "SELECT count(*) FROM leases WHERE name = 'outbox'";
        self.reach("a daemon at work", listening, 1).await;
        until("the queues", PATIENCE, async || (self.amqp.exists("registrard.intake").await).then_some(())).await;
    }

    /// Waits until a count in the database is so high.
    pub async fn reach(&mut self, what: &str, count: &str, goal: u64) {
        let goal = i64::try_from(goal).unwrap();
        let database = Arc::clone(&self.database);
        let daemon = &mut self.daemon;
        let mut seen = -1;
        let reached = async {
            while seen < goal {
                if let Some(status) = daemon.has_died() {
                    panic!("{what}: the daemon ended with {status}:\n{}", daemon.log_tail());
                }
                let begun = Instant::now();
                seen = database.number(count).await;
                // Counting a million rows takes the database a while: most of its time belongs to the daemon.
                tokio::time::sleep(Duration::from_millis(50).max(begun.elapsed() * 10)).await;
            }
        };
        if tokio::time::timeout(patience(), reached).await.is_err() {
            panic!("{what}: {seen} of {goal}:\n{}", self.daemon.log_tail());
        }
        assert_eq!(seen, goal, "{what}: too many");
    }

    /// Submits so many questions through the store, as an operator would.
    pub async fn submit(&mut self, jobs: u64) {
        let question = |n: u64| {
            let params = json!({ "domain": format!("example-{n}.de") });
            json!({ "account": self.account(), "operation": "domain.check", "params": params }).to_string()
        };
        let lines: Vec<String> = (0..jobs).map(question).collect();
        let file = self.directory.path().join("jobs.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        self.daemon.command(&["submit", "--via", "store", &file.to_string_lossy()]).await;
    }

    /// Waits until so many jobs are stored.
    pub async fn stored(&mut self, jobs: u64) {
        self.reach("jobs stored", "SELECT count(*) FROM jobs", jobs).await;
    }

    /// Waits until the broker says that it keeps messages which it has not given out; how many. It counts every few
    /// seconds only, long after it has given out all it will give.
    pub async fn kept_by_the_broker(&self) -> u32 {
        until("messages that stay with the broker", PATIENCE, async || {
            Some(self.amqp.depth("registrard.intake").await).filter(|depth| *depth > 0)
        })
        .await
    }

    pub fn memory(&self) -> Memory {
        Memory::of(self.daemon.id())
    }

    pub fn forget_peak(&self) {
        memory::forget_peak(self.daemon.id());
    }

    /// Ends the daemon and removes what it left at the broker.
    pub async fn end(mut self) {
        self.daemon.kill().await;
        self.amqp.clean().await;
    }
}
