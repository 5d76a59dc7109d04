//! The keeper on a real store, with a clock that is moved by hand and a desk that keeps what it is given.

mod chaos;
mod kinds;
mod reminders;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::act::Order;
use super::keeper::Round;
use super::plan::Plans;
use super::{Desk, Keeper, Observer};
use crate::config::Deadlines;
use crate::model::deadline::{Basis, DeadlineKind, Entry, Says, Word};
use crate::model::retry::Steps;
use crate::model::{JobId, ObjectKey};
use crate::store::{self, DeadlineCount, DeadlineFilter, LEASE, Store, StoreError};

const ACCOUNT: &str = "DENIC-1000022";

/// Everything around a keeper.
struct World {
    store: Arc<dyn Store>,
    desk: Arc<Orders>,
    now: Arc<Mutex<Timestamp>>,
    plans: fn() -> Plans,
}

/// A desk that keeps what it is given.
#[derive(Default)]
struct Orders {
    jobs: Mutex<BTreeMap<JobId, Value>>,
    /// Why it takes nothing, if it does not.
    refuses: Mutex<Option<String>>,
    /// How long the jobs of the calendar take, each.
    pace: Mutex<Option<SignedDuration>>,
}

#[async_trait]
impl Desk for Orders {
    async fn submit(&self, orders: &[Order]) -> Result<Vec<Result<(), String>>, StoreError> {
        let refused = self.refuses.lock().unwrap().clone();
        let mut jobs = self.jobs.lock().unwrap();
        let take = |order: &Order| match &refused {
            Some(why) => Err(why.clone()),
            None => {
                jobs.entry(order.id).or_insert_with(|| order.job.clone());
                Ok(())
            }
        };
        Ok(orders.iter().map(take).collect())
    }

    fn asks_more(&self, entry: &Entry) -> Map<String, Value> {
        let asks = entry.kind == DeadlineKind::RegistrantVerification;
        asks.then(|| ("question".to_owned(), "verification".into())).into_iter().collect()
    }

    async fn done_by(&self, _: &str, more: u64, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let pace = *self.pace.lock().unwrap();
        let all = self.jobs.lock().unwrap().len() as u64 + more;
        Ok(pace.map(|pace| now + pace * i32::try_from(all).unwrap()))
    }
}

struct Nobody;

impl Observer for Nobody {
    fn counted(&self, _: &[DeadlineCount], _: Timestamp) {}
    fn at_risk(&self, _: &str, _: u64) {}
    fn looked(&self, _: Timestamp) {}
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The plans with nothing but the defaults, in Berlin.
fn plain() -> Plans {
    let zones = [(ACCOUNT, "Europe/Berlin"), ("NZ-90", "Pacific/Auckland")];
    let zones = zones.map(|(account, zone)| (account.to_owned(), TimeZone::get(zone).unwrap()));
    Plans { deadlines: Deadlines { digest_at: String::new(), ..Deadlines::default() }, zones: zones.into() }
}

/// The plans of a configuration.
fn configured(toml: &str) -> Plans {
    let source = ::config::File::from_str(toml, ::config::FileFormat::Toml);
    let read = ::config::Config::builder().add_source(source).build().unwrap();
    Plans { deadlines: read.try_deserialize().unwrap(), ..plain() }
}

impl World {
    async fn at(now: &str, plans: fn() -> Plans) -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        Self { store, desk: Arc::default(), now: Arc::new(Mutex::new(at(now))), plans }
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn keeper(&self) -> Keeper {
        let now = Arc::clone(&self.now);
        Keeper {
            store: Arc::clone(&self.store),
            owner: "keeper".into(),
            ttl: Duration::from_secs(60),
            retry: Steps { first: Duration::from_millis(1), longest: Duration::from_millis(10) },
            now: Arc::new(move || *now.lock().unwrap()),
            plans: (self.plans)(),
            desk: Arc::<Orders>::clone(&self.desk),
            own: Arc::new(|_| Vec::new()),
            observer: Arc::new(Nobody),
            changed: Arc::new(|| {}),
            wake: Arc::<Notify>::default(),
        }
    }

    /// One keeper begins, looks once, and ends: as one that is started anew for each look.
    async fn look(&self) {
        let lease = self.store.acquire(LEASE, "keeper", Duration::from_secs(60)).await.unwrap().unwrap();
        let keeper = self.keeper();
        Round::new(&keeper, &lease).carry_out(&CancellationToken::new()).await.unwrap();
        self.store.release(&lease).await.unwrap();
    }

    /// Moves the clock and looks.
    async fn look_at(&self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
        self.look().await;
    }

    async fn hear(&self, word: Word) {
        self.store.hear(&[word]).await.unwrap();
    }

    async fn entries(&self) -> Vec<Entry> {
        let filter = DeadlineFilter { closed: true, limit: 1000, ..DeadlineFilter::default() };
        self.store.deadlines(&filter).await.unwrap()
    }

    /// The events so far: type and data.
    async fn events(&self) -> Vec<(String, Value)> {
        let rows = self.store.events_after(0, 100_000).await.unwrap();
        rows.into_iter().map(|row| (row.event.kind, row.event.body["data"].clone())).collect()
    }

    /// How often each type of event was told.
    async fn told(&self) -> BTreeMap<String, usize> {
        let mut told = BTreeMap::new();
        for (kind, _) in self.events().await {
            *told.entry(kind).or_default() += 1;
        }
        told
    }

    /// Walks from one thing that is due to the next, to the end.
    async fn walk(&self) {
        for _ in 0..100 {
            let next = self.entries().await.iter().filter_map(|entry| entry.next_at).min();
            let Some(next) = next else { return };
            self.look_at(next).await;
        }
        panic!("there is always something due");
    }
}

fn domain(name: &str) -> ObjectKey {
    ObjectKey::stored(format!("domain:{name}"))
}

/// A word about example.de, heard at an instant.
fn word(says: Says, at: Timestamp) -> Word {
    Word {
        account: ACCOUNT.into(),
        object: domain("example.de"),
        says,
        basis: Basis::Answer,
        evidence: "job 1".into(),
        at,
        note: Map::new(),
    }
}

fn due(kind: DeadlineKind, due: Timestamp, at: Timestamp) -> Word {
    word(Says::Due { kind, due }, at)
}
