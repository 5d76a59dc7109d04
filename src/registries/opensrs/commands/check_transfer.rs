//! CHECK_TRANSFER: whether a name can be transferred here, how far a transfer is, and who got the mail that asks for approval.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Asks about a transfer.
pub struct CheckTransfer {
    name: String,
}

impl Request for CheckTransfer {
    const ACTION: &'static str = "CHECK_TRANSFER";
    const PARAMS: &'static [&'static str] = &["domain", "question"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.name).flag("check_status", true).flag("get_request_address", true)
    }
}
