//! Domain UPDATE: everything but the holders, and always everything: what is left out is deleted. The holders must be those
//! that are stored. New name servers that fail the test are refused.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::domain::{self, Registration};
use super::{Request, Rules, whole};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders the data of a domain anew.
pub struct DomainUpdate {
    name: DomainName,
    registration: Registration,
}

impl Request for DomainUpdate {
    const OPERATION: Operation = Operation::DomainUpdate;
    const ACTION: Action = Action { kv: "UPDATE", space: Space::Domain, xml: "update" };
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "domain_ace",
        "holder",
        "general_request",
        "abuse_contact",
        "nserver",
        "nsentry",
        "dnskey",
        whole::MERGE,
    ];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        whole::required(params)?;
        let name = domain::name(params)?;
        Ok(Self { registration: Registration::read(params, &name, rules)?, name })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.extend(self.registration.items());
        items
    }

    /// A bare yes; status and deadlines come as messages.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}
