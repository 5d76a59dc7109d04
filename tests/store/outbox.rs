use std::sync::Arc;

use registrard::model::{Cause, Event, NewJob};
use registrard::store::{Backlog, OutboxRow, Store};

use crate::database::Database;
use crate::steps::*;

fn seqs(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.seq).collect()
}

async fn write(store: &dyn Store, count: i64) {
    let events: Vec<Event> = (0..count).map(|n| Event::of_account(ACCOUNT, "suspended", "test", at(n))).collect();
    store.accept(&[], &events, at(0)).await.unwrap();
}

pub async fn events_leave_in_order_and_once(db: Arc<Database>) {
    let store = &*db.store;
    assert_eq!(store.last_event().await.unwrap(), 0);
    write(store, 5).await;
    let rows = store.unsent(at(0), 9).await.unwrap();
    assert!(seqs(&rows).is_sorted() && rows.len() == 5, "events of the future are sent too");
    assert_eq!(rows.iter().map(|row| row.event.time).collect::<Vec<_>>(), (0..5).map(at).collect::<Vec<_>>());
    assert_eq!(store.unsent(at(0), 2).await.unwrap(), rows[..2]);
    assert_eq!(store.outbox_backlog().await.unwrap(), Backlog { unsent: 5, oldest: Some(at(0)) });
    store.mark_sent(&[rows[1].seq, rows[0].seq, rows[3].seq], at(7)).await.unwrap();
    store.mark_sent(&[rows[0].seq], at(8)).await.unwrap();
    assert_eq!(seqs(&store.unsent(at(0), 9).await.unwrap()), [rows[2].seq, rows[4].seq]);
    assert_eq!(store.outbox_backlog().await.unwrap(), Backlog { unsent: 2, oldest: Some(at(2)) });
    let all = store.events_after(0, 9).await.unwrap();
    assert_eq!(
        all.iter().map(|row| row.sent_at).collect::<Vec<_>>(),
        [Some(at(7)), Some(at(7)), None, Some(at(7)), None]
    );
    write(store, 5).await;
    assert_eq!(store.events_after(0, 9).await.unwrap(), all, "the same happening is one event");
}

pub async fn postponed_events_come_back(db: Arc<Database>) {
    let store = &*db.store;
    write(store, 3).await;
    let rows = store.unsent(at(0), 9).await.unwrap();
    store.postpone(&seqs(&rows[..2]), at(60), "nobody is bound").await.unwrap();
    assert_eq!(seqs(&store.unsent(at(59), 9).await.unwrap()), [rows[2].seq]);
    let back = store.unsent(at(60), 9).await.unwrap();
    assert_eq!(seqs(&back), seqs(&rows), "in their old order");
    assert_eq!(back.iter().map(|row| row.tries).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(seqs(&store.unsent(at(60), 1).await.unwrap()), [rows[0].seq], "fresh ones do not starve them");
    store.mark_sent(&seqs(&rows), at(61)).await.unwrap();
    store.postpone(&seqs(&rows), at(62), "too late").await.unwrap();
    assert_eq!(store.unsent(at(99), 9).await.unwrap(), [], "what is sent stays sent");
}

/// Events nobody receives come round again and again, and fresh ones get past them all the same; and the reverse.
pub async fn fresh_and_postponed_events_share(db: Arc<Database>) {
    let store = &*db.store;
    write(store, 30).await;
    let old = seqs(&store.unsent(at(0), 99).await.unwrap());
    store.postpone(&old, at(60), "nobody is bound").await.unwrap();
    assert_eq!(seqs(&store.unsent(at(60), 10).await.unwrap()), old[..10], "alone they have all the room");
    store.accept(&[], &[Event::of_account("DENIC-9", "paused", "test", at(1))], at(1)).await.unwrap();
    let rows = store.unsent(at(60), 10).await.unwrap();
    assert_eq!((rows.len(), rows.last().unwrap().event.account.as_str()), (10, "DENIC-9"));
    let more: Vec<Event> = (2..20).map(|n| Event::of_account("DENIC-9", "paused", "test", at(n))).collect();
    store.accept(&[], &more, at(2)).await.unwrap();
    let rows = store.unsent(at(60), 10).await.unwrap();
    assert_eq!(seqs(&rows)[..2], old[..2], "a fifth of the room is kept for them");
    assert!(rows.len() == 10 && rows[2..].iter().all(|row| row.event.account == "DENIC-9"));
}

/// A look at the outbox is bounded in bytes, too, and an event that is larger than the bound leaves all the same.
pub async fn large_events_come_fewer_at_once(db: Arc<Database>) {
    let store = &*db.store;
    let large = |n: i64, bytes: usize| {
        let mut event = Event::of_account(ACCOUNT, "paused", "test", at(n));
        event.body["data"]["reason"] = "x".repeat(bytes).into();
        event
    };
    let events: Vec<Event> = (0..5).map(|n| large(n, 900 * 1024)).chain([large(5, 3 << 20)]).collect();
    store.accept(&[], &events, at(0)).await.unwrap();
    let mut times = Vec::new();
    loop {
        let rows = store.unsent(at(0), 500).await.unwrap();
        if rows.is_empty() {
            break;
        }
        assert!(rows.len() <= 3, "{} at once", rows.len());
        store.mark_sent(&seqs(&rows), at(1)).await.unwrap();
        times.extend(rows.iter().map(|row| row.event.time));
    }
    assert_eq!(times, (0..6).map(at).collect::<Vec<_>>(), "all, in order");
}

/// Writers commit in any order; whoever follows by number still sees every event.
pub async fn a_follower_misses_nothing(db: Arc<Database>) {
    const WRITERS: i64 = 8;
    const EACH: i64 = 25;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = db.store.clone();
            tokio::spawn(async move {
                for n in 0..EACH {
                    let account = format!("DENIC-{writer}");
                    let events = [0, 1].map(|k| Event::of_account(&account, "suspended", "test", at(2 * n + k)));
                    store.accept(&[], &events, at(0)).await.unwrap();
                }
            })
        })
        .collect();
    let store = db.another().await;
    let mut seen = Vec::new();
    let mut last = 0;
    while seen.len() < usize::try_from(WRITERS * EACH * 2).unwrap() {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let newest = store.last_event().await.unwrap();
        let rows = store.events_after(last, 1000).await.unwrap();
        assert!(!finished || !rows.is_empty(), "events were passed by: only {} were seen", seen.len());
        last = rows.last().map_or(last, |row| row.seq);
        assert!(last >= newest);
        seen.extend(seqs(&rows));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.is_sorted());
}

pub async fn a_move_and_its_event_are_one(db: Arc<Database>) {
    let store = &*db.store;
    let new = NewJob { reply_to: Some("q".into()), correlation_id: Some("c".into()), ..job(1) };
    accept_new(store, &[new, job(2)]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let (done, refused) = (step(store, 1, Cause::Done).await, step(store, 1, Cause::Refused).await);
    assert_eq!(store.apply(&[done.clone(), refused]).await.unwrap(), [true, false]);
    let rows = store.unsent(at(0), 9).await.unwrap();
    assert_eq!(rows.len(), 1, "a move that was not made tells nothing");
    assert_eq!(Some(&rows[0].event), done.event.as_ref());
    assert!(rows[0].event.is_final && rows[0].event.reply_to.as_deref() == Some("q"));
}
