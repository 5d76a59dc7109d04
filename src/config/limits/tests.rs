use jiff::civil::time;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::over::{MOST_REQUESTS, time_of_day};
use super::*;
use crate::model::limits::Timetable;

fn over(limits: Value) -> Result<model::Limits, Vec<String>> {
    let limits: Limits = serde_json::from_value(limits).unwrap();
    limits.over("A", published()).map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn published() -> model::Limits {
    let night = Span { from: time(1, 0, 0, 0), to: time(5, 0, 0, 0) };
    model::Limits {
        requests: Timetable { base: 2000, spans: vec![(night, 200)] },
        most_sessions: Some(7),
        quota: Some(50_000),
        logins: Some(model::Budget { count: 9, within: Duration::from_secs(60) }),
        ..model::Limits::none()
    }
}

#[test]
fn nothing_configured_is_what_is_published() {
    assert_eq!(over(json!({})), Ok(published()));
}

#[test]
fn every_key_has_its_effect() {
    let all = json!({
        "zone": "Europe/Berlin", "sessions": 7, "requests": 10, "window_seconds": 30, "grace_seconds": 5,
        "timetable": [{ "from": "22:00", "to": "01:30", "requests": 3 }, { "from": "01:30:15", "to": "22:00", "requests": 4 }],
        "quota": 7, "commands_per_connection": 100, "spacing_seconds": 0.25, "cool_down_seconds": 240,
        "logins": { "count": 30, "within_seconds": 3600 }, "errors": { "count": 5, "within_seconds": 60 },
        "quiet": [{ "days": ["tuesday", "sunday"], "from": "16:00", "to": "24:00", "hold": ["bulk", "normal"] }],
        "urgent_requests": 0.1, "urgent_quota": 0.25, "deadline_quota": 0.05,
    });
    let limits = over(all.clone()).unwrap();
    assert_eq!(limits.zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!((limits.sessions, limits.window, limits.grace), (7, Duration::from_secs(30), Duration::from_secs(5)));
    assert_eq!((limits.requests.at(time(1, 29, 59, 0)), limits.requests.at(time(1, 30, 1, 0))), (3, 10));
    assert_eq!((limits.quota, limits.commands_per_connection), (Some(7), Some(100)));
    assert_eq!((limits.spacing, limits.cool_down), (Duration::from_millis(250), Duration::from_secs(240)));
    assert_eq!(limits.logins, Some(model::Budget { count: 30, within: Duration::from_secs(3600) }));
    assert_eq!(limits.errors, Some(model::Budget { count: 5, within: Duration::from_secs(60) }));
    assert_eq!(limits.quiet[0].days, [Weekday::Tuesday, Weekday::Sunday]);
    assert_eq!(limits.quiet[0].hold, [Class::Bulk, Class::Normal]);
    assert_eq!(
        [limits.urgent_requests, limits.urgent_quota, limits.deadline_quota].map(|s| s.of(1000)),
        [100, 250, 50]
    );
    // What is shown is what was written.
    let shown = serde_json::to_value(Limits::of(&limits)).unwrap();
    assert_eq!(shown, all);

    let none = over(json!({ "quota": 0, "commands_per_connection": 0, "timetable": [], "quiet": [] })).unwrap();
    assert_eq!((none.quota, none.commands_per_connection, none.requests), (None, None, Timetable::always(2000)));
}

#[test]
fn who_lowers_the_limit_of_the_day_lowers_that_of_the_night() {
    let figures = |limits: Value| {
        let requests = over(limits).unwrap().requests;
        (requests.at(time(12, 0, 0, 0)), requests.at(time(3, 0, 0, 0)))
    };
    assert_eq!(figures(json!({ "requests": 100 })), (100, 100));
    assert_eq!(figures(json!({ "requests": 3000 })), (3000, 200));
    assert_eq!(figures(json!({ "timetable": [] })), (2000, 2000));
}

#[test]
fn everything_wrong_is_found_at_once_with_key_and_reason() {
    let row = |from: &str, to: &str| json!({ "from": from, "to": to, "requests": 1 });
    let quiet = |from: &str, to: &str| json!({ "days": ["monday"], "from": from, "to": to, "hold": ["bulk"] });
    let all = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let rows: Vec<(Value, &str, &str)> = vec![
        (json!({ "zone": "Europe/Berlinn" }), "zone", "no time zone `Europe/Berlinn`"),
        (json!({ "zone": "" }), "zone", "no time zone ``"),
        (json!({ "sessions": 0 }), "sessions", "0 is outside"),
        (json!({ "sessions": 8 }), "sessions", "8 are more than the 7 the registry allows; choose 1 to 7"),
        (json!({ "requests": 0 }), "requests", "choose 1 to 1000000"),
        (json!({ "requests": 4_000_000_000_u32 }), "requests", "4000000000 is outside"),
        (json!({ "window_seconds": 0 }), "window_seconds", "0 is outside"),
        (json!({ "grace_seconds": 0 }), "grace_seconds", "0 is outside"),
        (json!({ "quota": 10_000_000_000_u64 }), "quota", "10000000000 is outside"),
        (json!({ "commands_per_connection": 2_000_000 }), "commands_per_connection", "2000000 is outside"),
        (json!({ "spacing_seconds": -0.5 }), "spacing_seconds", "-0.5 is outside"),
        (json!({ "cool_down_seconds": 100_000 }), "cool_down_seconds", "100000 is outside"),
        (json!({ "logins": { "count": 0, "within_seconds": 1 } }), "logins.count", "0 is outside"),
        (json!({ "errors": { "count": 1, "within_seconds": 0 } }), "errors.within_seconds", "0 is outside"),
        (json!({ "timetable": [row("1:00", "05:00")] }), "timetable[0].from", "`1:00` is no time of day"),
        (json!({ "timetable": [row("01:00", "25:00")] }), "timetable[0].to", "`25:00` is no time of day"),
        (json!({ "timetable": [row("24:00", "05:00")] }), "timetable[0].from", "`24:00` is no time"),
        (json!({ "timetable": [row("05:00", "05:00")] }), "timetable[0]", "no time, or the whole day"),
        (json!({ "timetable": [row("00:00", "24:00")] }), "timetable[0]", "no time, or the whole day"),
        (
            json!({ "timetable": [row("01:00", "05:00"), row("04:59", "06:00")] }),
            "timetable[1]",
            "overlaps timetable[0]",
        ),
        (
            json!({ "timetable": [row("22:00", "02:00"), row("01:00", "03:00")] }),
            "timetable[1]",
            "overlaps timetable[0]",
        ),
        (
            json!({ "timetable": [row("12:00", "13:00"), row("22:00", "12:30")] }),
            "timetable[1]",
            "overlaps timetable[0]",
        ),
        (
            json!({ "timetable": [{ "from": "01:00", "to": "02:00", "requests": 0 }] }),
            "timetable[0].requests",
            "0 is out",
        ),
        (json!({ "timetable": vec![row("01:00", "01:01"); 49] }), "timetable", "has 49 rows"),
        (json!({ "quiet": [quiet("16:00", "16:00")] }), "quiet[0]", "is no time"),
        (json!({ "quiet": [quiet("noon", "16:00")] }), "quiet[0].from", "`noon` is no time of day"),
        (
            json!({ "quiet": [{ "days": [], "from": "01:00", "to": "02:00", "hold": [] }] }),
            "quiet[0].days",
            "names no day",
        ),
        (
            json!({ "quiet": [{ "days": all, "from": "00:00", "to": "24:00", "hold": ["normal"] }] }),
            "quiet",
            "hold class normal for ever",
        ),
        (json!({ "urgent_requests": 1.5 }), "urgent_requests", "1.5 is no share"),
        (json!({ "urgent_requests": 1.0 }), "urgent_requests", "leaves nothing"),
        (json!({ "deadline_quota": -0.1 }), "deadline_quota", "-0.1 is no share"),
        (json!({ "urgent_quota": 0.5, "deadline_quota": 0.5 }), "urgent_quota", "together leave nothing"),
    ];
    let mut everything = serde_json::Map::new();
    for (limits, key, words) in &rows {
        let found = over(limits.clone()).unwrap_err();
        let place = format!("accounts.A.limits.{key}: ");
        assert!(found.iter().any(|f| f.starts_with(&place) && f.contains(words)), "{limits}: {found:?}");
        everything.extend(limits.as_object().unwrap().clone());
    }
    let found = over(Value::Object(everything.clone())).unwrap_err();
    assert!(found.len() >= everything.len() - 2, "{found:#?}");
}

#[test]
fn what_is_probably_not_meant_is_said() {
    let doubts = |limits: Value| -> Vec<String> {
        let limits: Limits = serde_json::from_value(limits).unwrap();
        let effective = limits.over("A", published()).unwrap();
        limits.doubts("A", &published(), &effective).iter().map(ToString::to_string).collect()
    };
    assert_eq!(doubts(json!({})), Vec::<String>::new());
    assert_eq!(doubts(json!({ "timetable": [] })), Vec::<String>::new(), "a Rush account");
    assert_eq!(doubts(json!({ "requests": 1000, "window_seconds": 30 })), Vec::<String>::new());
    for (limits, words) in [
        (json!({ "requests": 3000 }), "more than the 2000 the registry publishes"),
        (json!({ "quota": 100 }), "fewer than the 2000 requests"),
        (json!({ "requests": 5, "sessions": 4 }), "hardly more than to log in and out"),
    ] {
        let said = doubts(limits);
        assert!(
            said.len() == 1 && said[0].starts_with("warning: accounts.A.limits.") && said[0].contains(words),
            "{said:?}"
        );
    }
}

fn any_row() -> impl Strategy<Value = (i8, i8, u32)> {
    (0..24_i8, 0..60_i8, 1..3000_u32)
}

proptest! {
    #[test]
    fn shown_limits_read_again_are_the_same(
        sessions in 1..=7_usize, base in 1..=MOST_REQUESTS, cuts in proptest::collection::vec(any_row(), 0..5),
        quota in proptest::option::of(1..1_000_000_u64), millis in 0..3_600_000_u64, seconds in 1..3600_u64,
        budget in proptest::option::of((1..100_u32, 1..1000_u64)), share in 0..=400_u16,
    ) {
        let mut cuts: Vec<(Time, u32)> = cuts.into_iter().map(|(h, m, figure)| (time(h, m, 0, 0), figure)).collect();
        cuts.sort_unstable();
        cuts.dedup_by_key(|(time, _)| *time);
        // Neighbours, the last one over midnight.
        let next = cuts.iter().cycle().skip(1).map(|(time, _)| *time);
        let spans = cuts.iter().zip(next).map(|((from, figure), to)| (Span { from: *from, to }, *figure));
        let spans = spans.filter(|(span, _)| span.from != span.to).collect();
        let budget = budget.map(|(count, within)| model::Budget { count, within: Duration::from_secs(within) });
        let share = Share::of_one(f64::from(share) / 1000.0).unwrap();
        let limits = model::Limits {
            sessions, quota, errors: budget, spacing: Duration::from_millis(millis), grace: Duration::from_secs(seconds),
            requests: Timetable { base, spans }, urgent_quota: share, deadline_quota: share, ..published()
        };
        prop_assert_eq!(Limits::of(&limits).over("A", limits.clone()), Ok(limits));
    }

    #[test]
    fn no_time_of_day_panics_and_only_whole_ones_are_read(text in "[0-9:a ]{0,9}") {
        if let Some(time) = time_of_day(&text) {
            let minutes = shown(time, false);
            let in_full = minutes.clone() + ":00";
            prop_assert!(text == minutes || text == in_full);
        }
    }
}
