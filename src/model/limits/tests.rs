//! Local time as it is: days of 23 and 25 hours, times that come twice or not at all, spans over midnight. What the rules
//! say is compared with a walk through time, minute by minute.

use jiff::civil::time;
use proptest::prelude::*;

use super::*;

/// Zones whose clocks change by an hour at night, by half an hour, over midnight, and never; one lost a day.
const ZONES: &[(&str, &[&str])] = &[
    ("Europe/Berlin", &["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-07-01T12:00Z"]),
    ("Australia/Lord_Howe", &["2026-04-04T15:00Z", "2026-10-03T15:30Z"]),
    ("America/Sao_Paulo", &["2018-02-18T02:00Z", "2018-11-04T03:00Z"]),
    ("America/St_Johns", &["2010-03-14T03:31Z", "2010-11-07T02:31Z"]),
    ("Pacific/Apia", &["2011-12-30T10:00Z"]),
    ("UTC", &["2026-03-29T01:00Z"]),
];

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin(spans: &[(Span, u32)]) -> Limits {
    Limits { zone: zone("Europe/Berlin"), requests: Timetable { base: 2000, spans: spans.to_vec() }, ..Limits::none() }
}

const fn span(from: (i8, i8), to: (i8, i8)) -> Span {
    Span { from: time(from.0, from.1, 0, 0), to: time(to.0, to.1, 0, 0) }
}

#[test]
fn days_have_23_24_and_25_hours() {
    let berlin = berlin(&[]);
    // Machines without time zone data go by the rule itself.
    let rule = Limits { zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(), ..Limits::none() };
    for limits in [berlin, rule] {
        for (midnight, next, hours) in [
            ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
            ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
            ("2026-12-31T00:00:00+01:00", "2027-01-01T00:00:00+01:00", 24),
        ] {
            let (midnight, next) = (at(midnight), at(next));
            assert_eq!(next.as_second() - midnight.as_second(), hours * 3600);
            let last = next - SignedDuration::from_nanos(1);
            assert_eq!((limits.next_day(midnight), limits.next_day(last)), (next, next));
            assert_eq!(limits.day(midnight), limits.day(last));
            assert!(limits.next_day(next) > next && limits.day(next) > limits.day(last));
        }
        assert_eq!(limits.next_day(Timestamp::MAX), Timestamp::MAX);
    }
}

#[test]
fn an_hour_left_out_and_an_hour_that_comes_twice() {
    let early = berlin(&[(span((2, 30), (4, 0)), 200)]);
    let change = |now: &str| early.requests.next_change(&early.zone, at(now));
    // 02:30 does not exist: the span begins with the change of clocks itself.
    assert_eq!(change("2026-03-29T01:59:00+01:00"), Some(at("2026-03-29T03:00:00+02:00")));
    assert_eq!(early.requests_at(at("2026-03-29T03:00:00+02:00")), 200);
    // 02:30 comes twice, and between them clocks go back out of the span.
    let steps = ["2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"];
    assert_eq!(change("2026-10-25T00:00:00+02:00"), Some(at(steps[0])));
    assert_eq!(change(steps[0]), Some(at(steps[1])));
    assert_eq!(change(steps[1]), Some(at(steps[2])));
    assert_eq!(change(steps[2]), Some(at("2026-10-25T04:00:00+01:00")));
    // Left out as a whole on that day: the next one is a day later.
    let gone = berlin(&[(span((2, 0), (3, 0)), 200)]);
    let next = gone.requests.next_change(&gone.zone, at("2026-03-28T12:00:00+01:00"));
    assert_eq!(next, Some(at("2026-03-30T02:00:00+02:00")));
}

#[test]
fn around_a_change_the_smaller_figure_counts() {
    let night = berlin(&[(span((23, 0), (1, 0)), 200)]);
    for (now, allowed) in [
        ("2026-01-15T22:58:54+01:00", 2000),
        ("2026-01-15T22:58:55+01:00", 200),
        ("2026-01-15T23:00:00+01:00", 200),
        ("2026-01-16T00:00:00+01:00", 200),
        ("2026-01-16T00:59:30+01:00", 200),
        ("2026-01-16T01:00:04+01:00", 200),
        ("2026-01-16T01:00:05+01:00", 2000),
    ] {
        assert_eq!(night.requests_now(at(now)), allowed, "{now}");
    }
    // Shorter than a request may be on its way.
    let short = Span { from: time(12, 0, 10, 0), to: time(12, 0, 20, 0) };
    let short = berlin(&[(short, 7), (span((12, 5), (12, 6)), 3)]);
    assert_eq!(short.requests_now(at("2026-01-15T12:00:00+01:00")), 7);
    let patient = Limits { grace: Duration::from_secs(600), ..short };
    assert_eq!(patient.requests_now(at("2026-01-15T12:00:00+01:00")), 3);
}

