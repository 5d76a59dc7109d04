//! Domain TRANSIT: into the registry's own administration. The account loses all access; keys and the contacts for requests
//! go in any case.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::{Params, missing};
use super::{Request, Rules, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Hands a domain over to the registry.
pub struct DomainTransit {
    name: DomainName,
    disconnect: bool,
}

impl Request for DomainTransit {
    const OPERATION: Operation = Operation::DomainTransit;
    const ACTION: Action = Action { kv: "TRANSIT", space: Space::Domain, xml: "transit" };
    const PARAMS: &'static [&'static str] = &["domain", "domain_ace", "disconnect"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        // What the registry does without it is not stated, and a wrong guess takes a website off the net.
        let disconnect = params.flag("disconnect")?.ok_or_else(|| missing("disconnect"))?;
        Ok(Self { name: domain::name(params)?, disconnect })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.push(Item::field(Word::Disconnect, self.disconnect.to_string()));
        items
    }

    /// A bare yes.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}
