//! The registry's messages: what other registrars did, and what the registry did by itself. Each stays in the queue until
//! it is acknowledged by the ids of the response inside. One without `TransId` cannot be acknowledged: those behind it are
//! read past it, and when it is alone it is stored and stays, until somebody has the queue emptied (`ResetMsgQ`), which
//! would throw away what was not read and so is never done here.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calendar;
use super::check::names;
use super::commands::messages::MessageId;
use super::dialect::Srs;
use super::outcome;
use crate::model::deadline::Word;
use crate::model::deadline::rules::Heard;
use crate::model::verdict::Judgement;
use crate::model::{Answer, ObjectKey, ObjectKind, Operation, Reject, Verdict};
use crate::registries::{Dialect, Head, Mailbox, Prepared, RegistryMessage, Removed};

/// Messages that are read at once, so that some that cannot be acknowledged do not stand in the way of the others.
const AT_ONCE: u64 = 20;
/// What the id of a message begins with that cannot be acknowledged: the numbers of its documents follow.
const STUCK: &str = "fe:";
/// The registry's nightly job that renews.
const RENEWAL: &str = "RenewDomains";

impl Mailbox for Srs {
    fn read(&self) -> Result<Prepared, Reject> {
        let params = Map::from_iter([("limit".to_owned(), json!(AT_ONCE))]);
        self.prepare(Operation::MessageRead, &params, "")
    }

    fn head(&self, answer: &Answer) -> Head {
        head(answer)
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        calendar::calendar(heard)
    }

    fn remove(&self, message: &str, transaction: &str) -> Result<Prepared, Reject> {
        if message.starts_with(STUCK) {
            // Asking once more does no harm; [`outcome::removed`] says why nothing was removed.
            return self.read();
        }
        let params = Map::from_iter([("id".to_owned(), Value::from(message))]);
        self.prepare(Operation::MessageDelete, &params, transaction)
    }

    fn removed(&self, answer: &Answer) -> Removed {
        outcome::removed(answer)
    }
}

fn head(answer: &Answer) -> Head {
    let judgement = outcome::judge(Operation::MessageRead, answer);
    if judgement.verdict != Verdict::Done {
        return Head::Refused(judgement);
    }
    let messages: Vec<&Value> = match answer.data.get("Message") {
        Some(Value::Array(messages)) => messages.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let inner = |message: &'_ &Value| message.get("Response").filter(|inner| inner.is_object()).is_some();
    let readable: Vec<&Value> = messages.iter().copied().filter(inner).collect();
    if let Some(found) = readable.iter().find_map(|one| Some((*one, id(one)?))) {
        return Head::Message(Box::new(message(found.0, found.1, messages.len())));
    }
    match readable.as_slice() {
        [] if messages.is_empty() => Head::Empty,
        [] => Head::Refused(Judgement::plain(Verdict::Refused("the oldest message holds no Response".into()))),
        [one] => Head::Message(Box::new(message(one, stuck(&readable), 1))),
        // Together, so that each of them is stored: there is no way to read past the first.
        all => Head::Message(Box::new(RegistryMessage {
            id: stuck(all),
            count: u64::try_from(all.len()).ok(),
            written_at: None,
            native_kind: "messages without TransId".into(),
            kind: "raw",
            object: None,
            data: json!({ "Message": all }),
            deadlines: Vec::new(),
            ends: None,
        })),
    }
}

fn text<'a>(data: &'a Value, place: &str) -> Option<&'a str> {
    data.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The id by which a message is acknowledged, byte for byte.
fn id(message: &Value) -> Option<String> {
    let id = format!("{}:{}", text(message, "/Response/OrigRegistrarId")?, text(message, "/Response/TransId")?);
    MessageId::read(&id).map(|_| id)
}

/// The id under which messages are stored that cannot be acknowledged.
fn stuck(messages: &[&Value]) -> String {
    let part = |message: &&Value, name: &str| text(message, &format!("/Response/{name}")).unwrap_or("?").to_owned();
    let number = |message: &&Value| format!("{}-{}", part(message, "FeId"), part(message, "FeSeq"));
    let numbers: Vec<String> = messages.iter().map(number).collect();
    format!("{STUCK}{}", numbers.join(","))
}

fn message(message: &Value, id: String, at_least: usize) -> RegistryMessage {
    let inner = message.get("Response").cloned().unwrap_or_default();
    let native = text(&inner, "/Action").unwrap_or_default().to_owned();
    let names = domains(&inner);
    let object = match names.as_slice() {
        [one] => Some(ObjectKey::new(ObjectKind::Domain, one)),
        _ => text(&inner, "/Handle/HandleId").map(|id| ObjectKey::new(ObjectKind::Contact, &id.to_lowercase())),
    };
    // Whether it counts the message itself is not known; the sample says 3 of a queue whose length nobody tells.
    let left = text(message, "/Remaining").and_then(|count| count.trim().parse::<u64>().ok());
    RegistryMessage {
        id,
        count: left.map(|left| left.max(u64::try_from(at_least).unwrap_or(1))),
        written_at: text(&inner, "/FeTimeStamp").and_then(|date| date.parse::<Timestamp>().ok()),
        kind: kind(&native, &inner),
        native_kind: native,
        deadlines: if names.len() == 1 { outcome::deadlines(&inner) } else { Vec::new() },
        object,
        data: inner,
        // Nothing stays pending at this registry.
        ends: None,
    }
}

/// The domains a message is about; it may be many.
fn domains(inner: &Value) -> Vec<String> {
    let named = |value: &Value| value.get("DomainName").and_then(Value::as_str).map(str::to_owned);
    let shown: Vec<String> = match inner.get("Domain") {
        Some(Value::Array(domains)) => domains.iter().filter_map(named).collect(),
        Some(one) => named(one).into_iter().collect(),
        None => Vec::new(),
    };
    let gone = inner.pointer("/DomainTransfer/TransferredDomain").and_then(Value::as_array);
    let gone = gone.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    shown.into_iter().chain(gone).map(|name| ace(&name)).collect()
}

/// A name as jobs write it.
pub(super) fn ace(name: &str) -> String {
    names::host("", name.trim()).unwrap_or_else(|_| name.to_lowercase())
}

/// Our word for a kind of message (reference 8.2).
fn kind(action: &str, inner: &Value) -> &'static str {
    let domain = match inner.get("Domain") {
        Some(Value::Array(domains)) => domains.first(),
        one => one,
    };
    let of_domain = |place: &str| domain.and_then(|domain| text(domain, place));
    let is_renewal = text(inner, "/TransId").is_some_and(|id| id.starts_with(RENEWAL))
        || of_domain("/AuditDetails/AuditText").is_some_and(|text| text.starts_with(RENEWAL));
    match action {
        _ if inner.get("Error").is_some() => "failed_action",
        "DomainTransfer" => "transferred_away",
        "DomainUpdate" if is_renewal => "domain_renewed",
        "DomainUpdate" if of_domain("/UDAI").is_some() => "udai_created",
        "DomainUpdate" => match of_domain("/Status") {
            Some("PendingRelease") => "domain_cancelled",
            Some("Available") => "domain_released",
            _ => "domain_updated",
        },
        "DomainCreate" => "domain_created",
        "HandleCreate" | "HandleUpdate" => "contact_updated",
        "RegistrarUpdate" | "RegistrarCreate" => "account_updated",
        _ => "raw",
    }
}

#[cfg(test)]
mod tests;
