use std::sync::Arc;

use registrard::model::{Answer, Cause, Class, Level, Message, Move, NewJob, State, WaitingFor};
use registrard::store::{Start, StoreError};
use serde_json::{Map, Value, json};

use crate::database::Database;
use crate::steps::*;

pub async fn due_jobs_come_by_class_then_time_then_arrival(db: Arc<Database>) {
    let store = &*db.store;
    let of = |number, class, not_before| NewJob { class, not_before, ..job(number) };
    accept_new(
        store,
        &[
            of(1, Class::Bulk, None),
            of(2, Class::Normal, Some(at(20))),
            of(3, Class::Normal, Some(at(10))),
            of(4, Class::Normal, Some(at(10))),
            of(5, Class::Urgent, Some(at(30))),
            of(6, Class::Urgent, Some(at(99))),
        ],
    )
    .await;
    assert_eq!(turns(store, at(0)).await, [1]);
    assert_eq!(next_due(store, at(0)).await, Some(at(10)));
    // Ripe at different times or at once, what was due first comes first.
    assert_eq!(turns(store, at(15)).await, [3, 4, 1]);
    assert_eq!(turns(store, at(30)).await, [5, 3, 4, 2, 1]);
    let first = store.heads(&[ACCOUNT], at(30), 1).await.unwrap();
    assert_eq!(numbers(&first), [5, 3, 1], "the first of each class");
    assert_eq!(next_due(store, at(30)).await, Some(at(99)), "what is ripe has no time to wait for");
    assert_eq!(turns(store, at(99)).await, [5, 6, 3, 4, 2, 1]);
    assert_eq!(next_due(store, at(99)).await, None);
}

pub async fn a_job_starts_once(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2)]).await;
    let lease = lease(store).await;
    let jobs = heads(store, ACCOUNT, at(0)).await;
    let starts: Vec<Start> = jobs.iter().map(claim).collect();
    let mut started = store.start(&lease, &starts, at(1)).await.unwrap();
    started.sort_unstable();
    assert_eq!(started, [id(1), id(2)]);
    assert_eq!(store.start(&lease, &starts, at(2)).await.unwrap(), [], "the same claim again");
    let job = stored(store, 1).await;
    assert_eq!((job.state, job.attempt, job.fence), (State::Running, 1, lease.fence));
    assert_eq!((job.transaction, job.intent_at), (jobs[0].next_transaction().into(), Some(at(1))));
    let attempts = detail(store, 1).await.attempts;
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].attempt, attempts[0].started_at, attempts[0].ended_at), (1, at(1), None));
    assert_eq!(attempts[0].digest, "07".repeat(32));
}

pub async fn a_request_known_only_after_a_question_gets_its_intent(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let old = lease(store).await;
    let kept = || async {
        let attempt = detail(store, 1).await.attempts.remove(0);
        (attempt.digest, attempt.whole)
    };
    // As a registry may well show it: the letters of all the world, and an escaped NUL.
    let Value::Object(whole) = json!({ "domain": "bücher.de", "name": "\0" }) else { unreachable!() };
    let nothing = Map::new();
    assert!(!store.resolve(&old, id(1), 1, [9; 32], &whole).await.unwrap(), "nothing runs yet");
    let jobs = heads(store, ACCOUNT, at(0)).await;
    store.start(&old, &jobs.iter().map(claim).collect::<Vec<_>>(), at(1)).await.unwrap();
    assert_eq!(kept().await, ("07".repeat(32), None), "not read yet");
    assert!(!store.resolve(&old, id(1), 2, [9; 32], &whole).await.unwrap(), "another attempt");
    assert!(store.resolve(&old, id(1), 1, [9; 32], &whole).await.unwrap());
    assert_eq!(kept().await, ("09".repeat(32), Some(whole.clone())));
    make(store, 1, Cause::Deferred).await;
    assert!(!store.resolve(&old, id(1), 1, [8; 32], &nothing).await.unwrap(), "it runs no more");
    store.release(&old).await.unwrap();
    lease(store).await;
    let refused = store.resolve(&old, id(1), 1, [8; 32], &nothing).await;
    assert!(matches!(refused, Err(StoreError::Fenced(_))), "{refused:?}");
    assert_eq!(kept().await, ("09".repeat(32), Some(whole)));
}

pub async fn only_what_is_waiting_and_free_starts(db: Arc<Database>) {
    let store = &*db.store;
    let late = NewJob { start_by: Some(at(0)), ..job(3) };
    let foreign = NewJob { account: "DENIC-1000099".into(), ..job(4) };
    accept_new(store, &[on(1, "example.de"), on(2, "example.de"), late, foreign, job(5)]).await;
    let lease = lease(store).await;
    let mut starts = Vec::new();
    for number in 1..=5 {
        starts.push(claim(&stored(store, number).await));
    }
    // Read from the queue of this account, where it never was.
    starts[3].queue = ACCOUNT.into();
    starts[4].attempt = 1;
    starts.push(Start { job: id(77), ..starts[0].clone() });
    starts.push(starts[0].clone());
    assert_eq!(store.start(&lease, &starts, at(0)).await.unwrap(), [id(1)]);
}

