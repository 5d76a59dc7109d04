//! What limits, operators and the other daemons say about who may send: pauses, quota, budgets, attendance.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use std::time::Duration;

use super::{Lease, Result};
use crate::model::{Class, Event, Job, JobId, Operation, State, WaitingFor};

/// What a pause is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// Everything of an account, its questions and messages included.
    Account,
    /// Everything of all accounts of a registry.
    Registry,
    /// Jobs of a publisher.
    Publisher,
    /// Jobs with an operation.
    Operation,
    /// Jobs of a batch.
    Batch,
    /// Jobs of an account that cost money, since it has none left. Begun and ended by the daemon; an operator may end it.
    Funds,
}

impl PauseKind {
    /// All kinds.
    pub const ALL: &'static [Self] =
        &[Self::Account, Self::Registry, Self::Publisher, Self::Operation, Self::Batch, Self::Funds];

    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Registry => "registry",
            Self::Publisher => "publisher",
            Self::Operation => "operation",
            Self::Batch => "batch",
            Self::Funds => "funds",
        }
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// Something that an operator, or the brake, keeps from starting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// What it is about.
    pub kind: PauseKind,
    /// Which one.
    pub name: String,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

impl Pause {
    /// `batch:autumn-sale`: what a job that is held remembers.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.word(), self.name)
    }

    /// Whether it keeps this job from starting. Pauses of accounts and registries keep the account's worker still; they
    /// hold no job.
    #[must_use]
    pub fn holds(&self, job: &Job) -> bool {
        match self.kind {
            PauseKind::Publisher => self.name == job.publisher,
            PauseKind::Operation => self.name == job.operation.name(),
            PauseKind::Batch => job.batch.as_deref() == Some(&*self.name),
            // What waits in a pool another account may have the money for.
            PauseKind::Funds => self.name == job.queue && job.operation.costs_money(),
            PauseKind::Account | PauseKind::Registry => false,
        }
    }
}

/// A ripe job that may not start yet after all, put out of the way of those behind it.
#[derive(Clone, Debug)]
pub struct Aside {
    /// The job.
    pub job: JobId,
    /// The attempt it was read in.
    pub attempt: u32,
    /// What it waits for now: [`WaitingFor::Paused`] or [`WaitingFor::Spacing`].
    pub waiting_for: WaitingFor,
    /// When it ripens again; of no meaning for one that is paused.
    pub due_at: Timestamp,
    /// The key of the pause that holds it.
    pub held_by: Option<String>,
}

/// The points of one account on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuotaUse {
    /// Charged by us, reserved points included; what the registry said raises it, nothing lowers it but giving back.
    pub used: u64,
    /// The most the registry has said is used, in its own words.
    pub heard: Option<u64>,
    /// The registry refused for want of quota; charged requests wait until then.
    pub exhausted_until: Option<Timestamp>,
}

/// What is counted against a [`crate::model::limits::Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetKind {
    /// Logins tried.
    Logins,
    /// Requests refused.
    Errors,
}

impl BudgetKind {
    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Logins => "logins",
            Self::Errors => "errors",
        }
    }
}

/// Who is at work, and who owns what, by the store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollCall {
    /// The daemons that reported within their time, in order of their names.
    pub daemons: Vec<String>,
    /// Name, owner and whether it is held now, of every lease there ever was.
    pub leases: Vec<(String, String, bool)>,
}

/// Waiting jobs that share the turns of an account: one line of a forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// Account or pool.
    pub queue: String,
    /// Their class.
    pub class: Class,
    /// Who published them.
    pub publisher: String,
    /// Their batch.
    pub batch: Option<String>,
    /// How many wait for their turn now.
    pub ripe: u64,
    /// How many wait for something else first.
    pub unripe: u64,
}

/// How many ripe jobs of its queue are before a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ahead {
    /// Of more urgent classes.
    pub more_urgent: u64,
    /// Of its class and publisher, before it.
    pub same_publisher: u64,
    /// Of its class and other publishers; they take turns with it.
    pub other_publishers: u64,
}

/// How far a batch is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Jobs in it.
    pub total: u64,
    /// Those that give something up (delete, transit).
    pub destructive: u64,
    /// Whether an operator has resumed it after the brake.
    pub released: bool,
    /// Ended jobs by state and by what decided (a native code, else the cause), as they were counted.
    pub ended: Vec<(State, String, u64)>,
    /// Open jobs by state, without those that wait.
    pub open: Vec<(State, u64)>,
}

impl Progress {
    /// Jobs whose life is over.
    #[must_use]
    pub fn over(&self) -> u64 {
        self.ended.iter().map(|(_, _, jobs)| jobs).sum()
    }
}

