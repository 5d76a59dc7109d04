//! Contacts, as every command with a `contact_set` takes them: each one in full.

use super::super::codec::tree::Node;
use super::super::params::{Params, missing, refuse};
use super::{email, phone};
use crate::model::{Reject, country};

/// The contacts of a domain, in the order of the registry's samples.
pub const ROLES: &[&str] = &["owner", "admin", "billing", "tech"];

/// What a field asks for besides being a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Phone,
    Email,
    Country,
    Language,
}

/// A field of a contact: its name, whether it must be there, its form. In the order of the registry's samples; the last
/// three are those the owner of a name below .it has.
const FIELDS: &[(&str, bool, Form)] = &[
    ("first_name", true, Form::Text),
    ("last_name", true, Form::Text),
    ("org_name", true, Form::Text),
    ("address1", true, Form::Text),
    ("address2", false, Form::Text),
    ("address3", false, Form::Text),
    ("city", true, Form::Text),
    (STATE, false, Form::Text),
    ("country", true, Form::Country),
    ("postal_code", true, Form::Text),
    ("phone", true, Form::Phone),
    ("fax", false, Form::Phone),
    ("email", true, Form::Email),
    ("url", false, Form::Text),
    ("lang_pref", false, Form::Language),
    ("entity_type", false, Form::Text),
    ("nationality_code", false, Form::Country),
    ("reg_code", false, Form::Text),
];

/// Every contact has a state or province, but for the Netherlands.
const STATE: &str = "state";

/// A contact that obeys the rules.
pub struct Contact {
    /// One of [`ROLES`].
    pub role: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Contact {
    fn read(role: &'static str, params: &Params<'_>, top: &str) -> Result<Self, Reject> {
        let mut fields = Vec::new();
        for &(name, required, form) in FIELDS {
            let path = params.path(name);
            let Some(value) = params.optional(name)? else {
                if required {
                    return Err(missing(path));
                }
                continue;
            };
            fields.push((name, checked(&path, value, form)?));
        }
        let is_dutch = top == "nl" || fields.iter().any(|(name, value)| *name == "country" && value == "NL");
        match is_dutch || fields.iter().any(|(name, _)| *name == STATE) {
            true => Ok(Self { role, fields }),
            false => Err(Reject::param(params.path(STATE), "is missing; only contacts in the Netherlands have none")),
        }
    }

    fn node(self) -> Node {
        self.fields.into_iter().map(|(name, value)| (name.to_owned(), Node::text(value))).collect()
    }
}

fn checked(field: &str, value: String, form: Form) -> Result<String, Reject> {
    match form {
        Form::Text => Ok(value),
        Form::Phone => phone(field, &value).map(|()| value),
        Form::Email => email(field, &value).map(|()| value),
        Form::Country => {
            let rule = "must be the code of a country, two letters of ISO 3166-1";
            country::code(&value).map(str::to_owned).ok_or_else(|| refuse(field, rule, &value))
        }
        Form::Language => match value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            true => Ok(value.to_ascii_uppercase()),
            false => Err(refuse(field, "must be a language's two letters, as in EN", &value)),
        },
    }
}

/// The contacts in the parameter `contacts`, in the order of [`ROLES`]; those that are `required` must be there. `name` is
/// the domain they are for.
///
/// # Errors
/// There is none, one is missing, or one breaks a rule.
pub fn read(
    params: &Params<'_>,
    required: &[&str],
    allowed: &[&'static str],
    name: &str,
) -> Result<Vec<Contact>, Reject> {
    let Some(set) = params.object("contacts", allowed)? else { return Err(missing("contacts")) };
    let names: Vec<&str> = FIELDS.iter().map(|(name, ..)| *name).collect();
    let mut contacts = Vec::new();
    for role in allowed {
        match set.object(role, &names)? {
            Some(contact) => contacts.push(Contact::read(role, &contact, super::top(name))?),
            None if required.contains(role) => return Err(missing(set.path(role))),
            None => {}
        }
    }
    if contacts.is_empty() { Err(missing("contacts")) } else { Ok(contacts) }
}

/// The registry's hash of contacts.
pub fn contact_set(contacts: Vec<Contact>) -> Node {
    contacts.into_iter().map(|contact| (contact.role.to_owned(), contact.node())).collect()
}
