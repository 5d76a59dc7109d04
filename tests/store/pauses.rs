//! What operators and the brake keep from starting.

use std::sync::Arc;

use registrard::model::{Cause, Event, NewJob, Operation, WaitingFor};
use registrard::store::{Aside, Lease, Pause, PauseKind, Store};

use crate::database::Database;
use crate::steps::*;

fn pause(kind: PauseKind, name: &str) -> Pause {
    Pause { kind, name: name.into(), reason: "checked by hand first".into(), since: at(5) }
}

fn told(what: &str) -> Event {
    Event::of_account(ACCOUNT, what, "an operator", at(5))
}

async fn hold(store: &dyn Store, lease: &Lease, numbers: &[u128], by: &Pause) -> u64 {
    let aside = |number: &u128| Aside {
        job: id(*number),
        attempt: 0,
        waiting_for: WaitingFor::Paused,
        due_at: at(9999),
        held_by: Some(by.key()),
    };
    store.set_aside(lease, &numbers.iter().map(aside).collect::<Vec<_>>()).await.unwrap()
}

pub async fn pauses_are_kept_with_their_events(db: Arc<Database>) {
    let store = &*db.store;
    let before = store.last_event().await.unwrap();
    let events = || async { store.events_after(before, 99).await.unwrap().len() };
    for kind in PauseKind::ALL {
        assert!(store.pause(&pause(*kind, "a: b"), &told(kind.word())).await.unwrap(), "{kind:?}");
    }
    let again = Pause { reason: "another".into(), ..pause(PauseKind::Batch, "a: b") };
    assert!(!store.pause(&again, &told("paused-again")).await.unwrap(), "the first stands");
    assert_eq!(events().await, PauseKind::ALL.len(), "and nobody is told");
    let mut pauses = store.pauses().await.unwrap();
    pauses.sort_by_key(|pause| pause.kind);
    assert_eq!(pauses, PauseKind::ALL.iter().map(|kind| pause(*kind, "a: b")).collect::<Vec<_>>());
    let ended = store.end_pause(PauseKind::Operation, "a: b", &told("resumed")).await.unwrap();
    assert_eq!(ended, Some(pause(PauseKind::Operation, "a: b")));
    assert_eq!(store.end_pause(PauseKind::Operation, "a: b", &told("resumed")).await.unwrap(), None);
    let all = PauseKind::ALL.len();
    assert_eq!((events().await, store.pauses().await.unwrap().len()), (all + 1, all - 1));
}

pub async fn held_jobs_are_out_of_the_way_until_let_go(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let batched = |number| NewJob { batch: Some("sale".into()), ..job(number) };
    accept_new(store, &[batched(1), batched(2), job(3), NewJob { operation: Operation::DomainDelete, ..job(4) }]).await;
    let (batch, deletes) = (pause(PauseKind::Batch, "sale"), pause(PauseKind::Operation, "domain.delete"));
    for pause in [&batch, &deletes] {
        assert!(store.pause(pause, &told("paused")).await.unwrap());
    }
    let read: Vec<_> = heads(store, ACCOUNT, at(0)).await.iter().map(claim).collect();
    assert_eq!(hold(store, &lease, &[1, 2], &batch).await, 2);
    assert_eq!(hold(store, &lease, &[4], &deletes).await, 1);
    assert_eq!(turns(store, at(99999)).await, [3], "time does not help");
    assert_eq!(next_due(store, at(0)).await, None);
    let held = stored(store, 1).await;
    assert_eq!((held.waiting_for, held.due_at, held.updated_at), (WaitingFor::Paused, at(0), at(0)));
    assert_eq!(store.start(&lease, &read, at(0)).await.unwrap(), [id(3)], "nor is it claimed by who read it before");
    assert_eq!(store.let_go(9).await.unwrap(), 0, "both pauses are still there");

    store.end_pause(PauseKind::Batch, "sale", &told("resumed")).await.unwrap();
    assert_eq!((store.let_go(1).await.unwrap(), store.let_go(9).await.unwrap()), (1, 1));
    assert_eq!(turns(store, at(0)).await, [1, 2]);
    assert_eq!(stored(store, 1).await.waiting_for, WaitingFor::Turn);
    // Ended by other means it is held by nobody any more.
    make(store, 4, Cause::Withdrawn).await;
    store.end_pause(PauseKind::Operation, "domain.delete", &told("resumed")).await.unwrap();
    assert_eq!(store.let_go(9).await.unwrap(), 0);
}

