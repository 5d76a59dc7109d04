//! A registry with a lot to say.

use serde_json::json;

use crate::control;
use crate::database::{self, Database, Kind};
use crate::memory::{judge, not_growing};
use crate::stage::Stage;
use crate::{scale, turn};

/// MiB: the daemon itself; messages are read one at a time.
const BOUND: u64 = 120;
const SLACK: u64 = 24;

/// Jobs that are worked while the queue is read.
const JOBS: u64 = 20;

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
        let first = u64::try_from(stage.database.number(removed).await).unwrap();
        println!("{first} of {messages} messages were read when {JOBS} jobs had ended");
        assert!(first < messages, "the jobs waited for the queue");
        stage.reach("messages removed", removed, messages).await;
        peak = judge(&format!("{messages} messages in the registry's queue"), stage.memory(), BOUND);
        stage.end().await;
    })
    .await;
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_of_the_registry_is_read_piece_by_piece() {
    let _turn = turn().await;
    let messages = (scale() / 100).max(400);
    let small = drained(messages / 4).await;
    let large = drained(messages).await;
    not_growing("a registry's queue", small, large, SLACK);
}
