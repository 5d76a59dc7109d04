//! ADD of a name server: with addresses below a domain of the account, without any below another top-level domain.

use std::collections::BTreeSet;

use super::super::objects::Host;
use super::super::reply::Outcome;
use super::super::rules;
use super::{Context, apply, described, done};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let (request, now) = (context.request, context.now);
    if context.state.hosts.contains_key(&request.name) {
        return Err(540);
    }
    if let Some(parent) = context.parent(&request.name)
        && parent?.registrar != context.account
    {
        return Err(531);
    }
    let mut addresses = Vec::new();
    apply(&mut addresses, &request.addresses)?;
    context.pass_addresses()?;
    if let Some(parent) = context.state.domains.get_mut(&rules::parent(&request.name)) {
        parent.children.insert(request.name.clone());
    }
    context.effect(described(&request.addresses, |address| &address.text));
    let host = Host {
        name: request.name.clone(),
        registrar: context.account.to_owned(),
        addresses,
        created: now,
        created_by: context.account.to_owned(),
        updated: now,
        updated_by: context.account.to_owned(),
        transferred: None,
        serves: BTreeSet::new(),
    };
    context.state.hosts.insert(request.name.clone(), host);
    done()
}
