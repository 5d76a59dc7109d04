//! A registry with a lot to say.

use serde_json::{Value, json};

use crate::control;
use crate::database::{self, Database, Kind};
use crate::memory::{judge, not_growing};
use crate::stage::Stage;
use crate::{scale, turn};

/// MiB: the daemon itself; messages are read one at a time.
const BOUND: u64 = 120;
const SLACK: u64 = 24;

/// Jobs that are worked while the queue is read.
const JOBS: u64 = 5;

async fn drained(messages: u64) -> u64 {
    let mut peak = 0;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let mut stage = Stage::new(database, 100_000, None).await;
        let message = json!({ "account": stage.account(), "type": "authInfo2Notify", "domain": "example.de" });
        for _ in 0..messages {
            control::ordered(&stage.sandbox.control, "POST", "/messages", &message).await;
        }
        stage.submit(JOBS).await;
        stage.start().await;
        let finished = "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL";
        stage.reach("jobs that end while messages are read", finished, JOBS).await;
        let removed = "SELECT count(*) FROM inbox WHERE removed_at IS NOT NULL";
        stage.reach("messages removed", removed, messages).await;
        let first = read_before_the_jobs(&stage.sandbox.control).await;
        println!("{first} of {messages} messages were removed before the last of {JOBS} jobs was asked about");
        assert!(first < messages, "the jobs waited for the queue");
        peak = judge(&format!("{messages} messages in the registry's queue"), stage.memory(), BOUND);
        stage.end().await;
    })
    .await;
    peak
}

/// How many messages the registry had removed when it heard of the last job.
async fn read_before_the_jobs(control: &str) -> u64 {
    let ledger = control::ordered(control, "GET", "/ledger", &Value::Null).await;
    let actions: Vec<&str> =
        ledger["requests"].as_array().unwrap().iter().map(|request| request["action"].as_str().unwrap()).collect();
    let last = actions.iter().rposition(|action| *action == "domain.check").unwrap();
    actions[..last].iter().filter(|action| **action == "queue.delete").count() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_of_the_registry_is_read_piece_by_piece() {
    let _turn = turn().await;
    let messages = (scale() / 100).max(400);
    let small = drained(messages / 4).await;
    let large = drained(messages).await;
    not_growing("a registry's queue", small, large, SLACK);
}
