//! The classes of errors (reference 9.2) and what each means for a job.

use crate::model::retry::Pace;
use crate::model::{Later, Operation, Scope, Verdict};

/// What is checked when a signature is refused, in the order of the registry's FAQ.
pub const CHECKLIST: &str = "check: the key is that of this system (production and test have their own, and test learns a new \
    one only after its refresh on Friday); it is registered there, can sign and has not expired, nor has its subkey; the \
    registrar id beside it; if only some requests fail, those with other letters than ASCII: then text was signed in one \
    encoding and posted in another, or line ends were changed on the way";

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Done: it says so in other words.
    Done,
    /// Not carried out, and may go out again at once, under a new id.
    Soon,
    /// The registry is down; the account waits.
    Wait,
    /// Not carried out; worth another try later.
    Backoff,
    /// Nobody can tell whether it, or an earlier request, happened.
    Ask,
    /// Not done, because it is so already. If an earlier request of the same job was never answered, that may be why.
    Already,
    /// No: a repetition would fare no better.
    Refused,
    /// No, and what was sent should never have been: ours to mend.
    Bug,
    /// The account stops.
    Suspend,
}

impl Class {
    /// A few words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Soon => "again in seconds",
            Self::Wait => "the account waits",
            Self::Backoff => "again later",
            Self::Ask => "ask",
            Self::Already => "refused, unless a lost request did it",
            Self::Refused => "refused",
            Self::Bug => "refused, and a mistake of the client",
            Self::Suspend => "account suspended",
        }
    }

    /// What follows for the job.
    pub fn verdict(self, operation: Operation, reason: String) -> Verdict {
        let later = |pace, scope, reason| Verdict::Later(Later { pace, scope, reason });
        match self {
            Self::Done => Verdict::Done,
            Self::Soon => later(Pace::Soon, Scope::Job, reason),
            Self::Wait => later(Pace::Backoff, Scope::Account, reason),
            Self::Backoff => later(Pace::Backoff, Scope::Job, reason),
            Self::Ask if operation.writes() => Verdict::Unsure(reason),
            // A question can be asked again.
            Self::Ask => later(Pace::Backoff, Scope::Job, reason),
            Self::Already if operation.writes() => Verdict::RefusedUnlessLost(reason),
            Self::Already | Self::Refused | Self::Bug => Verdict::Refused(reason),
            Self::Suspend => Verdict::Suspend(reason),
        }
    }
}
