//! The classes of codes (§6.2 of the reference) and what each means for a job.

use crate::model::retry::Pace;
use crate::model::{Later, Operation, Scope, Verdict};

/// What is checked when the registry does not recognise us, in the guide's order.
pub const CHECKLIST: &str = "check: the private key is that of this system (live and test have their own); the user name; \
    this machine's address is on the reseller's list (changes take up to an hour); the signature is \
    MD5 over document and key, twice, in lower case, with no byte after the document";

/// Until when an order is pending that an asynchronous registry works on.
pub const FINISHED: &str = "the event ORDER STATUS_CHANGE, or GET_ORDERS_BY_DOMAIN with another status";
/// Until when a transfer is pending.
pub const TRANSFERRED: &str = "the event TRANSFER or ORDER STATUS_CHANGE, or CHECK_TRANSFER with another status";
/// Until when a change is pending that an asynchronous registry works on.
pub const CHANGED: &str = "GET with the data ordered";

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Done, or answered.
    Success,
    /// Taken, and not done yet.
    Async,
    /// The account sends too much.
    Throttle,
    /// Not carried out, and may go out again at once.
    Soon,
    /// Somebody's request for the same object is under way.
    Wait,
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
            Self::Async => "taken, not done yet",
            Self::Throttle => "the account pauses",
            Self::Soon => "again in seconds",
            Self::Wait => "again when the other request is through",
            Self::Backoff => "again later",
            Self::Ask => "ask",
            Self::Already => "refused, unless a lost request did it",
            Self::Refused => "refused",
            Self::ByHand => "by hand",
            Self::Funds => "again after money was paid in",
            Self::Suspend => "account suspended",
        }
    }

    /// What follows for the job. `yes` is the flag beside the code.
    pub fn verdict(self, operation: Operation, yes: bool, reason: String) -> Verdict {
        let later = |pace, scope, reason| Verdict::Later(Later { pace, scope, reason });
        match self {
            Self::Success => success(operation),
            Self::Async if operation.writes() => Verdict::Pending(pending_until(operation).into()),
            Self::Async if yes => Verdict::Done,
            Self::Throttle => later(Pace::Backoff, Scope::Account, reason),
            Self::Soon => later(Pace::Soon, Scope::Job, reason),
            // §6.2 asks for pauses from five seconds to a minute at first. [`Pace::Soon`] is shorter and over in a minute
            // altogether; the first pauses of a back-off are just that, and it goes on for hours, as registries may.
            Self::Wait | Self::Async | Self::Backoff => later(Pace::Backoff, Scope::Job, reason),
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

/// Code 200 to an order for a transfer says that it was begun.
fn success(operation: Operation) -> Verdict {
    match operation {
        Operation::DomainTransfer => Verdict::Pending(TRANSFERRED.into()),
        _ => Verdict::Done,
    }
}

/// What ends an order that was taken.
pub const fn pending_until(operation: Operation) -> &'static str {
    match operation {
        Operation::DomainTransfer => TRANSFERRED,
        Operation::DomainUpdate | Operation::DomainChangeHolder | Operation::HostUpdate => CHANGED,
        _ => FINISHED,
    }
}
