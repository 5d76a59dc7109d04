//! UDAIValidQry: whether a transfer code would do. "No" means wrong, replaced or older than 30 days; which, nobody is told.

use super::super::check::names::{self, Name};
use super::super::check::udai;
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject, Secret};

/// Asks about a code.
pub struct UdaiValid {
    name: Name,
    udai: Secret,
}

impl Request for UdaiValid {
    const PARAMS: &'static [&'static str] = &["domain", "auth_info"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: names::read(params)?, udai: udai(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let element = Element::new("UDAIValidQry").with("QryId", id).with("DomainName", &self.name.ace);
        element.with("UDAI", self.udai.expose())
    }
}
