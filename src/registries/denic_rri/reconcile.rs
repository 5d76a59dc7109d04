//! Did a lost write happen? The registry has no request for that, and INFO does not show transaction ids, so each write
//! command has its question and its way of recognising our effect in the answer. Only questions that change nothing.
//!
//! Where our effect is certainly not there, the write goes out again under the same transaction id: should the first
//! one arrive after all, the registry refuses one of the two.

mod authcode;
mod compare;
mod contact;
mod life;
mod registration;

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::dialect::Rri;
use super::object;
use super::outcome::{self, Heard};
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding, ObjectKey, Operation};
use crate::registries::{Dialect, Step};

/// How far our clock and the registry's may be apart. Both follow NTP; five minutes is far beyond that, and a date
/// inside it counts as "cannot tell", never as "not ours".
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// The next step; the error is why nobody can tell.
type Next = Result<Step, String>;

/// The next question about a doubt, or what is true.
pub fn next(rri: &Rri, reg_acc: &str, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    if doubt.operation == Operation::MessageDelete {
        // Removing a message twice does no harm and its answer tells the truth, which the head of the queue does not:
        // the message may stand behind it. Under a new id, so that the answer is about the message and not about the id.
        let evidence = "removing a message twice is harmless".to_owned();
        return Step::Found(Finding::Nothing { same_transaction: false, evidence });
    }
    if doubt.operation == Operation::Raw {
        return Step::Found(super::commands::raw::lost(doubt));
    }
    let step = settle(rri, reg_acc, doubt, |case| match doubt.operation {
        Operation::ContactCreate => contact::create(case, heard),
        Operation::ContactUpdate => contact::update(case, heard),
        Operation::DomainCreate => registration::create(case, heard),
        Operation::DomainUpdate | Operation::DomainChangeHolder => registration::update(case, heard),
        Operation::DomainTransfer => registration::transfer(case, heard),
        Operation::DomainDelete => life::delete(case, heard),
        Operation::DomainRestore => life::restore(case, heard),
        Operation::DomainTransit => life::transit(case, heard),
        Operation::DomainAuthcodeCreate => authcode::create(case, heard),
        Operation::DomainAuthcodeDelete => authcode::delete(case, heard),
        Operation::DomainAuthcodeRequest => authcode::request(case, heard),
        other => Err(format!("no question is known about {other}")),
    });
    match step {
        Step::Found(Finding::Applied { evidence, .. }) if was_so_just_now(doubt) => {
            Step::Found(Finding::Foreign(format!("by an earlier job of this account, and not by this one: {evidence}")))
        }
        step => step,
    }
}

/// Whether an earlier job brought about what this one is about, so short a time before that dates cannot tell whose effect
/// is there: it is the earlier one's, or the registry would have refused it. After a longer time somebody else may have
/// undone it, and the dates decide.
fn was_so_just_now(doubt: &Doubt<'_>) -> bool {
    let edge = doubt.since.checked_sub(CLOCKS_APART * 2).unwrap_or(Timestamp::MIN);
    doubt.so_already.is_some_and(|at| at >= edge)
}

/// The next question about an order the registry took, or how far it is.
pub fn follow_up(rri: &Rri, reg_acc: &str, order: &Doubt<'_>, heard: &[Answer]) -> Step {
    let order_of = |(operation, params)| Doubt { operation, params, ..*order };
    match super::commands::raw::domain_order(order) {
        Some((operation, params)) => {
            settle(rri, reg_acc, &order_of((operation, &params)), |case| registration::follow_up(case, heard))
        }
        None => settle(rri, reg_acc, order, |case| registration::follow_up(case, heard)),
    }
}

fn settle<'a>(rri: &'a Rri, reg_acc: &'a str, doubt: &'a Doubt<'a>, next: impl FnOnce(&Case<'a>) -> Next) -> Step {
    let next = match object::of(doubt.operation, doubt.params) {
        Some(object) => next(&Case { rri, reg_acc, doubt, object }),
        None => Err(format!("no question is known about this {}", doubt.operation)),
    };
    next.unwrap_or_else(|reason| Step::Found(Finding::Unknown(reason)))
}

/// A doubt with what is needed to ask about it.
struct Case<'a> {
    rri: &'a Rri,
    reg_acc: &'a str,
    doubt: &'a Doubt<'a>,
    object: ObjectKey,
}

/// Whose a domain is.
enum Owner<'a> {
    Us,
    Other(&'a str),
}

/// What CHECK says, or the question.
enum Status<'a> {
    Ask(Step),
    Is(&'a str),
}

