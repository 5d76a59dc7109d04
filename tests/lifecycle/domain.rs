//! Domains: from registration to transit, each operation once, in both formats.

use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::{NSERVER, Office, open};
use crate::world::{ACCOUNT, OTHER, Setup, World, handle, play};

/// A key as the registry's own manual shows one, shortened to a legal length.
const KEY: &str = "257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBYp9UnqrbXr7g4p8aDMI0ZuN4M8bxlPz+ItVfWO71rSkcxK1HwqmH4Pi1vSM3L6uYqZopEG9gJLqNpBBmzR29iSwR86TdnGUJ21Jfagc/+9xk3xmtdzNK3ROUcn/f8yiBN";

async fn a_domains_life(format: &str, protocol: &str) {
    let setup = Setup::new().set("format", json!(format)).set("protocol", json!(protocol));
    open(setup, async |office| {
        for name in ["MAX", "ERIKA"] {
            office.contact(name, json!({})).await;
        }
        let abuse = json!({ "handle": handle("ABUSE"), "type": "REQUEST", "uri_template": "mailto:abuse@example.de" });
        office.done(ACCOUNT, "contact.create", abuse).await;
        assert_eq!(office.status("dänic.de").await, "free");
        office.domain("dänic.de", &NSERVER).await;
        let seen = office.info(ACCOUNT, "dänic.de").await;
        assert_eq!((&seen["status"], &seen["holder"]), (&json!("connect"), &json!([handle("MAX")])));

        // A change of the name servers, stated as a whole and with everything a domain can have.
        let glue = ["ns1.xn--dnic-loa.de 192.0.2.1 2001:db8::1", "ns2.example.net"];
        let whole = json!({
            "domain": "dänic.de", "holder": [handle("MAX")], "abuse_contact": handle("ABUSE"), "nserver": glue, "dnskey": [KEY],
        });
        office.done(ACCOUNT, "domain.update", whole).await;
        // In part: everything else stays.
        let part = json!({ "domain": "dänic.de", "merge": true, "general_request": handle("ABUSE") });
        office.done(ACCOUNT, "domain.update", part).await;
        let seen = office.info(ACCOUNT, "dänic.de").await;
        assert_eq!(seen["nserver"], json!(glue));
        assert_eq!(seen["dnskey"], json!([KEY]));
        assert_eq!((&seen["abuse_contact"], &seen["general_request"]), (&json!(handle("ABUSE")), &json!(handle("ABUSE"))));
        // An empty list takes away.
        let part = json!({ "domain": "dänic.de", "merge": true, "dnskey": [], "general_request": null });
        office.done(ACCOUNT, "domain.update", part).await;
        let seen = office.info(ACCOUNT, "dänic.de").await;
        assert_eq!((&seen["dnskey"], &seen["general_request"]), (&Value::Null, &Value::Null));

        // Another holder, with its records moved into the zone.
        let part = json!({ "domain": "dänic.de", "merge": true, "holder": [handle("ERIKA"), handle("MAX")] });
        office.done(ACCOUNT, "domain.change_holder", part).await;
        let seen = office.info(ACCOUNT, "dänic.de").await;
        let mut holders: Vec<_> = seen["holder"].as_array().unwrap().iter().map(|h| h.as_str().unwrap()).collect();
        holders.sort_unstable();
        assert_eq!(holders, [handle("ERIKA"), handle("MAX")]);
        let whole = json!({ "domain": "dänic.de", "holder": [handle("ERIKA"), handle("MAX")],
            "nsentry": ["xn--dnic-loa.de IN A 198.18.0.1", "xn--dnic-loa.de IN MX 10 mail.example.net"] });
        office.done(ACCOUNT, "domain.update", whole).await;

        // Not with the wrong holder; then deleted, and brought back.
        let wrong = json!({ "domain": "dänic.de", "holder": [handle("ERIKA")] });
        office.refused(ACCOUNT, "domain.delete", wrong, "failed").await;
        office.done(ACCOUNT, "domain.delete", json!({ "domain": "dänic.de" })).await;
        assert_eq!(office.status("dänic.de").await, "redemptionPeriod");
        office.done(ACCOUNT, "domain.restore", json!({ "domain": "dänic.de" })).await;
        assert_eq!(office.status("dänic.de").await, "connect");
        let again = json!({ "domain": "dänic.de" });
        assert_eq!(office.refused(ACCOUNT, "domain.restore", again, "failed").await, "66310082014");

        // Given back to the registry, with the name servers and without.
        office.domain("example.de", &NSERVER).await;
        for (domain, disconnect) in [("dänic.de", true), ("example.de", false)] {
            office.done(ACCOUNT, "domain.transit", json!({ "domain": domain, "disconnect": disconnect })).await;
            let seen = office.info(ACCOUNT, domain).await;
            assert_ne!(seen["reg_acc"]["id"], ACCOUNT);
            assert_eq!(seen["status"], "connect");
            assert_eq!(seen["nserver"].is_array(), !disconnect, "{seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn in_key_value() {
    a_domains_life("kv", "5.0").await;
}

#[tokio::test]
async fn in_xml() {
    a_domains_life("xml", "5.0").await;
}

#[tokio::test]
async fn in_the_protocol_before() {
    a_domains_life("kv", "4.0").await;
}

/// What is known of others, of accounts, and what an operator asks in the registry's own words.
#[tokio::test]
async fn questions_of_all_kinds() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        office.domain("example.de", &NSERVER).await;
        let seen = office.info(OTHER, "example.de").await;
        assert_eq!((&seen["reg_acc"]["id"], &seen["holder"]), (&json!(ACCOUNT), &Value::Null));
        let seen = office.done(ACCOUNT, "domain.info", json!({ "domain": "example.de", "recursive": true })).await;
        assert_eq!(seen.job.answer.unwrap().data["holder_details"][0]["city"], "Frankfurt am Main");

        for reg_acc in [ACCOUNT, OTHER] {
            let seen = office.done(ACCOUNT, "account.info", json!({ "reg_acc": reg_acc })).await;
            assert_eq!(seen.job.answer.unwrap().data["id"], reg_acc);
        }
        let seen = office.done(ACCOUNT, "account.info", json!({})).await;
        assert_eq!(seen.job.answer.unwrap().data["id"], ACCOUNT);

        let request = "Version: 5.0\nAction: INFO\nDomain: example.de";
        let seen = office.done(ACCOUNT, "raw", json!({ "request": request })).await;
        assert_eq!(seen.job.answer.unwrap().data["status"], "connect");
        let request = "Version: 5.0\nAction: DELETE\nDomain: example.de";
        let seen = office.done(ACCOUNT, "raw", json!({ "request": request })).await;
        let effects = office.world.sandbox.ledger().effects;
        assert_eq!(effects.last().unwrap().ctid, seen.job.transaction, "a write gets the job's transaction id");
        assert_eq!(office.status("example.de").await, "redemptionPeriod");
    })
    .await;
}

/// Where nobody polls, an operator reads and removes by job: the oldest of all, or of one type.
#[tokio::test]
async fn messages_by_hand() {
    play(Kind::Postgres, Setup::new(), async |world: World| {
        let daemon = world.daemon();
        let office = Office { world };
        for kind in ["authInfo2Notify", "expire"] {
            office
                .control("POST", "/messages", json!({ "account": ACCOUNT, "type": kind, "domain": "example.de" }))
                .await;
        }
        let read = async |params: Value| office.done(ACCOUNT, "message.read", params).await.job.answer.unwrap().data;
        let (first, expire) = (read(json!({})).await, read(json!({ "type": "expire" })).await);
        assert_eq!((&first["type"], &expire["type"]), (&json!("authInfo2Notify"), &json!("expire")));
        let younger = json!({ "id": expire["id"] });
        assert_eq!(office.refused(ACCOUNT, "message.delete", younger, "failed").await, "63650063607");
        office.done(ACCOUNT, "message.delete", json!({ "id": expire["id"], "type": "expire" })).await;
        office.done(ACCOUNT, "message.delete", json!({ "id": first["id"] })).await;
        // Gone already is gone.
        office.done(ACCOUNT, "message.delete", json!({ "id": first["id"] })).await;
        assert_eq!(read(json!({})).await["count"], 0);
        daemon.stop().await;
    })
    .await;
}
