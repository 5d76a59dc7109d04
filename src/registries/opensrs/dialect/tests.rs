use serde_json::json;

use super::*;
use crate::model::{Level, Message};

fn xcp() -> Xcp {
    Xcp::new(&WireOptions { account: "myreseller".into(), ..WireOptions::default() }).unwrap()
}

fn object(params: Value) -> Map<String, Value> {
    let Value::Object(map) = params else { unreachable!("an object") };
    map
}

fn text(prepared: &Prepared) -> String {
    String::from_utf8(prepared.bytes.to_vec()).unwrap()
}

fn answer(result: &str, code: &str, data: Value) -> Answer {
    let level = if result == "1" { Level::Info } else { Level::Error };
    let message = Message { level, code: code.into(), text: String::new(), arguments: vec![] };
    Answer { result: result.into(), messages: vec![message], data, ..Answer::default() }
}

#[test]
fn there_is_one_format_and_one_protocol() {
    let open = |format: &str, protocol: &str| {
        let (format, protocol) = (Some(format.to_owned()), Some(protocol.to_owned()));
        Xcp::new(&WireOptions { format, protocol, ..WireOptions::default() }).err()
    };
    assert_eq!(open("xml", "0.9"), None);
    assert_eq!(open("", ""), None);
    assert_eq!(open("kv", "0.9").as_deref(), Some("unknown format `kv`; there is xml"));
    assert_eq!(open("xml", "1.0").as_deref(), Some("unknown protocol `1.0`; there is 0.9"));
}

#[test]
fn writing_is_deterministic_and_orders_carry_the_transaction_id() {
    let params = object(json!({"domain": "example.com", "expires": 2027, "years": 1, "auto_renew": false}));
    let prepared = xcp().prepare(Operation::DomainRenew, &params, "rd-1").unwrap();
    assert_eq!(prepared.bytes, xcp().prepare(Operation::DomainRenew, &params, "rd-1").unwrap().bytes);
    assert!(text(&prepared).contains(">rd-1<"), "{}", text(&prepared));
    assert_eq!((prepared.operation, prepared.transaction), (Operation::DomainRenew, None));
    for wrong in ["", "a b", "\u{e9}", &"x".repeat(257)] {
        let reject = xcp().prepare(Operation::DomainRenew, &params, wrong).err().unwrap();
        assert!(reject.reason.contains("1 to 256 visible"), "{reject}");
    }
    let read = object(json!({"domain": "example.com"}));
    assert!(xcp().prepare(Operation::DomainInfo, &read, "").is_ok(), "a question needs none");
}

#[test]
fn credentials_become_a_cookie_before_anything_is_written() {
    let params =
        object(json!({"domain": "example.com", "username": "example01", "password": "s3cretpw9", "lock": true}));
    let operation = Operation::DomainUpdate;
    assert_eq!(xcp().check(operation, &params).unwrap().object.as_str(), "domain:example.com");
    let question = xcp().reads_first(operation, &params).unwrap().unwrap();
    // Read as the one question whose answer shows what it is about.
    assert_eq!(question.operation, Operation::DomainAuthcodeCheck);
    for part in [">SET<", ">COOKIE<", ">example01<", ">s3cretpw9<"] {
        assert!(text(&question).contains(part), "{part}: {}", text(&question));
    }
    assert!(xcp().prepare(operation, &params, "rd-1").is_err(), "not without the cookie");

    let shown = answer("1", "200", json!({"cookie": "24128866:3210384", "domain_count": "131"}));
    let whole = xcp().complete(operation, &params, &shown).unwrap();
    assert_eq!(
        Value::Object(whole.clone()),
        json!({"domain": "example.com", "lock": true, "cookie": "24128866:3210384"})
    );
    let request = text(&xcp().prepare(operation, &whole, "rd-1").unwrap());
    assert!(request.contains(">24128866:3210384<") && !request.contains("example.com"), "{request}");
    assert!(xcp().reads_first(operation, &whole).unwrap().is_none());

    for (shown, why) in [
        (answer("1", "200", json!({"domain_count": "131"})), "no cookie"),
        (answer("1", "200", json!({"cookie": null})), "no cookie"),
        (answer("0", "415", Value::Null), ""),
    ] {
        let judgement = xcp().complete(operation, &params, &shown).unwrap_err();
        assert_ne!(judgement.verdict, Verdict::Done);
        assert!(format!("{:?}", judgement.verdict).contains(why), "{:?}", judgement.verdict);
    }
}

#[test]
fn credentials_are_checked_with_the_rest() {
    let good = json!({"domain": "example.com", "username": "example01", "password": "s3cretpw9"});
    for (operation, change, field) in [
        (Operation::DomainInfo, json!({}), ""),
        (Operation::DomainInfo, json!({"password": null}), "params.password"),
        (Operation::DomainInfo, json!({"username": null}), "params.username"),
        (Operation::DomainInfo, json!({"password": "xy"}), "params.password"),
        (Operation::DomainInfo, json!({"type": "nothing"}), "params.type"),
        (Operation::DomainRenew, json!({"expires": 2027, "years": 1, "auto_renew": true}), "params.password"),
    ] {
        let mut params = good.clone();
        params.as_object_mut().unwrap().extend(object(change.clone()));
        let found = xcp().check(operation, &object(params.clone())).err().and_then(|reject| reject.field);
        assert_eq!(found.unwrap_or_default(), field, "{operation} {change}");
        if operation == Operation::DomainInfo {
            assert_eq!(xcp().reads_first(operation, &object(params)).is_err(), !field.is_empty(), "{change}");
        }
    }
}

#[test]
fn an_order_keeps_its_own_credentials() {
    let params = object(json!({"domain": "example.com", "username": "example01", "password": "s3cretpw9"}));
    assert!(xcp().reads_first(Operation::DomainCreate, &params).unwrap().is_none());
    assert!(xcp().reads_first(Operation::DomainTransfer, &params).unwrap().is_none());
}

#[test]
fn what_cannot_be_sent_is_refused_when_it_comes_in() {
    let params = object(json!({"domain": "example.com", "notes": "x\u{fffe}"}));
    assert!(xcp().check(Operation::DomainDelete, &params).is_err(), "XML has no such character");
}
