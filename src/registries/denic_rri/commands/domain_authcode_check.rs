//! Is an AuthInfo right? Domain INFO with it, and with nothing that could fail for another reason. The safe question before
//! a transfer: a wrong one is refused, a right one is not used up.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::{Request, Rules, auth_info, domain};
use crate::model::{ObjectKey, Operation, Reject, Secret};

/// Asks whether an AuthInfo is right.
pub struct AuthcodeCheck {
    name: DomainName,
    auth_info: Secret,
}

impl Request for AuthcodeCheck {
    const OPERATION: Operation = Operation::DomainAuthcodeCheck;
    const ACTION: Action = Action { kv: "INFO", space: Space::Domain, xml: "info" };
    const PARAMS: &'static [&'static str] = &["domain", "domain_ace", "auth_info"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { auth_info: auth_info::required(params)?, name: domain::name(params)? })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.push(Item::field(Word::AuthInfo, self.auth_info.expose()));
        items
    }

    /// As domain INFO; `auth_info` is true where the registry says that it is right.
    fn data(answer: &Block) -> Value {
        domain::data(answer)
    }
}
