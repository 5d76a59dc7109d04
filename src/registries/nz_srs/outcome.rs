//! What an answer means. The `ErrorId` decides, and for one that nobody knows the hint beside it. The only place that reads
//! them.

mod classes;
mod codes;

pub use codes::explained;
use jiff::Timestamp;
use serde_json::Value;

use self::classes::{CHECKLIST, Class};
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Level, Operation, Verdict};
use crate::registries::{Explanation, Removed};

/// Where a domain does not show: the two are answered alike.
const NOT_OURS: &str = "nothing matched: the domain is not ours, or does not exist (see domain.info, question: public)";

/// The error of an answer.
struct Said<'a> {
    id: &'a str,
    text: &'a str,
    details: &'a [String],
    hint: &'a str,
}

impl<'a> Said<'a> {
    fn of(answer: &'a Answer) -> Option<Self> {
        let message = answer.messages.iter().find(|message| message.level == Level::Error)?;
        let hint = answer.data.pointer("/Error/Hint").and_then(Value::as_str).unwrap_or_default().trim();
        Some(Self { id: &message.code, text: &message.text, details: &message.arguments, hint })
    }

    /// The class and what is to be known about it.
    fn class(&self, operation: Operation) -> (Class, &'static str) {
        let is_unknown_result = self.hint == "UNKNOWN_RESULT";
        match codes::find(operation, self.id) {
            Some(row) if is_unknown_result && row.class != Class::Suspend => {
                (Class::Ask, "the registry does not know whether it was done")
            }
            Some(row) if self.id == codes::MISSING && self.details.iter().any(|detail| detail == codes::UDAI) => {
                (if row.class == Class::Refused { Class::Already } else { row.class }, NOT_OURS)
            }
            Some(row) => (row.class, row.remark),
            None => match codes::HINTS.iter().find(|(hint, _)| *hint == self.hint) {
                Some((_, class)) => (*class, "no known error"),
                None => (Class::Ask, "no known error, and no known hint"),
            },
        }
    }

    fn reason(&self, remark: &str) -> String {
        let details = match self.details {
            [] => String::new(),
            details => format!(" [{}]", details.join("; ")),
        };
        let checklist = if codes::UNSIGNED.contains(&self.id) { format!("; {CHECKLIST}") } else { String::new() };
        format!("{} {}{details} ({remark}){checklist}", self.id.escape_default(), self.text)
    }
}

/// What the answer to an operation means for its job.
pub fn judge(operation: Operation, answer: &Answer) -> Judgement {
    let Some(said) = Said::of(answer) else {
        let verdict = shown(operation, answer);
        return Judgement { deadlines: deadlines(&answer.data), ..Judgement::plain(verdict) };
    };
    let (class, remark) = said.class(operation);
    let unknown = codes::find(operation, said.id).is_none().then(|| said.id.to_owned());
    Judgement {
        unknown_codes: unknown.into_iter().collect(),
        ..Judgement::plain(class.verdict(operation, said.reason(remark)))
    }
}

/// What an answer without error means: it must show what was asked for or ordered.
fn shown(operation: Operation, answer: &Answer) -> Verdict {
    use Operation::{
        ContactCreate, ContactInfo, DomainAuthcodeCheck, DomainAuthcodeCreate, DomainChangeHolder, DomainCheck,
        DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainRestore, DomainTransfer, DomainUpdate,
    };
    let has = |name: &str| answer.data.get(name).is_some_and(|value| !value.is_null());
    let unsure = |what: &str| Verdict::Unsure(format!("no error, and the answer shows no {what}"));
    match operation {
        DomainCreate if !has("Domain") => unsure("Domain"),
        ContactCreate if !has("Handle") => unsure("Handle"),
        DomainAuthcodeCreate if has("Domain") && answer.data.pointer("/Domain/UDAI").is_none() => unsure("UDAI"),
        DomainTransfer if !has("Domain") && free(answer) => {
            Verdict::Refused("nobody has the domain, so there is nothing to transfer: order domain.create".into())
        }
        DomainUpdate | DomainChangeHolder | DomainRenew | DomainTransfer | DomainDelete | DomainRestore
        | DomainAuthcodeCreate
            if !has("Domain") =>
        {
            Verdict::RefusedUnlessLost(NOT_OURS.into())
        }
        DomainInfo if !has("Domain") => Verdict::Refused(NOT_OURS.into()),
        DomainCheck if !has("Domain") => Verdict::Refused("the answer shows no Domain".into()),
        DomainAuthcodeCheck if !has("UDAIValid") => {
            Verdict::Refused("the answer does not say whether it is valid".into())
        }
        ContactInfo if !has("Handle") => Verdict::Refused("no such contact of ours".into()),
        _ => Verdict::Done,
    }
}

/// Whether the Whois that went with a transfer says that nobody has the name.
fn free(answer: &Answer) -> bool {
    answer.data.pointer("/Whois/Domain/Status").and_then(Value::as_str) == Some("Available")
}

/// The dates an answer names. Only `BilledUntil`: all others (release, grace, the end of a UDAI) would have to be computed
/// from rules that the protocol does not tell. Of a cancelled domain it is no end of anything.
pub fn deadlines(data: &Value) -> Vec<Deadline> {
    let domain = data.get("Domain");
    let text = |name: &str| domain.and_then(|domain| domain.get(name)).and_then(Value::as_str);
    let due = text("BilledUntil").and_then(|date| date.parse::<Timestamp>().ok());
    match due.filter(|_| text("Status").is_none_or(|status| status == "Active")) {
        Some(due) => vec![Deadline { kind: DeadlineKind::DomainExpiry, due }],
        None => Vec::new(),
    }
}

/// What an error means in the answer to an operation.
pub fn explain(operation: Operation, id: &str) -> Option<Explanation> {
    let row = codes::find(operation, id)?;
    Some(Explanation { meaning: row.class.words(), remark: row.remark })
}

/// What a question brought to light.
pub enum Heard {
    /// An answer without error.
    Answered,
    /// The registry refuses the question for good: where it was about an action, it knows of none.
    Refused(String),
    /// The question was not answered; the reason.
    Unanswered(String),
}

/// Reads the answer to a question about a doubt.
pub fn heard(operation: Operation, answer: &Answer) -> Heard {
    let Some(said) = Said::of(answer) else { return Heard::Answered };
    let (class, remark) = said.class(operation);
    let reason = said.reason(remark);
    match class {
        // A role that is missing says nothing about the action.
        Class::Refused | Class::Already if said.id != "PERMISSION_DENIED" => Heard::Refused(reason),
        _ => Heard::Unanswered(reason),
    }
}

/// What became of a message that was to be acknowledged.
pub fn removed(answer: &Answer) -> Removed {
    let judgement = judge(Operation::MessageDelete, answer);
    match judgement.verdict {
        // Where it could not be acknowledged, the queue was asked in place of it.
        Verdict::Done if answer.data.get("AckResponse").is_none() && answer.result != "Error" => {
            Removed::Refused(Judgement::plain(Verdict::ByHand(UNACKNOWLEDGEABLE.into())))
        }
        Verdict::Done => Removed::Gone,
        _ => Removed::Refused(judgement),
    }
}

/// What to do about a message without `TransId`.
const UNACKNOWLEDGEABLE: &str = "the message has no TransId, so it cannot be acknowledged by itself; it is stored. When no \
    other message waits, have the queue emptied: a raw job with ResetMsgQ, which throws away what was not read";

#[cfg(test)]
mod tests;
