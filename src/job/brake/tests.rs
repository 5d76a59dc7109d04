use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Map;
use uuid::Uuid;

use super::*;
use crate::job::commit::Committer;
use crate::job::fakes::{FakeStore, running};
use crate::job::observer::Unobserved;
use crate::model::retry::Steps;
use crate::model::{Cause, Class, JobId, ObjectKey, ObjectKind, Operation};

fn rules(alike: u32) -> config::Brake {
    config::Brake { alike, destructive_share: 0.5, destructive_from: 10 }
}

fn job(number: u128, operation: Operation, batch: Option<&str>) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(number)),
        publisher: "billing".into(),
        account: "DENIC-1000001".into(),
        pool: None,
        operation,
        object: ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de")),
        params: Map::new(),
        class: Class::Bulk,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: batch.map(str::to_owned),
        max_attempts: 10,
        context: serde_json::Value::Null,
        reply_to: None,
        correlation_id: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
    }
}

#[test]
fn only_a_batch_whose_ended_jobs_all_failed_alike_is_stopped() {
    let failed = |code: &str, jobs| (State::Failed, code.to_owned(), jobs);
    let ended = |ended: &[(State, String, u64)]| Progress { total: 100, ended: ended.to_vec(), ..Progress::default() };
    let alike = |jobs, code: &str| Look::Alike(jobs, code.into());
    for (progress, expected) in [
        (ended(&[]), Look::Undecided),
        (ended(&[failed("53300000001", 19)]), Look::Undecided),
        (ended(&[failed("53300000001", 20)]), alike(20, "53300000001")),
        (
            ended(&[failed("53300000001", 21), (State::Cancelled, "predecessor_failed".into(), 7)]),
            alike(21, "53300000001"),
        ),
        (ended(&[failed("53300000001", 20), (State::Succeeded, "done".into(), 0)]), alike(20, "53300000001")),
        (ended(&[failed("53300000001", 20), (State::Succeeded, "done".into(), 1)]), Look::Settled),
        (ended(&[failed("53300000001", 20), failed("53300000002", 1)]), Look::Settled),
        (ended(&[(State::Cancelled, "withdrawn".into(), 90)]), Look::Undecided),
    ] {
        assert_eq!(look(&rules(20), &progress), expected, "{progress:?}");
        assert_eq!(look(&rules(0), &progress), Look::Settled, "the rule is off");
        assert_eq!(look(&rules(20), &Progress { released: true, ..progress }), Look::Settled);
    }
    let taken = Progress { open: vec![(State::Pending, 1)], ..ended(&[failed("53300000001", 20)]) };
    assert_eq!(look(&rules(20), &taken), Look::Settled, "the registry took one");
}

proptest! {
    /// The rule in exact numbers: more than the share, and from so many on.
    #[test]
    fn the_share_is_that_of_stored_and_new_jobs(
        stored in (0u64..200, 0u64..200), more in (0u64..200, 0u64..200), thousandths in 0u32..=1000, from in 0u64..100,
    ) {
        let stored = Progress { total: stored.0 + stored.1, destructive: stored.1, ..Progress::default() };
        let more = Load { jobs: more.0 + more.1, destructive: more.1 };
        let rules = config::Brake { alike: 0, destructive_share: f64::from(thousandths) / 1000.0, destructive_from: from };
        let (all, destructive) = (stored.total + more.jobs, stored.destructive + more.destructive);
        let expected = thousandths < 1000
            && destructive >= from.max(1)
            && u128::from(destructive) * 1000 > u128::from(all) * u128::from(thousandths);
        prop_assert_eq!(too_destructive(&rules, &stored, more).is_some(), expected);
        prop_assert_eq!(too_destructive(&rules, &Progress { released: true, ..stored }, more), None);
    }
}

