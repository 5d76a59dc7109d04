//! Did a lost write happen? The registry keeps the response to every action under its `ActionId` and says so when asked
//! (reference 10): what it kept is judged as if it had just arrived. Where it knows of no such action, a domain is looked at
//! as well, for it names the action that changed it last. What certainly did not happen is sent again under the same
//! `ActionId`, which the registry carries out once, however often it arrives. Only questions that change nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::answer;
use super::codec::tree::{Document, Element};
use super::commands::{self, Rules, action_details_qry, raw};
use super::outcome::{self, Heard};
use super::stored;
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding, JobId, Operation, Verdict};
use crate::registries::{Dialect, Prepared, Step};

/// How long an action may still be at work: the registry's own limit for a request (1.5). That there is none is believed
/// when it is found twice, this far apart.
const SETTLES: Duration = Duration::from_secs(120);
/// How far our clock and the registry's may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

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
    match settle(&mut Case { dialect, doubt, heard }) {
        Ok(finding) => Step::Found(finding),
        Err(Halt::Ask(question)) => Step::Ask(question),
        Err(Halt::Cannot(why)) => Step::Found(Finding::Unknown(why)),
    }
}

/// How long after a request its effect may not show yet.
pub fn settles(operation: Operation) -> Duration {
    match operation {
        Operation::MessageDelete => Duration::ZERO,
        _ if operation.writes() => SETTLES,
        _ => Duration::ZERO,
    }
}

/// The write in doubt.
struct Order {
    /// What it is read and judged as.
    operation: Operation,
    /// Its `ActionId`.
    id: String,
    /// Its element.
    action: Element,
}

/// A doubt, and the answers that no question has been asked for yet. The conversation is written as if every question were
/// answered at once; where the answers end, its next question comes out.
struct Case<'a> {
    dialect: &'a dyn Dialect,
    doubt: &'a Doubt<'a>,
    heard: &'a [Answer],
}

fn settle(case: &mut Case<'_>) -> Next {
    if case.doubt.operation == Operation::MessageDelete {
        let evidence = "acknowledging a message twice is harmless".to_owned();
        return Ok(Finding::Nothing { same_transaction: false, evidence });
    }
    let Some(order) = case.order()? else {
        let evidence = "it only asks, and asking again does no harm".to_owned();
        return Ok(Finding::Nothing { same_transaction: false, evidence });
    };
    match case.kept(&order)? {
        Kept::Answered(finding) => Ok(finding),
        Kept::Unknown(why) => match by_state(case, &order)? {
            State::Ours(shown) => {
                Ok(done(&order, &shown, "DomainDetailsQry: changed last by this action (LastActionId)"))
            }
            State::Changed(why_not) if order.operation == Operation::DomainRenew => cannot(format!("{why}; {why_not}")),
            State::Changed(_) | State::NotOurs => nothing(format!("{why}; the domain does not show it either")),
            State::Foreign(reason) => Ok(Finding::Foreign(format!("{why}; {reason}"))),
            State::NoDomain => nothing(why),
        },
        // It was at work on it, so its not showing proves nothing.
        Kept::Unusable(why) => match by_state(case, &order)? {
            State::Ours(shown) => {
                Ok(done(&order, &shown, "DomainDetailsQry: changed last by this action (LastActionId)"))
            }
            _ => cannot(why),
        },
    }
}

fn nothing(evidence: impl Into<String>) -> Next {
    Ok(Finding::Nothing { same_transaction: true, evidence: evidence.into() })
}

/// Its effect is there and its answer is not to be had. A new transfer code stands in the answer alone: it is ordered anew.
fn done(order: &Order, shown: &Answer, evidence: &str) -> Finding {
    match order.operation {
        Operation::DomainAuthcodeCreate => Finding::Nothing {
            same_transaction: false,
            evidence: format!("{evidence}; its UDAI is nowhere any more, so another one is ordered"),
        },
        _ => Finding::Applied { shown: shown.clone(), evidence: evidence.to_owned() },
    }
}

/// What the registry has kept of an action.
enum Kept {
    /// Its response, and what follows.
    Answered(Finding),
    /// Nothing: it knows of no such action.
    Unknown(String),
    /// Something that does not tell how it ended.
    Unusable(String),
}

