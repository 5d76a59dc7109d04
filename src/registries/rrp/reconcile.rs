//! Did a lost write happen? Nothing at the registry bears an attempt's number: each write is known by its effect, which
//! STATUS shows of objects of ours, and CHECK whether there is one at all (reference 10.1). Only these two are asked.
//!
//! Where our effect is certainly not there, the write goes out again: should the first one arrive after all, the registry
//! refuses one of the two, since each is carried out once only where it finds things as they were. That an order undoes the
//! repetition before the first one arrives, and lets it count once more, is what a second look keeps away ([`settles`]).

mod domain;
mod hosts;
mod transfers;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::answer;
use super::dates;
use super::dialect::Rrp;
use super::outcome::{self, Heard, Refusal};
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding, Operation};
use crate::registries::{Dialect, Prepared, Step};

/// How far our clock and the registry's may be apart. A date inside it counts as "cannot tell".
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// How long a request may be on its way: by then the session it was sent in is gone on both sides.
const SETTLES: Duration = Duration::from_secs(60);

/// What is true, or what comes before that is known.
type Next = Result<Finding, Halt>;

/// Why the conversation cannot go on by itself.
enum Halt {
    /// This has to be asked.
    Ask(Prepared),
    /// The answers prove nothing; why.
    Cannot(String),
}

fn cannot<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Cannot(why.into()))
}

/// The next question about a doubt, or what is true. `refusal`: what a repetition was told, if that brought the doubt.
pub fn next(rrp: &Rrp, doubt: &Doubt<'_>, refusal: Option<Refusal>, heard: &[Answer]) -> Step {
    step(as_job(rrp, doubt, |doubt| settle(rrp, doubt, refusal, heard)))
}

/// The next question about a transfer the registry took, or how far it is. As long as the domain is not ours it may still
/// come: when that is no longer to be expected, [`Dialect::follow_ups`] says.
pub fn follow_up(rrp: &Rrp, order: &Doubt<'_>, heard: &[Answer]) -> Step {
    step(as_job(rrp, order, |order| {
        let case = &mut Case { rrp, doubt: order, refusal: None, heard };
        match order.operation {
            Operation::DomainTransfer => transfers::follow_up(case),
            other => cannot(format!("no {other} stays pending at this registry")),
        }
    }))
}

/// How long after a request its effect may still come about. Nothing at the registry tells a lost order that arrives late
/// from a new one, where the next order has made things as they were: what was deleted is registered again, what was taken
/// off is set again. Not so of a renewal: the year it renews from does not come back.
pub const fn settles(operation: Operation) -> Duration {
    match operation {
        Operation::DomainRenew => Duration::ZERO,
        _ if operation.writes() => SETTLES,
        _ => Duration::ZERO,
    }
}

fn step(next: Next) -> Step {
    match next {
        Ok(finding) => Step::Found(finding),
        Err(Halt::Ask(question)) => Step::Ask(question),
        Err(Halt::Cannot(why)) => Step::Found(Finding::Unknown(why)),
    }
}

/// A request in the registry's own words is the order it looks like.
fn as_job(rrp: &Rrp, doubt: &Doubt<'_>, of: impl FnOnce(&Doubt<'_>) -> Next) -> Next {
    if doubt.operation != Operation::Raw {
        return of(doubt);
    }
    match rrp.understood(doubt.params) {
        Some((Operation::Raw, _)) | None => cannot("no question is known about a request of one's own of this kind"),
        Some((operation, _)) if !operation.writes() => {
            let evidence = "it only asks, and asking again does no harm".to_owned();
            Ok(Finding::Nothing { same_transaction: false, evidence })
        }
        Some((operation, params)) => of(&Doubt { operation, params: &params, ..*doubt }),
    }
}

fn settle(rrp: &Rrp, doubt: &Doubt<'_>, refusal: Option<Refusal>, heard: &[Answer]) -> Next {
    let case = &mut Case { rrp, doubt, refusal, heard };
    match doubt.operation {
        Operation::DomainCreate => domain::create(case),
        Operation::DomainUpdate => domain::update(case),
        Operation::DomainRenew => domain::renew(case),
        Operation::DomainDelete => domain::delete(case),
        Operation::DomainTransfer => transfers::request(case),
        Operation::DomainTransferApprove => transfers::approve(case),
        Operation::DomainTransferReject => transfers::reject(case),
        Operation::OrderCancel => transfers::cancel(case),
        Operation::HostCreate => hosts::create(case),
        Operation::HostUpdate => hosts::update(case),
        Operation::HostDelete => hosts::delete(case),
        other => cannot(format!("no question is known about {other}")),
    }
}

/// A doubt, and the answers that no question has been asked for yet. A conversation is written as if every question were
/// answered at once; where the answers end, its next question comes out.
struct Case<'a> {
    rrp: &'a Rrp,
    doubt: &'a Doubt<'a>,
    refusal: Option<Refusal>,
    heard: &'a [Answer],
}

