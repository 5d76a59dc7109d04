//! REVOKE: deletes a registration. Within the registry's first days the fee is normally given back.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Deletes a domain.
pub struct Revoke {
    name: String,
    notes: Option<String>,
}

impl Request for Revoke {
    const ACTION: &'static str = "REVOKE";
    const PARAMS: &'static [&'static str] = &["domain", "notes"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)?, notes: params.optional("notes")? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, rules: &Rules) -> Attributes {
        let attributes = Attributes::new().text("domain", self.name).maybe("reseller", rules.named());
        attributes.maybe("notes", self.notes)
    }
}
