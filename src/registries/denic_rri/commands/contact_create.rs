//! Contact CREATE. A contact can never be deleted by request; only the registry's retention rules end it.

use serde_json::Value;

use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::contact::{self, Contact};
use super::{Request, Rules};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders a contact.
pub struct ContactCreate {
    contact: Contact,
}

impl Request for ContactCreate {
    const OPERATION: Operation = Operation::ContactCreate;
    const ACTION: Action = Action { kv: "CREATE", space: Space::Contact, xml: "create" };
    const PARAMS: &'static [&'static str] = contact::DATA;

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        Ok(Self { contact: Contact::read(params, rules)? })
    }

    fn object(&self) -> ObjectKey {
        contact::object(&self.contact.handle)
    }

    fn items(self) -> Vec<Item> {
        self.contact.items()
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

    fn rejected(change: Value) -> String {
        let mut params = json!({
            "handle": "DENIC-1000022-MAX", "type": "PERSON", "name": "Max Mustermann", "address": "Weg 1",
            "postal_code": "60596", "city": "Frankfurt", "country_code": "DE", "email": "max@example.de", "phone": "+49.0000",
        });
        let (Value::Object(params), Value::Object(change)) = (&mut params, change) else { unreachable!() };
        params.extend(change);
        params.retain(|_, value| !value.is_null());
        let rules = Rules { reg_acc: "DENIC-1000022".into() };
        order::<ContactCreate>(params, &rules).err().map_or_else(String::new, |reject| reject.field.unwrap_or_default())
    }

    #[test]
    fn each_type_has_its_fields() {
        assert_eq!(rejected(json!({})), "");
        assert_eq!(rejected(json!({"organisation": "Example GmbH"})), "");
        assert_eq!(rejected(json!({"type": "ORG", "organisation": "Example GmbH"})), "params.organisation");
        assert_eq!(rejected(json!({"uri_template": "mailto:a@example.de"})), "params.uri_template");
        assert_eq!(rejected(json!({"type": "REQUEST", "uri_template": "mailto:a@example.de"})), "params.name");
        assert_eq!(rejected(json!({"type": "ROBOT"})), "params.type");
        for field in ["handle", "type", "name", "address", "postal_code", "city", "country_code", "email", "phone"] {
            assert_eq!(rejected(json!({field: null})), format!("params.{field}"));
        }
        assert_eq!(rejected(json!({"handle": "DENIC-99-MAX"})), "params.handle");
        assert_eq!(rejected(json!({"email": ["max@example.de", "max"]})), "params.email[1]");
    }

    #[test]
    fn verification_blocks_are_complete() {
        let block = json!({"claims": ["name", "address"], "result": "success", "reference": "R1", "timestamp": "2023-11-11T15:36:21+02:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic"});
        let with = |name: &str, value: Value| {
            let mut changed = block.clone();
            changed[name] = value;
            rejected(json!({"verification": [block.clone(), changed]}))
        };
        assert_eq!(with("reference", json!("R2")), "");
        assert_eq!(with("reference", json!("R1")), "params.verification[1]");
        assert_eq!(with("claims", json!(["name", "NAME"])), "params.verification[1].claims[1]");
        assert_eq!(with("claims", json!(["shoe size"])), "params.verification[1].claims[0]");
        assert_eq!(with("result", json!("maybe")), "params.verification[1].result");
        assert_eq!(with("method", Value::Null), "params.verification[1].method");
        assert_eq!(rejected(json!({"verification": vec![block; 6]})), "params.verification");
    }
}
