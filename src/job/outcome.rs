//! Verdict → next state and event, one transaction (law 4).
//!
//! The pure part: [`Circumstances`] turn what was heard, or not heard, into a move of the job and what it means for
//! its account. `commit` writes them.

mod pending;

use std::time::Duration;

use jiff::Timestamp;

use super::schedule::quota::MARGIN;
use crate::failpoint::flawed;
use crate::model::deadline::Deadline;
use crate::model::request::never_repeated;
use crate::model::retry::{Decision, Pace, Policy};
use crate::model::secret::hide;
use crate::model::verdict::{Judgement, Later, Scope};
use crate::model::{Answer, Cause, Event, Finding, Inquiry, Job, Move, Question, Verdict, WaitingFor};

/// More than this before the end of the quota day, the day has just begun.
const EARLY: Duration = Duration::from_secs(21 * 3600);
/// How long a quota refusal at the beginning of a day silences the account.
const PROBE: Duration = Duration::from_secs(1800);

/// What brought a job into doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubtful {
    /// No answer was heard: the request may have happened, or may still arrive.
    Silence,
    /// The answer does not tell: the request may have happened.
    Answer,
    /// This request was refused, but perhaps because an earlier one happened.
    Refusal,
    /// This request was not sent, since the registry would not show what it had to be made of; an earlier one may have
    /// happened, or still be on its way.
    Unsent,
}

/// What follows for the account from one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEffect {
    /// Nothing may be sent until an operator has looked (law 10).
    Suspend(String),
    /// Nothing may be sent before this instant.
    CoolDown(Timestamp, String),
    /// Nothing that costs quota may be sent before this instant.
    OutOfQuota(Timestamp, String),
    /// Nothing that costs money may be sent until somebody has paid in.
    OutOfFunds(String),
}

/// What one exchange means.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The job's move; `None` only if the job was not where it was thought to be.
    pub step: Option<Move>,
    /// What it means for the account.
    pub account: Option<AccountEffect>,
}

/// What the decision needs besides the answer; passed in so that deciding stays pure.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The retry policy.
    pub policy: Policy,
    /// A random number in `0.0..1.0` for the jitter.
    pub random: f64,
    /// Now.
    pub now: Timestamp,
    /// Start of the registry's next quota day.
    pub next_quota_day: Timestamp,
    /// Shortest silence after the registry has blocked the account.
    pub cool_down: Duration,
    /// The owner's fence.
    pub fence: i64,
}

impl Circumstances {
    /// A running job was answered.
    #[must_use]
    pub fn answered(&self, job: &Job, answer: Answer, judgement: &Judgement) -> Outcome {
        let mut account = judgement
            .account_cooldown
            .as_ref()
            .map(|(wait, why)| AccountEffect::CoolDown(self.now + (*wait).max(self.cool_down), why.clone()))
            .or_else(|| judgement.unpaid.clone().map(AccountEffect::OutOfFunds));
        let step = match &judgement.verdict {
            Verdict::Done => self.step(job, Cause::Done),
            Verdict::Pending(until) => {
                self.step(job, Cause::Taken).map(|step| because(self.follow_up_later(step), until))
            }
            // It repeats a request that was never answered. Whatever the refusal is, it may only say that the lost one
            // counted (a reused transaction id, an object that exists), so the registry is asked once more.
            Verdict::Refused(why) if job.keep_transaction && job.operation.writes() => {
                self.doubt(job, why, Doubtful::Refusal)
            }
            Verdict::ByHand(why) if job.keep_transaction && job.operation.writes() => {
                self.doubt(job, why, Doubtful::Refusal)
            }
            Verdict::ByHand(why) => self.step(job, Cause::ByHand).map(|step| because(step, why)),
            Verdict::RefusedUnlessLost(why) if job.lost => self.doubt(job, why, Doubtful::Refusal),
            Verdict::Refused(why) | Verdict::RefusedUnlessLost(why) => {
                self.step(job, Cause::Refused).map(|step| because(step, why))
            }
            Verdict::Unsure(why) if job.operation.writes() => self.doubt(job, why, Doubtful::Answer),
            Verdict::Unsure(why) => {
                let again = Later { pace: Pace::Backoff, scope: Scope::Job, reason: why.clone() };
                self.later(job, &again)
            }
            Verdict::Later(later) => {
                if later.scope == Scope::Account {
                    account = Some(self.for_all(later));
                }
                self.later(job, later)
            }
            Verdict::Suspend(why) => {
                account = Some(AccountEffect::Suspend(why.clone()));
                self.put_back(job, why)
            }
        };
        let step = step.map(|mut step| {
            step.answer = Some(answer);
            self.tell(job, step, judgement)
        });
        Outcome { step, account }
    }

