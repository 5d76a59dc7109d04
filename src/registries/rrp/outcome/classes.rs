//! The classes of codes (reference 8.1) and what each means for a job.

use std::time::Duration;

use crate::model::retry::Pace;
use crate::model::{Later, Operation, Scope, Verdict};

/// What is checked when the registry does not recognise us.
pub const CHECKLIST: &str = "check `user` and the password file, both with their case, and whether this is the system they are for; \
    more failures may lock the account";
/// Until when a transfer is pending.
pub const TRANSFERRED: &str = "STATUS that shows the domain with us; nothing is announced by this registry";
/// How long an account is silent after the registry wanted fewer sessions.
pub const FEWER_FOR: Duration = Duration::from_secs(30);

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Done, or answered.
    Success,
    /// Too many sessions.
    Throttle,
    /// Not answered, and may be asked again at once.
    Soon,
    /// Trouble over there.
    Backoff,
    /// Of a write nobody can tell whether it, or an earlier one, happened.
    Ask,
    /// Not done, because it is so already. If an earlier request of the same job was never answered, that may be why.
    Already,
    /// No: a repetition would fare no better.
    Refused,
    /// No request can do it; a human can.
    ByHand,
    /// Not enough money.
    Funds,
    /// The account stops.
    Suspend,
}

impl Class {
    /// A few words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::Throttle => "the account pauses",
            Self::Soon => "again in seconds",
            Self::Backoff => "again later",
            Self::Ask => "ask",
            Self::Already => "refused, unless a lost request did it",
            Self::Refused => "refused",
            Self::ByHand => "by hand",
            Self::Funds => "again after money was paid in",
            Self::Suspend => "account suspended",
        }
    }

    /// What follows for the job.
    pub fn verdict(self, operation: Operation, reason: String) -> Verdict {
        let later = |pace, scope, reason| Verdict::Later(Later { pace, scope, reason });
        match self {
            // Flagged, not transferred: the other registrar decides, or the registry after some days (reference 5.11).
            Self::Success if operation == Operation::DomainTransfer => Verdict::Pending(TRANSFERRED.into()),
            Self::Success => Verdict::Done,
            Self::Throttle => later(Pace::Exactly(FEWER_FOR), Scope::Account, reason),
            Self::Soon => later(Pace::Soon, Scope::Job, reason),
            Self::Backoff => later(Pace::Backoff, Scope::Job, reason),
            Self::Ask => Verdict::Unsure(reason),
            Self::Already => Verdict::RefusedUnlessLost(reason),
            Self::Refused => Verdict::Refused(reason),
            Self::ByHand => Verdict::ByHand(reason),
            // Questions, and orders that cost nothing, are carried out as before.
            Self::Funds => later(Pace::Paid, Scope::Account, reason),
            Self::Suspend => Verdict::Suspend(format!("{reason}; {CHECKLIST}")),
        }
    }
}
