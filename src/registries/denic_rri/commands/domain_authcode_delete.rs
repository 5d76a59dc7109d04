//! DELETE-AUTHINFO1: withdraws the password a domain can be taken away with. An AuthInfo2 stays.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::{Request, Rules, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders the AuthInfo1 away.
pub struct AuthcodeDelete {
    name: DomainName,
}

impl Request for AuthcodeDelete {
    const OPERATION: Operation = Operation::DomainAuthcodeDelete;
    const ACTION: Action = Action { kv: "DELETE-AUTHINFO1", space: Space::Domain, xml: "deleteAuthInfo1" };
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
