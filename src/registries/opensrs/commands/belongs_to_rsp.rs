//! BELONGS_TO_RSP: whether a domain is this reseller's, and when it expires if it is. The cheapest proof of a registration.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Asks whether a domain is ours.
pub struct BelongsToRsp {
    name: String,
}

impl Request for BelongsToRsp {
    const ACTION: &'static str = "BELONGS_TO_RSP";
    const PARAMS: &'static [&'static str] = &["domain", "question"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.name)
    }
}
