//! Did a lost write happen? The registry keeps no request's number, but an order's `affiliate_id`, and there goes the
//! transaction id of the attempt that made it: an order that bears it is ours, whatever else is true. What makes no order
//! is known by its effect. Only questions that change nothing.
//!
//! Where our effect is certainly not there, the write goes out again under the same transaction id: should the first one
//! arrive after all, the registry does not do it twice (a name is registered, transferred in, or renewed from one year
//! once; the rest states what shall be), and whichever of the two counts bears the same mark.

mod changes;
mod compare;
mod hosts;
mod kept;
mod life;
mod orders;
mod registration;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::commands::{Rules, raw};
use super::mailbox;
use super::outcome::{self, Heard};
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding, Operation};
use crate::registries::{Dialect, Prepared, Step};

/// How far our clock and the registry's may be apart (§7.2). A date inside it counts as "cannot tell".
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);
/// How long an order may take to show (§7.3), and how long a lost request may still be on its way: that there is no effect is
/// believed when that is found twice, this far apart.
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

/// The next question about a doubt, or what is true.
pub fn next(dialect: &dyn Dialect, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
    step(settle(dialect, doubt, heard))
}

/// The next question about an order the registry took, or how far it is. That an effect is not there yet proves nothing.
pub fn follow_up(dialect: &dyn Dialect, order: &Doubt<'_>, heard: &[Answer]) -> Step {
    let found = match order.operation {
        Operation::Raw => raw_order(&mut Case { dialect, doubt: order, heard }),
        _ => settle(dialect, order, heard),
    };
    match step(found) {
        Step::Found(Finding::Nothing { evidence, .. }) => Step::Found(Finding::Unknown(format!("not yet: {evidence}"))),
        step => step,
    }
}

/// How long after a request its effect may not show yet. What becomes an order shows with delay; and nothing at the registry
/// tells a lost change that arrives late from a new one, so that it would undo what was changed after its repetition. Not so
/// where the registry carries out only one of the two (a renewal, by its year), and where there is nothing to see.
pub fn settles(operation: Operation) -> Duration {
    match operation {
        Operation::DomainRenew | Operation::DomainAuthcodeRequest | Operation::MessageDelete | Operation::Raw => {
            Duration::ZERO
        }
        _ => SETTLES,
    }
}

fn step(next: Next) -> Step {
    match next {
        Ok(finding) => Step::Found(finding),
        Err(Halt::Ask(question)) => Step::Ask(question),
        Err(Halt::Cannot(why)) => Step::Found(Finding::Unknown(why)),
    }
}

fn settle(dialect: &dyn Dialect, doubt: &Doubt<'_>, heard: &[Answer]) -> Next {
    let case = &mut Case { dialect, doubt, heard };
    match doubt.operation {
        Operation::DomainCreate => registration::create(case),
        Operation::DomainTransfer => registration::transfer(case),
        Operation::DomainRenew => registration::renew(case),
        Operation::DomainUpdate => changes::update(case),
        Operation::DomainChangeHolder => changes::holder(case),
        Operation::DomainDelete => life::delete(case),
        Operation::DomainRestore => life::restore(case),
        Operation::DomainAuthcodeCreate => changes::code(case),
        Operation::DomainAuthcodeRequest => mail_again(case),
        Operation::HostCreate => hosts::create(case),
        Operation::HostUpdate => hosts::update(case),
        Operation::HostDelete => hosts::delete(case),
        Operation::OrderProcess => kept::process(case),
        Operation::OrderCancel => kept::cancel(case),
        // Under a new id: it is not part of the request, and the answer tells whether the event is gone.
        Operation::MessageDelete => Ok(Finding::Nothing {
            same_transaction: false,
            evidence: "acknowledging an event twice is harmless".into(),
        }),
        Operation::Raw => raw(case),
        other => cannot(format!("no question is known about {other}")),
    }
}

/// A request in the registry's own words: one that only reads may be asked again; of one that writes nobody but its author
/// can say how to tell whether it happened.
fn raw(case: &Case<'_>) -> Next {
    match case.dialect.prepare(Operation::Raw, case.doubt.params, case.doubt.transaction) {
        Ok(request) if !request.operation.writes() => {
            let evidence = "it only asks, and asking again does no harm".to_owned();
            Ok(Finding::Nothing { same_transaction: false, evidence })
        }
        Ok(request) => cannot(format!("no question is known about a {} of one's own", request.operation)),
        Err(reject) => cannot(format!("cannot read the request: {reject}")),
    }
}

