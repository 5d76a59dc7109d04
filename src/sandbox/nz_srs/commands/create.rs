//! DomainCreate.

use super::super::objects::{Bill, Contact, Domain};
use super::super::reply::{Answer, Outcome, Refusal, refuse};
use super::super::{dates, names};
use super::{Context, contacts, servers, view};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let name = names::canonical(action.value("DomainName"));
    names::check(&name)?;
    let unicode = names::unicode(&name, action.attribute("DomainNameUnicode"), action.attribute("DomainNameLanguage"))?;
    if !context.state.may_register(context.registrar, names::parent(&name)) {
        return refuse("ALLOWED_2LD_FOR_REGISTRAR", &[context.registrar]);
    }
    let months = context.months(action.value("Term"))?;
    if months == 0 {
        return refuse("INVALID_FIELD", &["0", "Term"]);
    }
    if context.state.domains.contains_key(&name) {
        return refuse("DOMAIN_ALREADY_EXISTS", &[&name]);
    }
    context.take(&name)?;
    let part = |element: &str| optional(context, element);
    let (registrant, admin, technical) = (part("RegistrantContact")?, part("AdminContact")?, part("TechnicalContact")?);
    let servers = action.find("NameServers").map(|list| servers::servers(list, &name)).transpose()?;
    let signers = action.find("DNSSEC").map(|list| servers::signers(list, &name)).transpose()?;
    let bill = context.state.next_bill();
    let mut domain = Domain {
        language: unicode.as_ref().map(|_| action.attribute("DomainNameLanguage").unwrap_or(".NZ LATIN").to_owned()),
        unicode,
        registrar: context.registrar.to_owned(),
        reference: action.attribute("RegistrantRef").filter(|text| !text.is_empty()).map(str::to_owned),
        term: 1,
        delegate: action.flag("Delegate").unwrap_or(true),
        registrant: registrant.unwrap_or_default(),
        admin,
        technical,
        servers: servers.unwrap_or_default(),
        signers: signers.unwrap_or_default(),
        registered: context.now,
        billed_until: dates::months_later(context.now, months),
        cancelled: None,
        is_cancelled: false,
        locked: None,
        is_registry_lock: false,
        udai: None,
        create_bill: bill,
        renewal: None,
        audit: context.audit(),
        name,
    };
    let udai = context.state.new_udai(&mut domain, context.now);
    let billed = Bill {
        registrar: domain.registrar.clone(),
        kind: "Create",
        domain: domain.name.clone(),
        reference: domain.reference.clone(),
        months,
        at: context.now,
        from: context.now,
        to: domain.billed_until,
    };
    context.state.bills.insert(bill, billed);
    context.is_generated = true;
    context.effect(&domain.name);
    let result = view::full(context.state, &domain).with("UDAI", udai);
    context.state.put(domain);
    Ok(Answer::of([result]))
}

/// A contact, if it is there and says anything.
fn optional(context: &Context<'_>, name: &str) -> Result<Option<Contact>, Box<Refusal>> {
    let element = context.action.find(name).filter(|element| name == "RegistrantContact" || !element.is_bare());
    element.map(|element| contacts::read(context, element, &Contact::default())).transpose()
}
