//! EVENT POLL and ACK: what the registry has to say, oldest first, until each event is acknowledged by itself.

use super::super::params::{Params, refuse};
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// Asks for the oldest events; one if the job does not say.
pub struct Poll {
    limit: u64,
}

impl Request for Poll {
    const ACTION: &'static str = "POLL";
    const OBJECT: &'static str = "EVENT";
    const PARAMS: &'static [&'static str] = &["limit"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { limit: params.number("limit", &(1..=100))?.unwrap_or(1) })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, "queue")
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("limit", self.limit.to_string())
    }
}

/// Acknowledges an event, which removes it.
pub struct Ack(String);

impl Request for Ack {
    const ACTION: &'static str = "ACK";
    const OBJECT: &'static str = "EVENT";
    const PARAMS: &'static [&'static str] = &["id"];

    /// Ids seen have 32 hexadecimal digits; what the registry gave is what it gets back.
    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let id = params.required("id")?;
        match (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(id)),
            false => Err(refuse("id", "must be the id of an event: up to 255 visible ASCII characters", &id)),
        }
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        ObjectKey::new(ObjectKind::Message, &self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("event_id", self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::{MessageDelete, MessageRead};

    #[test]
    fn one_event_is_read_unless_the_job_says_more() {
        assert_eq!(made(MessageRead, json!({}))["attributes"], json!({"limit": "1"}));
        assert_eq!(made(MessageDelete, json!({"id": "6887c7d3"}))["key"], "message:6887c7d3");
        refused(MessageRead, &json!({}), &[(json!({"limit": 101}), "limit", "from 1 to 100")]);
        refused(MessageDelete, &json!({"id": "1"}), &[(json!({"id": "a b"}), "id", "visible ASCII")]);
    }
}