/// An order in the registry's own words that it took: the one of the number it told, else the only one of its kind for its
/// name that is not older than the request. No other job of the account was sent for that name meanwhile.
fn raw_order(case: &mut Case<'_>) -> Next {
    let raw = match raw::read(case.doubt.params, &Rules::default()) {
        Ok(raw) => raw,
        Err(reject) => return cannot(format!("cannot read the request: {reject}")),
    };
    let (kinds, until) = match raw.operation {
        Operation::DomainCreate => (orders::NEW, outcome::FINISHED),
        Operation::DomainTransfer => (orders::TRANSFER, outcome::TRANSFERRED),
        Operation::DomainRenew => (orders::RENEWAL, outcome::FINISHED),
        other => return cannot(format!("no question is known about a {other} of one's own")),
    };
    let listed = orders::list(case, raw.object.name(), false)?;
    let told = case.doubt.taken.and_then(|taken| mailbox::numbers(taken).find_map(|number| listed.find(number)));
    let recent: Vec<_> = listed.of(kinds).into_iter().filter(|order| order.is_recent(case)).collect();
    let (order, known_by) = match (told, recent.as_slice()) {
        (Some(order), _) => (order, "its number"),
        (None, [order]) => (order, "the only one of its kind since the request"),
        (None, several) => {
            return cannot(format!("GET_ORDERS_BY_DOMAIN: {} orders may be the one that was taken", several.len()));
        }
    };
    let (_, shown) = orders::info(case, &order.id)?;
    orders::fate(order, shown, known_by, false, until)
}

/// An order that sends an e-mail leaves nothing to look at. A second e-mail does little harm, a third and fourth would:
/// it is sent once more at most, under a new id, so that the number of the attempt tells.
fn mail_again(case: &Case<'_>) -> Next {
    match case.doubt.transaction.rsplit_once('-') {
        Some((_, "1")) => Ok(Finding::Nothing {
            same_transaction: false,
            evidence: "whether the e-mail was sent cannot be seen; it is ordered once more, and not again".into(),
        }),
        _ => {
            cannot("whether the e-mail was sent cannot be seen, and it was ordered more than once: ask whom it goes to")
        }
    }
}

/// A doubt, and the answers that no question has been asked for yet. A conversation is written as if every question were
/// answered at once; where the answers end, its next question comes out.
struct Case<'a> {
    dialect: &'a dyn Dialect,
    doubt: &'a Doubt<'a>,
    heard: &'a [Answer],
}

