//! Who has the turn, what holds the others, what was counted, and the calendar: where each part is.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{SqliteStore, attendance, begin, calendar, pause, queue, quota, view};
use crate::model::deadline::{Entry, Word};
use crate::model::{Event, Job, ObjectKey, Operation};
use crate::store::*;

#[async_trait]
impl Traffic for SqliteStore {
    async fn ripen(&self, queues: &[&str], now: Timestamp, limit: u32) -> Result<u64> {
        queue::ripen(&self.writer, &self.readers, queues, now, limit).await
    }
    async fn heads(&self, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>> {
        queue::heads(&self.readers, queues, now, each).await
    }
    async fn set_aside(&self, lease: &Lease, aside: &[Aside]) -> Result<u64> {
        queue::set_aside(&self.writer, lease, aside).await
    }
    async fn last_on(&self, lane: &str, objects: &[&str], since: Timestamp) -> Result<Vec<(String, Timestamp)>> {
        queue::last_on(&self.readers, lane, objects, since).await
    }
    async fn last_done(
        &self,
        lane: &str,
        object: &str,
        among: &[Operation],
        until: Timestamp,
    ) -> Result<Option<(Operation, Timestamp)>> {
        queue::last_done(&self.readers, lane, object, among, until).await
    }

    async fn pauses(&self) -> Result<Vec<Pause>> {
        pause::all(&self.readers).await
    }
    async fn pause(&self, pause: &Pause, event: &Event) -> Result<bool> {
        pause::begin(&self.writer, pause, event).await
    }
    async fn end_pause(&self, kind: PauseKind, name: &str, event: &Event) -> Result<Option<Pause>> {
        pause::end(&self.writer, kind, name, event).await
    }
    async fn let_go(&self, limit: u32) -> Result<u64> {
        pause::let_go(&self.writer, &self.readers, limit).await
    }

    async fn quota(&self, account: &str, day: Date) -> Result<QuotaUse> {
        quota::used(&self.readers, account, day).await
    }
    async fn charge(&self, lease: &Lease, day: Date, points: i64) -> Result<QuotaUse> {
        quota::charge(&self.writer, lease, day, points).await
    }
    async fn quota_heard(
        &self,
        lease: &Lease,
        day: Date,
        at_least: Option<u64>,
        exhausted_until: Option<Timestamp>,
    ) -> Result<QuotaUse> {
        quota::heard(&self.writer, lease, day, at_least, exhausted_until).await
    }
    async fn note(&self, lease: &Lease, kind: BudgetKind, at: Timestamp, count: u32) -> Result<()> {
        quota::note(&self.writer, lease, kind, at, count).await
    }
    async fn noted(&self, account: &str, kind: BudgetKind, since: Timestamp) -> Result<Vec<(Timestamp, u32)>> {
        quota::noted(&self.readers, account, kind, since).await
    }

    async fn report(&self, daemon: &str, ttl: Duration) -> Result<RollCall> {
        attendance::report(&self.writer, daemon, ttl).await
    }
    async fn leave(&self, daemon: &str) -> Result<()> {
        attendance::leave(&self.writer, daemon).await
    }
    async fn roll_call(&self) -> Result<RollCall> {
        attendance::roll_call(&self.readers).await
    }
    async fn trouble(&self, account: &str, why: Option<&str>, at: Timestamp) -> Result<()> {
        attendance::trouble(&self.writer, account, why, at).await
    }

    async fn flows(&self, queue: Option<&str>) -> Result<Vec<Flow>> {
        view::flows(&self.readers, queue).await
    }
    async fn ahead(&self, job: &Job) -> Result<Ahead> {
        view::ahead(&self.readers, job).await
    }
    async fn progress(&self, batch: &str) -> Result<Option<Progress>> {
        view::progress(&self.readers, batch).await
    }
}

#[async_trait]
impl Calendar for SqliteStore {
    async fn hear(&self, words: &[Word]) -> Result<()> {
        let words: Vec<&Word> = words.iter().collect();
        let mut transaction = begin(&self.writer).await?;
        calendar::hear(&mut transaction, &words).await?;
        Ok(transaction.commit().await?)
    }
    async fn words(&self, limit: u32) -> Result<Vec<(i64, Word)>> {
        calendar::words(&self.readers, limit).await
    }
    async fn open_entries(&self, objects: &[(String, ObjectKey)]) -> Result<Vec<Entry>> {
        calendar::open(&self.readers, objects).await
    }
    async fn ripe_entries(&self, now: Timestamp, limit: u32) -> Result<Vec<Entry>> {
        calendar::ripe(&self.readers, now, limit).await
    }
    async fn keep(&self, lease: &Lease, page: &Page) -> Result<()> {
        calendar::keep(&self.writer, lease, page).await
    }
    async fn deadlines(&self, filter: &DeadlineFilter) -> Result<Vec<Entry>> {
        calendar::list(&self.readers, filter).await
    }
    async fn deadline_counts(&self, now: Timestamp) -> Result<Vec<DeadlineCount>> {
        calendar::counts(&self.readers, now).await
    }
    async fn kept_accounts(&self) -> Result<Vec<KeptAccount>> {
        calendar::kept(&self.readers).await
    }
    async fn known_domains(&self, account: &str, after: &str, limit: u32) -> Result<Vec<String>> {
        calendar::domains(&self.readers, account, after, limit).await
    }
}
