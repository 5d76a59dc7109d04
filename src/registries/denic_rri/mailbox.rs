//! The queue of messages: how it is read, what a message means, and how it is removed. Without a type of messages in
//! either request, so that the head that was read is the head that is removed.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::check::names;
use super::commands::queue_delete::is_id;
use super::dialect::Rri;
use super::{calendar, outcome};
use crate::model::command::ObjectKind;
use crate::model::deadline::rules::Heard;
use crate::model::deadline::{Deadline, DeadlineKind, Word};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Message, ObjectKey, Operation, Reject, Verdict};
use crate::registries::{Dialect, Ending, Head, Mailbox, Prepared, RegistryMessage, Removed};

/// What is known of a type of messages.
struct Kind {
    /// The registry's word; it spells it in several ways, so case does not count.
    native: &'static str,
    /// Ours.
    kind: &'static str,
    /// The field that names the object.
    object: Option<(&'static str, ObjectKind)>,
    /// Whether and how it ends pending orders.
    ends: Ends,
}

/// How a type of messages ends pending orders for its domain.
#[derive(Clone, Copy)]
enum Ends {
    /// Not at all.
    Nothing,
    /// By the status the domain has now.
    ByStatus,
    /// The domain is gone, so no order for it will be finished.
    TurnedDown,
}

/// A message that could be stored but never removed, nor told from the next one of its kind.
const NAMELESS: &str = "the message at the head of the queue has no id by which it can be removed";

const DOMAIN: Option<(&str, ObjectKind)> = Some(("ace", ObjectKind::Domain));
const CONTACT: Option<(&str, ObjectKind)> = Some(("handle", ObjectKind::Contact));

const fn row(native: &'static str, kind: &'static str, object: Option<(&'static str, ObjectKind)>, ends: Ends) -> Kind {
    Kind { native, kind, object, ends }
}

/// The types of messages.
const KINDS: &[Kind] = &[
    row("authInfo2Notify", "authinfo2_notify", DOMAIN, Ends::Nothing),
    row("authInfo2Delete", "authinfo2_delete", DOMAIN, Ends::Nothing),
    row("authInfoExpire", "authinfo_expire", DOMAIN, Ends::Nothing),
    row("chprovAuthInfo", "transferred_away", DOMAIN, Ends::Nothing),
    row("contactDelete", "contact_delete", CONTACT, Ends::Nothing),
    // Not in the manual, and sent all the same.
    row("contactUpdate", "contact_update", CONTACT, Ends::Nothing),
    row("contactVerificationRequired", "contact_verification_required", CONTACT, Ends::Nothing),
    row("domainDelete", "domain_delete", DOMAIN, Ends::TurnedDown),
    row("domainStatusUpdate", "domain_status_update", DOMAIN, Ends::ByStatus),
    row("expireWarning", "expire_warning", DOMAIN, Ends::Nothing),
    row("expire", "expire", DOMAIN, Ends::TurnedDown),
];

/// Our word for a type that stands in no table; its object is a domain if it names one.
const UNKNOWN: Kind = row("", "raw", DOMAIN, Ends::Nothing);

/// How a status ends the orders for its domain, in words for people. `pendingCreate` ends nothing: the assessment goes
/// on. A domain in quarantine is registered, so the order was carried out; what threatens it stands in the deadlines.
const STATUSES: &[(&str, &str)] = &[
    ("connect", "the registry has assessed the order: the domain is delegated"),
    ("serverHold", "the registry has assessed the order: the domain is registered, but quarantined (serverHold)"),
    ("failed", "the registry has assessed the order: the domain is registered, but not delegated (failed)"),
];

const DEADLINES: &[(&str, DeadlineKind)] = &[
    ("/verification_deadline_before_dedelegation", DeadlineKind::VerificationBeforeDedelegation),
    ("/verification_deadline_before_deletion", DeadlineKind::VerificationBeforeDeletion),
    ("/earliest_for_dedelegation/deadline", DeadlineKind::VerificationBeforeDedelegation),
    ("/earliest_for_deletion/deadline", DeadlineKind::VerificationBeforeDeletion),
    ("/expire", DeadlineKind::FailedDomainExpiry),
];

impl Mailbox for Rri {
    fn read(&self) -> Result<Prepared, Reject> {
        self.prepare(Operation::MessageRead, &Map::new(), "")
    }

    fn head(&self, answer: &Answer) -> Head {
        if !outcome::is_success(answer) {
            return Head::Refused(self.judge(Operation::MessageRead, answer));
        }
        let count = answer.data.get("count").and_then(Value::as_u64);
        match message(&answer.data, count) {
            Some(message) => Head::Message(Box::new(message)),
            // A count of zero in one format, and nothing at all in the other.
            None if count.unwrap_or(0) == 0 && answer.data.get("id").is_none() => Head::Empty,
            None => Head::Refused(Judgement::plain(Verdict::Refused(NAMELESS.into()))),
        }
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        calendar::calendar(self, heard)
    }

    fn remove(&self, message: &str, transaction: &str) -> Result<Prepared, Reject> {
        let params = Map::from_iter([("id".to_owned(), Value::from(message))]);
        self.prepare(Operation::MessageDelete, &params, transaction)
    }

    fn removed(&self, answer: &Answer) -> Removed {
        outcome::removed(answer)
    }
}

/// The message in the data of an answer, if there is one.
fn message(data: &Value, count: Option<u64>) -> Option<RegistryMessage> {
    let text = |field: &str| data.get(field).and_then(Value::as_str);
    let (id, native) = (text("id").filter(|id| is_id(id))?, text("type").unwrap_or_default());
    let kind = KINDS.iter().find(|kind| kind.native.eq_ignore_ascii_case(native)).unwrap_or(&UNKNOWN);
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let deadlines = DEADLINES
        .iter()
        .filter_map(|(field, deadline)| Some(Deadline { kind: *deadline, due: time(data.pointer(field)?.as_str()?)? }));
    let mut said = data.clone();
    if let Some(said) = said.as_object_mut() {
        // Told beside it, with the names all registries share.
        said.retain(|field, _| !["id", "type", "time", "count"].contains(&field.as_str()));
    }
    Some(RegistryMessage {
        id: id.to_owned(),
        count,
        written_at: text("time").and_then(time),
        native_kind: native.to_owned(),
        kind: kind.kind,
        object: kind.object.and_then(|(field, of)| object(data, field, of)),
        deadlines: deadlines.collect(),
        ends: ends(kind.ends, data),
        data: said,
    })
}

/// The one object a message is about, under the name jobs use: a domain's ACE form, a single handle.
fn object(data: &Value, field: &str, kind: ObjectKind) -> Option<ObjectKey> {
    // A plain name may come without its ACE form.
    let name = match data.get(field).or_else(|| data.get("domain"))? {
        Value::String(name) => name,
        Value::Array(names) => match names.as_slice() {
            [Value::String(name)] => name,
            _ => return None,
        },
        _ => return None,
    };
    if kind == ObjectKind::Domain
        && let Ok(name) = names::domain(field, name)
    {
        return Some(ObjectKey::new(kind, &name.ace));
    }
    Some(ObjectKey::new(kind, name))
}

fn ends(ends: Ends, data: &Value) -> Option<Ending> {
    let status = data.get("status").and_then(Value::as_str).unwrap_or_default();
    let (succeeded, words) = match ends {
        Ends::Nothing => return None,
        Ends::ByStatus => (true, STATUSES.iter().find(|(known, _)| known.eq_ignore_ascii_case(status))?.1),
        Ends::TurnedDown => (false, "the registry has deleted the domain"),
    };
    Some(Ending { operations: outcome::ASSESSED, succeeded, reason: because(words, data) })
}

/// The words with what the registry says to them. Its arguments are a reason or dates, nothing personal.
fn because(words: &str, data: &Value) -> String {
    let messages = data.get("messages").cloned().unwrap_or_default();
    let messages: Vec<Message> = serde_json::from_value(messages).unwrap_or_default();
    let said = messages.iter().map(|message| {
        let arguments: Vec<_> = message.arguments.iter().filter(|argument| !argument.is_empty()).cloned().collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!(" [{}]", arguments.join(", ")) };
        format!("{} {}{arguments}", message.code, message.text)
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() { words.to_owned() } else { format!("{words}: {}", said.join("; ")) }
}

#[cfg(test)]
#[path = "mailbox/tests.rs"]
mod tests;
