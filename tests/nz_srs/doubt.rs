//! Answers that are lost, or not the registry's: every order has its effect once, and billing is told the truth.

use serde_json::{Value, json};

use crate::database::Kind;
use crate::life::{holder, registration, violations, with};
use crate::office::Office;
use crate::world::{Place, SIGNER, Setup, World, job, play};

/// What befalls one request in two.
const FAULTS: &[&str] =
    &["cut_before", "cut_after", "half_frame", "garbage", "stall", "lie=UNDETERMINED_RESULT:effect=yes"];

/// Orders of every kind on one name, in an order in which they can be carried out.
fn orders(n: usize) -> Vec<(&'static str, Value)> {
    let domain = format!("example-{n}.co.nz");
    let of = |more: Value| with(json!({ "domain": domain }), more);
    let handle = |more: Value| with(json!({ "handle": format!("owner-{n}") }), more);
    vec![
        ("contact.create", handle(holder("Owen Owner"))),
        ("contact.update", handle(json!({ "email": "new@example.net" }))),
        ("domain.create", registration(&domain)),
        ("domain.update", of(json!({ "nserver": ["ns3.example.net", "ns4.example.net"] }))),
        ("domain.change_holder", of(json!({ "registrant": format!("owner-{n}") }))),
        ("domain.renew", of(json!({ "term": 12 }))),
        ("domain.authcode_create", of(json!({}))),
    ]
}

async fn lost_answers(fault: &str, kind: Kind) {
    let (what, more) = fault.split_once(':').map_or((fault, String::new()), |(what, more)| (what, format!(",{more}")));
    let mut setup = Setup::at(Place::NzSrs).set("answer_seconds", json!(3));
    for action in
        ["domain.create", "domain.update", "domain.renew", "domain.authcode_create", "contact.create", "contact.update"]
    {
        setup = setup.fault(&format!("{what}:action={action},every=2{more}"));
    }
    play(kind, setup, async |world: World| {
        let daemon = world.daemon();
        let office = Office { world };
        let (mut expected, mut ids) = (Vec::new(), Vec::new());
        for n in 0..3 {
            let mut after: Vec<Value> = Vec::new();
            for (operation, params) in orders(n) {
                let object = params.get("handle").unwrap_or(&params["domain"]).as_str().unwrap().to_owned();
                // The registry has no name of its own for a change of holder.
                let effect = operation.replace("change_holder", "update");
                expected.push((effect, object));
                let order = with(job(SIGNER, operation, params), json!({ "max_attempts": 50, "after": after }));
                after = vec![order["id"].clone()];
                ids.extend(office.world.submit(&[order]).await);
            }
        }
        let mut doubts = 0;
        for id in ids {
            let detail = office.world.succeeded(id).await;
            let settled = |cause: &Option<String>| cause.as_deref().is_some_and(|cause| cause.starts_with("found_"));
            doubts += detail.attempts.iter().filter(|attempt| settled(&attempt.cause)).count();
            if ["domain.create", "domain.renew"].contains(&detail.job.operation.name()) {
                let named = &detail.events.last().unwrap().event.body["data"]["deadlines"];
                assert_eq!(named[0]["kind"], "domain_expiry", "{fault}: whoever asked heard the date, too: {detail:?}");
            }
            if detail.job.operation.name() == "domain.authcode_create" {
                assert_eq!(crate::udai(&office.world, &detail.job).len(), 8, "the code came back");
            }
        }
        daemon.stop().await;
        println!("{fault}: {doubts} doubts were settled");
        assert!(doubts >= 5, "{fault}: only {doubts} doubts");
        let mut effects = office.effects();
        effects.sort();
        expected.sort();
        assert_eq!(effects, expected, "{fault}: each effect once");
        assert!(!violations(&office).contains(&"action_id_used".to_owned()), "an id was used twice");
    })
    .await;
}

#[tokio::test]
async fn each_effect_once() {
    for fault in FAULTS {
        println!("{fault}");
        lost_answers(fault, Kind::Sqlite).await;
    }
}
