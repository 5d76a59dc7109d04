use std::sync::Arc;

use jiff::Timestamp;
use registrard::model::event::Told;
use registrard::model::{Cause, Event, State};
use registrard::store::{InboxMessage, MessageFilter, Receipt, Store, StoreError};
use serde_json::json;

use crate::database::Database;
use crate::steps::*;

fn message(id: &str, kind: &str, received: Timestamp) -> (InboxMessage, Event) {
    let told = Told {
        account: ACCOUNT,
        id,
        native_kind: "domainStatusUpdate",
        kind,
        object: None,
        written_at: Some(at(1)),
        count: Some(3),
        said: &json!({ "status": "connect" }),
        deadlines: &[],
        ended: &[],
    };
    let message = InboxMessage {
        id: id.into(),
        native_kind: "domainStatusUpdate".into(),
        kind: kind.into(),
        object: Some("domain:example-1.de".into()),
        written_at: Some(at(1)),
        received_at: received,
        body: told.data(),
        words: Vec::new(),
    };
    (message, Event::of_message(&told, received))
}

/// The kinds of all events so far.
async fn told(store: &dyn Store) -> Vec<String> {
    store.events_after(0, 99).await.unwrap().into_iter().map(|row| row.event.kind).collect()
}

/// Jobs that the registry works on.
async fn pending(store: &dyn Store, numbers: &[u128]) -> registrard::store::Lease {
    let lease = lease(store).await;
    accept_new(store, &numbers.iter().map(|number| job(*number)).collect::<Vec<_>>()).await;
    for number in numbers {
        run(store, &lease, *number, Cause::Taken).await;
    }
    lease
}

pub async fn a_message_is_stored_once_with_its_event_and_what_it_ends(db: Arc<Database>) {
    let store = &*db.store;
    let lease = pending(store, &[1, 2]).await;
    let on_it = store.pending_on(ACCOUNT, "domain:example-1.de").await.unwrap();
    assert_eq!(on_it.iter().map(|job| job.id).collect::<Vec<_>>(), [id(1)]);
    assert_eq!(store.pending_on("DENIC-1000099", "domain:example-1.de").await.unwrap(), []);

    let (row, event) = message("m-1", "domain_status_update", at(2));
    let end = step(store, 1, Cause::Completed).await;
    assert_eq!(store.receive(&lease, &row, &event, &[end]).await.unwrap(), Receipt::New);
    assert_eq!((state(store, 1).await, state(store, 2).await), (State::Succeeded, State::Pending));
    let expected = ["job.pending", "job.pending", "message.domain_status_update", "job.succeeded"];
    assert_eq!(told(store).await, expected);

    // Read once more: nothing happens, whatever it would mean now.
    let end = step(store, 2, Cause::TurnedDown).await;
    assert_eq!(store.receive(&lease, &row, &event, &[end]).await.unwrap(), Receipt::Known);
    assert_eq!((state(store, 2).await, told(store).await.len()), (State::Pending, 4));
    let counts = store.counts().await.unwrap();
    assert!(counts.iter().any(|count| count.state == State::Succeeded && count.jobs == 1));
}

pub async fn a_message_whose_job_has_moved_is_not_stored(db: Arc<Database>) {
    let store = &*db.store;
    let lease = pending(store, &[1, 2]).await;
    let (row, event) = message("m-1", "domain_status_update", at(2));
    let ends = [step(store, 1, Cause::Completed).await, step(store, 2, Cause::Completed).await];
    make(store, 2, Cause::TurnedDown).await;
    assert_eq!(store.receive(&lease, &row, &event, &ends).await.unwrap(), Receipt::Overtaken);
    assert_eq!((state(store, 1).await, told(store).await.len()), (State::Pending, 3));
    assert_eq!(store.begin_removal(&lease, "m-1").await.unwrap(), None);
    assert_eq!(store.receive(&lease, &row, &event, &ends[..1]).await.unwrap(), Receipt::New);
    assert_eq!(state(store, 1).await, State::Succeeded);
}

pub async fn a_replaced_owner_receives_and_removes_nothing(db: Arc<Database>) {
    let store = &*db.store;
    let old = lease(store).await;
    let (row, event) = message("m-1", "raw", at(2));
    store.receive(&old, &row, &event, &[]).await.unwrap();
    store.release(&old).await.unwrap();
    let new = lease(store).await;
    let (other, event) = message("m-2", "raw", at(3));
    assert!(matches!(store.receive(&old, &other, &event, &[]).await, Err(StoreError::Fenced(_))));
    assert!(matches!(store.begin_removal(&old, "m-1").await, Err(StoreError::Fenced(_))));
    assert!(matches!(store.found_empty(&old, at(4), &[]).await, Err(StoreError::Fenced(_))));
    assert_eq!(store.begin_removal(&new, "m-1").await.unwrap(), Some(1));
    assert_eq!(told(store).await, ["message.raw"]);
}

