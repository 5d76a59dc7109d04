use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::*;
use crate::cli::exit::Exit;
use crate::cli::fake::Fake;
use crate::cli::output::{Colour, Format};
use crate::config::{Account, Limits};
use crate::model::deadline::{Basis, Closed, DeadlineKind, Ending, Entry};
use crate::model::{ObjectKey, ObjectKind};

/// When it is in these tests.
pub fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The redemption period of example.de, which ends in nine days.
pub fn entry() -> Entry {
    let heard: Timestamp = "2026-11-01T08:30:00Z".parse().unwrap();
    Entry {
        id: 7,
        account: "DENIC-1000022".into(),
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        kind: DeadlineKind::RedemptionEnd,
        due: "2026-12-01T08:30:00Z".parse().unwrap(),
        basis: Basis::Answer,
        evidence: "job 0192f0c1".into(),
        note: Map::new(),
        opened_at: heard,
        heard_at: heard,
        seen_until: heard,
        next_at: Some(heard),
        asked: 0,
        job: None,
        closed: None,
    }
}

pub fn due(id: i64, object: &str, kind: DeadlineKind, hours: i64) -> Entry {
    let due = now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    Entry { id, object: ObjectKey::stored(object.into()), kind, due, ..entry() }
}

pub fn closed(entry: Entry, how: Ending, why: &str) -> Entry {
    let closed = Closed { how, at: entry.due, why: why.into() };
    Entry { closed: Some(closed), next_at: None, ..entry }
}

pub fn config() -> Config {
    let account = |registry: &str, zone: Option<&str>| Account {
        registry: registry.into(),
        read_messages: true,
        mail: None,
        credential_expires: None,
        limits: Limits { zone: zone.map(str::to_owned), ..Limits::default() },
        settings: Map::new(),
    };
    let accounts = [
        ("DENIC-1000022".to_owned(), account("denic-rri", None)),
        ("NZ".to_owned(), account("nz-srs", Some("Pacific/Auckland"))),
    ];
    Config { accounts: accounts.into(), ..Config::default() }
}

/// What a command printed as data and as remarks, and how it ended.
pub async fn deadlines(store: &Fake, format: Format, line: &str) -> (String, String, Result<(), Failure>) {
    let words = ["registrard", "deadlines"].into_iter().chain(line.split_whitespace());
    let crate::cli::Command::Deadlines(command) = crate::cli::Cli::parse_from(words).command else { unreachable!() };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let ended =
        run(&command, &config(), store, now(), &mut Out::new(format, Colour::Never, &mut data, &mut talk)).await;
    (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap(), ended)
}

fn calendar() -> Fake {
    let store = Fake::default();
    *store.entries.lock().unwrap() = vec![
        entry(),
        due(8, "domain:late.de", DeadlineKind::FailedDomainExpiry, -50),
        Entry { account: "NZ".into(), ..due(9, "domain:example.co.nz", DeadlineKind::DomainExpiry, 24) },
        closed(
            due(3, "domain:example.de", DeadlineKind::RedemptionEnd, -9000),
            Ending::Met,
            "domain.restore was carried out",
        ),
    ];
    store
}

fn objects(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["object"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_overdue_come_first_and_each_has_its_local_time() {
    let store = calendar();
    let (text, talk, ended) = deadlines(&store, Format::Table, "list").await;
    assert_eq!((ended, talk.as_str()), (Ok(()), ""));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[1].contains("OVERDUE by 2 d 2 h") && lines[1].contains("late.de"), "{text}");
    assert!(lines[2].contains("2026-11-24 01:00 NZDT") && lines[2].contains("in 1 d 0 h"), "{text}");
    assert!(lines[3].contains("2026-12-01 09:30 CET") && lines[3].contains("in 8 d 20 h"), "{text}");
    let (text, _, _) = deadlines(&store, Format::Jsonl, "list --all").await;
    assert_eq!(objects(&text), ["domain:late.de", "domain:example.de", "domain:example.co.nz", "domain:example.de"]);
    let (text, _, _) = deadlines(&store, Format::Json, "list").await;
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&all[0]["overdue"], &all[0]["seconds_left"]), (&json!(true), &json!(-50 * 3600)));
    assert_eq!((&all[1]["due_local"], &all[1]["overdue"]), (&json!("2026-11-24 01:00 NZDT"), &json!(false)));
}

#[tokio::test]
async fn a_listing_is_narrowed() {
    let store = calendar();
    for (options, expected) in [
        ("--within 1d", vec!["domain:late.de"]),
        ("--within 25h", vec!["domain:late.de", "domain:example.co.nz"]),
        ("--within 2w --account DENIC-1000022", vec!["domain:late.de", "domain:example.de"]),
        ("--kind domain_expiry --kind redemption_end", vec!["domain:example.co.nz", "domain:example.de"]),
        ("--object EXAMPLE.de", vec!["domain:example.de"]),
        ("--object domain:late.de", vec!["domain:late.de"]),
        ("--limit 1", vec!["domain:late.de"]),
    ] {
        let (text, talk, ended) = deadlines(&store, Format::Jsonl, &format!("list {options}")).await;
        assert_eq!((objects(&text), ended), (expected.into_iter().map(str::to_owned).collect(), Ok(())), "{options}");
        assert_eq!(talk.contains("there may be more"), options == "--limit 1", "{talk}");
    }
}

#[test]
fn what_cannot_be_meant_is_answered_with_what_there_is() {
    let refused = |line: &str| {
        let words = ["registrard", "deadlines", "list"].into_iter().chain(line.split_whitespace());
        crate::cli::Cli::try_parse_from(words).unwrap_err().to_string()
    };
    let text = refused("--kind tea_time");
    assert!(DeadlineKind::ALL.iter().all(|kind| text.contains(kind.word())), "{text}");
    assert!(refused("--within soon").contains("6h, 30d or 2w"));
    assert!(refused("--limit 0").contains("1..="));
}

#[tokio::test]
async fn a_calendar_program_gets_a_calendar_and_other_commands_refuse_to_make_one() {
    let (text, _, ended) = deadlines(&calendar(), Format::Ics, "list").await;
    assert_eq!(ended, Ok(()));
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 3);
    let cli = crate::cli::Cli::parse_from(["registrard", "schema", "job", "--output", "ics"]);
    assert_eq!(crate::cli::run(cli, |_| unreachable!("no store is needed")).await, Exit::Usage);
}

#[tokio::test]
async fn one_object_is_shown_with_what_comes_and_what_was() {
    let store = calendar();
    store.entries.lock().unwrap()[0].note.insert("rule".into(), json!("30 days\u{1b}[2J"));
    let (text, _, ended) = deadlines(&store, Format::Table, "show EXAMPLE.de").await;
    assert_eq!(ended, Ok(()));
    for part in [
        "domain:example.de of DENIC-1000022 (redemption_end)",
        "2026-12-01 09:30 CET, in 8 d 20 h",
        "anybody may register it",
        "job 0192f0c1 (answer)",
        "2026-11-24 09:30 CET  reminder, 7d before",
        "question 1 to the registry",
        "domain.restore was carried out",
        "\\u{1b}",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let (json, _, _) = deadlines(&store, Format::Json, "show 3").await;
    let shown: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((shown["open"].as_array().unwrap().len(), shown["over"].as_array().unwrap().len()), (1, 1), "{json}");
    assert_eq!(shown["over"][0]["closed"]["how"], "met");
    for missing in ["show 99", "show nothing.de", "show example.de --account NZ"] {
        assert_eq!(deadlines(&store, Format::Table, missing).await.2.unwrap_err().exit, Exit::NotFound, "{missing}");
    }
}
