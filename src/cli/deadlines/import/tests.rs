use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::cli::deadlines::tests::{config, due, now};
use crate::cli::fake::Fake;
use crate::cli::output::Colour;

async fn import(store: &Fake, format: Format, text: &[u8], options: &[&str]) -> (String, String, Result<(), Failure>) {
    let shape = options.iter().find_map(|word| Shape::from_str(word, true).ok());
    let args = ImportArgs { file: "-".into(), format: shape, dry_run: options.contains(&"dry") };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(format, Colour::Never, &mut data, &mut talk);
    let ended = run(&args, &config(), store, text, now(), &mut out).await;
    (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap(), ended)
}

/// Line, column and rule of what is wrong.
fn rules(data: &str) -> Vec<(u64, String, String)> {
    let lines = data.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .filter(|bad| bad["line"].is_u64())
        .map(|bad| (bad["line"].as_u64().unwrap(), text(&bad["column"]), text(&bad["rule"])))
        .collect()
}

fn heard(store: &Fake) -> Vec<(String, String)> {
    let words = store.words.lock().unwrap();
    let date = |says: &Says| match says {
        Says::Due { due, .. } => due.to_string(),
        other => panic!("{other:?}"),
    };
    words.iter().map(|word| (word.object.to_string(), date(&word.says))).collect()
}

#[tokio::test]
async fn good_lines_are_kept_and_bad_ones_told_by_line_column_and_rule() {
    let text = "\u{feff}account,object,kind,due,note\r\n\
        DENIC-1000022,BÜCHER.de,redemption_end,2026-12-01T09:30:00+01:00,\"said \"\"so\"\", twice\"\r\n\
        DENIC-1000022,example.de,redemption_end,2026-02-30,\r\n\
        DENIC-1000022,example.de,redemption_end,2026-02-30T00:00:00Z,\r\n\
        DENIC-1000022,example.de,redemption_end,2027-03-28 02:30,\r\n\
        NZ,example.co.nz,domain_expiry,2026-12-24,\r\n\
        \r\n\
        DENIC-1000023,example.de,redemption_end,2026-12-01,\r\n\
        DENIC-1000022,example.de,tea_time,2026-12-01,\r\n\
        DENIC-1000022,example.de,redemption_end,2039-12-01,\r\n\
        DENIC-1000022,example.de,redemption_end,2025-11-01,\r\n\
        DENIC-1000022,-.de,redemption_end,2026-12-01,\r\n\
        DENIC-1000022,example.de,redemption_end\r\n\
        DENIC-1000022,,redemption_end,2026-12-01,\r\n\
        DENIC-1000022,planet:mars,redemption_end,2026-12-01,\r\n\
        NZ,two.co.nz,domain_expiry,2027-04-04 02:30,\"a note\nof two lines\"\r\n\
        DENIC-1000022,example.de,redemption_end,soon,\r\n";
    let store = Fake::default();
    let (data, talk, ended) = import(&store, Format::Jsonl, text.as_bytes(), &[]).await;
    assert_eq!(ended.unwrap_err().exit, Exit::JobFailed);
    let told = rules(&data);
    let expected = [
        (3, "due", "impossible_date"),
        (4, "due", "impossible_date"),
        (5, "due", "no_such_local_time"),
        (8, "account", "unknown_account"),
        (9, "kind", "unknown_kind"),
        (10, "due", "too_far"),
        (11, "due", "too_long_past"),
        (12, "object", "object"),
        (13, "", "fields"),
        (14, "object", "missing"),
        (15, "object", "object"),
        (18, "due", "impossible_date"),
    ];
    assert_eq!(told, expected.map(|(line, column, rule)| (line, column.to_owned(), rule.to_owned())), "{data}");
    assert!(data.contains("did you mean `DENIC-1000022`?"), "{data}");
    let expected = [
        ("domain:xn--bcher-kva.de", "2026-12-01T08:30:00Z"),
        ("domain:example.co.nz", "2026-12-23T11:00:00Z"),
        // The clocks go back: the first half past two.
        ("domain:two.co.nz", "2027-04-03T13:30:00Z"),
    ];
    assert_eq!(heard(&store), expected.map(|(object, due)| (object.to_owned(), due.to_owned())));
    let words = store.words.lock().unwrap();
    assert_eq!((words[0].basis, words[0].evidence.as_str()), (crate::model::deadline::Basis::Import, "-:2"));
    assert_eq!(
        (&words[0].note["note"], &words[2].note["note"]),
        (&json!("said \"so\", twice"), &json!("a note\nof two lines"))
    );
    assert!(talk.contains("3 date(s) imported") && talk.contains("12 bad line(s)"), "{talk}");
}

