//! GetMessages and AckMessage: what others did, or the registry by itself; each message stays until it is acknowledged.

use super::super::codec::tree::Element;
use super::super::params::{Params, refuse};
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The kinds of messages that are asked for, as the registry's own proxy does it: answers to our own actions are none.
const TYPES: &[&str] = &["third-party", "server-generated-data"];

/// Asks for the oldest messages; one if the job does not say.
pub struct Get {
    limit: u64,
}

impl Request for Get {
    const PARAMS: &'static [&'static str] = &["limit"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { limit: params.number("limit", &(1..=100))?.unwrap_or(1) })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, "queue")
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let element = Element::new("GetMessages").with("QryId", id).with("QueueMode", "1");
        let element = element.with("MaxResults", self.limit.to_string());
        element.all(TYPES.iter().map(|kind| Element::new("TypeFilter").with("Type", *kind)))
    }
}

/// The id of a message: who caused it, a colon, and the id of its action, byte for byte.
pub struct MessageId {
    /// The registrar who caused it.
    pub registrar: String,
    /// The id of the action.
    pub action: String,
}

impl MessageId {
    /// Reads one.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        let (registrar, action) = id.split_once(':')?;
        let is_number = !registrar.is_empty() && registrar.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && !action.is_empty()).then(|| Self { registrar: registrar.to_owned(), action: action.to_owned() })
    }
}

/// Acknowledges a message.
pub struct Ack {
    whole: String,
    id: MessageId,
}

impl Request for Ack {
    const PARAMS: &'static [&'static str] = &["id"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        // Byte for byte: blanks at its ends belong to it.
        let whole = params.verbatim("id")?.expose().to_owned();
        match MessageId::read(&whole) {
            Some(id) => Ok(Self { whole, id }),
            None => {
                let rule = "must be the id of a message: the registrar who caused it, a colon, and its TransId";
                Err(refuse("id", rule, &whole))
            }
        }
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, &self.whole)
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        Element::new("AckMessage")
            .with("ActionId", id)
            .with("OriginatingRegistrarId", &self.id.registrar)
            .with("TransId", &self.id.action)
    }
}
