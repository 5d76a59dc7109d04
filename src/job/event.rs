//! Events: outbox → broker → mark sent. The state changed in the same transaction that wrote the event (law 4), so what
//! remains is to deliver each at least once, in order, under the id it was written with.
//!
//! One daemon publishes at a time: it holds the lease `outbox`. Losing the lease stops it in the middle of a batch;
//! the successor publishes again what was not marked, and consumers see a known id.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::observer::Observer;
use super::patience::persist;
use crate::broker::{Broker, Published};
use crate::failpoint::failpoint;
use crate::model::Event;
use crate::model::retry::Steps;
use crate::store::{Store, Tenure};

/// The lease that makes one daemon the publisher.
pub const LEASE: &str = "outbox";

/// Events published at once.
const BATCH: u32 = 500;

/// How long the last drain may take when the daemon stops.
const LAST_DRAIN: Duration = Duration::from_secs(5);

/// What is remembered of an event while it is on its way.
struct Mark {
    seq: i64,
    tries: u32,
}

/// The publisher of one daemon's events.
pub struct Outbox {
    /// Where events are written.
    pub store: Arc<dyn Store>,
    /// Where they go.
    pub broker: Arc<dyn Broker>,
    /// This daemon's name.
    pub owner: String,
    /// How long the lease holds without being renewed.
    pub ttl: Duration,
    /// Between looks at the outbox that no `wake` announced.
    pub poll: Duration,
    /// Back-off while store or broker is away, and between tries of an event nobody receives.
    pub retry: Steps,
    /// Says that events were written.
    pub wake: Arc<Notify>,
    /// Counts.
    pub observer: Arc<dyn Observer>,
}

impl Outbox {
    /// Publishes until `stop`; then once more what is there, for a few seconds at most, and gives the lease back.
    pub async fn run(self, stop: CancellationToken) {
        let tenure = Tenure {
            store: Arc::clone(&self.store),
            name: LEASE,
            owner: self.owner.clone(),
            ttl: self.ttl,
            retry: self.retry,
        };
        while let Some(lease) = tenure.begin(&stop).await {
            tenure.during(lease, self.publish_until(&stop)).await;
        }
    }

