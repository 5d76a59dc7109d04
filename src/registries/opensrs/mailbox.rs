//! The registry's events: how they are read, what an event means, and how it is acknowledged. One at a time, the oldest; an
//! event that is not acknowledged comes again.

use serde_json::{Map, Value};

use super::calendar;
use super::dialect::Xcp;
use super::outcome::{self, Heard};
use crate::model::deadline::{Word, rules};
use crate::model::verdict::Judgement;
use crate::model::{Answer, ObjectKey, ObjectKind, Operation, Reject, Verdict};
use crate::registries::{Dialect, Ending, Head, Mailbox, Prepared, RegistryMessage, Removed};

/// What is known of a kind of events.
struct Kind {
    /// What it is about, as the registry says it; empty for any.
    object: &'static str,
    /// What happened.
    event: &'static str,
    /// Our word.
    kind: &'static str,
    /// The item that says how an order or a transfer stands now, where it can end jobs.
    status: Option<&'static str>,
}

const fn row(object: &'static str, event: &'static str, kind: &'static str, status: Option<&'static str>) -> Kind {
    Kind { object, event, kind, status }
}

/// The kinds of events (§5.22).
const KINDS: &[Kind] = &[
    row("DOMAIN", "CREATED", "domain_created", None),
    row("DOMAIN", "REGISTERED", "domain_registered", None),
    row("DOMAIN", "RENEWED", "domain_renewed", None),
    row("DOMAIN", "EXPIRED", "domain_expired", None),
    row("DOMAIN", "DELETED", "domain_deleted", None),
    row("DOMAIN", "NAMESERVER_UPDATE", "nameserver_update", None),
    row("DOMAIN", "ZONE_CHECK_STATUS_CHANGE", "zone_check_status_change", None),
    row("DOMAIN", "REGISTRANT_VERIFICATION_STATUS_CHANGE", "registrant_verification_status_change", None),
    row("DOMAIN", "ICANN_TRADE_STATUS_CHANGE", "icann_trade_status_change", None),
    row("DOMAIN", "MESSAGE_STATUS_CHANGE", "message_status_change", None),
    // What it is about is not certain.
    row("", "CLAIM_STATUS_CHANGE", "claim_status_change", None),
    row("ORDER", "STATUS_CHANGE", "order_status_change", Some("order_status")),
    // Under which name its status comes is not certain.
    row("TRANSFER", "STATUS_CHANGE", "transfer_status_change", Some("transfer_status")),
];

/// Our word for a kind that stands in no table.
const UNKNOWN: Kind = row("", "", "raw", None);

/// An event that could be stored but never acknowledged, nor told from the next one of its kind.
const NAMELESS: &str = "the oldest event has no id by which it can be acknowledged";

/// The jobs that an order of a kind may belong to. A job that runs a kept order is one, too.
const ORDERS: &[(&[&str], &[Operation])] = &[
    (&["renewal"], &[Operation::DomainRenew, Operation::OrderProcess, Operation::Raw]),
    (&["transfer"], &[Operation::DomainTransfer, Operation::OrderProcess, Operation::Raw]),
    (&["new", "premium", "sunrise", "landrush"], &[Operation::DomainCreate, Operation::OrderProcess, Operation::Raw]),
];

/// Where answers show the numbers of the orders they are about.
const NUMBERS: &[&str] = &["/id", "/order_id", "/field_hash/id", "/rwi_attributes/order_id"];

impl Mailbox for Xcp {
    fn read(&self) -> Result<Prepared, Reject> {
        self.prepare(Operation::MessageRead, &Map::new(), "")
    }

    fn head(&self, answer: &Answer) -> Head {
        head(answer)
    }

    fn concerns(&self, message: &RegistryMessage, answer: &Answer) -> bool {
        concerns(message, answer)
    }

    fn calendar(&self, heard: &rules::Heard<'_>) -> Vec<Word> {
        calendar::calendar(heard)
    }

