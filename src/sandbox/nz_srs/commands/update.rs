//! DomainUpdate: change, renew, cancel, uncancel, lock, delegate, make a new UDAI; with a UDAI of somebody else's domain it is a
//! transfer.

use jiff::Timestamp;

use super::super::objects::{Bill, Contact, Domain, MOST_MONTHS, Renewal};
use super::super::reply::{Answer, Outcome, Refusal, refuse};
use super::super::wire::tree::Element;
use super::super::{dates, names};
use super::{Context, Effect, contacts, servers, transfer, view};

/// What it is in the ledger.
pub(super) fn name(action: &Element) -> &'static str {
    let is = |flag: &str, value: bool| action.flag(flag) == Some(value);
    match () {
        () if action.attribute("UDAI").is_some() => "domain.transfer",
        () if is("Release", true) => "domain.release",
        () if is("Cancel", true) => "domain.delete",
        () if is("Cancel", false) => "domain.restore",
        () if is("Renew", true) => "domain.renew",
        () if is("NewUDAI", true) => "domain.authcode_create",
        () => "domain.update",
    }
}

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    permitted(context)?;
    consistent(context)?;
    let filters: Vec<String> = action.each("DomainNameFilter").map(|filter| names::canonical(&filter.text)).collect();
    let is_mine = |domain: &&Domain| {
        domain.registrar == context.registrar && filters.iter().any(|filter| names::fits(filter, &domain.name))
    };
    let mine: Vec<Domain> = context.state.domains.values().filter(is_mine).cloned().collect();
    if mine.is_empty() {
        return match action.attribute("UDAI") {
            Some(udai) => transfer::run(context, &filters, udai),
            None if context.options.has(super::super::Quirk::ForeignIsError) && exists(context, &filters) => {
                refuse("MISSING_MANDATORY_FIELD", &["UDAI"])
            }
            None => Ok(Answer::rows(Vec::new())),
        };
    }
    if action.flag("ConvertContactsToHandles") == Some(true) {
        return refuse("CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER", &[]);
    }
    let mut changes = Vec::new();
    for before in mine {
        context.take(&before.name)?;
        let after = changed(context, &before)?;
        changes.push((before, after));
    }
    let results = changes.into_iter().map(|(before, after)| commit(context, &before, after)).collect();
    Ok(Answer::rows(results))
}

fn exists(context: &Context<'_>, filters: &[String]) -> bool {
    filters.iter().any(|name| context.state.domains.contains_key(name))
}

/// What only the registry may do, or only who has a role.
fn permitted(context: &Context<'_>) -> Result<(), Box<Refusal>> {
    let action = context.action;
    if action.flag("Release") == Some(true) {
        context.needs("ReleaseDomain")?;
    }
    if action.attribute("NoAutoRenew").is_some() {
        context.needs("Registry")?;
    }
    if action.attribute("DisclosureMask").is_some() {
        context.needs("UpdateAnyDomainDisclosure")?;
    }
    match action.flag("Cancel") {
        Some(true) => context.needs("CancelDomain"),
        Some(false) => context.needs("UncancelDomain"),
        None => Ok(()),
    }
}

/// What excludes or needs what.
fn consistent(context: &Context<'_>) -> Result<(), Box<Refusal>> {
    let action = context.action;
    let object = action.find("DomainNameFilter").map(|filter| names::canonical(&filter.text)).unwrap_or_default();
    if action.flag("Renew") != Some(true) {
        return Ok(());
    }
    if action.flag("Cancel") == Some(true) {
        return refuse("DOMAIN_CANCEL_AND_RENEW", &[]);
    }
    let Some(term) = action.attribute("Term") else { return refuse("RENEW_REQUIRES_TERM", &[&object]) };
    if context.months(term)? == 0 { refuse("ZERO_TERM_RENEW", &[&object]) } else { Ok(()) }
}

