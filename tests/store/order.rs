use std::sync::Arc;

use registrard::model::{Cause, NewJob, State, WaitingFor};
use registrard::store::{Acceptance, Store};

use crate::database::Database;
use crate::steps::*;

const NOBODY: [u128; 0] = [];

async fn doomed(store: &dyn Store) -> Vec<(u128, u128)> {
    let rows = store.doomed(100).await.unwrap();
    rows.iter().map(|(job, by)| (job.id.0.as_u128(), by.0.as_u128())).collect()
}

pub async fn jobs_on_one_object_run_one_at_a_time(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[on(1, "example.de"), on(2, "example.de")]).await;
    accept_new(store, &[on(3, "example.de"), on(4, "example.net")]).await;
    let lease = lease(store).await;
    assert_eq!(due(store).await, [1, 4]);
    start(store, &lease, 1).await;
    assert_eq!(due(store).await, [4]);
    make(store, 1, Cause::Lost).await;
    assert_eq!(due(store).await, [4], "a doubt still holds the object");
    make(store, 1, Cause::GaveUp).await;
    assert_eq!(due(store).await, [4], "and so does a job that needs attention");
    make(store, 1, Cause::Dismissed).await;
    assert_eq!(due(store).await, [2, 4]);
    run(store, &lease, 2, Cause::Refused).await;
    assert_eq!(due(store).await, [3, 4], "an order is kept, success is not asked for");
    run(store, &lease, 3, Cause::Done).await;
    accept_new(store, &[on(5, "example.de")]).await;
    assert_eq!(due(store).await, [4, 5], "finished jobs hold nobody");
}

pub async fn objects_of_different_accounts_are_different(db: Arc<Database>) {
    let store = &*db.store;
    let elsewhere = NewJob { account: "DENIC-1000099".into(), ..on(2, "example.de") };
    accept_new(store, &[on(1, "example.de"), elsewhere]).await;
    assert_eq!(due(store).await, [1]);
    assert_eq!(heads(store, "DENIC-1000099", at(0)).await.len(), 1);
}

pub async fn a_cancelled_job_hands_its_place_on(db: Arc<Database>) {
    let store = &*db.store;
    let chain: Vec<NewJob> = (1..=4).map(|number| on(number, "example.de")).collect();
    accept_new(store, &chain).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    make(store, 2, Cause::Withdrawn).await;
    assert_eq!(due(store).await, NOBODY, "1 still runs");
    assert_eq!(detail(store, 3).await.waits_for, [(id(1), "object".to_owned())]);
    make(store, 1, Cause::Done).await;
    assert_eq!(due(store).await, [3]);
    make(store, 3, Cause::Withdrawn).await;
    assert_eq!(due(store).await, [4], "3 waited for nobody any more");
}

pub async fn a_whole_tail_is_cancelled_at_once(db: Arc<Database>) {
    let store = &*db.store;
    let chain: Vec<NewJob> = (1..=6).map(|number| on(number, "example.de")).collect();
    accept_new(store, &chain).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    let mut moves = Vec::new();
    for number in [5, 2, 4] {
        moves.push(step(store, number, Cause::Withdrawn).await);
    }
    assert_eq!(store.apply(&moves).await.unwrap(), [true; 3]);
    assert_eq!(due(store).await, NOBODY);
    // The first ends together with a job behind it.
    let ends = [step(store, 3, Cause::Withdrawn).await, step(store, 1, Cause::Done).await];
    assert_eq!(store.apply(&ends).await.unwrap(), [true; 2]);
    assert_eq!(due(store).await, [6]);
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

pub async fn a_dependency_is_awaited(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2), after(3, &[1, 2])]).await;
    let lease = lease(store).await;
    assert_eq!(due(store).await, [1, 2]);
    assert_eq!(stored(store, 3).await.blockers, 2);
    run(store, &lease, 1, Cause::Done).await;
    assert_eq!(due(store).await, [2]);
    run(store, &lease, 2, Cause::Done).await;
    assert_eq!(due(store).await, [3]);
    accept_new(store, &[after(4, &[1, 2])]).await;
    assert_eq!(due(store).await, [3, 4], "what succeeded already is not waited for");
}

