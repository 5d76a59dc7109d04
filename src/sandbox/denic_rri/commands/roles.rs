//! The contacts of a domain: known, own, of the right type, none twice.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::rules::names;
use super::super::state::{Contact, ContactKind, Domain, State};
use super::super::wire::request::Fields;
use crate::model::Message;

/// Most holders of one domain.
const MOST_HOLDERS: usize = 5;

/// The contacts a request gives a domain.
pub(super) struct Roles {
    pub(super) holders: Vec<String>,
    general_request: Option<String>,
    abuse_contact: Option<String>,
}

impl Roles {
    /// Reads them from a request of the account.
    pub(super) fn read(state: &State, account: &str, fields: &Fields) -> Result<Self, Message> {
        let holders = contacts(state, account, fields, "holder", false)?;
        if holders.is_empty() {
            return Err(codes::HOLDER_ONCE.message());
        }
        let requests = |role| match contacts(state, account, fields, role, true)?.as_slice() {
            [] => Ok(None),
            [handle] => Ok(Some(handle.clone())),
            _ => Err(codes::TOO_MANY_CONTACTS.message()),
        };
        if holders.len() > MOST_HOLDERS {
            return Err(codes::TOO_MANY_CONTACTS.message());
        }
        Ok(Self { holders, general_request: requests("generalrequest")?, abuse_contact: requests("abusecontact")? })
    }

    /// Gives them to the domain.
    pub(super) fn take(self, domain: &mut Domain) {
        domain.holders = self.holders;
        domain.general_request = self.general_request;
        domain.abuse_contact = self.abuse_contact;
    }
}

/// Whether both name the same holders; their order means nothing.
pub(super) fn same_handles(one: &[String], other: &[String]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

/// Whether the holders are the same persons by their data, under whatever handles: what a DISPUTE and an AuthInfo2
/// go by when the provider changes.
pub(super) fn same_persons(state: &State, one: &[String], other: &[String]) -> bool {
    let data = |handles: &[String]| -> BTreeSet<_> {
        handles.iter().map(|handle| state.contacts.get(handle).map(Contact::holder_data)).collect()
    };
    data(one) == data(other)
}

/// Who gets a domain needs a phone number. A dummy is one.
pub(super) fn need_phones(state: &State, holders: &[String]) -> Result<(), Message> {
    let has_none = |handle: &&String| state.contacts.get(*handle).is_none_or(|contact| contact.phone.is_none());
    let without: Vec<String> = holders.iter().filter(has_none).cloned().collect();
    if without.is_empty() { Ok(()) } else { Err(codes::PHONE_MISSING.with(without)) }
}

fn contacts(
    state: &State,
    account: &str,
    fields: &Fields,
    role: &str,
    is_request: bool,
) -> Result<Vec<String>, Message> {
    let mut handles = Vec::new();
    for text in fields.all(role) {
        handles.push(names::handle(text).ok_or_else(|| codes::CONTACT_INVALID.with([text]))?);
    }
    if handles.iter().collect::<BTreeSet<_>>().len() != handles.len() {
        return Err(codes::CONTACT_TWICE.message());
    }
    for handle in &handles {
        let contact = state.contacts.get(handle).ok_or_else(|| codes::CONTACT_UNKNOWN.message())?;
        if contact.account != account {
            return Err(codes::FOREIGN_CONTACT.with([handle]));
        }
        if (contact.kind == ContactKind::Request) != is_request {
            return Err(codes::CONTACT_TYPE.with([format!("\"{handle}\"")]));
        }
    }
    Ok(handles)
}