/// The domain as it will be.
///
/// # Errors
/// What the registry has against that.
pub(super) fn changed(context: &Context<'_>, before: &Domain) -> Result<Domain, Box<Refusal>> {
    let (action, name) = (context.action, before.name.as_str());
    let mut domain = before.clone();
    // As it stands in the register: what is being transferred is somebody else's there.
    let is_own = context.state.domains.get(name).is_some_and(|known| known.registrar == context.registrar);
    lock(context, &mut domain)?;
    match (action.flag("Cancel"), before.is_cancelled) {
        (Some(true), true) => return refuse("DOUBLE_CANCEL_ATTEMPT", &[name]),
        (Some(false), false) if is_own => return refuse("DOMAIN_IS_NOT_CANCELLED", &[name]),
        (None, true) if is_own => return refuse("DOMAIN_INACTIVE", &[name]),
        (Some(true), false) => (domain.is_cancelled, domain.cancelled) = (true, Some(context.now)),
        (Some(false), true) => domain.is_cancelled = false,
        _ => {}
    }
    term(context, &mut domain)?;
    if before.is_cancelled && !domain.is_cancelled && domain.billed_until <= context.now {
        return refuse("INSUFFICIENT_TERM_FOR_RENEW", &[name]);
    }
    if let Some(reference) = action.attribute("RegistrantRef") {
        domain.reference = Some(reference.to_owned()).filter(|text| !text.is_empty());
    }
    people(context, &mut domain)?;
    if let Some(list) = action.find("NameServers") {
        domain.servers = servers::servers(list, name)?;
    }
    if let Some(list) = action.find("DNSSEC") {
        domain.signers = servers::signers(list, name)?;
    }
    if let Some(delegate) = action.flag("Delegate") {
        if delegate && domain.servers.is_empty() {
            return refuse("MISSING_MANDATORY_FIELD", &["NameServers", "DomainUpdate"]);
        }
        domain.delegate = delegate;
    }
    domain.audit = context.audit();
    Ok(domain)
}

/// A lock keeps everything else out, and only who may lock can lift it.
fn lock(context: &Context<'_>, domain: &mut Domain) -> Result<(), Box<Refusal>> {
    let asked = context.action.flag("Lock");
    let is_theirs = domain.is_registry_lock && domain.locked.is_some();
    if asked.is_some() && (context.options.has(super::super::Quirk::NoLock) || is_theirs) {
        return refuse("LOCK_ATTEMPT", &[]);
    }
    match asked {
        Some(true) => domain.locked = domain.locked.or(Some(context.now)),
        Some(false) => domain.locked = None,
        None if domain.locked.is_some() => return refuse("DOMAIN_LOCKED", &[&domain.name]),
        None => {}
    }
    Ok(())
}

/// A renewal, or the term of the next automatic one.
fn term(context: &Context<'_>, domain: &mut Domain) -> Result<(), Box<Refusal>> {
    let Some(term) = context.action.attribute("Term") else { return Ok(()) };
    let months = context.months(term)?;
    if context.action.flag("Renew") != Some(true) {
        if months == 0 {
            return refuse("INVALID_FIELD", &["0", "Term"]);
        }
        domain.term = months;
        return Ok(());
    }
    let until = dates::months_later(domain.billed_until, months);
    if until > dates::months_later(context.now, MOST_MONTHS) {
        return refuse("RENEWAL_EXCEEDS_MAX", &[&dates::text(until), &MOST_MONTHS.to_string(), &domain.name]);
    }
    if until <= context.now {
        return refuse("INSUFFICIENT_TERM_FOR_RENEW", &[&domain.name]);
    }
    domain.billed_until = until;
    Ok(())
}

