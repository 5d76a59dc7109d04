//! PROCESS_TRANSFER: sends a cancelled transfer out again, as a new order. CANCEL_TRANSFER: cancels one under way.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access, order_info};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// Begins a transfer anew.
pub struct Process(String);

impl Request for Process {
    const ACTION: &'static str = "PROCESS_TRANSFER";
    const OBJECT: &'static str = "TRANSFER";
    const PARAMS: &'static [&'static str] = &["order", "transfer"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        order_info::number(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        order_info::object(&self.0)
    }

    fn attributes(self, _: &str, rules: &Rules) -> Attributes {
        Attributes::new().text("order_id", self.0).maybe("reseller", rules.named())
    }
}

/// A transfer, by its order or its domain.
enum Which {
    Order(String),
    Domain(String),
}

/// Cancels a transfer.
pub struct Cancel(Which);

impl Request for Cancel {
    const ACTION: &'static str = "CANCEL_TRANSFER";
    const OBJECT: &'static str = "TRANSFER";
    const PARAMS: &'static [&'static str] = &["order", "domain", "transfer"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        match (params.has("order"), params.has("domain")) {
            (true, true) => Err(Reject::param("domain", "a transfer is named by its order or its domain, not both")),
            (_, true) => access::name(params).map(Which::Domain).map(Self),
            (_, false) => order_info::number(params).map(Which::Order).map(Self),
        }
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        match &self.0 {
            Which::Order(number) => order_info::object(number),
            // Not the domain: the transfer itself works on that, and this would wait for what it is to end.
            Which::Domain(name) => ObjectKey::new(ObjectKind::Order, name),
        }
    }

    fn attributes(self, _: &str, rules: &Rules) -> Attributes {
        let which = match self.0 {
            Which::Order(number) => Attributes::new().text("order_id", number),
            Which::Domain(name) => Attributes::new().text("domain", name),
        };
        which.maybe("reseller", rules.named())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::OrderCancel;

    #[test]
    fn a_transfer_is_named_by_order_or_domain() {
        let by_order = made(OrderCancel, json!({"order": 3_735_288, "transfer": true}));
        assert_eq!(by_order["key"], "order:3735288");
        assert_eq!(by_order["attributes"], json!({"order_id": "3735288", "reseller": "myreseller"}));
        let by_domain = made(OrderCancel, json!({"domain": "example.net", "transfer": true}));
        assert_eq!(by_domain["key"], "order:example.net", "it must not wait for the transfer it cancels");
        refused(
            OrderCancel,
            &json!({"order": 1, "transfer": true}),
            &[(json!({"domain": "example.net"}), "domain", "not both"), (json!({"order": null}), "order", "missing")],
        );
    }
}
