//! Why a job does not start: every blocker in order, with numbers, until when it lasts, and what an operator can do.
//!
//! Pure: whoever asks gathers a [`Situation`]. Whether a job may start says [`is_eligible`], which follows the claim step by
//! step; [`explain`] names what stands in its way. Tests hold the two against each other.

mod accounts;
mod gather;
mod job;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use gather::{Candidate, gather};

use super::super::execute::permits::{Part, question_parts};
use super::quota::{MARGIN, Tier};
use crate::model::state::words;
use crate::model::{Job, JobId, Limits, State, WaitingFor};
use crate::store::{AccountState, Ahead, Pause, PauseKind, QuotaUse, SendBlock};

words! {
    /// What keeps a job from starting. First what must be settled first.
    Kind {
        /// Its life is over.
        Over "over",
        /// A human must decide.
        NeedsAttention "needs_attention",
        /// It has started.
        Running "running",
        /// The registry is asked whether it has happened.
        InDoubt "in_doubt",
        /// The registry has taken it and works on it.
        Pending "pending",
        /// Its latest start has passed.
        TooLate "too_late",
        /// A job it depends on did not succeed.
        Doomed "doomed",
        /// A job it depends on is not done.
        Dependency "dependency",
        /// An earlier job on its object is not over.
        Predecessor "predecessor",
        /// Its publisher wishes it later.
        NotBefore "not_before",
        /// It was refused for a while.
        Backoff "backoff",
        /// It was put off to the end of a cool-down of its account.
        AfterCooldown "after_cool_down",
        /// It was put off to a new quota day.
        AfterQuota "after_quota",
        /// It was put off to keep its distance on its object.
        AfterSpacing "after_spacing",
        /// Its batch is stopped.
        Batch "batch_stopped",
        /// Its publisher is paused.
        Publisher "publisher_paused",
        /// Its operation is paused.
        Operation "operation_paused",
        /// What paused it is over; it is not back in line yet.
        Held "held",
        /// Nobody could ever take it.
        NotConfigured "not_configured",
        /// The account is paused.
        Account "account_paused",
        /// The account's registry is paused.
        Registry "registry_paused",
        /// The account is suspended.
        Suspended "suspended",
        /// The account has no money, and the job costs some.
        Funds "out_of_funds",
        /// No daemon works the account.
        NoDaemon "no_daemon",
        /// The account has no session.
        NoSession "no_session",
        /// The account must be silent.
        Cooldown "cool_down",
        /// The registry's maintenance.
        Quiet "quiet_window",
        /// The points of the day are used up.
        Quota "quota",
        /// Its object was worked on a moment ago.
        Spacing "spacing",
        /// The window is full.
        Window "window",
        /// Of several accounts none may send; each has reasons of its own.
        Pool "pool",
        /// Others come first.
        Ahead "jobs_ahead",
    }
}

/// Everything that decides whether a job may start.
#[derive(Clone, Debug)]
pub struct Situation {
    /// When this was so.
    pub now: Timestamp,
    /// The job.
    pub job: Job,
    /// What it waits for.
    pub needs: Vec<Need>,
    /// Who may take it: its account, or the accounts of its pool.
    pub posts: Vec<Post>,
    /// Everything that is paused.
    pub pauses: Vec<Pause>,
    /// When something was last done on its object.
    pub last_on_object: Option<Timestamp>,
    /// What is before it.
    pub ahead: Ahead,
    /// When all that will be done, as far as that can be told.
    pub turn: Option<Timestamp>,
}

/// A job that another one waits for.
#[derive(Clone, Debug)]
pub struct Need {
    /// Which.
    pub job: JobId,
    /// Whether it must succeed, or only be over.
    pub must_succeed: bool,
    /// Where it is; `None` if it is not known (yet).
    pub state: Option<State>,
}

