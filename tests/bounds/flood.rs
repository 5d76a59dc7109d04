//! Jobs come faster than they can be worked, or faster than the store takes them.

use std::sync::Arc;

use crate::bulk::{self, EACH};
use crate::database::{self, Database, Kind};
use crate::memory::{judge, not_growing};
use crate::stage::Stage;
use crate::{scale, turn};

/// MiB. The daemon itself needs about 50 in a build without optimisation; 32 may be on their way from the broker, and
/// the jobs of a few messages are in the house as rows.
const BOUND: u64 = 150;

/// MiB, where transactions of 4 MiB are taken in: each is in the house several times, as rows and as what the statements
/// take, beside what waits for its turn.
const BOUND_AT_WORK: u64 = 192;

/// MiB that a larger scale may cost: an allocator's memory is not the same twice.
const SLACK: u64 = 24;

/// Requests a minute that the registry allows: jobs are worked meanwhile, and nearly all of them wait.
const REQUESTS: u32 = 200;

/// All messages lie at the broker when the daemon comes.
async fn flood(jobs: u64) -> u64 {
    let mut peak = 0;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let mut stage = Stage::new(database, REQUESTS, None).await;
        stage.start().await;
        stage.daemon.kill().await;
        stage.amqp.publish(bulk::messages(stage.account(), 0, jobs, EACH, 0)).await;
        stage.start().await;
        stage.stored(jobs).await;
        peak = judge(&format!("{jobs} jobs in messages of {EACH}, all there"), stage.memory(), BOUND);
        stage.end().await;
    })
    .await;
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_jobs_takes_no_more_memory_than_a_quarter_of_it() {
    let _turn = turn().await;
    let small = flood(scale() / 4).await;
    let large = flood(scale()).await;
    not_growing("a flood of jobs", small, large, SLACK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_faster_than_the_store_fills_its_own_disk() {
    /// Jobs of a message and bytes of context of each, so that a few messages weigh enough.
    const HEAVY: u64 = 100;
    const PAD: usize = 22_000;
    /// Twice and more what may be in the house, however small the scale.
    const FEWEST: u64 = 40;
    /// Bytes that may be in the house, and one message.
    const MOST_HELD: u64 = 32 << 20;
    /// Lonely jobs in front, so that the window is open as wide as it gets.
    const LONELY: u64 = 2000;
    let _turn = turn().await;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let mut stage = Stage::new(Arc::clone(&database), REQUESTS, None).await;
        stage.start().await;
        let account = stage.account().to_owned();
        stage.amqp.publish((0..LONELY).map(|n| bulk::job(&account, n, 0).into_bytes())).await;
        stage.stored(LONELY).await;
        // From here on the store takes nothing in.
        let lock = database.lock("jobs").await;
        let (messages, bytes) = (FEWEST.max(scale() / EACH), bulk::message(&account, 0..HEAVY, PAD).len() as u64);
        stage.amqp.publish(bulk::messages(&account, LONELY, messages * HEAVY, HEAVY, PAD)).await;
        let left = stage.kept_by_the_broker(messages - MOST_HELD / bytes - 1).await;
        let held = (messages - left) * bytes;
        println!("{left} of {messages} messages wait at the broker, {} MiB are in the house", held >> 20);
        judge("a store that stands still", stage.memory(), BOUND);
        drop(lock);
        stage.stored(LONELY + messages * HEAVY).await;
        judge("the same, and then it takes all", stage.memory(), BOUND_AT_WORK);
        stage.end().await;
    })
    .await;
}
