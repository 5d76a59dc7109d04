//! Whose turn it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use registrard::model::{Cause, Class, Move, NewJob, Operation, WaitingFor};
use registrard::store::{Aside, Lease, Store};

use crate::database::{Database, Kind, with};
use crate::steps::*;

fn of(number: u128, batch: &str) -> NewJob {
    NewJob { batch: Some(batch.into()), ..job(number) }
}

async fn claim_first(store: &dyn Store, lease: &Lease) -> u128 {
    let first = heads(store, ACCOUNT, at(0)).await.remove(0);
    assert_eq!(store.start(lease, &[claim(&first)], at(0)).await.unwrap(), [first.id]);
    first.id.0.as_u128()
}

async fn back(store: &dyn Store, number: u128, waiting_for: WaitingFor, due: i64) {
    let mut step = step(store, number, Cause::Deferred).await;
    step.waiting_for = waiting_for;
    step.due_at = at(due);
    assert_eq!(store.apply(&[step]).await.unwrap(), [true]);
}

pub async fn batches_of_one_publisher_take_turns(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &(1..=40).map(|number| of(number, "long")).collect::<Vec<_>>()).await;
    assert_eq!(turns(store, at(0)).await, (1..=40).collect::<Vec<_>>(), "alone it has all turns");
    for number in 1..=3 {
        assert_eq!(claim_first(store, &lease).await, number);
    }
    accept_new(store, &[of(101, "short"), of(102, "short"), of(103, "short"), job(201)]).await;
    assert_eq!(turns(store, at(0)).await[..9], [4, 5, 101, 201, 6, 102, 7, 103, 8]);
    // Nobody saves up turns: what was idle stands where the others are now.
    for _ in 0..7 {
        claim_first(store, &lease).await;
    }
    accept_new(store, &[of(104, "short"), job(202)]).await;
    assert_eq!(turns(store, at(0)).await[..6], [103, 8, 104, 202, 9, 10]);
}

pub async fn publishers_and_classes_have_turns_of_their_own(db: Arc<Database>) {
    let store = &*db.store;
    let by = |number, publisher: &str, class| NewJob { publisher: publisher.into(), class, ..job(number) };
    let many: Vec<NewJob> = (1..=30).map(|number| by(number, "billing", Class::Normal)).collect();
    accept_new(store, &many).await;
    let pool = NewJob { account: "pool".into(), pool: Some("pool".into()), ..job(61) };
    let others = [by(41, "desk", Class::Normal), by(42, "desk", Class::Normal), by(51, "desk", Class::Urgent), pool];
    accept_new(store, &others).await;
    let first = store.heads(&[ACCOUNT, "pool", "nobody"], at(0), 2).await.unwrap();
    assert_eq!(numbers(&first), [51, 1, 2, 41, 42, 61], "the first two of each, whoever else waits");
    assert_eq!(numbers(&store.heads(&["pool", ACCOUNT], at(0), 1).await.unwrap()), [61, 51, 1, 41]);
    assert_eq!(store.heads(&[], at(0), 2).await.unwrap(), []);
}

pub async fn what_had_its_turn_comes_back_to_the_front(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    accept_new(store, &(1..=9).map(job).collect::<Vec<_>>()).await;
    for number in 1..=5 {
        start(store, &lease, number).await;
    }
    back(store, 3, WaitingFor::Turn, 0).await;
    assert_eq!(turns(store, at(0)).await, [3, 6, 7, 8, 9], "put back");
    back(store, 4, WaitingFor::Backoff, 30).await;
    back(store, 1, WaitingFor::Quota, 30).await;
    back(store, 2, WaitingFor::Cooldown, 20).await;
    assert_eq!(turns(store, at(19)).await, [3, 6, 7, 8, 9], "not before their time");
    assert_eq!(next_due(store, at(19)).await, Some(at(20)));
    assert_eq!(turns(store, at(30)).await, [1, 2, 3, 4, 6, 7, 8, 9]);
    assert_eq!(stored(store, 4).await.waiting_for, WaitingFor::Turn, "now it is its turn");
    // The front gives nobody a turn of its own: a new job stands behind the last.
    accept_new(store, &[job(10)]).await;
    assert_eq!(turns(store, at(30)).await, [1, 2, 3, 4, 6, 7, 8, 9, 10]);
    // What a put-back job has to wait for longer is not at the front yet.
    back(store, 5, WaitingFor::Turn, 60).await;
    assert_eq!(turns(store, at(30)).await, [1, 2, 3, 4, 6, 7, 8, 9, 10]);
}

