//! The calendar: words come with what they were heard in, pages are whole or not at all, and only the keeper writes.

use std::sync::Arc;

use jiff::Timestamp;
use registrard::model::deadline::{Basis, Closed, DeadlineKind, Ending, Entry, Says, Word, of_day};
use registrard::model::{Cause, NewJob, ObjectKey, Operation};
use registrard::store::{DeadlineFilter, KeptAccount, LEASE, Lease, Page, Store, StoreError};
use serde_json::{Map, json};

use crate::database::Database;
use crate::steps::*;

const KIND: DeadlineKind = DeadlineKind::DomainExpiry;

fn object(number: u128) -> ObjectKey {
    ObjectKey::stored(format!("domain:example-{number}.de"))
}

fn word(number: u128, says: Says) -> Word {
    let note = Map::from_iter([("domains".to_owned(), json!(3))]);
    let (account, evidence) = (ACCOUNT.into(), "job \0 1".into());
    Word { account, object: object(number), says, basis: Basis::Answer, evidence, at: at(5), note }
}

fn due(number: u128, seconds: i64) -> Word {
    word(number, Says::Due { kind: KIND, due: at(seconds) })
}

fn entry(number: u128, kind: DeadlineKind, seconds: i64) -> Entry {
    Entry {
        id: 0,
        account: ACCOUNT.into(),
        object: object(number),
        kind,
        due: at(seconds),
        basis: Basis::Rule,
        evidence: "message Ω-1".into(),
        note: Map::from_iter([("rule".to_owned(), json!("6.5"))]),
        opened_at: at(1),
        heard_at: at(2),
        seen_until: at(3),
        next_at: Some(at(seconds - 10)),
        asked: 2,
        job: Some(id(7)),
        closed: None,
    }
}

async fn keeper(store: &dyn Store) -> Lease {
    store.acquire(LEASE, "keeper", HOUR).await.unwrap().unwrap()
}

fn entries(entries: Vec<Entry>) -> Page {
    Page { entries, ..Page::default() }
}

fn all() -> DeadlineFilter {
    DeadlineFilter { closed: true, limit: 100, ..DeadlineFilter::default() }
}

async fn objects(store: &dyn Store, filter: DeadlineFilter) -> Vec<String> {
    let found = store.deadlines(&filter).await.unwrap();
    found.into_iter().map(|entry| entry.object.name().to_owned()).collect()
}

pub async fn words_come_with_the_move_they_were_heard_in(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &[job(1), job(2)]).await;
    start(store, &lease, 1).await;
    start(store, &lease, 2).await;
    let mut made = step(store, 1, Cause::Done).await;
    made.words = vec![due(1, 100), word(1, Says::Gone { why: "it left".into() })];
    let mut late = step(store, 2, Cause::Done).await;
    late.words = vec![due(2, 100)];
    make(store, 2, Cause::Refused).await;
    assert_eq!(store.apply(&[late, made]).await.unwrap(), [false, true]);
    store.hear(&[due(3, 100)]).await.unwrap();
    store.hear(&[]).await.unwrap();

    let words = store.words(10).await.unwrap();
    let about: Vec<_> = words.iter().map(|(_, word)| (word.object.clone(), word.says.clone())).collect();
    let said = |number, says| (object(number), says);
    let (first, third) = (Says::Due { kind: KIND, due: at(100) }, Says::Due { kind: KIND, due: at(100) });
    assert_eq!(about, [said(1, first), said(1, Says::Gone { why: "it left".into() }), said(3, third)]);
    assert_eq!(words[0].1, due(1, 100), "every field comes back");
    assert_eq!(store.words(1).await.unwrap().len(), 1);
}

