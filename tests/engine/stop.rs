//! Told to stop with requests on the wire.

use std::collections::{BTreeMap, BTreeSet};

use registrard::model::State;
use serde_json::json;

use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, check, contact_create, play, until};

const SESSIONS: usize = 5;

async fn what_is_on_the_wire_is_finished(world: World) {
    let mut jobs: Vec<_> = (0..20).map(|n| contact_create(&format!("C{n}"))).collect();
    jobs.extend((0..20).map(|n| check(ACCOUNT, &format!("example-{n}.de"))));
    world.submit(&jobs).await;
    let daemon = world.daemon();
    let on_the_wire = || world.requests(ACCOUNT).iter().filter(|request| request.answer.is_none()).count();
    until("a request on every session", async || (on_the_wire() == SESSIONS).then_some(())).await;
    daemon.stop().await;

    let requests = world.requests(ACCOUNT);
    assert!(requests.iter().all(|request| request.answer.is_some()), "a request was abandoned");
    let mut sessions: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for request in &requests {
        sessions.entry(request.session).or_default().push(&request.action);
    }
    assert_eq!(sessions.len(), SESSIONS);
    for actions in sessions.values() {
        assert_eq!((actions.first(), actions.last()), (Some(&"login"), Some(&"logout")));
    }

    // What was answered is recorded and told; everything else is as if never begun.
    let jobs = world.jobs(ACCOUNT).await;
    let states: BTreeSet<_> = jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, BTreeSet::from([State::Waiting, State::Succeeded]));
    let succeeded = jobs.iter().filter(|job| job.state == State::Succeeded).count();
    let sent = requests.iter().filter(|request| !matches!(request.action.as_str(), "login" | "logout")).count();
    assert_eq!(succeeded, sent);
    assert!(jobs.iter().all(|job| job.spent == 0));
    let backlog = world.database.store.outbox_backlog().await.unwrap();
    assert_eq!(backlog.unsent, 0, "events were left behind");
    let contacts = requests.iter().filter(|request| request.action == "contact.create").count();
    assert_eq!(world.sandbox.ledger().effects.len(), contacts);
}

fn slow() -> Setup {
    Setup::new().limit("sessions", json!(SESSIONS)).fault("delay=400:action=contact.create")
}

#[tokio::test]
async fn what_is_on_the_wire_is_finished_sqlite() {
    play(Kind::Sqlite, slow(), what_is_on_the_wire_is_finished).await;
}

#[tokio::test]
async fn what_is_on_the_wire_is_finished_postgres() {
    play(Kind::Postgres, slow(), what_is_on_the_wire_is_finished).await;
}