    fn remove(&self, message: &str, transaction: &str) -> Result<Prepared, Reject> {
        let params = Map::from_iter([("id".to_owned(), Value::from(message))]);
        self.prepare(Operation::MessageDelete, &params, transaction)
    }

    fn removed(&self, answer: &Answer) -> Removed {
        outcome::removed(answer)
    }
}

fn head(answer: &Answer) -> Head {
    if outcome::heard(Operation::MessageRead, answer) != Heard::Shown {
        return Head::Refused(outcome::judge(Operation::MessageRead, answer));
    }
    let refused = |why: &str| Head::Refused(Judgement::plain(Verdict::Refused(why.to_owned())));
    match answer.data.get("events") {
        None | Some(Value::Null) => Head::Empty,
        Some(Value::Array(events)) => match events.first() {
            None => Head::Empty,
            Some(event) => message(event).map_or_else(|| refused(NAMELESS), |message| Head::Message(Box::new(message))),
        },
        Some(_) => refused("the answer shows no list of events"),
    }
}

fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    Some(data.get(field)?.as_str()?.trim()).filter(|text| !text.is_empty())
}

fn message(event: &Value) -> Option<RegistryMessage> {
    let is_id = |id: &&str| id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_graphic());
    let id = text(event, "event_id").filter(is_id)?;
    let [object, happened] = ["object", "event"].map(|field| text(event, field).unwrap_or_default());
    let is = |word: &str, known: &str| known.is_empty() || word.eq_ignore_ascii_case(known);
    let kind = KINDS.iter().find(|kind| is(object, kind.object) && is(happened, kind.event)).unwrap_or(&UNKNOWN);
    let data = event.get("object_data").cloned().unwrap_or_default();
    let domain = text(&data, "domain_name").map(|name| ObjectKey::new(ObjectKind::Domain, &ace(name)));
    Some(RegistryMessage {
        id: id.to_owned(),
        // Of what is left only the acknowledgement tells.
        count: None,
        written_at: text(event, "event_date").and_then(outcome::instant),
        native_kind: format!("{object} {happened}").trim().to_owned(),
        kind: kind.kind,
        object: domain,
        deadlines: outcome::deadlines(&data),
        ends: kind.status.and_then(|field| ends(object, field, &data)),
        data,
    })
}

/// A name as jobs write it.
pub(super) fn ace(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    idna::domain_to_ascii(&name).unwrap_or(name)
}

/// Orders end when they are completed, declined or cancelled; everything else is a step on the way.
fn ends(object: &str, field: &str, data: &Value) -> Option<Ending> {
    let status = text(data, field).or_else(|| text(data, "status"))?.to_ascii_lowercase();
    let succeeded = match status.as_str() {
        "completed" => true,
        // One l in events, two in lists.
        "declined" | "cancelled" | "canceled" | "deleted" => false,
        _ => return None,
    };
    let kind = match object.eq_ignore_ascii_case("TRANSFER") {
        true => "transfer",
        false => text(data, "order_reg_type")?,
    };
    let (_, operations) =
        ORDERS.iter().find(|(kinds, _)| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)))?;
    let number = text(data, "order_id").map(|number| format!(" {}", number.escape_default())).unwrap_or_default();
    Some(Ending { operations, succeeded, reason: format!("the registry's order{number} ({kind}) is {status}") })
}

/// Whether an event is about the order that was answered so. A name may have several: an order that takes the place of
/// others makes the registry cancel them, which is no end of its own job.
fn concerns(message: &RegistryMessage, answer: &Answer) -> bool {
    let Some(number) = text(&message.data, "order_id") else { return true };
    let shown: Vec<&str> = numbers(answer).collect();
    shown.is_empty() || shown.contains(&number)
}

/// The numbers of the orders that an answer shows.
pub(super) fn numbers(answer: &Answer) -> impl Iterator<Item = &str> {
    let shown = NUMBERS.iter().filter_map(|place| answer.data.pointer(place)?.as_str()).map(str::trim);
    shown.filter(|shown| !shown.is_empty() && *shown != "0")
}

#[cfg(test)]
#[path = "mailbox/tests.rs"]
mod tests;
