use std::sync::Arc;

use registrard::model::event::RejectedItem;
use registrard::model::request::{Reject, RejectCode, Warning};
use registrard::model::{Cause, Class, Event, NewJob, State, WaitingFor};
use registrard::store::Acceptance;
use serde_json::json;

use crate::database::Database;
use crate::steps::*;

pub async fn every_field_comes_back(db: Arc<Database>) {
    let store = &*db.store;
    let new = NewJob {
        class: Class::Urgent,
        not_before: Some(at(60)),
        start_by: Some(at(600)),
        batch: Some("autumn-sale".into()),
        max_attempts: u32::MAX,
        context: json!({"order": "A-1001", "note": "ä\u{0}", "big": 1.5e300}),
        reply_to: Some("amq.rabbitmq.reply-to.x".into()),
        correlation_id: Some("c-1".into()),
        ..job(1)
    };
    accept_new(store, std::slice::from_ref(&new)).await;
    let job = stored(store, 1).await;
    assert_eq!(
        (job.id, &job.publisher, &job.account, job.operation),
        (new.id, &new.publisher, &new.account, new.operation)
    );
    assert_eq!((&job.object, &job.params, job.class), (&new.object, &new.params, new.class));
    assert_eq!((job.state, job.waiting_for, job.reason), (State::Waiting, WaitingFor::Time, None));
    assert_eq!((job.due_at, job.start_by, job.batch, job.max_attempts), (at(60), Some(at(600)), new.batch, u32::MAX));
    assert_eq!((job.attempt, job.spent, job.asked, job.blockers, job.fence), (0, 0, 0, 0, 0));
    assert_eq!((job.transaction, job.keep_transaction, job.intent_at, job.answer), (None, false, None, None));
    assert_eq!((job.context, job.reply_to, job.correlation_id), (new.context, new.reply_to, new.correlation_id));
    assert_eq!((job.created_at, job.updated_at, job.finished_at), (at(0), at(0), None));
    assert_eq!(due(store).await, [0_u128; 0], "not before its time");
    assert_eq!(next_due(store, at(0)).await, Some(at(60)));
    assert_eq!(due_at(store, at(60)).await, [1]);
    assert_eq!(due_at(store, at(600)).await, [0_u128; 0], "too late");
}

pub async fn the_same_id_is_a_duplicate_or_a_conflict(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let other_reply = NewJob { reply_to: Some("elsewhere".into()), ..job(1) };
    assert_eq!(accept(store, &[other_reply]).await, [Acceptance::Duplicate(State::Waiting)], "the reply is no content");
    let other = NewJob { max_attempts: 3, ..job(1) };
    assert_eq!(accept(store, &[other, job(2)]).await, [Acceptance::Conflict, Acceptance::New]);
    assert_eq!(stored(store, 1).await.max_attempts, 10, "the first stands");
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    assert_eq!(accept(store, &[job(1)]).await, [Acceptance::Duplicate(State::Running)]);
    // The same can be asked without taking anything in.
    let known = store.known(&[job(1), job(2), job(3)]).await.unwrap();
    let expected = [(1, State::Running), (2, State::Waiting)];
    assert_eq!(known, expected.map(|(number, state)| (id(number), (job(number).digest(), state))).into());
    assert!(store.known(&[]).await.unwrap().is_empty());
}

/// A job with secrets is known by digests under keys; the one in use may have changed since it was stored.
pub async fn a_sealed_job_is_known_after_a_rotation(db: Arc<Database>) {
    let store = &*db.store;
    let params = |text: &str| json!({ "auth_info": { "sealed": text } }).as_object().unwrap().clone();
    let sealed = |text: &str, keyed: &[u8]| NewJob {
        params: params(text),
        keyed: keyed.iter().map(|byte| [*byte; 32]).collect(),
        ..job(1)
    };
    accept_new(store, &[sealed("v1.a", &[1, 9])]).await;
    let again = [sealed("v1.b", &[1, 9]), sealed("v1.c", &[2, 1, 9]), sealed("v1.d", &[2, 9])];
    let expected = [Acceptance::Duplicate(State::Waiting), Acceptance::Duplicate(State::Waiting), Acceptance::Conflict];
    assert_eq!(accept(store, &again).await, expected);
    assert_eq!(stored(store, 1).await.params, params("v1.a"), "it comes back as it was");
    // From before there was any key: the content tells.
    accept_new(store, &[job(2)]).await;
    let keyed = vec![[1; 32], job(2).content_digest()];
    assert_eq!(accept(store, &[NewJob { keyed, ..job(2) }]).await, [Acceptance::Duplicate(State::Waiting)]);
}

