//! The store in a `SQLite` file (WAL): one connection writes, others read beside it.
//!
//! Every writing transaction begins `IMMEDIATE`, so that it waits for its turn at the start and cannot fail half-way
//! because it read first. Inside it nothing else writes: what takes row locks in `PostgreSQL` is plain code here.

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
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, Transaction};
use tracing::log::LevelFilter;
use uuid::Uuid;

pub use schema::MIGRATIONS;

use super::{
    Acceptance, AccountState, Backlog, BatchView, Inbox, InboxMessage, InboxRow, JobDetail, JobFilter, Lease,
    MessageFilter, Migrated, OutboxRow, Receipt, Result, SendBlock, Sends, Start, StateCount, Store, StoreError,
};
use crate::model::deadline::Word;
use crate::model::{Event, Job, JobId, Move, NewJob, State};

/// Connections that read.
const READERS: u32 = 4;
/// How long to wait for a connection of this process, and for the lock another process holds.
const WAIT: Duration = Duration::from_secs(30);
/// Statements slower than this are logged (their text, never their values).
const SLOW: Duration = Duration::from_secs(2);

/// The store in a `SQLite` file.
///
/// Calls carry no time-out of their own: a statement runs on this machine and waits for nothing but [`WAIT`].
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens `sqlite:///path/to/file`, and creates it for this user only if it is not there; `sqlite::memory:` is a
    /// database of its own that ends with the store.
    ///
    /// # Errors
    /// The URL cannot be read, or the file cannot be opened or created.
    pub async fn connect(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| StoreError::Broken("store.url is no URL of an SQLite file".into()))?
            .busy_timeout(WAIT)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .log_statements(LevelFilter::Trace)
            .log_slow_statements(LevelFilter::Warn, SLOW);
        // A connection that is closed takes a database in memory with it; one to a file need not be tested or renewed.
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(WAIT)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        if url.contains(":memory:") {
            let writer = pool().min_connections(1).max_connections(1).connect_with(options).await?;
            return Ok(Self { readers: writer.clone(), writer });
        }
        create(options.get_filename())?;
        let writing = options.clone().journal_mode(SqliteJournalMode::Wal);
        let writer = pool().max_connections(1).before_acquire(|one, _| Box::pin(is_sound(one)));
        let writer = writer.connect_with(writing).await?;
        let readers = pool().max_connections(READERS).before_acquire(|one, _| Box::pin(is_sound(one)));
        let readers = readers.connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { writer, readers })
    }

    /// What is done to keep a commit, in `SQLite`'s own words.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn durability(&self) -> Result<String> {
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&self.writer).await?;
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&self.writer).await?;
        let word = ["OFF", "NORMAL", "FULL", "EXTRA"].get(usize::try_from(synchronous).unwrap_or(usize::MAX));
        Ok(format!("journal_mode={journal}, synchronous={}", word.unwrap_or(&"?")))
    }
}

/// Creates the file readable for its owner only: parameters of jobs may be personal or secret. `SQLite` gives its side
/// files the same mode.
fn create(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| StoreError::Broken(format!("cannot open {}: {error}", path.display())))
}

