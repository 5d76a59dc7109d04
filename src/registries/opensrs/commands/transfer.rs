//! SW_REGISTER of a name that comes from another registrar, which adds a year. The answer says that the request went out, not
//! that the name has arrived.

use super::super::params::Params;
use super::attributes::Attributes;
use super::sw_register::Registration;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject, Secret};

/// Orders a transfer.
pub struct Transfer {
    registration: Registration,
    code: Option<Secret>,
    change_contact: Option<bool>,
}

impl Request for Transfer {
    const ACTION: &'static str = "SW_REGISTER";
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "auth_info",
        "contacts",
        "username",
        "password",
        "nserver",
        "change_contact",
        "save",
        "auto_renew",
        "lock",
        "privacy",
        "parked",
        "reg_domain",
        "comments",
        "encoding_type",
        "dns_template",
        "tld_data",
        "tld_fields",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let (code, change_contact) = (params.secret("auth_info")?, params.flag("change_contact")?);
        Ok(Self { registration: Registration::read(params)?, code, change_contact })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.registration.name)
    }

    /// Some clients leave the years out, others must state them; a transfer adds exactly one.
    fn attributes(self, transaction: &str, _: &Rules) -> Attributes {
        let code = self.code.as_ref().map(Secret::expose);
        let first = Attributes::new().text("period", "1").maybe("auth_info", code);
        let has_servers = !self.registration.nserver.is_empty();
        let custom = Attributes::new()
            .flag("custom_transfer_nameservers", has_servers)
            .maybe_flag("change_contact", self.change_contact);
        self.registration.attributes(transaction, "transfer", first, custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{contact, made, refused};
    use crate::model::Operation::DomainTransfer;

    fn good() -> Value {
        json!({
            "domain": "example.net", "username": "example01", "password": "s3cretpw9",
            "contacts": {"owner": contact(), "admin": contact(), "billing": contact()},
        })
    }

    #[test]
    fn name_servers_count_only_if_the_transfer_says_so() {
        let plain = made(DomainTransfer, good());
        let mut params = good();
        params["nserver"] = json!(["ns1.example.net", "ns2.example.net"]);
        let with = made(DomainTransfer, params);
        for (made, flag) in [(plain, "0"), (with, "1")] {
            for name in ["custom_nameservers", "custom_transfer_nameservers"] {
                assert_eq!(made["attributes"][name], flag, "{name}");
            }
            assert_eq!(made["attributes"]["period"], "1");
        }
    }

    #[test]
    fn rules_name_the_field() {
        refused(
            DomainTransfer,
            &good(),
            &[
                (json!({"years": 1}), "years", "unknown"),
                (json!({"auth_info": ""}), "auth_info", "not empty"),
                (json!({"change_contact": 1}), "change_contact", "true or false"),
            ],
        );
    }
}
