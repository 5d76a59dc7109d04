//! A domain as results show it: fields by the names that a `FieldList` has for them.

use super::super::dates;
use super::super::objects::{Contact, Domain};
use super::super::state::State;
use super::super::wire::tree::Element;
use super::servers;

/// The fields of a full result of a write.
const FULL: &[&str] = &[
    "Status",
    "NameServers",
    "DNSSEC",
    "RegistrantContact",
    "RegisteredDate",
    "AdminContact",
    "TechnicalContact",
    "LockedDate",
    "Delegate",
    "RegistrarId",
    "RegistrantRef",
    "LastActionId",
    "ChangedByRegistrarId",
    "Term",
    "BilledUntil",
    "CancelledDate",
    "AuditText",
    "EffectiveFrom",
];

/// The full result of a write. Lists that are empty are left out.
pub(in super::super) fn full(state: &State, domain: &Domain) -> Element {
    let mut element = self::domain(state, domain, &|field| FULL.contains(&field));
    element
        .children
        .retain(|child| !["NameServers", "DNSSEC"].contains(&child.name.as_str()) || !child.children.is_empty());
    element
}

/// The fields that are wanted, in the order of the DTD; the name is always there.
pub(in super::super) fn domain(state: &State, domain: &Domain, wants: &dyn Fn(&str) -> bool) -> Element {
    let when = |field: &str, value: Option<String>| value.filter(|_| wants(field));
    let element = Element::new("Domain")
        .with("DomainName", &domain.name)
        .with_some("DomainNameUnicode", domain.unicode.as_ref())
        .with_some("DomainNameLanguage", domain.language.as_ref())
        .with_some("RegistrantRef", when("RegistrantRef", domain.reference.clone()))
        .with_some("RegistrarName", when("RegistrarName", registrar_name(state, domain)))
        .with_some("Status", when("Status", Some(domain.status().into())))
        .with_some("Delegate", when("Delegate", Some(u8::from(domain.delegate).to_string())))
        .with_some("Term", when("Term", Some(domain.term.to_string())))
        .with_some("RegistrarId", when("RegistrarId", Some(domain.registrar.clone())));
    let contact = |field: &str, contact: Contact| wants(field).then(|| contact.onto(Element::new(field)));
    let date = |field: &str, at: Option<jiff::Timestamp>| at.filter(|_| wants(field)).map(|at| dates::stamp(field, at));
    let list = |field: &str, list: Element| wants(field).then_some(list);
    let children = [
        list("NameServers", servers::servers_element(&domain.servers)),
        list("DNSSEC", servers::signers_element(&domain.signers)),
        contact("RegistrantContact", state.resolved(&domain.registrar, &domain.registrant)),
        contact("RegistrarPublicContact", public(state, domain)),
        contact("AdminContact", admin(state, domain)),
        contact("TechnicalContact", technical(state, domain)),
        date("BilledUntil", Some(domain.billed_until)),
        date("RegisteredDate", Some(domain.registered)),
        date("CancelledDate", domain.cancelled),
        date("LockedDate", domain.locked),
        wants("DefaultContacts").then(|| {
            let is = |contact: &Option<Contact>| u8::from(contact.is_none());
            let element = Element::new("DefaultContacts").with("AdminContact", is(&domain.admin));
            element.with("TechnicalContact", is(&domain.technical))
        }),
        audit(domain, wants),
    ];
    element.all(children.into_iter().flatten())
}

/// The part of the audit details that is wanted.
fn audit(domain: &Domain, wants: &dyn Fn(&str) -> bool) -> Option<Element> {
    let audit = &domain.audit;
    let element = Element::new("AuditDetails")
        .with_some("ActionId", wants("LastActionId").then_some(&audit.action))
        .with_some("RegistrarId", wants("ChangedByRegistrarId").then_some(&audit.registrar));
    let time = wants("EffectiveFrom").then(|| Element::new("AuditTime").child(dates::stamp("From", audit.from)));
    let text = wants("AuditText").then(|| Element::text("AuditText", &audit.text));
    let element = element.all(time.into_iter().chain(text));
    (!element.is_bare()).then_some(element)
}

fn registrar_name(state: &State, domain: &Domain) -> Option<String> {
    state.registrars.get(&domain.registrar).map(|registrar| registrar.name.clone())
}

fn public(state: &State, domain: &Domain) -> Contact {
    state.registrars.get(&domain.registrar).map(|registrar| registrar.public.clone()).unwrap_or_default()
}

/// The administrator, or the registrant who stands for one.
pub(super) fn admin(state: &State, domain: &Domain) -> Contact {
    state.resolved(&domain.registrar, domain.admin.as_ref().unwrap_or(&domain.registrant))
}

/// The technician, or the registrar's own.
pub(super) fn technical(state: &State, domain: &Domain) -> Contact {
    match &domain.technical {
        Some(contact) => state.resolved(&domain.registrar, contact),
        None => state.registrars.get(&domain.registrar).map(|known| known.technical.clone()).unwrap_or_default(),
    }
}