    async fn publish_until(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let more = self.round(stop).await;
            if !more {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.wake.notified() => {}
                    () = sleep(self.poll) => {}
                }
            }
        }
        // `stop` is set: no step of these rounds is tried twice.
        let drain = async { while self.round(stop).await {} };
        if timeout(LAST_DRAIN, drain).await.is_err() {
            tracing::warn!("stopping with events unsent; the next publisher sends them");
        }
    }

    /// Publishes one batch; whether there may be more.
    async fn round(&self, stop: &CancellationToken) -> bool {
        let look = || self.store.unsent(Timestamp::now(), BATCH);
        let Some(rows) = persist("read the outbox", self.retry, stop, look).await else { return false };
        if rows.is_empty() {
            return false;
        }
        failpoint!(OutboxRead, |_| false);
        let (marks, events): (Vec<Mark>, Vec<Event>) =
            rows.into_iter().map(|row| (Mark { seq: row.seq, tries: row.tries }, row.event)).unzip();
        let publish = || self.broker.publish(&events);
        let Some(published) = persist("publish events", self.retry, stop, publish).await else { return false };
        failpoint!(OutboxPublished, |_| false);
        // There may be more, also behind fewer than asked for: large ones come fewer at once.
        self.record(&marks, &published, stop).await
    }

    /// Marks what was confirmed and postpones the rest, so that it holds up nothing; whether both worked.
    async fn record(&self, marks: &[Mark], published: &[Published], stop: &CancellationToken) -> bool {
        let now = Timestamp::now();
        let mut sent = Vec::with_capacity(marks.len());
        let mut postponed: BTreeMap<(u32, &str), Vec<i64>> = BTreeMap::new();
        for (mark, published) in marks.iter().zip(published) {
            match published {
                Published::Confirmed => sent.push(mark.seq),
                Published::Unroutable(why) => postponed.entry((mark.tries, why)).or_default().push(mark.seq),
            }
        }
        self.observer.published("confirmed", sent.len() as u64);
        if !sent.is_empty() {
            let mark = || self.store.mark_sent(&sent, now);
            if persist("mark events as sent", self.retry, stop, mark).await.is_none() {
                return false;
            }
            failpoint!(OutboxMarked);
        }
        for ((tries, why), seqs) in postponed {
            self.observer.published("unroutable", seqs.len() as u64);
            tracing::warn!(events = seqs.len(), why, "events are not delivered, trying again later");
            let until = now + self.retry.wait(tries, rand::random());
            let postpone = || self.store.postpone(&seqs, until, why);
            if persist("postpone events", self.retry, stop, postpone).await.is_none() {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::fakes::{FakeBroker, FakeStore};
    use crate::job::observer::Unobserved;
    use crate::store::Lease;

    fn outbox(store: &Arc<FakeStore>, broker: &Arc<FakeBroker>) -> Outbox {
        Outbox {
            store: Arc::clone(store) as Arc<dyn Store>,
            broker: Arc::clone(broker) as Arc<dyn Broker>,
            owner: "one".into(),
            ttl: Duration::from_secs(15),
            poll: Duration::from_millis(500),
            retry: Steps { first: Duration::from_secs(1), longest: Duration::from_secs(60) },
            wake: Arc::default(),
            observer: Arc::new(Unobserved),
        }
    }

    fn house(events: i64) -> (Arc<FakeStore>, Arc<FakeBroker>) {
        let store = Arc::new(FakeStore::default());
        store.fill_outbox(events);
        (store, Arc::new(FakeBroker::default()))
    }

    /// Lets the paused clock run until `done`, at most an hour of it.
    async fn until(done: impl Fn() -> bool) {
        let wait = async {
            while !done() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(Duration::from_secs(3600), wait).await.expect("it happens");
    }

    #[tokio::test(start_paused = true)]
    async fn everything_goes_out_once_and_in_order_although_store_and_broker_stumble() {
        let (store, broker) = house(1200);
        *store.failures.lock().unwrap() = 4;
        *broker.failures.lock().unwrap() = 3;
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        until(|| store.unsent_count() == 0).await;
        stop.cancel();
        task.await.unwrap();
        let published: Vec<_> = broker.published.lock().unwrap().iter().map(|event| event.id).collect();
        let written: Vec<_> = store.outbox.lock().unwrap().iter().map(|row| row.event.id).collect();
        assert_eq!(published, written);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_receives_waits_longer_each_time_and_holds_up_nothing() {
        let (store, broker) = house(3);
        let unroutable = |seq: usize| store.outbox.lock().unwrap()[seq].event.id;
        broker.unroutable.lock().unwrap().extend([unroutable(0), unroutable(2)]);
        store.outbox.lock().unwrap()[2].tries = 5;
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        until(|| store.postponed.lock().unwrap().len() == 2 && store.unsent_count() == 2).await;
        stop.cancel();
        task.await.unwrap();
        let postponed = store.postponed.lock().unwrap();
        let delay = |seq: i64| postponed.iter().find(|(of, ..)| *of == seq).unwrap().1;
        assert!(delay(1) <= Duration::from_secs(1), "{:?}", delay(1));
        assert!(delay(3) > Duration::from_secs(2) && delay(3) <= Duration::from_secs(32), "{:?}", delay(3));
        assert_eq!(postponed[0].2, "nobody");
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_holder_of_the_lease_publishes() {
        let (store, broker) = house(1);
        let other = store.acquire(LEASE, "two", Duration::from_secs(15)).await.unwrap().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        sleep(Duration::from_secs(60)).await;
        assert!(broker.published.lock().unwrap().is_empty());
        store.release(&other).await.unwrap();
        until(|| store.unsent_count() == 0).await;
        stop.cancel();
        task.await.unwrap();
        assert!(store.lease.lock().unwrap().is_none(), "given back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_lease_ends_publishing_in_the_middle() {
        let (store, broker) = house(1);
        *broker.stuck.lock().unwrap() = true;
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        until(|| store.lease.lock().unwrap().is_some()).await;
        let two = Lease { name: LEASE.into(), owner: "two".into(), fence: 2 };
        *store.lease.lock().unwrap() = Some(two.clone());
        // It asks for the lease again: so it has let go of the broker that never answers.
        sleep(Duration::from_secs(30)).await;
        *broker.stuck.lock().unwrap() = false;
        sleep(Duration::from_secs(30)).await;
        assert!(broker.published.lock().unwrap().is_empty());
        stop.cancel();
        task.await.unwrap();
        assert_eq!(*store.lease.lock().unwrap(), Some(two), "not ours to give back");
    }

    #[tokio::test(start_paused = true)]
    async fn told_to_stop_it_sends_what_is_there_but_does_not_wait_for_ever() {
        let (store, broker) = house(0);
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        until(|| store.lease.lock().unwrap().is_some()).await;
        store.fill_outbox(700);
        stop.cancel();
        task.await.unwrap();
        assert_eq!(store.unsent_count(), 0);

        let (store, broker) = house(0);
        let stop = CancellationToken::new();
        let task = tokio::spawn(outbox(&store, &broker).run(stop.clone()));
        until(|| store.lease.lock().unwrap().is_some()).await;
        *broker.stuck.lock().unwrap() = true;
        store.fill_outbox(1);
        stop.cancel();
        timeout(Duration::from_secs(60), task).await.expect("bounded").unwrap();
        assert_eq!(store.unsent_count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_wakes_it_before_its_poll() {
        let (store, broker) = house(0);
        let outbox = Outbox { poll: Duration::from_secs(86_400), ..outbox(&store, &broker) };
        let (wake, stop) = (Arc::clone(&outbox.wake), CancellationToken::new());
        let task = tokio::spawn(outbox.run(stop.clone()));
        until(|| store.lease.lock().unwrap().is_some()).await;
        store.fill_outbox(1);
        wake.notify_one();
        until(|| store.unsent_count() == 0).await;
        stop.cancel();
        task.await.unwrap();
    }
}