impl Case<'_> {
    /// A question about the object, with these of the job's parameters.
    fn ask(&self, question: Operation, names: &[&str]) -> Next {
        let given = names.iter().filter_map(|name| Some(((*name).to_owned(), self.doubt.params.get(*name)?.clone())));
        let params: Map<String, Value> = given.collect();
        self.rri.prepare(question, &params, "").map(Step::Ask).map_err(|reject| format!("cannot ask: {reject}"))
    }

    /// What an answer shows of the object; nothing if there is no such domain.
    fn seen<'b>(&self, question: Operation, answer: &'b Answer) -> Result<Option<&'b Value>, String> {
        match outcome::heard(question, answer) {
            Heard::Shown if object::is_shown(&self.object, &answer.data) => Ok(Some(&answer.data)),
            Heard::Shown => Err(format!("the answer to {question} is about another object")),
            Heard::NoSuchDomain => Ok(None),
            Heard::WrongAuthInfo => Err(format!("{question} was refused for its AuthInfo")),
            Heard::Unanswered(reason) => Err(format!("{question} was refused: {reason}")),
        }
    }

    /// CHECK, where INFO shows no domain: whether INFO shows one in the redemption period is not stated.
    fn status<'b>(&self, heard: &'b [Answer]) -> Result<Status<'b>, String> {
        let Some(check) = heard.first() else { return self.ask(Operation::DomainCheck, &["domain"]).map(Status::Ask) };
        let data = self.seen(Operation::DomainCheck, check)?.ok_or("CHECK was answered with: no such domain")?;
        text(data, "status").map(Status::Is).ok_or_else(|| "CHECK shows no status".into())
    }

    fn owner<'b>(&self, data: &'b Value) -> Result<Owner<'b>, String> {
        match data.get("reg_acc").and_then(|reg_acc| text(reg_acc, "id")) {
            Some(id) if id.eq_ignore_ascii_case(self.reg_acc) => Ok(Owner::Us),
            Some(id) => Ok(Owner::Other(id)),
            None => Err("INFO does not show the registrar".into()),
        }
    }

    /// The domain is at somebody else's. If that is older than our order, the order cannot have been carried out; if not,
    /// it may have been before the domain left.
    fn elsewhere(&self, owner: &str, data: &Value) -> Next {
        let dates = self.dates(data, "changed");
        match self.age(data, "changed") {
            Some(Age::Older) => foreign(format!("INFO: the domain is at {owner} since before this order ({dates})")),
            _ => Err(format!("the domain is at {owner}, perhaps only since after this order ({dates})")),
        }
    }

    /// A date the answer shows, beside the instant at which the order was written.
    fn age(&self, data: &Value, field: &str) -> Option<Age> {
        text(data, field)?.parse().ok().map(|date| age(date, self.doubt.since))
    }

    /// The same as evidence.
    fn dates(&self, data: &Value, field: &str) -> String {
        let word = if field == "registration_date" { "registered" } else { "changed" };
        match text(data, field).and_then(|date| date.parse::<Timestamp>().ok()) {
            Some(date) => format!("{word} {date:.0}, ordered {:.0}", self.doubt.since),
            None => format!("{word} when is not shown, ordered {:.0}", self.doubt.since),
        }
    }

    /// An object in a state that is not the one ordered. If nothing changed it since, our order did not; if something did,
    /// our order may have been carried out and undone, and a repetition would do it once more.
    ///
    /// A change shortly before the order is no reason to ask a human: if it was ours after all, dated by a clock that is
    /// behind, the repetition goes out under the same transaction id and is refused.
    fn untouched(&self, data: &Value, state: &str) -> Next {
        match self.age(data, "changed") {
            Some(Age::Older | Age::AtTheEdge | Age::Same) => {
                let dates = self.dates(data, "changed");
                nothing(format!("INFO: not changed since before this order ({state}; {dates})"))
            }
            Some(Age::Newer) => {
                let dates = self.dates(data, "changed");
                Err(format!("changed since this order, and not to what it says ({state}; {dates})"))
            }
            None => Err(format!("INFO shows something else ({state}) and not when it changed")),
        }
    }

    /// As [`Self::untouched`], of an object with other data than the order's.
    fn differs(&self, data: &Value, differences: &[&str]) -> Next {
        self.untouched(data, &format!("differs in {}", differences.join(", ")))
    }

    /// The evidence of an object that is as ordered: the names of what was compared, not what stands there.
    fn equals(&self, data: &Value, compared: &[&str]) -> String {
        format!("INFO: equals the order in {}; {}", compared.join(", "), self.dates(data, "changed"))
    }

    /// Our effect is there; with the registry still assessing the domain, the order is not finished.
    fn there(&self, info: &Answer, evidence: String) -> Next {
        if self.is_assessed(&info.data) {
            return taken(info, format!("{evidence}; the domain is being assessed"));
        }
        applied(info, evidence)
    }

    /// Whether the status is pendingCreate. Earlier protocols call it failed, but show no date until which it would have
    /// to be repaired.
    fn is_assessed(&self, data: &Value) -> bool {
        match text(data, "status") {
            Some("pendingCreate") => true,
            Some("failed") => !self.rri.is_current() && text(data, "expire").is_none(),
            _ => false,
        }
    }
}

/// A date beside the instant at which the order was written.
#[derive(Debug, PartialEq, Eq)]
enum Age {
    /// After the second of the order.
    Newer,
    /// In the second of the order.
    Same,
    /// Older by less than clocks may be apart.
    AtTheEdge,
    /// Certainly older.
    Older,
}

/// The registry shows whole seconds, so the order's fraction of a second does not count.
fn age(date: Timestamp, since: Timestamp) -> Age {
    let edge = since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
    match (date.as_second().cmp(&since.as_second()), date < edge) {
        (Ordering::Greater, _) => Age::Newer,
        (Ordering::Equal, _) => Age::Same,
        (Ordering::Less, false) => Age::AtTheEdge,
        (Ordering::Less, true) => Age::Older,
    }
}

fn applied(shown: &Answer, evidence: impl Into<String>) -> Next {
    Ok(Step::Found(Finding::Applied { shown: shown.clone(), evidence: evidence.into() }))
}

fn taken(shown: &Answer, evidence: impl Into<String>) -> Next {
    let (shown, until) = (shown.clone(), outcome::ASSESSED_UNTIL.into());
    Ok(Step::Found(Finding::Taken { shown, until, evidence: evidence.into() }))
}

fn nothing(evidence: impl Into<String>) -> Next {
    Ok(Step::Found(Finding::Nothing { same_transaction: true, evidence: evidence.into() }))
}

fn foreign(reason: impl Into<String>) -> Next {
    Ok(Step::Found(Finding::Foreign(reason.into())))
}

fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    data.get(field)?.as_str()
}

#[cfg(test)]
mod tests;