pub async fn a_late_finisher_changes_nothing(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let late = step(store, 1, Cause::Done).await;
    make(store, 1, Cause::Deferred).await;
    start(store, &lease, 1).await;
    let events = store.last_event().await.unwrap();
    assert_eq!(store.apply(&[late]).await.unwrap(), [false], "attempt 1 cannot end attempt 2");
    assert_eq!(store.last_event().await.unwrap(), events, "and tells nobody that it did");
    let running = step(store, 1, Cause::Done).await;
    make(store, 1, Cause::Lost).await;
    assert_eq!(store.apply(&[running]).await.unwrap(), [false], "it is in doubt by now");
    assert_eq!(state(store, 1).await, State::InDoubt);
    let mut unknown = step(store, 1, Cause::StillUnknown).await;
    unknown.event = None;
    accept_new(store, &[job(2)]).await;
    let mut stranger = stored(store, 2).await;
    stranger.id = id(99);
    let nobody = Move::new(&stranger, Cause::Withdrawn, at(0)).unwrap();
    assert_eq!(store.apply(&[nobody, unknown]).await.unwrap(), [false, true]);
}

pub async fn a_replaced_owner_changes_nothing(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2)]).await;
    let old = lease(store).await;
    start(store, &old, 1).await;
    let by = |mut step: Move, fence| {
        step.fence = Some(fence);
        step
    };
    let done = step(store, 1, Cause::Done).await;
    store.release(&old).await.unwrap();
    let new = store.acquire(ACCOUNT, "daemon-2", HOUR).await.unwrap().unwrap();
    assert!(new.fence > old.fence);
    assert_eq!(store.apply(&[by(done.clone(), old.fence)]).await.unwrap(), [false]);
    assert_eq!(store.apply(&[by(done, new.fence)]).await.unwrap(), [false], "nor may the new owner invent an outcome");
    let other = stored(store, 2).await;
    let fenced = store.start(&old, &[claim(&other)], at(0)).await;
    assert!(matches!(fenced, Err(StoreError::Fenced(name)) if name == ACCOUNT));
    assert_eq!(state(store, 2).await, State::Waiting);
    // What the new owner may do: note the loss, settle the doubt, run the job again.
    let lost = by(step(store, 1, Cause::Lost).await, new.fence);
    assert_eq!(store.apply(&[lost]).await.unwrap(), [true]);
    let found = by(step(store, 1, Cause::FoundNothing).await, new.fence);
    assert_eq!(store.apply(&[found]).await.unwrap(), [true]);
    start(store, &new, 1).await;
    let done = by(step(store, 1, Cause::Done).await, new.fence);
    assert_eq!(store.apply(&[done]).await.unwrap(), [true]);
}

pub async fn abandoned_jobs_are_found_and_rescued(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2)]).await;
    let old = lease(store).await;
    start(store, &old, 1).await;
    assert_eq!(store.abandoned(&old, 9).await.unwrap(), [], "its own jobs are in good hands");
    store.release(&old).await.unwrap();
    let new = store.acquire(ACCOUNT, "daemon-2", HOUR).await.unwrap().unwrap();
    start(store, &new, 2).await;
    let abandoned = store.abandoned(&new, 9).await.unwrap();
    assert_eq!(abandoned.iter().map(|job| job.id).collect::<Vec<_>>(), [id(1)]);
    let mut lost = step_of(&abandoned[0], Cause::Lost);
    lost.fence = Some(new.fence);
    lost.due_at = at(5);
    assert_eq!(store.apply(&[lost]).await.unwrap(), [true]);
    assert_eq!(store.abandoned(&new, 9).await.unwrap(), []);
    assert_eq!(store.doubts(ACCOUNT, at(4), 9).await.unwrap(), []);
    assert_eq!(next_due(store, at(4)).await, Some(at(5)));
    assert_eq!(store.doubts(ACCOUNT, at(5), 9).await.unwrap().len(), 1);
}

fn answer(code: &str) -> Answer {
    let message = Message { level: Level::Error, code: code.into(), text: "no \u{0}".into(), arguments: vec![] };
    Answer { result: "failed".into(), messages: vec![message], data: json!({"x": 1}), ..Answer::default() }
}