/// One account that may take the job.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its name.
    pub account: String,
    /// Its plug-in.
    pub registry: String,
    /// What it may send.
    pub limits: Arc<Limits>,
    /// Suspension, cool-down, trouble.
    pub state: AccountState,
    /// Who works it.
    pub owner: Option<String>,
    /// Daemons at work.
    pub daemons: usize,
    /// The points of its day.
    pub quota: QuotaUse,
    /// Those of the day before, while that day is hardly over.
    pub quota_before: QuotaUse,
    /// Reserved sends.
    pub blocks: Vec<SendBlock>,
    /// Logins that count against the budget: the minute, and how many.
    pub logins: Vec<(Timestamp, u32)>,
}

/// What keeps a job from starting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether it could start now, as soon as it is its turn.
    pub eligible: bool,
    /// What stands in its way, first what must be settled first.
    pub blockers: Vec<Blocker>,
    /// The earliest start; `None` if that cannot be told.
    pub earliest: Option<Timestamp>,
    /// For a job of a pool, each account with what keeps it from taking the job; nothing for one that may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

/// An account of a pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Which.
    pub account: String,
    /// What keeps it from taking the job.
    pub blockers: Vec<Blocker>,
}

/// One thing that keeps a job from starting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocker {
    /// What it is.
    pub kind: Kind,
    /// The same in a sentence, with its numbers.
    pub what: String,
    /// When it ends by itself, if that is known.
    pub until: Option<Timestamp>,
    /// What an operator can do.
    pub advice: String,
}

/// Whether the job could be claimed now, if it were its turn.
#[must_use]
pub fn is_eligible(situation: &Situation) -> bool {
    let Situation { now, job, needs, posts, pauses, .. } = situation;
    job.state == State::Waiting
        && needs.is_empty()
        && job.due_at <= *now
        && (job.lost || job.start_by.is_none_or(|latest| latest > *now))
        && job.waiting_for != WaitingFor::Paused
        && !pauses.iter().any(|pause| pause.holds(job))
        && posts.iter().any(|post| post.may_take(situation))
}

/// Names what keeps the job from starting.
#[must_use]
pub fn explain(situation: &Situation) -> Explanation {
    let told = |kind, told: Option<Told>| told.map(|told| told.blocker(kind));
    let mut blockers: Vec<Blocker> =
        job::RULES.iter().filter_map(|(kind, rule)| told(*kind, rule(situation))).collect();
    let waits = situation.job.state == State::Waiting;
    let of_post = |post: &Post| {
        let rules = accounts::RULES.iter().filter(|rule| waits || (asks(&situation.job) && rule.holds_questions));
        rules.filter_map(|rule| told(rule.kind, (rule.tell)(situation, post))).collect::<Vec<_>>()
    };
    let mut members: Vec<Member> =
        situation.posts.iter().map(|post| Member { account: post.account.clone(), blockers: of_post(post) }).collect();
    if let [only] = &mut *members {
        blockers.append(&mut only.blockers);
        members.clear();
    } else {
        blockers.extend(told(Kind::Pool, job::nobody(&members)));
    }
    blockers.extend(told(Kind::Ahead, if waits { job::ahead(situation) } else { None }));
    let eligible = waits && blockers.iter().all(|blocker| blocker.kind == Kind::Ahead);
    let mut untils = blockers.iter().map(|blocker| blocker.until);
    let earliest = untils.try_fold(situation.now, |latest, until| Some(latest.max(until?)));
    Explanation { eligible, blockers, earliest: earliest.filter(|_| waits), members }
}

/// Whether the registry is asked about the job.
const fn asks(job: &Job) -> bool {
    matches!(job.state, State::InDoubt | State::Pending)
}

/// What the job's next request may use: its own one, or a question about it.
fn parts(job: &Job) -> (Part, Tier) {
    if asks(job) { question_parts(job.state) } else { (Part::of(job), Tier::of(job)) }
}

/// What a rule has to say.
struct Told {
    what: String,
    until: Option<Timestamp>,
    advice: String,
}

impl Told {
    fn new(what: impl Into<String>, until: impl Into<Option<Timestamp>>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), until: until.into(), advice: advice.into() }
    }

    fn blocker(self, kind: Kind) -> Blocker {
        let Self { what, until, advice } = self;
        Blocker { kind, what, until, advice }
    }
}

