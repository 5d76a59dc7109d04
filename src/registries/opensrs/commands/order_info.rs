//! GET_ORDER_INFO: an order. QUERY_QUEUED_REQUEST: what a registry that works later has done with a request so far.

use super::super::check;
use super::super::params::{Params, missing};
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The number in the parameter `order`.
pub fn number(params: &Params<'_>) -> Result<String, Reject> {
    check::order_id(params, "order")?.ok_or_else(|| missing("order"))
}

/// The key of an order.
pub fn object(number: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Order, number)
}

/// Asks for an order.
pub struct OrderById(String);

impl Request for OrderById {
    const ACTION: &'static str = "GET_ORDER_INFO";
    const PARAMS: &'static [&'static str] = &["order"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        number(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("order_id", self.0)
    }
}

/// Asks for a request in a registry's queue, by the number that came with the answer to it.
pub struct QueuedRequest(String);

impl Request for QueuedRequest {
    const ACTION: &'static str = "QUERY_QUEUED_REQUEST";
    const PARAMS: &'static [&'static str] = &["queue_request_id"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        check::order_id(params, "queue_request_id")?.ok_or_else(|| missing("queue_request_id")).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        object(&self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("request_id", self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::OrderInfo;

    #[test]
    fn numbers_may_be_numbers_or_texts() {
        for order in [json!(3_735_281), json!("3735281"), json!(" 3735281 ")] {
            let made = made(OrderInfo, json!({ "order": order }));
            assert_eq!((&made["key"], &made["attributes"]["order_id"]), (&json!("order:3735281"), &json!("3735281")));
        }
        let queued = made(OrderInfo, json!({"queue_request_id": 881_204}));
        assert_eq!(
            (&queued["action"], &queued["attributes"]),
            (&json!("QUERY_QUEUED_REQUEST"), &json!({"request_id": "881204"}))
        );
        refused(
            OrderInfo,
            &json!({"order": 1}),
            &[
                (json!({"order": null}), "order", "missing"),
                (json!({"order": "12a"}), "order", "digits only"),
                (json!({"order": -1}), "order", "must be a text"),
                (json!({"queue_request_id": 7}), "order", "unknown"),
            ],
        );
    }
}