fn people(context: &Context<'_>, domain: &mut Domain) -> Result<(), Box<Refusal>> {
    let resolved = |contact: &Contact| context.state.resolved(&domain.registrar, contact);
    let (registrant, admin) = (resolved(&domain.registrant), view::admin(context.state, domain));
    let technical = view::technical(context.state, domain);
    if let Some(element) = context.action.find("RegistrantContact") {
        domain.registrant = contacts::read(context, element, &registrant)?;
    }
    for (name, before, contact) in
        [("AdminContact", admin, &mut domain.admin), ("TechnicalContact", technical, &mut domain.technical)]
    {
        match context.action.find(name) {
            // Back to what it is by default.
            Some(element) if element.is_bare() => *contact = None,
            Some(element) => *contact = Some(contacts::read(context, element, &before)?),
            None => {}
        }
    }
    Ok(())
}

/// Makes a domain what it will be, and says so.
pub(super) fn commit(context: &mut Context<'_>, before: &Domain, mut after: Domain) -> Element {
    let is_own = before.registrar == context.registrar;
    let kind = if is_own && name(context.action) == "domain.transfer" { "domain.update" } else { name(context.action) };
    context.effects.push(Effect { kind, object: before.name.clone() });
    if after.is_cancelled && !before.is_cancelled {
        if before.is_fresh(context.now) {
            return free(context, before);
        }
        take_back(context, &mut after);
    } else if after.billed_until != before.billed_until {
        bill(context, &mut after, before.billed_until);
    }
    let udai = (context.action.flag("NewUDAI") == Some(true)).then(|| context.state.new_udai(&mut after, context.now));
    context.is_generated |= udai.is_some();
    let result = if context.action.flag("FullResult") == Some(false) {
        let fields = fields(context.action);
        view::domain(context.state, &after, &|field| fields.contains(&field))
    } else {
        view::full(context.state, &after)
    };
    context.state.put(after);
    result.with_some("UDAI", udai)
}

/// The fields that an action changes, and how it is audited.
fn fields(action: &Element) -> Vec<&'static str> {
    let mut fields = vec!["LastActionId", "ChangedByRegistrarId", "EffectiveFrom", "AuditText"];
    for name in ["NameServers", "DNSSEC", "RegistrantContact", "AdminContact", "TechnicalContact"] {
        fields.extend(action.find(name).map(|_| name));
    }
    for name in ["RegistrantRef", "Delegate", "Term"] {
        fields.extend(action.attribute(name).map(|_| name));
    }
    if action.attribute("Cancel").is_some() {
        fields.extend(["Status", "CancelledDate"]);
    }
    fields.extend(action.attribute("Lock").map(|_| "LockedDate"));
    fields.extend(action.attribute("Renew").map(|_| "BilledUntil"));
    fields.extend(action.attribute("UDAI").map(|_| "RegistrarId"));
    fields
}

/// Within the registration's grace period nothing remains of it, not even its bill.
fn free(context: &mut Context<'_>, domain: &Domain) -> Element {
    context.state.bills.remove(&domain.create_bill);
    if let Some(renewal) = &domain.renewal {
        context.state.bills.remove(&renewal.bill);
    }
    context.state.release(&domain.name);
    let audit = Element::new("AuditDetails").child(Element::new("AuditText"));
    Element::new("Domain").with("DomainName", &domain.name).with("Status", "Available").child(audit)
}

/// Within a renewal's grace period it is taken back.
fn take_back(context: &mut Context<'_>, domain: &mut Domain) {
    let Some(renewal) = domain.renewal.take() else { return };
    if context.now < dates::days_later(renewal.at, super::super::objects::GRACE_DAYS) {
        context.state.bills.remove(&renewal.bill);
        domain.billed_until = renewal.from;
    }
}

fn bill(context: &mut Context<'_>, domain: &mut Domain, from: Timestamp) {
    let id = context.state.next_bill();
    domain.renewal = Some(Renewal { at: context.now, from, bill: id });
    let bill = Bill {
        registrar: domain.registrar.clone(),
        kind: "Renew",
        domain: domain.name.clone(),
        reference: domain.reference.clone(),
        months: context.action.value("Term").trim().parse().unwrap_or_default(),
        at: context.now,
        from,
        to: domain.billed_until,
    };
    context.state.bills.insert(id, bill);
}
