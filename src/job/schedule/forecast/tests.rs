use std::time::Duration;

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::limits::{Quiet, Share, Span, Timetable};

const MINUTE: Duration = Duration::from_secs(60);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn flow(class: Class, publisher: &str, batch: &str, ripe: u64) -> Flow {
    let batch = Some(batch.to_owned()).filter(|batch| !batch.is_empty());
    Flow { queue: "DENIC-1000001".into(), class, publisher: publisher.into(), batch, ripe, unripe: 0 }
}

fn station(limits: Limits) -> Station {
    let account = "DENIC-1000001".into();
    Station { account, limits: Arc::new(limits), quota: QuotaUse::default(), sent: 0, silence: None }
}

fn outlook(now: &str, limits: Limits, flows: Vec<Flow>) -> Outlook {
    let (stations, weights) = (vec![station(limits)], BTreeMap::new());
    Outlook { now: at(now), pool: None, stations, flows, weights, pauses: vec![] }
}

/// A registry with everything: 2000 a minute, 200 from 01:00 to 05:00, maintenance on Tuesdays from 16:00 to 20:00.
fn published() -> Limits {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let night = Span { from: time(1, 0, 0, 0), to: time(5, 0, 0, 0) };
    let tuesday = Span { from: time(16, 0, 0, 0), to: time(20, 0, 0, 0) };
    Limits {
        zone,
        // So that no slot is kept for LOGOUTs.
        sessions: 0,
        requests: Timetable { base: 2000, spans: vec![(night, 200)] },
        quota: Some(50_000),
        quiet: vec![Quiet { days: vec![Weekday::Tuesday], span: tuesday, hold: vec![Class::Bulk] }],
        ..Limits::none()
    }
}

#[test]
fn a_quota_spreads_a_batch_over_days() {
    let outlook =
        outlook("2026-11-22T00:00:00+01:00", published(), vec![flow(Class::Bulk, "billing", "autumn-sale", 120_000)]);
    let told = forecast(&outlook);
    // 2000 a minute: the points of a day last 25 minutes.
    assert_eq!(told.dry, [Some(at("2026-11-22T00:25:00+01:00"))]);
    let end = Some(at("2026-11-24T00:10:00+01:00"));
    assert_eq!(told.flows, [Estimate { start: Some(outlook.now), end }]);
    // More of it stands behind it, and the next day's points are enough for this.
    let more = additional(&outlook, &outlook.flows[0]);
    assert_eq!((more.start, more.end), (end, Some(at("2026-11-26T00:20:00+01:00"))));
}

#[test]
fn maintenance_holds_bulk_and_lets_urgent_jobs_pass() {
    let flows = vec![flow(Class::Bulk, "billing", "a", 4000), flow(Class::Urgent, "billing", "", 2000)];
    let outlook = outlook("2026-11-24T15:58:00+01:00", published(), flows);
    let told = forecast(&outlook);
    assert_eq!(told.flows[1].end, Some(at("2026-11-24T15:59:00+01:00")));
    assert_eq!(told.flows[0].start, Some(at("2026-11-24T15:59:00+01:00")));
    assert_eq!(told.flows[0].end, Some(at("2026-11-24T20:01:00+01:00")));
}

#[test]
fn less_is_sent_from_a_grace_before_the_night_until_its_end() {
    // 55 s at 2000 a minute, clocks being what they are, and then 200 a minute.
    let before = outlook("2026-11-22T00:58:00+01:00", published(), vec![flow(Class::Normal, "a", "", 3000)]);
    assert_eq!(forecast(&before).flows[0].end, Some(at("2026-11-22T01:04:45+01:00")));
    // 65 s at 200 a minute, and then 2000 a minute.
    let at_its_end = outlook("2026-11-22T04:59:00+01:00", published(), vec![flow(Class::Normal, "a", "", 7000)]);
    let took = forecast(&at_its_end).flows[0].end.unwrap().duration_since(at_its_end.now).as_secs_f64();
    assert!((took - (65.0 + (7000.0 - 65.0 * 200.0 / 60.0) * 60.0 / 2000.0)).abs() < 0.001, "{took}");
}

#[test]
fn what_is_paused_or_suspended_has_no_end() {
    let flows = vec![flow(Class::Bulk, "billing", "a", 10), flow(Class::Bulk, "billing", "b", 10)];
    let mut outlook = outlook("2026-11-22T12:00:00+01:00", published(), flows);
    let since = outlook.now;
    outlook.pauses.push(Pause { kind: PauseKind::Batch, name: "a".into(), reason: "wrong holder".into(), since });
    let told = forecast(&outlook).flows;
    assert_eq!(told[0], Estimate::default());
    assert!(told[1].end.is_some());
    outlook.stations[0].silence = Some(Silence::Unknown);
    assert_eq!(forecast(&outlook).flows[1], Estimate::default());
    outlook.stations[0].silence = Some(Silence::Until(at("2026-11-22T12:02:00+01:00")));
    assert_eq!(forecast(&outlook).flows[1].start, Some(at("2026-11-22T12:02:00+01:00")));
}

