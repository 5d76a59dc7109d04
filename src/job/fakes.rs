//! Small stand-ins for the tests of intake and outbox: a registry with one operation, a store and a broker in memory that
//! can be away and that note, in one common journal, what was done in which order.

mod broker;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use tokio::sync::Notify;

pub(super) use broker::FakeBroker;

use crate::model::deadline::Word;
use crate::model::request::{RejectCode, Warning};
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{
    Answer, Class, Event, EventId, Job, JobId, Limits, Move, NewJob, ObjectKey, ObjectKind, Operation, Reject, State,
    WaitingFor,
};
use crate::registries::{Checked, Dialect, OpenError, Prepared, Registry, Session, Step};
use crate::store::*;

/// A registry that knows `domain.create` with `domain` (text; one that begins with `odd` breaks a rule) and `years`
/// (1 to 10).
pub(super) struct FakeRegistry;

impl Dialect for FakeRegistry {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> std::result::Result<Checked, Reject> {
        if operation != Operation::DomainCreate {
            return Err(Reject::new(RejectCode::UnknownOperation, format!("this registry has no {operation}")));
        }
        if params.get("years").is_some_and(|years| !years.as_u64().is_some_and(|years| (1..=10).contains(&years))) {
            return Err(Reject::param("years", "must be 1 to 10"));
        }
        match params.get("domain") {
            Some(Value::String(name)) => {
                // Whoever tests warnings asks for one.
                let rule = || Warning { rule: "odd_name", field: "params.domain".into(), reason: "is odd".into() };
                let warnings = name.starts_with("odd").then(rule).into_iter().collect();
                Ok(Checked { object: ObjectKey::new(ObjectKind::Domain, name), warnings })
            }
            Some(_) => Err(Reject::param("domain", "must be a string")),
            None => Err(Reject::param("domain", "is missing")),
        }
    }
    fn prepare(&self, _: Operation, _: &Map<String, Value>, _: &str) -> std::result::Result<Prepared, Reject> {
        unreachable!("these tests have no use for it")
    }
    fn decode(&self, _: Operation, _: &[u8]) -> std::result::Result<Answer, String> {
        unreachable!("these tests have no use for it")
    }
    fn judge(&self, _: Operation, _: &Answer) -> Judgement {
        unreachable!("these tests have no use for it")
    }
    fn reconcile(&self, _: &Doubt<'_>, _: &[Answer]) -> Step {
        unreachable!("these tests have no use for it")
    }
}

#[async_trait]
impl Registry for FakeRegistry {
    fn kind(&self) -> &'static str {
        "fake"
    }
    fn dialect(&self) -> &dyn Dialect {
        self
    }
    fn limits(&self) -> Limits {
        Limits::none()
    }
    fn identity(&self) -> String {
        "nobody".into()
    }
    async fn open(&self) -> std::result::Result<Box<dyn Session>, OpenError> {
        unreachable!("these tests have no use for it")
    }
}

/// What was done, in order.
pub(super) type Journal = Arc<Mutex<Vec<String>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

#[derive(Default)]
pub(super) struct FakeStore {
    pub(super) journal: Journal,
    /// So many calls fail before the next one works.
    pub(super) failures: Mutex<u32>,
    pub(super) jobs: Mutex<BTreeMap<JobId, [u8; 32]>>,
    pub(super) events: Mutex<BTreeMap<EventId, Event>>,
    pub(super) outbox: Mutex<Vec<OutboxRow>>,
    /// Sequence number, delay, reason.
    pub(super) postponed: Mutex<Vec<(i64, Duration, String)>>,
    pub(super) lease: Mutex<Option<Lease>>,
    /// How far batches are, and those that are stopped.
    pub(super) progress: Mutex<BTreeMap<String, Progress>>,
    pub(super) pauses: Mutex<Vec<Pause>>,
    /// Fired by every call of `accept`, also by those that fail.
    pub(super) asked: Notify,
}

impl FakeStore {
    pub(super) fn fill_outbox(&self, count: i64) {
        for seq in 1..=count {
            let mut event = Event::of_account("a", "resumed", "test", Timestamp::UNIX_EPOCH);
            event.id = EventId::of(&[&seq.to_be_bytes()]);
            lock(&self.outbox).push(OutboxRow { seq, event, sent_at: None, tries: 0 });
        }
    }

    pub(super) fn unsent_count(&self) -> usize {
        lock(&self.outbox).iter().filter(|row| row.sent_at.is_none()).count()
    }

