//! Did a lost write happen? The registry has no request for that, and INFO does not show transaction ids, so each write
//! command has its question and its way of recognising our effect in the answer. Only questions that change nothing.
//!
//! Where our effect is certainly not there, the write goes out again under the same transaction id: should the first
//! one arrive after all, the registry refuses one of the two.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::commands;
use super::dialect::Rri;
use super::outcome::{self, Heard};
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding, Operation};
use crate::registries::{Dialect, Step};

/// How far our clock and the registry's may be apart. Both follow NTP; five minutes is far beyond that, and a date
/// inside it counts as "cannot tell", never as "not ours".
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// The next question about a doubt, or what is true.
pub fn next(rri: &Rri, reg_acc: &str, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    match doubt.operation {
        Operation::ContactCreate => contact_create(rri, doubt, heard),
        Operation::DomainCreate => domain_create(rri, reg_acc, doubt, heard),
        Operation::DomainDelete => domain_delete(rri, reg_acc, doubt, heard),
        Operation::Raw => Step::Found(commands::raw::lost(doubt)),
        other => unknown(format!("no question is known about {other}")),
    }
}

/// CHECK first: which code an INFO on a missing handle answers with cannot be read in the manual, a status can. Handles
/// begin with our own id, so whatever is there is ours; the question is whether it is this order's.
fn contact_create(rri: &Rri, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    let [checked, rest @ ..] = heard else { return ask(rri, Operation::ContactCheck, doubt, "handle") };
    if let Heard::Unanswered(reason) = outcome::heard(Operation::ContactCheck, checked) {
        return unknown(format!("CHECK was refused: {reason}"));
    }
    match (text(&checked.data, "status"), rest) {
        (Some("free" | "invalid"), _) => nothing(format!("CHECK: {}", checked.data)),
        (Some("exist"), []) => ask(rri, Operation::ContactInfo, doubt, "handle"),
        (Some("exist"), [info, ..]) => match outcome::heard(Operation::ContactInfo, info) {
            Heard::Shown => compare_contact(doubt, info),
            Heard::NoSuchDomain => unknown("INFO shows no contact although CHECK says it exists"),
            Heard::Unanswered(reason) => unknown(format!("INFO was refused: {reason}")),
        },
        (status, _) => unknown(format!("CHECK shows the status {status:?}")),
    }
}

/// An equal contact is what was ordered, whoever ordered it. A different one that is older than the order is another;
/// a different one as new as the order may be ours after a normalisation nobody told us of: a human must look.
fn compare_contact(doubt: &Doubt<'_>, info: &Answer) -> Step {
    let differences = commands::differences(doubt.params, &info.data);
    if differences.is_empty() {
        return Step::Found(Finding::Applied(info.clone()));
    }
    let fields = differences.join(", ");
    match date(&info.data, "changed").map(|changed| age(changed, doubt.since)) {
        Some(Age::Older) => foreign(format!("the handle exists since before this order, with other data ({fields})")),
        _ => unknown(format!("the handle exists, as new as this order, with other data ({fields})")),
    }
}

/// Ours if it is in our account, was registered no earlier than the order was written, and has its holders.
fn domain_create(rri: &Rri, reg_acc: &str, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    let Some(info) = heard.first() else { return ask(rri, Operation::DomainInfo, doubt, "domain") };
    match outcome::heard(Operation::DomainInfo, info) {
        Heard::NoSuchDomain => return nothing("INFO: no such domain"),
        Heard::Unanswered(reason) => return unknown(format!("INFO was refused: {reason}")),
        Heard::Shown => {}
    }
    let data = &info.data;
    let Some(owner) = registrar(data) else { return unknown("INFO does not show the registrar") };
    if !owner.eq_ignore_ascii_case(reg_acc) {
        return foreign(format!("registered by {owner}"));
    }
    let holders = commands::holders(data.get("holder"));
    if holders.is_empty() {
        return unknown("INFO does not show the holders");
    }
    let ordered = commands::holders(doubt.params.get("holder"));
    let registered = text(data, "registration_date").unwrap_or_default();
    let Some(date) = date(data, "registration_date") else {
        return unknown("INFO does not show when it was registered");
    };
    let before = data["registration_date_is_before"] == true;
    match age(date, doubt.since) {
        _ if before => foreign(format!("already ours since before {registered}")),
        Age::Older => foreign(format!("already ours since {registered}")),
        _ if holders != ordered => foreign(format!("already ours since {registered}, with other holders")),
        Age::New => Step::Found(Finding::Applied(info.clone())),
        Age::AtTheEdge => unknown(format!("ours since {registered}, too close to the order to tell by the clock")),
    }
}