pub async fn the_same_id_twice_in_one_call(db: Arc<Database>) {
    let store = &*db.store;
    let other = NewJob { class: Class::Bulk, ..job(1) };
    let answers = accept(store, &[job(1), job(1), other, job(2)]).await;
    let expected = [Acceptance::New, Acceptance::Duplicate(State::Waiting), Acceptance::Conflict, Acceptance::New];
    assert_eq!(answers, expected);
    assert_eq!(due(store).await, [1, 2]);
}

pub async fn a_duplicate_of_a_finished_job_sends_its_outcome_again(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2)]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Done).await;
    run(store, &lease, 2, Cause::Done).await;
    let sent = store.unsent(at(0), 10).await.unwrap();
    store.mark_sent(&sent.iter().map(|row| row.seq).collect::<Vec<_>>(), at(1)).await.unwrap();
    assert_eq!(store.unsent(at(9), 10).await.unwrap(), []);

    assert_eq!(accept(store, &[job(1)]).await, [Acceptance::Duplicate(State::Succeeded)]);
    let again = store.unsent(at(9), 10).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].event, sent[0].event, "the same event under the same id");
    let conflict = NewJob { max_attempts: 3, ..job(2) };
    assert_eq!(accept(store, &[conflict]).await, [Acceptance::Conflict]);
    assert_eq!(store.unsent(at(9), 10).await.unwrap().len(), 1, "a conflict is told nothing of the first");
}

pub async fn warnings_are_told_with_the_job_and_once(db: Arc<Database>) {
    let store = &*db.store;
    let warning = Warning { rule: "sep_bit", field: "params.dnskey[0]".into(), reason: "flags should be 257".into() };
    let warned = |number| NewJob { warnings: vec![warning.clone()], context: json!({"order": 1}), ..job(number) };
    let answers = accept(store, &[job(1), warned(2), warned(2)]).await;
    assert_eq!(answers, [Acceptance::New, Acceptance::New, Acceptance::Duplicate(State::Waiting)]);
    assert_eq!(accept(store, &[warned(2), warned(1)]).await[0], Acceptance::Duplicate(State::Waiting));
    let rows = store.unsent(at(5), 10).await.unwrap();
    let told: Vec<Event> = rows.into_iter().map(|row| row.event).collect();
    assert_eq!(told, [Event::of_warnings(&warned(2), at(0)).unwrap()], "only of what was taken, and once");
    assert!(!told[0].is_final && told[0].job == Some(id(2)));
}

pub async fn rejections_are_written_once(db: Arc<Database>) {
    let store = &*db.store;
    let reject = Reject::new(RejectCode::Malformed, "not JSON");
    let about = RejectedItem {
        source: b"{",
        index: 0,
        publisher: "billing",
        account: None,
        job: None,
        context: &json!({"note": "\u{0}"}),
        reply_to: Some("q"),
        correlation_id: Some("c"),
    };
    let event = Event::of_reject(&reject, &about, at(0));
    store.accept(&[job(1)], std::slice::from_ref(&event), at(0)).await.unwrap();
    store.accept(&[], std::slice::from_ref(&event), at(5)).await.unwrap();
    let rows = store.unsent(at(5), 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.event.clone()).collect::<Vec<_>>(), [event]);
}

pub async fn texts_that_a_database_may_not_like(db: Arc<Database>) {
    let store = &*db.store;
    let odd = "'; DROP TABLE jobs; -- \u{0} \\ \" 😀";
    let new = NewJob {
        batch: Some(odd.into()),
        reply_to: Some(odd.into()),
        correlation_id: Some(odd.into()),
        context: json!({ odd: odd }),
        ..on(1, odd)
    };
    let next = NewJob { id: id(2), ..new.clone() };
    accept_new(store, &[new.clone(), job(3)]).await;
    accept_new(store, &[next]).await;
    let job = stored(store, 1).await;
    assert_eq!((&job.params, &job.context), (&new.params, &new.context), "JSON comes back as it was");
    assert_eq!(job.batch, Some(odd.replace('\0', "\u{fffd}")), "a NUL cannot be kept in a text");
    assert_eq!(due(store).await, [1, 3], "the second on the same odd object waits");
}

pub async fn an_empty_intake_is_nothing(db: Arc<Database>) {
    let store = &*db.store;
    assert_eq!(store.accept(&[], &[], at(0)).await.unwrap(), []);
    assert_eq!(store.apply(&[]).await.unwrap(), [false; 0]);
    let lease = lease(store).await;
    assert_eq!(store.start(&lease, &[], at(0)).await.unwrap(), []);
    store.mark_sent(&[], at(0)).await.unwrap();
    store.postpone(&[], at(0), "").await.unwrap();
    assert_eq!(store.sweep_links().await.unwrap(), 0);
    assert_eq!(next_due(store, at(0)).await, None);
    assert!(store.job(id(1)).await.unwrap().is_none());
    store.ping().await.unwrap();
}
