//! Answers that are lost: every order has its effect once, and billing is told the truth.

use registrard::model::State;
use serde_json::{Value, json};

use crate::database::Kind;
use crate::life::{with, year};
use crate::office::Office;
use crate::world::{Place, REGISTRAR, Setup, World, job, play, until};

/// What befalls one request in two.
const FAULTS: &[&str] = &[
    "cut_before",
    "cut_after",
    "half_frame",
    "garbage",
    "stall",
    "lie=421:effect=yes",
    "lie=420:effect=no",
    "lie=549:effect=yes",
    "lie=520:effect=yes",
    "lie=220:effect=yes",
    "drop_session:result=not_logged_in",
];

/// Orders of every kind, in an order in which they can be carried out.
fn orders(n: usize) -> Vec<(&'static str, Value)> {
    let domain = format!("example-{n}.com");
    let of = |more: Value| with(json!({ "domain": domain }), more);
    let host = |name: &str, more: Value| with(json!({ "host": format!("{name}.{domain}") }), more);
    let [ns1, ns2] = ["ns1", "ns2"].map(|name| format!("{name}.{domain}"));
    vec![
        ("domain.create", of(json!({ "years": 1 }))),
        ("host.create", host("ns1", json!({ "address": [format!("192.0.2.{}", n + 1)] }))),
        ("host.create", host("ns2", json!({ "address": [format!("198.51.100.{}", n + 1)] }))),
        ("host.update", host("ns2", json!({ "add_address": [format!("2001:db8::{}", n + 1)] }))),
        ("host.update", host("ns2", json!({ "new_name": format!("ns3.{domain}") }))),
        ("host.update", host("ns3", json!({ "new_name": ns2, "address": [format!("203.0.113.{}", n + 1)] }))),
        ("domain.update", of(json!({ "nserver": [ns1] }))),
        ("domain.update", of(json!({ "add_nserver": [ns2], "remove_nserver": [ns1] }))),
        ("domain.update", of(json!({ "add_status": ["REGISTRAR-LOCK"] }))),
        ("domain.renew", of(json!({ "years": 2, "expires": year() + 1 }))),
        ("domain.update", of(json!({ "remove_status": ["REGISTRAR-LOCK"] }))),
        ("domain.update", of(json!({ "nserver": [] }))),
        ("host.delete", host("ns1", json!({}))),
        ("domain.delete", of(json!({}))),
    ]
}

async fn lost_answers(fault: &str, kind: Kind) {
    let (what, more) = fault.split_once(':').map_or((fault, String::new()), |(what, more)| (what, format!(",{more}")));
    let mut setup = Setup::at(Place::Rrp).set("answer_seconds", json!(2));
    for action in
        ["domain.create", "domain.update", "domain.renew", "domain.delete", "host.create", "host.update", "host.delete"]
    {
        setup = setup.fault(&format!("{what}:action={action},every=2{more}"));
    }
    play(kind, setup, async |world: World| {
        let daemon = world.daemon();
        let office = Office { world };
        let (mut expected, mut ids) = (Vec::new(), Vec::new());
        for n in 0..3 {
            // Each after the one before it: a host needs its domain.
            let mut after: Vec<Value> = Vec::new();
            for (operation, params) in orders(n) {
                let object = params.get("host").unwrap_or(&params["domain"]).as_str().unwrap().to_owned();
                expected.push((operation.to_owned(), object));
                let order = with(job(REGISTRAR, operation, params), json!({ "max_attempts": 50, "after": after }));
                after = vec![order["id"].clone()];
                ids.extend(office.world.submit(&[order]).await);
            }
        }
        let mut doubts = 0;
        for id in ids {
            let detail = office.world.succeeded(id).await;
            let settled = |cause: &Option<String>| cause.as_deref().is_some_and(|cause| cause.starts_with("found_"));
            doubts += detail.attempts.iter().filter(|attempt| settled(&attempt.cause)).count();
        }
        daemon.stop().await;
        println!("{fault}: {doubts} doubts were settled");
        assert!(doubts >= 10 || fault.starts_with("lie=220"), "{fault}: only {doubts} doubts");
        let mut effects = office.effects();
        effects.sort();
        expected.sort();
        assert_eq!(effects, expected, "{fault}: each effect once");
    })
    .await;
}

#[tokio::test]
async fn each_effect_once() {
    for (n, fault) in FAULTS.iter().enumerate() {
        println!("{fault}");
        lost_answers(fault, if n % 2 == 0 { Kind::Postgres } else { Kind::Sqlite }).await;
    }
}

/// A second registration of a host is lost on its way, and would be refused if it arrived. As soon as it is told to have failed,
/// billing deletes the host: it must not come back when the lost order arrives after all.
#[tokio::test]
async fn who_was_told_that_it_failed_finds_it_not_done_later() {
    const LATE: u64 = 3;
    let setup = Setup::at(Place::Rrp).set("answer_seconds", json!(1));
    let setup = setup.fault(&format!("delay={}:action=host.create,nth=2", LATE * 1000));
    play(Kind::Postgres, setup, async |mut world: World| {
        // The time after which nothing arrives any more is a minute, or the longest wait between two questions.
        world.config.retry.question = [0.1, LATE as f64 + 1.0];
        let daemon = world.daemon();
        let office = Office { world };
        office.said("domain.create", json!({ "domain": "example.com", "years": 1 })).await;
        let host = json!({ "host": "ns1.example.com", "address": ["192.0.2.1"] });
        office.said("host.create", host.clone()).await;
        let twin = office.world.submit(&[job(REGISTRAR, "host.create", host)]).await;
        let told = office.world.end_of(twin[0]).await.job;
        assert_eq!(told.state, State::Failed, "{:?}", told.reason);
        office.said("host.delete", json!({ "host": "ns1.example.com" })).await;
        let orders = || office.world.requests_for(REGISTRAR, "host.create").into_iter();
        let answered = async || (orders().filter(|order| order.answer.is_some()).count() == 2).then_some(());
        until("the lost order to arrive", answered).await;
        assert_eq!(office.denied("host.info", json!({ "host": "ns1.example.com" })).await, "545");
        daemon.stop().await;
        let kinds: Vec<_> = office.effects().into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["domain.create", "host.create", "host.delete"]);
    })
    .await;
}
