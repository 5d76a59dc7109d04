//! The queue as control can fill it, and what becomes of messages that nobody reads.

use serde_json::{Value, json};

use crate::client::{World, field};

const READ: &str = "Version: 5.0\nAction: QUEUE-READ";

#[tokio::test]
async fn every_type_can_be_put_and_reads_as_itself() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let date = "2030-06-06T15:51:08+02:00";
    // Type; fields; a line of the answer.
    let table = [
        ("authInfo2Notify", json!({ "domain": "example.de" }), "Domain-ace: example.de"),
        (
            "authInfo2Delete",
            json!({ "domain": "example.de" }),
            "Message: 11300077726 AuthInfo letter could not be delivered",
        ),
        (
            "authInfoExpire",
            json!({ "domain": "example.de", "authinfo_expire": date }),
            "Authinfoexpire: 2030-06-06T15:51:08+02:00",
        ),
        ("chprovAuthInfo", json!({ "domain": "example.de", "chprov_to": "DENIC-1000002" }), "Chprov-to: DENIC-1000002"),
        ("contactDelete", json!({ "handles": ["DENIC-1000001-A", "DENIC-1000001-B"] }), "Handle: DENIC-1000001-B"),
        (
            "contactVerificationRequired",
            json!({ "handles": ["DENIC-1000001-A"], "claims": ["name"], "domains_total": 2753, "domain": "example.de", "deletion_domain": "example.net", "dedelegation": date, "deletion": date }),
            "NumberOfReferencedDomainsTotal: 2753",
        ),
        ("domainDelete", json!({ "domain": "example.de" }), "Message: 16350000031 Domain has been deleted []"),
        (
            "domainStatusUpdate",
            json!({ "domain": "example.de", "status": "serverHold", "deletion": date, "handles": ["DENIC-1000001-A"] }),
            "Holder: DENIC-1000001-A",
        ),
        ("expireWarning", json!({ "domain": "example.de", "expire": date }), "Expire: 2030-06-06T15:51:08+02:00"),
        ("expire", json!({ "domain": "example.de", "expire": date }), "Expire: 2030-06-06T15:51:08+02:00"),
        (
            "contactUpdate",
            json!({ "handles": ["DENIC-1000001-A"], "messages": [{ "level": "info", "code": "16350000041", "text": "Contact has been updated" }] }),
            "Message: 16350000041 Contact has been updated",
        ),
        ("somethingNew", json!({ "fields": { "Colour": "blue" } }), "Colour: blue"),
    ];
    for (kind, fields, line) in &table {
        let mut body = fields.clone();
        body["account"] = json!("DENIC-1000001");
        body["type"] = json!(kind);
        let (code, answer) = world.control("POST", "/messages", &body).await;
        assert_eq!(code, 200, "{kind}: {answer}");
        let read = client.ask(&format!("{READ}\nMsgtype: {kind}")).await;
        assert_eq!(field(&read, "Msgtype"), *kind);
        assert_eq!(field(&read, "Msgid"), answer["id"], "{kind}");
        assert!(read.lines().any(|have| have.trim_end() == *line), "{kind}: wanted {line}, got\n{read}");
    }
    // Nobody reads them, and nothing becomes of that.
    world.advance(20 * 365 * 86_400).await;
    let read = client.ask(READ).await;
    assert_eq!((field(&read, "Msgcnt"), field(&read, "Msgtype")), ("12", "authInfo2Notify"));
}

#[tokio::test]
async fn the_xml_of_a_new_type_carries_its_fields() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let body = json!({ "account": "DENIC-1000001", "type": "somethingNew", "domain": "example.de", "fields": { "colour": "<blue>" } });
    assert_eq!(world.control("POST", "/messages", &body).await.0, 200);
    let read = client
        .ask(
            "<registry-request xmlns=\"http://registry.denic.de/global/5.0\" \
             xmlns:msg=\"http://registry.denic.de/msg/5.0\"><msg:queue-read/></registry-request>",
        )
        .await;
    assert!(read.contains("<msg:somethingNew>") && read.contains("<msg:colour>&lt;blue&gt;</msg:colour>"), "{read}");
}

