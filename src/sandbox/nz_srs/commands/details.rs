//! DomainDetailsQry: one's own domains, by many filters.

use jiff::Timestamp;

use super::super::objects::Domain;
use super::super::reply::{Outcome, Refusal};
use super::super::wire::tree::Element;
use super::super::{dates, names};
use super::filters::{self, Range};
use super::{Context, view, whois};

/// A date of a domain, if it has it.
type DateOf = fn(&Domain) -> Option<Timestamp>;

/// Dates of a domain that can be asked for.
const DATES: &[(&str, DateOf)] = &[
    ("RegisteredDateRange", |domain| Some(domain.registered)),
    ("LockedDateRange", |domain| domain.locked),
    ("CancelledDateRange", |domain| domain.cancelled),
    ("BilledUntilDateRange", |domain| Some(domain.billed_until)),
];

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    filters::counted(action, "DomainNameFilter")?;
    // An end that is not given is far ahead here: what is billed is billed for the future.
    let ranges: Result<Vec<_>, Box<Refusal>> = DATES
        .iter()
        .filter_map(|(name, date)| {
            Range::read(action, name, Timestamp::MAX).map(|range| Some((range?, date))).transpose()
        })
        .collect();
    let ranges = ranges?;
    let is_wanted = |domain: &Domain| {
        let in_range =
            |(range, date): &(Range, &fn(&Domain) -> Option<Timestamp>)| date(domain).is_some_and(|at| range.has(at));
        fits(context, domain) && ranges.iter().all(in_range)
    };
    let mut found = Vec::new();
    for domain in context.state.domains.values() {
        if domain.registrar == context.registrar && is_wanted(domain) {
            found.push(shown(context, domain));
        }
        if action.flag("ShowHistory") == Some(true) {
            let past = context.state.past.get(&domain.name).map(Vec::as_slice).unwrap_or_default();
            let is_theirs = domain.registrar == context.registrar;
            let past = past.iter().rev().filter(|(version, _)| is_theirs && is_wanted(version));
            found.extend(past.map(|(version, to)| ended(context, version, *to)));
        }
    }
    filters::page(action, context.options, found)
}

/// A version of a domain that is over; of a time at another registrar only what is public.
fn ended(context: &Context<'_>, version: &Domain, to: Timestamp) -> Element {
    let is_own = version.registrar == context.registrar;
    let mut element = if is_own { shown(context, version) } else { whois::public(context, version) };
    let audit = element.children.iter_mut().find(|child| child.name == "AuditDetails");
    if let Some(time) = audit.and_then(|audit| audit.children.iter_mut().find(|child| child.name == "AuditTime")) {
        time.children.push(dates::stamp("To", to));
    }
    element
}

/// The fields that were asked for; name and status if none were.
fn shown(context: &Context<'_>, domain: &Domain) -> Element {
    let list = context.action.find("FieldList");
    let wants = |field: &str| list.map_or(field == "Status", |list| list.flag(field) == Some(true));
    view::domain(context.state, domain, &wants)
}

/// Whether a domain fits every kind of filter but those of dates.
fn fits(context: &Context<'_>, domain: &Domain) -> bool {
    let action = context.action;
    let exact = |name: &str, value: &str| action.attribute(name).is_none_or(|wanted| wanted == value);
    let text = |pattern: Option<&str>, value: &str| pattern.is_none_or(|pattern| names::fits_text(pattern, value));
    let of = |name: &str| action.find(name).map(|filter| filter.text.trim());
    let is_named = |filter: &Element| names::fits(&filter.text, &domain.name);
    let named = action.find("DomainNameFilter").is_none() || action.each("DomainNameFilter").any(is_named);
    named
        && exact("Status", domain.status())
        && exact("Delegate", if domain.delegate { "1" } else { "0" })
        && exact("Term", &domain.term.to_string())
        && text(action.attribute("RegistrantRef"), domain.reference.as_deref().unwrap_or_default())
        && text(of("AuditTextFilter"), &domain.audit.text)
        && text(of("ActionIdFilter"), &domain.audit.action)
        && fits_servers(action, domain)
        && fits_people(context, domain)
}

fn fits_servers(action: &Element, domain: &Domain) -> bool {
    let by_server = action.find("NameServerFilter").is_none_or(|list| {
        list.children.iter().any(|filter| {
            domain.servers.iter().any(|server| {
                filters::fits(filter, |name| match name {
                    "FQDN" => Some(server.name.as_str()),
                    "IP4Addr" => server.ipv4.as_deref(),
                    _ => server.ipv6.as_deref(),
                })
            })
        })
    });
    let by_signer = action.find("DNSSECFilter").is_none_or(|list| {
        list.children.iter().any(|filter| {
            domain.signers.iter().any(|signer| {
                let digest =
                    filter.find("Digest").is_none_or(|digest| names::fits_text(digest.text.trim(), &signer.digest));
                let numbers = filters::fits(filter, |name| match name {
                    "KeyTag" => Some(signer.key_tag.as_str()),
                    "Algorithm" => Some(signer.algorithm.as_str()),
                    _ => Some(signer.digest_type.as_str()),
                });
                digest && numbers
            })
        })
    });
    by_server && by_signer
}

fn fits_people(context: &Context<'_>, domain: &Domain) -> bool {
    let state = &*context.state;
    let registrant = state.resolved(&domain.registrar, &domain.registrant);
    let people = [
        ("RegistrantContactFilter", registrant),
        ("AdminContactFilter", view::admin(state, domain)),
        ("TechnicalContactFilter", view::technical(state, domain)),
    ];
    people
        .iter()
        .all(|(name, contact)| context.action.find(name).is_none_or(|filter| filters::fits_contact(filter, contact)))
}
