//! Whois and UDAIValidQry: what anybody may ask about any domain.

use super::super::names;
use super::super::objects::Domain;
use super::super::reply::{Answer, Outcome};
use super::super::wire::tree::Element;
use super::{Context, view};

/// What is public.
const PUBLIC: &[&str] = &[
    "Status",
    "Delegate",
    "NameServers",
    "RegistrantContact",
    "RegistrarPublicContact",
    "AdminContact",
    "TechnicalContact",
    "BilledUntil",
    "RegisteredDate",
    "CancelledDate",
    "LockedDate",
    "EffectiveFrom",
];

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let name = names::canonical(context.action.value("DomainName"));
    let Some(domain) = context.state.domains.get(&name) else {
        return Ok(Answer::of([Element::new("Domain").with("DomainName", name).with("Status", "Available")]));
    };
    if context.action.flag("FullResult") == Some(false) {
        return Ok(Answer::of([Element::new("Domain").with("DomainName", name).with("Status", domain.status())]));
    }
    Ok(Answer::of([public(context, domain)]))
}

/// What is public of a domain. Handles are nobody's business.
pub(super) fn public(context: &Context<'_>, domain: &Domain) -> Element {
    let mut element = view::domain(context.state, domain, &|field| PUBLIC.contains(&field));
    for contact in &mut element.children {
        contact.attributes.retain(|(name, _)| name != "HandleId");
    }
    element
}

/// The answer for a name that is not registered is 0 as well.
pub(super) fn udai_valid(context: &mut Context<'_>) -> Outcome {
    let name = names::canonical(context.action.value("DomainName"));
    let domain = context.state.domains.get(&name);
    let is_valid =
        domain.is_some_and(|domain| context.state.is_udai(domain, context.action.value("UDAI"), context.now));
    Ok(Answer::of([Element::new("UDAIValid").with("Valid", u8::from(is_valid))]))
}
