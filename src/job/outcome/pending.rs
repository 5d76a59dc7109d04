//! What was found of an order that the registry took and works on.

use std::time::Duration;

use jiff::Timestamp;

use super::{Circumstances, Outcome, because};
use crate::model::deadline::Deadline;
use crate::model::{Cause, Finding, Inquiry, Job, Question};
use crate::registries::FollowUps;

impl Circumstances {
    /// What the registry was found to have made of an order it took. Its message may have been missed: read while the job
    /// was still running, lost with an old database, or never written.
    #[must_use]
    pub fn followed_up(&self, job: &Job, finding: Finding, asked: Vec<Question>, deadlines: &[Deadline]) -> Outcome {
        let inquiry = Inquiry::new(asked, &finding);
        let step = match finding {
            Finding::Applied { shown, .. } => self.step(job, Cause::Completed).map(|mut step| {
                step.answer = Some(shown);
                because(step, "the registry was asked and has finished the order")
            }),
            Finding::Nothing { evidence: why, .. } | Finding::Foreign(why) | Finding::Refused(why) => {
                self.step(job, Cause::TurnedDown).map(|step| because(step, &why))
            }
            // As long as the registry says that it works on it, nobody gives up.
            Finding::Taken { shown, until, .. } => {
                let wait = self.policy.pending.wait(job.asked + 1, self.random);
                self.still_pending(job, wait, &until).map(|mut step| {
                    step.answer = Some(shown);
                    step
                })
            }
            Finding::Unknown(why) => match self.policy.next_follow_up(job.asked + 1, self.random) {
                Some(wait) => self.still_pending(job, wait, &why),
                None => {
                    let why = format!("asked {} times what became of the order: {why}", job.asked + 1);
                    self.step(job, Cause::GaveUp).map(|step| because(step, &why))
                }
            },
        };
        self.after_asking(job, step, inquiry, deadlines)
    }

    /// The same, of an order whose end nobody announces. It is asked about no more often than the registry wants, and that
    /// its effect is not there ends it only when it must have been decided.
    #[must_use]
    pub fn followed_up_in_time(
        &self,
        job: &Job,
        finding: Finding,
        ordered: Timestamp,
        follow_ups: FollowUps,
        asked: Vec<Question>,
        deadlines: &[Deadline],
    ) -> Outcome {
        let age = Duration::try_from(self.now.duration_since(ordered)).unwrap_or_default();
        let mut outcome = match finding {
            Finding::Nothing { ref evidence, .. } if age < follow_ups.decided_within => {
                let wait = self.policy.pending.wait(job.asked + 1, self.random);
                let step = self.still_pending(job, wait, &format!("not yet: {evidence}"));
                self.after_asking(job, step, Inquiry::new(asked, &finding), deadlines)
            }
            finding => self.followed_up(job, finding, asked, deadlines),
        };
        let soonest = self.now + follow_ups.every.min(self.policy.pending.longest);
        let step = outcome.step.as_mut().filter(|step| step.cause() == Cause::StillPending);
        step.into_iter().for_each(|step| step.due_at = step.due_at.max(soonest));
        outcome
    }
}
