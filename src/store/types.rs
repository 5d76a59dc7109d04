//! What goes into the store and comes out of it, besides the model's own types.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::deadline::Word;
use crate::model::{Event, Job, JobId, Question, State};

/// What became of one job at intake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Stored.
    New,
    /// Known with the same content; it is in this state.
    Duplicate(State),
    /// Known with different content; the first stands.
    Conflict,
    /// It would wait, over the jobs in its `after`, for itself.
    Cycle,
}

/// The claim of one job together with the intent of its attempt.
#[derive(Clone, Debug)]
pub struct Start {
    /// The job.
    pub job: JobId,
    /// The queue it was read from.
    pub queue: String,
    /// The attempt it was in when it was read; the new one is one higher.
    pub attempt: u32,
    /// Transaction id of the request.
    pub transaction: String,
    /// SHA-256 of the request's bytes.
    pub digest: [u8; 32],
}

/// Ownership of a name (an account, or `outbox`), with the fence that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What is owned.
    pub name: String,
    /// By which daemon.
    pub owner: String,
    /// Higher than that of every earlier owner.
    pub fence: i64,
}

/// A block of sends reserved for the throttle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendBlock {
    /// The account.
    pub account: String,
    /// Ascending per account.
    pub number: i64,
    /// How many sends.
    pub slots: u32,
    /// When it was reserved.
    pub reserved_at: Timestamp,
    /// When its last send was answered; `None` while it may still be used.
    pub closed_at: Option<Timestamp>,
}

/// Suspension and cool-down of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountState {
    /// The account.
    pub account: String,
    /// Why it is suspended, if it is.
    pub suspended: Option<String>,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// It sends nothing before this instant.
    pub cooldown_until: Option<Timestamp>,
    /// Why it is silent.
    pub cooldown_reason: Option<String>,
    /// Why no session of it can be opened, if that is so.
    pub trouble: Option<String>,
    /// Since when.
    pub trouble_since: Option<Timestamp>,
}

/// An event in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// Order of writing.
    pub seq: i64,
    /// The event.
    pub event: Event,
    /// When the broker confirmed it.
    pub sent_at: Option<Timestamp>,
    /// How often delivery failed.
    pub tries: u32,
}

/// One attempt of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptView {
    /// 1, 2, 3, …
    pub attempt: u32,
    /// Transaction id sent with it.
    pub transaction: String,
    /// SHA-256 of the request, hexadecimal.
    pub digest: String,
    /// Owner's fence.
    pub fence: i64,
    /// When the intent was written.
    pub started_at: Timestamp,
    /// When its outcome was written.
    pub ended_at: Option<Timestamp>,
    /// How it ended (a word of [`crate::model::Cause`]).
    pub cause: Option<String>,
    /// The code that decided, if the registry answered.
    pub code: Option<String>,
    /// Why, for people.
    pub reason: Option<String>,
    /// The parameters as completed by reading, of a job that states only what shall change.
    pub whole: Option<Map<String, Value>>,
}

/// One conversation with the registry about a job, and what it led to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InquiryView {
    /// 1, 2, 3, …; of many that settled nothing in a row some are missing.
    pub number: u32,
    /// The attempt it was about.
    pub attempt: u32,
    /// The state the job was in: in doubt, or pending.
    pub about: State,
    /// When it ended.
    pub asked_at: Timestamp,
    /// What was asked, in order.
    pub questions: Vec<Question>,
    /// What was found (one of [`crate::model::Finding::WORDS`]).
    pub finding: String,
    /// What of the answers proves it.
    pub evidence: String,
    /// How the job moved (a word of [`crate::model::Cause`]).
    pub cause: String,
}

/// Everything about one job.
#[derive(Clone, Debug)]
pub struct JobDetail {
    /// The job.
    pub job: Job,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptView>,
    /// What the registry was asked about it, oldest first.
    pub inquiries: Vec<InquiryView>,
    /// Jobs it still waits for, with the kind of link (`after` or `object`).
    pub waits_for: Vec<(JobId, String)>,
    /// Its events, oldest first.
    pub events: Vec<OutboxRow>,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only these states; empty means all.
    pub states: Vec<State>,
    /// Only this account.
    pub account: Option<String>,
    /// Only this batch.
    pub batch: Option<String>,
    /// Only this object (`domain:example.de`).
    pub object: Option<String>,
    /// Only jobs that arrived before this sequence number (paging).
    pub before_seq: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// A batch and what became of its jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchView {
    /// Its name.
    pub name: String,
    /// Who published into it first.
    pub publisher: String,
    /// When its first job arrived.
    pub created_at: Timestamp,
    /// Jobs in it.
    pub total: u64,
    /// Jobs by state, only states that occur.
    pub by_state: Vec<(State, u64)>,
}

/// Jobs of one account in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The account.
    pub account: String,
    /// The state.
    pub state: State,
    /// How many.
    pub jobs: u64,
    /// Since when the oldest of them is late: due (waiting), in doubt (in doubt), else arrived. May be still to come.
    pub oldest: Option<Timestamp>,
}

/// A registry's message as it is stored; its account is that of the lease it is received under.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxMessage {
    /// The registry's id of it.
    pub id: String,
    /// The registry's word for its type.
    pub native_kind: String,
    /// Our word for its type; `raw` if nobody knows the type.
    pub kind: String,
    /// What it is about (`domain:example.de`), if one object.
    pub object: Option<String>,
    /// When the registry wrote it, if it says.
    pub written_at: Option<Timestamp>,
    /// When it was read.
    pub received_at: Timestamp,
    /// The data of its event.
    pub body: Value,
    /// What it says for the calendar.
    pub words: Vec<Word>,
}

/// What became of a message that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Stored, with its event and what it ends.
    New,
    /// It was stored before.
    Known,
    /// A job it was to end has moved meanwhile; nothing was stored. Look again at what it ends.
    Overtaken,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InboxRow {
    /// Order of receipt.
    pub seq: i64,
    /// The account.
    pub account: String,
    /// The registry's id of it.
    pub id: String,
    /// The registry's word for its type.
    pub native_kind: String,
    /// Our word for its type.
    pub kind: String,
    /// What it is about, if one object.
    pub object: Option<String>,
    /// When the registry wrote it.
    pub written_at: Option<Timestamp>,
    /// When it was read.
    pub received_at: Timestamp,
    /// Removals begun.
    pub tries: u32,
    /// When the registry had removed it.
    pub removed_at: Option<Timestamp>,
    /// Why it could not be removed when that was last tried.
    pub why: Option<String>,
    /// The data of its event.
    pub body: Value,
}

/// Which messages to list.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// Only this account.
    pub account: Option<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only those not yet removed at the registry.
    pub only_open: bool,
    /// Only those received before this sequence number (paging).
    pub before_seq: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// Unsent events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub unsent: u64,
    /// When the oldest happened.
    pub oldest: Option<Timestamp>,
}

/// What a migration did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Schema version before; 0 for an empty database.
    pub from: i64,
    /// Schema version now.
    pub to: i64,
}