/// What a domain shows of an action.
enum State {
    /// It was the last one to change it.
    Ours(Answer),
    /// The domain is ours and was changed last by another one, since the order; what speaks against certainty.
    Changed(String),
    /// It is not ours, or unchanged since before the order.
    NotOurs,
    /// It was ours before, so that the order cannot have brought it about; or it is not as it has to be read before the order
    /// goes out: in what.
    Foreign(String),
    /// The order is not about a domain.
    NoDomain,
}

impl<'a> Case<'a> {
    /// The write; nothing if the request in doubt only asks.
    fn order(&self) -> Result<Option<Order>, Halt> {
        let Doubt { operation, params, transaction, .. } = *self.doubt;
        let rules = Rules::default();
        let made = match operation {
            Operation::Raw => raw::read(params, transaction, &rules).map(|raw| (raw.operation, raw.id, raw.root)),
            _ => {
                commands::make(operation, params, transaction, &rules).map(|made| (operation, Some(made.id), made.root))
            }
        };
        let (operation, id, root) = match made {
            Ok(made) => made,
            Err(reject) => return cannot(format!("cannot read the request: {reject}")),
        };
        let mut actions = root.children.into_iter().filter(|action| raw::is_write(&action.name));
        match (actions.next(), id.filter(|id| !id.is_empty())) {
            (None, _) => Ok(None),
            (Some(action), Some(id)) => Ok(Some(Order { operation, id, action })),
            (Some(_), None) => cannot("the request had no ActionId"),
        }
    }

    /// The answer to a question.
    fn ask(&mut self, question: impl FnOnce(&Self) -> Result<Prepared, Halt>) -> Result<&'a Answer, Halt> {
        if let Some((answer, rest)) = self.heard.split_first() {
            self.heard = rest;
            return Ok(answer);
        }
        question(self).and_then(|question| Err(Halt::Ask(question)))
    }

    /// ActionDetailsQry. Its answer is read as that of [`Operation::OrderInfo`], which no job asks: it keeps what jobs do
    /// not see.
    fn kept(&mut self, order: &Order) -> Result<Kept, Halt> {
        let answer = self.ask(|_| {
            let root = |id: &str| commands::document([action_details_qry::element(&order.id, id)]);
            let id = commands::fingerprint(&root(""));
            let bytes = super::codec::write(&root(&id)).map_err(Halt::Cannot)?;
            Ok(Prepared { bytes, operation: Operation::OrderInfo, transaction: Some(id) })
        })?;
        match outcome::heard(Operation::OrderInfo, answer) {
            Heard::Unanswered(why) => return cannot(format!("ActionDetailsQry was not answered: {why}")),
            Heard::Refused(why) => return Ok(Kept::Unknown(format!("ActionDetailsQry: no such action ({why})"))),
            Heard::Answered => {}
        }
        let text = |place: &str| {
            answer.data.pointer(place).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
        };
        let Some(request) = text("/RawRequest/XML") else {
            return Ok(Kept::Unknown("ActionDetailsQry: no such action".into()));
        };
        if is_anothers(request, order) {
            let evidence = "ActionDetailsQry: the ActionId was used for another order, so this one was never carried out; \
                            another program makes ids like ours";
            return Ok(Kept::Answered(Finding::Nothing { same_transaction: false, evidence: evidence.into() }));
        }
        let Some(response) = text("/RawResponse/XML") else {
            return Ok(Kept::Unusable("ActionDetailsQry: taken, and no response is kept yet".into()));
        };
        let said = stored::read(response).and_then(|document| of_action(document, &order.id));
        let Some(said) = said.and_then(|document| answer::of(order.operation, &document).ok()) else {
            return Ok(Kept::Unusable("ActionDetailsQry: the kept response says nothing of this action".into()));
        };
        Ok(judged(order, said))
    }
}

/// What a kept response means: the same as if it had just arrived.
fn judged(order: &Order, said: Answer) -> Kept {
    let finding = match outcome::judge(order.operation, &said).verdict {
        Verdict::Done => {
            Finding::Applied { shown: said, evidence: "ActionDetailsQry: the kept response says so".into() }
        }
        Verdict::Refused(why) | Verdict::RefusedUnlessLost(why) | Verdict::ByHand(why) => {
            Finding::Refused(format!("the kept response to this action: {why}"))
        }
        // It was definite, so what comes next is another attempt.
        Verdict::Later(later) => Finding::Nothing {
            same_transaction: false,
            evidence: format!("the kept response to this action: {}", later.reason),
        },
        Verdict::Unsure(why) | Verdict::Suspend(why) | Verdict::Pending(why) => {
            return Kept::Unusable(format!("the kept response to this action: {why}"));
        }
    };
    Kept::Answered(finding)
}

