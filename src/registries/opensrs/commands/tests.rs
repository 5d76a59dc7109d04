//! What the tests of all commands use, and what holds for all commands.

use serde_json::{Value, json};

use super::*;

/// A contact that obeys the rules.
pub fn contact() -> Value {
    json!({
        "first_name": "Owen", "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak St", "city": "Toronto",
        "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123x19", "email": "owner@example.org",
        "lang_pref": "EN",
    })
}

/// Data as JSON.
fn shown(node: &Node) -> Value {
    match node {
        Node::Assoc(items) => items.iter().map(|item| (item.key.clone(), shown(&item.value))).collect(),
        Node::Array(items) => items.iter().map(|item| shown(&item.value)).collect(),
        Node::Scalar(text) => json!(text),
        Node::ScalarRef(inner) => shown(inner),
        Node::Empty => Value::Null,
    }
}

fn object(params: Value) -> Map<String, Value> {
    let Value::Object(map) = params else { unreachable!("an object") };
    map
}

/// A command as JSON, with the key of its object beside.
pub fn made(operation: Operation, params: Value) -> Value {
    let rules = Rules { reseller: "myreseller".into() };
    let (checked, order) =
        order(operation, &object(params.clone()), "rd-1", &rules).unwrap_or_else(|e| panic!("{params}: {e}"));
    let mut made = shown(&order.root());
    made["key"] = json!(checked.object.as_str());
    made
}

/// Each row: what is changed in parameters that are in order (null: left out), the field at fault, words of the reason.
pub fn refused(operation: Operation, good: &Value, rows: &[(Value, &str, &str)]) {
    let rules = Rules { reseller: "myreseller".into() };
    order(operation, &object(good.clone()), "rd-1", &rules).unwrap();
    for (change, field, part) in rows {
        let mut params = object(good.clone());
        for (name, value) in object(change.clone()) {
            if value.is_null() {
                params.remove(&name);
            } else {
                params.insert(name, value);
            }
        }
        let Err(reject) = order(operation, &params, "rd-1", &rules) else {
            panic!("{operation} {change}: not refused")
        };
        assert_eq!(reject.field, Some(format!("params.{field}")), "{operation} {change}: {reject}");
        assert!(reject.reason.contains(part), "{operation} {change}: {reject}");
    }
}

#[test]
fn operations_are_those_of_the_table_each_once() {
    for (at, operation) in OPERATIONS.iter().enumerate() {
        assert!(!OPERATIONS[..at].contains(operation), "{operation} stands twice");
    }
    for command in COMMANDS {
        assert!(OPERATIONS.contains(&command.operation));
    }
    assert_eq!(OPERATIONS.last(), Some(&Operation::Raw));
    assert_eq!(OPERATIONS.len(), 23);
}

#[test]
fn every_operation_has_one_way_to_be_meant_otherwise_or_none() {
    for operation in OPERATIONS.iter().filter(|operation| **operation != Operation::Raw) {
        let rows: Vec<_> = COMMANDS.iter().filter(|command| command.operation == *operation).collect();
        let otherwise = rows.iter().filter(|command| command.when == When::Otherwise).count();
        assert!(
            otherwise == 1 || (otherwise == 0 && *operation == Operation::DomainUpdate),
            "{operation}: {otherwise}"
        );
    }
}

#[test]
fn the_address_of_the_registrant_goes_with_every_command() {
    let made = made(Operation::AccountInfo, json!({"registrant_ip": "2001:DB8:0::10"}));
    assert_eq!(
        made,
        json!({"protocol": "XCP", "action": "GET_BALANCE", "object": "BALANCE", "registrant_ip": "2001:db8::10", "key": "account:myreseller"})
    );
    let good = json!({"domain": "example.com"});
    refused(Operation::DomainCheck, &good, &[(json!({"registrant_ip": "192.0.2"}), "registrant_ip", "got `192.0.2`")]);
}

