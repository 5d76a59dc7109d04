//! A job as the store keeps it, and the moves that change it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::Answer;
use super::command::{ObjectKey, Operation};
use super::deadline::Word;
use super::event::Event;
use super::inquiry::Inquiry;
use super::request::masked;
use super::state::{self, Cause, State, WaitingFor};

/// A job's identity: the publisher's idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// The job of a transaction id as [`Job::next_transaction`] makes them; none of an id that others made.
    #[must_use]
    pub fn of_transaction(transaction: &str) -> Option<Self> {
        let (job, attempt) = transaction.strip_prefix("rd-")?.rsplit_once('-')?;
        let is_attempt = !attempt.is_empty() && attempt.bytes().all(|byte| byte.is_ascii_digit());
        let id = job.parse().ok().filter(|_| is_attempt)?;
        Some(Self(id))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// The publisher of jobs that a deadline brought about. No broker user may have this name.
pub const DEADLINES: &str = "deadlines";

/// How urgent a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Before everything else.
    Urgent,
    /// The default.
    #[default]
    Normal,
    /// When nothing else wants to run.
    Bulk,
}

impl Class {
    /// All classes, most urgent first.
    pub const ALL: &'static [Self] = &[Self::Urgent, Self::Normal, Self::Bulk];

    /// The word in a job.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }

    /// The number the store sorts by; smaller is sooner.
    #[must_use]
    pub const fn rank(self) -> i16 {
        match self {
            Self::Urgent => 0,
            Self::Normal => 1,
            Self::Bulk => 2,
        }
    }

    /// The class of a stored number; numbers from a newer release count as bulk.
    #[must_use]
    pub fn from_rank(rank: i16) -> Self {
        Self::ALL.iter().copied().find(|class| class.rank() == rank).unwrap_or(Self::Bulk)
    }
}

/// A job as stored. Field by field the columns of table `jobs`.
#[derive(Clone, PartialEq)]
pub struct Job {
    /// The publisher's idempotency key.
    pub id: JobId,
    /// Order of arrival, store-wide.
    pub seq: i64,
    /// Who published it.
    pub publisher: String,
    /// The account that works it; of a pool's job the pool itself, until an account claims it.
    pub account: String,
    /// Where it waits: the account it named, or the pool.
    pub queue: String,
    /// What to do.
    pub operation: Operation,
    /// On what.
    pub object: ObjectKey,
    /// With which parameters.
    pub params: Map<String, Value>,
    /// Urgent, normal or bulk.
    pub class: Class,
    /// Where it is in its life.
    pub state: State,
    /// If waiting: for what. Otherwise `Turn`.
    pub waiting_for: WaitingFor,
    /// Why it is where it is, for people.
    pub reason: Option<String>,
    /// When it may be claimed (waiting) or asked about (in doubt, pending).
    pub due_at: Timestamp,
    /// Latest start.
    pub start_by: Option<Timestamp>,
    /// Name of its batch.
    pub batch: Option<String>,
    /// Attempt budget.
    pub max_attempts: u32,
    /// Number of the current or last attempt; 0 before the first. Every update names it (law 9).
    pub attempt: u32,
    /// Attempts used up by transient refusals.
    pub spent: u32,
    /// Questions asked about the current doubt, or about the pending order.
    pub asked: u32,
    /// The transaction id of the current or last attempt.
    pub transaction: Option<String>,
    /// Whether the next attempt must go out under `transaction` again (law 3, §7 of the design).
    pub keep_transaction: bool,
    /// Whether the outcome of some request of it was never learnt for certain: then even a clear refusal of a later one,
    /// or a passed `start_by`, does not prove that nothing happened.
    pub lost: bool,
    /// When its first intent was written: nothing of its effects can be older. An operator's redrive begins anew.
    pub intent_at: Option<Timestamp>,
    /// Jobs and predecessors it still waits for.
    pub blockers: u32,
    /// The last answer heard.
    pub answer: Option<Answer>,
    /// The publisher's own data.
    pub context: Value,
    /// Where the final event goes as well.
    pub reply_to: Option<String>,
    /// Echoed with it.
    pub correlation_id: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
    /// When its life ended.
    pub finished_at: Option<Timestamp>,
    /// Fence of the owner that claimed it last.
    pub fence: i64,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, account, operation, object, params, state, attempt, reason, .. } = self;
        let mut shown = f.debug_struct("Job");
        shown.field("id", id).field("account", account).field("operation", operation).field("object", object);
        shown.field("params", &masked(params)).field("state", state).field("attempt", attempt);
        shown.field("reason", reason).finish_non_exhaustive()
    }
}

