//! What is durable. One trait, two databases, one conformance suite (`tests/store.rs`); only this module writes SQL.
//!
//! Whoever changes a job does it through [`Store::accept`], [`Store::start`] and [`Store::apply`]; each is one
//! transaction over many jobs and guarded row by row, so that a late or replaced caller changes nothing (law 9).

mod calendar;
mod error;
pub mod floor;
mod plan;
pub mod postgres;
mod rows;
mod rules;
pub mod sqlite;
mod tenure;
pub mod traffic;
mod turns;
pub mod types;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use calendar::*;
pub use error::StoreError;
pub use tenure::Tenure;
pub use traffic::*;
pub use types::*;

use crate::model::deadline::Word;
use crate::model::{Event, Job, JobId, Move, NewJob, State};

/// A result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Sends that count against a throttle.
#[async_trait]
pub trait Sends: Send + Sync {
    /// Reserves a block of sends before the first of them is used.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn reserve(&self, lease: &Lease, block: &SendBlock) -> Result<()>;
    /// Notes that the last send of a block was answered (or given up, with its grace) at `at`.
    async fn close_block(&self, account: &str, number: i64, at: Timestamp) -> Result<()>;
    /// Blocks that are open or were closed after `since`; older ones are removed.
    async fn blocks(&self, account: &str, since: Timestamp) -> Result<Vec<SendBlock>>;
}

/// Messages of the registries (law 5), and the pending jobs they may end. Each message is known by its account and the
/// registry's id of it.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores a message of the lease's account, its event, and the moves it means for pending jobs, in one transaction. A
    /// message that is known already changes nothing. The moves are guarded as in [`Store::apply`], and all of them are
    /// made or none: the event tells which jobs the message has ended.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn receive(&self, lease: &Lease, message: &InboxMessage, event: &Event, moves: &[Move]) -> Result<Receipt>;
    /// Pending jobs of an account on an object, oldest first.
    async fn pending_on(&self, account: &str, object: &str) -> Result<Vec<Job>>;
    /// Writes the intent to remove a message of the lease's account at the registry; returns how many there have been
    /// (1 for the first), or `None` if no such message is stored.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn begin_removal(&self, lease: &Lease, id: &str) -> Result<Option<i64>>;
    /// Notes that the registry has removed a message.
    async fn removed(&self, account: &str, id: &str, at: Timestamp) -> Result<()>;
    /// Notes why a message could not be removed.
    async fn not_removed(&self, account: &str, id: &str, why: &str) -> Result<()>;
    /// Notes that the queue of the lease's account was found empty: whatever of it is stored has been removed, also
    /// where nobody heard the answer to that. Writes down what that says for the calendar. Returns how many there were.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn found_empty(&self, lease: &Lease, at: Timestamp, words: &[Word]) -> Result<u64>;
    /// Messages, newest first.
    async fn messages(&self, filter: &MessageFilter) -> Result<Vec<InboxRow>>;
    /// Messages that are stored and not yet removed at the registry, by account.
    async fn open_messages(&self) -> Result<Vec<(String, u64)>>;
}