    /// A running job's request was certainly not sent: back to waiting, at no cost.
    #[must_use]
    pub fn not_sent(&self, job: &Job, why: &str) -> Outcome {
        Outcome { step: self.put_back(job, why), account: None }
    }

    /// The question a running job begins with was answered, and its request could not be made of the answer. That proves
    /// nothing about an earlier request of the job, and has not used up its transaction id.
    #[must_use]
    pub fn unread(&self, job: &Job, answer: Answer, judgement: &Judgement) -> Outcome {
        let refused = match &judgement.verdict {
            Verdict::Refused(why) | Verdict::RefusedUnlessLost(why) | Verdict::ByHand(why) => Some(why),
            _ => None,
        };
        let Some(why) = refused.filter(|_| job.lost) else { return self.answered(job, answer, judgement) };
        let step = self.doubt(job, why, Doubtful::Unsent).map(|mut step| {
            step.answer = Some(answer);
            self.tell(job, step, judgement)
        });
        Outcome { step, account: None }
    }

    /// The question a running job begins with was perhaps sent; its request was not. Costs an attempt, so that a question
    /// that breaks every connection is not asked for ever.
    #[must_use]
    pub fn question_lost(&self, job: &Job, why: &str) -> Outcome {
        let again = Later { pace: Pace::Backoff, scope: Scope::Job, reason: why.to_owned() };
        let step = self.later(job, &again).map(|step| self.tell(job, step, &Judgement::plain(Verdict::Done)));
        Outcome { step, account: None }
    }

    /// A running job's request was perhaps sent. A write is in doubt; a read is simply asked again later.
    #[must_use]
    pub fn perhaps_sent(&self, job: &Job, why: &str) -> Outcome {
        let step = if job.operation.writes() && !flawed!(ResendUnasked) {
            self.doubt(job, why, Doubtful::Silence)
        } else {
            self.later(job, &Later { pace: Pace::Soon, scope: Scope::Job, reason: why.to_owned() })
        };
        let step = step.map(|step| self.tell(job, step, &Judgement::plain(Verdict::Done)));
        Outcome { step, account: None }
    }

    /// What the registry was found to hold for a job in doubt, by these questions.
    #[must_use]
    pub fn found(&self, job: &Job, finding: Finding, asked: Vec<Question>, deadlines: &[Deadline]) -> Outcome {
        let inquiry = Inquiry::new(asked, &finding);
        let step = match finding {
            Finding::Applied { shown, evidence } => self.step(job, Cause::FoundApplied).map(|mut step| {
                step.answer = Some(shown);
                because(step, &format!("the registry holds our effect; the answer was lost. {evidence}"))
            }),
            Finding::Taken { shown, until, .. } => self.step(job, Cause::FoundTaken).map(|mut step| {
                step.answer = Some(shown);
                because(self.follow_up_later(step), &until)
            }),
            Finding::Nothing { same_transaction, evidence } => self.repeat(job, same_transaction, &evidence),
            Finding::Foreign(why) | Finding::Refused(why) => {
                self.step(job, Cause::FoundForeign).map(|step| because(step, &why))
            }
            Finding::Unknown(why) => match self.policy.next_question(job.asked + 1, self.random) {
                Some(wait) => self.step(job, Cause::StillUnknown).map(|mut step| {
                    step.due_at = self.now + wait;
                    step.keep_transaction = job.keep_transaction;
                    because(step, &why)
                }),
                None => self.step(job, Cause::GaveUp).map(|mut step| {
                    step.keep_transaction = job.keep_transaction;
                    because(step, &format!("asked {} times whether it happened: {why}", job.asked + 1))
                }),
            },
        };
        self.after_asking(job, step, inquiry, deadlines)
    }

