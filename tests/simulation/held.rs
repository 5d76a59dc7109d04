//! A store for a paused clock. Tokio lets paused time jump to the next timer whenever nothing is left to do, and while
//! `SQLite`'s own thread works on a statement there is nothing left to do. It does not jump while a blocking task runs, so
//! one does for as long as anybody waits for the store.
//!
//! Leases live by the store's own clock, which is the machine's: here they end when simulated time says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use registrard::model::deadline::{Entry, Word};
use registrard::model::{Event, Job, JobId, Move, NewJob, ObjectKey, Operation, State};
use registrard::store::*;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::Instant;

/// Rounds of the runtime after which nobody is about to call again.
const ROUNDS: usize = 8;

/// Holds time still while anybody waits. Calls that follow each other at once share a blocking task.
#[derive(Default)]
struct Stillness(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    callers: usize,
    /// How many calls there have been.
    calls: u64,
    /// The blocking task ends when this is dropped.
    task: Option<mpsc::Sender<()>>,
}

/// A caller that waits.
struct Caller(Arc<Stillness>);

impl Stillness {
    async fn during<T>(self: &Arc<Self>, call: impl Future<Output = T>) -> T {
        let caller = Caller::new(self);
        let result = call.await;
        drop(caller);
        result
    }
}

impl Caller {
    fn new(stillness: &Arc<Stillness>) -> Self {
        let mut waiting = stillness.0.lock().unwrap();
        waiting.callers += 1;
        waiting.calls += 1;
        waiting.task.get_or_insert_with(|| {
            let (task, ended) = mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || ended.recv());
            task
        });
        Self(Arc::clone(stillness))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let calls = {
            let mut waiting = self.0.0.lock().unwrap();
            waiting.callers -= 1;
            waiting.calls
        };
        let stillness = Arc::clone(&self.0);
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            for _ in 0..ROUNDS {
                yield_now().await;
            }
            let mut waiting = stillness.0.lock().unwrap();
            if waiting.callers == 0 && waiting.calls == calls {
                waiting.task = None;
            }
        });
    }
}

/// The store behind it, and until when its leases hold.
pub struct Held {
    store: Arc<dyn Store>,
    still: Arc<Stillness>,
    leases: Mutex<HashMap<String, (Lease, Instant)>>,
}

impl Held {
    /// A store in memory.
    pub async fn open() -> Arc<dyn Store> {
        let still = Arc::<Stillness>::default();
        let store = still.during(open("sqlite::memory:")).await.unwrap();
        still.during(store.migrate()).await.unwrap();
        Arc::new(Self { store, still, leases: Mutex::default() })
    }

    fn over(&self, name: &str) -> Option<Lease> {
        let leases = self.leases.lock().unwrap();
        leases.get(name).filter(|(_, end)| *end <= Instant::now()).map(|(lease, _)| lease.clone())
    }

    fn holds(&self, lease: &Lease, ttl: Duration) {
        self.leases.lock().unwrap().insert(lease.name.clone(), (lease.clone(), Instant::now() + ttl));
    }
}

macro_rules! held {
    ($of:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* } $($more:item)*) => {
        #[async_trait]
        impl $of for Held {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out> {
                self.still.during(self.store.$name($($arg),*)).await
            })*
            $($more)*
        }
    };
}

held!(Sends {
    fn reserve(lease: &Lease, block: &SendBlock) -> ();
    fn close_block(account: &str, number: i64, at: Timestamp) -> ();
    fn blocks(account: &str, since: Timestamp) -> Vec<SendBlock>;
});

held!(Inbox {
    fn receive(lease: &Lease, message: &InboxMessage, event: &Event, moves: &[Move]) -> Receipt;
    fn pending_on(account: &str, object: &str) -> Vec<Job>;
    fn begin_removal(lease: &Lease, id: &str) -> Option<i64>;
    fn removed(account: &str, id: &str, at: Timestamp) -> ();
    fn not_removed(account: &str, id: &str, why: &str) -> ();
    fn found_empty(lease: &Lease, at: Timestamp, words: &[Word]) -> u64;
    fn messages(filter: &MessageFilter) -> Vec<InboxRow>;
    fn open_messages() -> Vec<(String, u64)>;
});

held!(Calendar {
    fn hear(words: &[Word]) -> ();
    fn words(limit: u32) -> Vec<(i64, Word)>;
    fn open_entries(objects: &[(String, ObjectKey)]) -> Vec<Entry>;
    fn ripe_entries(now: Timestamp, limit: u32) -> Vec<Entry>;
    fn keep(lease: &Lease, page: &Page) -> ();
    fn deadlines(filter: &DeadlineFilter) -> Vec<Entry>;
    fn deadline_counts(now: Timestamp) -> Vec<DeadlineCount>;
    fn kept_accounts() -> Vec<KeptAccount>;
    fn known_domains(account: &str, after: &str, limit: u32) -> Vec<String>;
});