#[test]
fn a_thousand_batches_of_a_billion_jobs_are_looked_at_as_fast_as_ten_jobs() {
    let flows = (0..1000).map(|n| flow(Class::Bulk, &format!("p{}", n % 7), &format!("b{n}"), 1_000_000_000 + n));
    let outlook = outlook("2026-11-22T12:00:00+01:00", published(), flows.collect());
    let told = forecast(&outlook);
    assert!(told.flows.iter().all(|line| line.start == Some(outlook.now) && line.end.is_none()));
}

#[test]
fn the_turn_comes_after_what_is_before_it() {
    let flows = vec![
        flow(Class::Urgent, "a", "", 2000),
        flow(Class::Bulk, "a", "big", 1_000_000),
        flow(Class::Bulk, "b", "small", 1000),
    ];
    let mut outlook = outlook("2026-11-22T12:00:00+01:00", Limits { quota: None, ..published() }, flows);
    let mut job = crate::cli::fake::job(1, crate::model::State::Waiting);
    (job.queue, job.class, job.publisher) = ("DENIC-1000001".into(), Class::Bulk, "b".into());
    // One minute of urgent jobs; then 500 of its publisher take as long as the 500 of the other one beside them.
    let ahead = Ahead { more_urgent: 2000, same_publisher: 500, other_publishers: 1_000_000 };
    let turn = |outlook: &Outlook| turn_of(outlook, &job, &ahead).unwrap().duration_since(outlook.now).as_secs();
    assert_eq!(turn(&outlook), 90);
    outlook.weights.insert("b".into(), 3);
    assert_eq!(turn(&outlook), 80);
}

#[test]
fn at_a_steady_rate_points_last_until_they_are_gone_or_given_anew() {
    let mut station = station(published());
    station.quota.used = 49_000;
    let now = at("2026-11-22T23:00:00+01:00");
    let dry = |station: &Station, rate| dry_at_rate(station, Class::Normal, rate, now);
    assert_eq!(dry(&station, 1.0), Some(at("2026-11-22T23:16:40+01:00")));
    assert_eq!((dry(&station, 0.1), dry(&station, 0.0)), (None, None));
    station.quota.exhausted_until = Some(at("2026-11-23T00:01:30+01:00"));
    assert_eq!(dry(&station, 0.0), Some(now));
}

/// Days with 23, 24 and 25 hours, with and without maintenance; whole minutes, so that within a minute something changes
/// only where [`PIECES`] do.
fn beginnings() -> impl Strategy<Value = Timestamp> {
    const DAYS: &[&str] = &["2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25", "2026-11-23", "2026-11-24"];
    let instant = |(day, hour, minute): (&str, u32, u32)| at(&format!("{day}T{hour:02}:{minute:02}:00Z"));
    (proptest::sample::select(DAYS), 0u32..24, 0u32..60).prop_map(instant)
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let share = || (0u32..4).prop_map(|tenths| Share::of_one(f64::from(tenths) / 10.0).unwrap());
    let spans = (1u32..60, 1u32..60, 0i8..12, 12i8..24, any::<bool>());
    (spans, proptest::option::of(200u64..20_000), share(), share(), share(), 1usize..4).prop_map(
        |((base, other, from, to, over_midnight), quota, urgent_requests, urgent_quota, deadline_quota, held)| {
            let span = Span { from: time(from, 0, 0, 0), to: time(to, 30, 0, 0) };
            let span = if over_midnight { Span { from: span.to, to: span.from } } else { span };
            Limits {
                requests: Timetable { base, spans: vec![(span, other)] },
                quiet: vec![Quiet { hold: Class::ALL[held.min(2)..].to_vec(), ..published().quiet[0].clone() }],
                quota,
                urgent_requests,
                urgent_quota,
                deadline_quota,
                ..published()
            }
        },
    )
}

fn any_flows() -> impl Strategy<Value = Vec<Flow>> {
    let one = (proptest::sample::select(Class::ALL), 0usize..3, 0usize..3, 0u64..20_000);
    let one = one.prop_map(|(class, p, b, ripe)| flow(class, ["a", "b", "c"][p], ["x", "y", "z"][b], ripe));
    proptest::collection::vec(one, 1..6).prop_map(|mut flows| {
        let key = |flow: &Flow| (flow.class, flow.publisher.clone(), flow.batch.clone());
        flows.sort_by_key(key);
        flows.dedup_by_key(|flow| key(flow));
        flows
    })
}