impl Post {
    /// Whether the account could send this job's request now. The order is that of the worker's round.
    fn may_take(&self, situation: &Situation) -> bool {
        let Situation { now, job, pauses, last_on_object, .. } = situation;
        let limits = &*self.limits;
        self.owner.is_some()
            && !pauses.iter().any(|pause| self.is_held_by(pause))
            && self.want_of_money(situation).is_none()
            && self.state.suspended.is_none()
            && self.state.trouble.is_none()
            && self.state.cooldown_until.is_none_or(|until| until <= *now)
            && last_on_object.is_none_or(|last| limits.spacing.is_zero() || last.min(*now) + limits.spacing <= *now)
            && limits.quiet_until(job.class, *now).is_none()
            && self.points_until(job, *now).is_none()
            && self.sends(*now) < Part::of(job).capacity(limits, *now)
    }

    fn is_held_by(&self, pause: &Pause) -> bool {
        match pause.kind {
            PauseKind::Account => pause.name == self.account,
            PauseKind::Registry => pause.name == self.registry,
            PauseKind::Publisher | PauseKind::Operation | PauseKind::Batch | PauseKind::Funds => false,
        }
    }

    /// The pause that holds the job for want of money.
    fn want_of_money<'a>(&self, situation: &'a Situation) -> Option<&'a Pause> {
        let is_ours = |pause: &&Pause| pause.kind == PauseKind::Funds && pause.name == self.account;
        situation.pauses.iter().find(is_ours).filter(|_| situation.job.operation.costs_money())
    }

    /// When there are points for the job, or a question about it, again, if there are none now. What costs no point is
    /// settled without a question that does.
    fn points_until(&self, job: &Job, now: Timestamp) -> Option<Timestamp> {
        let limits = &*self.limits;
        if limits.cost(job.operation) == 0 {
            return None;
        }
        let refused = self.quota.exhausted_until.filter(|until| *until > now);
        let used_up = self.quota.used >= parts(job).1.limit(limits);
        let until = used_up.then(|| begins_late(limits.next_day(now))).max(refused);
        until.or_else(|| self.new_day_begins(now))
    }

    /// When the day begins that follows one that was used up.
    fn new_day_begins(&self, now: Timestamp) -> Option<Timestamp> {
        let before = now.checked_sub(MARGIN).ok()?;
        let midnight = self.limits.next_day(before);
        let was_used_up = self.quota_before.used >= Tier::Ordinary.limit(&self.limits);
        let was_refused = self.quota_before.exhausted_until.is_some();
        let begins = Some(begins_late(midnight)).filter(|begins| *begins > now);
        begins.filter(|_| midnight <= now && (was_used_up || was_refused))
    }

    /// Sends that count against the window; reserved ones are as good as sent.
    fn sends(&self, now: Timestamp) -> u32 {
        let counts = |block: &&SendBlock| self.returns(block).is_none_or(|at| at > now);
        self.blocks.iter().filter(counts).map(|block| block.slots).fold(0, u32::saturating_add)
    }

    /// When the slots of a block come back; `None` while it is open.
    fn returns(&self, block: &SendBlock) -> Option<Timestamp> {
        let span = jiff::SignedDuration::try_from(self.limits.window).unwrap_or(jiff::SignedDuration::MAX);
        block.closed_at.map(|closed| closed.saturating_add(span).unwrap_or(Timestamp::MAX))
    }
}

/// A day that follows one that was used up begins a little late, since the registry's may.
fn begins_late(midnight: Timestamp) -> Timestamp {
    midnight.saturating_add(MARGIN).unwrap_or(midnight)
}

/// `1,204`.
#[must_use]
pub fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An instant as the clocks of a registry show it: `2026-11-22T00:00+01:00`.
#[must_use]
pub fn local(at: Timestamp, limits: &Limits) -> String {
    at.to_zoned(limits.zone.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
}
