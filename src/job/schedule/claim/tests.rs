//! Whole accounts at work, each limit alone: what may start does, what may not waits and comes when it may.

pub(in crate::job::schedule) mod bench;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::{Weekday, time};
use jiff::{SignedDuration, Timestamp};

use crate::model::limits::{Budget, Quiet, Share, Span, Timetable};
use crate::model::{Class, Event, Limits, NewJob, Operation, State};
use crate::store::{Pause, PauseKind};
use bench::{Bench, all_in_one_window, job};

fn event() -> Event {
    Event::of_account("A", "paused", "test", Timestamp::now())
}

fn pause(kind: PauseKind, name: &str) -> Pause {
    Pause { kind, name: name.into(), reason: "maintenance".into(), since: Timestamp::now() }
}

#[tokio::test]
async fn an_urgent_job_finds_a_slot_in_a_window_that_bulk_has_filled() {
    let limits =
        Limits { requests: Timetable::always(10), urgent_requests: Share::of_one(0.2).unwrap(), ..all_in_one_window() };
    let bench = Bench::new(&[("A", limits)]).await;
    let bulk: Vec<NewJob> = (0..50).map(|n| NewJob { class: Class::Bulk, ..job(n) }).collect();
    bench.accept(&bulk).await;
    bench
        .work(async |bench| {
            // One of the ten is the login's.
            bench.until("the window is full", || bench.said().len() >= 7).await;
            bench.accept(&[NewJob { class: Class::Urgent, ..job(100) }]).await;
            bench.until_over(&[100]).await;
            let said = bench.said();
            assert_eq!((said.len(), said.last().unwrap().name.as_str()), (8, "example-100.de"));
        })
        .await;
}

#[tokio::test]
async fn what_is_paused_waits_and_goes_on_afterwards() {
    for (kind, name) in [
        (PauseKind::Publisher, "slow"),
        (PauseKind::Operation, "domain.update"),
        (PauseKind::Batch, "autumn-sale"),
        (PauseKind::Account, "A"),
        (PauseKind::Registry, "bench"),
    ] {
        let bench = Bench::new(&[("A", all_in_one_window())]).await;
        bench.store.pause(&pause(kind, name), &event()).await.unwrap();
        let held = NewJob {
            publisher: "slow".into(),
            operation: Operation::DomainUpdate,
            batch: Some("autumn-sale".into()),
            ..job(1)
        };
        let whole = matches!(kind, PauseKind::Account | PauseKind::Registry);
        bench
            .accept(&(0..600).map(|n| NewJob { id: job(1000 + n).id, ..held.clone() }).map(unique).collect::<Vec<_>>())
            .await;
        bench.accept(&[job(2)]).await;
        bench
            .work(async |bench| {
                if !whole {
                    bench.until_over(&[2]).await;
                }
                assert!(bench.said().iter().all(|said| said.name == "example-2.de"), "{kind:?}");
                assert!(bench.store.end_pause(kind, name, &event()).await.unwrap().is_some());
                bench.until("everybody had a turn", || bench.said().len() == 601).await;
            })
            .await;
    }
}

#[tokio::test]
async fn others_go_on_while_a_large_batch_is_put_out_of_the_way() {
    const HELD: u128 = 6000;
    let bench = Bench::new(&[("A", all_in_one_window())]).await;
    bench.store.pause(&pause(PauseKind::Batch, "autumn-sale"), &event()).await.unwrap();
    let held: Vec<NewJob> = (0..HELD).map(|n| NewJob { batch: Some("autumn-sale".into()), ..job(1000 + n) }).collect();
    bench.accept(&held).await;
    bench.accept(&[NewJob { class: Class::Urgent, ..job(1) }, NewJob { publisher: "shop".into(), ..job(2) }]).await;
    bench
        .work(async |bench| {
            bench.until_over(&[1, 2]).await;
            let ripe: u64 = bench.store.flows(None).await.unwrap().iter().map(|flow| flow.ripe).sum();
            assert!(ripe > 0, "they waited until everything else was put aside");
        })
        .await;
}

/// The same on an object of its own.
fn unique(job: NewJob) -> NewJob {
    let object = crate::model::ObjectKey::new(crate::model::ObjectKind::Domain, &format!("example-{}.de", job.id));
    NewJob { object, ..job }
}

