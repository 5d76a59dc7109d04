//! DEL: a domain with the hosts below it, or a name server that serves no domain.

use super::super::RrpVersion;
use super::super::patterns;
use super::super::reply::Outcome;
use super::super::rules;
use super::{Context, done};

pub(super) fn domain(context: &mut Context<'_>) -> Outcome {
    let domain = context.living()?;
    if domain.is_held() {
        return Err(544);
    }
    if domain.is_locked() {
        return Err(552);
    }
    if domain.transfer.is_some() {
        return Err(553);
    }
    if context.state.serves_others(&domain) {
        return Err(533);
    }
    let cents = context.state.delete(domain, context.now);
    let paid = if cents == 0 { String::new() } else { format!("paid back {cents}") };
    context.effect(paid);
    done()
}

pub(super) fn host(context: &mut Context<'_>) -> Outcome {
    let host = context.host()?;
    if context.options.version >= RrpVersion::V200 && patterns::serves_tld(&host.name) {
        return Err(557);
    }
    context.pass_parent(&host.name)?;
    if !host.serves.is_empty() {
        return Err(532);
    }
    context.state.hosts.remove(&host.name);
    if let Some(parent) = context.state.domains.get_mut(&rules::parent(&host.name)) {
        parent.children.remove(&host.name);
    }
    context.effect(String::new());
    done()
}
