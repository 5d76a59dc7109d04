//! What an answer is about, domain by domain.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{mailbox, outcome};
use super::asks;
use crate::model::deadline::Deadline;
use crate::model::deadline::rules::Heard;
use crate::model::deadline::rules::On::Done;
use crate::model::{ObjectKey, ObjectKind, Operation};

/// Where a part shows when its domain was deleted.
pub const DELETED: &str = "/deleted_at";
/// Where a part shows when its transfer was asked for.
pub const ASKED: &str = "/asked_at";

/// Under which names lists show the domain.
const NAMES: &[&str] = &["name", "domain", "domain_name"];
/// Under which names they may show when it was deleted: no document has a sample (reference, 5.28).
const DELETIONS: &[&str] = &["delete_date", "deleted_date", "deletedate", "deleted"];
/// Under which names they may show the steps of a transfer (reference, 5.13).
const STEPS: &[&str] = &["owner_confirm_date", "owner_request_date", "req_date", "order_date"];

/// What was heard of one domain.
pub struct Part<'a> {
    object: ObjectKey,
    data: Cow<'a, Value>,
    named: Vec<Deadline>,
}

impl Part<'_> {
    /// What was heard, as far as this domain is concerned.
    pub fn heard<'b>(&'b self, all: &Heard<'b>) -> Heard<'b> {
        Heard { object: &self.object, data: &self.data, named: &self.named, ..*all }
    }
}

/// What was heard, domain by domain; nothing where it is about none.
pub fn parts<'a>(heard: &Heard<'a>) -> Vec<Part<'a>> {
    let is_list = heard.params.get("type").and_then(Value::as_str) == Some("list");
    match heard.what {
        Done(Operation::DomainInfo | Operation::AccountInfo)
            if asks(heard, "transfers_in") || asks(heard, "transfers_away") =>
        {
            transfers(heard)
        }
        Done(Operation::AccountInfo) if asks(heard, "deleted") => rows(heard.data).filter_map(deleted).collect(),
        Done(Operation::AccountInfo) if asks(heard, "expiring") => rows(heard.data).filter_map(expiring).collect(),
        Done(Operation::DomainInfo) if is_list => rows(heard.data).filter_map(expiring).collect(),
        _ => whole(heard).into_iter().collect(),
    }
}

/// The one domain an answer or an event is about. An order's answer may name it, and so may the one that withdraws it.
fn whole<'a>(heard: &Heard<'a>) -> Option<Part<'a>> {
    let kind = heard.object.as_str().split_once(':').map(|(kind, _)| kind);
    let object = match kind == Some(ObjectKind::Domain.name()) {
        true => heard.object.clone(),
        false => {
            let named = heard.params.get("domain").and_then(Value::as_str);
            domain(named.or_else(|| name(heard.data)).or_else(|| name(heard.data.get("field_hash")?))?)
        }
    };
    Some(Part { object, data: Cow::Borrowed(heard.data), named: heard.named.to_vec() })
}

fn domain(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Domain, &mailbox::ace(name))
}

fn name(row: &Value) -> Option<&str> {
    NAMES.iter().find_map(|field| row.get(field)?.as_str()).map(str::trim).filter(|name| name.contains('.'))
}

/// The rows of the one list in an answer.
fn rows(data: &Value) -> impl Iterator<Item = &Value> {
    let lists = data.as_object().into_iter().flat_map(|fields| fields.values()).filter_map(Value::as_array);
    lists.flatten().filter(|row| name(row).is_some())
}

fn expiring(row: &Value) -> Option<Part<'_>> {
    Some(Part { object: domain(name(row)?), data: Cow::Borrowed(row), named: outcome::deadlines(row) })
}

/// The first of these dates that a row shows.
fn date(row: &Value, fields: &[&str]) -> Option<Timestamp> {
    fields.iter().find_map(|field| outcome::instant(row.get(field)?.as_str()?))
}

fn deleted<'a>(row: &Value) -> Option<Part<'a>> {
    let at = date(row, DELETIONS)?;
    let data = Cow::Owned(json!({ "deleted_at": at.to_string() }));
    Some(Part { object: domain(name(row)?), data, named: Vec::new() })
}

/// Of each domain its transfers, all there ever were: one that is under way counts; where all came to the same end, that does.
fn transfers<'a>(heard: &Heard<'_>) -> Vec<Part<'a>> {
    let mut of_domains: BTreeMap<ObjectKey, Vec<&Value>> = BTreeMap::new();
    for row in rows(heard.data) {
        of_domains.entry(domain(name(row).unwrap_or_default())).or_default().push(row);
    }
    let part = |(object, rows): (ObjectKey, Vec<&Value>)| {
        let status = |row: &Value| row.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        let open = rows.iter().find(|row| status(row).starts_with("pending_"));
        let first = rows.first().map(|row| status(row)).unwrap_or_default();
        let data = match open {
            Some(row) => {
                json!({ "status": status(row), "asked_at": date(row, STEPS).map(|at| at.to_string()) })
            }
            None if rows.iter().all(|row| status(row) == first) => json!({ "status": first }),
            None => Value::Null,
        };
        Part { object, data: Cow::Owned(data), named: Vec::new() }
    };
    of_domains.into_iter().map(part).collect()
}