pub async fn every_move_writes_what_it_says(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let mut deferred = step(store, 1, Cause::Deferred).await;
    deferred.at = at(10);
    deferred.due_at = at(70);
    deferred.waiting_for = WaitingFor::Backoff;
    deferred.reason = Some("busy".into());
    deferred.answer = Some(answer("53000000001"));
    deferred.spend = true;
    assert_eq!(store.apply(&[deferred]).await.unwrap(), [true]);
    let job = stored(store, 1).await;
    assert_eq!((job.state, job.waiting_for, job.due_at), (State::Waiting, WaitingFor::Backoff, at(70)));
    assert_eq!((job.reason.as_deref(), job.spent, job.updated_at), (Some("busy"), 1, at(10)));
    assert_eq!(job.answer, Some(answer("53000000001")));

    start(store, &lease, 1).await;
    let first = stored(store, 1).await;
    assert_eq!((first.attempt, first.intent_at, first.reason.as_deref()), (2, Some(at(0)), None));
    make(store, 1, Cause::Lost).await;
    make(store, 1, Cause::StillUnknown).await;
    make(store, 1, Cause::StillUnknown).await;
    assert_eq!(stored(store, 1).await.asked, 2);
    let mut nothing = step(store, 1, Cause::FoundNothing).await;
    nothing.keep_transaction = true;
    assert_eq!(store.apply(&[nothing]).await.unwrap(), [true]);
    let job = stored(store, 1).await;
    assert!(job.keep_transaction);
    assert_eq!(job.answer, Some(answer("53000000001")), "the last answer heard stays");
    assert_eq!(store.start(&lease, &[claim(&job)], at(50)).await.unwrap(), [id(1)]);
    let again = stored(store, 1).await;
    assert_eq!((again.attempt, &again.transaction, again.intent_at), (3, &first.transaction, first.intent_at));
    assert_eq!((again.asked, again.keep_transaction), (0, false));

    make(store, 1, Cause::GaveUp).await;
    assert_eq!(stored(store, 1).await.spent, 1);
    make(store, 1, Cause::Redriven).await;
    assert_eq!((stored(store, 1).await.spent, state(store, 1).await), (0, State::Waiting));
    start(store, &lease, 1).await;
    let mut done = step(store, 1, Cause::Done).await;
    done.at = at(99);
    assert_eq!(store.apply(&[done]).await.unwrap(), [true]);
    let job = stored(store, 1).await;
    assert_eq!((job.state, job.attempt, job.finished_at), (State::Succeeded, 4, Some(at(99))));
}

pub async fn attempts_tell_how_they_ended(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let mut lost = step(store, 1, Cause::Lost).await;
    lost.reason = Some("cut".into());
    lost.at = at(1);
    store.apply(&[lost]).await.unwrap();
    let mut unknown = step(store, 1, Cause::StillUnknown).await;
    unknown.reason = Some("object not visible".into());
    unknown.at = at(2);
    store.apply(&[unknown]).await.unwrap();
    let attempt = detail(store, 1).await.attempts.remove(0);
    assert_eq!((attempt.ended_at, attempt.cause.as_deref()), (Some(at(1)), Some("lost")));
    assert_eq!((attempt.reason.as_deref(), attempt.code), (Some("object not visible"), None));
    let mut foreign = step(store, 1, Cause::FoundForeign).await;
    foreign.at = at(3);
    foreign.answer = Some(answer("53300000001"));
    store.apply(&[foreign]).await.unwrap();
    let attempt = detail(store, 1).await.attempts.remove(0);
    assert_eq!((attempt.ended_at, attempt.cause.as_deref()), (Some(at(3)), Some("found_foreign")));
    assert_eq!(attempt.code.as_deref(), Some("53300000001"));
}

pub async fn two_moves_of_one_job_in_one_call(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), on(2, "example.de"), on(3, "example.de")]).await;
    let twice = [step(store, 1, Cause::Withdrawn).await, step(store, 1, Cause::TooLate).await];
    assert_eq!(store.apply(&twice).await.unwrap(), [true, false]);
    assert_eq!(detail(store, 1).await.events.len(), 1);
    assert_eq!(state(store, 1).await, State::Cancelled);
}

pub async fn overdue_jobs_are_found(db: Arc<Database>) {
    let store = &*db.store;
    let by = |number, seconds| NewJob { start_by: Some(at(seconds)), ..on(number, "example.de") };
    accept_new(store, &[by(1, 30), by(2, 10), by(3, 20), job(4)]).await;
    let overdue = |now| async move {
        let jobs = store.overdue(now, 9).await.unwrap();
        jobs.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(overdue(at(9)).await, [0_u128; 0]);
    assert_eq!(overdue(at(20)).await, [2, 3], "blocked ones too");
    make(store, 2, Cause::TooLate).await;
    assert_eq!(overdue(at(20)).await, [3]);
    assert_eq!(state(store, 2).await, State::Expired);
    assert_eq!(due(store).await, [1, 4]);
}

pub async fn what_waits_for_another_is_nobodys_concern_yet(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[on(1, "example.de"), on(2, "example.de")]).await;
    let unopened = step(store, 2, Cause::Unopened).await;
    assert_eq!(store.apply(&[unopened]).await.unwrap(), [false], "it waits for 1");
    make(store, 1, Cause::Withdrawn).await;
    make(store, 2, Cause::Unopened).await;
    assert_eq!(state(store, 2).await, State::NeedsAttention);
}
