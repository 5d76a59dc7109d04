//! DomainUpdate with `NewUDAI`: a new transfer code, which the answer shows this once. The one before is void at once.

use super::super::check::names::{self, Name};
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, audit_text, domain_update};
use crate::model::{ObjectKey, Reject};

/// Orders a code.
pub struct NewUdai {
    name: Name,
    audit_text: Option<Element>,
}

impl Request for NewUdai {
    const PARAMS: &'static [&'static str] = &["domain", "audit_text"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: names::read(params)?, audit_text: audit_text(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let attributes = [("NewUDAI", Some("1")), ("FullResult", Some("0"))];
        domain_update(id, &attributes, &self.name.ace).all(self.audit_text.clone())
    }
}
