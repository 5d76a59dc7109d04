//! ADVANCED_UPDATE_NAMESERVERS: states the name servers, or adds and removes some. Stating them all is the better one: done
//! twice it is the same. They must exist at the registry.

use super::super::check;
use super::super::params::{Params, refuse};
use super::access::Access;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// States the name servers.
pub struct Assign {
    access: Access,
    hosts: Vec<String>,
}

impl Request for Assign {
    const ACTION: &'static str = "ADVANCED_UPDATE_NAMESERVERS";
    const PARAMS: &'static [&'static str] = &["domain", "username", "password", "cookie", "nserver"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { access: Access::read(params)?, hosts: check::hosts(params, "nserver", 2)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.access.object()
    }

    fn cookie(&self) -> Option<String> {
        self.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.access.attributes().text("op_type", "assign").list("assign_ns", self.hosts)
    }
}

/// Adds and removes name servers.
pub struct AddRemove {
    access: Access,
    add: Vec<String>,
    remove: Vec<String>,
}

impl Request for AddRemove {
    const ACTION: &'static str = Assign::ACTION;
    const PARAMS: &'static [&'static str] =
        &["domain", "username", "password", "cookie", "add_nserver", "remove_nserver"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let some = |name| if params.has(name) { check::hosts(params, name, 1) } else { Ok(Vec::new()) };
        let (add, remove) = (some("add_nserver")?, some("remove_nserver")?);
        match remove.iter().position(|host| add.contains(host)) {
            Some(at) => Err(refuse(format_args!("remove_nserver[{at}]"), "stands in add_nserver, too", &remove[at])),
            None => Ok(Self { access: Access::read(params)?, add, remove }),
        }
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.access.object()
    }

    fn cookie(&self) -> Option<String> {
        self.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        let attributes = self.access.attributes().text("op_type", "add_remove");
        attributes.list("add_ns", self.add).list("remove_ns", self.remove)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::DomainUpdate;

    #[test]
    fn some_are_added_and_others_removed() {
        let made = made(
            DomainUpdate,
            json!({"domain": "example.com", "add_nserver": "NS3.example.net.", "remove_nserver": ["ns1.example.net"]}),
        );
        let expected = json!({"domain": "example.com", "op_type": "add_remove", "add_ns": ["ns3.example.net"], "remove_ns": ["ns1.example.net"]});
        assert_eq!(made["attributes"], expected);
    }

    #[test]
    fn rules_name_the_field() {
        let good = json!({"domain": "example.com", "nserver": ["ns1.example.net", "ns2.example.net"]});
        let many: Vec<_> = (0..14).map(|n| format!("ns{n}.example.net")).collect();
        refused(
            DomainUpdate,
            &good,
            &[
                (json!({"nserver": ["ns1.example.net"]}), "nserver", "2 to 13 name servers, got 1"),
                (json!({"nserver": many}), "nserver", "got 14"),
                (json!({"nserver": ["ns1.example.net", "NS1.example.net."]}), "nserver[1]", "stands twice"),
                (json!({"nserver": ["ns1.example.net", "ns2.example.com 192.0.2.1"]}), "nserver[1]", "host.create"),
                (json!({"nserver": ["ns1.example.net", "192.0.2.1"]}), "nserver[1]", "not an address"),
                (json!({"nserver": null, "add_nserver": []}), "add_nserver", "1 to 13"),
                (
                    json!({"nserver": null, "add_nserver": "a.example.net", "remove_nserver": "a.example.net"}),
                    "remove_nserver[0]",
                    "too",
                ),
            ],
        );
    }
}
