//! Jobs that name a pool of accounts.

use std::sync::Arc;

use registrard::model::{Cause, NewJob, State};
use registrard::store::{Lease, Store};

use crate::database::Database;
use crate::steps::*;

const POOL: &str = "denic-pool";
const OTHER: &str = "DENIC-1000099";

/// A job that any account of the pool may do.
fn any(number: u128, domain: &str) -> NewJob {
    NewJob { account: POOL.into(), pool: Some(POOL.into()), ..on(number, domain) }
}

/// A job that names an account of the pool.
fn this(number: u128, domain: &str) -> NewJob {
    NewJob { pool: Some(POOL.into()), ..on(number, domain) }
}

async fn other_lease(store: &dyn Store) -> Lease {
    store.acquire(OTHER, "daemon-2", HOUR).await.unwrap().unwrap()
}

async fn place(store: &dyn Store, number: u128) -> (String, String) {
    let job = stored(store, number).await;
    (job.queue, job.account)
}

fn at_place(queue: &str, account: &str) -> (String, String) {
    (queue.to_owned(), account.to_owned())
}

pub async fn a_claim_binds_a_job_of_a_pool(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[any(1, "example.de"), any(2, "example.net")]).await;
    let (one, two) = (lease(store).await, other_lease(store).await);
    assert_eq!(place(store, 1).await, at_place(POOL, POOL));
    assert_eq!(turns(store, at(0)).await, [0_u128; 0], "the account's own queue is empty");
    let claims: Vec<_> = heads(store, POOL, at(0)).await.iter().map(claim).collect();
    assert_eq!(claims.len(), 2);
    assert_eq!(store.start(&two, &claims[..1], at(0)).await.unwrap(), [id(1)]);
    assert_eq!(store.start(&one, &claims, at(0)).await.unwrap(), [id(2)], "the first is taken");
    assert_eq!(place(store, 1).await, at_place(POOL, OTHER));
    assert_eq!(place(store, 2).await, at_place(POOL, ACCOUNT));
    // Its owner moves it, and nobody else.
    let mut done = step(store, 1, Cause::Done).await;
    done.fence = Some(two.fence + 7);
    assert_eq!(store.apply(&[done.clone()]).await.unwrap(), [false]);
    done.fence = Some(two.fence);
    assert_eq!(store.apply(&[done]).await.unwrap(), [true]);
    assert_eq!(place(store, 1).await, at_place(POOL, OTHER), "it stays known who did it");
    let counts = store.counts().await.unwrap();
    let succeeded = counts.iter().find(|count| count.state == State::Succeeded).unwrap();
    assert_eq!((succeeded.account.as_str(), succeeded.jobs), (OTHER, 1));
}

pub async fn a_put_back_job_goes_back_to_its_pool(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[any(1, "example.de"), any(2, "example.net")]).await;
    let (one, two) = (lease(store).await, other_lease(store).await);
    start(store, &one, 1).await;
    make(store, 1, Cause::Deferred).await;
    assert_eq!(place(store, 1).await, at_place(POOL, POOL));
    assert_eq!(numbers(&heads(store, POOL, at(0)).await), [1, 2]);
    start(store, &two, 1).await;
    assert_eq!(place(store, 1).await, at_place(POOL, OTHER), "another account may do it");
    // So does one that nobody knew the fate of until an operator did.
    make(store, 1, Cause::GaveUp).await;
    assert_eq!(place(store, 1).await, at_place(POOL, OTHER));
    make(store, 1, Cause::Redriven).await;
    assert_eq!(place(store, 1).await, at_place(POOL, POOL));
}

/// The registry may still hear of the first account's request: another one's would be a second.
pub async fn a_doubt_keeps_a_job_with_its_account(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[any(1, "example.de"), any(2, "example.net"), this(3, "example.org")]).await;
    let one = lease(store).await;
    for number in [1, 2, 3] {
        start(store, &one, number).await;
        make(store, number, Cause::Lost).await;
    }
    assert_eq!(numbers(&store.doubts(ACCOUNT, at(0), 9).await.unwrap()), [1, 2, 3]);
    let mut kept = step(store, 1, Cause::FoundNothing).await;
    kept.keep_transaction = true;
    let mut lost = step(store, 2, Cause::FoundNothing).await;
    lost.lost = true;
    let known = step(store, 3, Cause::FoundNothing).await;
    assert_eq!(store.apply(&[kept, lost, known]).await.unwrap(), [true; 3]);
    for number in [1, 2, 3] {
        assert_eq!(place(store, number).await, at_place(ACCOUNT, ACCOUNT));
    }
    assert_eq!(turns(store, at(0)).await, [1, 2, 3]);
    let two = other_lease(store).await;
    let mut stolen = claim(&stored(store, 1).await);
    stolen.queue = POOL.into();
    assert_eq!(store.start(&two, &[stolen], at(0)).await.unwrap(), []);
    // What was lost once stays with it.
    start(store, &one, 2).await;
    make(store, 2, Cause::Deferred).await;
    assert_eq!(place(store, 2).await, at_place(ACCOUNT, ACCOUNT));
}