/// Whether a connection can begin a transaction; one that cannot is replaced by another. After some errors (a full disk, a
/// disk that fails) `SQLite` takes the transaction back by itself; the driver's own ROLLBACK then fails, and it believes for
/// ever that the transaction goes on.
async fn is_sound(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    if connection.is_in_transaction() {
        // Its ROLLBACK may only be on the way: the connection's thread does one thing after the other.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// A transaction that writes.
async fn begin(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>> {
    Ok(writer.begin_with("BEGIN IMMEDIATE").await?)
}

/// An id as it is stored.
fn key(id: JobId) -> uuid::fmt::Hyphenated {
    id.0.hyphenated()
}

/// Ids for `json_each`.
fn keys(ids: impl IntoIterator<Item = JobId>) -> String {
    serde_json::Value::from(ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>()).to_string()
}

/// A stored id.
fn stored(key: uuid::fmt::Hyphenated) -> JobId {
    JobId(Uuid::from(key))
}

#[async_trait]
impl Sends for SqliteStore {
    async fn reserve(&self, lease: &Lease, block: &SendBlock) -> Result<()> {
        account::reserve(&self.writer, lease, block).await
    }

    async fn close_block(&self, account: &str, number: i64, at: Timestamp) -> Result<()> {
        account::close_block(&self.writer, account, number, at).await
    }

    async fn blocks(&self, account: &str, since: Timestamp) -> Result<Vec<SendBlock>> {
        account::blocks(&self.writer, account, since).await
    }
}

#[async_trait]
impl Inbox for SqliteStore {
    async fn receive(&self, lease: &Lease, message: &InboxMessage, event: &Event, moves: &[Move]) -> Result<Receipt> {
        inbox::receive(&self.writer, lease, message, event, moves).await
    }
    async fn pending_on(&self, account: &str, object: &str) -> Result<Vec<Job>> {
        claim::pending_on(&self.readers, account, object).await
    }
    async fn begin_removal(&self, lease: &Lease, id: &str) -> Result<Option<i64>> {
        inbox::begin_removal(&self.writer, lease, id).await
    }
    async fn removed(&self, account: &str, id: &str, at: Timestamp) -> Result<()> {
        inbox::removed(&self.writer, account, id, at).await
    }
    async fn not_removed(&self, account: &str, id: &str, why: &str) -> Result<()> {
        inbox::not_removed(&self.writer, account, id, why).await
    }
    async fn found_empty(&self, lease: &Lease, at: Timestamp, words: &[Word]) -> Result<u64> {
        inbox::found_empty(&self.writer, lease, at, words).await
    }
    async fn messages(&self, filter: &MessageFilter) -> Result<Vec<InboxRow>> {
        inbox::messages(&self.readers, filter).await
    }
    async fn open_messages(&self) -> Result<Vec<(String, u64)>> {
        inbox::open(&self.readers).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> Result<Migrated> {
        schema::migrate(&self.writer).await
    }
    async fn check_schema(&self) -> Result<()> {
        schema::check(&self.readers).await
    }
    async fn ping(&self) -> Result<()> {
        Ok(sqlx::query("SELECT 1").execute(&self.readers).await.map(drop)?)
    }

    async fn accept(&self, jobs: &[NewJob], events: &[Event], now: Timestamp) -> Result<Vec<Acceptance>> {
        intake::accept(&self.writer, jobs, events, now).await
    }
    async fn known(&self, jobs: &[NewJob]) -> Result<HashMap<JobId, ([u8; 32], State)>> {
        intake::known(&mut *self.readers.acquire().await?, jobs).await
    }

    async fn doubts(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        claim::doubts(&self.readers, account, now, limit).await
    }
    async fn follow_ups(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        claim::follow_ups(&self.readers, account, now, limit).await
    }
    async fn next_due(&self, account: &str, queues: &[&str], now: Timestamp) -> Result<Option<Timestamp>> {
        claim::next_due(&self.readers, account, queues, now).await
    }
    async fn start(&self, lease: &Lease, starts: &[Start], now: Timestamp) -> Result<Vec<JobId>> {
        claim::start(&self.writer, lease, starts, now).await
    }
    async fn resolve(
        &self,
        lease: &Lease,
        job: JobId,
        attempt: u32,
        digest: [u8; 32],
        whole: &Map<String, Value>,
    ) -> Result<bool> {
        claim::resolve(&self.writer, lease, job, attempt, digest, whole).await
    }
    async fn apply(&self, moves: &[Move]) -> Result<Vec<bool>> {
        moves::apply(&self.writer, moves).await
    }
    async fn abandoned(&self, lease: &Lease, limit: u32) -> Result<Vec<Job>> {
        claim::abandoned(&self.readers, lease, limit).await
    }
    async fn overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        claim::overdue(&self.readers, now, limit).await
    }
    async fn doomed(&self, limit: u32) -> Result<Vec<(Job, JobId)>> {
        links::doomed(&self.readers, limit).await
    }
    async fn sweep_links(&self) -> Result<u64> {
        queue::forget_turns(&self.writer).await?;
        links::sweep(&self.writer).await
    }

    async fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
        lease::acquire(&self.writer, name, owner, ttl).await
    }
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool> {
        lease::renew(&self.writer, lease, ttl).await
    }
    async fn release(&self, lease: &Lease) -> Result<()> {
        lease::release(&self.writer, lease).await
    }

    async fn account(&self, account: &str) -> Result<AccountState> {
        account::one(&self.readers, account).await
    }
    async fn accounts(&self) -> Result<Vec<AccountState>> {
        account::all(&self.readers).await
    }
    async fn suspend(&self, account: &str, reason: Option<&str>, event: &Event) -> Result<()> {
        account::suspend(&self.writer, account, reason, event).await
    }
    async fn cool_down(&self, account: &str, until: Timestamp, reason: &str) -> Result<()> {
        account::cool_down(&self.writer, account, until, reason).await
    }

    async fn unsent(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        outbox::unsent(&self.readers, now, limit).await
    }
    async fn mark_sent(&self, seqs: &[i64], now: Timestamp) -> Result<()> {
        outbox::mark_sent(&self.writer, seqs, now).await
    }
    async fn postpone(&self, seqs: &[i64], until: Timestamp, why: &str) -> Result<()> {
        outbox::postpone(&self.writer, seqs, until, why).await
    }
    async fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<OutboxRow>> {
        outbox::after(&self.readers, seq, limit).await
    }
    async fn last_event(&self) -> Result<i64> {
        outbox::last(&self.readers).await
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetail>> {
        view::job(&self.readers, id).await
    }
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        view::jobs(&self.readers, filter).await
    }
    async fn batches(&self, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>> {
        view::batches(&self.readers, name, limit).await
    }
    async fn counts(&self) -> Result<Vec<StateCount>> {
        view::counts(&self.readers).await
    }
    async fn outbox_backlog(&self) -> Result<Backlog> {
        outbox::backlog(&self.readers).await
    }
}
