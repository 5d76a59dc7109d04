//! REGISTRY_CHECK_NAMESERVER and REGISTRY_ADD_NS: hosts of others, as the registry of a top-level domain knows them.

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, nameserver};
use crate::model::{ObjectKey, Reject};

/// The zone in the parameter `tld`; if it is missing, that of the host.
fn zone(params: &Params<'_>, host: &str) -> Result<String, Reject> {
    let tld = params.optional("tld")?;
    check::tld("tld", tld.as_deref().unwrap_or_else(|| check::top(host)))
}

/// Asks whether a registry knows a host.
pub struct Check {
    host: String,
    tld: String,
}

impl Request for Check {
    const ACTION: &'static str = "REGISTRY_CHECK_NAMESERVER";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] = &["host", "tld"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let host = nameserver::name(params)?;
        Ok(Self { tld: zone(params, &host)?, host })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        nameserver::object(&self.host)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("fqdn", self.host).text("tld", self.tld)
    }
}

/// Makes a host known to one registry, or to all.
pub struct Add {
    host: String,
    tld: String,
    all: bool,
}

impl Request for Add {
    const ACTION: &'static str = "REGISTRY_ADD_NS";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] = &["host", "tld", "all"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let host = nameserver::name(params)?;
        Ok(Self { tld: zone(params, &host)?, host, all: params.flag("all")?.unwrap_or(false) })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        nameserver::object(&self.host)
    }

    /// A zone must be named even where all are meant.
    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("fqdn", self.host).text("tld", self.tld).flag("all", self.all)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::{HostCheck, HostCreate};

    #[test]
    fn a_zone_is_always_named_with_its_dot() {
        for (params, tld, all) in [
            (json!({"tld": "com"}), ".com", "0"),
            (json!({"tld": ".co.uk", "all": false}), ".co.uk", "0"),
            (json!({"all": true}), ".net", "1"),
        ] {
            let mut params = params;
            params["host"] = json!("ns1.example.net");
            let made = made(HostCreate, params);
            assert_eq!(made["action"], "REGISTRY_ADD_NS");
            assert_eq!(made["attributes"], json!({"fqdn": "ns1.example.net", "tld": tld, "all": all}));
        }
        let check = made(HostCheck, json!({"host": "ns1.example.net"}));
        assert_eq!(check["attributes"], json!({"fqdn": "ns1.example.net", "tld": ".net"}));
    }

    #[test]
    fn rules_name_the_field() {
        let good = json!({"host": "ns1.example.net", "tld": ".com"});
        refused(
            HostCreate,
            &good,
            &[
                (json!({"tld": ".c0m"}), "tld", "top-level domain"),
                (json!({"tld": "..com"}), "tld", "top-level domain"),
                (json!({"all": "yes"}), "all", "true or false"),
                (json!({"address": "192.0.2.1"}), "address", "unknown"),
            ],
        );
    }
}
