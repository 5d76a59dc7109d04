//! Domain CREATE. The name servers are tested while the request is processed; if the test fails, the domain is
//! registered all the same and must be repaired within a time the answer names.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::domain::{self, Registration};
use super::{Request, Rules};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders a domain.
pub struct DomainCreate {
    name: DomainName,
    registration: Registration,
}

impl Request for DomainCreate {
    const OPERATION: Operation = Operation::DomainCreate;
    const ACTION: Action = Action { kv: "CREATE", space: Space::Domain, xml: "create" };
    const PARAMS: &'static [&'static str] = Registration::PARAMS;

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
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

    /// A bare yes; the status comes as a message.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::order;
    use super::*;

    fn rejected(change: Value) -> String {
        let mut params = json!({"domain": "example.de", "holder": ["DENIC-1000022-MAX"], "nserver": ["ns1.example.net", "ns2.example.net"]});
        let (Value::Object(params), Value::Object(change)) = (&mut params, change) else { unreachable!() };
        params.extend(change);
        let rules = Rules { reg_acc: "DENIC-1000022".into() };
        order::<DomainCreate>(params, &rules).err().map_or_else(String::new, |reject| reject.field.unwrap_or_default())
    }

    #[test]
    fn rules_name_the_field() {
        for (change, field) in [
            (json!({}), ""),
            (json!({"holder": []}), "params.holder"),
            (json!({"holder": ["DENIC-1000022-MAX", "DENIC-1-MAX-FOREIGN"]}), "params.holder[1]"),
            (json!({"holder": ["DENIC-1000022-MAX", "denic-1000022-max"]}), "params.holder[1]"),
            (
                json!({"holder": ["DENIC-1000022-A", "DENIC-1000022-B", "DENIC-1000022-C", "DENIC-1000022-D", "DENIC-1000022-E", "DENIC-1000022-F"]}),
                "params.holder",
            ),
            (json!({"holder": "DENIC-1000022-MAX\nAction: DELETE"}), "params.holder"),
            (json!({"nserver": null}), "params.nserver"),
            (json!({"nsentry": "example.de. IN A 192.0.2.1"}), "params.nsentry"),
            (json!({"nserver": null, "nsentry": ["example.de. IN A 192.0.2.1"]}), ""),
            (json!({"abuse_contact": 7}), "params.abuse_contact"),
            (json!({"abuse_contact": "DENIC-9-FOREIGN"}), "params.abuse_contact"),
            (json!({"domain": "example.com"}), "params.domain"),
            (json!({"auth_info": "x"}), "params.auth_info"),
        ] {
            assert_eq!(rejected(change.clone()), field, "{change}");
        }
    }
}
