//! The jobs the calendar submits: questions about dates that have passed, and what the configuration prepares for dates that
//! come near. Their ids follow from what brought them about, so that one that is submitted twice is known.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::config::Act;
use crate::model::deadline::{AtEnd, Entry};
use crate::model::{EventId, JobId, Operation};

/// A job to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: JobId,
    /// As a publisher would write it.
    pub job: Value,
}

/// The question whether what was due has been done, with what its registry wants to be told `more`; `None` for kinds nobody can be
/// asked about.
#[must_use]
pub fn question(entry: &Entry, number: u32, more: Map<String, Value>) -> Option<Order> {
    let (AtEnd::AskMet | AtEnd::AskMissed) = entry.kind.at_end() else { return None };
    let (operation, name) = match entry.object.as_str().split_once(':')? {
        ("contact", _) => (Operation::ContactInfo, "handle"),
        _ => (Operation::DomainInfo, "domain"),
    };
    let mut params = Map::from_iter([(name.to_owned(), json!(entry.object.name()))]);
    params.extend(more);
    Some(order(entry, operation.name(), params, &format!("ask {number}")))
}

/// The job that is prepared for an entry.
#[must_use]
pub fn prepared(entry: &Entry, act: &Act, zone: &TimeZone) -> Order {
    let day = entry.due.to_zoned(zone.clone()).date();
    let fill = |(name, value): (&String, &Value)| (name.clone(), filled(value, entry.object.name(), day));
    order(entry, &act.operation, act.params.iter().map(fill).collect(), "act")
}

fn order(entry: &Entry, operation: &str, params: Map<String, Value>, purpose: &str) -> Order {
    let due = entry.due.as_microsecond().to_be_bytes();
    let opened = entry.opened_at.as_microsecond().to_be_bytes();
    let (account, object) = (entry.account.as_bytes(), entry.object.as_str().as_bytes());
    let kind = entry.kind.word();
    let id = EventId::of(&[b"calendar", purpose.as_bytes(), account, object, kind.as_bytes(), &opened, &due]);
    let id = JobId(id.0);
    let job = json!({
        "id": id,
        "account": entry.account,
        "operation": operation,
        "params": params,
        "class": "urgent",
        "context": { "deadline": { "kind": kind, "object": entry.object.as_str(), "due": entry.due } },
    });
    Order { id, job }
}

/// A value of the configuration with its places filled in.
fn filled(value: &Value, object: &str, day: jiff::civil::Date) -> Value {
    match value {
        Value::String(text) if text == "{year}" => json!(day.year()),
        Value::String(text) => {
            let text = text.replace("{object}", object).replace("{date}", &day.to_string());
            json!(text.replace("{year}", &day.year().to_string()))
        }
        Value::Array(values) => values.iter().map(|value| filled(value, object, day)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, object, day))).collect()
        }
        other => other.clone(),
    }
}
