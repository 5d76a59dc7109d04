//! Who has the turn, what holds the others, what was counted, and the calendar: where each part is.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{PostgresStore, again, attendance, bounded, calendar, pause, queue, quota, view};
use crate::model::deadline::{Entry, Word};
use crate::model::{Event, Job, ObjectKey, Operation};
use crate::store::*;

#[async_trait]
impl Traffic for PostgresStore {
    async fn ripen(&self, queues: &[&str], now: Timestamp, limit: u32) -> Result<u64> {
        bounded(again(|| queue::ripen(&self.pool, queues, now, limit))).await
    }
    async fn heads(&self, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>> {
        bounded(queue::heads(&self.pool, queues, now, each)).await
    }
    async fn set_aside(&self, lease: &Lease, aside: &[Aside]) -> Result<u64> {
        bounded(again(|| queue::set_aside(&self.pool, lease, aside))).await
    }
    async fn last_on(&self, lane: &str, objects: &[&str], since: Timestamp) -> Result<Vec<(String, Timestamp)>> {
        bounded(queue::last_on(&self.pool, lane, objects, since)).await
    }
    async fn last_done(
        &self,
        lane: &str,
        object: &str,
        among: &[Operation],
        until: Timestamp,
    ) -> Result<Option<(Operation, Timestamp)>> {
        bounded(queue::last_done(&self.pool, lane, object, among, until)).await
    }

    async fn pauses(&self) -> Result<Vec<Pause>> {
        bounded(pause::all(&self.pool)).await
    }
    async fn pause(&self, pause: &Pause, event: &Event) -> Result<bool> {
        bounded(pause::begin(&self.pool, pause, event)).await
    }
    async fn end_pause(&self, kind: PauseKind, name: &str, event: &Event) -> Result<Option<Pause>> {
        bounded(again(|| pause::end(&self.pool, kind, name, event))).await
    }
    async fn let_go(&self, limit: u32) -> Result<u64> {
        bounded(again(|| pause::let_go(&self.pool, limit))).await
    }

    async fn quota(&self, account: &str, day: Date) -> Result<QuotaUse> {
        bounded(quota::used(&self.pool, account, day)).await
    }
    async fn charge(&self, lease: &Lease, day: Date, points: i64) -> Result<QuotaUse> {
        bounded(again(|| quota::charge(&self.pool, lease, day, points))).await
    }
    async fn quota_heard(
        &self,
        lease: &Lease,
        day: Date,
        at_least: Option<u64>,
        exhausted_until: Option<Timestamp>,
    ) -> Result<QuotaUse> {
        bounded(again(|| quota::heard(&self.pool, lease, day, at_least, exhausted_until))).await
    }
    async fn note(&self, lease: &Lease, kind: BudgetKind, at: Timestamp, count: u32) -> Result<()> {
        bounded(again(|| quota::note(&self.pool, lease, kind, at, count))).await
    }
    async fn noted(&self, account: &str, kind: BudgetKind, since: Timestamp) -> Result<Vec<(Timestamp, u32)>> {
        bounded(quota::noted(&self.pool, account, kind, since)).await
    }

    async fn report(&self, daemon: &str, ttl: Duration) -> Result<RollCall> {
        bounded(attendance::report(&self.ownership, daemon, ttl)).await
    }
    async fn leave(&self, daemon: &str) -> Result<()> {
        bounded(attendance::leave(&self.ownership, daemon)).await
    }
    async fn roll_call(&self) -> Result<RollCall> {
        bounded(attendance::roll_call(&self.pool)).await
    }
    async fn trouble(&self, account: &str, why: Option<&str>, at: Timestamp) -> Result<()> {
        bounded(attendance::trouble(&self.pool, account, why, at)).await
    }

    async fn flows(&self, queue: Option<&str>) -> Result<Vec<Flow>> {
        bounded(view::flows(&self.pool, queue)).await
    }
    async fn ahead(&self, job: &Job) -> Result<Ahead> {
        bounded(view::ahead(&self.pool, job)).await
    }
    async fn progress(&self, batch: &str) -> Result<Option<Progress>> {
        bounded(view::progress(&self.pool, batch)).await
    }
}

#[async_trait]
impl Calendar for PostgresStore {
    async fn hear(&self, words: &[Word]) -> Result<()> {
        let words: Vec<&Word> = words.iter().collect();
        bounded(async { calendar::hear(&mut *self.pool.acquire().await?, &words).await }).await
    }
    async fn words(&self, limit: u32) -> Result<Vec<(i64, Word)>> {
        bounded(calendar::words(&self.pool, limit)).await
    }
    async fn open_entries(&self, objects: &[(String, ObjectKey)]) -> Result<Vec<Entry>> {
        bounded(calendar::open(&self.pool, objects)).await
    }
    async fn ripe_entries(&self, now: Timestamp, limit: u32) -> Result<Vec<Entry>> {
        bounded(calendar::ripe(&self.pool, now, limit)).await
    }
    async fn keep(&self, lease: &Lease, page: &Page) -> Result<()> {
        bounded(again(|| calendar::keep(&self.pool, lease, page))).await
    }
    async fn deadlines(&self, filter: &DeadlineFilter) -> Result<Vec<Entry>> {
        bounded(calendar::list(&self.pool, filter)).await
    }
    async fn deadline_counts(&self, now: Timestamp) -> Result<Vec<DeadlineCount>> {
        bounded(calendar::counts(&self.pool, now)).await
    }
    async fn kept_accounts(&self) -> Result<Vec<KeptAccount>> {
        bounded(calendar::kept(&self.pool)).await
    }
    async fn known_domains(&self, account: &str, after: &str, limit: u32) -> Result<Vec<String>> {
        bounded(calendar::domains(&self.pool, account, after, limit)).await
    }
}
