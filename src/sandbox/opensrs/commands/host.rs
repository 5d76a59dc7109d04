//! Name servers as objects: below a domain of the account, or known at another registry.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::objects::{Domain, Host};
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, fields};

/// What stands for all registries.
const EVERYWHERE: &str = "";

/// The host's name and the domain it is below, which is the account's.
fn named(context: &Context<'_>, key: &str) -> Result<(String, Domain), Box<Reply>> {
    if context.request.cookie.is_some() && context.attributes().text("domain").is_some() {
        return refuse_as(465, "Invalid data, error=cookie and domain");
    }
    let domain = context.domain()?;
    let host = super::name(&context.required(key)?);
    if !fields::is_host(&host) || !host.ends_with(&format!(".{}", domain.name)) {
        return refuse_as(465, "Invalid data, error=nameserver syntax");
    }
    Ok((host, domain))
}

type Addresses = (Option<String>, Option<String>);

fn addresses(context: &Context<'_>) -> Result<Addresses, Box<Reply>> {
    let text = |key: &str| context.attributes().text(key).map(str::to_owned);
    let (ipv4, ipv6) = (text("ipaddress"), text("ipv6"));
    let is_wrong = ipv4.as_ref().is_some_and(|text| text.parse::<Ipv4Addr>().is_err())
        || ipv6.as_ref().is_some_and(|text| text.parse::<Ipv6Addr>().is_err());
    if is_wrong { refuse_as(465, "Invalid data, error=invalid IP address") } else { Ok((ipv4, ipv6)) }
}

/// Domains that the host serves.
fn is_used(context: &Context<'_>, host: &str) -> bool {
    context.state.domains.values().any(|domain| domain.nameservers.iter().any(|name| name == host))
}

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    let domain = context.domain()?;
    let asked = context.required("name")?;
    let end = format!(".{}", domain.name);
    let is_meant = |host: &&Host| host.name.ends_with(&end) && (asked == "all" || host.name == super::name(&asked));
    let entry = |host: &Host| {
        let mut node = Node::none().with("name", &host.name);
        if let Some(ipv4) = &host.ipv4 {
            node = node.with("ipaddress", ipv4);
        }
        if let Some(ipv6) = &host.ipv6 {
            node = node.with("ipv6", ipv6);
        }
        node.with("can_delete", !is_used(context, &host.name))
    };
    let list: Vec<Node> = context.state.hosts.values().filter(is_meant).map(entry).collect();
    if list.is_empty() && asked != "all" {
        return refuse_as(480, "Nameserver not found");
    }
    Ok(Reply::ok("Command Successful.").with(Node::none().with("nameserver_list", list)))
}

pub(super) fn check(context: &mut Context<'_>) -> Outcome {
    let host = super::name(&context.required("fqdn")?);
    if !fields::is_host(&host) {
        return refuse_as(465, "Invalid data, error=nameserver syntax");
    }
    let tld = context.required("tld")?;
    let is_there = super::nameservers::known(context.state, std::slice::from_ref(&host)).is_ok();
    // The registry of its own zone knows it by itself, the others have to be told.
    let told = |tld: &str| context.state.told_hosts.contains(&(tld.to_lowercase(), host.clone()));
    let is_known = host.ends_with(&tld.to_lowercase()) || told(&tld) || told(EVERYWHERE);
    if !(is_there && is_known) {
        return refuse_as(480, "Nameserver not found in registry");
    }
    Ok(Reply::success(212, "Nameserver exists").with(Node::none().with("status", "exists")))
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let (name, domain) = named(context, "name")?;
    let (ipv4, ipv6) = addresses(context)?;
    if ipv4.is_none() && ipv6.is_none() {
        return refuse_as(460, "Missing required field: ip");
    }
    if context.state.hosts.contains_key(&name) {
        return refuse_as(485, "Nameserver already exists");
    }
    let host = Host { name: name.clone(), account: domain.account, ipv4, ipv6 };
    context.state.hosts.insert(name.clone(), host);
    context.effect(&name);
    Ok(Reply::ok("Nameserver Created."))
}

/// REGISTRY_ADD_NS makes a host known to another registry.
pub(super) fn add(context: &mut Context<'_>) -> Outcome {
    let host = super::name(&context.required("fqdn")?);
    let tld = context.required("tld")?;
    if !fields::is_host(&host) || !tld.starts_with('.') {
        return refuse_as(465, "Invalid data, error=nameserver syntax");
    }
    if super::nameservers::known(context.state, std::slice::from_ref(&host)).is_err() {
        return refuse_as(480, "existence of nameserver cannot be verified");
    }
    let everywhere = context.attributes().flag("all") == Some(true);
    let told = if everywhere { EVERYWHERE.to_owned() } else { tld.to_lowercase() };
    context.state.told_hosts.insert((told, host.clone()));
    context.effect(&host);
    Ok(Reply::ok("Nameserver added"))
}

pub(super) fn modify(context: &mut Context<'_>) -> Outcome {
    let (name, domain) = named(context, "name")?;
    let (ipv4, ipv6) = addresses(context)?;
    let Some(mut host) = context.state.hosts.get(&name).cloned() else {
        return refuse_as(480, "nameserver does not exist");
    };
    if ipv4.is_some() || ipv6.is_some() {
        (host.ipv4, host.ipv6) = (ipv4, ipv6);
    }
    if let Some(renamed) = context.attributes().text("new_name").map(super::name).filter(|new| *new != name) {
        if !fields::is_host(&renamed) || !renamed.ends_with(&format!(".{}", domain.name)) {
            return refuse_as(465, "Invalid data, error=new nameserver hostname");
        }
        if context.state.hosts.contains_key(&renamed) {
            return refuse_as(485, "new nameserver hostname already in registry");
        }
        context.state.hosts.remove(&name);
        let used = context.state.domains.values_mut().flat_map(|domain| domain.nameservers.iter_mut());
        used.filter(|used| **used == name).for_each(|used| used.clone_from(&renamed));
        host.name = renamed;
    }
    context.state.hosts.insert(host.name.clone(), host);
    context.effect(&name);
    Ok(Reply::ok("Command Successful."))
}

pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let (name, _) = named(context, "name")?;
    if !context.state.hosts.contains_key(&name) {
        return refuse_as(480, "nameserver does not exist");
    }
    if is_used(context, &name) {
        return refuse_as(485, "Nameserver in use.");
    }
    context.state.hosts.remove(&name);
    context.effect(&name);
    Ok(Reply::ok("Nameserver deleted."))
}
