//! Law 3: a request whose answer was lost is asked about before anything is sent again, and happens once.

use registrard::model::{Job, Operation};
use registrard::sandbox::RequestRecord;
use serde_json::Value;

use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, contact_create, domain_create, domain_delete, id_of, play, told};

/// What befalls the answer, and whether the request had its effect by then.
const FAULTS: &[(&str, bool)] =
    &[("cut_after", true), ("cut_before", false), ("half_frame", true), ("garbage", true), ("wrong_ctid", true)];

async fn lose_the_answer_to(operation: Operation, kind: Kind) {
    for (fault, happened) in FAULTS {
        println!("{operation}, {fault}");
        let setup = Setup::new().fault(&format!("{fault}:action={operation},nth=1"));
        play(kind, setup, async |world: World| assert_once(&world, operation, *happened).await).await;
    }
}

async fn assert_once(world: &World, operation: Operation, happened: bool) {
    let jobs = [contact_create("MAX"), domain_create("example.de", "MAX"), domain_delete("example.de")];
    let count = 1 + jobs.iter().position(|job| job["operation"] == operation.name()).unwrap();
    let daemon = world.daemon();
    // One after the other: what is needed is there before it is asked for.
    for job in &jobs[..count] {
        world.submit(std::slice::from_ref(job)).await;
        world.succeeded(id_of(job)).await;
    }
    daemon.stop().await;
    let detail = world.job(id_of(&jobs[count - 1])).await;

    let ledger = world.sandbox.ledger();
    let effects: Vec<_> = ledger.effects.iter().map(|effect| effect.kind.as_str()).collect();
    let ordered: Vec<_> = jobs[..count].iter().map(|job| job["operation"].as_str().unwrap()).collect();
    assert_eq!(effects, ordered, "each effect once");

    let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect();
    let sent: Vec<_> = world.requests_for(ACCOUNT, operation.name());
    assert_eq!(sent.len(), detail.attempts.len(), "every attempt is a request");
    let events = told(&detail);
    if happened {
        assert_eq!(causes, ["found_applied"]);
        assert_eq!(events, ["job.in_doubt", "job.succeeded"]);
    } else {
        // The repetition goes out under the lost request's transaction id. This registry counts that id as used up, so
        // it refuses, is asked again, and then nothing can still be on its way: a third attempt may have an id of its own.
        assert_eq!(causes, ["found_nothing", "found_nothing", "done"]);
        assert_eq!(sent[1].ctid, sent[0].ctid);
        assert_ne!(sent[2].ctid, sent[0].ctid);
        assert_eq!(events, ["job.in_doubt", "job.in_doubt", "job.succeeded"]);
    }
    assert_asked_first(world, &detail.job, sent[0].seq);
    let finals: Vec<_> = detail.events.iter().filter(|row| row.event.is_final).collect();
    assert_eq!(finals.len(), 1);
    assert_eq!(finals[0].event.body["data"]["state"], Value::from("succeeded"));
    let repeated = causes.iter().filter(|cause| **cause == "found_nothing").count();
    assert_eq!(detail.job.spent as usize, repeated, "a repetition costs an attempt of the budget, a question none");
}

/// The first that is heard of an object after the lost request on it is a question.
fn assert_asked_first(world: &World, job: &Job, lost: u64) {
    let question = if job.operation == Operation::ContactCreate { "contact.check" } else { "domain.info" };
    let about_it = |request: &&RequestRecord| request.object.as_deref() == Some(job.object.name());
    let requests = world.requests(ACCOUNT);
    let next = requests.iter().filter(about_it).find(|request| request.seq > lost);
    assert_eq!(next.map(|request| request.action.as_str()), Some(question));
}

#[tokio::test]
async fn a_lost_answer_to_contact_create() {
    lose_the_answer_to(Operation::ContactCreate, Kind::Sqlite).await;
}

#[tokio::test]
async fn a_lost_answer_to_domain_create() {
    lose_the_answer_to(Operation::DomainCreate, Kind::Postgres).await;
}

#[tokio::test]
async fn a_lost_answer_to_domain_delete() {
    lose_the_answer_to(Operation::DomainDelete, Kind::Sqlite).await;
}

/// Where a transaction id counts only once carried out, the repetition under it is the last word.
#[tokio::test]
async fn a_repetition_under_the_same_transaction_id() {
    let mut setup = Setup::new().fault("cut_before:action=contact.create,nth=1");
    setup.denic.unique_ctid = false;
    play(Kind::Sqlite, setup, async |world: World| {
        let job = contact_create("MAX");
        world.submit(std::slice::from_ref(&job)).await;
        let daemon = world.daemon();
        let detail = world.succeeded(id_of(&job)).await;
        daemon.stop().await;
        let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect();
        assert_eq!(causes, ["found_nothing", "done"]);
        let sent: Vec<_> = world.requests_for(ACCOUNT, "contact.create").into_iter().map(|r| r.ctid).collect();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0], sent[1]);
        assert_eq!(world.sandbox.ledger().effects.len(), 1);
    })
    .await;
}

/// The daemon dies with requests on the wire; its successor asks about each of them (law 3 for crashes).
#[tokio::test]
async fn a_daemon_that_died_with_requests_on_the_wire() {
    let setup = Setup::new().fault("delay=300:action=contact.create,times=5");
    play(Kind::Sqlite, setup, async |world: World| {
        let jobs: Vec<_> = (0..20).map(|n| contact_create(&format!("C{n}"))).collect();
        let ids = world.submit(&jobs).await;
        let daemon = world.daemon();
        let on_the_wire = async || (world.requests_for(ACCOUNT, "contact.create").len() >= 3).then_some(());
        crate::world::until("requests on the wire", on_the_wire).await;
        daemon.kill();
        let daemon = world.daemon();
        for id in ids {
            let detail = world.succeeded(id).await;
            assert_eq!(detail.events.iter().filter(|row| row.event.is_final).count(), 1);
        }
        daemon.stop().await;
        let mut happened: Vec<_> = world.sandbox.ledger().effects.into_iter().map(|effect| effect.object).collect();
        happened.sort();
        happened.dedup();
        assert_eq!((happened.len(), world.sandbox.ledger().effects.len()), (20, 20));
    })
    .await;
}
