//! CHECK: whether a name is free at this moment. All four answers are successes.

use super::super::reply::{Attribute, Outcome, Reply};
use super::Context;

pub(super) fn domain(context: &mut Context<'_>) -> Outcome {
    let is_taken = context.state.domains.contains_key(&context.request.name);
    Ok(Reply::plain(if is_taken { 211 } else { 210 }))
}

pub(super) fn host(context: &mut Context<'_>) -> Outcome {
    let Some(host) = context.state.hosts.get(&context.request.name) else { return Ok(Reply::plain(212)) };
    let addresses = host.addresses.iter().map(|address| address.text.as_str());
    Ok(addresses.fold(Reply::plain(213), |reply, address| reply.text(Attribute::IpAddress, address)))
}
