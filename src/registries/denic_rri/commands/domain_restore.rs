//! Domain RESTORE: back from the redemption period, with its data. The name servers are tested again, so it can come back
//! failed. Only its registrar may; another one needs a transfer with an AuthInfo2.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::{Request, Rules, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders a deleted domain back.
pub struct DomainRestore {
    name: DomainName,
}

impl Request for DomainRestore {
    const OPERATION: Operation = Operation::DomainRestore;
    const ACTION: Action = Action { kv: "RESTORE", space: Space::Domain, xml: "restore" };
    const PARAMS: &'static [&'static str] = domain::NAME;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: domain::name(params)? })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        domain::name_items(self.name)
    }

    /// A bare yes.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}
