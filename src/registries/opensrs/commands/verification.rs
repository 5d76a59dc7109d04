//! GET_REGISTRANT_VERIFICATION_STATUS and SEND_REGISTRANT_VERIFICATION_EMAIL: the registrant's answer that ICANN demands
//! within 15 days.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Asks how far a verification is.
pub struct Status(String);

impl Request for Status {
    const ACTION: &'static str = "GET_REGISTRANT_VERIFICATION_STATUS";
    const PARAMS: &'static [&'static str] = &["domain", "question"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        access::name(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.0)
    }
}

/// Has the mail sent again.
pub struct SendEmail(String);

impl Request for SendEmail {
    const ACTION: &'static str = "SEND_REGISTRANT_VERIFICATION_EMAIL";
    const PARAMS: &'static [&'static str] = &["domain", "resend_verification"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        match params.flag("resend_verification")? {
            Some(true) => access::name(params).map(Self),
            _ => Err(Reject::param("resend_verification", "can only be true")),
        }
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.0)
    }
}
