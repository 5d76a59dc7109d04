//! What forecasts and whoever watches a batch are told.

use std::sync::Arc;

use registrard::model::{Answer, Cause, Class, Level, Message, NewJob, Operation, State, WaitingFor};
use registrard::store::{Acceptance, Ahead, Aside, Flow, Progress};

use crate::database::Database;
use crate::steps::*;

fn of(number: u128, batch: &str) -> NewJob {
    NewJob { batch: Some(batch.into()), ..job(number) }
}

fn answer(code: &str) -> Option<Answer> {
    let message = Message { level: Level::Error, code: code.into(), text: "no".into(), arguments: vec![] };
    Some(Answer { result: "failed".into(), messages: vec![message], ..Answer::default() })
}

pub async fn batches_count_what_is_new_and_what_ends(db: Arc<Database>) {
    let store = &*db.store;
    let delete = |number| NewJob { operation: Operation::DomainDelete, ..of(number, "sale") };
    assert_eq!(store.progress("sale").await.unwrap(), None);
    accept_new(store, &[of(1, "sale"), delete(2), job(3)]).await;
    let conflict = NewJob { max_attempts: 1, ..of(1, "sale") };
    let cycle = NewJob { after: vec![id(7)], ..of(7, "sale") };
    let answers = accept(store, &[of(1, "sale"), delete(4), conflict, cycle, of(5, "sale"), of(6, "other")]).await;
    let duplicate = Acceptance::Duplicate(State::Waiting);
    let (new, conflict, cycle) = (Acceptance::New, Acceptance::Conflict, Acceptance::Cycle);
    assert_eq!(answers, [duplicate, new.clone(), conflict, cycle, new.clone(), new], "only what is new is counted");
    let fresh = Progress { total: 4, destructive: 2, ..Progress::default() };
    assert_eq!(store.progress("sale").await.unwrap(), Some(fresh.clone()));

    let lease = lease(store).await;
    for number in 1..=5 {
        if number != 3 {
            start(store, &lease, number).await;
        }
    }
    let running = Progress { open: vec![(State::Running, 4)], ..fresh.clone() };
    assert_eq!(store.progress("sale").await.unwrap(), Some(running));
    let mut moves = Vec::new();
    for (number, cause, answer) in [
        (1, Cause::Refused, answer("53300000001")),
        (2, Cause::Refused, answer("53300000001")),
        (4, Cause::Refused, answer(&"9".repeat(500))),
        (5, Cause::Lost, None),
    ] {
        let mut step = step(store, number, cause).await;
        step.answer = answer;
        moves.push(step);
    }
    // A move that is not made counts nothing.
    moves.push(moves[0].clone());
    assert_eq!(store.apply(&moves).await.unwrap(), [true, true, true, true, false]);
    make(store, 6, Cause::Withdrawn).await;
    let ended = vec![(State::Failed, "53300000001".to_owned(), 2), (State::Failed, "9".repeat(64), 1)];
    let expected = Progress { ended: ended.clone(), open: vec![(State::InDoubt, 1)], ..fresh.clone() };
    assert_eq!(store.progress("sale").await.unwrap(), Some(expected.clone()));
    assert_eq!(expected.over(), 3);
    make(store, 5, Cause::FoundApplied).await;
    let over = store.progress("sale").await.unwrap().unwrap();
    assert_eq!(over.ended[0], (State::Succeeded, "found_applied".to_owned(), 1));
    assert_eq!((over.over(), over.open), (4, vec![]));
    let other = store.progress("other").await.unwrap().unwrap();
    assert_eq!(other.ended, [(State::Cancelled, "withdrawn".to_owned(), 1)]);
}

pub async fn flows_tell_who_waits_and_ahead_who_is_before(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let desk = |number, class| NewJob { publisher: "desk".into(), class, ..job(number) };
    let later = NewJob { not_before: Some(at(60)), ..of(4, "sale") };
    let pool = NewJob { account: "pool".into(), pool: Some("pool".into()), ..job(9) };
    accept_new(store, &[of(1, "sale"), of(2, "sale"), of(3, "sale"), later, job(5), on(6, "example-5.de")]).await;
    accept_new(store, &[desk(7, Class::Normal), desk(8, Class::Urgent), pool]).await;
    let flow = |class, publisher: &str, batch: Option<&str>, ripe, unripe| Flow {
        queue: ACCOUNT.into(),
        class,
        publisher: publisher.into(),
        batch: batch.map(str::to_owned),
        ripe,
        unripe,
    };
    let mut flows = store.flows(Some(ACCOUNT)).await.unwrap();
    flows.sort_by_key(|flow| (flow.class, flow.publisher.clone(), flow.batch.clone()));
    let expected = [
        flow(Class::Urgent, "desk", None, 1, 0),
        flow(Class::Normal, "billing", None, 1, 1),
        flow(Class::Normal, "billing", Some("sale"), 3, 1),
        flow(Class::Normal, "desk", None, 1, 0),
    ];
    assert_eq!(flows, expected);
    assert_eq!(store.flows(None).await.unwrap().len(), 5);
    assert_eq!(store.flows(Some("nobody")).await.unwrap(), []);

    let ahead = |number| async move { store.ahead(&stored(store, number).await).await.unwrap() };
    // 1, 5, 2 and 3 stand in this order: 5 came when it was the turn of nobody.
    let before =
        |more_urgent, same_publisher, other_publishers| Ahead { more_urgent, same_publisher, other_publishers };
    assert_eq!(ahead(1).await, before(1, 0, 1));
    assert_eq!(ahead(5).await, before(1, 1, 1));
    assert_eq!(ahead(3).await, before(1, 3, 1));
    assert_eq!(ahead(8).await, before(0, 0, 0));
    assert_eq!(ahead(9).await, before(0, 0, 0));
    start(store, &lease, 1).await;
    start(store, &lease, 8).await;
    assert_eq!(ahead(3).await, before(0, 2, 1));
    let aside = Aside { job: id(5), attempt: 0, waiting_for: WaitingFor::Spacing, due_at: at(9), held_by: None };
    store.set_aside(&lease, &[aside]).await.unwrap();
    assert_eq!(ahead(3).await, before(0, 1, 1));
    assert_eq!(store.flows(Some("pool")).await.unwrap()[0].ripe, 1);
}

pub async fn what_is_paused_is_not_late(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &[job(1)]).await;
    store.accept(&[job(2)], &[], at(50)).await.unwrap();
    let oldest = || async { store.counts().await.unwrap()[0].oldest };
    assert_eq!(oldest().await, Some(at(0)));
    let held = |number| Aside {
        job: id(number),
        attempt: 0,
        waiting_for: WaitingFor::Paused,
        due_at: at(0),
        held_by: Some("batch:sale".into()),
    };
    store.set_aside(&lease, &[held(1)]).await.unwrap();
    assert_eq!(oldest().await, Some(at(50)));
    store.set_aside(&lease, &[held(2)]).await.unwrap();
    assert_eq!(oldest().await, None);
}
