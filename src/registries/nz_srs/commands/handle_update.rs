//! HandleUpdate: changes a stored contact, and with it every domain that uses it; or deletes one that no domain uses.

use super::super::check::contact::{self, Extent};
use super::super::check::handle;
use super::super::codec::tree::Element;
use super::super::params::{Params, state};
use super::handle_create::{self, PARAMS, with_ids};
use super::{Request, Rules, audit_text};
use crate::model::request::RejectCode;
use crate::model::{ObjectKey, Reject};

/// Changes or deletes a contact.
pub struct Update {
    id: String,
    data: Element,
    audit_text: Option<Element>,
}

impl Request for Update {
    const PARAMS: &'static [&'static str] = PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let id = handle("handle", &params.required("handle")?)?;
        let stated = contact::DATA.iter().find(|field| !state(params, field).is_keep());
        let element = Element::new("HandleUpdate");
        let data = match (params.flag("delete")?, stated) {
            // DELETE_FLAG_WITH_OTHER_FIELDS
            (Some(true), Some(field)) => return Err(Reject::param(field, "cannot be stated beside `delete`")),
            (Some(true), None) => element.with("Delete", "1"),
            (_, None) => {
                let reason = format!("states no change; there are delete, {}", contact::DATA.join(", "));
                let code = RejectCode::InvalidParameter;
                return Err(Reject { field: Some("params".into()), ..Reject::new(code, reason) });
            }
            (_, Some(_)) => contact::data(params, element, Extent::Change)?,
        };
        Ok(Self { id, data, audit_text: audit_text(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        handle_create::object(&self.id)
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        with_ids(&self.data, id, &self.id).all(self.audit_text.clone())
    }
}
