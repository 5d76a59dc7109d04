//! Whatever breaks a published rule of the registry is rejected before it costs a request: the reject names the field and
//! the rule, and nothing reaches the wire. Each row of the tables changes one thing in a job that is in order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "bad_input/contacts.rs"]
mod contacts;
#[path = "support/database.rs"]
mod database;
#[path = "bad_input/domains.rs"]
mod domains;
#[path = "bad_input/opensrs.rs"]
mod opensrs;
#[path = "opensrs/params.rs"]
#[allow(dead_code, reason = "each test binary uses its part of this")]
mod params;
#[path = "bad_input/words.rs"]
mod words;
#[path = "engine/world.rs"]
mod world;

use std::collections::BTreeSet;

use registrard::daemon;
use registrard::job::intake::{self, Outcome, Submission};
use registrard::registries::plugin;
use serde_json::{Value, json};

use database::Kind;
use world::{Place, Setup, World, play};

/// What is changed (`null`: left out), the field the reject names, and a part of its reason.
type Row = (Value, &'static str, &'static str);

/// A job that is in order, and what may be wrong with it.
struct Table {
    operation: &'static str,
    good: Value,
    bad: Vec<Row>,
}

/// A name that begins with a slash is a place (RFC 6901), whose last part need not be there yet.
fn changed(good: &Value, change: &Value) -> Value {
    let Value::Object(change) = change.clone() else { panic!("objects") };
    let mut params = good.clone();
    for (name, value) in change {
        let (way, name) = if name.starts_with('/') { name.rsplit_once('/').unwrap() } else { ("", name.as_str()) };
        let Some(Value::Object(inside)) = params.pointer_mut(way) else { panic!("{good} has no {way}") };
        if value.is_null() {
            inside.remove(name)
        } else {
            inside.insert(name.to_owned(), value)
        };
    }
    params
}

async fn submitted(world: &World, jobs: Vec<Value>) -> Vec<Outcome> {
    let gate = daemon::gate(&world.config, &daemon::accounts(&world.config).unwrap()).unwrap();
    let items: Vec<_> = jobs.into_iter().map(|job| Submission { job, batch: None }).collect();
    let report = intake::submit(&gate, &*world.database.store, &items, false).await.unwrap();
    report.into_iter().map(|one| one.outcome).collect()
}

async fn nothing_bad_passes(tables: Vec<Table>) {
    nothing_bad_passes_by(Setup::new(), tables).await;
}

async fn nothing_bad_passes_by(setup: Setup, tables: Vec<Table>) {
    let [account, other] = setup.place.accounts();
    play(Kind::Sqlite, setup, async |world: World| {
        let mut missed = Vec::new();
        for Table { operation, good, bad } in tables {
            // Not yet, so that the daemon below has no reason to send it.
            let of = |params: Value| {
                let mut job = world::job(account, operation, params);
                job["not_before"] = json!("2999-01-01T00:00:00Z");
                job
            };
            let outcome = submitted(&world, vec![of(good.clone())]).await.remove(0);
            assert_eq!(outcome, Outcome::Accepted, "{operation}: {good}");
            let outcomes = submitted(&world, bad.iter().map(|(change, ..)| of(changed(&good, change))).collect()).await;
            for ((change, field, words), outcome) in bad.iter().zip(outcomes) {
                match outcome {
                    Outcome::Rejected(reject)
                        if reject.field.as_deref() == Some(&format!("params.{field}"))
                            && reject.reason.contains(words) => {}
                    other => missed.push(format!("{operation} {change}: wanted {field}: …{words}…, got {other:?}")),
                }
            }
        }
        assert!(missed.is_empty(), "\n{}", missed.join("\n"));
        let daemon = world.daemon();
        world.rounds(3).await;
        daemon.stop().await;
        assert_eq!(world.requests(account).len(), 0, "something reached the wire");
        assert!(!world.requests(other).is_empty(), "the daemon was at work");
    })
    .await;
}

#[tokio::test]
async fn domains() {
    nothing_bad_passes(domains::tables()).await;
}

#[tokio::test]
async fn contacts() {
    nothing_bad_passes(contacts::tables()).await;
}

#[tokio::test]
async fn words() {
    nothing_bad_passes(words::tables()).await;
}

#[tokio::test]
async fn opensrs() {
    let tables = opensrs::tables();
    let tried: BTreeSet<_> = tables.iter().map(|table| table.operation).collect();
    let known: BTreeSet<_> = plugin("opensrs").unwrap().operations.iter().map(|operation| operation.name()).collect();
    assert_eq!(tried, known, "each operation has its rows");
    nothing_bad_passes_by(Setup::at(Place::OpensrsByHttps), tables).await;
}

/// What otherwise only warns, and what an account has decided that it shall do.
#[tokio::test]
async fn rules_an_account_has_tightened() {
    let setup = Setup::new().set("rules", json!({"dummy_phone": "refuse", "address_line_complete": "refuse"}));
    let bad = vec![
        (json!({"phone": "+49.0000"}), "phone", "(rule `dummy_phone`)"),
        (json!({"address": ["Musterstra\u{df}e", "12"]}), "address[1]", "(rule `address_line_complete`)"),
    ];
    nothing_bad_passes_by(setup, vec![Table { operation: "contact.create", good: contacts::person(), bad }]).await;
}