pub async fn a_dependency_that_arrives_later_is_awaited(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[after(2, &[1])]).await;
    assert_eq!(due(store).await, NOBODY);
    accept_new(store, &[job(1)]).await;
    assert_eq!(due(store).await, [1]);
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Done).await;
    assert_eq!(due(store).await, [2]);
}

pub async fn a_dependency_that_has_failed_already_dooms(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1)]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Refused).await;
    accept_new(store, &[after(2, &[1])]).await;
    assert_eq!(due(store).await, NOBODY);
    assert_eq!(doomed(store).await, [(2, 1)]);
    let doomed_job = stored(store, 2).await;
    assert_eq!(store.start(&lease, &[claim(&doomed_job)], at(0)).await.unwrap(), []);
    make(store, 2, Cause::PredecessorFailed).await;
    assert_eq!((state(store, 2).await, doomed(store).await), (State::Cancelled, vec![]));
}

pub async fn a_dependency_that_fails_dooms(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2), after(3, &[1, 2]), after(4, &[3])]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Refused).await;
    assert_eq!(doomed(store).await, [(3, 1)]);
    run(store, &lease, 2, Cause::Refused).await;
    assert_eq!(doomed(store).await, [(3, 1)], "the first reason stays");
    assert_eq!(store.sweep_links().await.unwrap(), 0, "nothing to repair");
    make(store, 3, Cause::PredecessorFailed).await;
    assert_eq!(doomed(store).await, [(4, 3)], "and so on down the line");
    make(store, 4, Cause::PredecessorFailed).await;
    assert_eq!(due(store).await, NOBODY);
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

pub async fn a_doomed_job_keeps_its_place_in_the_objects_order(db: Arc<Database>) {
    let store = &*db.store;
    let second = NewJob { after: vec![id(9)], ..on(2, "example.de") };
    accept_new(store, &[job(9), on(1, "example.de"), second, on(3, "example.de")]).await;
    let lease = lease(store).await;
    start(store, &lease, 1).await;
    run(store, &lease, 9, Cause::Refused).await;
    assert_eq!(doomed(store).await, [(2, 9)]);
    make(store, 2, Cause::PredecessorFailed).await;
    assert_eq!(due(store).await, NOBODY, "1 still runs");
    make(store, 1, Cause::Done).await;
    assert_eq!(due(store).await, [3]);
}

pub async fn a_job_cannot_wait_for_itself(db: Arc<Database>) {
    let store = &*db.store;
    assert_eq!(accept(store, &[after(1, &[1])]).await, [Acceptance::Cycle]);
    assert!(store.job(id(1)).await.unwrap().is_none(), "nothing was written");
    accept_new(store, &[job(1)]).await;
}

pub async fn a_cycle_is_refused_wherever_it_closes(db: Arc<Database>) {
    let store = &*db.store;
    // Within one call, and over three.
    assert_eq!(accept(store, &[after(1, &[2]), after(2, &[1])]).await, [Acceptance::New, Acceptance::Cycle]);
    accept_new(store, &[after(11, &[12])]).await;
    accept_new(store, &[after(12, &[13])]).await;
    assert_eq!(accept(store, &[after(13, &[11]), job(14)]).await, [Acceptance::Cycle, Acceptance::New]);
    // A late arrival that closes no cycle is taken, and so is the refused one once it waits for nobody.
    accept_new(store, &[after(13, &[14])]).await;
    accept_new(store, &[job(2)]).await;
    assert_eq!(due(store).await, [14, 2]);
}