/// A stored response with only what answers the action; an error at its top stands for all.
fn of_action(document: Document, id: &str) -> Option<Document> {
    let Document { mut root } = document;
    if root.get("Error").is_none() {
        // The Whois that went along says why nothing matched.
        let is_it = |one: &Element| one.attribute("TransId") == Some(id);
        let is_beside = |one: &Element| one.attribute("Action") == Some("Whois");
        if !root.named("Response").any(is_it) {
            return None;
        }
        root.children.retain(|one| is_it(one) || is_beside(one));
    }
    Some(Document { root })
}

/// Whether a stored request is certainly another one than ours: under this id it has another action, or the same on
/// another object. A request that cannot be read is not.
fn is_anothers(request: &str, order: &Order) -> bool {
    let Some(document) = stored::read(request) else { return false };
    let theirs = document.root.children.iter().find(|action| action.attribute("ActionId") == Some(order.id.as_str()));
    let about = |action: &Element| {
        let attribute = ["DomainName", "HandleId"].iter().find_map(|name| action.attribute(name));
        attribute.or(action.get("DomainNameFilter").map(|filter| filter.text.as_str())).map(str::to_lowercase)
    };
    theirs.is_some_and(|theirs| theirs.name != order.action.name || about(theirs) != about(&order.action))
}

/// DomainDetailsQry: the domain as it is, if it is ours, with the action that changed it last.
fn by_state(case: &mut Case<'_>, order: &Order) -> Result<State, Halt> {
    let name = match order.action.name.as_str() {
        "DomainCreate" => order.action.attribute("DomainName"),
        "DomainUpdate" => order.action.get("DomainNameFilter").map(|filter| filter.text.as_str()),
        _ => None,
    };
    let Some(name) = name else { return Ok(State::NoDomain) };
    let answer = case.ask(|case| {
        let params = Map::from_iter([("domain".to_owned(), json!(name))]);
        let question = case.dialect.prepare(Operation::DomainInfo, &params, "");
        question.map_err(|reject| Halt::Cannot(format!("cannot ask: {reject}")))
    })?;
    // Whoever repeats the order reads the domain first, and finds the same.
    let not_there = || match case.dialect.complete(order.operation, case.doubt.params, answer) {
        Err(judgement) => match judgement.verdict {
            Verdict::Refused(why) | Verdict::RefusedUnlessLost(why) => State::Foreign(why),
            _ => State::NotOurs,
        },
        Ok(_) => State::NotOurs,
    };
    match outcome::heard(Operation::DomainInfo, answer) {
        Heard::Unanswered(why) => return cannot(format!("DomainDetailsQry was not answered: {why}")),
        Heard::Refused(_) => return Ok(not_there()),
        Heard::Answered => {}
    }
    let text = |place: &str| answer.data.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Of somebody else's domain only what is public is shown, and that has no audit.
    let Some(last) = text("/Domain/AuditDetails/ActionId") else { return Ok(not_there()) };
    if is_ours(last, order, case.doubt) {
        return Ok(State::Ours(answer.clone()));
    }
    let edge = case.doubt.since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
    let before = |place: &str| text(place).and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|at| at < edge);
    // Jobs on one domain run one at a time, and none has begun since: whatever another job did, it did before this one.
    let old = JobId::of_transaction(last).is_some() || before("/Domain/AuditDetails/AuditTime/From");
    Ok(match order.operation {
        Operation::DomainCreate if old || before("/Domain/RegisteredDate") => {
            State::Foreign("DomainDetailsQry: ours before this order (RegisteredDate, LastActionId)".into())
        }
        Operation::DomainTransfer if old => {
            State::Foreign("DomainDetailsQry: ours before this order (EffectiveFrom, LastActionId)".into())
        }
        _ if old => not_there(),
        _ => State::Changed("DomainDetailsQry: changed since by another action, which may have come after it".into()),
    })
}

/// Whether an id is that of this job: of this attempt, or of an earlier one.
fn is_ours(id: &str, order: &Order, doubt: &Doubt<'_>) -> bool {
    id == order.id || JobId::of_transaction(id).is_some_and(|job| JobId::of_transaction(doubt.transaction) == Some(job))
}

#[cfg(test)]
mod tests;
