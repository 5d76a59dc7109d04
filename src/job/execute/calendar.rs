//! What an outcome says for the calendar of deadlines. It is written down with the move (law 4); what it comes to is the
//! keeper's business.

use super::Account;
use crate::job::outcome::Outcome;
use crate::model::deadline::Deadline;
use crate::model::deadline::rules::{Heard, On};
use crate::model::{Cause, Job, Operation};

impl Account {
    /// The outcome, with what the answer behind it says for the calendar: the dates it named, and what follows from it by
    /// the registry's rules.
    #[must_use]
    pub fn with_words(&self, job: &Job, mut outcome: Outcome, named: &[Deadline]) -> Outcome {
        if let Some(step) = &mut outcome.step
            && let Some(what) = happened(step.cause(), job.operation)
        {
            let heard = Heard {
                account: &self.name,
                object: &job.object,
                what,
                params: &job.params,
                data: step.answer.as_ref().map_or(&serde_json::Value::Null, |answer| &answer.data),
                code: step.answer.as_ref().and_then(|answer| answer.leading_code()),
                named,
                at: step.at,
                evidence: &format!("job {}", job.id),
            };
            step.words = self.registry.dialect().calendar(&heard);
        }
        outcome
    }
}

/// What a move means for the calendar; most mean nothing.
fn happened(cause: Cause, operation: Operation) -> Option<On> {
    match cause {
        Cause::Done | Cause::FoundApplied | Cause::Completed => Some(On::Done(operation)),
        Cause::Taken | Cause::FoundTaken => Some(On::Taken(operation)),
        Cause::Refused | Cause::FoundForeign | Cause::TurnedDown => Some(On::Refused(operation)),
        _ => None,
    }
}
