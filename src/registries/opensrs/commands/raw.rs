//! A request in the registry's own words, for what no operation says. It goes out as it is. It is understood as far as needed
//! to order it with the other jobs on the same object, and its answer is read as that of the operation it looks like.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::check;
use super::super::codec;
use super::super::codec::tree::Node;
use super::super::params::{self, EVERYWHERE};
use super::{COMMANDS, Rules, access, nameserver, order_info};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The parameter.
const REQUEST: &str = "request";

/// Verbs that open and close sessions.
const OF_SESSIONS: &[&str] = &["authenticate", "check", "quit"];

/// A request that somebody else wrote.
pub struct Raw {
    /// What it is about, named as the other commands name it.
    pub object: ObjectKey,
    /// What it looks like: `raw` if like no other operation, and then it counts as a write.
    pub operation: Operation,
    /// It, to the byte.
    pub text: Zeroizing<String>,
}

/// Reads the request.
///
/// # Errors
/// It is missing, no request of this registry, or one that opens or closes a session, which is not a job's business. The
/// reject does not repeat it.
pub fn read(params: &Map<String, Value>, rules: &Rules) -> Result<Raw, Reject> {
    let params = params::read(params, &[REQUEST])?;
    let refuse = |reason: String| Reject::param(REQUEST, reason);
    if params.has(EVERYWHERE) {
        return Err(Reject::param(EVERYWHERE, "stands in the request itself, if at all"));
    }
    let text = params.verbatim(REQUEST)?;
    let text = Zeroizing::new(text.expose().trim().to_owned());
    let root = codec::read(text.as_bytes()).map_err(refuse)?;
    let word = |key: &str| root.get(key).and_then(Node::as_text).map(str::trim).filter(|word| !word.is_empty());
    let (Some(protocol), Some(action), Some(object)) = (word("protocol"), word("action"), word("object")) else {
        return Err(refuse("must have the items protocol, action and object".into()));
    };
    if protocol != "XCP" {
        return Err(refuse("must have the protocol XCP".into()));
    }
    if OF_SESSIONS.iter().any(|verb| verb.eq_ignore_ascii_case(action)) {
        return Err(refuse("is not for a job: sessions are opened and closed as needed".into()));
    }
    let attributes = root.get("attributes").unwrap_or(&Node::Empty);
    let operation = looks_like(action, object, attributes);
    Ok(Raw { object: about(operation, attributes, rules), operation, text })
}

/// The operation with the same words; of several, the one its attributes say.
fn looks_like(action: &str, object: &str, attributes: &Node) -> Operation {
    if action.eq_ignore_ascii_case("SET") && object.eq_ignore_ascii_case("COOKIE") {
        return Operation::DomainInfo;
    }
    let same = |words: (&str, &str)| words.0.eq_ignore_ascii_case(action) && words.1.eq_ignore_ascii_case(object);
    let Some(row) = COMMANDS.iter().find(|command| same((command.action, command.object))) else {
        // A verb of no command here; those that get something change nothing.
        return match action.get(..3).is_some_and(|verb| verb.eq_ignore_ascii_case("GET")) {
            true if text(attributes, "domain").is_some() => Operation::DomainInfo,
            true => Operation::AccountInfo,
            false => Operation::Raw,
        };
    };
    let says = |key: &str, word: &str| text(attributes, key).is_some_and(|value| value.eq_ignore_ascii_case(word));
    match row.operation {
        Operation::DomainCreate if says("reg_type", "transfer") => Operation::DomainTransfer,
        Operation::DomainUpdate if says("data", "domain_auth_info") => Operation::DomainAuthcodeCreate,
        Operation::OrderProcess if says("command", "cancel") => Operation::OrderCancel,
        operation => operation,
    }
}

fn text<'a>(attributes: &'a Node, key: &str) -> Option<&'a str> {
    attributes.get(key).and_then(Node::as_text).map(str::trim).filter(|text| !text.is_empty())
}

/// The object, by the attributes that name one.
fn about(operation: Operation, attributes: &Node, rules: &Rules) -> ObjectKey {
    // A name of a kind we do not know; the registry does, or refuses it.
    let named = |value: &str| check::host("name", value).unwrap_or_else(|_| value.to_lowercase());
    let of = |key: &str| text(attributes, key);
    let host = of("fqdn").or_else(|| of("name").filter(|_| operation.object() == ObjectKind::Host));
    let host = host.filter(|name| !name.eq_ignore_ascii_case("all")).map(|name| nameserver::object(&named(name)));
    let domain = || of("domain").or_else(|| of("domain_name")).map(|name| access::domain(&named(name)));
    let order = || of("order_id").or_else(|| of("request_id")).map(order_info::object);
    let event = || of("event_id").map(|id| ObjectKey::new(ObjectKind::Message, id));
    host.or_else(domain).or_else(order).or_else(event).unwrap_or_else(|| match operation.object() {
        ObjectKind::Message => ObjectKey::new(ObjectKind::Message, "queue"),
        _ => rules.account(),
    })
}

#[cfg(test)]
#[path = "raw/tests.rs"]
mod tests;
