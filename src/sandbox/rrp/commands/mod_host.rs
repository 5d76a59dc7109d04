//! MOD of a name server: another name, other addresses. Domains keep using it under its new name.

use super::super::RrpVersion;
use super::super::objects::Host;
use super::super::patterns;
use super::super::reply::Outcome;
use super::super::rules;
use super::{Context, apply, described, done};

/// Most addresses of a name server.
const MOST: usize = 13;

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let request = context.request;
    let mut host = context.host()?;
    if context.options.version >= RrpVersion::V200 && patterns::serves_tld(&host.name) {
        return Err(557);
    }
    if request.is_implicit {
        return Err(543);
    }
    context.pass_parent(&host.name)?;
    let name = request.new_name.clone().unwrap_or_else(|| host.name.clone());
    pass_name(context, &host, &name)?;
    apply(&mut host.addresses, &request.addresses)?;
    context.pass_addresses()?;
    match (host.addresses.len(), rules::is_inside(&name, &context.options.tlds)) {
        // Below a domain of the registry addresses are required, elsewhere they are not allowed.
        (0, true) => return Err(504),
        (1.., false) => return Err(503),
        (count, _) if count > MOST => return Err(541),
        _ => {}
    }
    if request.addresses.is_empty() && request.new_name.is_none() {
        return done();
    }
    let renamed = request.new_name.iter().map(|name| format!("={name}")).collect::<String>();
    let words = [renamed, described(&request.addresses, |address| &address.text)].join(" ");
    context.effect(words.trim().to_owned());
    host.touch(context.account, context.now);
    rename(context, host, name);
    done()
}

/// Refuses a name that is taken, or lies below a domain of somebody else.
fn pass_name(context: &Context<'_>, host: &Host, name: &str) -> Result<(), u16> {
    if name == host.name {
        return if context.request.new_name.is_some() { Err(540) } else { Ok(()) };
    }
    if context.state.hosts.contains_key(name) {
        return Err(540);
    }
    match context.parent(name) {
        Some(parent) if parent?.registrar != context.account => Err(531),
        _ => context.pass_parent(name),
    }
}

fn rename(context: &mut Context<'_>, mut host: Host, name: String) {
    let state = &mut *context.state;
    let old = std::mem::replace(&mut host.name, name.clone());
    state.hosts.remove(&old);
    for domain in &host.serves {
        let servers = state.domains.get_mut(domain).map(|domain| domain.servers.iter_mut());
        servers.into_iter().flatten().filter(|server| **server == old).for_each(|server| server.clone_from(&name));
    }
    if let Some(parent) = state.domains.get_mut(&rules::parent(&old)) {
        parent.children.remove(&old);
        // It may have waited for this to be deleted.
        state.calendar.insert((parent.due(), parent.name.clone()));
    }
    if let Some(parent) = state.domains.get_mut(&rules::parent(&name)) {
        parent.children.insert(name.clone());
    }
    state.hosts.insert(name, host);
}
