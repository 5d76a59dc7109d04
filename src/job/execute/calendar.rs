//! What an outcome says for the calendar of deadlines. It is written down with the move (law 4); what it comes to is the
//! keeper's business.

use super::Account;
use crate::job::outcome::Outcome;
use crate::model::deadline::Deadline;
use crate::model::deadline::rules::{Heard, On};
use crate::model::{Cause, Job, Move, State};

impl Account {
    /// The outcome, with what the answer behind it says for the calendar: the dates it named, and what follows from it by
    /// the registry's rules.
    #[must_use]
    pub fn with_words(&self, job: &Job, mut outcome: Outcome, named: &[Deadline]) -> Outcome {
        let Some(step) = &mut outcome.step else { return outcome };
        let evidence = format!("job {}", job.id);
        let heard = |what| Heard {
            account: &self.name,
            object: &job.object,
            what,
            params: &job.params,
            data: step.answer.as_ref().map_or(&serde_json::Value::Null, |answer| &answer.data),
            code: step.answer.as_ref().and_then(|answer| answer.leading_code()),
            named,
            at: step.at,
            evidence: &evidence,
        };
        let dialect = self.registry.dialect();
        step.words = happened(job, step).into_iter().flat_map(|what| dialect.calendar(&heard(what))).collect();
        outcome
    }
}

/// What a move means for the calendar; most mean nothing.
fn happened(job: &Job, step: &Move) -> Vec<On> {
    let operation = job.operation;
    // Not known of one of its requests: an earlier one, the one that is asked about, or the one that just went out.
    let unknown = job.lost || job.keep_transaction || step.lost || job.state == State::InDoubt;
    let settles = unknown.then_some(On::Settled);
    match step.cause() {
        Cause::Done | Cause::FoundApplied | Cause::Completed => {
            [On::Done(operation)].into_iter().chain(settles).collect()
        }
        Cause::Taken | Cause::FoundTaken => vec![On::Taken(operation)],
        Cause::Refused | Cause::FoundForeign | Cause::TurnedDown => {
            [On::Refused(operation)].into_iter().chain(settles).collect()
        }
        Cause::ByHand => vec![On::ByHand(operation)],
        Cause::GaveUp if unknown => vec![On::GaveUp],
        _ => Vec::new(),
    }
}
