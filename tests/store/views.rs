use std::sync::Arc;

use registrard::model::{Cause, NewJob, State};
use registrard::store::{JobFilter, StateCount, StoreError};

use crate::database::Database;
use crate::steps::*;

pub async fn a_job_in_detail(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[on(1, "example.de"), NewJob { after: vec![id(9)], ..on(2, "example.de") }]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    make(store, 1, Cause::Deferred).await;
    run(store, &lease, 1, Cause::Taken).await;
    let first = detail(store, 1).await;
    assert_eq!(first.attempts.iter().map(|attempt| attempt.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(first.attempts[1].cause.as_deref(), Some("taken"));
    let kinds: Vec<&str> = first.events.iter().map(|row| row.event.kind.as_str()).collect();
    assert_eq!(kinds, ["job.waiting", "job.pending"]);
    let second = detail(store, 2).await;
    assert_eq!(second.waits_for, [(id(9), "after".to_owned()), (id(1), "object".to_owned())]);
}

pub async fn jobs_by_filter(db: Arc<Database>) {
    let store = &*db.store;
    let foreign = NewJob { account: "DENIC-1000099".into(), batch: Some("b".into()), ..on(3, "example.de") };
    let batched = NewJob { batch: Some("b".into()), ..job(4) };
    accept_new(store, &[on(1, "example.de"), job(2), foreign, batched]).await;
    make(store, 2, Cause::Withdrawn).await;
    let all = JobFilter { limit: 9, ..JobFilter::default() };
    let list = |filter: JobFilter| async move {
        store.jobs(&filter).await.unwrap().iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(list(all.clone()).await, [4, 3, 2, 1]);
    assert_eq!(list(JobFilter { limit: 2, ..all.clone() }).await, [4, 3]);
    let page = store.jobs(&JobFilter { limit: 2, ..all.clone() }).await.unwrap();
    assert_eq!(list(JobFilter { before_seq: Some(page[1].seq), ..all.clone() }).await, [2, 1]);
    assert_eq!(list(JobFilter { states: vec![State::Waiting], ..all.clone() }).await, [4, 3, 1]);
    assert_eq!(list(JobFilter { states: vec![State::Cancelled, State::Failed], ..all.clone() }).await, [2]);
    assert_eq!(list(JobFilter { account: Some(ACCOUNT.into()), ..all.clone() }).await, [4, 2, 1]);
    assert_eq!(list(JobFilter { batch: Some("b".into()), ..all.clone() }).await, [4, 3]);
    assert_eq!(list(JobFilter { object: Some("domain:example.de".into()), ..all.clone() }).await, [3, 1]);
    assert_eq!(list(JobFilter { batch: Some("' OR 1=1".into()), ..all }).await, [0_u128; 0]);
}

pub async fn batches_and_counts(db: Arc<Database>) {
    let store = &*db.store;
    let of = |number, batch: &str| NewJob { batch: Some(batch.into()), ..job(number) };
    accept_new(store, &[of(1, "first"), of(2, "first"), of(3, "first"), job(4)]).await;
    store.accept(&[NewJob { publisher: "other".into(), ..of(5, "first") }, of(6, "second")], &[], at(5)).await.unwrap();
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Done).await;
    run(store, &lease, 2, Cause::Done).await;
    start(store, &lease, 3).await;

    let views = store.batches(None, 9).await.unwrap();
    assert_eq!(views.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["second", "first"]);
    let first = &views[1];
    assert_eq!((first.publisher.as_str(), first.created_at, first.total), ("billing", at(0), 4));
    assert_eq!(first.by_state, [(State::Waiting, 1), (State::Running, 1), (State::Succeeded, 2)]);
    assert_eq!(store.batches(Some("first"), 9).await.unwrap(), views[1..]);
    assert_eq!(store.batches(Some("third"), 9).await.unwrap(), []);
    assert_eq!(store.batches(None, 1).await.unwrap().len(), 1);

    let count = |state, jobs, oldest| StateCount { account: ACCOUNT.into(), state, jobs, oldest };
    let mut counts = store.counts().await.unwrap();
    counts.sort_by_key(|count| count.state);
    let expected = [
        count(State::Waiting, 3, Some(at(0))),
        count(State::Running, 1, Some(at(0))),
        count(State::Succeeded, 2, None),
    ];
    assert_eq!(counts, expected);
}

pub async fn ages_tell_what_is_late_and_not_what_waits_by_plan(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let oldest = async |state| {
        let counts = store.counts().await.unwrap();
        counts.iter().find(|count| count.state == state).and_then(|count| count.oldest)
    };
    let planned = NewJob { not_before: Some(at(500)), ..job(2) };
    accept_new(store, &[on(1, "example.de"), planned]).await;
    store.accept(&[on(3, "example.de")], &[], at(5)).await.unwrap();
    start(store, &lease, 1).await;
    assert_eq!(oldest(State::Running).await, Some(at(0)));
    assert_eq!(oldest(State::Waiting).await, Some(at(500)), "3 waits for 1, and 2 for its time");

    let mut lost = step(store, 1, Cause::Lost).await;
    lost.at = at(60);
    assert_eq!(store.apply(&[lost]).await.unwrap(), [true]);
    assert_eq!(oldest(State::InDoubt).await, Some(at(60)), "since the doubt began");
    let mut asked = step(store, 1, Cause::StillUnknown).await;
    asked.at = at(90);
    assert_eq!(store.apply(&[asked]).await.unwrap(), [true]);
    assert_eq!(oldest(State::InDoubt).await, Some(at(60)), "a question settles nothing");
    make(store, 1, Cause::FoundApplied).await;
    assert_eq!(oldest(State::InDoubt).await, None);
    assert!(oldest(State::Waiting).await <= Some(at(5)), "3 could start now");
}

pub async fn unreadable_rows_name_the_job_and_not_its_content(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    db.execute("UPDATE jobs SET params = '[\"top secret\"]'").await;
    let Err(StoreError::Broken(text)) = store.job(id(1)).await else { panic!("it cannot be read") };
    assert!(text.contains(&id(1).to_string()) && text.contains("params"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