    /// The same, of an effect that may take this long to show: that it is not there counts if the registry was asked
    /// before, at least that long ago. Nor is a job told that it failed before: what stands in its way may be taken away by
    /// the next one, and then it is carried out after all. Where questions follow each other faster than that by the policy,
    /// for tests and the demo, so do these.
    #[must_use]
    pub fn found_in_time(
        &self,
        job: &Job,
        finding: Finding,
        settles: Duration,
        asked: Vec<Question>,
        deadlines: &[Deadline],
    ) -> Outcome {
        let settles = settles.min(self.policy.question.longest);
        let since = self.now.duration_since(job.updated_at);
        let is_second_look = job.asked > 0 && Duration::try_from(since).is_ok_and(|since| since >= settles);
        match finding {
            Finding::Nothing { evidence, .. } | Finding::Foreign(evidence) if !settles.is_zero() && !is_second_look => {
                let unknown =
                    Finding::Unknown(format!("{evidence}; to be found once more, {} s later", settles.as_secs()));
                let mut outcome = self.found(job, unknown, asked, deadlines);
                let step = outcome.step.as_mut().filter(|step| step.cause() == Cause::StillUnknown);
                step.into_iter().for_each(|step| step.due_at = step.due_at.max(self.now + settles));
                outcome
            }
            finding => self.found(job, finding, asked, deadlines),
        }
    }

    /// The move, with what led to it.
    fn after_asking(&self, job: &Job, step: Option<Move>, inquiry: Inquiry, deadlines: &[Deadline]) -> Outcome {
        let judgement = Judgement { deadlines: deadlines.to_vec(), ..Judgement::plain(Verdict::Done) };
        let step = step.map(|mut step| {
            step.inquiry = Some(inquiry);
            self.tell(job, step, &judgement)
        });
        Outcome { step, account: None }
    }

    fn still_pending(&self, job: &Job, wait: Duration, why: &str) -> Option<Move> {
        self.step(job, Cause::StillPending).map(|mut step| {
            step.due_at = self.now + wait;
            because(step, why)
        })
    }

    /// A pending order is asked about when nothing was heard of it for a while.
    fn follow_up_later(&self, mut step: Move) -> Move {
        step.due_at = self.now + self.policy.pending.wait(0, self.random);
        step
    }

    /// After a doubt that found nothing. Each repetition costs an attempt, so that a registry in trouble, or a request
    /// that breaks every connection, is not asked for ever; only the first one after a silence goes out at once.
    fn repeat(&self, job: &Job, same_transaction: bool, evidence: &str) -> Option<Move> {
        let silent = job.keep_transaction;
        let pace = if silent { Pace::Soon } else { Pace::Backoff };
        let wait = match self.policy.after_refusal(pace, job.spent + 1, job.max_attempts, self.random) {
            Decision::After(_) if silent && job.spent == 0 => self.now,
            Decision::After(wait) => self.now + wait,
            Decision::NextQuotaDay => self.next_quota_day,
            Decision::GiveUp => {
                let why = format!("{} attempts are used up; when last asked: {evidence}", job.spent + 1);
                return self.step(job, Cause::GaveUp).map(|mut step| {
                    // Whoever has it asked about and repeated later must not give the lost request a second chance.
                    step.keep_transaction = same_transaction && silent;
                    because(step, &why)
                });
            }
        };
        self.step(job, Cause::FoundNothing).map(|mut step| {
            step.due_at = wait;
            step.waiting_for = if wait > self.now { WaitingFor::Backoff } else { WaitingFor::Turn };
            step.spend = true;
            // After silence the lost request may still arrive, so the repetition shares its id and the registry lets
            // only one of them count. After an answer the id is burnt and the first request is history.
            step.keep_transaction = same_transaction && silent;
            because(step, evidence)
        })
    }

    /// A job whose owner died, or whose request cannot be written any more, moves without an answer.
    #[must_use]
    pub fn plain(&self, job: &Job, cause: Cause, why: &str) -> Option<Move> {
        self.step(job, cause).map(|step| self.tell(job, because(step, why), &Judgement::plain(Verdict::Done)))
    }

    fn step(&self, job: &Job, cause: Cause) -> Option<Move> {
        let mut step = Move::new(job, cause, self.now)?;
        step.fence = Some(self.fence);
        Some(step)
    }

    /// Into doubt; the first question is asked soon.
    fn doubt(&self, job: &Job, why: &str, because_of: Doubtful) -> Option<Move> {
        self.step(job, Cause::Lost).map(|mut step| {
            step.due_at = self.now + self.policy.question.wait(0, self.random);
            step.keep_transaction = match because_of {
                Doubtful::Silence => true,
                Doubtful::Unsent => job.keep_transaction,
                Doubtful::Answer | Doubtful::Refusal => false,
            };
            step.lost = matches!(because_of, Doubtful::Silence | Doubtful::Answer);
            because(step, why)
        })
    }

    fn put_back(&self, job: &Job, why: &str) -> Option<Move> {
        self.step(job, Cause::Deferred).map(|mut step| {
            step.keep_transaction = job.keep_transaction;
            because(step, why)
        })
    }