#[test]
fn questions_about_a_domain() {
    for (operation, params, action, attributes) in [
        (DomainCheck, json!({}), "LOOKUP", json!({"no_cache": "1"})),
        (DomainCheck, json!({"cached": true}), "LOOKUP", json!({})),
        (DomainCheck, json!({"question": "price"}), "GET_PRICE", json!({"period": "1"})),
        (
            DomainCheck,
            json!({"question": "price", "of": "renewal", "years": 3, "all_periods": true}),
            "GET_PRICE",
            json!({"period": "3", "reg_type": "renewal", "all_periods": "1"}),
        ),
        (DomainInfo, json!({}), "GET", json!({"type": "all_info"})),
        (
            DomainInfo,
            json!({"type": "list", "page": 1, "limit": 40, "max_to_expiry": 30}),
            "GET",
            json!({"type": "list", "page": "1", "limit": "40", "max_to_expiry": "30"}),
        ),
        (
            DomainInfo,
            json!({"question": "orders", "status": "pending", "to": "2026-01-31", "page": 2}),
            "GET_ORDERS_BY_DOMAIN",
            json!({"status": "pending", "order_to": "2026-01-31", "page": "2"}),
        ),
        (
            DomainInfo,
            json!({"question": "transfers_away", "gaining_registrar": "Other*", "req_from": "2026-01-01", "order": 1}),
            "GET_TRANSFERS_AWAY",
            json!({"gaining_registrar": "Other*", "req_from": "2026-01-01", "order_id": "1"}),
        ),
        (DomainInfo, json!({"question": "verification"}), "GET_REGISTRANT_VERIFICATION_STATUS", json!({})),
        (DomainDelete, json!({}), "REVOKE", json!({"reseller": "myreseller"})),
    ] {
        let (mut params, mut attributes) = (params, attributes);
        params["domain"] = json!("EXAMPLE.com");
        attributes["domain"] = json!("example.com");
        let made = made(operation, params.clone());
        assert_eq!(
            (&made["action"], &made["attributes"], &made["key"]),
            (&json!(action), &attributes, &json!("domain:example.com")),
            "{params}"
        );
    }
    let all = made(AccountInfo, json!({"question": "transfers_in", "status": "pending_owner"}));
    assert_eq!((&all["action"], &all["attributes"]), (&json!("GET_TRANSFERS_IN"), &json!({"status": "pending_owner"})));
}

#[test]
fn questions_have_rules_too() {
    let good = json!({"domain": "example.com"});
    refused(
        DomainCheck,
        &good,
        &[
            (json!({"domain": "exa mple.com"}), "domain", "letters, digits and hyphens"),
            (json!({"years": 1}), "years", "unknown parameter; there are domain, cached"),
            (json!({"question": "price", "years": 11}), "years", "from 1 to 10"),
            (json!({"question": "price", "of": "restore"}), "of", "new, renewal, transfer, trade"),
            (json!({"question": "ours", "cached": true}), "cached", "unknown"),
        ],
    );
    refused(
        DomainInfo,
        &good,
        &[
            (json!({"type": "everything"}), "type", "all_info, nameservers"),
            (json!({"limit": 10}), "limit", "the type list only"),
            (json!({"question": "orders", "status": "done"}), "status", "completed, pending"),
            (json!({"question": "orders", "type": "renew"}), "type", "new, premium, renewal"),
            (json!({"question": "orders", "from": "yesterday"}), "from", "must be a day"),
            (json!({"question": "transfers_in", "limit": 41}), "limit", "from 1 to 40"),
            (json!({"question": "transfers_in", "gaining_registrar": "x"}), "gaining_registrar", "losing_registrar is"),
            (json!({"question": "transfers_away", "req_to": "2031-01-01"}), "req_to", "2030"),
        ],
    );
    refused(
        DomainUpdate,
        &json!({"domain": "example.com", "resend_verification": true}),
        &[
            (json!({"resend_verification": false}), "resend_verification", "only be true"),
            (json!({"username": "example01"}), "username", "unknown"),
        ],
    );
}

#[test]
fn an_order_shows_nothing_of_what_it_says() {
    let params = object(json!({"domain": "example.com", "username": "example01", "password": "s3cretpw9"}));
    let order = set_cookie::order(&params, &Rules::default()).unwrap();
    assert_eq!(format!("{order:?}"), "Order { action: \"SET\", object: \"COOKIE\", .. }");
}
