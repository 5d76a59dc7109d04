//! Retry, cancel, dismiss: an operator's moves. They go through the same table as the daemon's, so an operator cannot
//! break a law either, and the store carries them out only if the job has not moved meanwhile.

use jiff::Timestamp;
use serde::Serialize;

use super::{Which, unknown};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Out, Row};
use crate::model::{Cause, Event, Job, JobId, Move, State};
use crate::store::{JobDetail, Store};

/// What an operator may do with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Back to work.
    Retry,
    /// Back to work, and ask what is true first.
    Ask,
    /// Withdraw before it starts.
    Cancel,
    /// Declare it over.
    Dismiss,
}

impl Verb {
    const fn word(self) -> &'static str {
        match self {
            Self::Retry | Self::Ask => "retry",
            Self::Cancel => "cancel",
            Self::Dismiss => "dismiss",
        }
    }

    /// The cause with which this verb moves this job. Whether the table has such a move is not decided here.
    #[must_use]
    pub fn cause(self, detail: &JobDetail) -> Cause {
        match self {
            Self::Retry if certainly_not_done(detail) => Cause::Redriven,
            // There is nothing to ask where nothing was ever sent, or where the request itself is a question.
            Self::Ask if !detail.job.operation.writes() || detail.job.attempt == 0 => Cause::Redriven,
            Self::Retry | Self::Ask => Cause::AskAgain,
            Self::Cancel => Cause::Withdrawn,
            Self::Dismiss => Cause::Dismissed,
        }
    }
}

/// Whether it is proven that no request of the job had an effect (law 3: without proof the registry is asked before
/// anything is sent again; asking once too often costs a request, sending once too often may cost a domain).
///
/// The proof is an answer that refused the very last attempt, and no earlier request whose outcome was never learnt. An
/// attempt given up *without* a code proves nothing: it may have been lost.
fn certainly_not_done(detail: &JobDetail) -> bool {
    let JobDetail { job, attempts, .. } = detail;
    // A question changes nothing, and without an intent nothing was ever sent (law 2).
    if !job.operation.writes() || job.attempt == 0 {
        return true;
    }
    let refused = [Cause::Deferred, Cause::Refused, Cause::GaveUp, Cause::ByHand].map(Cause::word);
    let answered = attempts.last().is_some_and(|last| {
        last.attempt == job.attempt
            && last.ended_at.is_some()
            && last.code.is_some()
            && last.cause.as_deref().is_some_and(|cause| refused.contains(&cause))
    });
    answered && !job.lost
}

/// Whether the job waits to repeat a request that was never answered. Withdrawing it would tell the world that nothing
/// happened, and nobody knows that.
fn repeats(job: &Job) -> bool {
    job.state == State::Waiting && job.lost
}

#[derive(Serialize)]
struct Done {
    job: JobId,
    object: String,
    from: State,
    to: State,
    cause: Cause,
}

impl Row for Done {
    const HEADINGS: &'static [&'static str] = &["JOB", "OBJECT", "WAS", "IS", "CAUSE"];
    fn cells(&self) -> Vec<String> {
        vec![
            self.job.to_string(),
            self.object.clone(),
            self.from.to_string(),
            self.to.to_string(),
            self.cause.to_string(),
        ]
    }
}

/// Moves each job; goes on after one that cannot be moved, tells each reason, and fails with the last one.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    verb: Verb,
    which: &Which,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let mut done = Vec::new();
    let mut failures = Vec::new();
    for id in &which.ids {
        match one(verb, *id, which.because.as_deref(), store, now).await {
            Ok(moved) => done.push(moved),
            Err(failure) => failures.push(failure),
        }
    }
    if !done.is_empty() {
        out.rows(&done)?;
    }
    let Some(last) = failures.pop() else { return Ok(()) };
    for failure in &failures {
        out.failure(failure);
    }
    Err(last)
}

