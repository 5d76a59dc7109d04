//! Single messages that are as large as is taken, or larger, or not what they seem.

use crate::bulk;
use crate::database::{self, Database, Kind};
use crate::memory::judge;
use crate::stage::Stage;
use crate::{in_full, turn};

/// As in `config/registrard.toml`.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
const MAX_BULK_JOBS: u64 = 20_000;

/// Messages one behind the other.
const MANY: u64 = 5;

/// MiB. All jobs of a message enter in one transaction, so all of them are in the house at once: a message of 16 MiB
/// takes its bytes, 20,000 rows with their contexts, and what the statements that insert them take.
const BOUND: u64 = 256;

/// The queue of what was turned away.
const REJECTED: &str = "registrard.rejected";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_messages_are_taken_in_and_larger_ones_turned_away() {
    let _turn = turn().await;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let mut stage = Stage::new(database, 2000, None).await;
        stage.start().await;
        let account = stage.account().to_owned();
        stage.amqp.publish([largest(&account, 0, MAX_BULK_JOBS)].into_iter()).await;
        stage.stored(MAX_BULK_JOBS).await;
        judge("a message of 16 MiB with 20,000 jobs", stage.memory(), BOUND);

        // More of them than may be in the house at once.
        let each = if in_full() { MAX_BULK_JOBS } else { MAX_BULK_JOBS / 20 };
        stage.forget_peak();
        stage.amqp.publish((0..MANY).map(|n| largest(&account, MAX_BULK_JOBS + n * each, each))).await;
        let stored = MAX_BULK_JOBS + MANY * each;
        stage.stored(stored).await;
        judge(&format!("{MANY} messages of 16 MiB with {each} jobs"), stage.memory(), BOUND);

        // Text in front of an end that nobody reads: larger than is taken.
        let mut larger = largest(&account, stored, each);
        larger.resize(MAX_MESSAGE_BYTES + 1, b' ');
        refused(&stage, "a message of 16 MiB and one byte", larger, "too_large", 1).await;

        // Far more values than jobs are allowed, in no more bytes.
        let mut zeros = br#"{"jobs":[0"#.to_vec();
        zeros.extend(b",0".repeat((MAX_MESSAGE_BYTES - zeros.len() - 2) / 2));
        zeros.extend(b"]}");
        refused(&stage, "a message of 8 million zeros", zeros, "too_large", 1).await;

        let one = bulk::job(&account, 0, MAX_MESSAGE_BYTES - 1000).into_bytes();
        refused(&stage, "a single job of 16 MiB", one, "too_large", 1).await;

        let bad = largest("DENIC-1000099", stored, each);
        let what = format!("a message of 16 MiB with {each} bad jobs");
        refused(&stage, &what, bad, "unknown_account", usize::try_from(each).unwrap()).await;

        let events = "SELECT count(*) FROM outbox WHERE kind = 'job.rejected' AND sent_at IS NOT NULL";
        stage.reach("events of what was turned away", events, 3 + each).await;
        stage.stored(stored).await;
        stage.end().await;
    })
    .await;
}

/// A message of so many jobs, numbered on from `from`, as large as is taken.
fn largest(account: &str, from: u64, jobs: u64) -> Vec<u8> {
    let numbers = from..from + jobs;
    let bare = bulk::message(account, numbers.clone(), 0).len();
    let message = bulk::message(account, numbers, (MAX_MESSAGE_BYTES - bare) / usize::try_from(jobs).unwrap());
    assert!(message.len() <= MAX_MESSAGE_BYTES && message.len() > MAX_MESSAGE_BYTES / 100 * 99);
    message
}

/// Publishes a message that is turned away in so many pieces, for this reason.
async fn refused(stage: &Stage, what: &str, body: Vec<u8>, code: &str, pieces: usize) {
    stage.forget_peak();
    stage.amqp.publish([body].into_iter()).await;
    let mut seen = 0;
    let take = stage.amqp.take(REJECTED, |delivery| {
        assert_eq!(delivery.properties.kind().as_ref().map(|kind| kind.as_str()), Some(code), "{what}");
        seen += 1;
        seen < pieces
    });
    tokio::time::timeout(crate::patience(), take).await.unwrap_or_else(|_| panic!("{what}: nothing was turned away"));
    judge(what, stage.memory(), BOUND);
}