    fn available(&self) -> Result<()> {
        let mut failures = lock(&self.failures);
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::Unavailable("away".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Sends for FakeStore {
    async fn reserve(&self, _lease: &Lease, _block: &SendBlock) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn close_block(&self, _account: &str, _number: i64, _at: Timestamp) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn blocks(&self, _account: &str, _since: Timestamp) -> Result<Vec<SendBlock>> {
        unreachable!("these tests have no use for it")
    }
}

#[async_trait]
impl Inbox for FakeStore {
    async fn receive(&self, _: &Lease, _: &InboxMessage, _: &Event, _: &[Move]) -> Result<Receipt> {
        unreachable!("these tests have no use for it")
    }
    async fn pending_on(&self, _: &str, _: &str) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn begin_removal(&self, _: &Lease, _: &str) -> Result<Option<i64>> {
        unreachable!("these tests have no use for it")
    }
    async fn removed(&self, _: &str, _: &str, _: Timestamp) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn not_removed(&self, _: &str, _: &str, _: &str) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn found_empty(&self, _: &Lease, _: Timestamp, _: &[Word]) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn messages(&self, _: &MessageFilter) -> Result<Vec<InboxRow>> {
        unreachable!("these tests have no use for it")
    }
    async fn open_messages(&self) -> Result<Vec<(String, u64)>> {
        unreachable!("these tests have no use for it")
    }
}

crate::store::no_calendar!(FakeStore);

#[async_trait]
impl Traffic for FakeStore {
    async fn ripen(&self, _queues: &[&str], _now: Timestamp, _limit: u32) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn heads(&self, _queues: &[&str], _now: Timestamp, _each: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn set_aside(&self, _lease: &Lease, _aside: &[Aside]) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn last_on(&self, _lane: &str, _objects: &[&str], _since: Timestamp) -> Result<Vec<(String, Timestamp)>> {
        unreachable!("these tests have no use for it")
    }
    async fn last_done(
        &self,
        _lane: &str,
        _object: &str,
        _among: &[Operation],
        _until: Timestamp,
    ) -> Result<Option<(Operation, Timestamp)>> {
        Ok(None)
    }
    async fn pauses(&self) -> Result<Vec<Pause>> {
        Ok(lock(&self.pauses).clone())
    }
    async fn pause(&self, pause: &Pause, event: &Event) -> Result<bool> {
        self.available()?;
        let mut pauses = lock(&self.pauses);
        if pauses.iter().any(|there| there.key() == pause.key()) {
            return Ok(false);
        }
        lock(&self.journal).push(format!("pause {}", pause.key()));
        lock(&self.events).insert(event.id, event.clone());
        pauses.push(pause.clone());
        Ok(true)
    }
    async fn end_pause(&self, _kind: PauseKind, _name: &str, _event: &Event) -> Result<Option<Pause>> {
        unreachable!("these tests have no use for it")
    }
    async fn let_go(&self, _limit: u32) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn quota(&self, _account: &str, _day: Date) -> Result<QuotaUse> {
        unreachable!("these tests have no use for it")
    }
    async fn charge(&self, _lease: &Lease, _day: Date, _points: i64) -> Result<QuotaUse> {
        unreachable!("these tests have no use for it")
    }
    async fn quota_heard(
        &self,
        _lease: &Lease,
        _day: Date,
        _at_least: Option<u64>,
        _exhausted_until: Option<Timestamp>,
    ) -> Result<QuotaUse> {
        unreachable!("these tests have no use for it")
    }
    async fn note(&self, _lease: &Lease, _kind: BudgetKind, _at: Timestamp, _count: u32) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn noted(&self, _account: &str, _kind: BudgetKind, _since: Timestamp) -> Result<Vec<(Timestamp, u32)>> {
        unreachable!("these tests have no use for it")
    }
    async fn report(&self, _daemon: &str, _ttl: Duration) -> Result<RollCall> {
        unreachable!("these tests have no use for it")
    }
    async fn leave(&self, _daemon: &str) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn roll_call(&self) -> Result<RollCall> {
        unreachable!("these tests have no use for it")
    }
    async fn trouble(&self, _account: &str, _why: Option<&str>, _at: Timestamp) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn flows(&self, _queue: Option<&str>) -> Result<Vec<Flow>> {
        unreachable!("these tests have no use for it")
    }
    async fn ahead(&self, _job: &Job) -> Result<Ahead> {
        unreachable!("these tests have no use for it")
    }
    async fn progress(&self, batch: &str) -> Result<Option<Progress>> {
        self.available()?;
        Ok(lock(&self.progress).get(batch).cloned())
    }
}

#[async_trait]
impl Store for FakeStore {
    async fn accept(&self, jobs: &[NewJob], events: &[Event], now: Timestamp) -> Result<Vec<Acceptance>> {
        self.asked.notify_one();
        self.available()?;
        lock(&self.journal).push(format!("accept {} jobs {} events", jobs.len(), events.len()));
        lock(&self.events).extend(events.iter().map(|event| (event.id, event.clone())));
        let mut known = lock(&self.jobs);
        let take = |job: &NewJob| match known.get(&job.id) {
            Some(digest) if job.is_known_by(digest) => Acceptance::Duplicate(State::Waiting),
            Some(_) => Acceptance::Conflict,
            None => {
                known.insert(job.id, job.digest());
                lock(&self.events).extend(Event::of_warnings(job, now).map(|event| (event.id, event)));
                Acceptance::New
            }
        };
        Ok(jobs.iter().map(take).collect())
    }
    async fn acquire(&self, name: &str, owner: &str, _ttl: Duration) -> Result<Option<Lease>> {
        self.available()?;
        let mut lease = lock(&self.lease);
        if lease.is_some() {
            return Ok(None);
        }
        *lease = Some(Lease { name: name.into(), owner: owner.into(), fence: 1 });
        lock(&self.journal).push("acquire".into());
        Ok(lease.clone())
    }
    async fn renew(&self, lease: &Lease, _ttl: Duration) -> Result<bool> {
        self.available()?;
        Ok(lock(&self.lease).as_ref() == Some(lease))
    }
    async fn release(&self, lease: &Lease) -> Result<()> {
        let mut held = lock(&self.lease);
        if held.as_ref() == Some(lease) {
            *held = None;
        }
        lock(&self.journal).push("release".into());
        Ok(())
    }
    async fn unsent(&self, _now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        self.available()?;
        let postponed: Vec<i64> = lock(&self.postponed).iter().map(|(seq, ..)| *seq).collect();
        let due = |row: &&OutboxRow| row.sent_at.is_none() && !postponed.contains(&row.seq);
        Ok(lock(&self.outbox).iter().filter(due).take(limit as usize).cloned().collect())
    }
    async fn mark_sent(&self, seqs: &[i64], now: Timestamp) -> Result<()> {
        self.available()?;
        for row in lock(&self.outbox).iter_mut().filter(|row| seqs.contains(&row.seq)) {
            row.sent_at = Some(now);
        }
        Ok(())
    }
    async fn postpone(&self, seqs: &[i64], until: Timestamp, why: &str) -> Result<()> {
        let delay = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
        lock(&self.postponed).extend(seqs.iter().map(|seq| (*seq, delay, why.to_owned())));
        Ok(())
    }
    async fn migrate(&self) -> Result<Migrated> {
        unreachable!("these tests have no use for it")
    }
    async fn check_schema(&self) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn ping(&self) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn doubts(&self, _account: &str, _now: Timestamp, _limit: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn follow_ups(&self, _: &str, _: Timestamp, _: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn next_due(&self, _account: &str, _: &[&str], _now: Timestamp) -> Result<Option<Timestamp>> {
        unreachable!("these tests have no use for it")
    }
    async fn resolve(&self, _: &Lease, _: JobId, _: u32, _: [u8; 32], _: &Map<String, Value>) -> Result<bool> {
        unreachable!("these tests have no use for it")
    }
    async fn start(&self, _lease: &Lease, _starts: &[Start], _now: Timestamp) -> Result<Vec<JobId>> {
        unreachable!("these tests have no use for it")
    }
    async fn apply(&self, moves: &[Move]) -> Result<Vec<bool>> {
        self.available()?;
        Ok(vec![true; moves.len()])
    }
    async fn abandoned(&self, _lease: &Lease, _limit: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn overdue(&self, _now: Timestamp, _limit: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn doomed(&self, _limit: u32) -> Result<Vec<(Job, JobId)>> {
        unreachable!("these tests have no use for it")
    }
    async fn sweep_links(&self) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn account(&self, _account: &str) -> Result<AccountState> {
        unreachable!("these tests have no use for it")
    }
    async fn accounts(&self) -> Result<Vec<AccountState>> {
        unreachable!("these tests have no use for it")
    }
    async fn suspend(&self, _account: &str, _reason: Option<&str>, _event: &Event) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn cool_down(&self, _account: &str, _until: Timestamp, _reason: &str) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn events_after(&self, _seq: i64, _limit: u32) -> Result<Vec<OutboxRow>> {
        unreachable!("these tests have no use for it")
    }
    async fn last_event(&self) -> Result<i64> {
        unreachable!("these tests have no use for it")
    }
    async fn known(&self, jobs: &[NewJob]) -> Result<HashMap<JobId, ([u8; 32], State)>> {
        self.available()?;
        let known = lock(&self.jobs);
        Ok(jobs.iter().filter_map(|job| Some((job.id, (*known.get(&job.id)?, State::Waiting)))).collect())
    }
    async fn job(&self, _id: JobId) -> Result<Option<JobDetail>> {
        unreachable!("these tests have no use for it")
    }
    async fn jobs(&self, _filter: &JobFilter) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn batches(&self, _name: Option<&str>, _limit: u32) -> Result<Vec<BatchView>> {
        unreachable!("these tests have no use for it")
    }
    async fn counts(&self) -> Result<Vec<StateCount>> {
        unreachable!("these tests have no use for it")
    }
    async fn outbox_backlog(&self) -> Result<Backlog> {
        unreachable!("these tests have no use for it")
    }
}

/// A job of a batch, at work.
pub(super) fn running(batch: &str) -> Job {
    Job {
        id: JobId(uuid::Uuid::from_u128(1)),
        seq: 1,
        publisher: "billing".into(),
        account: "DENIC-1000001".into(),
        queue: "DENIC-1000001".into(),
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        params: Map::new(),
        class: Class::Bulk,
        state: State::Running,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: Timestamp::UNIX_EPOCH,
        start_by: None,
        batch: Some(batch.into()),
        max_attempts: 10,
        attempt: 1,
        spent: 0,
        asked: 0,
        transaction: None,
        keep_transaction: false,
        lost: false,
        intent_at: None,
        blockers: 0,
        answer: None,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        fence: 1,
    }
}
