//! CREATE-AUTHINFO2: the registry makes a password and posts it to all holders. Anybody may order it for any domain, and
//! the letters cost.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::{Request, Rules, auth_info, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders the letters.
pub struct AuthcodeRequest {
    name: DomainName,
}

impl Request for AuthcodeRequest {
    const OPERATION: Operation = Operation::DomainAuthcodeRequest;
    const ACTION: Action = Action { kv: "CREATE-AUTHINFO2", space: Space::Domain, xml: "createAuthInfo2" };
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

    /// When the password ends, if the registry says so.
    fn data(answer: &Block) -> Value {
        auth_info::data(answer)
    }
}
