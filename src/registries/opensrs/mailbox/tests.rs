use serde_json::json;

use super::*;
use crate::model::deadline::DeadlineKind;
use crate::model::{Level, Message};

const ID: &str = "6887c7d3838dcaec7517c531df527bb7";

fn answer(yes: bool, code: &str, data: Value) -> Answer {
    let level = if yes { Level::Info } else { Level::Error };
    let message = Message { level, code: code.into(), text: "x".into(), arguments: vec![] };
    Answer { result: if yes { "1" } else { "0" }.into(), messages: vec![message], data, ..Answer::default() }
}

fn read(object: &str, event: &str, data: Value) -> RegistryMessage {
    let event = json!({
        "object": object, "event": event, "event_id": ID, "event_date": "2026-01-15T15:02:40Z", "object_data": data,
    });
    match head(&answer(true, "200", json!({ "events": [event] }))) {
        Head::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_has_its_word_and_its_object() {
    let name = || json!({ "domain_id": "1", "domain_name": "B\u{fc}cher.example" });
    for (object, event, kind) in [
        ("DOMAIN", "CREATED", "domain_created"),
        ("domain", "registered", "domain_registered"),
        ("DOMAIN", "RENEWED", "domain_renewed"),
        ("DOMAIN", "EXPIRED", "domain_expired"),
        ("DOMAIN", "DELETED", "domain_deleted"),
        ("DOMAIN", "NAMESERVER_UPDATE", "nameserver_update"),
        ("DOMAIN", "ZONE_CHECK_STATUS_CHANGE", "zone_check_status_change"),
        ("DOMAIN", "REGISTRANT_VERIFICATION_STATUS_CHANGE", "registrant_verification_status_change"),
        ("DOMAIN", "ICANN_TRADE_STATUS_CHANGE", "icann_trade_status_change"),
        ("DOMAIN", "MESSAGE_STATUS_CHANGE", "message_status_change"),
        ("ORDER", "CLAIM_STATUS_CHANGE", "claim_status_change"),
        ("DOMAIN", "CLAIM_STATUS_CHANGE", "claim_status_change"),
        ("ORDER", "STATUS_CHANGE", "order_status_change"),
        ("TRANSFER", "STATUS_CHANGE", "transfer_status_change"),
        ("DOMAIN", "PAINTED", "raw"),
        ("ZONE", "STATUS_CHANGE", "raw"),
        ("", "", "raw"),
    ] {
        let message = read(object, event, name());
        assert_eq!(message.kind, kind, "{object} {event}");
        assert_eq!(message.object.as_ref().map(ObjectKey::as_str), Some("domain:xn--bcher-kva.example"));
        assert_eq!((message.id.as_str(), message.count, &message.ends), (ID, None, &None));
        assert_eq!(message.written_at, "2026-01-15T15:02:40Z".parse().ok());
        assert_eq!(message.native_kind, format!("{object} {event}").trim());
        assert_eq!(message.data, name(), "all it says");
    }
    assert_eq!(read("ACCOUNT", "LOW_BALANCE", json!({ "balance": "1" })).object, None);
    let created =
        read("DOMAIN", "CREATED", json!({ "domain_name": "example.com", "expiration_date": "2027-01-15T15:02:40Z" }));
    assert_eq!(created.deadlines.iter().map(|one| one.kind).collect::<Vec<_>>(), [DeadlineKind::DomainExpiry]);
    assert!(KINDS.iter().all(|kind| !kind.kind.is_empty() && kind.kind != "raw"));
}

#[test]
fn orders_end_jobs_when_they_end() {
    let ends = |kind: &str, status: &str| {
        let data = json!({ "order_id": "3735282", "domain_name": "example.de", "order_reg_type": kind, "order_status": status });
        read("ORDER", "STATUS_CHANGE", data).ends
    };
    for (kind, operation) in [
        ("new", Operation::DomainCreate),
        ("premium", Operation::DomainCreate),
        ("sunrise", Operation::DomainCreate),
        ("landrush", Operation::DomainCreate),
        ("renewal", Operation::DomainRenew),
        ("transfer", Operation::DomainTransfer),
    ] {
        for (status, succeeded) in
            [("completed", true), ("declined", false), ("cancelled", false), ("canceled", false), ("DELETED", false)]
        {
            let ending = ends(kind, status).unwrap();
            assert_eq!(ending.succeeded, succeeded, "{kind} {status}");
            assert_eq!(ending.operations, [operation, Operation::OrderProcess, Operation::Raw], "{kind}");
            assert!(
                ending.reason.contains("3735282") && ending.reason.contains(&status.to_lowercase()),
                "{}",
                ending.reason
            );
        }
        for status in ["processed", "pending", "waiting", "odd", ""] {
            assert_eq!(ends(kind, status), None, "{kind} {status}: still on its way");
        }
    }
    assert_eq!(ends("whois_privacy", "completed"), None, "no job waits for that");
    assert_eq!(ends("", "completed"), None);
    for field in ["transfer_status", "status"] {
        let data = json!({ "transfer_id": "1", "order_id": "2", "domain_name": "example.net", (field): "completed" });
        let ending = read("TRANSFER", "STATUS_CHANGE", data).ends.unwrap();
        assert!(ending.succeeded && ending.operations.contains(&Operation::DomainTransfer));
    }
}

/// An order that takes the place of others makes the registry cancel them.
#[test]
fn an_event_about_another_order_ends_nothing() {
    let data =
        json!({ "order_id": "5", "domain_name": "example.de", "order_reg_type": "new", "order_status": "cancelled" });
    let message = read("ORDER", "STATUS_CHANGE", data);
    let concerned = |data: Value| concerns(&message, &answer(true, "250", data));
    assert!(concerned(json!({ "id": "5" })) && concerned(json!({ "order_id": "5", "id": "77" })));
    assert!(concerned(json!({ "field_hash": { "id": "5" } })));
    assert!(!concerned(json!({ "id": "6" })) && !concerned(json!({ "field_hash": { "id": "6" } })));
    assert!(concerned(Value::Null) && concerned(json!({ "id": "0" })), "the answer names none");
    assert!(concerns(&read("DOMAIN", "CREATED", json!({})), &answer(true, "250", json!({ "id": "6" }))));
}

#[test]
fn an_empty_queue_and_refusals() {
    for data in [json!({}), Value::Null, json!({ "events": null }), json!({ "events": [] })] {
        assert_eq!(head(&answer(true, "200", data)), Head::Empty);
    }
    let nameless =
        |id: Value| head(&answer(true, "200", json!({ "events": [{ "object": "DOMAIN", "event_id": id }] })));
    for id in [Value::Null, json!(""), json!("a b"), json!("x".repeat(256))] {
        assert!(matches!(nameless(id), Head::Refused(_)));
    }
    assert!(matches!(head(&answer(true, "200", json!({ "events": "x" }))), Head::Refused(_)));
    for (yes, code) in [(false, "310"), (false, "401"), (false, "200"), (false, "705")] {
        assert!(matches!(head(&answer(yes, code, Value::Null)), Head::Refused(_)), "{code}");
    }
}
