//! A request in the registry's own words, for what no operation says (RegistrarUpdate, ResetMsgQ, lists of contacts). It is
//! written anew, as everything that is signed, and means what it meant. Several questions may stand in it, and at most one
//! write: of two nobody could say which one counted. A write without `ActionId` gets the one of its attempt; one that it
//! brings is kept, and asked about in a doubt.

use serde_json::{Map, Value};

use super::super::check::names;
use super::super::codec::{self, tree::Element};
use super::super::params::Params;
use super::{Rules, handle_create};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The parameter.
const REQUEST: &str = "request";
/// An id that a write brings without saying anything.
const ID: &str = "ActionId";

/// Actions that change nothing; everything else counts as a write.
const QUERIES: &[&str] = &[
    "Whois",
    "DomainDetailsQry",
    "UDAIValidQry",
    "ActionDetailsQry",
    "HandleDetailsQry",
    "GetMessages",
    "RegistrarDetailsQry",
    "RegistrarAccountQry",
    "SysParamsQry",
    "RunLogQry",
    "ScheduleQry",
    "BillingAmountQry",
    "DeferredIncomeSummaryQry",
    "DeferredIncomeDetailQry",
    "AccessControlListQry",
];

/// A request that somebody else wrote.
pub struct Raw {
    /// What it is about, named as the other commands name it.
    pub object: ObjectKey,
    /// What it looks like: `raw` if like no other operation.
    pub operation: Operation,
    /// The id of its write, or of its first question.
    pub id: Option<String>,
    /// It.
    pub root: Element,
}

/// Whether an action changes something.
pub fn is_write(action: &str) -> bool {
    !QUERIES.contains(&action)
}

/// Reads the request. `transaction` becomes the id of a write that has none.
///
/// # Errors
/// It is missing, no request of this registry, has two writes, or one for many names. The reject does not repeat it.
pub fn read(params: &Map<String, Value>, transaction: &str, rules: &Rules) -> Result<Raw, Reject> {
    let text = Params::new(params, &[REQUEST])?.verbatim(REQUEST)?;
    let refuse = |reason: String| Reject::param(REQUEST, reason);
    let document = codec::read(text.expose().as_bytes()).map_err(|fault| refuse(fault.to_string()))?;
    if !document.is_request() {
        return Err(refuse("must be an NZSRSRequest".into()));
    }
    let mut root = document.root;
    let writes = root.children.iter().filter(|action| is_write(&action.name)).count();
    if writes > 1 {
        return Err(refuse("must not hold more than one action that changes something: a job has one effect".into()));
    }
    if root.children.len() > 1 && root.get("GetMessages").is_some() {
        return Err(refuse("must have GetMessages alone".into()));
    }
    let at = root.children.iter().position(|action| is_write(&action.name)).unwrap_or(0);
    let Some(action) = root.children.get_mut(at) else {
        return Err(refuse("must hold an action".into()));
    };
    let is_named = |(name, value): &(String, String)| name == ID && !value.trim().is_empty();
    if writes == 1 && !action.attributes.iter().any(is_named) {
        action.attributes.retain(|(name, _)| name != ID);
        action.attributes.insert(0, (ID.to_owned(), transaction.to_owned()));
    }
    let filters = action.named("DomainNameFilter").count();
    let wild = action.named("DomainNameFilter").any(|filter| filter.text.contains(['*', '?']));
    if writes == 1 && (filters > 1 || wild) {
        return Err(refuse("must be about one plain name: of many nobody could tell for which it was done".into()));
    }
    let id = action.attribute(if writes == 1 { ID } else { "QryId" }).filter(|id| !id.is_empty()).map(str::to_owned);
    let (object, operation) = (about(action, rules), looks_like(action));
    Ok(Raw { object, operation, id, root })
}

/// The operation with the same action.
pub fn looks_like(action: &Element) -> Operation {
    let is = |name: &str, value: &str| action.attribute(name) == Some(value);
    match action.name.as_str() {
        "Whois" if is("FullResult", "0") => Operation::DomainCheck,
        "Whois" => Operation::DomainInfo,
        "DomainDetailsQry" if plain_name(action).is_some() => Operation::DomainInfo,
        "DomainCreate" => Operation::DomainCreate,
        "DomainUpdate" if action.attribute("UDAI").is_some() => Operation::DomainTransfer,
        "DomainUpdate" if is("NewUDAI", "1") => Operation::DomainAuthcodeCreate,
        "DomainUpdate" if is("Cancel", "1") => Operation::DomainDelete,
        "DomainUpdate" if is("Cancel", "0") => Operation::DomainRestore,
        "DomainUpdate" if is("Renew", "1") => Operation::DomainRenew,
        "DomainUpdate" => Operation::DomainUpdate,
        "UDAIValidQry" => Operation::DomainAuthcodeCheck,
        "HandleCreate" => Operation::ContactCreate,
        "HandleUpdate" => Operation::ContactUpdate,
        "HandleDetailsQry" => Operation::ContactCheck,
        "GetMessages" => Operation::MessageRead,
        "AckMessage" => Operation::MessageDelete,
        query if !is_write(query) => Operation::AccountInfo,
        _ => Operation::Raw,
    }
}

/// The object of an action, named as the other commands name it.
fn about(action: &Element, rules: &Rules) -> ObjectKey {
    let attribute = |name: &str| action.attribute(name).map(str::trim).filter(|value| !value.is_empty());
    let child = |name: &str| action.get(name).map(|child| child.text.as_str()).filter(|value| !value.is_empty());
    let key = match action.name.as_str() {
        "Whois" | "DomainCreate" | "UDAIValidQry" => attribute("DomainName").map(domain),
        "DomainUpdate" => child("DomainNameFilter").map(domain),
        "DomainDetailsQry" => plain_name(action).map(domain),
        "HandleCreate" | "HandleUpdate" => attribute("HandleId").map(handle_create::object),
        "GetMessages" | "ResetMsgQ" => Some(ObjectKey::new(ObjectKind::Message, "queue")),
        "AckMessage" => {
            let [who, what] = ["OriginatingRegistrarId", "TransId"].map(|name| action.attribute(name));
            let id = format!("{}:{}", who.unwrap_or_default(), what.unwrap_or_default());
            Some(ObjectKey::new(ObjectKind::Message, &id))
        }
        _ => None,
    };
    key.unwrap_or_else(|| rules.account())
}

/// The one name that an action is about, if it is about one.
fn plain_name(action: &Element) -> Option<&str> {
    let mut filters = action.named("DomainNameFilter").map(|filter| filter.text.as_str());
    let (first, second) = (filters.next(), filters.next());
    first.filter(|name| second.is_none() && !name.is_empty() && !name.contains(['*', '?']))
}

/// A name of a kind we do not know; the registry does, or refuses it.
fn domain(name: &str) -> ObjectKey {
    let name = names::host("", name).unwrap_or_else(|_| name.to_lowercase());
    ObjectKey::new(ObjectKind::Domain, &name)
}