pub async fn what_was_never_ripe_stands_behind(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let later = |number, seconds| NewJob { not_before: Some(at(seconds)), ..job(number) };
    accept_new(store, &[later(1, 20), later(2, 10), on(3, "example.de"), on(4, "example.de"), job(5)]).await;
    assert_eq!(turns(store, at(0)).await, [3, 5]);
    run(store, &lease, 3, Cause::Done).await;
    assert_eq!(store.ripen(&[ACCOUNT], at(20), 2).await.unwrap(), 2, "due first, ripe first");
    assert_eq!(numbers(&store.heads(&[ACCOUNT], at(20), 9).await.unwrap()), [5, 4, 2]);
    assert_eq!(store.ripen(&[ACCOUNT], at(20), 2).await.unwrap(), 1);
    assert_eq!(store.ripen(&[ACCOUNT], at(20), 2).await.unwrap(), 0, "once is enough");
    assert_eq!(turns(store, at(20)).await, [5, 4, 2, 1]);
}

pub async fn what_is_too_late_or_gone_has_no_turn(db: Arc<Database>) {
    let store = &*db.store;
    let by = |number, seconds| NewJob { start_by: Some(at(seconds)), ..job(number) };
    accept_new(store, &[by(1, 10), by(2, 20), job(3), job(4)]).await;
    make(store, 3, Cause::Withdrawn).await;
    assert_eq!(turns(store, at(9)).await, [1, 2, 4]);
    assert_eq!(turns(store, at(10)).await, [2, 4]);
    // A request of it may have arrived: then it must go on, however late.
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let mut lost = step(store, 1, Cause::Lost).await;
    lost.lost = true;
    assert_eq!(store.apply(&[lost]).await.unwrap(), [true]);
    make(store, 1, Cause::FoundNothing).await;
    assert_eq!(turns(store, at(10)).await, [1, 2, 4]);
}

pub async fn lines_that_are_as_good_as_new_are_forgotten(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let lines = || db.number("SELECT count(*) FROM turns");
    for batch in 0..5 {
        accept_new(store, &[of(batch, &format!("b{batch}"))]).await;
    }
    accept_new(store, &[of(10, "b0"), of(11, "b0"), of(12, "b0")]).await;
    assert_eq!(store.sweep_links().await.unwrap(), 0);
    assert_eq!(lines().await, 5, "all have their first turn, and b0 is ahead");
    for _ in 0..6 {
        claim_first(store, &lease).await;
    }
    store.sweep_links().await.unwrap();
    assert_eq!(lines().await, 1, "at its third turn b0 is the only one worth remembering");
    claim_first(store, &lease).await;
    claim_first(store, &lease).await;
    store.sweep_links().await.unwrap();
    accept_new(store, &[of(20, "b7"), of(21, "b0"), of(22, "b7")]).await;
    assert_eq!(turns(store, at(0)).await, [20, 21, 22], "nobody is ahead after a rest");
    assert_eq!(db.number("SELECT min(turn) FROM jobs WHERE turn > 0").await, 5, "but turns never go back");
}

