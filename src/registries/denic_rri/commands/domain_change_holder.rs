//! Domain CHHOLDER: as UPDATE, with other holders. A new holder ends all AuthInfos of the domain.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::domain::{self, Registration};
use super::{Request, Rules, whole};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders the data of a domain anew, holders included.
pub struct DomainChangeHolder {
    name: DomainName,
    registration: Registration,
}

impl Request for DomainChangeHolder {
    const OPERATION: Operation = Operation::DomainChangeHolder;
    const ACTION: Action = Action { kv: "CHHOLDER", space: Space::Domain, xml: "chholder" };
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
