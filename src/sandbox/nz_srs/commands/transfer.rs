//! DomainUpdate with the UDAI of somebody else's domain: it changes hands at once, and who loses it is told.

use super::super::dates;
use super::super::objects::{Contact, Domain, Handle, Message};
use super::super::reply::{Answer, Outcome, refuse};
use super::super::wire::tree::Element;
use super::{Context, update};

pub(super) fn run(context: &mut Context<'_>, filters: &[String], udai: &str) -> Outcome {
    context.needs("TransferDomain")?;
    let [name] = filters else { return refuse("MULTIPLE_DOMAIN_TRANSFER", &[]) };
    if name.contains(['*', '?']) {
        return refuse("INVALID_WILDCARD_IN_DOMAINNAMEFILTER", &[]);
    }
    let Some(before) = context.state.domains.get(name).cloned() else { return Ok(Answer::rows(Vec::new())) };
    if !context.state.is_udai(&before, udai, context.now) {
        return refuse("UDAI_DOMAIN_MISMATCH", &[name]);
    }
    if before.locked.is_some() {
        return refuse("DOMAIN_LOCKED", &[name]);
    }
    if before.is_fresh(context.now) {
        return refuse("TRANSFER_WITHIN_GRACE_PERIOD", &[name]);
    }
    if before.is_cancelled && context.action.flag("Cancel").is_none() && updates(context.action) {
        return refuse("CANCELLED_TRANSFER_WITH_UPDATE", &[name]);
    }
    context.take(name)?;
    let gained = gained(context, &before);
    let mut after = update::changed(context, &gained)?;
    if context.action.flag("ConvertContactsToHandles") == Some(true) {
        convert(context, &mut after);
    }
    // Written down as it was at the loser's, so that cancelling and billing see what really changes.
    let result = update::commit(context, &before, after);
    tell(context, &before);
    Ok(Answer::rows(vec![result]))
}

/// Whether it changes anything besides the registrar.
fn updates(action: &Element) -> bool {
    let is_update = |name: &str| !["DomainNameFilter", "AuditText"].contains(&name);
    action.children.iter().any(|child| is_update(&child.name))
        || ["NewUDAI", "RegistrantRef", "Term", "Delegate", "Renew", "Lock"]
            .iter()
            .any(|name| action.attribute(name).is_some())
}

/// The domain in other hands: contacts in full, because handles stay where they are; the UDAI is used up.
fn gained(context: &Context<'_>, before: &Domain) -> Domain {
    let whole = |contact: &Contact| Contact { handle: None, ..context.state.resolved(&before.registrar, contact) };
    Domain {
        registrar: context.registrar.to_owned(),
        reference: None,
        term: 1,
        registrant: whole(&before.registrant),
        admin: before.admin.as_ref().map(whole),
        technical: before.technical.as_ref().map(whole),
        udai: None,
        renewal: None,
        ..before.clone()
    }
}

/// Contacts become handles of who gains the domain.
fn convert(context: &mut Context<'_>, domain: &mut Domain) {
    let audit = context.audit();
    for contact in
        [Some(&mut domain.registrant), domain.admin.as_mut(), domain.technical.as_mut()].into_iter().flatten()
    {
        if contact.handle.is_some() {
            continue;
        }
        let id = format!("t-{}", context.state.next_bill());
        let handle = Handle {
            id: id.clone(),
            registrar: domain.registrar.clone(),
            contact: std::mem::take(contact),
            created: context.now,
            audit: audit.clone(),
        };
        contact.handle = Some(id.clone());
        context.state.handles.insert((domain.registrar.clone(), id), handle);
    }
}

/// The message to who loses it.
fn tell(context: &mut Context<'_>, domain: &Domain) {
    let gaining = context.state.registrars.get(context.registrar).map(|known| known.name.clone()).unwrap_or_default();
    let transfer = Element::new("DomainTransfer").with("RegistrarName", gaining);
    let transfer = dates::stamped(transfer, context.now, "%-d");
    let transfer = transfer.child(Element::text("TransferredDomain", &domain.name));
    let transaction = context.action.value("ActionId").to_owned();
    let response = Element::new("Response")
        .with("Action", "DomainTransfer")
        .with("FeId", super::super::FRONT_END)
        .with("FeSeq", context.front_end)
        .with("OrigRegistrarId", context.registrar)
        .with("RecipientRegistrarId", &domain.registrar)
        .with("TransId", &transaction)
        .child(dates::front_end(context.now))
        .child(transfer);
    context.told.push(Message {
        at: context.now,
        originator: context.registrar.to_owned(),
        recipient: domain.registrar.clone(),
        transaction,
        audit_text: String::new(),
        response,
        is_third_party: true,
        is_generated: false,
        was_queued: true,
        is_waiting: true,
    });
}