    fn later(&self, job: &Job, later: &Later) -> Option<Move> {
        if later.pace == Pace::Paid && job.operation.costs_money() {
            // In its turn; until there is money nobody of its kind has one.
            return self.put_back(job, &later.reason);
        }
        if later.scope == Scope::Account && later.pace != Pace::Paid {
            return self.put_back(job, &later.reason).map(|mut step| {
                if goes_back_to_its_pool(job) {
                    // Its account is silent; another one of the pool may send.
                    return step;
                }
                step.due_at = self.end_of(later.pace);
                step.waiting_for =
                    if later.pace == Pace::NextQuotaDay { WaitingFor::Quota } else { WaitingFor::Cooldown };
                step
            });
        }
        let spent = job.spent + 1;
        let decision = if later.pace == Pace::Soon && job.keep_transaction {
            self.policy.behind_oneself(spent, job.max_attempts, self.random)
        } else {
            self.policy.after_refusal(later.pace, spent, job.max_attempts, self.random)
        };
        let wait = match decision {
            Decision::After(wait) => self.now + wait,
            Decision::NextQuotaDay => self.next_quota_day,
            Decision::GiveUp => {
                let why = format!("{} attempts are used up: {}", job.spent + 1, later.reason);
                return self.step(job, Cause::GaveUp).map(|mut step| {
                    step.keep_transaction = job.keep_transaction;
                    because(step, &why)
                });
            }
        };
        self.put_back(job, &later.reason).map(|mut step| {
            step.due_at = wait;
            step.waiting_for = WaitingFor::Backoff;
            step.spend = true;
            step
        })
    }

    /// What the whole account has to wait for.
    #[must_use]
    pub fn for_all(&self, later: &Later) -> AccountEffect {
        let (until, why) = (self.end_of(later.pace), later.reason.clone());
        match later.pace {
            Pace::NextQuotaDay => AccountEffect::OutOfQuota(until, why),
            Pace::Paid => AccountEffect::OutOfFunds(why),
            Pace::Soon | Pace::Backoff | Pace::Exactly(_) => AccountEffect::CoolDown(until, why),
        }
    }

    /// When a cool-down of this pace ends.
    #[must_use]
    pub fn end_of(&self, pace: Pace) -> Timestamp {
        match pace {
            Pace::NextQuotaDay => self.end_of_quota(),
            Pace::Paid => self.now,
            Pace::Exactly(wait) => self.now + wait.max(self.cool_down),
            Pace::Soon => self.now + self.policy.soon.longest,
            Pace::Backoff => self.now + self.policy.backoff.wait(0, self.random),
        }
    }

    /// When to try again after the quota is used up. Where the registry's day begins is not certain to the second, nor
    /// perhaps to the hour: a refusal early in what we take for a new day is asked about again soon, not a day later.
    fn end_of_quota(&self) -> Timestamp {
        let left = Duration::try_from(self.next_quota_day.duration_since(self.now)).unwrap_or_default();
        if left > EARLY { self.now + PROBE } else { self.next_quota_day + MARGIN }
    }

    /// Adds the event, where the move is one the world hears of: every change of what billing may believe, but not each
    /// claim, deferral or unanswered question.
    fn tell(&self, job: &Job, mut step: Move, judgement: &Judgement) -> Move {
        hush(job, &mut step);
        if !matches!(
            step.cause(),
            Cause::Claimed | Cause::Deferred | Cause::StillUnknown | Cause::StillPending | Cause::FoundNothing
        ) {
            let event = Event::of_move(job, &step, &judgement.deadlines);
            step.event = Some(event.with_unknown_codes(&judgement.unknown_codes));
        }
        step
    }
}

/// Whether any account of its pool may work the job again: no request of it may still come to count.
fn goes_back_to_its_pool(job: &Job) -> bool {
    job.queue != job.account && !job.lost && !job.keep_transaction
}

/// A registry may repeat what it was told: the secrets of an order are neither stored nor told on with its answer.
fn hush(job: &Job, step: &mut Move) {
    let secrets = never_repeated(&job.params);
    step.answer = step.answer.take().map(|answer| answer.without(&secrets));
    step.inquiry = step.inquiry.take().map(|inquiry| inquiry.without(&secrets));
    if let Some(reason) = &mut step.reason {
        hide(reason, &secrets);
    }
}

fn because(mut step: Move, why: &str) -> Move {
    /// Longest reason that is kept, in characters.
    const LONGEST: usize = 1000;
    step.reason = Some(why.chars().take(LONGEST).collect());
    step
}

#[cfg(test)]
mod tests;