#[tokio::test]
async fn control_refuses_what_it_cannot_mean() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&crate::client::create("example.de", "c-1"), "success", "connect").await;
    let message = |fields: Value| {
        let mut body = json!({ "account": "DENIC-1000001", "type": "expire" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        ("/messages", body)
    };
    let update = json!({ "type": "domainStatusUpdate", "domain": "example.de", "status": "connect", "deletion": "2020-01-01T00:00:00Z" });
    for ((path, body), complaint) in [
        (("/messages", json!({ "type": "expire" })), "account"),
        (message(json!({ "account": "DENIC-1000099" })), "no registry has this account"),
        (message(json!({ "type": "two words" })), "`type`"),
        (message(json!({ "type": "7up" })), "`type`"),
        (message(json!({ "colour": "blue" })), "unknown field"),
        (message(json!({ "fields": { "a b": "c" } })), "`fields`"),
        (message(json!({ "reason": "two\nlines" })), "one line"),
        (message(json!({ "reason": "x".repeat(2000) })), "at most 1024"),
        (message(json!({ "handles": vec!["DENIC-1000001-A"; 501] })), "500 entries"),
        (message(json!({ "claims": vec!["x".repeat(1000); 30] })), "20000 characters"),
        (message(json!({ "messages": [{ "level": "info", "code": "a b", "text": "t" }] })), "no code"),
        (message(json!({ "expire": "tomorrow" })), "`expire`"),
        (message(json!({ "type": "domainStatusUpdate" })), "needs a `status`"),
        (message(json!({ "type": "domainStatusUpdate", "status": "x", "domain": "example.de" })), "no status"),
        (
            message(json!({ "type": "domainStatusUpdate", "status": "failed", "domain": "example.de" })),
            "`connect`, `serverHold`",
        ),
        (message(update), "lie in the future"),
        (("/domains", json!({ "domain": "other.de", "is_locked": true })), "no registry has this domain"),
        (("/domains", json!({ "domain": "example.de", "dispute": "nobody" })), "no handle"),
        (("/domains", json!({ "domain": "example.de", "dispute": "DENIC-1000002-A", "dispute_days": 0 })), "1 to 3660"),
        (("/domains", json!({ "domain": "example.de", "colour": "blue" })), "unknown field"),
        (("/clock", json!({ "advance_days": -1 })), "cannot move"),
        (("/clock", json!({ "advance_days": i64::MAX })), "cannot move"),
        (("/clock", json!({ "advance_days": 51 * 366 })), "cannot move"),
        (("/clock", json!({ "advance_days": 1.5 })), "expected i64"),
        (("/clock", json!({ "set": "soon" })), "year"),
    ] {
        let (code, answer) = world.control("POST", path, &body).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(code == 400 && error.contains(complaint), "{body}: {code} {answer}, wanted {complaint}");
    }
    assert_eq!(world.account_state(0).await["messages"], 1, "nothing was put");
}

#[tokio::test]
async fn a_dispute_lasts_a_year() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&crate::client::create("example.de", "c-1"), "success", "connect").await;
    let body = json!({ "domain": "example.de", "dispute": "DENIC-1000002-ONE", "is_locked": true });
    let (code, marked) = world.control("POST", "/domains", &body).await;
    assert_eq!((code, &marked["dispute"], &marked["is_locked"]), (200, &json!("DENIC-1000002-ONE"), &json!(true)));
    let domain = async || world.control("GET", "/objects", &Value::Null).await.1["denic_rri"]["domains"][0].clone();
    world.control("POST", "/clock", &json!({ "advance_days": 364 })).await;
    assert_eq!(domain().await["dispute"], "DENIC-1000002-ONE");
    let (_, moved) = world.control("POST", "/clock", &json!({ "advance_days": 1 })).await;
    assert_eq!(moved["happened"], 1);
    assert_eq!((&domain().await["dispute"], &domain().await["is_locked"]), (&json!(null), &json!(true)));
    let lifted = json!({ "domain": "example.de", "is_locked": false, "dispute": null });
    assert_eq!(world.control("POST", "/domains", &lifted).await.1["is_locked"], false);
}
