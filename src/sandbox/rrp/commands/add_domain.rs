//! ADD of a domain: registered at once, without any data about persons.

use std::collections::BTreeSet;

use super::super::dates;
use super::super::objects::{Domain, Fee, Stage};
use super::super::reply::{Attribute, Outcome, Reply};
use super::{Context, apply};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let (request, options, now) = (context.request, context.options, context.now);
    if let Some(domain) = context.state.domains.get(&request.name) {
        return Err(if domain.registrar == context.account { 554 } else { 540 });
    }
    let mut servers = Vec::new();
    apply(&mut servers, &request.servers)?;
    if !servers.iter().all(|server| context.state.hosts.contains_key(server)) {
        return Err(545);
    }
    let years = request.period.unwrap_or(options.default_period);
    let cents = options.price * i64::from(years);
    if !context.state.affords(context.account, cents) {
        return Err(546);
    }
    context.state.spend(context.account, cents);
    let expires = dates::years_later(&options.zone, now, years);
    servers.iter().for_each(|server| context.state.link(server, &request.name));
    context.effect(format!("{years} years {}", servers.join(" ")).trim_end().to_owned());
    let domain = Domain {
        name: request.name.clone(),
        registrar: context.account.to_owned(),
        created: now,
        created_by: context.account.to_owned(),
        updated: now,
        updated_by: context.account.to_owned(),
        transferred: None,
        expires,
        statuses: BTreeSet::new(),
        servers,
        children: BTreeSet::new(),
        transfer: None,
        stage: Stage::Registered,
        fees: vec![Fee { kind: "add", until: dates::days_later(now, options.days.add_grace), cents }],
    };
    let reply = Reply::done().time(Attribute::Expires, expires);
    let words = domain.words(false).into_iter();
    let reply = words.fold(reply, |reply, word| reply.text(Attribute::Status, word));
    context.state.put(domain);
    Ok(reply)
}