/// The store. All instants are the caller's clock, except leases, which live by the store's own clock, so that the
/// clocks of two daemons need not agree on who owns what.
#[async_trait]
pub trait Store: Sends + Inbox + Traffic + Calendar + 'static {
    /// Brings the schema up to date. Safe to run twice and from many processes at once.
    async fn migrate(&self) -> Result<Migrated>;
    /// Refuses a schema that is newer or older than this release.
    async fn check_schema(&self) -> Result<()>;
    /// One round trip.
    async fn ping(&self) -> Result<()>;

    // ── intake ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Takes in jobs and writes events (of rejected submissions, and of new jobs with warnings) in one transaction;
    /// answers in the order of `jobs`.
    /// An id that is there already with the same digest is a duplicate (its final event, if there is one, is sent
    /// again under its old id); with another digest it is a conflict, and the first stands. Links each job to the jobs
    /// in its `after` and to the last unfinished job on its object; jobs there that wait for it already let it pass.
    async fn accept(&self, jobs: &[NewJob], events: &[Event], now: Timestamp) -> Result<Vec<Acceptance>>;
    /// Those of these ids that are there already, with the digest of their content and their state.
    async fn known(&self, jobs: &[NewJob]) -> Result<HashMap<JobId, ([u8; 32], State)>>;

    // ── schedule ────────────────────────────────────────────────────────────────────────────────────────────────
    /// Jobs of an account that are in doubt and due to be asked about, oldest first.
    async fn doubts(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>>;
    /// Pending jobs of an account that are due to be asked about, oldest first.
    async fn follow_ups(&self, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>>;
    /// The earliest instant after `now` at which a waiting job of these queues, or an in-doubt or pending one of the
    /// account, falls due.
    async fn next_due(&self, account: &str, queues: &[&str], now: Timestamp) -> Result<Option<Timestamp>>;
    /// Claims jobs for the lease's account and writes the intent of their next attempt (law 2). Returns those that were
    /// still waiting, unblocked, in the queue they were read from, and held by no pause: one that was added since the caller
    /// looked counts. A job of a pool belongs to the account from then on; it goes back to the pool with a move to
    /// waiting, unless a request of it may still come to count.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn start(&self, lease: &Lease, starts: &[Start], now: Timestamp) -> Result<Vec<JobId>>;
    /// Notes the digest of the request of a running attempt that began with a question, and the whole parameters it was
    /// made of: its intent (law 2). `false` if the job does not run in this attempt under this lease any more; nothing of
    /// it may be sent then.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is over.
    async fn resolve(
        &self,
        lease: &Lease,
        job: JobId,
        attempt: u32,
        digest: [u8; 32],
        whole: &Map<String, Value>,
    ) -> Result<bool>;
    /// Carries out moves with their events, one transaction; says for each whether the job was still where the move
    /// expected it. A finished job releases those that waited for it; one that did not succeed dooms its dependants.
    ///
    /// A move with a fence is made only while the account's lease has that fence, expired or not: what a daemon learnt
    /// is worth writing until somebody else has taken over. A running job is moved by the fence that claimed it; only
    /// [`crate::model::Cause::Lost`] may come from a later one. A job that waits in a pool is nobody's yet: any fence will do.
    /// A job that goes back to waiting stands at the front if it waits for its turn. After [`StoreError::Unavailable`] the moves may have
    /// been made; said again, they then answer `false`.
    async fn apply(&self, moves: &[Move]) -> Result<Vec<bool>>;
    /// Running jobs of an account that were claimed under an older fence: their owner is gone.
    async fn abandoned(&self, lease: &Lease, limit: u32) -> Result<Vec<Job>>;
    /// Waiting jobs whose `start_by` has passed.
    async fn overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>>;
    /// Waiting jobs that can never start because a job in their `after` did not succeed; with that job's id.
    async fn doomed(&self, limit: u32) -> Result<Vec<(Job, JobId)>>;
    /// Repairs links to jobs that are over, should there be any; returns how many. Forgets the turns of batches that are as
    /// good as new. Reads all links: call it now and then.
    async fn sweep_links(&self) -> Result<u64>;

    // ── ownership ───────────────────────────────────────────────────────────────────────────────────────────────
    /// Takes the lease of `name` for `ttl` if nobody holds it; each holder gets a higher fence than all before.
    async fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>>;
    /// Prolongs a lease; `false` if it was lost. One that ran out is not lost before somebody has taken it.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool>;
    /// Gives a lease back so that another daemon need not wait for its end.
    async fn release(&self, lease: &Lease) -> Result<()>;

    // ── throttle and account state ──────────────────────────────────────────────────────────────────────────────
    /// Suspension and cool-down of an account.
    async fn account(&self, account: &str) -> Result<AccountState>;
    /// All accounts with any state.
    async fn accounts(&self) -> Result<Vec<AccountState>>;
    /// Suspends an account, or lifts the suspension (`reason` `None`), with its event.
    async fn suspend(&self, account: &str, reason: Option<&str>, event: &Event) -> Result<()>;
    /// Keeps an account silent until then (never shortens a cool-down that is longer).
    async fn cool_down(&self, account: &str, until: Timestamp, reason: &str) -> Result<()>;

    // ── outbox ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Events not yet delivered and due for a try, in order; at most `limit`, fewer of large ones, and none only if there
    /// are none. Of those tried before, at most a fifth as long as there are enough others.
    async fn unsent(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>>;
    /// Notes that the broker has confirmed these.
    async fn mark_sent(&self, seqs: &[i64], now: Timestamp) -> Result<()>;
    /// Tries these again at `until`; `why` is kept for operators.
    async fn postpone(&self, seqs: &[i64], until: Timestamp, why: &str) -> Result<()>;
    /// Events after a sequence number, sent or not, oldest first.
    async fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<OutboxRow>>;
    /// The highest sequence number of the outbox (0 if empty).
    async fn last_event(&self) -> Result<i64>;

    // ── views for people ────────────────────────────────────────────────────────────────────────────────────────
    /// A job with its attempts, its events and what it waits for.
    async fn job(&self, id: JobId) -> Result<Option<JobDetail>>;
    /// Jobs, newest first.
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>>;
    /// Batches with their counts, newest first.
    async fn batches(&self, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>>;
    /// Jobs by account and state, for metrics: open states exact, final states as kept.
    async fn counts(&self) -> Result<Vec<StateCount>>;
    /// Unsent events and the age of the oldest.
    async fn outbox_backlog(&self) -> Result<Backlog>;
}

/// Opens the store of a URL: `postgres://…`, `postgresql://…`, or `sqlite://PATH` (`sqlite::memory:` for tests).
///
/// # Errors
/// The URL has another scheme, or the database cannot be reached.
pub async fn open(url: &str) -> Result<Arc<dyn Store>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(Arc::new(postgres::PostgresStore::connect(url).await?))
    } else if url.starts_with("sqlite:") {
        Ok(Arc::new(sqlite::SqliteStore::connect(url).await?))
    } else {
        Err(StoreError::Broken(
            "store.url must begin with `postgres://` or `sqlite://`, for example sqlite:///var/lib/registrard/registrard.db"
                .into(),
        ))
    }
}
