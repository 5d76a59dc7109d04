//! The calendar: every date that can cost somebody a domain name, what is known of it, and what is said and done before it is
//! too late.
//!
//! What is heard, anywhere in the house, is written down as words in the transaction it came with. One daemon at a time, the
//! keeper, turns words into entries ([`book`]), says and does what their [`plan`] asks for, and submits the jobs that are
//! prepared for them ([`act`]). Everything it wants from a registry is an ordinary job, so that limits, quota and "exactly once"
//! hold for it; everything it tells is an event.
//!
//! A page (entries, events, words that are done with) is one transaction, guarded by the lease. Jobs are submitted before the
//! page that notes them: a keeper that dies in between submits them again under the same ids, and they are known.

pub mod act;
pub mod book;
pub mod daily;
mod keeper;
pub mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::model::deadline::{Entry, Word};
use crate::model::retry::Steps;
use crate::store::{DeadlineCount, LEASE, Lease, Store, StoreError, Tenure};
use act::Order;
use keeper::Round;
use plan::Plans;

/// Where the calendar's jobs go, and who knows when more of them would be done.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Takes jobs in. For each: whether it was taken in, now or earlier, or why it never will be.
    ///
    /// # Errors
    /// The store failed; all may be submitted again.
    async fn submit(&self, orders: &[Order]) -> Result<Vec<Result<(), String>>, StoreError>;

    /// What a question about an entry says besides the object, where the registry answers only what it was asked for.
    fn asks_more(&self, _entry: &Entry) -> Map<String, Value> {
        Map::new()
    }

    /// When the calendar's jobs of an account would be done if there were so many more of them; `None` if not in sight.
    ///
    /// # Errors
    /// The store failed.
    async fn done_by(&self, account: &str, more: u64, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
}

/// Who counts.
pub trait Observer: Send + Sync {
    /// The open entries.
    fn counted(&self, counts: &[DeadlineCount], now: Timestamp);
    /// So many dates of an account cannot be met, as far as can be seen.
    fn at_risk(&self, account: &str, entries: u64);
    /// The calendar was up to date then.
    fn looked(&self, now: Timestamp);
}

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What accounts say of themselves: keys, certificates, credentials.
pub type OwnWords = Arc<dyn Fn(Timestamp) -> Vec<Word> + Send + Sync>;

/// Keeps the calendar.
pub struct Keeper {
    /// Where it is.
    pub store: Arc<dyn Store>,
    /// This daemon's name.
    pub owner: String,
    /// How long the lease holds without being renewed.
    pub ttl: Duration,
    /// Back-off while the store is away.
    pub retry: Steps,
    /// The clock.
    pub now: Now,
    /// What is said and done when.
    pub plans: Plans,
    /// Where jobs go.
    pub desk: Arc<dyn Desk>,
    /// What accounts say of themselves.
    pub own: OwnWords,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Called when events or jobs were written.
    pub changed: Arc<dyn Fn() + Send + Sync>,
    /// Called to look at once.
    pub wake: Arc<Notify>,
}

impl Keeper {
    /// Keeps the calendar, whenever no other daemon does, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let tenure = Tenure {
            store: Arc::clone(&self.store),
            name: LEASE,
            owner: self.owner.clone(),
            ttl: self.ttl,
            retry: self.retry,
        };
        while let Some(lease) = tenure.begin(&stop).await {
            tenure.during(lease.clone(), self.keep(&lease, &stop)).await;
        }
    }

    /// Looks and looks again, until told to stop or the lease is over.
    async fn keep(&self, lease: &Lease, stop: &CancellationToken) {
        let look = Duration::from_secs(self.plans.deadlines.look_seconds.into());
        let mut round = Round::new(self, lease);
        let mut failed = 0;
        while !stop.is_cancelled() {
            let wait = match round.carry_out(stop).await {
                Ok(()) => {
                    failed = 0;
                    look
                }
                Err(StoreError::Fenced(_)) => return,
                Err(error) => {
                    tracing::warn!(%error, "the calendar cannot be kept now, trying again");
                    failed += 1;
                    self.retry.wait(failed - 1, rand::random())
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Accounts, by name, with a value each.
type PerAccount<T> = BTreeMap<String, T>;
