//! PROCESS_PENDING: carries out or cancels an order that was kept. CANCEL_PENDING_ORDERS: cancels all of them up to a time.

use jiff::Timestamp;

use super::super::check;
use super::super::params::{Params, missing, refuse};
use super::attributes::Attributes;
use super::{Request, Rules, order_info};
use crate::model::{ObjectKey, Reject};

/// Carries out an order. Of one that was declined or cancelled the registry makes a new one.
pub struct Process {
    order: String,
    fax_received: Option<bool>,
    owner_address: Option<String>,
}

impl Request for Process {
    const ACTION: &'static str = "PROCESS_PENDING";
    const PARAMS: &'static [&'static str] = &["order", "transfer", "fax_received", "owner_address"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        params.flag("transfer")?;
        Ok(Self {
            order: order_info::number(params)?,
            fax_received: params.flag("fax_received")?,
            owner_address: params.optional("owner_address")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        order_info::object(&self.order)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new()
            .text("order_id", self.order)
            .maybe_flag("fax_received", self.fax_received)
            .maybe("owner_address", self.owner_address)
    }
}

/// Cancels an order.
pub struct Cancel(String);

impl Request for Cancel {
    const ACTION: &'static str = Process::ACTION;
    const PARAMS: &'static [&'static str] = &["order", "transfer"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        params.flag("transfer")?;
        order_info::number(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        order_info::object(&self.0)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("order_id", self.0).text("command", "cancel")
    }
}

/// Cancels every order of the account that was kept, up to a time. There is no filter by domain.
pub struct CancelAll {
    until: u64,
    statuses: Vec<String>,
}

impl Request for CancelAll {
    const ACTION: &'static str = "CANCEL_PENDING_ORDERS";
    const OBJECT: &'static str = "ORDER";
    const PARAMS: &'static [&'static str] = &["all_until", "status"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let statuses = params.list("status")?;
        for (at, status) in statuses.iter().enumerate() {
            check::one_of(&format!("status[{at}]"), status, &["pending", "declined"])?;
        }
        check::distinct("status", &statuses)?;
        Ok(Self { until: until(params)?, statuses })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("to_date", self.until.to_string()).list("status", self.statuses)
    }
}

/// An instant, as seconds since 1970 or in RFC 3339.
fn until(params: &Params<'_>) -> Result<u64, Reject> {
    let value = params.digits_or_text("all_until")?.ok_or_else(|| missing("all_until"))?;
    let seconds = value.parse::<i64>().or_else(|_| value.parse::<Timestamp>().map(Timestamp::as_second));
    // From 2000 to 2099: milliseconds, or a year, are mistakes that would cancel everything or nothing.
    let known =
        seconds.ok().and_then(|at| u64::try_from(at).ok()).filter(|at| (946_684_800..4_102_444_800).contains(at));
    let rule = "must be an instant, in seconds since 1970 or as in 2026-01-15T00:00:00Z";
    known.ok_or_else(|| refuse("all_until", rule, &value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{made, refused};
    use crate::model::Operation::{OrderCancel, OrderProcess};

    #[test]
    fn an_order_is_carried_out_or_cancelled() {
        let process = made(OrderProcess, json!({"order": "1", "fax_received": true, "transfer": false}));
        assert_eq!(
            (&process["key"], &process["attributes"]),
            (&json!("order:1"), &json!({"order_id": "1", "fax_received": "1"}))
        );
        refused(OrderProcess, &json!({"order": 1}), &[(json!({"transfer": "no"}), "transfer", "true or false")]);
    }

    #[test]
    fn all_orders_are_cancelled_up_to_an_instant() {
        for until in [
            json!(1_768_435_200),
            json!("1768435200"),
            json!("2026-01-15T00:00:00Z"),
            json!("2026-01-15T01:00:00+01:00"),
        ] {
            let made = made(OrderCancel, json!({ "all_until": until }));
            assert_eq!(
                (&made["key"], &made["attributes"]),
                (&json!("account:myreseller"), &json!({"to_date": "1768435200"}))
            );
        }
        refused(
            OrderCancel,
            &json!({"all_until": 1_768_435_200}),
            &[
                (json!({"all_until": 1_768_435_200_000_u64}), "all_until", "seconds since 1970"),
                (json!({"all_until": 2026}), "all_until", "seconds since 1970"),
                (json!({"all_until": "yesterday"}), "all_until", "seconds since 1970"),
                (json!({"status": ["waiting"]}), "status[0]", "pending, declined"),
                (json!({"status": ["pending", "pending"]}), "status[1]", "twice"),
                (json!({"order": 1}), "order", "unknown"),
            ],
        );
    }
}
