//! HandleCreate: stores a contact under an id of our own.

use super::super::check::contact::{self, Extent};
use super::super::check::handle;
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, audit_text};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The key of a contact: its id in lower case, for case does not matter.
pub fn object(id: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Contact, &id.to_lowercase())
}

/// The parameters of a contact with an id, and two more that only a change has.
pub const PARAMS: &[&str] = &[
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
    "audit_text",
    "delete",
];

/// Stores a contact.
pub struct Create {
    id: String,
    data: Element,
    audit_text: Option<Element>,
}

impl Request for Create {
    const PARAMS: &'static [&'static str] = PARAMS.split_at(PARAMS.len() - 1).0;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self {
            id: handle("handle", &params.required("handle")?)?,
            data: contact::data(params, Element::new("HandleCreate"), Extent::Whole)?,
            audit_text: audit_text(params)?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.id)
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        with_ids(&self.data, id, &self.id).all(self.audit_text.clone())
    }
}

/// The element with the ids of action and contact in front.
pub fn with_ids(data: &Element, action: &str, id: &str) -> Element {
    let mut element = Element::new(&data.name).with("ActionId", action).with("HandleId", id);
    element.attributes.extend(data.attributes.iter().cloned());
    element.all(data.children.iter().cloned())
}