#[tokio::test]
async fn a_quiet_window_holds_bulk_and_lets_urgent_through() {
    let days = vec![
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    // Two halves, since a span that ends when it begins is empty.
    let halves = [(time(0, 0, 0, 0), time(12, 0, 0, 0)), (time(12, 0, 0, 0), time(0, 0, 0, 0))];
    let half = |(from, to)| Quiet { days: days.clone(), span: Span { from, to }, hold: vec![Class::Bulk] };
    let quiet = halves.map(half).to_vec();
    let bench = Bench::new(&[("A", Limits { quiet, ..all_in_one_window() })]).await;
    bench.accept(&[NewJob { class: Class::Bulk, ..job(1) }, NewJob { class: Class::Urgent, ..job(2) }, job(3)]).await;
    bench
        .work(async |bench| {
            bench.until_over(&[2, 3]).await;
            bench.accept(&[job(4)]).await;
            bench.until_over(&[4]).await;
            assert!(bench.said().iter().all(|said| said.name != "example-1.de"));
            assert_eq!(bench.state(1).await, State::Waiting);
        })
        .await;
}

#[tokio::test]
async fn requests_on_one_object_keep_their_distance() {
    let spacing = Duration::from_millis(300);
    let bench = Bench::new(&[("A", Limits { spacing, ..all_in_one_window() })]).await;
    let same: Vec<NewJob> = (1..4).map(|n| NewJob { object: job(1).object, ..job(n) }).collect();
    bench.accept(&same).await;
    bench.accept(&[job(9)]).await;
    bench
        .work(async |bench| {
            bench.until_over(&[1, 2, 3, 9]).await;
            let said = bench.said();
            let at: Vec<_> = said.iter().filter(|said| said.name == "example-1.de").map(|said| said.at).collect();
            assert_eq!(at.len(), 3);
            for pair in at.windows(2) {
                assert!(pair[1] - pair[0] >= spacing, "{:?}", pair[1] - pair[0]);
            }
            let other = said.iter().find(|said| said.name == "example-9.de").unwrap();
            assert!(other.at < at[1], "nobody else waits for that");
        })
        .await;
}

#[tokio::test]
async fn a_connection_is_left_before_the_registry_ends_it() {
    let bench = Bench::new(&[("A", Limits { commands_per_connection: Some(5), ..all_in_one_window() })]).await;
    bench.accept(&(0..20).map(job).collect::<Vec<_>>()).await;
    bench.work(async |bench| bench.until_over(&(0..20).collect::<Vec<_>>()).await).await;
    let mut on_each: BTreeMap<usize, usize> = BTreeMap::new();
    bench.said().iter().for_each(|said| *on_each.entry(said.session).or_default() += 1);
    assert!(on_each.len() >= 7, "{on_each:?}");
    // LOGIN and LOGOUT count, too.
    assert!(on_each.values().all(|said| *said <= 3), "{on_each:?}");
    assert_eq!(bench.logged_out(), bench.sessions(), "and none of them is left behind");
}

#[tokio::test]
async fn budgets_of_refusals_and_of_logins_end_in_silence() {
    let errors = Some(Budget { count: 3, within: Duration::from_secs(600) });
    let bench = Bench::new(&[("A", Limits { errors, ..all_in_one_window() })]).await;
    bench.accept(&(0..9).map(|n| NewJob { object: bench::bad(n), ..job(n) }).collect::<Vec<_>>()).await;
    bench
        .work(async |bench| {
            bench.until_cool("A", "limits.errors").await;
            assert!(bench.said().len() < 6, "three, and what was at the desks");
        })
        .await;

    let logins = Some(Budget { count: 2, within: Duration::from_secs(600) });
    let limits = Limits { logins, commands_per_connection: Some(4), ..all_in_one_window() };
    let bench = Bench::new(&[("A", limits)]).await;
    bench.accept(&(0..9).map(job).collect::<Vec<_>>()).await;
    bench
        .work(async |bench| {
            bench.until_trouble("A", "limits.logins").await;
            assert_eq!((bench.sessions(), bench.said().len()), (2, 2));
        })
        .await;
}

#[tokio::test]
async fn whoever_may_send_takes_the_jobs_of_a_pool() {
    let bench = Bench::pool("pool", &[("A", all_in_one_window()), ("B", all_in_one_window())]).await;
    bench.store.cool_down("A", Timestamp::now() + SignedDuration::from_hours(1), "blocked").await.unwrap();
    let of_pool = |n| NewJob { account: "pool".into(), pool: Some("pool".into()), ..job(n) };
    bench.accept(&(0..20).map(of_pool).collect::<Vec<_>>()).await;
    // In one order with those that name an account of the pool.
    let named = NewJob { account: "B".into(), pool: Some("pool".into()), object: job(3).object, ..job(99) };
    bench.accept(&[named]).await;
    bench
        .work(async |bench| {
            bench.until_over(&(0..20).chain([99]).collect::<Vec<_>>()).await;
            assert!(bench.said().iter().all(|said| said.account == "B"));
            let order: Vec<_> = bench.said().into_iter().filter(|said| said.name == "example-3.de").collect();
            assert_eq!(order.len(), 2);
        })
        .await;
    let job = bench.store.job(job(5).id).await.unwrap().unwrap().job;
    assert_eq!((job.account.as_str(), job.queue.as_str()), ("B", "pool"));
}