held!(Traffic {
    fn ripen(queues: &[&str], now: Timestamp, limit: u32) -> u64;
    fn heads(queues: &[&str], now: Timestamp, each: u32) -> Vec<Job>;
    fn set_aside(lease: &Lease, aside: &[Aside]) -> u64;
    fn last_on(lane: &str, objects: &[&str], since: Timestamp) -> Vec<(String, Timestamp)>;
    fn last_done(lane: &str, object: &str, among: &[Operation], until: Timestamp) -> Option<(Operation, Timestamp)>;
    fn pauses() -> Vec<Pause>;
    fn pause(pause: &Pause, event: &Event) -> bool;
    fn end_pause(kind: PauseKind, name: &str, event: &Event) -> Option<Pause>;
    fn let_go(limit: u32) -> u64;
    fn quota(account: &str, day: Date) -> QuotaUse;
    fn charge(lease: &Lease, day: Date, points: i64) -> QuotaUse;
    fn quota_heard(lease: &Lease, day: Date, at_least: Option<u64>, exhausted_until: Option<Timestamp>) -> QuotaUse;
    fn note(lease: &Lease, kind: BudgetKind, at: Timestamp, count: u32) -> ();
    fn noted(account: &str, kind: BudgetKind, since: Timestamp) -> Vec<(Timestamp, u32)>;
    fn report(daemon: &str, ttl: Duration) -> RollCall;
    fn leave(daemon: &str) -> ();
    fn roll_call() -> RollCall;
    fn trouble(account: &str, why: Option<&str>, at: Timestamp) -> ();
    fn flows(queue: Option<&str>) -> Vec<Flow>;
    fn ahead(job: &Job) -> Ahead;
    fn progress(batch: &str) -> Option<Progress>;
});

held!(Store {
    fn migrate() -> Migrated;
    fn check_schema() -> ();
    fn ping() -> ();
    fn known(jobs: &[NewJob]) -> HashMap<JobId, ([u8; 32], State)>;
    fn accept(jobs: &[NewJob], events: &[Event], now: Timestamp) -> Vec<Acceptance>;
    fn doubts(account: &str, now: Timestamp, limit: u32) -> Vec<Job>;
    fn follow_ups(account: &str, now: Timestamp, limit: u32) -> Vec<Job>;
    fn next_due(account: &str, queues: &[&str], now: Timestamp) -> Option<Timestamp>;
    fn start(lease: &Lease, starts: &[Start], now: Timestamp) -> Vec<JobId>;
    fn resolve(lease: &Lease, job: JobId, attempt: u32, digest: [u8; 32], whole: &Map<String, Value>) -> bool;
    fn apply(moves: &[Move]) -> Vec<bool>;
    fn abandoned(lease: &Lease, limit: u32) -> Vec<Job>;
    fn overdue(now: Timestamp, limit: u32) -> Vec<Job>;
    fn doomed(limit: u32) -> Vec<(Job, JobId)>;
    fn sweep_links() -> u64;
    fn account(account: &str) -> AccountState;
    fn accounts() -> Vec<AccountState>;
    fn suspend(account: &str, reason: Option<&str>, event: &Event) -> ();
    fn cool_down(account: &str, until: Timestamp, reason: &str) -> ();
    fn unsent(now: Timestamp, limit: u32) -> Vec<OutboxRow>;
    fn mark_sent(seqs: &[i64], now: Timestamp) -> ();
    fn postpone(seqs: &[i64], until: Timestamp, why: &str) -> ();
    fn events_after(seq: i64, limit: u32) -> Vec<OutboxRow>;
    fn last_event() -> i64;
    fn job(id: JobId) -> Option<JobDetail>;
    fn jobs(filter: &JobFilter) -> Vec<Job>;
    fn batches(name: Option<&str>, limit: u32) -> Vec<BatchView>;
    fn counts() -> Vec<StateCount>;
    fn outbox_backlog() -> Backlog;
}
async fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
    if let Some(over) = self.over(name) {
        self.still.during(self.store.release(&over)).await?;
    }
    let lease = self.still.during(self.store.acquire(name, owner, ttl)).await?;
    lease.iter().for_each(|lease| self.holds(lease, ttl));
    Ok(lease)
}
async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool> {
    let held = self.still.during(self.store.renew(lease, ttl)).await?;
    if held {
        self.holds(lease, ttl);
    }
    Ok(held)
}
async fn release(&self, lease: &Lease) -> Result<()> {
    self.still.during(self.store.release(lease)).await
}
);
