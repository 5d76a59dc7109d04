//! Domain DELETE: into the redemption period, or, under a DISPUTE entry, to the claimant.

use serde_json::Value;

use super::super::check::{self, dns::DomainName};
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::{Request, Rules, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders a deletion. Holders are a guard: if they are given and differ from the stored ones, the registry refuses.
pub struct DomainDelete {
    name: DomainName,
    holders: Vec<String>,
}

impl Request for DomainDelete {
    const OPERATION: Operation = Operation::DomainDelete;
    const ACTION: Action = Action { kv: "DELETE", space: Space::Domain, xml: "delete" };
    const PARAMS: &'static [&'static str] = &["domain", "domain_ace", "holder"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        let holders = check::handles("holder", &params.list("holder")?, 5, &rules.reg_acc)?;
        Ok(Self { name: domain::name(params)?, holders })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.extend(self.holders.into_iter().map(|handle| Item::field(Word::Holder, handle)));
        items
    }

    /// A bare yes.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::order;
    use super::*;

    #[test]
    fn holders_are_optional_and_nothing_else_is_allowed() {
        let check = |params: Value| {
            let Value::Object(params) = params else { unreachable!() };
            order::<DomainDelete>(&params, &Rules::default()).map(|(_, order)| order.items.len())
        };
        assert_eq!(check(json!({"domain": "example.de"})), Ok(1));
        assert_eq!(check(json!({"domain": "example.de", "holder": "DENIC-1000002-MAX"})), Ok(2));
        assert!(check(json!({"domain": "example.de", "nserver": []})).is_err());
    }
}
