//! The registries' messages, from a sandbox's queue to events: each exactly once, whatever dies in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "engine/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use database::Kind;
use registrard::model::{Event, State};
use registrard::store::MessageFilter;
use serde_json::{Value, json};
use world::{ACCOUNT, Setup, World, after, contact_create, domain_create, handle, id_of, play, told, until};

/// Messages of the test that kills the daemon again and again.
const MANY: usize = 2000;
/// Daemons that are killed, or stopped, on the way.
const DAEMONS: usize = 20;

/// Puts messages into the account's queue; returns their ids.
async fn put(world: &World, messages: &[Value]) -> Vec<String> {
    let url = world.sandbox.ready()["control"].as_str().unwrap();
    let mut ids = Vec::new();
    for message in messages {
        let mut message = message.clone();
        message["account"] = json!(ACCOUNT);
        let answer = control::ordered(url, "POST", "/messages", &message).await;
        ids.push(answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    ids
}

/// The events of messages, in the order they were written.
async fn events(world: &World) -> Vec<Event> {
    let mut events = Vec::new();
    let mut seq = 0;
    loop {
        let rows = world.database.store.events_after(seq, 1000).await.unwrap();
        let Some(last) = rows.last() else { return events };
        seq = last.seq;
        events.extend(rows.into_iter().map(|row| row.event).filter(|event| event.kind.starts_with("message.")));
    }
}

/// Waits until so many messages are stored and known to be removed.
async fn emptied(world: &World, messages: usize) {
    progress(world, "removed_at IS NOT NULL", messages).await;
}

/// Waits until so many messages are stored and have come so far.
async fn progress(world: &World, so_far: &str, messages: usize) {
    let count = format!("SELECT count(*) FROM inbox WHERE {so_far}");
    let goal = i64::try_from(messages).unwrap();
    until(&format!("{messages} messages with {so_far}"), async || {
        // Cheap to see, and there is an event for each message: only then is it worth counting.
        let maybe = world.database.store.last_event().await.unwrap() >= goal;
        (maybe && world.database.number(&count).await >= goal).then_some(())
    })
    .await;
}

/// Each message was removed once and told once, and in the order of the queue.
async fn assert_each_once(world: &World, put: &[String]) {
    let removed: Vec<_> =
        world.sandbox.ledger().effects.into_iter().filter(|effect| effect.kind == "queue.delete").collect();
    let objects: Vec<_> = removed.iter().map(|effect| effect.object.clone()).collect();
    assert_eq!(objects, put, "what the registry removed");
    let transactions: BTreeSet<_> = removed.iter().map(|effect| effect.ctid.clone().unwrap()).collect();
    assert_eq!(transactions.len(), put.len());
    let told = events(world).await;
    let subjects: Vec<_> = told.iter().map(|event| event.body["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(subjects, put, "what was told");
    let ids: BTreeSet<_> = told.iter().map(|event| event.id.0).collect();
    assert_eq!(ids.len(), put.len());
}

/// A message of each type, of an unknown one too, with what its event must be.
fn every_type() -> Vec<(Value, &'static str, Option<&'static str>)> {
    const DOMAIN: Option<&str> = Some("domain:xn--bcher-kva.de");
    let of = |kind: &str, rest: Value| {
        let mut message = json!({ "type": kind });
        message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        message
    };
    let domain = || json!({ "domain": "b\u{fc}cher.de" });
    let dated = |field: &str| json!({ "domain": "b\u{fc}cher.de", field: "2026-12-24T12:00:00Z" });
    let handle = handle("X");
    vec![
        (of("authInfo2Notify", domain()), "authinfo2_notify", DOMAIN),
        (of("authInfo2Delete", domain()), "authinfo2_delete", DOMAIN),
        (of("authInfoExpire", dated("authinfo_expire")), "authinfo_expire", DOMAIN),
        (
            of(
                "chprovAuthInfo",
                json!({ "domain": "b\u{fc}cher.de", "chprov_to": "DENIC-1000002", "chprov_from": ACCOUNT }),
            ),
            "transferred_away",
            DOMAIN,
        ),
        (of("contactDelete", json!({ "handles": [handle] })), "contact_delete", Some("contact:DENIC-1000001-X")),
        (of("contactDelete", json!({ "handles": hundred() })), "contact_delete", None),
        (of("contactUpdate", json!({ "handles": [handle] })), "contact_update", Some("contact:DENIC-1000001-X")),
        (
            of(
                "contactVerificationRequired",
                json!({
                    "handles": [handle], "claims": ["name", "address"], "domains_total": 7, "domain": "example.de",
                    "dedelegation": "2026-12-24T12:00:00Z", "deletion": "2027-01-24T12:00:00Z",
                }),
            ),
            "contact_verification_required",
            Some("contact:DENIC-1000001-X"),
        ),
        (
            of("domainDelete", json!({ "domain": "b\u{fc}cher.de", "reason": "no verification" })),
            "domain_delete",
            DOMAIN,
        ),
        (
            of(
                "domainStatusUpdate",
                json!({ "domain": "b\u{fc}cher.de", "handles": [handle], "status": "serverHold", "deletion": "2026-12-24T12:00:00Z" }),
            ),
            "domain_status_update",
            DOMAIN,
        ),
        (of("expireWarning", dated("expire")), "expire_warning", DOMAIN),
        (of("expire", dated("expire")), "expire", DOMAIN),
        (of("domainMovedToTheMoon", domain()), "raw", DOMAIN),
    ]
}

/// As many handles as one message names.
fn hundred() -> Vec<String> {
    (0..100).map(|number| handle(&format!("C{number}"))).collect()
}

async fn every_type_becomes_its_event(world: World) {
    let messages = every_type();
    let put = put(&world, &messages.iter().map(|(message, ..)| message.clone()).collect::<Vec<_>>()).await;
    let daemon = world.daemon();
    emptied(&world, put.len()).await;
    daemon.stop().await;
    assert_each_once(&world, &put).await;
    for ((message, kind, object), event) in messages.iter().zip(events(&world).await) {
        let data = &event.body["data"];
        assert_eq!(event.routing_key(), format!("message.{kind}.{ACCOUNT}"));
        assert_eq!((&data["type"], &data["kind"]), (&message["type"], &json!(kind)));
        assert_eq!(data["object"].as_str(), *object, "{kind}");
        assert!(data["time"].is_string() && data["count"].is_u64(), "{data}");
        if let Some(handles) = message.get("handles") {
            let named = ["handle", "holder"].into_iter().find_map(|field| data["data"].get(field));
            assert_eq!(named, Some(handles), "{data}");
        }
        let dates = ["dedelegation", "deletion", "expire"].iter().filter(|date| message.get(**date).is_some()).count();
        assert_eq!(data["deadlines"].as_array().unwrap().len(), dates, "{data}");
    }
    let raw = MessageFilter { kind: Some("raw".into()), limit: 9, ..MessageFilter::default() };
    let raw = world.database.store.messages(&raw).await.unwrap();
    assert!(raw.len() == 1 && raw[0].removed_at.is_some() && raw[0].tries == 1, "{raw:?}");
    // Free of quota, but every request counts.
    let actions: BTreeMap<String, usize> =
        world.requests(ACCOUNT).into_iter().fold(BTreeMap::new(), |mut all, request| {
            *all.entry(request.action).or_default() += 1;
            all
        });
    assert_eq!(actions["queue.delete"], put.len(), "{actions:?}");
    assert!(actions["queue.read"] > put.len(), "{actions:?}");
}

/// The daemon is killed or stopped wherever it stands, again and again, while requests lose their answers.
async fn each_message_is_told_once_whatever_dies(world: World) {
    let kinds = every_type();
    let messages: Vec<Value> = (0..MANY).map(|n| kinds[n % kinds.len()].0.clone()).collect();
    let put = put(&world, &messages).await;
    for number in 1..=DAEMONS {
        let daemon = world.daemon();
        // A different step each time: stored, about to be removed, removed.
        let so_far = ["1 = 1", "tries > 0", "removed_at IS NOT NULL"][number % 3];
        progress(&world, so_far, MANY * number / (DAEMONS + 1)).await;
        if number % 4 == 0 {
            daemon.stop().await;
        } else {
            daemon.kill();
            // Nobody waits for the lease of a dead daemon to run out.
            world.database.execute("UPDATE leases SET expires_at = 0").await;
        }
    }
    let daemon = world.daemon();
    emptied(&world, put.len()).await;
    daemon.stop().await;
    assert_each_once(&world, &put).await;
    let backlog = world.database.store.outbox_backlog().await.unwrap();
    assert_eq!(backlog.unsent, 0);
}

/// Jobs get their turn while a long queue is read, one message at a time.
async fn a_long_queue_starves_no_job(world: World) {
    put(&world, &vec![json!({ "type": "authInfo2Notify", "domain": "example.de" }); 300]).await;
    let jobs: Vec<_> = (0..20).map(|n| contact_create(&format!("C{n}"))).collect();
    world.submit(&jobs).await;
    let daemon = world.daemon();
    for job in &jobs {
        world.succeeded(id_of(job)).await;
    }
    emptied(&world, 300).await;
    daemon.stop().await;
    let requests = world.requests(ACCOUNT);
    let last_job = requests.iter().rposition(|request| request.action == "contact.create").unwrap();
    let last_message = requests.iter().rposition(|request| request.action == "queue.delete").unwrap();
    assert!(last_job < last_message, "the jobs had to wait for the queue");
}

/// An account whose messages go elsewhere: its queue is left alone.
async fn a_queue_that_is_not_ours_is_not_touched(world: World) {
    put(&world, &[json!({ "type": "authInfo2Notify", "domain": "example.de" })]).await;
    let daemon = world.daemon();
    world.rounds(5).await;
    daemon.stop().await;
    assert!(world.requests(ACCOUNT).iter().all(|request| !request.action.starts_with("queue.")));
}

/// A block that is learnt while messages are read silences the account.
async fn a_block_is_heard_by_the_poller_too(world: World) {
    let daemon = world.daemon();
    until("the cool-down", async || {
        let state = world.database.store.account(ACCOUNT).await.unwrap();
        state.cooldown_until.map(drop)
    })
    .await;
    let before = world.requests(ACCOUNT).len();
    world.quiet_rounds(5).await;
    assert_eq!(world.requests(ACCOUNT).len(), before, "something was sent into the silence");
    daemon.stop().await;
}

/// A message after a registration that is done already ends nothing more; the job has its one final event.
async fn a_status_after_the_end_changes_nothing(world: World) {
    let daemon = world.daemon();
    let contact = contact_create("H");
    let domain = after(domain_create("example.de", "H"), &[&contact]);
    world.submit(&[contact, domain.clone()]).await;
    let done = until("the end of the registration", async || {
        let detail = world.job(id_of(&domain)).await;
        detail.job.state.is_final().then_some(detail)
    })
    .await;
    assert_eq!(done.job.state, State::Succeeded, "{:?}", done.job.reason);
    put(&world, &[json!({ "type": "domainStatusUpdate", "domain": "example.de", "status": "connect" })]).await;
    until("the message", async || (!events(&world).await.is_empty()).then_some(())).await;
    daemon.stop().await;
    let detail = world.job(id_of(&domain)).await;
    assert_eq!(told(&detail).iter().filter(|kind| **kind == "job.succeeded").count(), 1);
}

macro_rules! cases {
    ($($case:ident on $($name:ident $kind:ident),+: $setup:expr;)+) => { $(
        mod $case {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                play(Kind::$kind, $setup, super::$case).await;
            })+
        }
    )+ };
}

cases! {
    every_type_becomes_its_event on sqlite Sqlite, postgres Postgres: Setup::new().reading_messages();
    each_message_is_told_once_whatever_dies on sqlite Sqlite, postgres Postgres: Setup::new()
        .reading_messages()
        .fault("cut_before:action=queue.*,p=0.01")
        .fault("cut_after:action=queue.*,p=0.01")
        .fault("half_frame:action=queue.*,p=0.005");
    a_long_queue_starves_no_job on sqlite Sqlite: Setup::new().reading_messages();
    a_queue_that_is_not_ours_is_not_touched on sqlite Sqlite: Setup::new();
    a_block_is_heard_by_the_poller_too on sqlite Sqlite: Setup::new()
        .reading_messages()
        .fault("lie=55000000002:action=queue.read");
    a_status_after_the_end_changes_nothing on sqlite Sqlite: Setup::new().reading_messages();
}
