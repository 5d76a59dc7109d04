//! REDEEM: has a deleted domain back from its redemption grace period, for a fee. The test system does not do it.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Restores a domain.
pub struct Redeem {
    name: String,
}

impl Request for Redeem {
    const ACTION: &'static str = "REDEEM";
    const PARAMS: &'static [&'static str] = &["domain"];

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