pub async fn removals_are_counted_and_noted(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    for (n, id) in ["m-1", "m-2", "m-3"].into_iter().enumerate() {
        let (row, event) = message(id, "raw", at(n as i64));
        store.receive(&lease, &row, &event, &[]).await.unwrap();
    }
    assert_eq!(store.begin_removal(&lease, "m-1").await.unwrap(), Some(1));
    assert_eq!(store.begin_removal(&lease, "m-1").await.unwrap(), Some(2));
    store.removed(ACCOUNT, "m-1", at(10)).await.unwrap();
    store.removed(ACCOUNT, "m-1", at(20)).await.unwrap();
    assert_eq!(store.begin_removal(&lease, "m-1").await.unwrap(), Some(3), "also of one that was removed before");
    store.not_removed(ACCOUNT, "m-2", "not the oldest").await.unwrap();
    assert_eq!(store.open_messages().await.unwrap(), [(ACCOUNT.to_owned(), 2)]);
    let filter = MessageFilter { limit: 9, ..MessageFilter::default() };
    let shown = |rows: Vec<registrard::store::InboxRow>| -> Vec<_> {
        rows.into_iter().map(|row| (row.id, row.tries, row.removed_at, row.why)).collect()
    };
    let rows = shown(store.messages(&filter).await.unwrap());
    let expected = [
        ("m-3".to_owned(), 0, None, None),
        ("m-2".to_owned(), 0, None, Some("not the oldest".to_owned())),
        ("m-1".to_owned(), 3, Some(at(10)), None),
    ];
    assert_eq!(rows, expected);
    assert_eq!(store.found_empty(&lease, at(30), &[]).await.unwrap(), 2);
    assert_eq!(store.found_empty(&lease, at(40), &[]).await.unwrap(), 0);
    let rows = shown(store.messages(&filter).await.unwrap());
    assert_eq!(rows.iter().map(|row| row.2).collect::<Vec<_>>(), [Some(at(30)), Some(at(30)), Some(at(10))]);
    assert_eq!(store.open_messages().await.unwrap(), []);
}

pub async fn messages_by_filter(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    for (n, kind) in ["raw", "expire", "raw", "domain_delete"].into_iter().enumerate() {
        let (row, event) = message(&format!("m-{n}"), kind, at(n as i64));
        store.receive(&lease, &row, &event, &[]).await.unwrap();
    }
    store.removed(ACCOUNT, "m-2", at(9)).await.unwrap();
    let all = MessageFilter { limit: 9, ..MessageFilter::default() };
    let ids = |filter: MessageFilter| async move {
        let rows = store.messages(&filter).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(all.clone()).await, ["m-3", "m-2", "m-1", "m-0"]);
    assert_eq!(ids(MessageFilter { kind: Some("raw".into()), ..all.clone() }).await, ["m-2", "m-0"]);
    assert_eq!(ids(MessageFilter { only_open: true, kind: Some("raw".into()), ..all.clone() }).await, ["m-0"]);
    assert_eq!(ids(MessageFilter { account: Some("other".into()), ..all.clone() }).await, [""; 0]);
    let newest = store.messages(&MessageFilter { limit: 1, ..all.clone() }).await.unwrap().remove(0);
    let (row, _) = message("m-3", "domain_delete", at(3));
    assert_eq!((newest.object, newest.written_at, newest.body), (row.object, row.written_at, row.body));
    assert_eq!(ids(MessageFilter { before_seq: Some(newest.seq), limit: 2, ..all }).await, ["m-2", "m-1"]);
}

pub async fn pending_orders_are_asked_about_when_they_are_due(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &[job(1), job(2)]).await;
    for (number, due) in [(1, 60), (2, 30)] {
        start(store, &lease, number).await;
        let mut taken = step(store, number, Cause::Taken).await;
        taken.due_at = at(due);
        assert_eq!(store.apply(&[taken]).await.unwrap(), [true]);
    }
    let due = |now| async move {
        let jobs = store.follow_ups(ACCOUNT, now, 9).await.unwrap();
        jobs.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!((due(at(29)).await, due(at(60)).await), (vec![], vec![2, 1]));
    assert_eq!(store.doubts(ACCOUNT, at(60), 9).await.unwrap(), []);
    assert_eq!(next_due(store, at(0)).await, Some(at(30)));
    for asked in 1..=2 {
        let mut still = step(store, 2, Cause::StillPending).await;
        still.due_at = at(90);
        assert_eq!(store.apply(&[still]).await.unwrap(), [true]);
        assert_eq!(stored(store, 2).await.asked, asked);
    }
    assert_eq!(due(at(60)).await, [1]);
    make(store, 2, Cause::Completed).await;
    assert_eq!(due(at(99)).await, [1]);
}