#[tokio::test]
async fn json_lines_are_read_and_what_is_known_stays_as_it_is() {
    let text =
        br#"{"account":"DENIC-1000022","object":"late.de","kind":"failed_domain_expiry","due":"2026-11-20T10:00:00Z"}
{"account":"DENIC-1000022","object":"domain:new.de","kind":"redemption_end","due":"2026-12-01","note":{"ticket":7}}
{"account":"DENIC-1000022","object":"x.de","kind":"redemption_end","due":20261201}
{"account":"DENIC-1000022","objekt":"x.de"}
[]
{"account":
"#;
    let store = Fake::default();
    store.entries.lock().unwrap().push(due(8, "domain:late.de", DeadlineKind::FailedDomainExpiry, -50));
    for dry in [true, false] {
        let options: &[&str] = if dry { &["dry"] } else { &[] };
        let (data, talk, _) = import(&store, Format::Jsonl, text, options).await;
        let told: Vec<_> = rules(&data).into_iter().map(|(line, _, rule)| (line, rule)).collect();
        let expected = [(3, "no_text"), (4, "unknown_key"), (5, "no_object"), (6, "no_json")];
        assert_eq!(told, expected.map(|(line, rule)| (line, rule.to_owned())));
        assert!(talk.contains("1 known already"), "{talk}");
        assert_eq!(heard(&store).len(), usize::from(!dry));
    }
    assert_eq!(store.words.lock().unwrap()[0].note["ticket"], 7);
}

#[tokio::test]
async fn a_file_that_cannot_be_meant_is_refused_as_a_whole() {
    for (text, why) in [
        ("account,object,kind\n", "`due` is missing"),
        ("account,object,kind,due,when\n", "no column `when`"),
        ("account,object,kind,due,due\n", "twice"),
        ("\"account\n", "do not fit together"),
    ] {
        let failure = import(&Fake::default(), Format::Table, text.as_bytes(), &[]).await.2.unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{text}");
        assert!(failure.what.contains(why), "{failure}");
    }
    let args = ImportArgs { file: "/nowhere/to/be/found".into(), format: None, dry_run: false };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Table, Colour::Never, &mut data, &mut talk);
    let failure = run(&args, &config(), &Fake::default(), &b""[..], now(), &mut out).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
}

#[tokio::test]
async fn a_forgotten_quote_or_a_monstrous_line_costs_no_other_line() {
    let mut text = b"account;object;kind;due\nDENIC-1000022;\"open.de;redemption_end;2026-12-01\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 200_000));
    text.extend(b"\nDENIC-1000022;a\xff.de;redemption_end;2026-12-01\n");
    for number in 0..100 {
        text.extend(format!("DENIC-1000022;example-{number}.de;redemption_end;2026-12-01\n").bytes());
    }
    let store = Fake::default();
    let (data, _, _) = import(&store, Format::Jsonl, &text, &["csv"]).await;
    let told: Vec<_> = rules(&data).into_iter().map(|(line, _, rule)| (line, rule)).collect();
    assert_eq!(told, [(2, "quotes"), (3, "unreadable"), (4, "unreadable")].map(|(line, rule)| (line, rule.to_owned())));
    assert_eq!(heard(&store).len(), 100);
}

#[tokio::test]
async fn a_hundred_thousand_lines_are_imported() {
    let mut text = String::from("account,object,kind,due\n");
    for number in 0..100_000 {
        text.push_str(&format!("DENIC-1000022,order:{number},redemption_end,2026-12-01\n"));
    }
    let store = Fake::default();
    let begun = std::time::Instant::now();
    let (_, talk, ended) = import(&store, Format::Table, text.as_bytes(), &[]).await;
    assert_eq!(ended, Ok(()));
    assert!(talk.contains("100,000 date(s) imported"), "{talk} after {:?}", begun.elapsed());
    let last: Timestamp = "2026-11-30T23:00:00Z".parse().unwrap();
    let words = store.words.lock().unwrap();
    assert_eq!(words.len(), 100_000);
    assert!(matches!(words[99_999].says, Says::Due { due, .. } if due == last));
}
