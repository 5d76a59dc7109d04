//! CREATE, MODIFY, DELETE and GET NAMESERVER: hosts with addresses at a registry, by the authority of a domain or a cookie.

use super::super::check::{self, Addresses};
use super::super::params::{Params, missing};
use super::access::Access;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The parameter `host`.
pub fn name(params: &Params<'_>) -> Result<String, Reject> {
    check::host("host", &params.required("host")?)
}

/// The key of a host.
pub fn object(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Host, name)
}

/// A host with its addresses.
struct Host {
    access: Access,
    name: String,
    addresses: Addresses,
}

impl Host {
    fn read(params: &Params<'_>) -> Result<Self, Reject> {
        let (access, name, addresses) = (Access::read(params)?, name(params)?, check::addresses(params)?);
        match addresses.v4.is_some() || addresses.v6.is_some() {
            true => Ok(Self { access, name, addresses }),
            false => Err(missing("address")),
        }
    }

    fn attributes(self, new_name: Option<String>) -> Attributes {
        self.access
            .attributes()
            .text("name", self.name)
            .maybe("new_name", new_name)
            .maybe("ipaddress", self.addresses.v4)
            .maybe("ipv6", self.addresses.v6)
    }
}

/// Makes a host known to a registry.
pub struct Create {
    host: Host,
    everywhere: Option<bool>,
}

impl Request for Create {
    const ACTION: &'static str = "CREATE";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] =
        &["host", "domain", "username", "password", "cookie", "address", "add_to_all_registry"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let host = Host::read(params)?;
        if host.addresses.v4.is_none() && check::top(&host.name) == "de" {
            return Err(Reject::param("address", "must have an IPv4 address below .de"));
        }
        Ok(Self { host, everywhere: params.flag("add_to_all_registry")? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.host.name)
    }

    fn cookie(&self) -> Option<String> {
        self.host.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.host.attributes(None).maybe_flag("add_to_all_registry", self.everywhere)
    }
}

/// Changes a host's addresses, and perhaps its name.
pub struct Modify {
    host: Host,
    new_name: Option<String>,
}

impl Request for Modify {
    const ACTION: &'static str = "MODIFY";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] =
        &["host", "domain", "username", "password", "cookie", "address", "new_name"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let new_name = params.optional("new_name")?.map(|name| check::host("new_name", &name)).transpose()?;
        Ok(Self { host: Host::read(params)?, new_name })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.host.name)
    }

    fn cookie(&self) -> Option<String> {
        self.host.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.host.attributes(self.new_name)
    }
}

/// Deletes a host.
pub struct Delete(Host);

impl Request for Delete {
    const ACTION: &'static str = "DELETE";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] = &["host", "domain", "username", "password", "cookie", "address"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Host::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.0.name)
    }

    fn cookie(&self) -> Option<String> {
        self.0.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.0.attributes(None)
    }
}

/// Asks for a host's addresses and whether it can be deleted; without a name, for all hosts.
pub struct Get {
    access: Access,
    name: Option<String>,
}

impl Request for Get {
    const ACTION: &'static str = "GET";
    const OBJECT: &'static str = "NAMESERVER";
    const PARAMS: &'static [&'static str] = &["host", "domain", "username", "password", "cookie"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let name = if params.has("host") { Some(name(params)?) } else { None };
        Ok(Self { access: Access::read(params)?, name })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.as_deref().map_or_else(|| self.access.object(), object)
    }

    fn cookie(&self) -> Option<String> {
        self.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.access.attributes().text("name", self.name.unwrap_or_else(|| "all".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::{HostCreate, HostDelete, HostInfo, HostUpdate};

    #[test]
    fn hosts_are_named_and_addressed() {
        let params =
            json!({"host": "NS1.Example.com.", "domain": "example.com", "address": ["2001:db8:0::1", "192.0.2.53"]});
        for operation in [HostCreate, HostUpdate, HostDelete] {
            let made = made(operation, params.clone());
            assert_eq!(made["key"], "host:ns1.example.com");
            assert_eq!(
                made["attributes"],
                json!({"domain": "example.com", "name": "ns1.example.com", "ipaddress": "192.0.2.53", "ipv6": "2001:db8::1"})
            );
        }
        let all = made(HostInfo, json!({"domain": "example.com"}));
        assert_eq!((&all["key"], &all["attributes"]["name"]), (&json!("domain:example.com"), &json!("all")));
        let one = made(HostInfo, json!({"domain": "example.com", "host": "ns1.example.com", "cookie": "1:2"}));
        assert_eq!(
            (&one["key"], &one["attributes"]),
            (&json!("host:ns1.example.com"), &json!({"name": "ns1.example.com"}))
        );
    }

    #[test]
    fn rules_name_the_field() {
        let good = json!({"host": "ns1.example.com", "domain": "example.com", "address": "192.0.2.53"});
        refused(
            HostCreate,
            &good,
            &[
                (json!({"host": "ns1"}), "host", "two labels"),
                (json!({"host": null}), "host", "missing"),
                (json!({"domain": null}), "domain", "missing"),
                (json!({"address": null}), "address", "missing"),
                (json!({"address": "192.0.2.256"}), "address[0]", "IPv4 or IPv6"),
                (json!({"address": ["192.0.2.1", "192.0.2.2"]}), "address[1]", "second of its kind"),
                (json!({"host": "ns1.example.de", "address": "2001:db8::1"}), "address", "IPv4 address below .de"),
                (json!({"new_name": "ns2.example.com"}), "new_name", "unknown"),
            ],
        );
        refused(HostUpdate, &good, &[(json!({"new_name": "ns_2.example.com"}), "new_name", "hyphens")]);
    }
}
