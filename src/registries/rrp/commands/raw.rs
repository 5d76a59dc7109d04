//! A request in the registry's own words, for what no operation says: one command, sent as it is. It is understood as far as
//! needed to order it with the other jobs on the same object, and to tell what became of it if its answer is lost; its
//! answer is read as that of the operation it looks like.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::super::check;
use super::super::codec::{self, Request};
use super::Rules;
use super::add_host::ADDRESS;
use super::entity::{DOMAIN, ENTITY, HOST};
use super::mod_domain::STATUS;
use super::mod_host::NEW_NAME;
use super::session::OF_SESSIONS;
use super::transfer::APPROVE;
use crate::model::params::Params;
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The parameter.
const REQUEST: &str = "request";

/// A request that somebody else wrote.
pub struct Raw {
    /// What it is about, named as the other commands name it.
    pub object: ObjectKey,
    /// What it looks like: `raw` if like no other operation, and then it counts as a write.
    pub operation: Operation,
    /// The parameters that operation would have.
    pub params: Map<String, Value>,
    /// It, with the line ends of the protocol.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Reads the request.
///
/// # Errors
/// It is missing, no command, more than one, or one that opens or closes a session. The reject does not repeat it.
pub fn read(params: &Map<String, Value>, rules: &Rules) -> Result<Raw, Reject> {
    let text = Params::new(params, &[REQUEST])?.verbatim(REQUEST)?;
    let refuse = |reason: String| Reject::param(REQUEST, reason);
    let request = codec::read_request(text.expose()).map_err(refuse)?;
    if OF_SESSIONS.iter().any(|verb| verb.eq_ignore_ascii_case(&request.verb)) {
        return Err(refuse("is not for a job: sessions are opened and closed as needed".into()));
    }
    let bytes = codec::write(&request).map_err(refuse)?;
    let (operation, params) = looks_like(&request);
    Ok(Raw { object: about(&request, rules), operation, params, bytes })
}

/// The operation and its parameters.
fn looks_like(request: &Request) -> (Operation, Map<String, Value>) {
    let verb = request.verb.to_ascii_lowercase();
    let is_host = entity_is(request, "NameServer");
    let operation = match (verb.as_str(), is_host) {
        ("describe", _) => Operation::AccountInfo,
        ("check", true) => Operation::HostCheck,
        ("status", true) => Operation::HostInfo,
        ("add", true) => Operation::HostCreate,
        ("mod", true) => Operation::HostUpdate,
        ("del", true) => Operation::HostDelete,
        _ if !entity_is(request, "Domain") => Operation::Raw,
        ("check", _) => Operation::DomainCheck,
        ("status", _) => Operation::DomainInfo,
        ("add", _) => Operation::DomainCreate,
        ("mod", _) => Operation::DomainUpdate,
        ("renew", _) => Operation::DomainRenew,
        ("del", _) => Operation::DomainDelete,
        ("transfer", _) => match request.option(APPROVE) {
            None => Operation::DomainTransfer,
            Some(word) if word.eq_ignore_ascii_case("yes") => Operation::DomainTransferApprove,
            Some(_) => Operation::DomainTransferReject,
        },
        _ => Operation::Raw,
    };
    (operation, params(request, operation))
}

fn entity_is(request: &Request, word: &str) -> bool {
    request.attribute(ENTITY).is_some_and(|entity| entity.trim().eq_ignore_ascii_case(word))
}

/// What is stated, under the names a job has for it: as far as a doubt asks for it.
fn params(request: &Request, operation: Operation) -> Map<String, Value> {
    let mut params = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != json!([]) {
            params.insert(name.to_owned(), value);
        }
    };
    // A value with `=` behind it goes; `old=new` is one that goes and one that comes.
    let split = |name: &str| -> [Vec<String>; 2] {
        let values = || request.attributes(name).map(|value| value.split_once('=').unwrap_or(("", value)));
        let comes =
            |(old, new): (&str, &str)| if old.is_empty() || !new.is_empty() { Some(new.to_owned()) } else { None };
        let goes = |(old, _): (&str, &str)| (!old.is_empty()).then(|| old.to_owned());
        [values().filter_map(comes).collect(), values().filter_map(goes).collect()]
    };
    match operation {
        Operation::DomainUpdate => {
            let ([add, remove], [add_status, remove_status]) = (split(HOST), split(STATUS));
            put("add_nserver", json!(add));
            put("remove_nserver", json!(remove));
            put("add_status", json!(add_status));
            put("remove_status", json!(remove_status));
        }
        Operation::HostUpdate => {
            let [add, remove] = split(ADDRESS);
            put("add_address", json!(add));
            put("remove_address", json!(remove));
            put("new_name", json!(request.attribute(NEW_NAME)));
        }
        Operation::HostCreate => put("address", json!(request.attributes(ADDRESS).collect::<Vec<_>>())),
        _ => {}
    }
    put("years", json!(request.option("Period").and_then(|years| years.trim().parse::<u64>().ok())));
    put("expires", json!(request.option("CurrentExpirationYear")));
    match operation.object() {
        ObjectKind::Domain => put("domain", json!(request.attribute(DOMAIN))),
        ObjectKind::Host => put("host", json!(request.attribute(HOST))),
        _ => {}
    }
    params
}

/// The object, by the attribute that names it.
fn about(request: &Request, rules: &Rules) -> ObjectKey {
    // A name of a kind we do not know; the registry does, or refuses it.
    let named = |name: &str| check::host("name", name.trim()).unwrap_or_else(|_| name.trim().to_lowercase());
    let of = |kind, name: Option<&str>| name.map(|name| ObjectKey::new(kind, &named(name)));
    let host = || request.attribute(HOST).filter(|_| entity_is(request, "NameServer"));
    of(ObjectKind::Domain, request.attribute(DOMAIN))
        .or_else(|| of(ObjectKind::Host, host()))
        .unwrap_or_else(|| rules.account())
}

#[cfg(test)]
mod tests;