#[test]
fn a_quiet_window_holds_its_classes_on_its_days() {
    let quiet = |days: &[Weekday], span, hold: &[Class]| Quiet { days: days.to_vec(), span, hold: hold.to_vec() };
    let limits = Limits {
        quiet: vec![
            quiet(&[Weekday::Tuesday], span((16, 0), (20, 0)), &[Class::Bulk]),
            quiet(&[Weekday::Tuesday], span((19, 0), (21, 0)), &[Class::Bulk, Class::Normal]),
            quiet(&[Weekday::Saturday], span((23, 0), (2, 30)), &[Class::Bulk]),
            quiet(&[Weekday::Friday], span((0, 0), (0, 0)), &[Class::Normal]),
        ],
        ..berlin(&[])
    };
    let bulk = |now: &str| limits.quiet_until(Class::Bulk, at(now));
    assert_eq!(bulk("2026-11-24T15:59:59+01:00"), None);
    // One window ends within another.
    assert_eq!(bulk("2026-11-24T16:00:00+01:00"), Some(at("2026-11-24T21:00:00+01:00")));
    assert_eq!(bulk("2026-11-25T17:00:00+01:00"), None, "a Wednesday");
    assert_eq!(limits.quiet_until(Class::Normal, at("2026-11-24T17:00:00+01:00")), None);
    assert_eq!(limits.quiet_until(Class::Urgent, at("2026-11-24T19:30:00+01:00")), None);
    // Over midnight into Sunday, when 02:30 does not exist, and when it comes twice.
    assert_eq!(bulk("2026-03-29T01:30:00+01:00"), Some(at("2026-03-29T03:00:00+02:00")));
    assert_eq!(bulk("2026-03-29T03:00:00+02:00"), None);
    assert_eq!(bulk("2026-10-25T02:45:00+02:00"), Some(at("2026-10-25T02:30:00+01:00")));
    assert_eq!(bulk("2026-10-25T02:30:00+01:00"), None);
    assert_eq!(bulk("2026-11-22T23:30:00+01:00"), None, "begins on Saturdays only");
    // A whole day.
    let friday = limits.quiet_until(Class::Normal, at("2026-11-27T00:00:00+01:00"));
    assert_eq!(friday, Some(at("2026-11-28T00:00:00+01:00")));
    assert_eq!(limits.quiet_until(Class::Normal, at("2026-11-28T00:00:00+01:00")), None);
}

#[test]
fn windows_that_fill_the_week_hold_for_ever_and_are_not_walked_through() {
    let all = Quiet { days: DAYS.to_vec(), span: span((0, 0), (0, 0)), hold: vec![Class::Bulk] };
    let limits = Limits { quiet: vec![all.clone()], ..berlin(&[]) };
    assert_eq!(limits.quiet_until(Class::Bulk, at("2026-10-23T12:00Z")), Some(Timestamp::MAX));
    let but_one = Quiet { days: DAYS[1..].to_vec(), ..all };
    let limits = Limits { quiet: vec![but_one], ..berlin(&[]) };
    let monday = Some(at("2026-10-26T00:00:00+01:00"));
    assert_eq!(limits.quiet_until(Class::Bulk, at("2026-10-20T00:00:00+02:00")), monday);
}

#[test]
fn a_share_is_a_thousandth_and_never_more_than_all() {
    for wrong in [-0.001, 1.001, f64::NAN, f64::INFINITY] {
        assert_eq!(Share::of_one(wrong), None, "{wrong}");
    }
    let share = |part| Share::of_one(part).unwrap();
    assert_eq!((share(0.1).of(50_000), share(0.0).of(7), share(1.0).of(u64::MAX)), (5000, 0, u64::MAX));
    assert_eq!((share(0.333).of(1000), share(0.5).of(3), share(0.0004)), (333, 1, Share::NONE));
}

#[test]
fn only_counted_operations_cost_and_only_where_points_are_counted() {
    let free: &'static [Operation] = &[Operation::MessageRead];
    let counted = Limits { quota: Some(10), free, ..Limits::none() };
    assert_eq!((counted.cost(Operation::DomainInfo), counted.cost(Operation::MessageRead)), (1, 0));
    assert_eq!(Limits { quota: None, ..counted }.cost(Operation::DomainInfo), 0);
}

/// Minutes of the day, so that every edge is one of the walk's steps.
fn any_time() -> impl Strategy<Value = Time> {
    (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| time(hour, minute, 0, 0))
}

fn any_span() -> impl Strategy<Value = Span> {
    (any_time(), any_time()).prop_map(|(from, to)| Span { from, to })
}

/// A zone and an instant within two days of one of its changes.
fn any_moment() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    (proptest::sample::select(ZONES), any::<proptest::sample::Index>(), -2880_i64..2880).prop_map(
        |((name, changes), index, minutes)| {
            (zone(name), at(changes[index.index(changes.len())]) + SignedDuration::from_mins(minutes))
        },
    )
}

