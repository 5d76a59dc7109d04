//! SW_REGISTER of a new name: at the usual price, at a premium price that the job states, or in a phase of a new top-level
//! domain.

use super::super::check;
use super::super::params::{Params, missing};
use super::attributes::Attributes;
use super::sw_register::Registration;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Names sold for more than others, by somebody else than their registry.
const PREMIUM: &str = "premium";
const TYPES: &[&str] = &["new", PREMIUM, "sunrise", "landrush"];

/// Orders a domain.
pub struct Register {
    registration: Registration,
    kind: &'static str,
    price: Option<String>,
    years: u64,
}

impl Request for Register {
    const ACTION: &'static str = "SW_REGISTER";
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "years",
        "contacts",
        "username",
        "password",
        "nserver",
        "premium_price",
        "reg_type",
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
        let price = params.optional("premium_price")?;
        if let Some(price) = &price {
            check::price("premium_price", price)?;
        }
        let kind = match params.optional("reg_type")? {
            Some(kind) => check::one_of("reg_type", &kind, TYPES)?,
            None if price.is_some() => PREMIUM,
            None => TYPES[0],
        };
        if kind == PREMIUM && price.is_none() {
            return Err(missing("premium_price"));
        }
        let years = params.number("years", &(1..=10))?.ok_or_else(|| missing("years"))?;
        Ok(Self { registration: Registration::read(params)?, kind, price, years })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.registration.name)
    }

    fn attributes(self, transaction: &str, _: &Rules) -> Attributes {
        let first =
            Attributes::new().maybe("premium_price_to_verify", self.price).text("period", self.years.to_string());
        self.registration.attributes(transaction, self.kind, first, Attributes::new())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{contact, made, refused};
    use crate::model::Operation::DomainCreate;

    fn good() -> Value {
        json!({
            "domain": "example.com", "years": 1, "username": "example01", "password": "s3cretpw9",
            "contacts": {"owner": contact(), "admin": contact(), "billing": contact()},
        })
    }

    fn changed(change: Value) -> Value {
        let mut params = good();
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        made(DomainCreate, params)["attributes"].take()
    }

    #[test]
    fn what_is_not_stated_is_the_resellers_own() {
        let made = changed(json!({}));
        for (name, value) in [
            ("reg_type", "new"),
            ("handle", "process"),
            ("custom_tech_contact", "0"),
            ("custom_nameservers", "0"),
            ("affiliate_id", "rd-1"),
        ] {
            assert_eq!(made[name], value, "{name}");
        }
        for name in
            ["nameserver_list", "auto_renew", "f_lock_domain", "f_whois_privacy", "f_parkp", "tld_data", "comments"]
        {
            assert_eq!(made[name], Value::Null, "{name}");
        }
    }

    #[test]
    fn options_have_their_attributes() {
        for (change, name, value) in [
            (json!({"save": true}), "handle", json!("save")),
            (json!({"premium_price": "1500.00"}), "reg_type", json!("premium")),
            (json!({"premium_price": "1500.00", "reg_type": "new"}), "premium_price_to_verify", json!("1500.00")),
            (json!({"premium_price": "1500.00", "reg_type": "new"}), "reg_type", json!("new")),
            (json!({"reg_type": "sunrise"}), "reg_type", json!("sunrise")),
            (json!({"parked": true}), "f_parkp", json!("Y")),
            (json!({"domain": "bücher.com", "encoding_type": "GER"}), "encoding_type", json!("GER")),
            (json!({"domain": "bücher.com"}), "domain", json!("xn--bcher-kva.com")),
            (json!({"reg_domain": "example.NET"}), "reg_domain", json!("example.net")),
            (
                json!({"tld_data": {"nexus": {"app_purpose": "P1", "category": 11, "sure": true}}}),
                "tld_data",
                json!({"nexus": {"app_purpose": "P1", "category": "11", "sure": "1"}}),
            ),
            (json!({"tld_fields": {"legal_type": "CCT", "lang": null}}), "legal_type", json!("CCT")),
            (
                json!({"nserver": ["ns1.example.net", "ns2.example.net"]}),
                "nameserver_list",
                json!([{"name": "ns1.example.net", "sortorder": "1"}, {"name": "ns2.example.net", "sortorder": "2"}]),
            ),
            (json!({"nserver": ["ns1.example.net", "ns2.example.net"]}), "custom_nameservers", json!("1")),
        ] {
            assert_eq!(changed(change.clone())[name], value, "{change}");
        }
    }

    #[test]
    fn rules_name_the_field() {
        refused(
            DomainCreate,
            &good(),
            &[
                (json!({"domain": "example"}), "domain", "two labels"),
                (json!({"domain": "example.c0m"}), "domain", "top-level domain"),
                (json!({"years": null}), "years", "missing"),
                (json!({"years": 11}), "years", "from 1 to 10"),
                (json!({"username": null}), "username", "missing"),
                (json!({"username": "ab"}), "username", "3 to 20"),
                (json!({"username": "an owner"}), "username", "visible ASCII"),
                (json!({"password": null}), "password", "missing"),
                (json!({"password": "ab"}), "password", "3 to 20"),
                (json!({"password": "123456789012345678901"}), "password", "has 21"),
                (json!({"contacts": null}), "contacts", "missing"),
                (json!({"contacts": {"owner": contact(), "admin": contact()}}), "contacts.billing", "missing"),
                (json!({"nserver": []}), "nserver", "2 to 13"),
                (json!({"reg_type": "whois_privacy"}), "reg_type", "new, premium, sunrise, landrush"),
                (json!({"reg_type": "premium"}), "premium_price", "missing"),
                (json!({"premium_price": "1.500,00"}), "premium_price", "1500.00"),
                (json!({"premium_price": 1500}), "premium_price", "must be a text"),
                (json!({"encoding_type": "GER"}), "encoding_type", "ASCII letters only"),
                (json!({"domain": "bücher.com", "encoding_type": "de"}), "encoding_type", "three characters"),
                (json!({"comments": "x".repeat(257)}), "comments", "1 to 256"),
                (json!({"tld_data": []}), "tld_data", "an object"),
                (json!({"tld_data": {"a": [{"b": "c\u{7}"}]}}), "tld_data.a[0].b", "control characters"),
                (json!({"tld_fields": {"colour": "red"}}), "tld_fields.colour", "there are legal_type"),
                (json!({"affiliate_id": "x"}), "affiliate_id", "unknown"),
                (json!({"auth_info": "x"}), "auth_info", "unknown"),
                (json!({"registrant_ip": "nowhere"}), "registrant_ip", "IPv4 or IPv6"),
            ],
        );
    }

    #[test]
    fn no_reject_repeats_a_password() {
        let mut params = good();
        params["password"] = json!("s3cret\tpw9");
        let Value::Object(params) = params else { unreachable!("an object") };
        let reject = super::super::order(DomainCreate, &params, "rd-1", &Default::default()).unwrap_err();
        assert!(!reject.reason.contains("s3cret"), "{reject}");
    }
}
