//! The same asked of an account at work: the scheduler starts what is eligible, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::{Candidate, Kind, Situation, explain, gather, is_eligible};
use crate::job::schedule::claim::tests::bench::{Bench, all_in_one_window, job};
use crate::model::{Class, Event, JobId, NewJob, State};
use crate::store::{Pause, PauseKind};

/// The job that is held.
const HELD: u128 = 1;
/// The one it depends on, and the one before it on its object.
const NEEDED: u128 = 2;
const BEFORE: u128 = 3;

fn event() -> Event {
    Event::of_account("A", "paused", "test", Timestamp::now())
}

fn pause_of(kind: Kind) -> Option<(PauseKind, &'static str)> {
    Some(match kind {
        Kind::Account => (PauseKind::Account, "A"),
        Kind::Publisher => (PauseKind::Publisher, "slow"),
        Kind::Operation => (PauseKind::Operation, "domain.info"),
        Kind::Batch => (PauseKind::Batch, "autumn-sale"),
        // What keeps the other jobs.
        Kind::Dependency => (PauseKind::Batch, "needed"),
        Kind::Predecessor => (PauseKind::Batch, "before"),
        _ => return None,
    })
}

async fn impose(bench: &Bench, kind: Kind) {
    match pause_of(kind) {
        Some((kind, name)) => {
            let pause = Pause { kind, name: name.into(), reason: "a test".into(), since: Timestamp::now() };
            bench.store.pause(&pause, &event()).await.unwrap();
        }
        None => bench.store.suspend("A", Some("login refused"), &event()).await.unwrap(),
    }
}

async fn relieve(bench: &Bench, kind: Kind) {
    match pause_of(kind) {
        Some((kind, name)) => drop(bench.store.end_pause(kind, name, &event()).await.unwrap()),
        None => bench.store.suspend("A", None, &event()).await.unwrap(),
    }
}

async fn situation(bench: &Bench) -> Situation {
    let detail = bench.store.job(job(HELD).id).await.unwrap().unwrap();
    let candidate = Candidate { account: "A".into(), registry: "bench".into(), limits: Arc::new(all_in_one_window()) };
    gather(&*bench.store, detail, vec![candidate], "A", Timestamp::now()).await.unwrap()
}

/// The situation once somebody works the account.
async fn worked(bench: &Bench) -> Situation {
    let looking = async {
        loop {
            let now = situation(bench).await;
            if now.posts[0].owner.is_some() {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.unwrap()
}

/// Lets the daemon make some rounds: another account's jobs, one after the other, are done meanwhile.
async fn some_rounds(bench: &Bench, number: &mut u128) {
    for _ in 0..3 {
        *number += 1;
        bench.accept(&[NewJob { account: "B".into(), ..job(*number) }]).await;
        bench.until_over(&[*number]).await;
    }
}

/// Every one of these holds the job, all together are named, and it starts when the last one is gone.
async fn held_until_the_last_is_gone(kinds: &[Kind]) {
    let bench = Bench::new(&[("A", all_in_one_window()), ("B", all_in_one_window())]).await;
    for kind in kinds {
        impose(&bench, *kind).await;
    }
    let on = |batch: &str| NewJob { batch: Some(batch.to_owned()), ..job(HELD) };
    let after: Vec<JobId> = kinds.contains(&Kind::Dependency).then(|| job(NEEDED).id).into_iter().collect();
    let operation = crate::model::Operation::DomainInfo;
    let held = NewJob { after, publisher: "slow".into(), operation, class: Class::Bulk, ..on("autumn-sale") };
    if kinds.contains(&Kind::Dependency) {
        let needed = NewJob { id: job(NEEDED).id, object: job(NEEDED).object, account: "B".into(), ..on("needed") };
        bench.accept(&[needed]).await;
    }
    if kinds.contains(&Kind::Predecessor) {
        bench.accept(&[NewJob { id: job(BEFORE).id, ..on("before") }]).await;
    }
    bench.accept(&[held]).await;
    bench
        .work(async |bench| {
            let mut number = 100;
            let mut left = kinds.to_vec();
            while let Some(kind) = left.last().copied() {
                some_rounds(bench, &mut number).await;
                let now = worked(bench).await;
                assert_eq!(now.job.state, State::Waiting, "{left:?}");
                assert!(!is_eligible(&now), "{left:?}");
                let mut expected = left.clone();
                expected.sort();
                let named: Vec<Kind> = explain(&now).blockers.iter().map(|blocker| blocker.kind).collect();
                assert_eq!(named, expected);
                relieve(bench, kind).await;
                left.pop();
                if kind == Kind::Dependency {
                    bench.until_over(&[NEEDED]).await;
                }
                // With the account at rest nothing of it is over.
                let rests = left.contains(&Kind::Account) || left.contains(&Kind::Suspended);
                if kind == Kind::Predecessor && !rests {
                    bench.until_over(&[BEFORE]).await;
                }
            }
            bench.until_over(&[HELD]).await;
        })
        .await;
}

#[tokio::test]
async fn the_scheduler_starts_what_is_eligible_and_nothing_else() {
    use Kind::{Account, Batch, Dependency, Operation, Predecessor, Publisher, Suspended};
    for kinds in [
        &[Account][..],
        &[Suspended],
        &[Batch],
        &[Dependency],
        &[Predecessor],
        &[Publisher, Operation, Batch],
        &[Suspended, Batch, Dependency, Account],
        &[Operation, Dependency, Predecessor, Publisher, Suspended, Account],
    ] {
        held_until_the_last_is_gone(kinds).await;
    }
}
