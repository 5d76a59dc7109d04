//! CHPROV: takes a domain over from another registrar, with the AuthInfo its holder has, and with contacts and DNS data of
//! our own.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, DnsData, DnsEntry, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::domain::{self, Registration};
use super::{Request, Rules, auth_info};
use crate::model::{ObjectKey, Operation, Reject, Secret};

/// Orders a domain into the account.
pub struct DomainTransfer {
    name: DomainName,
    registration: Registration,
    auth_info: Secret,
}

impl Request for DomainTransfer {
    const OPERATION: Operation = Operation::DomainTransfer;
    const ACTION: Action = Action { kv: "CHPROV", space: Space::Domain, xml: "chprov" };
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "domain_ace",
        "holder",
        "general_request",
        "abuse_contact",
        "nserver",
        "nsentry",
        "dnskey",
        "auth_info",
    ];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        let name = domain::name(params)?;
        let auth_info = auth_info::required(params)?;
        Ok(Self { registration: Registration::read(params, &name, rules)?, name, auth_info })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    /// The AuthInfo stands between name servers and keys.
    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.extend(self.registration.items());
        let is_key = |item: &Item| matches!(item, Item::Dns(DnsEntry { data: DnsData::Dnskey { .. }, .. }));
        let at = items.iter().position(is_key).unwrap_or(items.len());
        items.insert(at, Item::field(Word::AuthInfo, self.auth_info.expose()));
        items
    }

    /// A bare yes; status and deadlines come as messages.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}