impl Job {
    /// The transaction id of the next attempt: the kept one after a doubt that found nothing, else a fresh one made of
    /// job and attempt. At most 53 characters (DENIC allows 64); unique as long as job ids are.
    #[must_use]
    pub fn next_transaction(&self) -> String {
        match &self.transaction {
            Some(kept) if self.keep_transaction => kept.clone(),
            _ => format!("rd-{}-{}", self.id.0.simple(), self.attempt + 1),
        }
    }
}

/// One move of one job: the only way a job changes. It can only be made for a row of [`state::MOVES`], and the store
/// carries it out only if the job still is in `from` with this `attempt` (law 9).
#[derive(Clone, Debug)]
pub struct Move {
    job: JobId,
    account: String,
    operation: Operation,
    batch: Option<String>,
    attempt: u32,
    from: State,
    cause: Cause,
    to: State,
    /// When, by the mover's clock.
    pub at: Timestamp,
    /// When it may be claimed or asked about next.
    pub due_at: Timestamp,
    /// If it goes back to waiting: for what.
    pub waiting_for: WaitingFor,
    /// Why, for people. Never contains a secret.
    pub reason: Option<String>,
    /// What the registry said, if it said something.
    pub answer: Option<Answer>,
    /// Whether this costs the job one attempt of its budget.
    pub spend: bool,
    /// Whether the next attempt repeats the transaction id.
    pub keep_transaction: bool,
    /// Whether this attempt's request may have happened without our knowing; the job remembers it.
    pub lost: bool,
    /// What to tell the world, in the same transaction (law 4).
    pub event: Option<Event>,
    /// What the registry was asked that led to this move, kept in the same transaction.
    pub inquiry: Option<Inquiry>,
    /// What the answer says for the calendar, written down in the same transaction.
    pub words: Vec<Word>,
    /// The mover's fence; `None` for operators and intake, who own no account.
    pub fence: Option<i64>,
}

impl Move {
    /// A move of `job` because of `cause`, or `None` where the table has no such row.
    #[must_use]
    pub fn new(job: &Job, cause: Cause, at: Timestamp) -> Option<Self> {
        let to = state::next(job.state, cause)?;
        Some(Self {
            job: job.id,
            account: job.account.clone(),
            operation: job.operation,
            batch: job.batch.clone(),
            attempt: job.attempt,
            from: job.state,
            cause,
            to,
            at,
            due_at: at,
            waiting_for: WaitingFor::Turn,
            reason: None,
            answer: None,
            spend: false,
            keep_transaction: false,
            lost: false,
            event: None,
            inquiry: None,
            words: Vec::new(),
            fence: None,
        })
    }

    /// Which job.
    #[must_use]
    pub const fn job(&self) -> JobId {
        self.job
    }
    /// The job's account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }
    /// What the job asks for.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }
    /// The job's batch.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        self.batch.as_deref()
    }
    /// The attempt it was in.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }
    /// The state it must still be in.
    #[must_use]
    pub const fn from(&self) -> State {
        self.from
    }
    /// Why it moves.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }
    /// The state it moves to.
    #[must_use]
    pub const fn to(&self) -> State {
        self.to
    }
}
