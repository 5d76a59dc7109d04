//! HandleDetailsQry: a stored contact of ours; where there is none, the answer holds no `Handle`.

use super::super::check::handle;
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, handle_create};
use crate::model::{ObjectKey, Reject};

/// Asks for a contact.
pub struct Details(String);

impl Request for Details {
    const PARAMS: &'static [&'static str] = &["handle"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        handle("handle", &params.required("handle")?).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        handle_create::object(&self.0)
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let element = Element::new("HandleDetailsQry").with("QryId", id);
        element.child(Element::of_text("HandleIdFilter", &self.0))
    }
}
