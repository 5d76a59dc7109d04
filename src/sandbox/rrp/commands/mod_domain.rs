//! MOD of a domain: its name servers and the statuses of its registrar.

use super::super::objects::{ACTIVE, Domain, OF_REGISTRAR, OF_REGISTRY};
use super::super::reply::Outcome;
use super::super::wire::request::{Change, Request};
use super::{Context, apply, described, done};

/// Most name servers of a domain.
const MOST: usize = 13;

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let request = context.request;
    let mut domain = context.living()?;
    if domain.transfer.is_some() {
        return Err(553);
    }
    if request.is_implicit {
        return Err(543);
    }
    pass_status(&domain, request)?;
    request.statuses.iter().try_for_each(settable)?;
    let before = domain.servers.clone();
    let mut statuses: Vec<String> = domain.statuses.iter().cloned().collect();
    apply(&mut statuses, &request.statuses)?;
    apply(&mut domain.servers, &request.servers)?;
    if domain.servers.len() > MOST {
        return Err(541);
    }
    if !domain.servers.iter().all(|server| context.state.hosts.contains_key(server)) {
        return Err(545);
    }
    if request.servers.is_empty() && request.statuses.is_empty() {
        return done();
    }
    domain.statuses = statuses.into_iter().collect();
    domain.touch(context.account, context.now);
    before.iter().for_each(|server| context.state.unlink(server, &domain.name));
    domain.servers.iter().for_each(|server| context.state.link(server, &domain.name));
    let words = [described(&request.servers, |text| text), described(&request.statuses, |text| text)].join(" ");
    context.effect(words.trim().to_owned());
    context.state.put(domain);
    done()
}

/// A domain that is locked or held takes nothing but the removal of its registrar's own statuses.
fn pass_status(domain: &Domain, request: &Request) -> Result<(), u16> {
    let removes = request.statuses.iter().all(|change| change.new.is_none()) && request.servers.is_empty();
    match () {
        () if domain.is_held_by_registry() => Err(544),
        () if domain.is_locked_by_registry() => Err(552),
        () if (domain.is_locked() || domain.is_held()) && !removes => Err(552),
        () => Ok(()),
    }
}

/// Only the registrar's own statuses come and go by MOD.
fn settable(change: &Change<String>) -> Result<(), u16> {
    for word in [&change.old, &change.new].into_iter().flatten() {
        match word.as_str() {
            word if OF_REGISTRAR.contains(&word) => {}
            word if word == ACTIVE || OF_REGISTRY.contains(&word) => return Err(543),
            _ => return Err(541),
        }
    }
    Ok(())
}
