//! Contacts: the id of a stored one, or its data.

use serde_json::Value;

use super::super::codec::tree::Element;
use super::super::params::{Field, Params, field, missing, refuse, state};
use super::{email, handle};
use crate::model::{Reject, country};

/// The fields of a contact's data.
pub const DATA: &[&str] = &[
    "name",
    "email",
    "privacy",
    "address1",
    "address2",
    "city",
    "province",
    "country_code",
    "postal_code",
    "phone",
    "fax",
];

/// The fields of a contact of a domain.
const OF_DOMAIN: &[&str] = &[
    "handle",
    "name",
    "email",
    "privacy",
    "address1",
    "address2",
    "city",
    "province",
    "country_code",
    "postal_code",
    "phone",
    "fax",
];

/// An address's parameters and attributes; those that must be there as soon as one of them is come with a mark.
const ADDRESS: &[(&str, &str, bool)] = &[
    ("address1", "Address1", true),
    ("address2", "Address2", false),
    ("city", "City", true),
    ("province", "Province", false),
    ("country_code", "CountryCode", true),
    ("postal_code", "PostalCode", false),
];

/// Whether a contact's data are all stated, or only what shall change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A new contact: name, e-mail and address must be there (reference 4.3).
    Whole,
    /// A change: what is missing is left alone.
    Change,
}

/// A domain's contact under a parameter (`registrant`): the id of a stored one, as a text or as `{"handle": …}`, its data,
/// or null to fall back to the default. `element` is what it becomes.
///
/// # Errors
/// Names the field at fault.
pub fn of_domain(params: &Params<'_>, name: &str, element: &str, extent: Extent) -> Result<Option<Element>, Reject> {
    let value = match state(params, name) {
        Field::Keep => return Ok(None),
        Field::Clear => return Ok(Some(Element::new(element))),
        Field::Set(value) => value,
    };
    let stored = |id: &str, field: &str| Ok(Some(Element::new(element).with("HandleId", handle(field, id)?)));
    if let Value::String(_) = value {
        return stored(&params.required(name)?, &params.path(name));
    }
    let contact = params.object(name, OF_DOMAIN)?.ok_or_else(|| missing(params.path(name)))?;
    let Some(id) = contact.optional("handle")? else {
        return data(&contact, Element::new(element), extent).map(Some);
    };
    // HANDLE_ID_WITH_CONTACT_FIELDS
    match DATA.iter().find(|field| !state(&contact, field).is_keep()) {
        None => stored(&id, &contact.path("handle")),
        Some(field) => Err(Reject::param(contact.path(field), "cannot be stated beside a handle, which has its own")),
    }
}

/// A contact's data, put into an element.
///
/// # Errors
/// Names the field at fault.
pub fn data(params: &Params<'_>, element: Element, extent: Extent) -> Result<Element, Reject> {
    let name = mandatory(params, "name", extent)?;
    let mail = mandatory(params, "email", extent)?;
    if let Some(mail) = &mail {
        email(&params.path("email"), mail)?;
    }
    let privacy = params.flag("privacy")?.map(|on| if on { "1" } else { "0" });
    let address = address(params, extent)?;
    let parts = [address, number(params, "phone", "Phone")?, number(params, "fax", "Fax")?];
    Ok(element.maybe("Name", name).maybe("Email", mail).maybe("Privacy", privacy).all(parts.into_iter().flatten()))
}

/// A text that cannot be cleared, and must be there in a new contact.
fn mandatory(params: &Params<'_>, name: &str, extent: Extent) -> Result<Option<String>, Reject> {
    match field(params, name)? {
        Field::Set(value) => Ok(Some(value)),
        Field::Clear => Err(Reject::param(params.path(name), "cannot be cleared")),
        Field::Keep if extent == Extent::Whole => Err(missing(params.path(name))),
        Field::Keep => Ok(None),
    }
}

/// The address: as a whole, but for its lesser parts, wherever one of its parts is stated.
fn address(params: &Params<'_>, extent: Extent) -> Result<Option<Element>, Reject> {
    if extent == Extent::Change && ADDRESS.iter().all(|(name, ..)| state(params, name).is_keep()) {
        return Ok(None);
    }
    let mut element = Element::new("PostalAddress");
    for (name, attribute, must) in ADDRESS {
        let value = match must {
            true => Field::Set(mandatory(params, name, Extent::Whole)?.ok_or_else(|| missing(params.path(name)))?),
            false => field(params, name)?,
        };
        let value = match *name {
            "country_code" => value.and_then(|code| country_code(&params.path(name), &code))?,
            _ => value,
        };
        element = element.maybe(attribute, value.attribute());
    }
    Ok(Some(element))
}

fn country_code(field: &str, value: &str) -> Result<String, Reject> {
    match country::code(value) {
        Some(code) => Ok(code.to_owned()),
        None => Err(refuse(field, "must be a country of ISO 3166-1, two letters", value)),
    }
}

/// A telephone number: `+64.4.1234567` (country, area, number; the area may be left out), or the three as an object. null
/// clears it.
fn number(params: &Params<'_>, name: &str, element: &str) -> Result<Option<Element>, Reject> {
    let value = match state(params, name) {
        Field::Keep => return Ok(None),
        Field::Clear => return Ok(Some(Element::new(element))),
        Field::Set(value) => value,
    };
    let parts = match value {
        Value::String(_) => {
            let text = params.required(name)?;
            dialled(&text).ok_or_else(|| {
                let rule = "must be a telephone number as in +64.4.1234567: country, area and number";
                refuse(params.path(name), rule, &text)
            })?
        }
        _ => {
            let names = ["country_code", "area_code", "local_number"];
            let parts = params.object(name, &names)?.ok_or_else(|| missing(params.path(name)))?;
            let area = parts.optional("area_code")?.unwrap_or_default();
            [parts.required("country_code")?, area, parts.required("local_number")?]
        }
    };
    let named = ["CountryCode", "AreaCode", "LocalNumber"].into_iter().zip(parts);
    Ok(Some(named.fold(Element::new(element), |element, (name, part)| element.with(name, part))))
}

fn dialled(text: &str) -> Option<[String; 3]> {
    let parts: Vec<&str> = text.strip_prefix('+')?.split(['.', ' ', '-']).collect();
    let all_digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (country, rest) = parts.split_first()?;
    if !all_digits || country.len() > 3 || text.len() > 32 {
        return None;
    }
    match rest {
        [number] => Some([(*country).to_owned(), String::new(), (*number).to_owned()]),
        [area, number @ ..] => Some([(*country).to_owned(), (*area).to_owned(), number.concat()]),
        [] => None,
    }
}
