//! One whole life against a registry with odd manners: what is done, seen and heard is the same as with a plain one.

use std::collections::BTreeMap;

use registrard::sandbox::Manner;
use serde_json::{Value, json};

use crate::office::{NSERVER, Office, open};
use crate::world::{ACCOUNT, OTHER, Setup, contact_create, handle, until};

const PASSWORD: &str = "SupermanistSuper";

/// What a life leaves behind.
#[derive(Debug, Default, PartialEq)]
struct Traces {
    /// What changed at the registry, in order.
    effects: Vec<(String, String, String)>,
    /// How many messages each account has removed.
    removed: BTreeMap<String, usize>,
    /// What was shown and told on the way.
    seen: Vec<Value>,
}

/// The same at any time: instants and ids are another in each run.
fn timeless(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let of_this_run = ["id", "message", "job", "ended", "stid", "ctid", "msg_id"];
            map.into_iter()
                .filter(|(key, _)| !of_this_run.contains(&key.as_str()))
                .map(|(k, v)| (k, timeless(v)))
                .collect()
        }
        Value::Array(list) => list.into_iter().map(timeless).collect(),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => json!("a time"),
        other => other,
    }
}

async fn look(office: &Office, traces: &mut Traces) {
    for operation in ["domain.info", "domain.check"] {
        let seen = office.done(ACCOUNT, operation, json!({ "domain": "dänic.de" })).await;
        traces.seen.push(timeless(seen.job.answer.unwrap().data));
    }
}

async fn hear(office: &Office, traces: &mut Traces, account: &str, kind: &str, object: &str) {
    traces.seen.push(timeless(office.message(account, kind, object).await));
}

async fn contacts(office: &Office, traces: &mut Traces) {
    for name in ["MAX", "ERIKA"] {
        office.contact(name, json!({})).await;
    }
    let mut theirs = contact_create("MAX")["params"].clone();
    theirs["handle"] = json!(format!("{OTHER}-MAX"));
    office.done(OTHER, "contact.create", theirs).await;
    let abuse = json!({ "handle": handle("ABUSE"), "type": "REQUEST", "uri_template": "mailto:abuse@example.de" });
    office.done(ACCOUNT, "contact.create", abuse).await;
    // What a merge reads it writes again, empty sections or not.
    for part in [
        json!({ "organisation": ["Example: GmbH & Co"], "address": ["Hinterhof [2. Stock]", "Musterweg 2"] }),
        json!({ "phone": "+49.30123456" }),
        json!({ "verification": [{ "claims": ["name", "address"], "result": "success", "reference": "TICKET-1",
            "timestamp": "2026-11-11T15:36:21+01:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic" }] }),
        json!({ "organisation": [] }),
    ] {
        let mut params = part;
        params["handle"] = json!(handle("MAX"));
        params["merge"] = json!(true);
        office.done(ACCOUNT, "contact.update", params).await;
        let shown = office.done(ACCOUNT, "contact.info", json!({ "handle": handle("MAX") })).await;
        traces.seen.push(timeless(shown.job.answer.unwrap().data));
    }
}

async fn domain(office: &Office, traces: &mut Traces) {
    office.domain("dänic.de", &["ns1.xn--dnic-loa.de 192.0.2.1 2001:db8::1", "ns2.example.net"]).await;
    look(office, traces).await;
    for part in [
        json!({ "abuse_contact": handle("ABUSE"), "dnskey": ["257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBYp9UnqrbXr7g4p8aDMI0ZuN4M8bxlPz+ItVfWO71rSkcxK1HwqmH4Pi1vSM3L6uYqZopEG9gJLqNpBBmzR29iSwR86TdnGUJ21Jfagc/+9xk3xmtdzNK3ROUcn/f8yiBN"] }),
        json!({ "general_request": handle("ABUSE"), "abuse_contact": null }),
        json!({ "general_request": null, "dnskey": [] }),
    ] {
        let mut params = part;
        params["domain"] = json!("dänic.de");
        params["merge"] = json!(true);
        office.done(ACCOUNT, "domain.update", params).await;
        look(office, traces).await;
    }
    let holder = json!({ "domain": "dänic.de", "merge": true, "holder": [handle("ERIKA"), handle("MAX")] });
    office.done(ACCOUNT, "domain.change_holder", holder).await;
    let records = json!({ "domain": "dänic.de", "holder": [handle("ERIKA"), handle("MAX")],
        "nsentry": ["xn--dnic-loa.de IN A 198.18.0.1", "xn--dnic-loa.de IN MX 10 mail.example.net"] });
    office.done(ACCOUNT, "domain.update", records).await;
    look(office, traces).await;
    let refused = json!({ "domain": "dänic.de", "holder": [handle("ERIKA")] });
    traces.seen.push(json!(office.refused(ACCOUNT, "domain.delete", refused, "failed").await));
}

