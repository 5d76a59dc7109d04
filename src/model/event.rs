//! What registrard tells the world: CloudEvents 1.0, each with an id that stays the same however often it is delivered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::command::ObjectKey;
use super::deadline::Deadline;
use super::job::{Job, JobId, Move};
use super::request::{NewJob, Reject};

/// The event's id, derived from what it tells: the same happening always has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// Derives an id from the parts that identify the happening.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(id).into_uuid())
    }
}

/// An event on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// For consumers to deduplicate on.
    pub id: EventId,
    /// `<what>.<happening>`, for example `job.succeeded`.
    pub kind: String,
    /// The account it is about; last part of the routing key.
    pub account: String,
    /// The job, if it is about one.
    pub job: Option<JobId>,
    /// When it happened.
    pub time: Timestamp,
    /// The whole CloudEvent as JSON.
    pub body: Value,
    /// Ends a job's life, and so also goes to the job's `reply_to`.
    pub is_final: bool,
    /// Queue for a direct reply.
    pub reply_to: Option<String>,
    /// The publisher's correlation id.
    pub correlation_id: Option<String>,
}

impl Event {
    /// `<what>.<happening>.<account>`.
    #[must_use]
    pub fn routing_key(&self) -> String {
        format!("{}.{}", self.kind, self.account)
    }

    /// The event of a job's move. `deadlines` are the dates the answer named.
    #[must_use]
    pub fn of_move(job: &Job, step: &Move, deadlines: &[Deadline]) -> Self {
        let to = step.to();
        // A life ends once, so its last event is known by the job alone. A doubt or a need for attention may come again
        // within one attempt and is told again.
        let id = if to.is_final() {
            EventId::of(&[b"job", job.id.0.as_bytes(), b"final"])
        } else {
            let (attempt, at) = (step.attempt().to_be_bytes(), step.at.as_microsecond().to_be_bytes());
            EventId::of(&[b"job", job.id.0.as_bytes(), to.word().as_bytes(), &attempt, &at])
        };
        let kind = format!("job.{to}");
        let answer = step.answer.as_ref().or(job.answer.as_ref());
        let mut data = json!({
            "job": job.id,
            "account": job.account,
            "operation": job.operation,
            "object": job.object.as_str(),
            "state": to,
            "cause": step.cause(),
            "attempts": step.attempt(),
            "answer": answer,
        });
        let mut put = |key: &str, value: Value| {
            if !value.is_null() {
                data[key] = value;
            }
        };
        put("reason", json!(step.reason));
        put("code", json!(answer.and_then(|a| a.leading_code())));
        put("batch", json!(job.batch));
        put("context", job.context.clone());
        if !deadlines.is_empty() {
            put("deadlines", json!(deadlines));
        }
        Self {
            body: envelope(id, &kind, &job.id.to_string(), step.at, data),
            id,
            kind,
            account: job.account.clone(),
            job: Some(job.id),
            time: step.at,
            is_final: to.is_final(),
            reply_to: job.reply_to.clone(),
            correlation_id: job.correlation_id.clone(),
        }
    }

    /// The same event, telling of native codes in the answer that stand in no table: nobody may decide on them unseen.
    #[must_use]
    pub fn with_unknown_codes(mut self, codes: &[String]) -> Self {
        if !codes.is_empty() {
            self.body["data"]["unknown_codes"] = json!(codes);
        }
        self
    }

    /// The event of a job that was taken in although it breaks rules; `None` for one that breaks none.
    #[must_use]
    pub fn of_warnings(job: &NewJob, time: Timestamp) -> Option<Self> {
        if job.warnings.is_empty() {
            return None;
        }
        let id = EventId::of(&[b"job", job.id.0.as_bytes(), b"warned"]);
        let mut data = json!({
            "job": job.id,
            "account": job.account,
            "operation": job.operation,
            "object": job.object.as_str(),
            "warnings": job.warnings,
        });
        if let Some(batch) = &job.batch {
            data["batch"] = json!(batch);
        }
        if !job.context.is_null() {
            data["context"] = job.context.clone();
        }
        Some(Self {
            body: envelope(id, "job.warned", &job.id.to_string(), time, data),
            id,
            kind: "job.warned".into(),
            account: job.account.clone(),
            job: Some(job.id),
            time,
            is_final: false,
            reply_to: job.reply_to.clone(),
            correlation_id: job.correlation_id.clone(),
        })
    }

