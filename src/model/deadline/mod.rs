//! Dates that can cost somebody a domain name: what is due and when, what was heard about it, and the calendar's entries.
//!
//! Whatever tells of a date becomes a [`Word`]: an answer or a message of a registry, a rule of its manual, a certificate, an
//! imported file. Words are written down with the move they came with, and the calendar is brought up to date from them.

#[cfg(test)]
pub mod cases;
mod kinds;
pub mod own;
pub mod rules;
mod telling;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::command::ObjectKey;
use super::job::JobId;
pub use kinds::{AtEnd, DeadlineKind};
pub use telling::{Reminder, of_day};

/// A date learnt from an answer. It travels in the job's event as `deadlines`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What is due.
    pub kind: DeadlineKind,
    /// When, to the second, as the registry or a key said it; never computed.
    pub due: Timestamp,
}

/// How a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The registry named it in an answer.
    Answer,
    /// The registry named it in a message.
    Message,
    /// It follows from what happened by a rule of the registry.
    Rule,
    /// It was imported from a file.
    Import,
    /// A certificate or a key says so, or the configuration.
    Credential,
}

impl Basis {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Answer, Self::Message, Self::Rule, Self::Import, Self::Credential];

    /// The word in events and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Message => "message",
            Self::Rule => "rule",
            Self::Import => "import",
            Self::Credential => "credential",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a word says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Says {
    /// This is due then: opens an entry, or moves the one that is open.
    Due {
        /// What.
        kind: DeadlineKind,
        /// When.
        due: Timestamp,
    },
    /// If this is due at all, then it is due then: moves the entry that is open, and opens none.
    Moves {
        /// What.
        kind: DeadlineKind,
        /// When.
        due: Timestamp,
    },
    /// What had to be done was done.
    Met {
        /// Of what.
        kind: DeadlineKind,
        /// How, for people.
        why: String,
    },
    /// It passed, and what was threatened happened.
    Missed {
        /// What.
        kind: DeadlineKind,
        /// What happened, for people.
        why: String,
    },
    /// What was threatened has happened if its date has passed by then, or the one with which its time begins
    /// ([`DeadlineKind::begins_with`]); if neither has, this says nothing.
    Passed {
        /// What.
        kind: DeadlineKind,
        /// What happened, for people.
        why: String,
    },
    /// Nothing is due any more.
    Cleared {
        /// What.
        kind: DeadlineKind,
        /// Why, for people.
        why: String,
    },
    /// The registry does not show this date any more: done in time, or passed.
    Absent {
        /// What.
        kind: DeadlineKind,
    },
    /// The object is no longer the account's: all its entries are closed.
    Gone {
        /// What became of it, for people.
        why: String,
    },
}

/// Something heard for the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The account.
    pub account: String,
    /// What it is about.
    pub object: ObjectKey,
    /// What it says.
    #[serde(flatten)]
    pub says: Says,
    /// How it is known.
    pub basis: Basis,
    /// Where it came from, for people: a job, a message, a file and its line. Never a secret.
    pub evidence: String,
    /// When it was true: when the answer came, or the message was written.
    pub at: Timestamp,
    /// What else there is to know, for example the number of domains affected.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub note: Map<String, Value>,
}

/// How an entry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// What had to be done was done in time.
    Met,
    /// The date passed, and it was not.
    Missed,
    /// The danger is over for another reason.
    Cleared,
}

impl Ending {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Met, Self::Missed, Self::Cleared];

    /// The word in events and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Cleared => "cleared",
        }
    }
}

/// The end of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// How.
    pub how: Ending,
    /// When.
    pub at: Timestamp,
    /// Why, for people.
    pub why: String,
}

/// A line of the calendar. At most one is open for an account, an object and a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The store's number of it; 0 before it is stored.
    pub id: i64,
    /// The account.
    pub account: String,
    /// What it is about.
    pub object: ObjectKey,
    /// What is due.
    pub kind: DeadlineKind,
    /// When.
    pub due: Timestamp,
    /// How that is known.
    pub basis: Basis,
    /// From where.
    pub evidence: String,
    /// What else there is to know.
    pub note: Map<String, Value>,
    /// When it was first heard of.
    pub opened_at: Timestamp,
    /// When it was last heard of.
    pub heard_at: Timestamp,
    /// What was to be said and done of it up to here has been.
    pub seen_until: Timestamp,
    /// When there is something to say or to do next; `None` once it is closed.
    pub next_at: Option<Timestamp>,
    /// How often the registry was asked since it passed.
    pub asked: u32,
    /// The job that was submitted because of it.
    pub job: Option<JobId>,
    /// How it ended, once it has.
    pub closed: Option<Closed>,
}
