//! The referee finds what he is there to find.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::referee::{End, Life, Rules, Segment, Told, is_beyond, judge};

const ACCOUNT: &str = "90";
const DUE: &str = "2027-10-03T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(number: usize, kind: &str, time: &str, more: Value) -> Told {
    let mut data = json!({ "object": "domain:example.co.nz", "kind": "domain_expiry", "due": DUE });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Told { id: number.to_string(), kind: format!("deadline.{kind}"), account: ACCOUNT.into(), time: at(time), data }
}

fn life(began: &str) -> Life {
    let began = at(began);
    Life { began, ended: began + SignedDuration::from_secs(2), settled: true, memory: 1, events: 0 }
}

/// A date in the spring of Auckland, whose clocks change between a reminder and the date.
fn story() -> Vec<Told> {
    let reminder = |number, time, lead, scheduled| {
        event(number, "approaching", time, json!({ "lead": lead, "scheduled": scheduled }))
    };
    vec![
        event(1, "scheduled", "2027-09-17T12:00:00Z", json!({})),
        event(2, "acting", "2027-09-20T00:00:01Z", json!({})),
        reminder(3, "2027-09-20T00:00:01Z", "14d", "2027-09-19T01:00:00Z"),
        reminder(4, "2027-09-27T00:00:01Z", "7d", "2027-09-26T00:00:00Z"),
        event(5, "met", "2027-09-27T00:00:02Z", json!({})),
    ]
}

fn faults(told: &[Told]) -> Vec<String> {
    let lives = ["2027-09-17T12:00:00Z", "2027-09-20T00:00:00Z", "2027-09-27T00:00:00Z"].map(life);
    let rules =
        Rules { zone: &|_| TimeZone::get("Pacific/Auckland").unwrap(), is_covered: &|_| true, accounts: Vec::new() };
    judge(told, &lives, &rules).faults
}

#[test]
fn a_story_as_it_should_be_is_without_fault() {
    assert_eq!(faults(&story()), [""; 0]);
}

#[test]
fn whatever_is_changed_in_it_is_found() {
    type Change = fn(&mut Vec<Told>);
    let changes: &[(&str, Change)] = &[
        ("no reminder 14d", |told| drop(told.remove(2))),
        ("nothing was done", |told| drop(told.remove(1))),
        ("told twice", |told| told.insert(3, Told { id: "9".into(), ..told[2].clone() })),
        ("is told twice", |told| told.insert(3, told[2].clone())),
        ("it was to be told at", |told| told[2].data["scheduled"] = json!("2027-09-19T00:00:00Z")),
        ("told too early", |told| told[2].time = at("2027-09-19T00:59:59Z")),
        ("its time was past", |told| told[2].data["lead"] = json!("30d")),
        ("nobody asked for this lead", |told| told[2].data["lead"] = json!("2d")),
        ("of another date", |told| told[2].data["due"] = json!("2027-10-04T00:00:00Z")),
        ("of a date that is not open", |told| drop(told.remove(0))),
        ("of a date that is not open", |told| told.push(Told { id: "9".into(), ..told[4].clone() })),
        ("opened a second time", |told| told.insert(1, Told { id: "9".into(), ..told[0].clone() })),
        ("done more than once", |told| told.insert(1, Told { id: "9".into(), ..told[1].clone() })),
        ("moved, but not known", |told| told[0].data["moved_from"] = json!(DUE)),
        ("nobody expected", |told| told[1].kind = "deadline.act_refused".into()),
    ];
    for (expected, change) in changes {
        let mut told = story();
        change(&mut told);
        let mut found = faults(&told);
        // "its time was past" needs the 30d reminder's own instant.
        if *expected == "its time was past" {
            told[2].data["scheduled"] = json!("2027-09-03T01:00:00Z");
            found = faults(&told);
        }
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn a_day_has_one_digest() {
    let digest = |number: usize, time: &str| Told {
        id: number.to_string(),
        kind: "deadline.digest".into(),
        account: ACCOUNT.into(),
        time: at(time),
        data: Value::Null,
    };
    // 08:00 and 06:00 in Auckland.
    let lives = ["2027-07-01T20:00:00Z", "2027-07-02T18:00:00Z"].map(life);
    let rules = Rules {
        zone: &|_| TimeZone::get("Pacific/Auckland").unwrap(),
        is_covered: &|_| true,
        accounts: vec![ACCOUNT.into()],
    };
    let faults = |told: &[Told]| judge(told, &lives, &rules).faults;
    assert_eq!(faults(&[digest(1, "2027-07-01T20:00:01Z")]), [""; 0]);
    assert!(faults(&[])[0].starts_with("no digest"));
    assert!(
        faults(&[digest(1, "2027-07-01T20:00:01Z"), digest(2, "2027-07-01T21:00:01Z")])[0].starts_with("2 digests")
    );
    assert!(faults(&[digest(1, "2027-07-01T20:00:01Z"), digest(2, "2027-07-02T18:00:01Z")])[0].contains("too early"));
    // One second before midnight: the calendar may be looked at after it.
    let lives = ["2027-07-01T11:59:59Z"].map(life);
    assert_eq!(judge(&[], &lives, &rules).faults, [""; 0]);
}

/// Ordered two days before, and lost if every daemon of these two days is killed in the midst of its work.
#[test]
fn what_nobody_could_have_met_is_beyond() {
    let due = "2027-01-20T23:00:00Z";
    let segment = Segment {
        account: ACCOUNT.into(),
        object: "domain:example.de".into(),
        kind: "auth_info1_expiry".into(),
        due: at(due),
        since: at("2026-12-22T13:00:00Z"),
        end: Some((at("2027-01-21T10:00:00Z"), End::Missed)),
        reminded: BTreeSet::new(),
        acted: 1,
    };
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let sudden = |began: &str| Life { settled: false, ..life(began) };
    let is_beyond = |of: &[Life], segment: &Segment| is_beyond(segment, of, &zone);
    let killed = [sudden("2027-01-19T12:00:00Z"), sudden("2027-01-20T06:00:00Z")];
    assert!(is_beyond(&killed, &segment));
    let [first, _] = killed;
    assert!(!is_beyond(&[first, life("2027-01-20T06:00:00Z")], &segment));
    assert!(is_beyond(&[life("2027-01-18T22:59:00Z"), life(due)], &segment), "too early, and too late");
    assert!(!is_beyond(&[], &Segment { kind: "redemption_end".into(), ..segment }), "nobody was to meet it");
}
