//! Lost orders about hosts.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::outcome;
use super::compare::{addresses, host};
use super::{Case, Halt, Next, applied, cannot, foreign, nothing, shown, text};
use crate::model::{Answer, Operation};

/// What GET NAMESERVER shows of a host.
enum Seen<'a> {
    /// It is not there.
    Absent,
    /// With the addresses of the order.
    AsOrdered(&'a Answer),
    /// With others.
    Other,
}

/// Asks about a host and compares its addresses.
fn look<'a>(case: &mut Case<'a>, name: &str) -> Result<Seen<'a>, Halt> {
    let mut params = json!({ "host": name });
    if let Some(domain) = text(case.doubt.params, "domain") {
        params["domain"] = domain.into();
    }
    let answer = case.ask(Operation::HostInfo, params)?;
    let Some(info) = shown("GET NAMESERVER", Operation::HostInfo, answer)? else {
        return match outcome::is_about_the_domain(answer) {
            true => cannot("GET NAMESERVER: the domain of the host is not ours"),
            false => Ok(Seen::Absent),
        };
    };
    let list = info.data.get("nameserver_list").and_then(Value::as_array);
    let is_it = |item: &&Value| item.get("name").and_then(Value::as_str).is_some_and(|shown| host(shown) == host(name));
    let Some(item) = list.into_iter().flatten().find(is_it) else {
        return match info.data.get("nameserver_list") {
            Some(Value::Array(_) | Value::Null) => Ok(Seen::Absent),
            _ => cannot("GET NAMESERVER does not show nameserver_list"),
        };
    };
    let theirs = addresses([item.get("ipaddress"), item.get("ipv6")]);
    let ordered = addresses([case.doubt.params.get("address")]);
    // Whether addresses of version 6 are shown is not known; where none is, those of the order cannot be compared.
    let (six, four): (Vec<&IpAddr>, Vec<&IpAddr>) = ordered.iter().partition(|address| address.is_ipv6());
    let compared = if theirs.iter().any(IpAddr::is_ipv6) { [four, six].concat() } else { four };
    match compared.is_empty() && !ordered.is_empty() {
        true => cannot("GET NAMESERVER does not show addresses of version 6"),
        false if compared.iter().all(|address| theirs.contains(address)) => Ok(Seen::AsOrdered(info)),
        false => Ok(Seen::Other),
    }
}

fn name(case: &Case<'_>) -> Result<String, Halt> {
    match text(case.doubt.params, "host") {
        Some(name) => Ok(name.to_owned()),
        None => cannot("the job names no host"),
    }
}

/// There, with its addresses.
pub fn create(case: &mut Case<'_>) -> Next {
    let name = name(case)?;
    if case.doubt.params.contains_key("tld") || case.doubt.params.contains_key("all") {
        return known_to_registry(case, &name);
    }
    match look(case, &name)? {
        Seen::Absent => nothing("GET NAMESERVER: no such host"),
        Seen::AsOrdered(info) => case.applied_by_us(info, "GET NAMESERVER: there, equals the order in address".into()),
        Seen::Other => foreign("GET NAMESERVER: there, differs in address"),
    }
}

/// REGISTRY_ADD_NS: the registry of a zone knows it.
fn known_to_registry(case: &mut Case<'_>, name: &str) -> Next {
    let mut params = json!({ "host": name });
    if let Some(tld) = text(case.doubt.params, "tld") {
        params["tld"] = tld.into();
    }
    match case.shown("REGISTRY_CHECK_NAMESERVER", Operation::HostCheck, params)? {
        Some(answer) => case.applied_by_us(answer, "REGISTRY_CHECK_NAMESERVER: known to the registry".into()),
        None => nothing("REGISTRY_CHECK_NAMESERVER: not known to the registry"),
    }
}

/// There under the name it was to have, with its addresses.
pub fn update(case: &mut Case<'_>) -> Next {
    let old = name(case)?;
    let new = text(case.doubt.params, "new_name").map_or_else(|| old.clone(), str::to_owned);
    match look(case, &new)? {
        Seen::AsOrdered(info) => applied(info, "GET NAMESERVER: equals the order in name, address"),
        Seen::Other if host(&new) != host(&old) => {
            cannot("GET NAMESERVER: there is a host of the new name, with other addresses")
        }
        Seen::Absent if host(&new) == host(&old) => foreign("GET NAMESERVER: there is no such host"),
        Seen::Absent => nothing("GET NAMESERVER: there is no host of the new name"),
        Seen::Other => nothing("GET NAMESERVER: differs in address"),
    }
}

/// Gone.
pub fn delete(case: &mut Case<'_>) -> Next {
    let name = name(case)?;
    let heard = case.heard;
    match look(case, &name)? {
        Seen::AsOrdered(_) | Seen::Other => nothing("GET NAMESERVER: still there"),
        Seen::Absent => match heard.first() {
            Some(answer) => case.applied_by_us(answer, "GET NAMESERVER: no such host".into()),
            None => cannot("GET NAMESERVER was not heard"),
        },
    }
}
