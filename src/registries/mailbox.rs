//! The message queue of an account at its registry, as the poller sees it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::Prepared;
use crate::model::deadline::rules::{self, Heard};
use crate::model::deadline::{Deadline, Word};
use crate::model::verdict::Judgement;
use crate::model::{Answer, ObjectKey, Operation, Reject};

/// The message queue of an account at its registry: pure functions, no I/O. One message is read at a time, the oldest,
/// and stays until it is removed.
pub trait Mailbox: Send + Sync {
    /// Asks for the oldest message.
    ///
    /// # Errors
    /// It cannot be written; ours to mend.
    fn read(&self) -> Result<Prepared, Reject>;

    /// What the answer to [`Mailbox::read`] holds.
    fn head(&self, answer: &Answer) -> Head;

    /// Whether a message that ends pending jobs is about the order that was answered so. A registry that numbers its
    /// orders may have several for one object.
    fn concerns(&self, _message: &RegistryMessage, _answer: &Answer) -> bool {
        true
    }

    /// As [`Dialect::calendar`], of a message, or of an order that it ends.
    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        rules::words(&[], &TimeZone::UTC, heard)
    }

    /// Removes a message.
    ///
    /// # Errors
    /// It cannot be written; ours to mend.
    fn remove(&self, message: &str, transaction: &str) -> Result<Prepared, Reject>;

    /// What the answer to [`Mailbox::remove`] means.
    fn removed(&self, answer: &Answer) -> Removed;
}

/// What is at the head of a queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// Nothing is in it.
    Empty,
    /// The oldest message.
    Message(Box<RegistryMessage>),
    /// The registry would not say.
    Refused(Judgement),
}

/// A message of a registry.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistryMessage {
    /// The registry's id of it, unique for the account.
    pub id: String,
    /// How many there are, itself included, if the registry says.
    pub count: Option<u64>,
    /// When the registry wrote it, if it says.
    pub written_at: Option<Timestamp>,
    /// The registry's word for its type.
    pub native_kind: String,
    /// Our word for its type, for the event's type `message.<kind>`: lower case and `_`; `raw` if nobody knows the type.
    pub kind: &'static str,
    /// What it is about, if one object.
    pub object: Option<ObjectKey>,
    /// All it says, as JSON with the names answers use.
    pub data: Value,
    /// Dates it names.
    pub deadlines: Vec<Deadline>,
    /// What it ends: pending jobs on `object` with one of these operations.
    pub ends: Option<Ending>,
}

/// How a message ends pending jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// Jobs with one of these operations.
    pub operations: &'static [Operation],
    /// Whether the order was carried out.
    pub succeeded: bool,
    /// Why, for people.
    pub reason: String,
}

/// What became of a message that was to be removed.
#[derive(Clone, Debug, PartialEq)]
pub enum Removed {
    /// It is gone (or was before).
    Gone,
    /// It is there, and another one is older: read the head again.
    NotTheHead(String),
    /// The registry would not; the verdict says what to do.
    Refused(Judgement),
}