/// A pause that was added after the jobs were read holds them all the same.
pub async fn no_claim_overtakes_a_pause(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let jobs = [
        NewJob { batch: Some("sale".into()), ..job(1) },
        NewJob { publisher: "shop".into(), ..job(2) },
        NewJob { operation: Operation::DomainDelete, ..job(3) },
        job(4),
    ];
    accept_new(store, &jobs).await;
    let read: Vec<_> = heads(store, ACCOUNT, at(0)).await.iter().map(claim).collect();
    let names = [(PauseKind::Batch, "sale"), (PauseKind::Publisher, "shop"), (PauseKind::Operation, "domain.delete")];
    for (kind, name) in names {
        store.pause(&pause(kind, name), &told(name)).await.unwrap();
    }
    assert_eq!(store.start(&lease, &read, at(0)).await.unwrap(), [id(4)]);
    for (kind, name) in names {
        store.end_pause(kind, name, &told(&format!("{name} goes on"))).await.unwrap();
    }
    store.pause(&pause(PauseKind::Account, ACCOUNT), &told("account")).await.unwrap();
    assert!(store.start(&lease, &read, at(0)).await.unwrap().is_empty());
    store.end_pause(PauseKind::Account, ACCOUNT, &told("account goes on")).await.unwrap();
    let mut started = store.start(&lease, &read, at(0)).await.unwrap();
    started.sort_unstable();
    assert_eq!(started, [id(1), id(2), id(3)]);
}

/// A worker may hold a job for a pause that ends in the same moment.
pub async fn who_is_held_by_no_pause_is_let_go(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &[job(1), job(2)]).await;
    assert_eq!(hold(store, &lease, &[1], &pause(PauseKind::Publisher, "billing")).await, 1);
    let nobodys = Aside { job: id(2), attempt: 0, waiting_for: WaitingFor::Paused, due_at: at(0), held_by: None };
    assert_eq!(store.set_aside(&lease, &[nobodys]).await.unwrap(), 1);
    assert_eq!(turns(store, at(0)).await, [0_u128; 0]);
    assert_eq!(store.let_go(9).await.unwrap(), 2);
    assert_eq!(due(store).await, [1, 2]);
}

/// What the others did meanwhile is no reason to stand behind all of them.
pub async fn a_resumed_batch_takes_turns_at_once(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let of = |batch: &str, numbers: std::ops::Range<u128>| {
        numbers.map(|number| NewJob { batch: Some(batch.into()), ..job(number) }).collect::<Vec<_>>()
    };
    accept_new(store, &of("held", 1..21)).await;
    accept_new(store, &of("free", 21..41)).await;
    let batch = pause(PauseKind::Batch, "held");
    assert!(store.pause(&batch, &told("paused")).await.unwrap());
    assert_eq!(hold(store, &lease, &(1..21).collect::<Vec<_>>(), &batch).await, 20);
    store.end_pause(PauseKind::Batch, "held", &told("resumed")).await.unwrap();
    assert_eq!(store.let_go(99).await.unwrap(), 20);
    let order = turns(store, at(0)).await;
    let early = order.iter().take(10).filter(|number| **number < 21).count();
    assert!((4..=6).contains(&early), "{order:?}");
}

pub async fn a_resumed_batch_is_released(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[NewJob { batch: Some("sale".into()), ..job(1) }]).await;
    let released = || async { store.progress("sale").await.unwrap().unwrap().released };
    assert_eq!(store.end_pause(PauseKind::Batch, "sale", &told("resumed")).await.unwrap(), None);
    assert!(!released().await, "it was not stopped");
    store.pause(&pause(PauseKind::Batch, "sale"), &told("paused")).await.unwrap();
    assert!(!released().await);
    store.end_pause(PauseKind::Batch, "sale", &told("resumed")).await.unwrap();
    assert!(released().await);
}
