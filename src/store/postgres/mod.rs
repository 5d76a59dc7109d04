//! The store in `PostgreSQL`: many rows per statement (`UNNEST` of arrays), row locks where two transactions meet.
//!
//! Locks are taken in one order everywhere: the graph of jobs (advisory), lanes (advisory, by key), the lease, rows of `jobs`
//! (by id), their dependants, rows of `turns` (by key), and last the counters (`finished`, `batch_ends`, `batches`, by key).
//! Whoever holds turns waits for no stored job any more; whoever ripens or lets go passes over rows that are held. What
//! still ends in a deadlock is rolled back whole and run again.

mod account;
mod attendance;
mod calendar;
mod claim;
mod inbox;
mod inquiries;
mod intake;
mod lease;
mod links;
mod moves;
mod outbox;
mod pause;
mod queue;
mod quota;
mod schema;
mod traffic;
mod view;

use std::collections::HashMap;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tracing::log::LevelFilter;

pub use schema::MIGRATIONS;

use super::{
    Acceptance, AccountState, Backlog, BatchView, Inbox, InboxMessage, InboxRow, JobDetail, JobFilter, Lease,
    MessageFilter, Migrated, OutboxRow, Receipt, Result, SendBlock, Sends, Start, StateCount, Store, StoreError,
};
use crate::model::deadline::Word;
use crate::model::{Event, Job, JobId, Move, NewJob, State};

/// Connections of one daemon.
const CONNECTIONS: u32 = 16;
/// Connections for leases and attendance alone: a daemon with too much to do must not lose its accounts for want of one,
/// and their next owner, who would have as much to do, must not either.
const OWNERSHIP: u32 = 4;
/// How long to wait for a free connection, or for a new one.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(10);
/// How long one call may take, whatever hangs: the server's own time-outs do not fire when the network is gone.
const CALL_WITHIN: Duration = Duration::from_secs(60);
/// How often a transaction is run again that lost a deadlock.
const RUNS: u32 = 4;
/// Statements slower than this are logged (their text, never their values).
const SLOW: Duration = Duration::from_secs(2);

/// Session settings, unless the URL sets them. Plans are made for the values at hand: the arrays differ a thousandfold in
/// length, and a plan kept from the day the tables were empty would be used on millions of rows.
const SETTINGS: &[(&str, &str)] = &[
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "15s"),
    // A daemon that is stopped in the middle of a transaction holds its locks, that on its lease among them: they must be
    // gone when the lease ends, or nobody could take the account over.
    ("idle_in_transaction_session_timeout", "4s"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
];