fn any_outlook() -> impl Strategy<Value = Outlook> {
    (beginnings(), any_limits(), any_flows(), 1u32..4, 0u64..5000, proptest::option::of(0u64..2000)).prop_map(
        |(now, limits, flows, weight, used, exhausted)| {
            let mut station = station(limits);
            station.quota.used = used;
            station.quota.exhausted_until = exhausted.map(|minutes| now + MINUTE * u32::try_from(minutes).unwrap());
            let weights = BTreeMap::from([("a".to_owned(), weight)]);
            Outlook { now, pool: None, stations: vec![station], flows, weights, pauses: vec![] }
        },
    )
}

/// A minute: where each piece begins, and how long it is, in seconds. Changes of the timetable, which are at whole minutes,
/// are felt 5 s early or late.
const PIECES: [(u64, u32); 3] = [(0, 5), (5, 50), (55, 5)];

/// The same minute by minute, for so many minutes: when each flow is done, and how many jobs were.
fn by_hand(outlook: &Outlook, minutes: u32) -> (Vec<Option<Timestamp>>, f64) {
    let (station, limits) = (&outlook.stations[0], &outlook.stations[0].limits);
    let mut left: Vec<f64> = outlook.flows.iter().map(|flow| flow.ripe as f64).collect();
    let mut ends: Vec<Option<Timestamp>> = left.iter().map(|left| (*left == 0.0).then_some(outlook.now)).collect();
    let (mut used, mut day, mut done) = (station.quota.used as f64, limits.day(outlook.now), 0.0);
    let pieces = (0..minutes).flat_map(|minute| PIECES.map(|(second, length)| (minute, second, length)));
    for (minute, second, length) in pieces {
        let now = outlook.now + MINUTE * minute + Duration::from_secs(second);
        if limits.day(now) != day {
            (used, day) = (0.0, limits.day(now));
        }
        // What of the piece is left for the classes that come later.
        let mut rest = 1.0;
        for &class in Class::ALL {
            if !(0..left.len()).any(|i| outlook.flows[i].class == class && left[i] > 0.0) {
                continue;
            }
            let points = limits.quota.map_or(f64::MAX, |_| (tier(class).limit(limits) as f64 - used).max(0.0));
            let exhausted = limits.quota.is_some() && station.quota.exhausted_until.is_some_and(|until| until > now);
            if exhausted || points == 0.0 {
                continue;
            }
            let allowed = f64::from(part(class).capacity(limits, now)) * f64::from(length) / 60.0;
            if limits.quiet_until(class, now).is_some() || allowed == 0.0 {
                continue;
            }
            let mut budget = (allowed * rest).min(points);
            while budget > 1e-6 {
                let waiting = |i: &usize| outlook.flows[*i].class == class && left[*i] > 0.0;
                let lines: Vec<usize> = (0..left.len()).filter(waiting).collect();
                let of = |publisher: &str| lines.iter().filter(|i| outlook.flows[**i].publisher == publisher).count();
                let weight = |i: usize| {
                    let publisher = &outlook.flows[i].publisher;
                    f64::from(outlook.weights.get(publisher).copied().unwrap_or(1)) / of(publisher) as f64
                };
                let weights: f64 = lines.iter().map(|i| weight(*i)).sum();
                if lines.is_empty() {
                    break;
                }
                let shares: Vec<(usize, f64)> = lines.iter().map(|i| (*i, budget * weight(*i) / weights)).collect();
                for (i, share) in shares {
                    let sent = share.min(left[i]);
                    (left[i], budget, used, done) = (left[i] - sent, budget - sent, used + sent, done + sent);
                    rest -= sent / allowed;
                    if left[i] < 1e-4 {
                        left[i] = 0.0;
                        ends[i].get_or_insert(now + Duration::from_secs(length.into()));
                    }
                }
            }
            // Classes that wait for points send nothing, and hold nobody up.
            if rest < 1e-9 {
                break;
            }
        }
    }
    (ends, done)
}

/// On the first day of summer time, with a timetable that changes twice a day.
#[test]
fn a_timetable_with_more_at_night_is_followed_over_a_change_of_clocks() {
    let span = |from, to| Span { from, to };
    for (base, spans, quota, ripe) in [
        (1, (span(time(12, 30, 0, 0), time(8, 0, 0, 0)), 14), None, 19_037),
        (18, (span(time(12, 30, 0, 0), time(0, 0, 0, 0)), 1), Some(12_321), 16_050),
    ] {
        let limits = Limits { requests: Timetable { base, spans: vec![spans] }, quota, ..published() };
        let outlook = outlook("2026-03-28T00:00:00Z", limits, vec![flow(Class::Normal, "b", "x", ripe)]);
        compare(&outlook).unwrap();
    }
}