pub async fn a_page_is_written_whole(db: Arc<Database>) {
    let store = &*db.store;
    let lease = keeper(store).await;
    store.hear(&[due(1, 100), due(2, 200)]).await.unwrap();
    let words = store.words(10).await.unwrap();
    let kept = KeptAccount {
        account: ACCOUNT.into(),
        plan: "p1".into(),
        digest_day: Some(jiff::civil::date(2026, 11, 22)),
        risk_day: None,
    };
    let page = Page {
        entries: vec![entry(1, KIND, 100), entry(2, KIND, 200)],
        events: vec![of_day(ACCOUNT, "digest", jiff::civil::date(2026, 11, 22), json!({}), at(1))],
        heard: vec![words[0].0],
        kept: vec![kept.clone()],
    };
    store.keep(&lease, &page).await.unwrap();
    assert_eq!(store.words(10).await.unwrap().len(), 1);
    assert_eq!(store.kept_accounts().await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);
    let stored = store.deadlines(&all()).await.unwrap();
    for (stored, written) in stored.iter().zip(&page.entries) {
        assert!(stored.id > 0);
        assert_eq!(&Entry { id: 0, ..stored.clone() }, written, "every field comes back");
    }

    let mut ended = stored[0].clone();
    ended.next_at = None;
    ended.closed = Some(Closed { how: Ending::Met, at: at(50), why: "renewed".into() });
    let moved = Entry { due: at(300), asked: 3, job: None, basis: Basis::Message, ..stored[1].clone() };
    let kept = KeptAccount { digest_day: None, ..kept };
    let next = Page { kept: vec![kept.clone()], ..entries(vec![entry(1, KIND, 400), ended.clone(), moved.clone()]) };
    store.keep(&lease, &next).await.unwrap();
    let after = store.deadlines(&all()).await.unwrap();
    assert_eq!(after[..2], [ended.clone(), moved]);
    assert_eq!((after[2].object.clone(), after[2].due), (object(1), at(400)), "a new one in the place of the old");
    assert_eq!(store.kept_accounts().await.unwrap(), [kept]);

    // What is closed stays as it is, and there is no second open one: the page is not written at all.
    let again = Entry { closed: None, next_at: Some(at(1)), ..ended.clone() };
    store.keep(&lease, &entries(vec![again])).await.unwrap();
    assert_eq!(store.deadlines(&all()).await.unwrap()[0], ended);
    let twice = store.keep(&lease, &entries(vec![entry(3, KIND, 5), entry(2, KIND, 500)])).await;
    assert!(twice.is_err());
    assert_eq!(store.deadlines(&all()).await.unwrap().len(), 3);
}

pub async fn a_replaced_keeper_writes_nothing(db: Arc<Database>) {
    let store = &*db.store;
    let old = keeper(store).await;
    store.release(&old).await.unwrap();
    let new = keeper(store).await;
    store.hear(&[due(1, 100)]).await.unwrap();
    let number = store.words(1).await.unwrap()[0].0;
    let page = Page { heard: vec![number], ..entries(vec![entry(1, KIND, 100)]) };
    assert!(matches!(store.keep(&old, &page).await, Err(StoreError::Fenced(_))));
    assert_eq!((store.words(1).await.unwrap().len(), store.deadlines(&all()).await.unwrap().len()), (1, 0));
    store.keep(&new, &page).await.unwrap();
    assert_eq!((store.words(1).await.unwrap().len(), store.deadlines(&all()).await.unwrap().len()), (0, 1));
}

