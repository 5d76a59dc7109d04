//! CREATE-AUTHINFO1: the password with which another registrar may take a domain over. Only its hash leaves this machine.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::{Request, Rules, auth_info, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders an AuthInfo1.
pub struct AuthcodeCreate {
    name: DomainName,
    hash: String,
    expire: Option<String>,
}

impl Request for AuthcodeCreate {
    const OPERATION: Operation = Operation::DomainAuthcodeCreate;
    const ACTION: Action = Action { kv: "CREATE-AUTHINFO1", space: Space::Domain, xml: "createAuthInfo1" };
    const PARAMS: &'static [&'static str] = &["domain", "domain_ace", "auth_info", "expire"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let hash = auth_info::hash(&auth_info::chosen(params)?);
        Ok(Self { name: domain::name(params)?, hash, expire: auth_info::expire(params)? })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.push(Item::field(Word::AuthInfoHash, self.hash));
        items.extend(self.expire.map(|date| Item::field(Word::AuthInfoExpire, date)));
        items
    }

    /// When the password ends, if the registry says so.
    fn data(answer: &Block) -> Value {
        auth_info::data(answer)
    }
}