/// Messages may overtake each other: a job arrives after one on the same object that names it in its `after`.
pub async fn a_late_arrival_passes_those_that_wait_for_it(db: Arc<Database>) {
    let store = &*db.store;
    let waits_for_2 = NewJob { after: vec![id(2)], ..on(1, "example.de") };
    accept_new(store, &[on(0, "example.de"), waits_for_2, on(3, "example.de")]).await;
    accept_new(store, &[on(2, "example.de")]).await;
    accept_new(store, &[on(4, "example.de")]).await;
    let lease = lease(store).await;
    for number in [0, 2, 1, 3, 4] {
        assert_eq!(due(store).await, [number]);
        run(store, &lease, number, Cause::Done).await;
    }
    // The first on its object steps back, too; and the same within one call, over a third job.
    let first = NewJob { after: vec![id(12)], ..on(11, "example.net") };
    accept_new(store, &[first]).await;
    let second = NewJob { after: vec![id(13)], ..on(12, "example.net") };
    let third = NewJob { after: vec![id(14)], ..job(13) };
    accept_new(store, &[second, third, on(14, "example.net")]).await;
    for number in [14, 13, 12, 11] {
        assert_eq!(due(store).await, [number]);
        run(store, &lease, number, Cause::Done).await;
    }
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

/// Nothing of a message is named but its last job, by one that came before the message: that one waits for all of it.
pub async fn what_stood_together_in_a_message_stays_in_its_order(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let waits_for = |number: u128, needs: u128| NewJob { after: vec![id(needs)], ..on(number, "example.de") };
    accept_new(store, &[waits_for(9, 3)]).await;
    accept_new(store, &[on(1, "example.de"), on(2, "example.de"), on(3, "example.de"), on(4, "example.de")]).await;
    for number in [1, 2, 3, 9, 4] {
        assert_eq!(due(store).await, [number]);
        run(store, &lease, number, Cause::Done).await;
    }
    // Other messages of the same intake have nothing to do with it, and what is named comes first all the same.
    accept_new(store, &[waits_for(19, 13)]).await;
    let other = NewJob { message: 1, ..on(11, "example.de") };
    let named_by_its_like = NewJob { message: 2, ..waits_for(12, 13) };
    let last = NewJob { message: 2, ..on(13, "example.de") };
    accept_new(store, &[other, named_by_its_like, last]).await;
    for number in [13, 19, 11, 12] {
        assert_eq!(due(store).await, [number]);
        run(store, &lease, number, Cause::Done).await;
    }
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

/// And so it does when the message is stored already: who is named by a job that came after it still waits for all of it.
pub async fn what_stood_together_in_a_stored_message_stays_in_its_order(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let waits_for = |number: u128, needs: u128| NewJob { after: vec![id(needs)], ..on(number, "example.de") };
    // The last of three comes first, then a message, then the job between them, which names the third of four.
    accept_new(store, &[waits_for(9, 8)]).await;
    accept_new(store, &[on(1, "example.de"), on(2, "example.de"), on(3, "example.de"), on(4, "example.de")]).await;
    accept_new(store, &[waits_for(8, 3)]).await;
    for number in [1, 2, 3, 8, 9, 4] {
        assert_eq!(due(store).await, [number]);
        run(store, &lease, number, Cause::Done).await;
    }
    // Two messages of one intake keep their order, each for itself; and one job names what stands in another's message.
    let of = |message: usize, job: NewJob| NewJob { message, ..job };
    let other = |number: u128| on(number, "example.net");
    let first = [of(0, waits_for(19, 18)), of(0, on(20, "example.de"))];
    let second = [of(1, on(11, "example.de")), of(1, waits_for(12, 31)), of(1, on(13, "example.de"))];
    let third = [of(2, other(30)), of(2, other(31)), of(2, other(32))];
    accept_new(store, &[&first[..], &second[..], &third[..]].concat()).await;
    accept_new(store, &[waits_for(18, 13)]).await;
    assert_eq!(due(store).await, [11, 30]);
    for number in [30, 11, 31, 12, 13, 18, 19, 20, 32] {
        run(store, &lease, number, Cause::Done).await;
    }
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

/// Whatever order they arrive in, one by one or together: jobs that name only whom they follow at once are put in order,
/// though they stand on the same object and one of them on another.
pub async fn what_jobs_name_goes_before_the_order_of_arrival(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    let mut orders: Vec<Vec<u128>> = vec![Vec::new()];
    for number in 0..5 {
        orders = orders
            .iter()
            .flat_map(|order| (0..=order.len()).map(|at| [&order[..at], &[number], &order[at..]].concat()))
            .collect();
    }
    assert_eq!(orders.len(), 120);
    for (round, order) in (0..).zip(&orders) {
        let number = |n: u128| round * 10 + n;
        let domain = format!("example-{round}.de");
        let step = |n: u128| {
            let after = n.checked_sub(1).map(|before| id(number(before)));
            // The third is about another object, such as a contact between two changes of a domain.
            let object = if n == 2 { format!("other-{round}.de") } else { domain.clone() };
            NewJob { after: after.into_iter().collect(), ..on(number(n), &object) }
        };
        let jobs: Vec<NewJob> = order.iter().map(|n| step(*n)).collect();
        // One by one, in two messages, in one.
        let size = [1, 3, 5][usize::try_from(round).unwrap() % 3];
        for message in jobs.chunks(size) {
            assert_eq!(accept(store, message).await, vec![Acceptance::New; message.len()], "{order:?}");
        }
        accept_new(store, &[on(number(9), &domain)]).await;
        for n in [0, 1, 2, 3, 4, 9] {
            assert_eq!(due(store).await, [number(n)], "{order:?}");
            run(store, &lease, number(n), Cause::Done).await;
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM job_links").await, 0);
}

pub async fn what_a_job_waits_for_is_said(db: Arc<Database>) {
    let store = &*db.store;
    let late = NewJob { not_before: Some(at(60)), after: vec![id(1)], ..on(3, "example.de") };
    accept_new(store, &[job(1), on(2, "example.de"), late]).await;
    let lease = lease(store).await;
    assert_eq!(stored(store, 1).await.waiting_for, WaitingFor::Turn);
    assert_eq!(stored(store, 3).await.waiting_for, WaitingFor::Dependency);
    run(store, &lease, 1, Cause::Done).await;
    assert_eq!(stored(store, 3).await.waiting_for, WaitingFor::Predecessor);
    run(store, &lease, 2, Cause::Done).await;
    let job = stored(store, 3).await;
    assert_eq!((job.waiting_for, job.blockers, job.due_at), (WaitingFor::Time, 0, at(60)));
    accept_new(store, &[on(4, "example.de")]).await;
    assert_eq!(stored(store, 4).await.waiting_for, WaitingFor::Predecessor);
    make(store, 3, Cause::Withdrawn).await;
    assert_eq!(stored(store, 4).await.waiting_for, WaitingFor::Turn);
}

pub async fn lost_releases_are_repaired(db: Arc<Database>) {
    let store = &*db.store;
    accept_new(store, &[job(1), job(2), on(3, "example.de")]).await;
    let lease = lease(store).await;
    run(store, &lease, 1, Cause::Done).await;
    run(store, &lease, 2, Cause::Refused).await;
    run(store, &lease, 3, Cause::Refused).await;
    accept_new(store, &[job(11), job(12), job(13)]).await;
    // As if the links had been written while the needed jobs finished.
    let quote = |number: u128| format!("'{}'", id(number));
    for (job, needs, kind) in [(11, 1, "after"), (12, 2, "after"), (13, 3, "object")] {
        let (job, needs) = (quote(job), quote(needs));
        db.execute(&format!("INSERT INTO job_links VALUES ({job}, {needs}, '{kind}')")).await;
        db.execute(&format!("UPDATE jobs SET blockers = 1, waiting_for = 'dependency' WHERE id = {job}")).await;
    }
    assert_eq!(due(store).await, NOBODY);
    assert_eq!(store.sweep_links().await.unwrap(), 3);
    assert_eq!(due(store).await, [11, 13]);
    assert_eq!(doomed(store).await, [(12, 2)]);
    assert_eq!(store.sweep_links().await.unwrap(), 0);
}