/// Whether each flow ends when it is told to, as far as that can be walked through.
fn compare(outlook: &Outlook) -> Result<(), TestCaseError> {
    const MINUTES: u32 = 36 * 60;
    let told = forecast(outlook);
    let (ends, done) = by_hand(outlook, MINUTES);
    let last = outlook.now + MINUTE * MINUTES;
    for ((flow, told), end) in outlook.flows.iter().zip(&told.flows).zip(&ends) {
        let told = told.end.filter(|end| *end < last - MINUTE * 3);
        match (told, end) {
            (Some(told), Some(end)) => {
                let apart = told.duration_since(*end).abs().as_secs();
                prop_assert!(apart <= 120, "{flow:?} is told to end {told}, and ends {end}");
            }
            (None, Some(end)) => prop_assert!(*end >= last - MINUTE * 6, "{flow:?} ends {end}"),
            (Some(told), None) => prop_assert!(false, "{flow:?} is told to end {told}, and does not"),
            (None, None) => {}
        }
    }
    let all: u64 = outlook.flows.iter().map(|flow| flow.ripe).sum();
    prop_assert!(done <= all as f64 + 1e-3);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Whatever the limits say, it comes out as when every minute is worked through.
    #[test]
    fn it_says_what_happens_minute_by_minute(outlook in any_outlook()) {
        compare(&outlook)?;
    }

    /// More work never makes anything end sooner, and more points never later.
    #[test]
    fn more_work_takes_longer_and_more_points_do_not(outlook in any_outlook(), which in any::<prop::sample::Index>()) {
        let before = forecast(&outlook).flows;
        let which = which.index(outlook.flows.len());
        let mut more = outlook.clone();
        more.flows[which].ripe += 1000;
        let mut richer = outlook.clone();
        let limits = &outlook.stations[0].limits;
        let quota = limits.quota.map(|quota| quota * 2);
        richer.stations[0].limits = Arc::new(Limits { quota, ..(**limits).clone() });
        let end = |estimate: &Estimate| estimate.end.unwrap_or(Timestamp::MAX);
        for (i, (less, more)) in before.iter().zip(forecast(&more).flows).enumerate() {
            prop_assert!(end(&more) + Duration::from_millis(10) >= end(less).min(Timestamp::MAX - Duration::from_secs(1)), "flow {i}");
        }
        for (poor, rich) in before.iter().zip(forecast(&richer).flows) {
            let slack = end(poor).checked_add(Duration::from_millis(10)).unwrap_or(Timestamp::MAX);
            prop_assert!(end(&rich) <= slack);
        }
        // Jobs that join a line are those that end it.
        let joined = additional(&outlook, &Flow { ripe: 1000, ..outlook.flows[which].clone() });
        // Steps that are divided otherwise are rounded otherwise, by a nanosecond.
        let (joined, grown) = (joined.end, forecast(&more).flows[which].end);
        let apart = joined.zip(grown).map(|(joined, grown)| joined.duration_since(grown).abs().as_nanos());
        prop_assert!(joined == grown || apart.is_some_and(|apart| apart <= 1000), "{joined:?} {grown:?}");
    }

    /// The accounts of a pool work together, each at its own rate, and none does what is not in its queues.
    #[test]
    fn a_pool_is_as_fast_as_all_its_accounts(rates in proptest::collection::vec(1u32..500, 1..6), jobs in 1u64..100_000) {
        let mut of_pool = outlook("2026-11-22T12:00:00+01:00", Limits::none(), vec![]);
        of_pool.pool = Some("de".into());
        of_pool.flows.push(Flow { queue: "de".into(), ..flow(Class::Normal, "a", "", jobs) });
        of_pool.flows.push(Flow { queue: "nobody".into(), ..flow(Class::Urgent, "a", "", 10) });
        of_pool.stations = rates.iter().enumerate().map(|(n, rate)| Station {
            account: format!("DENIC-100000{n}"),
            ..station(Limits { sessions: 0, requests: Timetable::always(*rate), ..Limits::none() })
        }).collect();
        let told = forecast(&of_pool).flows;
        let took = told[0].end.unwrap().duration_since(of_pool.now).as_secs_f64();
        let expected = jobs as f64 * 60.0 / f64::from(rates.iter().sum::<u32>());
        prop_assert!((took - expected).abs() < 0.01, "{took} {expected}");
        prop_assert_eq!(told[1], Estimate::default());
    }
}