/// What keeps jobs from starting, besides themselves.
#[async_trait]
pub trait Traffic: Send + Sync {
    // ── the queue ───────────────────────────────────────────────────────────────────────────────────────────────
    /// Gives a turn to jobs of these queues (an account, its pool) that are due and unblocked and have none: earliest
    /// class, then earliest due, first. Jobs that were at the front before (a back-off, a cool-down, a spacing is over)
    /// get turn 0; the others stand behind those of their publisher and batch, batches of one publisher taking turns.
    /// Harmless to do twice at once. Returns how many.
    async fn ripen(&self, queues: &[&str], now: Timestamp, limit: u32) -> Result<u64>;
    /// The first `each` ripe jobs of every queue, class and publisher, in the order of their turns. Costs the same however
    /// many wait behind them.
    async fn heads(&self, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>>;
    /// Puts ripe jobs out of the way; those that are not ripe in that attempt any more stay as they are. Returns how many.
    ///
    /// # Errors
    /// [`super::StoreError::Fenced`] if the lease is over.
    async fn set_aside(&self, lease: &Lease, aside: &[Aside]) -> Result<u64>;
    /// For each of these objects of an order (`lane`: a pool, or an account of its own) on which something was done after
    /// `since`: when the last job on it last moved, those that have not started aside.
    async fn last_on(&self, lane: &str, objects: &[&str], since: Timestamp) -> Result<Vec<(String, Timestamp)>>;
    /// The last of these operations that succeeded on an object of an order (`lane`) up to an instant, and when it ended.
    async fn last_done(
        &self,
        lane: &str,
        object: &str,
        among: &[Operation],
        until: Timestamp,
    ) -> Result<Option<(Operation, Timestamp)>>;

    // ── pauses ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// All pauses.
    async fn pauses(&self) -> Result<Vec<Pause>>;
    /// Adds a pause with its event; `false`, and no event, if there is one (the first stands).
    async fn pause(&self, pause: &Pause, event: &Event) -> Result<bool>;
    /// Ends a pause with its event, and returns it. A batch is not stopped again by the brake.
    async fn end_pause(&self, kind: PauseKind, name: &str, event: &Event) -> Result<Option<Pause>>;
    /// Lets go of jobs that are held by pauses that are no more; returns how many.
    async fn let_go(&self, limit: u32) -> Result<u64>;

    // ── quota and budgets ───────────────────────────────────────────────────────────────────────────────────────
    /// The points of a day.
    async fn quota(&self, account: &str, day: Date) -> Result<QuotaUse>;
    /// Charges points to a day before they are used, or gives back (negative) what was not; returns the sum.
    ///
    /// # Errors
    /// [`super::StoreError::Fenced`] if the lease is over.
    async fn charge(&self, lease: &Lease, day: Date, points: i64) -> Result<QuotaUse>;
    /// Notes the registry's own word: at least so many are used, or none is left until then. Never lowers anything.
    ///
    /// # Errors
    /// [`super::StoreError::Fenced`] if the lease is over.
    async fn quota_heard(
        &self,
        lease: &Lease,
        day: Date,
        at_least: Option<u64>,
        exhausted_until: Option<Timestamp>,
    ) -> Result<QuotaUse>;
    /// Counts something against a budget, by the minute of `at`; minutes more than eight days before it are forgotten.
    ///
    /// # Errors
    /// [`super::StoreError::Fenced`] if the lease is over.
    async fn note(&self, lease: &Lease, kind: BudgetKind, at: Timestamp, count: u32) -> Result<()>;
    /// What was counted in the minutes since, the first of them whole: the minute's beginning and how many.
    async fn noted(&self, account: &str, kind: BudgetKind, since: Timestamp) -> Result<Vec<(Timestamp, u32)>>;

    // ── attendance ──────────────────────────────────────────────────────────────────────────────────────────────
    /// Says that a daemon is at work for the next `ttl`, and learns who else is, and who owns what.
    async fn report(&self, daemon: &str, ttl: Duration) -> Result<RollCall>;
    /// Says that a daemon is no longer at work.
    async fn leave(&self, daemon: &str) -> Result<()>;
    /// Who is at work, and who owns what.
    async fn roll_call(&self) -> Result<RollCall>;
    /// Notes why an account has no session (or that it has one again): the first reason's instant stays, the latest reason
    /// counts.
    async fn trouble(&self, account: &str, why: Option<&str>, at: Timestamp) -> Result<()>;

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────
    /// Waiting jobs by queue, class, publisher and batch. Reads them all.
    async fn flows(&self, queue: Option<&str>) -> Result<Vec<Flow>>;
    /// What is before a ripe job.
    async fn ahead(&self, job: &Job) -> Result<Ahead>;
    /// How far a batch is; `None` if there is none of that name.
    async fn progress(&self, batch: &str) -> Result<Option<Progress>>;
}