pub async fn entries_by_what_is_asked_for(db: Arc<Database>) {
    let store = &*db.store;
    let lease = keeper(store).await;
    let other = DeadlineKind::UdaiExpiry;
    let foreign = Entry { account: "NZ-90".into(), ..entry(4, other, 50) };
    let page = vec![entry(1, KIND, 300), entry(2, KIND, 100), entry(1, other, 200), foreign];
    store.keep(&lease, &entries(page)).await.unwrap();
    let mut ended =
        store.deadlines(&DeadlineFilter { object: Some("domain:example-2.de".into()), ..all() }).await.unwrap();
    ended[0].next_at = None;
    ended[0].closed = Some(Closed { how: Ending::Cleared, at: at(9), why: String::new() });
    store.keep(&lease, &entries(ended)).await.unwrap();

    assert_eq!(objects(store, all()).await, ["example-4.de", "example-2.de", "example-1.de", "example-1.de"]);
    let open = || DeadlineFilter { closed: false, ..all() };
    assert_eq!(objects(store, open()).await, ["example-4.de", "example-1.de", "example-1.de"]);
    assert_eq!(objects(store, DeadlineFilter { kinds: vec![other], ..open() }).await, ["example-4.de", "example-1.de"]);
    let ours = DeadlineFilter { account: Some(ACCOUNT.into()), before: Some(at(300)), ..open() };
    assert_eq!(objects(store, ours).await, ["example-1.de"]);
    let first = store.deadlines(&DeadlineFilter { limit: 1, ..open() }).await.unwrap();
    let rest = DeadlineFilter { after: Some((first[0].due, first[0].id)), ..open() };
    assert_eq!(objects(store, rest).await, ["example-1.de", "example-1.de"]);

    let of = [(ACCOUNT.to_owned(), object(1)), (ACCOUNT.to_owned(), object(2)), ("NZ-90".to_owned(), object(1))];
    let kinds: Vec<_> = store.open_entries(&of).await.unwrap().iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [KIND, other], "open ones of these objects of these accounts");
    assert_eq!(store.open_entries(&[]).await.unwrap(), []);

    let ripe = |now: Timestamp, limit: u32| store.ripe_entries(now, limit);
    assert_eq!(ripe(at(39), 9).await.unwrap().len(), 0);
    assert_eq!(ripe(at(40), 9).await.unwrap().len(), 1);
    assert_eq!(ripe(at(999), 9).await.unwrap().len(), 3, "what is closed is never ripe");
    assert_eq!(ripe(at(999), 2).await.unwrap().len(), 2);
}

pub async fn open_entries_are_counted_by_how_far_they_are_away(db: Arc<Database>) {
    let store = &*db.store;
    let lease = keeper(store).await;
    let day = 86_400;
    let dates = [-1, 0, day - 1, day, 7 * day - 1, 7 * day, 30 * day, 400 * day];
    let page = dates.iter().zip(1..).map(|(seconds, number)| entry(number, KIND, *seconds)).collect();
    store.keep(&lease, &entries(page)).await.unwrap();
    let counts = store.deadline_counts(at(0)).await.unwrap();
    let [count] = &counts[..] else { panic!("{counts:?}") };
    assert_eq!((count.account.as_str(), count.kind, count.next), (ACCOUNT, KIND, at(-1)));
    assert_eq!((count.overdue, count.ahead), (1, [2, 2, 1, 2]));
}

pub async fn known_domains_are_those_of_jobs_that_succeeded_and_of_the_calendar(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let check = NewJob { operation: Operation::DomainCheck, ..on(3, "free.de") };
    accept_new(store, &[on(1, "a-b.de"), on(2, "failed.de"), check, on(4, "waiting.de"), on(5, "ab.de")]).await;
    for (number, cause) in [(1, Cause::Done), (2, Cause::Refused), (3, Cause::Done), (5, Cause::Done)] {
        run(store, &lease, number, cause).await;
    }
    let other = Entry { object: ObjectKey::stored("contact:HANDLE".into()), ..entry(7, KIND, 100) };
    let foreign = Entry { account: "NZ-90".into(), ..entry(8, KIND, 100) };
    let page = entries(vec![entry(6, KIND, 100), other, foreign]);
    store.keep(&keeper(store).await, &page).await.unwrap();

    let all = ["a-b.de", "ab.de", "example-6.de"];
    assert_eq!(store.known_domains(ACCOUNT, "", 10).await.unwrap(), all, "by their bytes");
    assert_eq!(store.known_domains(ACCOUNT, "", 2).await.unwrap(), all[..2]);
    assert_eq!(store.known_domains(ACCOUNT, "a-b.de", 10).await.unwrap(), all[1..]);
    assert_eq!(store.known_domains("nobody", "", 10).await.unwrap(), [""; 0]);
}
