//! SEND_AUTHCODE: mails the code that a transfer away needs to the admin contact.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Has the code sent.
pub struct SendAuthcode {
    name: String,
}

impl Request for SendAuthcode {
    const ACTION: &'static str = "SEND_AUTHCODE";
    const PARAMS: &'static [&'static str] = &["domain"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    /// The one command that calls a domain `domain_name`.
    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain_name", self.name)
    }
}