/// There and back again.
async fn transfer(office: &Office, traces: &mut Traces) {
    let authcode = json!({ "domain": "dänic.de", "auth_info": PASSWORD });
    for (from, to, holder) in [(ACCOUNT, OTHER, format!("{OTHER}-MAX")), (OTHER, ACCOUNT, handle("MAX"))] {
        office.done(from, "domain.authcode_create", authcode.clone()).await;
        look(office, traces).await;
        let take = json!({ "domain": "dänic.de", "holder": [holder], "nserver": NSERVER, "auth_info": PASSWORD });
        office.done(to, "domain.transfer", take).await;
        look(office, traces).await;
        hear(office, traces, from, "transferred_away", "domain:xn--dnic-loa.de").await;
    }
    office.done(OTHER, "domain.authcode_request", json!({ "domain": "dänic.de" })).await;
    hear(office, traces, ACCOUNT, "authinfo2_notify", "domain:xn--dnic-loa.de").await;
}

/// Messages that nothing above causes, among them one of a type nobody knows.
async fn messages(office: &Office, traces: &mut Traces) {
    let (max, date) = (handle("MAX"), "2027-01-01T00:00:00Z");
    for (kind, told, object) in [
        ("contactDelete", "contact_delete", format!("contact:{max}")),
        ("contactVerificationRequired", "contact_verification_required", format!("contact:{max}")),
        ("expireWarning", "expire_warning", "domain:xn--dnic-loa.de".to_owned()),
        ("domainStatusUpdate", "domain_status_update", "domain:xn--dnic-loa.de".to_owned()),
        ("domainDelete", "domain_delete", "domain:xn--dnic-loa.de".to_owned()),
    ] {
        let mut message = json!({ "account": ACCOUNT, "type": kind });
        let more = match kind {
            "contactDelete" => json!({ "handles": [max] }),
            "contactVerificationRequired" => json!({ "handles": [max], "claims": ["name"], "domains_total": 1,
                "domain": "dänic.de", "deletion_domain": "dänic.de", "dedelegation": date, "deletion": date }),
            "expireWarning" => json!({ "domain": "dänic.de", "expire": date }),
            "domainStatusUpdate" => json!({ "domain": "dänic.de", "status": "connect" }),
            _ => json!({ "domain": "dänic.de", "reason": "no verification information provided" }),
        };
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        office.control("POST", "/messages", message).await;
        hear(office, traces, ACCOUNT, told, &object).await;
    }
    let unknown = json!({ "account": ACCOUNT, "type": "domainMovedToTheMoon", "domain": "dänic.de" });
    office.control("POST", "/messages", unknown).await;
    office.message(ACCOUNT, "raw", "domain:xn--dnic-loa.de").await;
}

async fn a_life(office: &Office, traces: &mut Traces) {
    contacts(office, traces).await;
    domain(office, traces).await;
    transfer(office, traces).await;
    messages(office, traces).await;
    for operation in ["domain.delete", "domain.restore"] {
        office.done(ACCOUNT, operation, json!({ "domain": "dänic.de" })).await;
        look(office, traces).await;
    }
    until("empty queues", async || {
        let objects = office.control("GET", "/objects", Value::Null).await;
        let accounts = objects["denic_rri"]["accounts"].as_array().unwrap();
        accounts.iter().all(|account| account["messages"] == 0).then_some(())
    })
    .await;
    for effect in office.world.sandbox.ledger().effects {
        if effect.kind == "queue.delete" {
            *traces.removed.entry(effect.account).or_default() += 1;
        } else {
            traces.effects.push((effect.account, effect.kind, effect.object));
        }
    }
    let broken = office.world.sandbox.ledger().violations;
    assert!(broken.is_empty(), "{broken:?}");
}

async fn traces(format: &str, manner: Manner, seed: u64) -> Traces {
    let mut setup = Setup::new().set("format", json!(format));
    (setup.denic.manner, setup.seed) = (manner, seed);
    let mut traces = Traces::default();
    open(setup, async |office| a_life(office, &mut traces).await).await;
    traces
}

async fn the_same_however_it_is_said(format: &str) {
    let plain = traces(format, Manner::Plain, 1).await;
    assert!(plain.effects.len() > 15 && plain.seen.len() > 25, "{plain:?}");
    for seed in [1, 2, 3] {
        let odd = traces(format, Manner::Odd, seed).await;
        assert_eq!(odd.effects, plain.effects, "{format}, seed {seed}");
        assert_eq!(odd.removed, plain.removed, "{format}, seed {seed}");
        for (odd, plain) in odd.seen.iter().zip(&plain.seen) {
            assert_eq!(odd, plain, "{format}, seed {seed}");
        }
        assert_eq!(odd.seen.len(), plain.seen.len());
    }
}

#[tokio::test]
async fn in_key_value() {
    the_same_however_it_is_said("kv").await;
}

#[tokio::test]
async fn in_xml() {
    the_same_however_it_is_said("xml").await;
}