/// What a question brought to light.
enum Seen<'a> {
    /// It is there; of STATUS: and ours.
    Here(&'a Answer),
    /// There is none.
    Absent(&'a Answer),
    /// It is another registrar's.
    Foreign(&'a Answer),
}

impl<'a> Case<'a> {
    /// STATUS or CHECK.
    fn ask(&mut self, question: Operation, object: &str, name: &str) -> Result<Seen<'a>, Halt> {
        let Some((answer, rest)) = self.heard.split_first() else {
            let params: Map<String, Value> = [(object.to_owned(), Value::from(name))].into_iter().collect();
            return match self.rrp.prepare(question, &params, "") {
                Ok(question) => Err(Halt::Ask(question)),
                Err(reject) => cannot(format!("cannot ask: {reject}")),
            };
        };
        self.heard = rest;
        match outcome::heard(question, answer) {
            Heard::Shown => Ok(Seen::Here(answer)),
            Heard::Absent => Ok(Seen::Absent(answer)),
            Heard::Foreign => Ok(Seen::Foreign(answer)),
            Heard::Unanswered(why) => cannot(format!("{question} was not answered: {why}")),
        }
    }

    /// The same about the object of the job.
    fn look(&mut self, question: Operation, object: &str) -> Result<Seen<'a>, Halt> {
        match self.text(object) {
            Some(name) => self.ask(question, object, name),
            None => cannot(format!("no question is known about this {}", self.doubt.operation)),
        }
    }

    /// STATUS of the domain.
    fn status(&mut self) -> Result<Seen<'a>, Halt> {
        self.look(Operation::DomainInfo, "domain")
    }

    /// A parameter that is a text.
    fn text(&self, name: &str) -> Option<&'a str> {
        Some(self.doubt.params.get(name)?.as_str()?.trim()).filter(|text| !text.is_empty())
    }

    /// A parameter that is a list.
    fn list(&self, name: &str) -> Vec<&'a str> {
        super::difference::values(self.doubt.params.get(name))
    }

    /// Whether an id is that of this registrar. It is compared without case: registries echo what they like.
    fn is_us(&self, id: &str) -> bool {
        !self.rrp.user().is_empty() && id.eq_ignore_ascii_case(self.rrp.user())
    }

    /// Whether a field names this registrar; `None` where it names nobody, or we do not know our own id.
    fn names_us(&self, shown: &Answer, field: &str) -> Option<bool> {
        let id = answer::text(&shown.data, field)?;
        (!self.rrp.user().is_empty()).then(|| self.is_us(id))
    }

    /// A date beside the instant at which the order was written.
    fn age(&self, shown: &Answer, field: &str) -> Option<Age> {
        let text = answer::text(&shown.data, field)?;
        let first = dates::instant(text, self.rrp.zone())?;
        let last = first.checked_add(dates::slack(text, self.rrp.zone())).ok()?;
        let since = self.doubt.since;
        let edge = since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
        Some(match () {
            () if last < edge => Age::Older,
            () if first.as_second() >= since.as_second() => Age::Newer,
            () => Age::AtTheEdge,
        })
    }

    /// Whether an earlier job brought about what this one is about, so short a time before that dates cannot tell whose
    /// effect is there: it is the earlier one's, or the registry would have refused it.
    fn was_so_just_now(&self) -> bool {
        let edge = self.doubt.since.checked_sub(CLOCKS_APART * 2).unwrap_or(Timestamp::MIN);
        self.doubt.so_already.is_some_and(|at| at >= edge)
    }

    /// Applied, unless an earlier job just did the same.
    fn applied_by_us(&self, shown: &Answer, evidence: &str) -> Next {
        match self.was_so_just_now() {
            true => foreign(format!("by an earlier job of this account, and not by this one: {evidence}")),
            false => applied(shown, evidence),
        }
    }
}

/// A date beside the instant at which the order was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// In the second of the order, or after it.
    Newer,
    /// Older by less than clocks may be apart.
    AtTheEdge,
    /// Certainly older.
    Older,
}

fn applied(shown: &Answer, evidence: impl Into<String>) -> Next {
    Ok(Finding::Applied { shown: shown.clone(), evidence: evidence.into() })
}

fn taken(shown: &Answer, evidence: impl Into<String>) -> Next {
    let until = outcome::TRANSFERRED.to_owned();
    Ok(Finding::Taken { shown: shown.clone(), until, evidence: evidence.into() })
}

fn nothing(evidence: impl Into<String>) -> Next {
    Ok(Finding::Nothing { same_transaction: true, evidence: evidence.into() })
}

fn foreign(reason: impl Into<String>) -> Next {
    Ok(Finding::Foreign(reason.into()))
}

#[cfg(test)]
mod tests;
