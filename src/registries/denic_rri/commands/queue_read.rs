//! QUEUE-READ: the oldest message of the queue, of all or of one type. Reading removes nothing and costs no quota, so it
//! also serves to keep a session alive; the protocol has no request for that.

mod salvage;

pub use salvage::salvage;

use serde_json::{Map, Value, json};

use super::super::codec::tree::{Action, Block, Item, Order};
use super::super::codec::words::{Section, Space, Word};
use super::super::params::{Params, refuse};
use super::shown::{self, As, Field};
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The types of messages, as XML spells them. The registry itself spells them in several ways.
pub const TYPES: &[&str] = &[
    "authInfo2Notify",
    "authInfo2Delete",
    "authInfoExpire",
    "chprovAuthInfo",
    "contactDelete",
    "contactUpdate",
    "contactVerificationRequired",
    "domainDelete",
    "domainStatusUpdate",
    "expireWarning",
    "expire",
];

/// Asks for the oldest message.
pub struct QueueRead {
    kind: Option<String>,
}

impl Request for QueueRead {
    const OPERATION: Operation = Operation::MessageRead;
    const ACTION: Action = Action { kv: "QUEUE-READ", space: Space::Msg, xml: "queue-read" };
    const PARAMS: &'static [&'static str] = &["type"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { kind: kind(params)? })
    }

    fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, "queue")
    }

    fn items(self) -> Vec<Item> {
        self.kind.map(|kind| Item::field(Word::MsgType, kind)).into_iter().collect()
    }

    fn data(answer: &Block) -> Value {
        Value::Object(data(answer))
    }
}

/// Writes a QUEUE-READ of any type of message.
pub fn order() -> Order {
    Order::new(QueueRead::ACTION, Vec::new())
}

/// The parameter `type`, in the spelling of [`TYPES`]; a type that is newer than this program goes out as it is.
pub fn kind(params: &Params<'_>) -> Result<Option<String>, Reject> {
    let Some(kind) = params.optional("type")? else { return Ok(None) };
    if kind.len() > 64 || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(refuse("type", "must be a type of messages: up to 64 letters, digits, hyphens", &kind));
    }
    Ok(Some(spelled(&kind).to_owned()))
}

/// A type in the spelling of [`TYPES`].
fn spelled(kind: &str) -> &str {
    TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind)).copied().unwrap_or(kind)
}

const FIELDS: &[Field] = &[
    ("id", Word::MsgId, As::Text),
    ("time", Word::MsgTime, As::Text),
    ("domain", Word::Domain, As::Host),
    ("ace", Word::DomainAce, As::Host),
    ("handle", Word::Handle, As::UpperList),
    ("holder", Word::Holder, As::UpperList),
    ("status", Word::Status, As::Status),
    ("verification_deadline_before_dedelegation", Word::DeadlineBeforeDedelegation, As::Text),
    ("verification_deadline_before_deletion", Word::DeadlineBeforeDeletion, As::Text),
    ("expire", Word::Expire, As::Text),
    ("auth_info_expire", Word::AuthInfoExpire, As::Text),
    ("chprov_to", Word::ChprovTo, As::Upper),
    ("chprov_from", Word::ChprovFrom, As::Upper),
    ("claims", Word::VerificationClaim, As::List),
    ("domains_total", Word::DomainsTotal, As::Number),
];

const EARLIEST: &[(&str, Section, [Field; 3])] = &[
    ("earliest_for_dedelegation", Section::EarliestDedelegation, earliest(Word::DeadlineBeforeDedelegation)),
    ("earliest_for_deletion", Section::EarliestDeletion, earliest(Word::DeadlineBeforeDeletion)),
];

const fn earliest(deadline: Word) -> [Field; 3] {
    [("domain", Word::Domain, As::Host), ("ace", Word::DomainAce, As::Host), ("deadline", deadline, As::Text)]
}

/// A message, the same from both formats; `count` is 0 and all else missing for an empty queue. Sources differ on whether
/// `count` is that of the queue or of the asked type; nothing more than zero or not zero should be read into it.
pub fn data(answer: &Block) -> Map<String, Value> {
    let mut object = shown::fields(answer, FIELDS);
    let count = answer.get(Word::MsgCnt).and_then(|count| count.parse().ok());
    object.insert("count".into(), json!(count.unwrap_or(u64::from(object.contains_key("id")))));
    for (name, section, fields) in EARLIEST {
        if let Some(block) = answer.sections(*section).next() {
            object.insert((*name).into(), Value::Object(shown::fields(block, fields)));
        }
    }
    if !answer.messages.is_empty() {
        object.insert("messages".into(), json!(answer.messages));
    }
    if let Some(kind) = answer.get(Word::MsgType) {
        object.insert("type".into(), json!(spelled(kind)));
        if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            object.insert("raw".into(), answer.source.as_str().into());
        }
    }
    object
}

#[cfg(test)]
#[path = "queue_read/tests.rs"]
mod tests;