/// The store in a `PostgreSQL` database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    ownership: PgPool,
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host/database`; `?options=-c search_path=NAME` chooses a schema.
    ///
    /// # Errors
    /// The URL cannot be read or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        // The parser's words could quote the URL, and with it the password.
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Broken("store.url is no URL of a PostgreSQL database".into()))?;
        let given = options.get_options().unwrap_or_default().to_owned();
        let ours = SETTINGS.iter().filter(|(name, _)| !given.contains(name));
        let options = options
            .options(ours.map(|(name, value)| (*name, *value)))
            .log_statements(LevelFilter::Trace)
            .log_slow_statements(LevelFilter::Warn, SLOW);
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("registrard"),
        };
        let pool = |most| PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_WITHIN);
        let ownership = pool(OWNERSHIP).connect_lazy_with(options.clone());
        Ok(Self { pool: pool(CONNECTIONS).connect_with(options).await?, ownership })
    }
}

/// Why a transaction ended.
enum Failure {
    /// It met another and was rolled back; nothing of it happened, and it may be run again.
    Collision(StoreError),
    /// Anything else.
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        const DEADLOCK: &str = "40P01";
        const SERIALIZATION: &str = "40001";
        let code = error.as_database_error().and_then(|refusal| refusal.code().map(std::borrow::Cow::into_owned));
        match code.as_deref() {
            Some(DEADLOCK | SERIALIZATION) => Self::Collision(error.into()),
            _ => Self::Final(error.into()),
        }
    }
}

/// Runs a transaction again if it collided.
async fn again<T, F>(run: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = std::result::Result<T, Failure>>,
{
    let mut runs = 1;
    loop {
        match run().await {
            Ok(value) => return Ok(value),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Collision(error)) if runs >= RUNS => return Err(error),
            Err(Failure::Collision(error)) => tracing::debug!(%error, runs, "a transaction is run again"),
        }
        runs += 1;
    }
}

/// Bounds a call in time.
async fn bounded<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(CALL_WITHIN, call).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable(format!("no answer within {} s", CALL_WITHIN.as_secs()))),
    }
}

#[async_trait]
impl Sends for PostgresStore {
    async fn reserve(&self, lease: &Lease, block: &SendBlock) -> Result<()> {
        bounded(account::reserve(&self.pool, lease, block)).await
    }

    async fn close_block(&self, account: &str, number: i64, at: Timestamp) -> Result<()> {
        bounded(account::close_block(&self.pool, account, number, at)).await
    }

    async fn blocks(&self, account: &str, since: Timestamp) -> Result<Vec<SendBlock>> {
        bounded(account::blocks(&self.pool, account, since)).await
    }
}

#[async_trait]
impl Inbox for PostgresStore {
    async fn receive(&self, lease: &Lease, message: &InboxMessage, event: &Event, moves: &[Move]) -> Result<Receipt> {
        bounded(again(|| inbox::receive(&self.pool, lease, message, event, moves))).await
    }
    async fn pending_on(&self, account: &str, object: &str) -> Result<Vec<Job>> {
        bounded(claim::pending_on(&self.pool, account, object)).await
    }
    async fn begin_removal(&self, lease: &Lease, id: &str) -> Result<Option<i64>> {
        bounded(again(|| inbox::begin_removal(&self.pool, lease, id))).await
    }
    async fn removed(&self, account: &str, id: &str, at: Timestamp) -> Result<()> {
        bounded(inbox::removed(&self.pool, account, id, at)).await
    }
    async fn not_removed(&self, account: &str, id: &str, why: &str) -> Result<()> {
        bounded(inbox::not_removed(&self.pool, account, id, why)).await
    }
    async fn found_empty(&self, lease: &Lease, at: Timestamp, words: &[Word]) -> Result<u64> {
        bounded(again(|| inbox::found_empty(&self.pool, lease, at, words))).await
    }
    async fn messages(&self, filter: &MessageFilter) -> Result<Vec<InboxRow>> {
        bounded(inbox::messages(&self.pool, filter)).await
    }
    async fn open_messages(&self) -> Result<Vec<(String, u64)>> {
        bounded(inbox::open(&self.pool)).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn migrate(&self) -> Result<Migrated> {
        schema::migrate(&self.pool).await
    }
    async fn check_schema(&self) -> Result<()> {
        bounded(schema::check(&self.pool)).await
    }
    async fn ping(&self) -> Result<()> {
        bounded(async { Ok(sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)?) }).await
    }

    async fn accept(&self, jobs: &[NewJob], events: &[Event], now: Timestamp) -> Result<Vec<Acceptance>> {
        bounded(again(|| intake::accept(&self.pool, jobs, events, now))).await
    }
    async fn known(&self, jobs: &[NewJob]) -> Result<HashMap<JobId, ([u8; 32], State)>> {
        bounded(async { intake::known(&mut *self.pool.acquire().await?, jobs).await }).await
    }

    async fn doubts(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        bounded(claim::doubts(&self.pool, account, now, limit)).await
    }
    async fn follow_ups(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        bounded(claim::follow_ups(&self.pool, account, now, limit)).await
    }
    async fn next_due(&self, account: &str, queues: &[&str], now: Timestamp) -> Result<Option<Timestamp>> {
        bounded(claim::next_due(&self.pool, account, queues, now)).await
    }
    async fn start(&self, lease: &Lease, starts: &[Start], now: Timestamp) -> Result<Vec<JobId>> {
        bounded(again(|| claim::start(&self.pool, lease, starts, now))).await
    }
    async fn resolve(
        &self,
        lease: &Lease,
        job: JobId,
        attempt: u32,
        digest: [u8; 32],
        whole: &Map<String, Value>,
    ) -> Result<bool> {
        bounded(again(|| claim::resolve(&self.pool, lease, job, attempt, digest, whole))).await
    }
    async fn apply(&self, moves: &[Move]) -> Result<Vec<bool>> {
        bounded(again(|| moves::apply(&self.pool, moves))).await
    }
    async fn abandoned(&self, lease: &Lease, limit: u32) -> Result<Vec<Job>> {
        bounded(claim::abandoned(&self.pool, lease, limit)).await
    }
    async fn overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        bounded(claim::overdue(&self.pool, now, limit)).await
    }
    async fn doomed(&self, limit: u32) -> Result<Vec<(Job, JobId)>> {
        bounded(links::doomed(&self.pool, limit)).await
    }
    async fn sweep_links(&self) -> Result<u64> {
        bounded(queue::forget_turns(&self.pool)).await?;
        bounded(again(|| links::sweep(&self.pool))).await
    }

    async fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
        bounded(lease::acquire(&self.ownership, name, owner, ttl)).await
    }
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool> {
        bounded(lease::renew(&self.ownership, lease, ttl)).await
    }
    async fn release(&self, lease: &Lease) -> Result<()> {
        bounded(lease::release(&self.ownership, lease)).await
    }

    async fn account(&self, account: &str) -> Result<AccountState> {
        bounded(account::one(&self.pool, account)).await
    }
    async fn accounts(&self) -> Result<Vec<AccountState>> {
        bounded(account::all(&self.pool)).await
    }
    async fn suspend(&self, account: &str, reason: Option<&str>, event: &Event) -> Result<()> {
        bounded(account::suspend(&self.pool, account, reason, event)).await
    }
    async fn cool_down(&self, account: &str, until: Timestamp, reason: &str) -> Result<()> {
        bounded(account::cool_down(&self.pool, account, until, reason)).await
    }

    async fn unsent(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        bounded(outbox::unsent(&self.pool, now, limit)).await
    }
    async fn mark_sent(&self, seqs: &[i64], now: Timestamp) -> Result<()> {
        bounded(outbox::mark_sent(&self.pool, seqs, now)).await
    }
    async fn postpone(&self, seqs: &[i64], until: Timestamp, why: &str) -> Result<()> {
        bounded(outbox::postpone(&self.pool, seqs, until, why)).await
    }
    async fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<OutboxRow>> {
        bounded(outbox::after(&self.pool, seq, limit)).await
    }
    async fn last_event(&self) -> Result<i64> {
        bounded(outbox::last(&self.pool)).await
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetail>> {
        bounded(view::job(&self.pool, id)).await
    }
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        bounded(view::jobs(&self.pool, filter)).await
    }
    async fn batches(&self, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>> {
        bounded(view::batches(&self.pool, name, limit)).await
    }
    async fn counts(&self) -> Result<Vec<StateCount>> {
        bounded(view::counts(&self.pool)).await
    }
    async fn outbox_backlog(&self) -> Result<Backlog> {
        bounded(outbox::backlog(&self.pool)).await
    }
}