/// INFO first, since CHECK does not say whose a domain is; CHECK if INFO shows nothing, since whether INFO shows a
/// domain in the redemption period is not stated.
fn domain_delete(rri: &Rri, reg_acc: &str, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    let [info, rest @ ..] = heard else { return ask(rri, Operation::DomainInfo, doubt, "domain") };
    match (outcome::heard(Operation::DomainInfo, info), rest) {
        (Heard::Unanswered(reason), _) => unknown(format!("INFO was refused: {reason}")),
        (Heard::Shown, _) => shown_after_delete(reg_acc, doubt, info),
        (Heard::NoSuchDomain, []) => ask(rri, Operation::DomainCheck, doubt, "domain"),
        (Heard::NoSuchDomain, [check, ..]) => match outcome::heard(Operation::DomainCheck, check) {
            Heard::Shown => checked_after_delete(check),
            Heard::NoSuchDomain => unknown("CHECK was answered with: no such domain"),
            Heard::Unanswered(reason) => unknown(format!("CHECK was refused: {reason}")),
        },
    }
}

fn shown_after_delete(reg_acc: &str, doubt: &Doubt<'_>, info: &Answer) -> Step {
    let data = &info.data;
    let owner = registrar(data);
    match (owner.map(|owner| owner.eq_ignore_ascii_case(reg_acc)), text(data, "status")) {
        (Some(true), Some("redemptionPeriod")) => Step::Found(Finding::Applied(info.clone())),
        (Some(true), Some(status)) => nothing(format!("INFO: still ours, status {status}")),
        // Under a DISPUTE a deleted domain is registered anew at once, for the claimant. So somebody else's new
        // registration may be the effect of our deletion; somebody else's old one cannot be.
        (Some(false), _) => match date(data, "registration_date").map(|date| age(date, doubt.since)) {
            Some(Age::Older) => foreign(format!("the domain is at {}", owner.unwrap_or_default())),
            _ => unknown(format!("the domain is at {}, perhaps after our deletion", owner.unwrap_or_default())),
        },
        (None, _) | (_, None) => unknown("INFO does not show registrar and status"),
    }
}

fn checked_after_delete(check: &Answer) -> Step {
    match text(&check.data, "status") {
        // Whose it was is not shown. Only its registrar can have put it there, and jobs on one domain run one at a
        // time; and if it never was ours, what was ordered is the case all the same.
        Some("redemptionPeriod") => Step::Found(Finding::Applied(check.clone())),
        // A deletion leads into the redemption period of 30 days, not to a free name: there was nothing to delete, and
        // sending it again would fare no better.
        Some("free" | "invalid") => foreign("there is no such domain; a deletion would have left it in redemption"),
        status => unknown(format!("INFO shows no domain although CHECK shows the status {status:?}")),
    }
}

/// A date beside the instant at which the order was written.
#[derive(Debug, PartialEq, Eq)]
enum Age {
    /// Not older than the order.
    New,
    /// Older by less than clocks may be apart.
    AtTheEdge,
    /// Certainly older.
    Older,
}

/// The registry shows whole seconds, so the order's fraction of a second does not count.
fn age(date: Timestamp, since: Timestamp) -> Age {
    let edge = since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
    match (date.as_second().cmp(&since.as_second()), date < edge) {
        (Ordering::Equal | Ordering::Greater, _) => Age::New,
        (Ordering::Less, false) => Age::AtTheEdge,
        (Ordering::Less, true) => Age::Older,
    }
}

/// A question about the object of the doubt, which `key` names.
fn ask(rri: &Rri, operation: Operation, doubt: &Doubt<'_>, key: &str) -> Step {
    let params: Map<String, Value> =
        doubt.params.get(key).map(|value| (key.to_owned(), value.clone())).into_iter().collect();
    match rri.prepare(operation, &params, "") {
        Ok(question) => Step::Ask(question),
        Err(reject) => unknown(format!("cannot ask: {reject}")),
    }
}

fn nothing(evidence: impl Into<String>) -> Step {
    Step::Found(Finding::Nothing { same_transaction: true, evidence: evidence.into() })
}

fn foreign(reason: impl Into<String>) -> Step {
    Step::Found(Finding::Foreign(reason.into()))
}

fn unknown(reason: impl Into<String>) -> Step {
    Step::Found(Finding::Unknown(reason.into()))
}

fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    data.get(field)?.as_str()
}

fn date(data: &Value, field: &str) -> Option<Timestamp> {
    text(data, field)?.parse().ok()
}

fn registrar(data: &Value) -> Option<&str> {
    text(data.get("reg_acc")?, "id")
}

#[cfg(test)]
#[path = "reconcile/tests.rs"]
mod tests;