    /// The event of a submission that was turned away. `source` identifies the submission (its bytes), so that a
    /// redelivery produces the same event.
    #[must_use]
    pub fn of_reject(reject: &Reject, about: &RejectedItem<'_>, time: Timestamp) -> Self {
        let id = EventId::of(&[b"reject", about.source, &about.index.to_be_bytes(), reject.code.word().as_bytes()]);
        let account = about.account.unwrap_or("unknown").to_owned();
        let mut data = json!({
            "code": reject.code,
            "reason": reject.reason,
            "publisher": about.publisher,
        });
        if let Some(field) = &reject.field {
            data["field"] = json!(field);
        }
        if let Some(job) = about.job {
            data["job"] = json!(job);
        }
        if !about.context.is_null() {
            data["context"] = about.context.clone();
        }
        let subject = about.job.map_or_else(|| id.0.to_string(), str::to_owned);
        Self {
            body: envelope(id, "job.rejected", &subject, time, data),
            id,
            kind: "job.rejected".into(),
            account,
            job: None,
            time,
            is_final: true,
            reply_to: about.reply_to.map(str::to_owned),
            correlation_id: about.correlation_id.map(str::to_owned),
        }
    }

    /// The event of a registry's message: `message.<kind>`. Known by account and the registry's id alone, so that it is
    /// the same event however often the message is read.
    #[must_use]
    pub fn of_message(told: &Told<'_>, time: Timestamp) -> Self {
        let kind = format!("message.{}", told.kind);
        let id = EventId::of(&[b"message", told.account.as_bytes(), told.id.as_bytes()]);
        Self {
            body: envelope(id, &kind, told.id, time, told.data()),
            id,
            kind,
            account: told.account.to_owned(),
            job: None,
            time,
            is_final: false,
            reply_to: None,
            correlation_id: None,
        }
    }

    /// The event of something that happened to an account: `account.suspended`, `account.paused`, `account.resumed`.
    #[must_use]
    pub fn of_account(account: &str, happening: &str, reason: &str, time: Timestamp) -> Self {
        Self::of_pause("account", account, happening, reason, time)
    }

    /// The event of a pause, or of its end: `batch.stopped`, `publisher.paused`, `operation.resumed`. `what` is the word for
    /// what it is about, `name` which one; it takes the place of the account in the routing key.
    #[must_use]
    pub fn of_pause(what: &str, name: &str, happening: &str, reason: &str, time: Timestamp) -> Self {
        /// Routing keys have 255 bytes, and the kind needs some.
        const LONGEST: usize = 200;
        let kind = format!("{what}.{happening}");
        let id = EventId::of(&[kind.as_bytes(), name.as_bytes(), &time.as_microsecond().to_be_bytes()]);
        let data = json!({ what: name, "reason": reason });
        let end = name.floor_char_boundary(LONGEST);
        Self {
            body: envelope(id, &kind, name, time, data),
            id,
            kind,
            account: name.get(..end).unwrap_or_default().to_owned(),
            job: None,
            time,
            is_final: false,
            reply_to: None,
            correlation_id: None,
        }
    }
}

/// What is known of a submission that was turned away.
#[derive(Clone, Copy, Debug)]
pub struct RejectedItem<'a> {
    /// The bytes it came in.
    pub source: &'a [u8],
    /// Its place in a bulk message; 0 for a single job.
    pub index: u64,
    /// Who published it.
    pub publisher: &'a str,
    /// The account it named, if that account exists.
    pub account: Option<&'a str>,
    /// The id it named, if any.
    pub job: Option<&'a str>,
    /// The publisher's own data, or null.
    pub context: &'a Value,
    /// Queue for a direct reply.
    pub reply_to: Option<&'a str>,
    /// The publisher's correlation id.
    pub correlation_id: Option<&'a str>,
}

/// What a registry's message tells.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The account whose queue it was in.
    pub account: &'a str,
    /// The registry's id of it.
    pub id: &'a str,
    /// The registry's word for its type.
    pub native_kind: &'a str,
    /// Our word for its type.
    pub kind: &'a str,
    /// What it is about, if one object.
    pub object: Option<&'a ObjectKey>,
    /// When the registry wrote it, if it says.
    pub written_at: Option<Timestamp>,
    /// How many there were in the queue, itself included.
    pub count: Option<u64>,
    /// All it says.
    pub said: &'a Value,
    /// Dates it names.
    pub deadlines: &'a [Deadline],
    /// Pending jobs it ended.
    pub ended: &'a [JobId],
}

impl Told<'_> {
    /// As the data of its event, and as it is kept.
    #[must_use]
    pub fn data(&self) -> Value {
        let mut data = json!({
            "account": self.account,
            "id": self.id,
            "type": self.native_kind,
            "kind": self.kind,
            "data": self.said,
            "deadlines": self.deadlines,
            "ended": self.ended,
        });
        let mut put = |key: &str, value: Value| {
            if !value.is_null() {
                data[key] = value;
            }
        };
        put("object", json!(self.object.map(ObjectKey::as_str)));
        put("time", json!(self.written_at));
        put("count", json!(self.count));
        data
    }
}

/// CloudEvents 1.0, structured mode.
pub(in crate::model) fn envelope(id: EventId, kind: &str, subject: &str, time: Timestamp, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "registrard",
        "type": kind,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "data": data,
    })
}
