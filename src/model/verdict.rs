//! The one language between a registry and the life of a job.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::Answer;
use super::deadline::Deadline;
use super::retry::Pace;

/// What an answer means for the job. Each registry has one table from its native codes to these.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Done, or the question is answered.
    Done,
    /// The registry took the order and works on it; the text says what will end it.
    Pending(String),
    /// Certainly not done, and a repetition would fare no better.
    Refused(String),
    /// This request was certainly not done, because what it asks for is the case already: a plain refusal, unless an
    /// earlier request of the same job was never answered and may be the cause.
    RefusedUnlessLost(String),
    /// Certainly not done; worth trying later.
    Later(Later),
    /// Answered, yet nobody can tell from the answer whether it happened: ask before sending again.
    Unsure(String),
    /// Certainly not done, and no request can do it: the registry takes this order from a human only, by the way the
    /// text names.
    ByHand(String),
    /// The account must not send anything more until an operator has looked (law 10).
    Suspend(String),
}

/// When and why to try again, and who has to wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    /// How long to wait.
    pub pace: Pace,
    /// Who waits.
    pub scope: Scope,
    /// Why, for people.
    pub reason: String,
}

/// Who has to wait for a [`Later`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This job only; costs it one attempt of its budget.
    Job,
    /// Everything of this account; costs no attempt (law 7).
    Account,
}

/// A verdict with what else the answer told us.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What to do with the job.
    pub verdict: Verdict,
    /// Native codes that stand in no table: counted and shown, classified by rule.
    pub unknown_codes: Vec<String>,
    /// Dates the answer named.
    pub deadlines: Vec<Deadline>,
    /// A cool-down the whole account owes the registry, whatever became of this job.
    pub account_cooldown: Option<(Duration, String)>,
    /// What the registry said of the account's daily quota.
    pub quota: Option<QuotaWord>,
    /// This order was not carried out for want of money, whatever becomes of its job; the registry's words.
    pub unpaid: Option<String>,
}

/// A registry's word about a daily quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaWord {
    /// At least this share of it is used, in percent.
    Used(u8),
    /// Nothing is left; the request was not carried out.
    Exhausted,
}

impl Judgement {
    /// A verdict and nothing else to tell.
    #[must_use]
    pub fn plain(verdict: Verdict) -> Self {
        Self {
            verdict,
            unknown_codes: Vec::new(),
            deadlines: Vec::new(),
            account_cooldown: None,
            quota: None,
            unpaid: None,
        }
    }
}

/// How an exchange on the wire failed. There is no third way: everything else is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Not one byte of the request left this machine: repeat freely.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request, or a part of it, may have reached the registry (law 3).
    #[error("perhaps sent: {0}")]
    PerhapsSent(String),
}

/// What the registry was found to hold after a request whose answer was never heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Our effect is there.
    Applied {
        /// What the registry shows of it.
        shown: Answer,
        /// What of it proves that it is ours.
        evidence: String,
    },
    /// Our order is there but not finished.
    Taken {
        /// What the registry shows of it.
        shown: Answer,
        /// What will end it.
        until: String,
        /// What of it proves that it is ours.
        evidence: String,
    },
    /// Our effect is certainly not there. `same_transaction`: send again under the same transaction id, so that a late
    /// first request and the repetition cannot both count.
    Nothing {
        /// Repeat under the id of the lost request.
        same_transaction: bool,
        /// What the registry said that proves it.
        evidence: String,
    },
    /// Our effect is certainly not there, and the order cannot be carried out any more: somebody else's is there instead, or
    /// what is read before it goes out would not let it. What the registry said that proves it.
    Foreign(String),
    /// The registry turned this very request down, so that it cannot be carried out later either; what proves it.
    Refused(String),
    /// Cannot tell (yet): ask again later, then a human. What is missing, or speaks for both.
    Unknown(String),
}

impl Finding {
    /// The same, with what the registry shows as `keep` leaves it.
    #[must_use]
    pub fn with_shown(mut self, keep: impl FnOnce(Answer) -> Answer) -> Self {
        if let Self::Applied { shown, .. } | Self::Taken { shown, .. } = &mut self {
            *shown = keep(std::mem::take(shown));
        }
        self
    }

    /// The words the store keeps findings by.
    pub const WORDS: &'static [&'static str] = &["applied", "taken", "not_applied", "foreign", "unknown"];

    /// The word the store keeps it by.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Taken { .. } => "taken",
            Self::Nothing { .. } => "not_applied",
            Self::Foreign(_) | Self::Refused(_) => "foreign",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What of the answers proves it, or why they prove nothing. Names fields, and no values that may be secret or personal
    /// data: it is shown to operators and kept for years.
    #[must_use]
    pub fn evidence(&self) -> &str {
        match self {
            Self::Applied { evidence, .. } | Self::Taken { evidence, .. } | Self::Nothing { evidence, .. } => evidence,
            Self::Foreign(evidence) | Self::Refused(evidence) | Self::Unknown(evidence) => evidence,
        }
    }
}

/// A request whose outcome is unknown, as far as needed to ask about it.
#[derive(Clone)]
pub struct Doubt<'a> {
    /// The account it was sent for.
    pub account: &'a str,
    /// What was asked.
    pub operation: super::Operation,
    /// With which parameters.
    pub params: &'a serde_json::Map<String, serde_json::Value>,
    /// Under which transaction id.
    pub transaction: &'a str,
    /// When the intent was written; nothing of ours is older.
    pub since: Timestamp,
    /// When an earlier job of ours brought about what this order is about, if the last one did ([`super::once`]); by our
    /// clock, and never after `since`.
    pub so_already: Option<Timestamp>,
    /// Of an order the registry took: what it said then, or when it was last asked.
    pub taken: Option<&'a Answer>,
}