pub async fn a_pool_and_its_accounts_are_one_lane(db: Arc<Database>) {
    let store = &*db.store;
    let elsewhere = NewJob { account: OTHER.into(), ..this(3, "example.de") };
    accept_new(store, &[any(1, "example.de"), this(2, "example.de")]).await;
    accept_new(store, &[elsewhere, any(4, "example.net"), on(5, "example.net")]).await;
    let (one, two) = (lease(store).await, other_lease(store).await);
    let ready = || async {
        let mut ready = Vec::new();
        for queue in [POOL, ACCOUNT, OTHER] {
            ready.extend(numbers(&heads(store, queue, at(0)).await));
        }
        ready
    };
    assert_eq!(ready().await, [1, 4, 5], "5 names an account that is in no pool by its submission");
    run(store, &two, 1, Cause::Done).await;
    assert_eq!(ready().await, [4, 5, 2]);
    run(store, &one, 2, Cause::Done).await;
    assert_eq!(ready().await, [4, 5, 3]);
    start(store, &two, 3).await;
    make(store, 3, Cause::Taken).await;
    assert_eq!(numbers(&store.pending_on(OTHER, "domain:example.de").await.unwrap()), [3]);
    assert_eq!(store.pending_on(ACCOUNT, "domain:example.de").await.unwrap(), []);
    assert_eq!(numbers(&store.follow_ups(OTHER, at(0), 9).await.unwrap()), [3]);
}

/// When something of a pool falls due is told to every account in it.
pub async fn what_a_pool_waits_for_is_due_for_its_accounts(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[NewJob { not_before: Some(at(30)), ..any(1, "example.de") }]).await;
    assert_eq!(next_due(store, at(0)).await, None);
    assert_eq!(store.next_due(ACCOUNT, &[ACCOUNT, POOL], at(0)).await.unwrap(), Some(at(30)));
    assert_eq!(store.ripen(&[ACCOUNT, POOL], at(29), 9).await.unwrap(), 0);
    assert_eq!(store.ripen(&[ACCOUNT, POOL], at(30), 9).await.unwrap(), 1);
    assert_eq!(numbers(&store.heads(&[ACCOUNT, POOL], at(30), 9).await.unwrap()), [1]);
}

/// What is found wrong with a job before it is claimed ends it, whichever account of the pool finds out.
pub async fn a_job_that_waits_in_a_pool_is_nobodys(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[any(1, "example.de"), this(2, "example.net")]).await;
    let one = lease(store).await;
    let refused = |number, fence| async move {
        let mut refused = step(store, number, Cause::Refused).await;
        refused.fence = Some(fence);
        store.apply(&[refused]).await.unwrap()
    };
    assert_eq!(refused(2, one.fence + 1).await, [false], "a job that names an account is its owner's");
    assert_eq!(refused(2, one.fence).await, [true]);
    assert_eq!(refused(1, one.fence).await, [true]);
    assert_eq!((state(store, 1).await, state(store, 2).await), (State::Failed, State::Failed));
}

/// Two daemons with an account each of one pool: every job is worked once, and one at a time on an object.
pub async fn two_accounts_of_a_pool_share_its_jobs(db: Arc<Database>) {
    let stores = [db.store.clone(), db.another().await];
    let leases = [lease(&*stores[0]).await, other_lease(&*stores[0]).await];
    let jobs: Vec<NewJob> = (0..60).map(|number| any(number, &format!("example-{}.de", number % 20))).collect();
    accept_new(&*db.store, &jobs).await;
    for round in 0..3_u128 {
        let read = heads(&*db.store, POOL, at(0)).await;
        assert_eq!(read.len(), 20, "round {round}: one of each object");
        let barrier = Arc::new(tokio::sync::Barrier::new(2));
        let tasks: Vec<_> = stores
            .iter()
            .zip(&leases)
            .map(|(store, lease)| {
                let (store, lease, barrier) = (store.clone(), lease.clone(), barrier.clone());
                let claims: Vec<_> = read.iter().map(claim).collect();
                tokio::spawn(async move {
                    let mut started = Vec::new();
                    barrier.wait().await;
                    for some in claims.chunks(3) {
                        started.extend(store.start(&lease, some, at(0)).await.unwrap());
                    }
                    started
                })
            })
            .collect();
        let mut started = Vec::new();
        for (task, lease) in tasks.into_iter().zip(&leases) {
            for id in task.await.unwrap() {
                let number = id.0.as_u128();
                assert_eq!(stored(&*db.store, number).await.account, lease.name, "round {round}: job {number}");
                started.push(number);
            }
        }
        started.sort_unstable();
        assert_eq!(started, (round * 20..round * 20 + 20).collect::<Vec<_>>(), "round {round}: each exactly once");
        assert_eq!(heads(&*db.store, POOL, at(0)).await, [], "round {round}: all objects are at work");
        for number in started {
            make(&*db.store, number, Cause::Done).await;
        }
    }
}
