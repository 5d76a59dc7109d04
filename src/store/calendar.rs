//! The calendar of deadlines, as far as it is durable. Words are written by whoever hears them, in the transaction they came
//! with; one daemon at a time, the holder of the lease [`LEASE`], turns them into entries.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Lease, Result};
use crate::model::deadline::{DeadlineKind, Entry, Word};
use crate::model::{Event, ObjectKey};

/// The lease that makes one daemon the keeper of the calendar.
pub const LEASE: &str = "calendar";

/// What the keeper writes at once.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Entries: new ones (`id` 0), and those that changed.
    pub entries: Vec<Entry>,
    /// What is told of that.
    pub events: Vec<Event>,
    /// The words this came from; they are done with.
    pub heard: Vec<i64>,
    /// What was told of accounts' days.
    pub kept: Vec<KeptAccount>,
}

/// How far the calendar of an account is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAccount {
    /// The account.
    pub account: String,
    /// By which plan the next steps of its entries were worked out.
    pub plan: String,
    /// The last day whose digest was told.
    pub digest_day: Option<Date>,
    /// The last day on which it was told that dates are at risk.
    pub risk_day: Option<Date>,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct DeadlineFilter {
    /// Only the one with this number.
    pub id: Option<i64>,
    /// Of this account.
    pub account: Option<String>,
    /// Of this object (`domain:example.de`).
    pub object: Option<String>,
    /// Of one of these kinds; of any if empty.
    pub kinds: Vec<DeadlineKind>,
    /// Due before this.
    pub before: Option<Timestamp>,
    /// Closed ones as well.
    pub closed: bool,
    /// Only what comes after this one, in the order of date and number.
    pub after: Option<(Timestamp, i64)>,
    /// At most so many.
    pub limit: u32,
}

/// Open entries of an account and a kind, by how far they are away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadlineCount {
    /// The account.
    pub account: String,
    /// The kind.
    pub kind: DeadlineKind,
    /// Past, and not settled.
    pub overdue: u64,
    /// Within a day, a week, 30 days, and later; each without those before.
    pub ahead: [u64; 4],
    /// The earliest.
    pub next: Timestamp,
}

/// The calendar.
#[async_trait]
pub trait Calendar: Send + Sync {
    /// Writes down what was heard outside of a move or a message: keys, certificates, imports.
    async fn hear(&self, words: &[Word]) -> Result<()>;
    /// What was heard and is not in the calendar yet, oldest first, with its number.
    async fn words(&self, limit: u32) -> Result<Vec<(i64, Word)>>;
    /// The open entries of these objects of accounts.
    async fn open_entries(&self, objects: &[(String, ObjectKey)]) -> Result<Vec<Entry>>;
    /// Open entries of which something is to be said or done, by when.
    async fn ripe_entries(&self, now: Timestamp, limit: u32) -> Result<Vec<Entry>>;
    /// Writes a page, one transaction.
    ///
    /// # Errors
    /// [`super::StoreError::Fenced`] if the lease is over.
    async fn keep(&self, lease: &Lease, page: &Page) -> Result<()>;
    /// Entries by date.
    async fn deadlines(&self, filter: &DeadlineFilter) -> Result<Vec<Entry>>;
    /// Open entries by account and kind.
    async fn deadline_counts(&self, now: Timestamp) -> Result<Vec<DeadlineCount>>;
    /// How far the calendars of accounts are kept.
    async fn kept_accounts(&self) -> Result<Vec<KeptAccount>>;
    /// Names of domains that an account has, as far as jobs that succeeded and the calendar tell; those after this name, in
    /// order.
    async fn known_domains(&self, account: &str, after: &str, limit: u32) -> Result<Vec<String>>;
}

/// A calendar in which nothing ever stands, for stores that tests make up.
#[cfg(test)]
macro_rules! no_calendar {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl $crate::store::Calendar for $store {
            async fn hear(&self, _: &[$crate::model::deadline::Word]) -> $crate::store::Result<()> {
                Ok(())
            }
            async fn words(&self, _: u32) -> $crate::store::Result<Vec<(i64, $crate::model::deadline::Word)>> {
                Ok(Vec::new())
            }
            async fn open_entries(
                &self,
                _: &[(String, $crate::model::ObjectKey)],
            ) -> $crate::store::Result<Vec<$crate::model::deadline::Entry>> {
                Ok(Vec::new())
            }
            async fn ripe_entries(
                &self,
                _: jiff::Timestamp,
                _: u32,
            ) -> $crate::store::Result<Vec<$crate::model::deadline::Entry>> {
                Ok(Vec::new())
            }
            async fn keep(&self, _: &$crate::store::Lease, _: &$crate::store::Page) -> $crate::store::Result<()> {
                Ok(())
            }
            async fn deadlines(
                &self,
                _: &$crate::store::DeadlineFilter,
            ) -> $crate::store::Result<Vec<$crate::model::deadline::Entry>> {
                Ok(Vec::new())
            }
            async fn deadline_counts(
                &self,
                _: jiff::Timestamp,
            ) -> $crate::store::Result<Vec<$crate::store::DeadlineCount>> {
                Ok(Vec::new())
            }
            async fn kept_accounts(&self) -> $crate::store::Result<Vec<$crate::store::KeptAccount>> {
                Ok(Vec::new())
            }
            async fn known_domains(&self, _: &str, _: &str, _: u32) -> $crate::store::Result<Vec<String>> {
                Ok(Vec::new())
            }
        }
    };
}
#[cfg(test)]
pub(crate) use no_calendar;
