//! HandleCreate, HandleUpdate, HandleDetailsQry: contacts that a registrar stores.

use super::super::dates;
use super::super::names;
use super::super::objects::{Contact, Handle};
use super::super::reply::{Answer, Outcome, refuse};
use super::super::wire::tree::Element;
use super::filters::{self, Range};
use super::{Context, contacts};

/// Three to 16 letters of any alphabet, digits, `_` and hyphens; single blanks within.
fn is_id(id: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    let blanks_fit = id.trim() == id && !id.contains("  ");
    (3..=16).contains(&id.chars().count()) && id.chars().all(is_part) && blanks_fit
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let id = action.value("HandleId");
    if !is_id(id) {
        return refuse("INVALID_FIELD", &[id, "HandleId"]);
    }
    if context.state.handle(context.registrar, id).is_some() {
        return refuse("HANDLE_ALREADY_EXISTS", &[]);
    }
    let contact = contacts::merged(action, &Contact::default())?;
    contacts::check(&contact, "HandleCreate")?;
    let handle = Handle {
        id: id.to_owned(),
        registrar: context.registrar.to_owned(),
        contact,
        created: context.now,
        audit: context.audit(),
    };
    let element = element(&handle).child(handle.audit.element());
    context.effect(id);
    context.state.handles.insert((handle.registrar.clone(), id.to_lowercase()), handle);
    Ok(Answer::rows(vec![element]))
}

pub(super) fn update(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let id = action.value("HandleId");
    let Some(handle) = context.state.handle(context.registrar, id).cloned() else {
        return refuse("HANDLE_DOES_NOT_EXIST", &[]);
    };
    let users = context.state.users_of(context.registrar, id);
    let key = (context.registrar.to_owned(), id.to_lowercase());
    if action.flag("Delete") == Some(true) {
        let is_field = |name: &str| ["Name", "Email", "Privacy"].contains(&name);
        let has_fields = action.attributes.iter().any(|(name, _)| is_field(name));
        if has_fields || action.children.iter().any(|child| child.name != "AuditText") {
            return refuse("DELETE_FLAG_WITH_OTHER_FIELDS", &[]);
        }
        if !users.is_empty() {
            return refuse("HANDLE_IN_USE", &[]);
        }
        context.state.handles.remove(&key);
        context.effect(id);
        return Ok(Answer::rows(Vec::new()));
    }
    let contact = contacts::merged(action, &handle.contact)?;
    contacts::check(&contact, "HandleUpdate")?;
    let handle = Handle { contact, audit: context.audit(), ..handle };
    let changed = users.iter().map(|name| Element::new("Domain").with("DomainName", name));
    let element = element(&handle).child(handle.audit.element()).child(Element::new("ChangedDomains").all(changed));
    context.effect(&handle.id);
    context.state.handles.insert(key, handle);
    Ok(Answer::rows(vec![element]))
}

pub(super) fn query(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    filters::counted(action, "HandleIdFilter")?;
    let ranges =
        [Range::read(action, "SearchDateRange", context.now)?, Range::read(action, "ChangedInDateRange", context.now)?];
    let is_wanted = |handle: &Handle| -> bool {
        let named = action.find("HandleIdFilter").is_none()
            || action.each("HandleIdFilter").any(|filter| names::fits_text(filter.text.trim(), &handle.id));
        let [existed, changed] = &ranges;
        let known = Contact { handle: Some(handle.id.clone()), ..handle.contact.clone() };
        named
            && existed.is_none_or(|range| range.has(handle.created))
            && changed.is_none_or(|range| range.has(handle.audit.from))
            && action.find("ContactFilter").is_none_or(|filter| filters::fits_contact(filter, &known))
    };
    let own = context.state.handles.values().filter(|handle| handle.registrar == context.registrar);
    let found = own.filter(|handle| is_wanted(handle)).map(element).collect();
    filters::page(action, context.options, found)
}

/// As results have it, without what it was changed by.
fn element(handle: &Handle) -> Element {
    let element = Element::new("Handle").with("HandleId", &handle.id).with("RegistrarId", &handle.registrar);
    handle.contact.onto(element).child(dates::stamp("CreatedDate", handle.created))
}