async fn one(verb: Verb, id: JobId, because: Option<&str>, store: &dyn Store, now: Timestamp) -> Result<Done, Failure> {
    let detail = store.job(id).await?.ok_or_else(|| unknown(id))?;
    let job = &detail.job;
    let cause = verb.cause(&detail);
    if verb == Verb::Cancel && repeats(job) {
        return Err(Failure::new(Exit::Temporary, "unsettled", format!("cannot cancel job {id} yet"))
            .why(UNSETTLED.0)
            .next(UNSETTLED.1));
    }
    let mut step = Move::new(job, cause, now).ok_or_else(|| impossible(verb, job))?;
    step.reason = Some(because.map_or_else(|| "by an operator".into(), |why| format!("by an operator: {why}")));
    // A doubt keeps its transaction id, so that the question finds what the lost request may have done.
    step.keep_transaction = cause == Cause::AskAgain && job.keep_transaction;
    step.event = Some(Event::of_move(job, &step, &[]));
    let done = Done { job: id, object: job.object.to_string(), from: job.state, to: step.to(), cause };
    if store.apply(&[step]).await?.first() == Some(&true) {
        return Ok(done);
    }
    Err(Failure::new(Exit::Temporary, "moved_meanwhile", format!("job {id} moved while it was looked at"))
        .next(format!("look again with `registrard jobs show {id}`")))
}

/// Why a job that repeats cannot be withdrawn, and what to do.
const UNSETTLED: (&str, &str) = (
    "an earlier request of it was never answered: it may have happened, or may still arrive",
    "wait until it is settled: it will run by itself, or become needs_attention",
);

/// Why the table has no such move, and what can be done instead.
fn impossible(verb: Verb, job: &Job) -> Failure {
    let (why, next) = advice(verb, job);
    let what = format!("cannot {} job {}, which is {}", verb.word(), job.id, job.state);
    Failure::new(Exit::Refused, "no_such_move", what).why(why).next(next)
}

fn advice(verb: Verb, job: &Job) -> (&'static str, &'static str) {
    match (job.state, verb) {
        (State::Waiting, _) if job.lost => UNSETTLED,
        (State::Waiting, _) => (
            "it has not started; it will run by itself",
            "`registrard jobs show` says what it waits for; `registrard jobs cancel` withdraws it",
        ),
        (State::Running, _) => (
            "its request is on the wire; nobody can take that back",
            "wait for the answer, which comes within the registry's time limit",
        ),
        (State::InDoubt, _) => (
            "its request was perhaps carried out; the registry is being asked",
            "wait: it ends by itself, or becomes needs_attention when the registry cannot tell",
        ),
        (State::Pending, _) => (
            "the registry took the order and works on it",
            "wait for the registry; if it can be stopped there, submit a job that does so",
        ),
        (State::NeedsAttention, _) => (
            "it has been at work already, so it cannot be withdrawn",
            "`registrard jobs retry` sends it back to work, `registrard jobs dismiss` ends it",
        ),
        (State::Succeeded, Verb::Cancel | Verb::Dismiss) => {
            ("it has been carried out", "submit a job that undoes it, if the registry has one")
        }
        (State::Succeeded | State::Failed | State::Cancelled | State::Expired, _) => {
            ("its life is over, and its outcome has been told", "submit a new job with a new id")
        }
    }
}

/// What an operator can do with a job, for `jobs show`.
#[must_use]
pub fn possible(detail: &JobDetail) -> Vec<String> {
    let JobDetail { job, .. } = detail;
    let verbs = [Verb::Retry, Verb::Cancel, Verb::Dismiss].into_iter();
    let commands = verbs.filter(|verb| *verb != Verb::Cancel || !repeats(job)).filter_map(|verb| {
        let cause = verb.cause(detail);
        let to = crate::model::state::next(job.state, cause)?;
        let effect = match cause {
            Cause::Redriven => "send it again: its requests certainly had no effect",
            Cause::AskAgain => "have the registry asked what is true before anything is sent again",
            Cause::Withdrawn => "withdraw it before it starts",
            _ => "declare it over without an effect",
        };
        Some(format!("registrard jobs {} {}   → {to}: {effect}", verb.word(), job.id))
    });
    // Some of what people must do is done by e-mail (a lock); whether this is, `orders mail` says itself.
    let by_hand = job.state == State::NeedsAttention
        && detail.attempts.last().is_some_and(|last| last.cause.as_deref() == Some(Cause::ByHand.word()));
    let by_mail = by_hand.then(|| {
        let id = job.id;
        format!("registrard orders mail {id}   → a signed e-mail, if the registry takes this in writing only (a lock)")
    });
    let commands: Vec<_> = by_mail.into_iter().chain(commands).collect();
    if !commands.is_empty() {
        return commands;
    }
    let (why, next) = advice(Verb::Retry, job);
    vec![format!("nothing: {why}; {next}")]
}
