//! Who has the turn, what holds the others, and what was counted.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::SqliteStore;
use crate::model::{Event, Job};
use crate::store::*;

#[async_trait]
impl Traffic for SqliteStore {
    async fn ripen(&self, _queues: &[&str], _now: Timestamp, _limit: u32) -> Result<u64> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn heads(&self, _queues: &[&str], _now: Timestamp, _each: u32) -> Result<Vec<Job>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn set_aside(&self, _lease: &Lease, _aside: &[Aside]) -> Result<u64> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn last_on(&self, _lane: &str, _objects: &[&str], _since: Timestamp) -> Result<Vec<(String, Timestamp)>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn pauses(&self) -> Result<Vec<Pause>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn pause(&self, _pause: &Pause, _event: &Event) -> Result<bool> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn end_pause(&self, _kind: PauseKind, _name: &str, _event: &Event) -> Result<Option<Pause>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn let_go(&self, _limit: u32) -> Result<u64> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn quota(&self, _account: &str, _day: Date) -> Result<QuotaUse> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn charge(&self, _lease: &Lease, _day: Date, _points: i64) -> Result<QuotaUse> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn quota_heard(
        &self,
        _lease: &Lease,
        _day: Date,
        _at_least: Option<u64>,
        _exhausted_until: Option<Timestamp>,
    ) -> Result<QuotaUse> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn note(&self, _lease: &Lease, _kind: BudgetKind, _at: Timestamp, _count: u32) -> Result<()> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn noted(&self, _account: &str, _kind: BudgetKind, _since: Timestamp) -> Result<Vec<(Timestamp, u32)>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn report(&self, _daemon: &str, _ttl: Duration) -> Result<RollCall> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn leave(&self, _daemon: &str) -> Result<()> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn roll_call(&self) -> Result<RollCall> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn trouble(&self, _account: &str, _why: Option<&str>, _at: Timestamp) -> Result<()> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn flows(&self, _queue: Option<&str>) -> Result<Vec<Flow>> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn ahead(&self, _job: &Job) -> Result<Ahead> {
        Err(StoreError::Broken("not there yet".into()))
    }
    async fn progress(&self, _batch: &str) -> Result<Option<Progress>> {
        Err(StoreError::Broken("not there yet".into()))
    }
}
