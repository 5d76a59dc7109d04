//! Two daemons at the same instant. Each round lines its tasks up at a barrier and lets them go together.

use std::sync::Arc;

use registrard::model::{Cause, NewJob, State};
use registrard::store::{self, Acceptance, StoreError};
use tokio::sync::Barrier;

use crate::database::Database;
use crate::steps::*;

const ROUNDS: u128 = 30;

/// Runs two things at once.
async fn both<A, B>(
    one: impl Future<Output = A> + Send + 'static,
    two: impl Future<Output = B> + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(2));
    let other = barrier.clone();
    let one = tokio::spawn(async move {
        barrier.wait().await;
        one.await
    });
    let two = tokio::spawn(async move {
        other.wait().await;
        two.await
    });
    (one.await.unwrap(), two.await.unwrap())
}

async fn no_link_is_left(db: &Database, round: u128) {
    let stale = "SELECT count(*) FROM job_links JOIN jobs ON jobs.id = needs_id WHERE finished_at IS NOT NULL";
    assert_eq!(db.number(stale).await, 0, "round {round}: somebody waits for a job that is over");
    let wrong = "SELECT count(*) FROM jobs
        WHERE blockers <> (SELECT count(*) FROM job_links WHERE job_links.job_id = jobs.id)";
    assert_eq!(db.number(wrong).await, 0, "round {round}: blockers are miscounted");
}

pub async fn many_start_one_job(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &(1..=20).map(job).collect::<Vec<_>>()).await;
    let lease = lease(store).await;
    let starts: Vec<_> = heads(store, ACCOUNT, at(0)).await.iter().map(claim).collect();
    let barrier = Arc::new(Barrier::new(8));
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let (store, lease, mut starts, barrier) =
                (db.store.clone(), lease.clone(), starts.clone(), barrier.clone());
            starts.rotate_left(n * 2);
            tokio::spawn(async move {
                barrier.wait().await;
                store.start(&lease, &starts, at(0)).await.unwrap()
            })
        })
        .collect();
    let mut started = Vec::new();
    for task in tasks {
        started.extend(task.await.unwrap());
    }
    started.sort_unstable();
    assert_eq!(started, (1..=20).map(id).collect::<Vec<_>>(), "each exactly once");
}

/// A job on the same object, and one that names it, come in while it finishes.
pub async fn intake_against_finish(db: Arc<Database>) {
    let store = &*db.store;
    let other = db.another().await;
    let lease = lease(store).await;
    for round in 0..ROUNDS {
        let [first, next, named] = [1, 2, 3].map(|n| round * 10 + n);
        let domain = format!("example-{round}.de");
        accept_new(store, &[on(first, &domain)]).await;
        start(store, &lease, first).await;
        let done = step(store, first, if round % 3 == 0 { Cause::Refused } else { Cause::Done }).await;
        let arrivals = [on(next, &domain), after(named, &[first])];
        let (finisher, taker) = (db.store.clone(), other.clone());
        let (made, answers) = both(async move { finisher.apply(&[done]).await.unwrap() }, async move {
            taker.accept(&arrivals, &[], at(0)).await.unwrap()
        })
        .await;
        assert_eq!((made, answers), (vec![true], vec![Acceptance::New; 2]));
        let free = due(store).await;
        assert!(free.contains(&next), "round {round}: the successor was never woken");
        if round % 3 == 0 {
            let doomed = store.doomed(9).await.unwrap();
            assert_eq!(doomed.iter().map(|(job, _)| job.id).collect::<Vec<_>>(), [id(named)], "round {round}");
            make(store, named, Cause::PredecessorFailed).await;
        } else {
            assert!(free.contains(&named), "round {round}: the dependant was never woken");
            make(store, named, Cause::Withdrawn).await;
        }
        make(store, next, Cause::Withdrawn).await;
        no_link_is_left(&db, round).await;
    }
}

/// The middle of a chain is cancelled while its first finishes.
pub async fn cancel_against_finish(db: Arc<Database>) {
    let store = &*db.store;
    let other = db.another().await;
    let lease = lease(store).await;
    for round in 0..ROUNDS {
        let [first, middle, last] = [1, 2, 3].map(|n| round * 10 + n);
        let domain = format!("example-{round}.de");
        accept_new(store, &[first, middle, last].map(|number| on(number, &domain))).await;
        start(store, &lease, first).await;
        let (done, cancel) = (step(store, first, Cause::Done).await, step(store, middle, Cause::Withdrawn).await);
        let (finisher, canceller) = (db.store.clone(), other.clone());
        let made = both(async move { finisher.apply(&[done]).await.unwrap() }, async move {
            canceller.apply(&[cancel]).await.unwrap()
        })
        .await;
        assert_eq!(made, (vec![true], vec![true]));
        assert_eq!(due(store).await, [last], "round {round}: the last was never woken");
        make(store, last, Cause::Withdrawn).await;
        no_link_is_left(&db, round).await;
    }
}

