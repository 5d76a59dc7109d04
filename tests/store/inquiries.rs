//! What the registry was asked is written with the move it led to, and shown with the job.

use std::sync::Arc;

use registrard::model::verdict::Finding;
use registrard::model::{Answer, Cause, Inquiry, Lost, Move, ObjectKey, ObjectKind, Operation, Question, State};

use crate::database::Database;
use crate::steps::*;

fn object() -> ObjectKey {
    ObjectKey::new(ObjectKind::Domain, "example.de")
}

fn heard() -> Question {
    let answer = Answer { result: "success".into(), server_transaction: Some("stid-1".into()), ..Answer::default() };
    Question::answered(Operation::DomainInfo, &object(), at(1), &answer)
}

fn silent() -> Question {
    Question::lost(Operation::DomainCheck, &object(), at(2), &Lost::PerhapsSent("cut \0 off".into()))
}

fn applied() -> Inquiry {
    let finding = Finding::Applied { shown: Answer::default(), evidence: "INFO: ours, holders equal".into() };
    Inquiry::new(vec![heard(), silent()], &finding)
}

fn unknown(number: i64) -> Inquiry {
    Inquiry::new(vec![silent()], &Finding::Unknown(format!("silence {number}")))
}

/// A move that an inquiry led to.
async fn asked(store: &dyn registrard::store::Store, number: u128, cause: Cause, inquiry: Inquiry) -> Move {
    let mut step = step(store, number, cause).await;
    step.at = at(7);
    step.inquiry = Some(inquiry);
    step
}

pub async fn what_was_asked_is_kept_with_what_it_led_to(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2)]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Lost).await;
    run(store, &lease, 2, Cause::Lost).await;
    let both = [
        asked(store, 1, Cause::StillUnknown, unknown(1)).await,
        asked(store, 2, Cause::FoundNothing, unknown(1)).await,
        asked(store, 1, Cause::FoundApplied, applied()).await,
    ];
    assert_eq!(store.apply(&both).await.unwrap(), [true; 3]);

    let first = detail(store, 1).await.inquiries;
    let told: Vec<_> = first
        .iter()
        .map(|one| (one.number, one.attempt, one.about, one.cause.as_str(), one.finding.as_str()))
        .collect();
    assert_eq!(
        told,
        [(1, 1, State::InDoubt, "still_unknown", "unknown"), (2, 1, State::InDoubt, "found_applied", "applied")]
    );
    assert_eq!((first[1].asked_at, first[1].evidence.as_str()), (at(7), "INFO: ours, holders equal"));
    assert_eq!(first[1].questions, [heard(), silent()]);
    assert_eq!((first[1].questions[0].object.as_str(), first[1].questions[0].at), ("domain:example.de", at(1)));
    assert_eq!(detail(store, 2).await.inquiries.len(), 1, "each job has its own");
}

/// Law 9 holds for the evidence, too: what a late finisher learnt is not written beside what his successor did.
pub async fn a_move_that_is_not_made_leaves_no_inquiry(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Lost).await;
    let step = asked(store, 1, Cause::FoundApplied, applied()).await;
    assert_eq!(store.apply(&[step.clone(), step.clone()]).await.unwrap(), [true, false]);
    assert_eq!(store.apply(&[step]).await.unwrap(), [false]);
    assert_eq!(detail(store, 1).await.inquiries.len(), 1);
}

/// A job that is asked about for weeks keeps each decision, the first question of each attempt and the last twenty.
pub async fn questions_that_settle_nothing_do_not_pile_up(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Lost).await;
    let ask = async |cause, number| {
        let step = asked(store, 1, cause, unknown(number)).await;
        assert_eq!(store.apply(&[step]).await.unwrap(), [true]);
    };
    for number in 1..=30 {
        ask(Cause::StillUnknown, number).await;
    }
    ask(Cause::FoundNothing, 31).await;
    start(store, &lease, 1).await;
    make(store, 1, Cause::Taken).await;
    for number in 32..=70 {
        ask(Cause::StillPending, number).await;
    }
    let kept: Vec<u32> = detail(store, 1).await.inquiries.iter().map(|one| one.number).collect();
    assert_eq!(kept, [1, 31, 32].into_iter().chain(51..=70).collect::<Vec<_>>());
    ask(Cause::Completed, 71).await;
    let last = detail(store, 1).await.inquiries.pop().unwrap();
    assert_eq!((last.number, last.attempt, last.about), (71, 2, State::Pending));
    assert_eq!(last.evidence, "silence 71");
}
