//! What an operator, or the brake, keeps from starting does not start, and starts once it is let go.

use jiff::Timestamp;
use registrard::model::{Event, JobId, State};
use registrard::store::{Pause, PauseKind};
use serde_json::{Value, json};

use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, check, domain_delete, id_of, play, until};

/// The jobs, in a batch.
fn batch(name: &str, jobs: impl Iterator<Item = Value>) -> Vec<Value> {
    let of_batch = |mut job: Value| {
        job["batch"] = json!(name);
        job
    };
    jobs.map(of_batch).collect()
}

impl World {
    async fn stopped(&self, kind: PauseKind, name: &str) -> Option<Pause> {
        let pauses = self.database.store.pauses().await.unwrap();
        pauses.into_iter().find(|pause| pause.kind == kind && pause.name == name)
    }

    async fn pause(&self, kind: PauseKind, name: &str) {
        let now = Timestamp::now();
        let pause = Pause { kind, name: name.into(), reason: "a test".into(), since: now };
        let event = Event::of_pause(kind.word(), name, "paused", "a test", now);
        assert!(self.database.store.pause(&pause, &event).await.unwrap());
    }

    async fn resume(&self, kind: PauseKind, name: &str) {
        let event = Event::of_pause(kind.word(), name, "resumed", "by an operator", Timestamp::now());
        assert!(self.database.store.end_pause(kind, name, &event).await.unwrap().is_some());
    }

    async fn events(&self, kind: &str) -> usize {
        let events = self.database.store.events_after(0, 10_000).await.unwrap();
        events.iter().filter(|row| row.event.kind == kind).count()
    }

    async fn all_failed(&self, jobs: &[JobId]) {
        for id in jobs {
            assert_eq!(self.end_of(*id).await.job.state, State::Failed);
        }
    }
}

/// Deletions of names that are not there: the registry refuses all of them alike.
async fn a_batch_that_fails_alike_is_stopped_once(mut world: World) {
    const JOBS: usize = 200;
    world.config.brake.alike = 5;
    let daemon = world.daemon();
    let jobs = batch("autumn", (0..JOBS).map(|n| domain_delete(&format!("example-{n}.de"))));
    let ids = world.submit(&jobs).await;
    let pause = until("the brake", async || world.stopped(PauseKind::Batch, "autumn").await).await;
    assert!(
        pause.reason.contains("jobs all failed with 63300062009") && pause.reason.contains("batches resume autumn"),
        "{pause:?}"
    );
    // Those that were claimed before are answered; then nothing of it starts, however often it is looked for.
    until("an end of what was at work", async || {
        let jobs = world.jobs(ACCOUNT).await;
        jobs.iter().all(|job| job.state != State::Running).then_some(())
    })
    .await;
    world.rounds(5).await;
    let sent = world.requests_for(ACCOUNT, "domain.delete").len();
    world.rounds(5).await;
    assert_eq!(world.requests_for(ACCOUNT, "domain.delete").len(), sent, "jobs of a stopped batch were sent");
    assert!((5..JOBS).contains(&sent), "{sent} of {JOBS}");
    // Jobs of the same account that are in no batch, or in another one, are not held.
    let others =
        [vec![check(ACCOUNT, "example.de")], batch("winter", [check(ACCOUNT, "example.de")].into_iter())].concat();
    for id in world.submit(&others).await {
        world.succeeded(id).await;
    }

    world.resume(PauseKind::Batch, "autumn").await;
    world.all_failed(&ids).await;
    assert_eq!(world.stopped(PauseKind::Batch, "autumn").await, None, "it was stopped again");
    assert_eq!(world.requests_for(ACCOUNT, "domain.delete").len(), JOBS);
    assert_eq!((world.events("batch.stopped").await, world.events("batch.resumed").await), (1, 1));
    daemon.stop().await;
}

/// One session, so that few are at work when the brake takes hold.
fn narrow() -> Setup {
    Setup::new().limit("sessions", json!(1))
}

#[tokio::test]
async fn a_batch_that_fails_alike_is_stopped_once_sqlite() {
    play(Kind::Sqlite, narrow(), a_batch_that_fails_alike_is_stopped_once).await;
}

#[tokio::test]
async fn a_batch_that_fails_alike_is_stopped_once_postgres() {
    play(Kind::Postgres, narrow(), a_batch_that_fails_alike_is_stopped_once).await;
}

async fn a_batch_that_deletes_too_much_does_not_start(mut world: World) {
    world.config.brake.destructive_from = 10;
    let daemon = world.daemon();
    let deletions = |count| (0..count).map(|n| domain_delete(&format!("example-{n}.de")));
    // Half of it is not more than half of it.
    let checks = (0..10).map(|n| check(ACCOUNT, &format!("other-{n}.de")));
    let harmless = world.submit(&batch("mixed", deletions(10).chain(checks))).await;
    for id in harmless {
        world.end_of(id).await;
    }
    let before = world.requests_for(ACCOUNT, "domain.delete").len();
    assert_eq!(before, 10);

    let ids = world.submit(&batch("sweep", deletions(10))).await;
    let pause = world.stopped(PauseKind::Batch, "sweep").await.expect("stopped at intake");
    assert!(pause.reason.contains("10 of 10 jobs"), "{pause:?}");
    world.rounds(5).await;
    assert_eq!(world.requests_for(ACCOUNT, "domain.delete").len(), before, "a deletion started");

    world.resume(PauseKind::Batch, "sweep").await;
    world.all_failed(&ids).await;
    // An operator has looked at it: more of the same goes through.
    let more = world.submit(&batch("sweep", deletions(3))).await;
    world.all_failed(&more).await;
    assert_eq!(world.events("batch.stopped").await, 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_batch_that_deletes_too_much_does_not_start_sqlite() {
    play(Kind::Sqlite, Setup::new(), a_batch_that_deletes_too_much_does_not_start).await;
}

#[tokio::test]
async fn a_batch_that_deletes_too_much_does_not_start_postgres() {
    play(Kind::Postgres, Setup::new(), a_batch_that_deletes_too_much_does_not_start).await;
}

/// Each pause holds exactly what it names.
async fn what_is_paused_waits_until_it_is_resumed(world: World) {
    let daemon = world.daemon();
    for (round, (kind, name)) in
        [(PauseKind::Account, ACCOUNT), (PauseKind::Operation, "domain.delete"), (PauseKind::Batch, "autumn")]
            .into_iter()
            .enumerate()
    {
        world.pause(kind, name).await;
        let [held] =
            world.submit(&batch("autumn", [domain_delete(&format!("example-{round}.de"))].into_iter())).await[..]
        else {
            unreachable!("one job, one id")
        };
        world.rounds(5).await;
        assert_eq!(world.job(held).await.job.attempt, 0, "{kind:?} did not hold it");
        // What is not named goes on, where it is not the account itself.
        if kind != PauseKind::Account {
            let free = check(ACCOUNT, &format!("free-{round}.de"));
            world.submit(std::slice::from_ref(&free)).await;
            world.succeeded(id_of(&free)).await;
        }
        world.resume(kind, name).await;
        world.all_failed(&[held]).await;
    }
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_paused_waits_until_it_is_resumed_sqlite() {
    play(Kind::Sqlite, Setup::new(), what_is_paused_waits_until_it_is_resumed).await;
}

#[tokio::test]
async fn what_is_paused_waits_until_it_is_resumed_postgres() {
    play(Kind::Postgres, Setup::new(), what_is_paused_waits_until_it_is_resumed).await;
}