#[tokio::test]
async fn a_batch_is_stopped_before_its_deletions_are_stored_and_what_is_known_counts_once() {
    let store = FakeStore::default();
    let deletions: Vec<_> = (0..10).map(|n| job(n, Operation::DomainDelete, Some("sweep"))).collect();
    let at = Timestamp::UNIX_EPOCH;
    before(&rules(0), &store, &deletions[..9], at).await.unwrap();
    assert!(store.pauses.lock().unwrap().is_empty(), "nine are too few");

    // They come again, because their acknowledgement was lost: still nine, however often.
    store.accept(&deletions[..9], &[], at).await.unwrap();
    let counted = Progress { total: 9, destructive: 9, ..Progress::default() };
    store.progress.lock().unwrap().insert("sweep".into(), counted.clone());
    let twice: Vec<_> = deletions[..9].iter().chain(&deletions[..9]).cloned().collect();
    before(&rules(0), &store, &twice, at).await.unwrap();
    assert!(store.pauses.lock().unwrap().is_empty(), "they were counted twice");

    before(&rules(0), &store, &deletions, at).await.unwrap();
    let pauses = store.pauses.lock().unwrap().clone();
    assert_eq!(pauses.iter().map(Pause::key).collect::<Vec<_>>(), ["batch:sweep"]);
    assert!(pauses[0].reason.contains("10 of 10") && pauses[0].reason.contains("batches resume sweep"), "{pauses:?}");
    let events: Vec<_> = store.events.lock().unwrap().values().map(|event| event.kind.clone()).collect();
    assert_eq!(events, ["batch.stopped"]);

    // An operator has let it go, and it grows.
    store.pauses.lock().unwrap().clear();
    store.progress.lock().unwrap().insert("sweep".into(), Progress { released: true, ..counted });
    before(&rules(0), &store, &deletions, at).await.unwrap();
    assert!(store.pauses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn other_batches_and_jobs_without_one_are_left_alone() {
    let store = FakeStore::default();
    let jobs: Vec<_> = (0..40)
        .map(|n| match n % 4 {
            0 => job(n, Operation::DomainDelete, None),
            1 => job(n, Operation::DomainDelete, Some("mixed")),
            2 => job(n, Operation::DomainCreate, Some("mixed")),
            _ => job(n, Operation::DomainTransit, Some("away")),
        })
        .collect();
    before(&rules(0), &store, &jobs, Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(store.pauses.lock().unwrap().iter().map(Pause::key).collect::<Vec<_>>(), ["batch:away"]);
}

#[tokio::test]
async fn the_committer_has_a_batch_looked_at_when_a_job_of_it_failed() {
    let store = Arc::new(FakeStore::default());
    let code = |code: &str| (State::Failed, code.to_owned(), 3);
    let progress = |ended: &[_]| Progress { total: 9, ended: ended.to_vec(), ..Progress::default() };
    *store.progress.lock().unwrap() = [
        ("alike".to_owned(), progress(&[code("53300000001")])),
        ("unlike".to_owned(), progress(&[code("53300000001"), code("53300000002")])),
        ("fine".to_owned(), progress(&[code("53300000001")])),
    ]
    .into();
    let steps = Steps { first: std::time::Duration::from_secs(1), longest: std::time::Duration::from_secs(1) };
    let kept = Arc::<FakeStore>::clone(&store);
    let (committer, writer) = Committer::braking(kept, Brake::new(rules(3)), steps, Arc::new(Unobserved), || {});
    for (batch, cause) in [("unlike", Cause::Refused), ("alike", Cause::Refused), ("fine", Cause::Done)] {
        let step = Move::new(&running(batch), cause, Timestamp::UNIX_EPOCH).unwrap();
        assert!(committer.commit(step).await.wait().await);
    }
    drop(committer);
    writer.await.unwrap();
    let pauses = store.pauses.lock().unwrap().clone();
    assert_eq!(pauses.iter().map(Pause::key).collect::<Vec<_>>(), ["batch:alike"]);
    assert!(pauses[0].reason.contains("the first 3 jobs all failed with 53300000001"), "{pauses:?}");
}