/// Two daemons ripen the jobs of one pool while more arrive: each job gets one turn, and no two of a batch the same.
pub async fn many_ripen_at_once(db: Arc<Database>) {
    let stores = [db.store.clone(), db.another().await, db.another().await];
    for round in 0..6_u128 {
        let later = |n: u128| NewJob { not_before: Some(at(10)), ..of(round * 1000 + n, &format!("b{}", n % 3)) };
        accept_new(&*db.store, &(0..60).map(later).collect::<Vec<_>>()).await;
        let barrier = Arc::new(tokio::sync::Barrier::new(stores.len()));
        let tasks: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(n, store)| {
                let (store, barrier) = (store.clone(), barrier.clone());
                let more: Vec<NewJob> =
                    (0..20).map(|i| of(round * 1000 + 100 * (n as u128 + 1) + i, &format!("b{}", i % 3))).collect();
                tokio::spawn(async move {
                    barrier.wait().await;
                    for some in more.chunks(5) {
                        store.accept(some, &[], at(10)).await.unwrap();
                        store.ripen(&[ACCOUNT], at(10), 9).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        while db.store.ripen(&[ACCOUNT], at(10), 1000).await.unwrap() > 0 {}
        let unripe = "SELECT count(*) FROM jobs WHERE turn IS NULL";
        assert_eq!(db.number(unripe).await, 0, "round {round}");
        let double =
            "SELECT count(*) FROM (SELECT batch, turn FROM jobs GROUP BY batch, turn HAVING count(*) > 1) AS d";
        assert_eq!(db.number(double).await, 0, "round {round}: two jobs of a batch have the same turn");
        let jobs = db.store.heads(&[ACCOUNT], at(10), 1000).await.unwrap();
        assert_eq!(jobs.len(), usize::try_from((round + 1) * 120).unwrap());
    }
}

/// A model of the lines: what [`batches_of_one_publisher_take_turns`] shows in one case, in random ones.
#[derive(Default)]
struct Model {
    last: BTreeMap<(String, String), i64>,
    /// Turn and arrival of what is ripe: publisher, batch, number.
    ripe: BTreeMap<(String, i64, i64), u128>,
}

impl Model {
    fn now(&self, publisher: &str) -> i64 {
        let turns = self.ripe.keys().filter(|(by, turn, _)| by == publisher && *turn > 0).map(|(_, turn, _)| *turn);
        let lasts = self.last.iter().filter(|((by, _), _)| by == publisher).map(|(_, last)| *last);
        turns.min().or_else(|| lasts.max()).unwrap_or(0)
    }

    /// Jobs get their turns in one step: the publisher's turn is that of before.
    fn join(&mut self, jobs: &[(NewJob, i64)]) {
        let before: BTreeMap<String, i64> =
            jobs.iter().map(|(job, _)| (job.publisher.clone(), self.now(&job.publisher))).collect();
        for (job, seq) in jobs {
            let line = (job.publisher.clone(), job.batch.clone().unwrap_or_default());
            let last = self.last.entry(line).or_default();
            *last = (*last).max(before[&job.publisher]) + 1;
            self.ripe.insert((job.publisher.clone(), *last, *seq), job.id.0.as_u128());
        }
    }

    fn order(&self) -> Vec<u128> {
        self.ripe.values().copied().collect()
    }

    fn leave(&mut self, number: u128) {
        self.ripe.retain(|_, there| *there != number);
    }
}

async fn life(db: Arc<Database>, seed: u64) {
    let store = &*db.store;
    let mut random = StdRng::seed_from_u64(seed);
    let mut model = Model::default();
    let lease = lease(store).await;
    let mut now: BTreeMap<String, i64> = BTreeMap::new();
    let mut arrived: Vec<(NewJob, i64)> = Vec::new();
    for number in 0..60_u128 {
        let context = format!("seed {seed}, step {number}");
        match random.random_range(0..5) {
            0 | 1 => {
                let jobs: Vec<NewJob> = (0..random.random_range(1..8))
                    .map(|n| NewJob {
                        publisher: ["billing", "desk"][random.random_range(0..2)].into(),
                        batch: [None, Some("a".to_owned()), Some("b".to_owned())][random.random_range(0..3)].clone(),
                        not_before: random.random_bool(0.2).then(|| at(1)),
                        ..job(number * 100 + n)
                    })
                    .collect();
                accept_new(store, &jobs).await;
                let mut stamped = Vec::new();
                for job in jobs {
                    let seq = stored(store, job.id.0.as_u128()).await.seq;
                    stamped.push((job, seq));
                }
                arrived.extend(stamped.iter().cloned());
                stamped.retain(|(job, _)| job.not_before.is_none());
                model.join(&stamped);
            }
            2 => {
                // What is due ripens in one step, in the order of arrival.
                let mut unripe = Vec::new();
                for (job, seq) in &arrived {
                    let unripe_now = job.not_before.is_some()
                        && stored(store, job.id.0.as_u128()).await.waiting_for == WaitingFor::Time;
                    unripe.extend(unripe_now.then(|| (job.clone(), *seq)));
                }
                assert_eq!(store.ripen(&[ACCOUNT], at(1), 1000).await.unwrap(), unripe.len() as u64, "{context}");
                model.join(&unripe);
            }
            3 => {
                for job in store.heads(&[ACCOUNT], at(0), random.random_range(1..4)).await.unwrap() {
                    store.start(&lease, &[claim(&job)], at(0)).await.unwrap();
                    model.leave(job.id.0.as_u128());
                    if random.random_bool(0.3) {
                        let put_back: Move = step(store, job.id.0.as_u128(), Cause::Deferred).await;
                        assert_eq!(store.apply(&[put_back]).await.unwrap(), [true], "{context}");
                        model.ripe.insert((job.publisher.clone(), 0, job.seq), job.id.0.as_u128());
                    }
                }
            }
            _ => assert_eq!(store.sweep_links().await.unwrap(), 0, "{context}"),
        }
        let order = numbers(&store.heads(&[ACCOUNT], at(0), 1000).await.unwrap());
        assert_eq!(order, model.order(), "{context}");
        for publisher in ["billing", "desk"] {
            let turn = model.now(publisher);
            let before = now.insert(publisher.into(), turn).unwrap_or(0);
            assert!(turn >= before, "{context}: the turn of {publisher} went back from {before} to {turn}");
        }
    }
}

/// The seeds are fixed; `REGISTRARD_TEST_SEED` tries another.
pub async fn random_turns_agree_with_the_model(db: Arc<Database>) {
    let seeds = match std::env::var("REGISTRARD_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) if db.kind == Kind::Sqlite => (1..=8).collect(),
        Err(_) => (101..=103).collect::<Vec<u64>>(),
    };
    for seed in seeds {
        with(Database::migrated(db.kind).await, |db| life(db, seed)).await;
    }
}

pub async fn jobs_step_aside_and_ripen_again(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2), job(3), on(4, "example-3.de")]).await;
    let lease = lease(store).await;
    let aside = |number, attempt| Aside {
        job: id(number),
        attempt,
        waiting_for: WaitingFor::Spacing,
        due_at: at(10),
        held_by: None,
    };
    start(store, &lease, 3).await;
    // Of these only the first is ripe in that attempt.
    let given = [aside(1, 0), aside(2, 7), aside(3, 1), aside(4, 0), aside(99, 0), aside(1, 0)];
    assert_eq!(store.set_aside(&lease, &given).await.unwrap(), 1);
    assert_eq!(store.set_aside(&lease, &given).await.unwrap(), 0, "it is aside already");
    assert_eq!(turns(store, at(9)).await, [2]);
    let job = stored(store, 1).await;
    assert_eq!((job.waiting_for, job.due_at, job.updated_at), (WaitingFor::Spacing, at(10), at(0)));
    assert_eq!(next_due(store, at(0)).await, Some(at(10)));
    assert_eq!(turns(store, at(10)).await, [1, 2], "and at the front");
    store.release(&lease).await.unwrap();
    let fenced = store.set_aside(&lease, &[aside(2, 0)]).await;
    assert!(matches!(fenced, Err(registrard::store::StoreError::Fenced(_))), "{fenced:?}");
}

pub async fn the_last_work_on_an_object_is_known(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[on(1, "example.de"), on(2, "example.de"), on(3, "example.net"), on(4, "example.org")]).await;
    let lease = lease(store).await;
    let (de, net, org) = ("domain:example.de", "domain:example.net", "domain:example.org");
    let last = |since| async move { store.last_on(ACCOUNT, &[net, de, org, de], at(since)).await.unwrap() };
    assert_eq!(last(-1).await, [], "nothing has started");
    let job = stored(store, 1).await;
    store.start(&lease, &[claim(&job)], at(5)).await.unwrap();
    assert_eq!(last(-1).await, [(de.to_owned(), at(5))]);
    let mut done = step(store, 1, Cause::Done).await;
    done.at = at(7);
    store.apply(&[done]).await.unwrap();
    assert_eq!(last(-1).await, [(de.to_owned(), at(7))], "that it ended counts, and 2 has not started");
    assert_eq!(last(7).await, []);
    start(store, &lease, 3).await;
    assert_eq!(last(-1).await, [(de.to_owned(), at(7)), (net.to_owned(), at(0))]);
    assert_eq!(store.last_on("elsewhere", &[de], at(-1)).await.unwrap(), []);
    assert_eq!(store.last_on(ACCOUNT, &[], at(-1)).await.unwrap(), []);
}

