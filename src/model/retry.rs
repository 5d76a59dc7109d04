//! When to try again. The only place that decides back-off; full jitter everywhere, so that a thousand jobs that failed
//! together do not come back together.

use std::time::Duration;

/// Which kind of waiting a verdict asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Something in our way goes in seconds (an object that is being written to).
    Soon,
    /// Something is broken over there; give it time.
    Backoff,
    /// Exactly this long: the registry's own rule (a block of 120 s).
    Exactly(Duration),
    /// Until the registry's next quota day; the account's limits know when that is.
    NextQuotaDay,
    /// Until somebody has paid in. What costs no money does not wait for it.
    Paid,
}

/// How long an order rests that there was not enough money for, where nothing tells that it costs any. Somebody has to pay in
/// first, so neither seconds nor a growing pause fit.
const UNPAID_FOR: Duration = Duration::from_secs(30 * 60);

/// First and longest wait of one pace; each further try doubles the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Ceiling of the first wait.
    pub first: Duration,
    /// Ceiling of every wait.
    pub longest: Duration,
}

impl Steps {
    /// The wait before try number `tries + 1`, where `random` is in `0.0..1.0`: full jitter, uniform from a tenth of the
    /// ceiling (a hot loop helps nobody) up to the ceiling.
    #[must_use]
    pub fn wait(&self, tries: u32, random: f64) -> Duration {
        let ceiling = self.first.saturating_mul(2u32.saturating_pow(tries.min(30))).min(self.longest);
        let floor = ceiling / 10;
        floor + (ceiling - floor).mul_f64(random.clamp(0.0, 1.0))
    }
}

/// The retry policy of a daemon. The defaults are for real registries; the demo and tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// [`Pace::Soon`].
    pub soon: Steps,
    /// [`Pace::Backoff`].
    pub backoff: Steps,
    /// Asking about a job in doubt.
    pub question: Steps,
    /// Questions that may stay unanswered before a human is asked.
    pub questions: u32,
    /// Asking about an order the registry has taken and works on.
    pub pending: Steps,
    /// Such questions before a human is asked.
    pub follow_ups: u32,
    /// Opening sessions, and reaching a store or a broker that is away.
    pub connect: Steps,
}

impl Default for Policy {
    fn default() -> Self {
        let steps = |first, longest| Steps { first: Duration::from_secs(first), longest: Duration::from_secs(longest) };
        Self {
            soon: steps(2, 10),
            backoff: steps(60, 1800),
            question: steps(2, 600),
            questions: 12,
            pending: steps(60, 21_600),
            follow_ups: 40,
            connect: steps(1, 60),
        }
    }
}

/// What becomes of a job that was certainly not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Again after this long.
    After(Duration),
    /// At the start of the registry's next quota day.
    NextQuotaDay,
    /// The budget is used up.
    GiveUp,
}

impl Policy {
    /// Decides after a transient refusal. `spent` counts the attempts already used up, this one included;
    /// `max_attempts` is the job's budget.
    #[must_use]
    pub fn after_refusal(&self, pace: Pace, spent: u32, max_attempts: u32, random: f64) -> Decision {
        if spent >= max_attempts {
            return Decision::GiveUp;
        }
        match pace {
            Pace::Soon => Decision::After(self.soon.wait(spent.saturating_sub(1), random)),
            Pace::Backoff => Decision::After(self.backoff.wait(spent.saturating_sub(1), random)),
            Pace::Exactly(wait) => Decision::After(wait),
            Pace::NextQuotaDay => Decision::NextQuotaDay,
            Pace::Paid => Decision::After(UNPAID_FOR),
        }
    }

    /// Decides after a refusal because the object is being written to, where the writer may be a lost request of the job
    /// itself: soon at first, then with the patience of questions, for a registry that hangs may do so for long.
    #[must_use]
    pub fn behind_oneself(&self, spent: u32, max_attempts: u32, random: f64) -> Decision {
        if spent >= max_attempts {
            return Decision::GiveUp;
        }
        Decision::After(self.question.wait(spent.saturating_sub(1), random))
    }

    /// When to ask again about a job in doubt, or `None` when a human must look. `asked` counts the questions so far.
    #[must_use]
    pub fn next_question(&self, asked: u32, random: f64) -> Option<Duration> {
        (asked < self.questions).then(|| self.question.wait(asked, random))
    }

    /// When to ask again about a pending order, or `None` when a human must look. `asked` counts the questions so far.
    #[must_use]
    pub fn next_follow_up(&self, asked: u32, random: f64) -> Option<Duration> {
        (asked < self.follow_ups).then(|| self.pending.wait(asked, random))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_stay_between_a_tenth_and_the_ceiling(tries in 0u32..100, random in 0.0f64..1.0) {
            let steps = Steps { first: Duration::from_secs(2), longest: Duration::from_secs(300) };
            let ceiling = Duration::from_secs_f64((2.0 * 2f64.powi(tries.min(30) as i32)).min(300.0));
            let wait = steps.wait(tries, random);
            prop_assert!(wait >= ceiling / 10 && wait <= ceiling, "{wait:?} of {ceiling:?}");
        }

        #[test]
        fn a_budget_is_never_exceeded(budget in 1u32..50, random in 0.0f64..1.0) {
            let policy = Policy::default();
            let mut tries = 0;
            loop {
                tries += 1;
                if policy.after_refusal(Pace::Backoff, tries, budget, random) == Decision::GiveUp { break; }
            }
            prop_assert_eq!(tries, budget);
        }
    }

    #[test]
    fn a_registry_that_hangs_is_outwaited() {
        let policy = Policy::default();
        let ceiling = |decision: fn(&Policy, u32) -> Decision| -> Duration {
            let wait = |spent| match decision(&policy, spent) {
                Decision::After(wait) => wait,
                other => panic!("{other:?}"),
            };
            (1..10).map(wait).sum()
        };
        let soon = ceiling(|policy, spent| policy.after_refusal(Pace::Soon, spent, 10, 1.0));
        let oneself = ceiling(|policy, spent| policy.behind_oneself(spent, 10, 1.0));
        assert_eq!((soon.as_secs(), oneself.as_secs()), (74, 1022));
        assert_eq!(policy.behind_oneself(10, 10, 1.0), Decision::GiveUp);
    }

    #[test]
    fn questions_end() {
        let policy = Policy::default();
        assert!(policy.next_question(0, 0.5).is_some());
        assert_eq!(policy.next_question(policy.questions, 0.5), None);
        assert!(policy.next_follow_up(policy.follow_ups - 1, 0.5).is_some());
        assert_eq!(policy.next_follow_up(policy.follow_ups, 0.5), None);
    }
}