impl<'a> Case<'a> {
    /// The answer to a question.
    fn ask(&mut self, question: Operation, params: Value) -> Result<&'a Answer, Halt> {
        self.ask_as(question, question, params)
    }

    /// The same, read as the answer to another one.
    fn ask_as(&mut self, question: Operation, read_as: Operation, params: Value) -> Result<&'a Answer, Halt> {
        if let Some((answer, rest)) = self.heard.split_first() {
            self.heard = rest;
            return Ok(answer);
        }
        let params: Map<String, Value> = match params {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        let question = self.dialect.prepare(question, &params, "");
        match question {
            Ok(question) => Err(Halt::Ask(Prepared { operation: read_as, ..question })),
            Err(reject) => cannot(format!("cannot ask: {reject}")),
        }
    }

    /// What is shown; nothing if there is no such thing, or it is not ours.
    fn shown(&mut self, name: &str, question: Operation, params: Value) -> Result<Option<&'a Answer>, Halt> {
        let answer = self.ask(question, params)?;
        shown(name, question, answer)
    }

    /// The domain the order is about.
    fn domain(&self) -> Result<String, Halt> {
        match text(self.doubt.params, "domain") {
            Some(name) => Ok(name.to_owned()),
            None => cannot(format!("no question is known about this {}", self.doubt.operation)),
        }
    }

    /// GET of a type.
    fn get(&mut self, kind: &str) -> Result<Option<&'a Answer>, Halt> {
        let domain = self.domain()?;
        self.shown(&format!("GET {kind}"), Operation::DomainInfo, serde_json::json!({ "domain": domain, "type": kind }))
    }

    /// BELONGS_TO_RSP.
    fn belongs_to_us(&mut self) -> Result<(bool, &'a Answer), Halt> {
        let params = serde_json::json!({ "domain": self.domain()?, "question": "ours" });
        let answer = self.ask(Operation::DomainCheck, params)?;
        let Some(shown) = shown("BELONGS_TO_RSP", Operation::DomainCheck, answer)? else { return Ok((false, answer)) };
        match flag(&shown.data, "belongs_to_rsp") {
            Some(ours) => Ok((ours, shown)),
            None => cannot("BELONGS_TO_RSP does not say whether the domain is ours"),
        }
    }

    /// Whether the job asks for an order that is only kept.
    fn is_saved(&self) -> bool {
        self.doubt.params.get("save").is_some_and(|save| *save == true)
    }

    /// Whether an earlier job brought about what this one is about, so short a time before that dates cannot tell whose
    /// effect is there: it is the earlier one's, or the registry would have refused it.
    fn was_so_just_now(&self) -> bool {
        let edge = self.doubt.since.checked_sub(CLOCKS_APART * 2).unwrap_or(Timestamp::MIN);
        self.doubt.so_already.is_some_and(|at| at >= edge)
    }

    /// Whether a mark on an order is that of this job: of this attempt, or of an earlier one.
    fn is_ours(&self, mark: &str) -> bool {
        let job =
            |id: &'a str| id.rsplit_once('-').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
        let of_job = |mark: &str| mark.rsplit_once('-').map(|(job, _)| job.to_owned());
        let ours = self.doubt.transaction;
        let known = !ours.is_empty() && mark == ours;
        let earlier = ours.starts_with("rd-") && job(ours).is_some_and(|(job, _)| of_job(mark).as_deref() == Some(job));
        known || earlier
    }

    /// Applied, unless an earlier job just did the same.
    fn applied_by_us(&self, shown: &Answer, evidence: String) -> Next {
        if self.was_so_just_now() {
            return foreign(format!("by an earlier job of this account, and not by this one: {evidence}"));
        }
        applied(shown, evidence)
    }

    /// A date beside the instant at which the order was written.
    fn age(&self, date: Option<&str>) -> Option<Age> {
        let text = date?;
        let (first, last) = (outcome::instant(text)?, outcome::instant(text)?.checked_add(outcome::slack(text)).ok()?);
        let since = self.doubt.since;
        let edge = since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
        Some(match () {
            () if last < edge => Age::Older,
            () if first.as_second() >= since.as_second() => Age::Newer,
            () => Age::AtTheEdge,
        })
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

/// What an answer shows; nothing if there is no such thing, or it is not ours.
fn shown<'a>(name: &str, question: Operation, answer: &'a Answer) -> Result<Option<&'a Answer>, Halt> {
    match outcome::heard(question, answer) {
        Heard::Shown => Ok(Some(answer)),
        Heard::Absent => Ok(None),
        Heard::Unanswered(reason) => cannot(format!("{name} was not answered: {reason}")),
    }
}

fn applied(shown: &Answer, evidence: impl Into<String>) -> Next {
    Ok(Finding::Applied { shown: shown.clone(), evidence: evidence.into() })
}

fn taken(shown: &Answer, until: &str, evidence: impl Into<String>) -> Next {
    Ok(Finding::Taken { shown: shown.clone(), until: until.to_owned(), evidence: evidence.into() })
}

fn nothing(evidence: impl Into<String>) -> Next {
    Ok(Finding::Nothing { same_transaction: true, evidence: evidence.into() })
}

fn foreign(reason: impl Into<String>) -> Next {
    Ok(Finding::Foreign(reason.into()))
}

fn refused(reason: impl Into<String>) -> Next {
    Ok(Finding::Refused(reason.into()))
}

/// A text that is not empty.
fn text<'a>(data: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    Some(data.get(field)?.as_str()?.trim()).filter(|text| !text.is_empty())
}

/// The same of an answer's data, where Perl's word for nothing counts as nothing.
fn said<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    text(data.as_object()?, field).filter(|text| *text != "undef")
}

/// Yes or no, in one of the ways to say it.
fn flag(data: &Value, field: &str) -> Option<bool> {
    let word = data.get(field)?.as_str()?.trim().to_ascii_lowercase();
    match word.as_str() {
        "1" | "y" | "yes" | "true" | "on" | "enable" | "enabled" | "locked" => Some(true),
        "0" | "n" | "no" | "false" | "off" | "disable" | "disabled" | "unlocked" => Some(false),
        _ => None,
    }
}

/// A number of a job, given as number or text.
fn number(params: &Map<String, Value>, field: &str) -> Option<String> {
    match params.get(field)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
