//! Contacts as actions give them: by handle or in full, anew or as a change (reference, 4.3 and 7).

use super::super::objects::{Contact, Fields};
use super::super::reply::{Refusal, refuse};
use super::super::wire::tree::Element;
use super::Context;

/// Attributes that a contact has to have.
const NEEDED: &[&str] = &["Name", "Email"];
/// Attributes that its address has to have; a change of an address sends them together.
const NEEDED_OF_ADDRESS: &[&str] = &["Address1", "City", "CountryCode"];

/// The contact an element gives, from what was there before.
///
/// # Errors
/// Something is missing, empty or not allowed.
pub(super) fn read(context: &Context<'_>, element: &Element, before: &Contact) -> Result<Contact, Box<Refusal>> {
    let handle = element.attribute("HandleId").filter(|id| !id.is_empty());
    if let Some(id) = handle {
        if element.attributes.iter().any(|(name, _)| name != "HandleId") || !element.children.is_empty() {
            return refuse("HANDLE_ID_WITH_CONTACT_FIELDS", &[]);
        }
        let Some(known) = context.state.handle(context.registrar, id) else {
            return refuse("HANDLE_DOES_NOT_EXIST", &[]);
        };
        return Ok(Contact { handle: Some(known.id.clone()), ..Contact::default() });
    }
    let contact = merged(element, before)?;
    check(&contact, &element.name)?;
    Ok(contact)
}

/// The fields of an element over those that were there.
///
/// # Errors
/// A field is emptied that has to be there, or an address is not whole.
pub(super) fn merged(element: &Element, before: &Contact) -> Result<Contact, Box<Refusal>> {
    let mut contact = Contact { handle: None, ..before.clone() };
    let own = element.attributes.iter().filter(|(name, _)| ["Name", "Email", "Privacy"].contains(&name.as_str()));
    put(&mut contact.own, own)?;
    if let Some(address) = element.find("PostalAddress") {
        if let Some(missing) = NEEDED_OF_ADDRESS.iter().find(|name| address.attribute(name).is_none()) {
            return refuse("MISSING_MANDATORY_FIELD", &[missing, "PostalAddress"]);
        }
        put(&mut contact.address, &address.attributes)?;
    }
    for (name, fields) in [("Phone", &mut contact.phone), ("Fax", &mut contact.fax)] {
        match element.find(name) {
            Some(part) if part.attributes.is_empty() => fields.clear(),
            Some(part) => put(fields, &part.attributes)?,
            None => {}
        }
    }
    Ok(contact)
}

/// Attributes over those that were there; an empty one takes away.
fn put<'a>(
    fields: &mut Fields,
    attributes: impl IntoIterator<Item = &'a (String, String)>,
) -> Result<(), Box<Refusal>> {
    for (name, value) in attributes {
        let is_needed = NEEDED.contains(&name.as_str()) || ["Address1", "City"].contains(&name.as_str());
        match value.trim() {
            "" if is_needed => return refuse("UNDEFINED_VALUE", &[name]),
            // An empty area code is one that somebody does not have.
            "" if name == "AreaCode" => fields.insert(name.clone(), String::new()),
            "" => fields.remove(name),
            _ => fields.insert(name.clone(), value.clone()),
        };
    }
    Ok(())
}

/// Looks at a whole contact.
///
/// # Errors
/// A field is missing or cannot be what it is.
pub(super) fn check(contact: &Contact, element: &str) -> Result<(), Box<Refusal>> {
    let missing = NEEDED.iter().find(|name| !contact.own.contains_key(**name));
    let missing = missing.or_else(|| NEEDED_OF_ADDRESS.iter().find(|name| !contact.address.contains_key(**name)));
    if let Some(missing) = missing {
        return refuse("MISSING_MANDATORY_FIELD", &[missing, element]);
    }
    let mail = contact.own.get("Email").map(String::as_str).unwrap_or_default();
    let is_mail = mail.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !is_mail || mail.contains(char::is_whitespace) {
        return refuse("INVALID_FIELD", &[mail, "Email"]);
    }
    let country = contact.address.get("CountryCode").map(String::as_str).unwrap_or_default();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return refuse("INVALID_FIELD", &[country, "CountryCode"]);
    }
    Ok(())
}
