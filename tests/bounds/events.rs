//! Events nobody takes: they wait on disk, leave in their order, and hold up nothing.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::QueueBindOptions;
use lapin::types::FieldTable;
use serde_json::Value;

use crate::amqp::{Amqp, Gate};
use crate::database::{self, Database, Kind};
use crate::memory::{judge, not_growing};
use crate::stage::Stage;
use crate::{patience, scale, turn};

/// MiB: the daemon itself, and one look at the outbox at a time.
const BOUND: u64 = 120;
const SLACK: u64 = 24;

const QUEUE: &str = "billing.events";

/// Writes events as an hour without a broker would leave them, numbered on from what is there.
async fn write(database: &Database, account: &str, events: u64) {
    database
        .execute(&format!(
            "INSERT INTO outbox (event_id, kind, account, happened_at, body, is_final)
             SELECT gen_random_uuid(), 'account.resumed', '{account}', 0,
                    json_build_object('specversion', '1.0', 'type', 'account.resumed', 'data',
                                      json_build_object('number', n, 'reason', repeat('x', 500))), false
               FROM generate_series(1, {events}) AS n"
        ))
        .await;
}

/// Takes events until the last one of an account is there and checks that they come in the order they were written. Where
/// the broker was too slow to confirm, some come again; none is left out.
async fn taken_in_order(amqp: &Amqp, events: u64) {
    let (mut last, mut again) = (0, 0);
    let take = amqp.take(QUEUE, |delivery| {
        let event: Value = serde_json::from_slice(&delivery.data).unwrap();
        let number = event["data"]["number"].as_u64().unwrap();
        assert!(number <= last + 1, "{number} comes after {last}");
        again += u64::from(number <= last);
        last = last.max(number);
        last < events
    });
    tokio::time::timeout(patience(), take).await.expect("all events arrive");
    println!("{events} events in their order, {again} came again");
}

/// The daemon works while the broker is away; then it comes back.
async fn away(events: u64) -> u64 {
    let mut peak = 0;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let gate = Gate::new(&Amqp::connect().await.url, false).await;
        let mut stage = Stage::new(Arc::clone(&database), 100_000, Some(&gate.url)).await;
        write(&database, "DENIC-1000099", events).await;
        stage.daemon.start();
        // Jobs go on meanwhile; their events come behind all others.
        stage.submit(200).await;
        stage
            .reach("jobs that end without a broker", "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL", 200)
            .await;
        let unsent = "SELECT count(*) FROM outbox WHERE sent_at IS NULL";
        assert!(database.number(unsent).await >= i64::try_from(events + 200).unwrap());
        gate.open();
        taken_in_order(&stage.amqp, events).await;
        stage.reach("events that left", "SELECT -count(*) FROM outbox WHERE sent_at IS NULL", 0).await;
        peak = judge(&format!("{events} events waited for the broker"), stage.memory(), BOUND);
        stage.end().await;
    })
    .await;
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outbox_of_an_hour_waits_on_disk_and_leaves_in_order() {
    let _turn = turn().await;
    let events = scale() * 3 / 10;
    let small = away(events / 4).await;
    let large = away(events).await;
    not_growing("an outbox", small, large, SLACK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_nobody_receives_hold_up_no_others() {
    /// Events of the account that somebody listens to.
    const WANTED: u64 = 100;
    let _turn = turn().await;
    database::with(Database::migrated(Kind::Postgres).await, async |database| {
        let mut stage = Stage::new(Arc::clone(&database), 100_000, None).await;
        let (queue, exchange) = (QUEUE.into(), "registrard.events".into());
        let everything = stage.amqp.channel.queue_unbind(queue, exchange, "#".into(), FieldTable::default());
        everything.await.unwrap();
        let (queue, exchange, key) = (QUEUE.into(), "registrard.events".into(), "*.*.DENIC-1000098".into());
        let wanted =
            stage.amqp.channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default());
        wanted.await.unwrap();
        let unwanted = scale() / 5;
        write(&database, "DENIC-1000099", unwanted).await;
        stage.start().await;
        let tried = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND tries > 0 AND account = 'DENIC-1000099'";
        stage.reach("events that were tried", tried, unwanted).await;
        // All of those are due again all the time, and older.
        write(&database, "DENIC-1000098", WANTED).await;
        let arrive = taken_in_order(&stage.amqp, WANTED);
        tokio::time::timeout(Duration::from_secs(20), arrive).await.expect("they get past the others");
        assert_eq!(u64::try_from(database.number(tried).await).unwrap(), unwanted, "those still wait");
        judge(&format!("{unwanted} events nobody receives"), stage.memory(), BOUND);
        stage.end().await;
    })
    .await;
}
