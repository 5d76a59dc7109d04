//! A store of a few jobs in memory, for tests of commands: it has what commands use and refuses the rest.

mod calendar;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::model::deadline::{Entry, Word};
use crate::model::{Class, Event, Job, JobId, Move, NewJob, ObjectKey, ObjectKind, Operation, State, WaitingFor};
use crate::store::*;

/// The store.
#[derive(Default)]
pub struct Fake {
    pub jobs: Mutex<BTreeMap<JobId, JobDetail>>,
    pub accounts: Mutex<BTreeMap<String, AccountState>>,
    pub events: Mutex<Vec<OutboxRow>>,
    pub pauses: Mutex<Vec<Pause>>,
    pub batches: Mutex<Vec<BatchView>>,
    pub entries: Mutex<Vec<Entry>>,
    pub words: Mutex<Vec<Word>>,
    /// How far the batch `autumn` is, one a look; the last stays.
    pub progress: Mutex<VecDeque<Progress>>,
    /// Moves to carry out at the next looks, one a look, as a daemon would meanwhile.
    pub meanwhile: Mutex<Vec<(JobId, State)>>,
}

/// A job on example.de in a state.
pub fn job(number: u128, state: State) -> Job {
    let Value::Object(params) = json!({ "domain": "example.de", "auth_info": "correct horse" }) else { unreachable!() };
    Job {
        id: JobId(Uuid::from_u128(number)),
        seq: i64::try_from(number).unwrap(),
        publisher: "billing".into(),
        account: "DENIC-1000022".into(),
        queue: "DENIC-1000022".into(),
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        params,
        class: Class::Normal,
        state,
        waiting_for: WaitingFor::Turn,
        reason: Some("because".into()),
        due_at: Timestamp::UNIX_EPOCH,
        start_by: None,
        batch: None,
        max_attempts: 10,
        attempt: 2,
        spent: 1,
        asked: 0,
        transaction: Some("rd-1-2".into()),
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

/// Attempt 2 of a job, ended for a cause, with or without an answer.
pub fn attempt(cause: &str, code: Option<&str>) -> AttemptView {
    AttemptView {
        attempt: 2,
        transaction: "rd-1-2".into(),
        digest: "00".into(),
        fence: 1,
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: Some(Timestamp::UNIX_EPOCH),
        cause: Some(cause.into()),
        code: code.map(str::to_owned),
        reason: None,
        whole: None,
    }
}

/// A job with its attempts and nothing else.
pub fn detail(job: Job, attempts: Vec<AttemptView>) -> JobDetail {
    JobDetail { job, attempts, inquiries: vec![], waits_for: vec![], events: vec![] }
}

impl Fake {
    pub fn with(details: impl IntoIterator<Item = JobDetail>) -> Self {
        let jobs = details.into_iter().map(|detail| (detail.job.id, detail)).collect();
        Self { jobs: Mutex::new(jobs), ..Self::default() }
    }

    pub fn state(&self, number: u128) -> State {
        self.jobs.lock().unwrap()[&JobId(Uuid::from_u128(number))].job.state
    }

    pub fn write(&self, event: Event) {
        let mut events = self.events.lock().unwrap();
        let seq = i64::try_from(events.len()).unwrap() + 1;
        events.push(OutboxRow { seq, event, sent_at: None, tries: 0 });
    }
}

#[async_trait]
impl Sends for Fake {
    async fn reserve(&self, _: &Lease, _: &SendBlock) -> Result<()> {
        unreachable!("these tests have no use for it")
    }

    async fn close_block(&self, _: &str, _: i64, _: Timestamp) -> Result<()> {
        unreachable!("these tests have no use for it")
    }

    async fn blocks(&self, _: &str, _: Timestamp) -> Result<Vec<SendBlock>> {
        unreachable!("these tests have no use for it")
    }
}

#[async_trait]
impl Inbox for Fake {
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

#[async_trait]
impl Traffic for Fake {
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
        unreachable!("these tests have no use for it")
    }
    async fn pauses(&self) -> Result<Vec<Pause>> {
        Ok(self.pauses.lock().unwrap().clone())
    }
    async fn pause(&self, pause: &Pause, event: &Event) -> Result<bool> {
        let mut pauses = self.pauses.lock().unwrap();
        let new = pauses.iter().all(|there| there.key() != pause.key());
        if new {
            pauses.push(pause.clone());
            self.write(event.clone());
        }
        Ok(new)
    }
    async fn end_pause(&self, kind: PauseKind, name: &str, event: &Event) -> Result<Option<Pause>> {
        let mut pauses = self.pauses.lock().unwrap();
        let place = pauses.iter().position(|pause| pause.kind == kind && pause.name == name);
        Ok(place.map(|place| {
            self.write(event.clone());
            pauses.remove(place)
        }))
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
        let mut looks = self.progress.lock().unwrap();
        let look = if looks.len() > 1 { looks.pop_front() } else { looks.front().cloned() };
        Ok(look.filter(|_| batch == "autumn"))
    }
}

#[async_trait]
impl Store for Fake {
    async fn migrate(&self) -> Result<Migrated> {
        Ok(Migrated { from: 0, to: 1 })
    }
    async fn check_schema(&self) -> Result<()> {
        Ok(())
    }
    async fn apply(&self, moves: &[Move]) -> Result<Vec<bool>> {
        let mut jobs = self.jobs.lock().unwrap();
        let mut done = Vec::new();
        for step in moves {
            let job = &mut jobs.get_mut(&step.job()).unwrap().job;
            let fits = job.state == step.from() && job.attempt == step.attempt();
            if fits {
                job.state = step.to();
                job.reason = step.reason.clone();
                self.write(step.event.clone().expect("law 4: a move without an event"));
            }
            done.push(fits);
        }
        Ok(done)
    }
    async fn account(&self, account: &str) -> Result<AccountState> {
        Ok(self.accounts.lock().unwrap().get(account).cloned().unwrap_or_default())
    }
    async fn accounts(&self) -> Result<Vec<AccountState>> {
        Ok(self.accounts.lock().unwrap().values().cloned().collect())
    }
    async fn suspend(&self, account: &str, reason: Option<&str>, event: &Event) -> Result<()> {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.get_mut(account).unwrap().suspended = reason.map(str::to_owned);
        self.write(event.clone());
        Ok(())
    }
    async fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<OutboxRow>> {
        if let Some((id, state)) = self.meanwhile.lock().unwrap().pop() {
            self.jobs.lock().unwrap().get_mut(&id).unwrap().job.state = state;
        }
        let events = self.events.lock().unwrap();
        Ok(events.iter().filter(|row| row.seq > seq).take(limit as usize).cloned().collect())
    }
    async fn last_event(&self) -> Result<i64> {
        Ok(i64::try_from(self.events.lock().unwrap().len()).unwrap())
    }
    async fn job(&self, id: JobId) -> Result<Option<JobDetail>> {
        Ok(self.jobs.lock().unwrap().get(&id).cloned())
    }
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        let jobs = self.jobs.lock().unwrap();
        let fits = |job: &&Job| filter.states.is_empty() || filter.states.contains(&job.state);
        let newest_first = jobs.values().rev().map(|detail| &detail.job);
        Ok(newest_first.filter(fits).take(filter.limit as usize).cloned().collect())
    }
    async fn batches(&self, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>> {
        let batches = self.batches.lock().unwrap();
        let wanted = batches.iter().filter(|batch| name.is_none_or(|name| batch.name == name));
        Ok(wanted.take(limit as usize).cloned().collect())
    }
    async fn known(&self, _: &[NewJob]) -> Result<HashMap<JobId, ([u8; 32], State)>> {
        Ok(HashMap::new())
    }

    async fn ping(&self) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn accept(&self, _: &[NewJob], _: &[Event], _: Timestamp) -> Result<Vec<Acceptance>> {
        unreachable!("these tests have no use for it")
    }
    async fn doubts(&self, _: &str, _: Timestamp, _: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn follow_ups(&self, _: &str, _: Timestamp, _: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn next_due(&self, _: &str, _: &[&str], _: Timestamp) -> Result<Option<Timestamp>> {
        unreachable!("these tests have no use for it")
    }
    async fn resolve(&self, _: &Lease, _: JobId, _: u32, _: [u8; 32], _: &Map<String, Value>) -> Result<bool> {
        unreachable!("these tests have no use for it")
    }
    async fn start(&self, _: &Lease, _: &[Start], _: Timestamp) -> Result<Vec<JobId>> {
        unreachable!("these tests have no use for it")
    }
    async fn abandoned(&self, _: &Lease, _: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn overdue(&self, _: Timestamp, _: u32) -> Result<Vec<Job>> {
        unreachable!("these tests have no use for it")
    }
    async fn doomed(&self, _: u32) -> Result<Vec<(Job, JobId)>> {
        unreachable!("these tests have no use for it")
    }
    async fn sweep_links(&self) -> Result<u64> {
        unreachable!("these tests have no use for it")
    }
    async fn acquire(&self, _: &str, _: &str, _: Duration) -> Result<Option<Lease>> {
        unreachable!("these tests have no use for it")
    }
    async fn renew(&self, _: &Lease, _: Duration) -> Result<bool> {
        unreachable!("these tests have no use for it")
    }
    async fn release(&self, _: &Lease) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn cool_down(&self, _: &str, _: Timestamp, _: &str) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn unsent(&self, _: Timestamp, _: u32) -> Result<Vec<OutboxRow>> {
        unreachable!("these tests have no use for it")
    }
    async fn mark_sent(&self, _: &[i64], _: Timestamp) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn postpone(&self, _: &[i64], _: Timestamp, _: &str) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn counts(&self) -> Result<Vec<StateCount>> {
        unreachable!("these tests have no use for it")
    }
    async fn outbox_backlog(&self) -> Result<Backlog> {
        unreachable!("these tests have no use for it")
    }
}
