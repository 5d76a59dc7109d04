//! Answers that are lost: every order has its effect once, and billing is told the truth, over both transports.

use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::Office;
use crate::params::{contact, registration, with};
use crate::world::{Place, RESELLER, Setup, World, job, play};

/// What befalls one request in three.
const FAULTS: &[&str] = &["cut_before", "cut_after", "half_frame", "garbage", "stall"];

/// Orders of every kind, each with its domain.
fn orders(domain: &str) -> Vec<(&'static str, Value)> {
    let of = |more: Value| with(json!({ "domain": domain }), more);
    let host = |address: &str| json!({ "host": format!("ns1.{domain}"), "domain": domain, "address": address });
    vec![
        ("domain.create", registration(domain)),
        ("domain.update", of(json!({ "nserver": ["ns3.example.net", "ns4.example.net"] }))),
        ("domain.update", of(json!({ "lock": true }))),
        ("domain.update", of(json!({ "let_expire": true }))),
        ("domain.update", of(json!({ "contacts": { "admin": contact("Adam") } }))),
        ("domain.change_holder", of(json!({ "contacts": { "owner": contact("Olga") } }))),
        ("domain.authcode_create", of(json!({ "auth_info": "Zk7!code" }))),
        ("host.create", host("192.0.2.53")),
        ("host.update", host("192.0.2.54")),
        ("host.delete", host("192.0.2.54")),
    ]
}

async fn lost_answers(place: Place, fault: &str, kind: Kind) {
    let writes = ["create", "update", "change_holder", "authcode_create", "delete", "renew"];
    let actions =
        ["domain", "host"].iter().flat_map(|object| writes.iter().map(move |write| format!("{object}.{write}")));
    let mut setup = Setup::at(place).set("answer_seconds", json!(3));
    for action in actions {
        setup = setup.fault(&format!("{fault}:action={action},every=2"));
    }
    play(kind, setup, async |world: World| {
        let daemon = world.daemon();
        let office = Office { world };
        let mut expected = Vec::new();
        let mut ids = Vec::new();
        for n in 0..3 {
            let domain = format!("example-{n}.com");
            let jobs: Vec<Value> = orders(&domain)
                .into_iter()
                .map(|(operation, params)| {
                    let object = params.get("host").unwrap_or(&params["domain"]).as_str().unwrap().to_owned();
                    expected.push((operation.to_owned(), object));
                    with(job(RESELLER, operation, params), json!({ "max_attempts": 50 }))
                })
                .collect();
            // Each after the one before it: a host needs its domain.
            let mut named: Vec<Value> = Vec::new();
            for order in jobs {
                let after: Vec<Value> = named.last().cloned().into_iter().collect();
                named.push(order["id"].clone());
                ids.extend(office.world.submit(&[with(order, json!({ "after": after }))]).await);
            }
        }
        let mut doubts = 0;
        for id in ids {
            let detail = office.world.succeeded(id).await;
            doubts += detail
                .attempts
                .iter()
                .filter(|attempt| attempt.cause.as_deref().is_some_and(|c| c.starts_with("found_")))
                .count();
        }
        daemon.stop().await;
        println!("{fault}: {doubts} doubts were settled");
        assert!(doubts >= 5, "{fault}: only {doubts} doubts");
        let mut effects = office.effects();
        effects.sort();
        expected.sort();
        assert_eq!(effects, expected, "{fault}: each effect once");
    })
    .await;
}

async fn all(place: Place, kind: Kind) {
    for fault in FAULTS {
        println!("{fault}");
        lost_answers(place, fault, kind).await;
    }
}

#[tokio::test]
async fn each_effect_once_over_https() {
    all(Place::OpensrsByHttps, Kind::Sqlite).await;
}

#[tokio::test]
async fn each_effect_once_over_tcp() {
    all(Place::OpensrsByTcp, Kind::Sqlite).await;
}