/// Of the jobs on an object, the last one of these operations that succeeded, and only up to the instant.
pub async fn what_was_last_done_to_an_object_is_known(db: Arc<Database>) {
    let store = &*db.store;
    let operations =
        [Operation::DomainCreate, Operation::DomainUpdate, Operation::DomainDelete, Operation::DomainCreate];
    let numbered = (1..).zip(operations);
    let jobs: Vec<NewJob> =
        numbered.clone().map(|(n, operation)| NewJob { operation, ..on(n, "example.de") }).collect();
    accept_new(store, &jobs).await;
    let lease = lease(store).await;
    for (number, _) in numbered.clone() {
        start(store, &lease, number).await;
        let cause = if number == 4 { Cause::Refused } else { Cause::Done };
        let mut ended = step(store, number, cause).await;
        ended.at = at(i64::try_from(number).unwrap());
        store.apply(&[ended]).await.unwrap();
    }
    let de = "domain:example.de";
    let last = |among: &'static [Operation], until| async move {
        store.last_done(ACCOUNT, de, among, at(until)).await.unwrap()
    };
    let all = &[Operation::DomainCreate, Operation::DomainDelete];
    assert_eq!(last(all, 9).await, Some((Operation::DomainDelete, at(3))), "the second create was refused");
    assert_eq!(last(all, 2).await, Some((Operation::DomainCreate, at(1))), "an update is none of these");
    assert_eq!(last(&[Operation::DomainTransit], 9).await, None);
    assert_eq!(last(all, 0).await, None);
    assert_eq!(store.last_done("elsewhere", de, all, at(9)).await.unwrap(), None);
    assert_eq!(store.last_done(ACCOUNT, "domain:example.net", all, at(9)).await.unwrap(), None);
}