/// The next so many minutes.
fn minutes(now: Timestamp, count: i64) -> impl Iterator<Item = Timestamp> {
    (1..=count).map(move |minute| now + SignedDuration::from_mins(minute))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_next_change_is_the_first_minute_with_another_figure(
        (zone, now) in any_moment(), spans in proptest::collection::vec(any_span(), 0..3), figures in [0_u32..3, 0..3, 0..3],
    ) {
        let spans = spans.into_iter().zip(figures).collect();
        let limits = Limits { zone, requests: Timetable { base: 1, spans }, ..Limits::none() };
        let here = limits.requests_at(now);
        let walked = minutes(now, 2 * 1440).find(|at| limits.requests_at(*at) != here);
        let told = limits.requests.next_change(&limits.zone, now);
        match walked {
            Some(_) => prop_assert_eq!(told, walked),
            None => prop_assert!(told.is_none_or(|at| at > now + SignedDuration::from_hours(48)), "{:?}", told),
        }
    }

    #[test]
    fn nothing_sent_now_meets_a_smaller_figure_on_its_way(
        (zone, now) in any_moment(), spans in proptest::collection::vec(any_span(), 0..3), grace in 0_u64..600,
    ) {
        let spans = spans.into_iter().zip(1..).collect();
        let grace = Duration::from_secs(grace * 60);
        let limits = Limits { zone, grace, requests: Timetable { base: 9, spans }, ..Limits::none() };
        let within = minutes(now, 601).filter(|at| *at <= after(now, grace + CLOCKS_DIFFER));
        let least = within.chain([now, before(now, CLOCKS_DIFFER)]).map(|at| limits.requests_at(at)).min();
        prop_assert_eq!(Some(limits.requests_now(now)), least);
    }

    #[test]
    fn the_figure_stays_until_a_change_is_felt(
        (zone, now) in any_moment(), spans in proptest::collection::vec(any_span(), 0..3), grace in 0_u64..5,
    ) {
        const MINUTES: i64 = 180;
        let (end, spans) = (now + SignedDuration::from_mins(MINUTES), spans.into_iter().zip(1..).collect());
        let grace = Duration::from_secs(grace * 60);
        let limits = Limits { zone, grace, requests: Timetable { base: 2, spans }, ..Limits::none() };
        let here = limits.requests_now(now);
        // Changes are at whole minutes; each is felt as much early and late as clocks differ.
        let beside = |minute: Timestamp| [before(minute, CLOCKS_DIFFER), minute, after(minute, CLOCKS_DIFFER)];
        let walked = minutes(now, MINUTES).flat_map(beside).chain([after(now, CLOCKS_DIFFER)]);
        let walked = walked.filter(|at| *at <= end && limits.requests_now(*at) != here).min();
        let mut changes = std::iter::successors(limits.requests_change(now), |at| limits.requests_change(*at));
        let told = changes.find(|at| *at > end || limits.requests_now(*at) != here);
        prop_assert_eq!(told.filter(|at| *at <= end), walked);
    }

    #[test]
    fn the_next_day_is_later_and_another((zone, now) in any_moment()) {
        let limits = Limits { zone, ..Limits::none() };
        let next = limits.next_day(now);
        prop_assert!(next > now && limits.day(next) > limits.day(now), "{} {}", now, next);
        let hours = (next - now).get_hours();
        prop_assert!(hours < 26, "{} hours", hours);
    }

    #[test]
    fn spans_overlap_if_a_minute_is_in_both(a in any_span(), b in any_span()) {
        prop_assume!(a.from != a.to && b.from != b.to);
        let both = (0..24 * 60_i16).any(|minute| {
            let at = time((minute / 60) as i8, (minute % 60) as i8, 0, 0);
            a.contains(at) && b.contains(at)
        });
        prop_assert_eq!(a.overlaps(b), both);
        prop_assert_eq!(b.overlaps(a), both);
    }

    #[test]
    fn silence_ends_outside_of_every_window(
        (zone, now) in any_moment(),
        windows in proptest::collection::vec((any_span(), proptest::sample::subsequence(DAYS.to_vec(), 1..=7)), 1..4),
    ) {
        let quiet = windows.into_iter().map(|(span, days)| Quiet { days, span, hold: vec![Class::Bulk] }).collect();
        let limits = Limits { zone, quiet, ..Limits::none() };
        let holds = |at| limits.quiet.iter().any(|quiet| quiet.end(&limits.zone, at).is_some());
        match limits.quiet_until(Class::Bulk, now) {
            None => prop_assert!(!holds(now)),
            Some(end) if end == Timestamp::MAX => prop_assert!(minutes(now, 1440).all(holds)),
            Some(end) => {
                prop_assert!(end > now && !holds(end), "{} {}", now, end);
                prop_assert!(holds(now) && holds(end - SignedDuration::from_nanos(1)));
            }
        }
    }
}
