//! A request in the registry's own words, for what no operation says. It goes out as it is, in its own format and
//! version; a write gets the transaction id of its attempt. It is understood as far as needed to order it with the other
//! jobs on the same object, and its answer is shown as that of the operation it looks like.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::check::names;
use super::super::check::rules::Levels;
use super::super::codec::order::read_order;
use super::super::codec::tree::{Block, Item, Order};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::account_info::AccountInfo;
use super::{Command, Request, Rules, auth_info, contact, contact_check, domain, operation_of, queue_read, shown};
use crate::model::verdict::Doubt;
use crate::model::{Finding, ObjectKey, ObjectKind, Operation, Reject};
use crate::registries::Checked;

/// The row in the table of commands.
pub const COMMAND: Command = Command { operation: Operation::Raw, action: None, order, data };

/// The parameter.
const REQUEST: &str = "request";

/// Reads the request. It must not log in or out, which is the session's business, nor bring a transaction id: the one of
/// its attempt is stored before it is sent, and a second one would be worth nothing in a doubt.
fn order(params: &Map<String, Value>, rules: &Rules, _: &Levels) -> Result<(Checked, Order), Reject> {
    let text = Params::new(params, &[REQUEST])?.verbatim(REQUEST)?;
    let refuse = |reason: String| Reject::param(REQUEST, reason);
    let mut order = read_order(text.expose()).map_err(refuse)?;
    if order.action.space == Space::Global {
        return Err(refuse(format!("{} is not for a job: sessions are opened and closed as needed", order.action.kv)));
    }
    if order.transaction.is_some() {
        return Err(refuse("must not hold a transaction id: each attempt that writes gets its own".into()));
    }
    let object = object(&order, rules);
    order.verbatim = Some(Zeroizing::new(text.expose().trim().to_owned()));
    Ok((object.into(), order))
}

/// The object, named as the other commands name it.
fn object(order: &Order, rules: &Rules) -> ObjectKey {
    let value = |wanted: Word| {
        order.items.iter().find_map(|item| match item {
            Item::Field(word, value) if *word == wanted => Some(value.as_str()),
            _ => None,
        })
    };
    let named = match order.action.space {
        Space::Domain => {
            value(Word::Domain).or_else(|| value(Word::DomainAce)).map(|name| match names::domain("", name) {
                Ok(name) => domain::object(&name),
                // A name of a kind we do not know; its registry does, or refuses it.
                Err(_) => ObjectKey::new(ObjectKind::Domain, &shown::host(name)),
            })
        }
        Space::Contact => value(Word::Handle).map(|handle| contact::object(&handle.to_uppercase())),
        Space::Msg => Some(ObjectKey::new(ObjectKind::Message, value(Word::MsgId).unwrap_or("queue"))),
        _ => value(Word::RegAcc).map(|name| ObjectKey::new(ObjectKind::Account, &name.to_uppercase())),
    };
    named.unwrap_or_else(|| ObjectKey::new(ObjectKind::Account, &rules.reg_acc.to_uppercase()))
}

/// What the answer shows, by the operation it looks like.
fn data(answer: &Block) -> Value {
    let has = |word| answer.get(word).is_some();
    if has(Word::MsgCnt) || has(Word::MsgId) {
        Value::Object(queue_read::data(answer))
    } else if has(Word::Domain) {
        domain::data(answer)
    } else if has(Word::RegAccId) || has(Word::RegAcc) {
        AccountInfo::data(answer)
    } else if has(Word::AuthInfoExpire) {
        auth_info::data(answer)
    } else if has(Word::Handle) && has(Word::Status) {
        contact_check::data(answer)
    } else {
        contact::data(answer)
    }
}

/// The order for a domain that a raw request is, as far as needed to ask what became of it.
pub fn domain_order(doubt: &Doubt<'_>) -> Option<(Operation, Map<String, Value>)> {
    let (checked, order) = match doubt.operation {
        Operation::Raw => order(doubt.params, &Rules::default(), &Levels::default()).ok()?,
        _ => return None,
    };
    let name = checked.object.as_str().strip_prefix("domain:")?;
    Some((operation_of(&order), Map::from_iter([("domain".to_owned(), name.into())])))
}

/// What is known of a raw request whose answer was never heard: one that only reads may be asked again, of one that
/// writes nobody but its author can say how to tell whether it happened.
pub fn lost(doubt: &Doubt<'_>) -> Finding {
    match order(doubt.params, &Rules::default(), &Levels::default()) {
        Ok((_, order)) if !order.action.writes() => {
            Finding::Nothing { same_transaction: false, evidence: "it only asks, and asking again does no harm".into() }
        }
        Ok((_, order)) => Finding::Unknown(format!("no question is known about a {} of one's own", order.action.kv)),
        Err(reject) => Finding::Unknown(format!("cannot read the request: {reject}")),
    }
}

#[cfg(test)]
#[path = "raw/tests.rs"]
mod tests;