/// Two intakes append to one object: the jobs form one line, not two.
pub async fn intakes_of_one_object(db: Arc<Database>) {
    let store = &*db.store;
    let other = db.another().await;
    let lease = lease(store).await;
    for round in 0..ROUNDS / 2 {
        let domain = format!("example-{round}.de");
        let of = |n: u128| -> Vec<NewJob> { (0..3).map(|k| on(round * 10 + n * 3 + k, &domain)).collect() };
        let (one, two) = (of(0), of(1));
        let (left, right) = (db.store.clone(), other.clone());
        both(async move { left.accept(&one, &[], at(0)).await.unwrap() }, async move {
            right.accept(&two, &[], at(0)).await.unwrap()
        })
        .await;
        for _ in 0..6 {
            let free = due(store).await;
            assert_eq!(free.len(), 1, "round {round}: two at once on one object, or none");
            run(store, &lease, free[0], Cause::Done).await;
        }
        assert_eq!(due(store).await, [0_u128; 0]);
    }
}

/// Two daemons take in jobs of different accounts that name each other: one of them closes a cycle and is refused.
pub async fn opposite_dependencies_at_once(db: Arc<Database>) {
    let other = db.another().await;
    for round in 0..ROUNDS {
        let [one, two] = [1, 2].map(|n| round * 10 + n);
        let elsewhere = NewJob { account: "DENIC-1000099".into(), ..after(two, &[one]) };
        let (left, right) = (db.store.clone(), other.clone());
        let (mut answers, more) =
            both(async move { left.accept(&[after(one, &[two])], &[], at(0)).await.unwrap() }, async move {
                right.accept(&[elsewhere], &[], at(0)).await.unwrap()
            })
            .await;
        answers.extend(more);
        answers.sort_by_key(|answer| *answer == Acceptance::Cycle);
        assert_eq!(answers, [Acceptance::New, Acceptance::Cycle], "round {round}");
    }
}

/// Connections are cut while jobs come in and go out: whatever was not confirmed is there as a whole or not at all, and
/// saying it again is harmless.
pub async fn cut_connections_leave_nothing_half_done(db: Arc<Database>) {
    let store = &*db.store;
    for round in 0..ROUNDS / 2 {
        let jobs: Vec<NewJob> = (0..40).map(|n| on(round * 100 + n, &format!("example-{}.de", n % 4))).collect();
        let (taker, cutter, arrivals) = (db.store.clone(), db.clone(), jobs.clone());
        let (answer, ()) =
            both(
                async move { taker.accept(&arrivals, &[], at(0)).await },
                async move { cutter.cut_connections().await },
            )
            .await;
        let there = db.number("SELECT count(*) FROM jobs WHERE finished_at IS NULL").await;
        match answer {
            Ok(answers) => assert_eq!((answers, there), (vec![Acceptance::New; 40], 40), "round {round}"),
            Err(StoreError::Unavailable(_)) => assert!(there == 0 || there == 40, "round {round}: {there} of 40"),
            Err(error) => panic!("round {round}: {error}"),
        }
        let answers = settle(|| store.accept(&jobs, &[], at(0))).await;
        let expected = if there == 0 { Acceptance::New } else { Acceptance::Duplicate(State::Waiting) };
        assert_eq!(answers, vec![expected; 40], "round {round}");

        let mut moves = Vec::new();
        for job in &jobs {
            moves.push(step(store, job.id.0.as_u128(), Cause::Withdrawn).await);
        }
        let (mover, cutter, ends) = (db.store.clone(), db.clone(), moves.clone());
        let cut = both(async move { mover.apply(&ends).await }, async move { cutter.cut_connections().await }).await.0;
        assert!(matches!(cut, Ok(_) | Err(StoreError::Unavailable(_))), "round {round}: {cut:?}");
        settle(|| store.apply(&moves)).await;
        assert_eq!(db.number("SELECT count(*) FROM jobs WHERE finished_at IS NULL").await, 0, "round {round}");
        let told = db.number("SELECT count(*) FROM outbox").await;
        assert_eq!(told, i64::try_from((round + 1) * 40).unwrap(), "round {round}: one event per end");
        no_link_is_left(&db, round).await;
    }
}

/// Says it again while the store is away; each try takes up a connection that was cut.
async fn settle<T, F: Future<Output = store::Result<T>>>(call: impl Fn() -> F) -> T {
    for _ in 0..100 {
        match call().await {
            Err(StoreError::Unavailable(_)) => {}
            other => return other.unwrap(),
        }
    }
    panic!("the store stays away");
}
