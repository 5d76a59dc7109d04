//! QUEUE-DELETE: removes a message. It must be the oldest: of the whole queue, or of its type if one is given, so that
//! what was read with a type is removed with the same.

use serde_json::Value;

use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::{Params, refuse};
use super::{Request, Rules, queue_read};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// Removes a message.
pub struct QueueDelete {
    id: String,
    kind: Option<String>,
}

impl Request for QueueDelete {
    const OPERATION: Operation = Operation::MessageDelete;
    const ACTION: Action = Action { kv: "QUEUE-DELETE", space: Space::Msg, xml: "delete" };
    const PARAMS: &'static [&'static str] = &["id", "type"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let id = params.required("id")?;
        if !is_id(&id) {
            return Err(refuse("id", "must be the id of a message: up to 255 visible ASCII characters", &id));
        }
        Ok(Self { id, kind: queue_read::kind(params)? })
    }

    fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, &self.id)
    }

    fn items(self) -> Vec<Item> {
        let kind = self.kind.map(|kind| Item::field(Word::MsgType, kind));
        std::iter::once(Item::field(Word::MsgId, self.id)).chain(kind).collect()
    }

    /// A bare yes.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}

/// Whether a message can be named so. The manual says 30 to 255; what the registry gave is what it gets back.
pub fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::codec::{self, Format};
    use super::super::order;
    use super::*;

    #[test]
    fn what_was_read_with_a_type_is_removed_with_it() {
        let Value::Object(params) = json!({"id": "b988dae0-ae64", "type": "EXPIREWARNING"}) else { unreachable!() };
        let made = |params: &serde_json::Map<String, Value>| order::<QueueDelete>(params, &Rules::default());
        let (object, order) = made(&params).unwrap();
        assert_eq!(object.as_str(), "message:b988dae0-ae64");
        let kv = codec::write(&order, Format::Kv, "5.0").unwrap();
        let expected = "Version: 5.0\nAction: QUEUE-DELETE\nMsgId: b988dae0-ae64\nMsgType: expireWarning";
        assert_eq!(std::str::from_utf8(&kv).unwrap(), expected);
        let xml = codec::write(&order, Format::Xml, "5.0").unwrap();
        let element = "<msg:delete msgid=\"b988dae0-ae64\" msgType=\"expireWarning\"/>";
        assert!(std::str::from_utf8(&xml).unwrap().contains(element));
        for wrong in [json!({}), json!({"id": "a b"}), json!({"id": "x".repeat(256)}), json!({"id": "a", "type": "ä"})]
        {
            let Value::Object(params) = wrong else { unreachable!() };
            assert!(made(&params).is_err(), "{params:?}");
        }
    }
}
