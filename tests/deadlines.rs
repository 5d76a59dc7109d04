//! The calendar on the command line, through the program and its store: what `docs/deadlines.md` shows is what is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail so")]

#[path = "support/markdown.rs"]
mod markdown;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use markdown::Document;
use registrard::model::deadline::{Basis, Closed, DeadlineKind, Ending, Entry, Says};
use registrard::model::{Class, ObjectKey};
use registrard::store::{self, JobFilter, LEASE, Page, Store};
use serde_json::{Map, Value};
use tempfile::TempDir;

const ACCOUNT: &str = "DENIC-1000022";

/// A directory with a configuration, a store with a calendar, and a file with dates.
struct Stage {
    directory: TempDir,
    store: Arc<dyn Store>,
}

fn entry(object: &str, kind: DeadlineKind, hours: i64, now: Timestamp) -> Entry {
    let heard = now.checked_sub(SignedDuration::from_hours(24)).unwrap();
    Entry {
        id: 0,
        account: ACCOUNT.into(),
        object: ObjectKey::stored(object.into()),
        kind,
        // Half an hour more, so that what is shown is the same however long this takes.
        due: now.checked_add(SignedDuration::from_mins(hours * 60 + 30)).unwrap(),
        basis: Basis::Answer,
        evidence: "job 0192f0c1-7b7e-7c3a-9f00-00020000009e".into(),
        note: Map::new(),
        opened_at: heard,
        heard_at: heard,
        seen_until: now,
        next_at: Some(now),
        asked: 0,
        job: None,
        closed: None,
    }
}

impl Stage {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let url = format!("sqlite://{}", path("registrard.db").display());
        std::fs::write(path("password"), "correct horse").unwrap();
        let config = format!(
            "[store]\nurl = \"{url}\"\n\n[accounts.{ACCOUNT}]\nregistry = \"denic-rri\"\naddress = \"127.0.0.1:51131\"\n\
             user = \"{ACCOUNT}\"\npassword_file = \"{}\"\n",
            path("password").display()
        );
        std::fs::write(path("registrard.toml"), config).unwrap();
        let blocks = Document::read("docs/deadlines.md").blocks();
        let dates = blocks.iter().find(|block| block.is(&["csv", "dates.csv"])).unwrap();
        std::fs::write(path("dates.csv"), &dates.text).unwrap();

        let store = store::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let now = Timestamp::now();
        let restored = Closed { how: Ending::Met, at: now, why: "domain.restore was carried out".into() };
        let over = entry("domain:example.de", DeadlineKind::RedemptionEnd, -9000, now);
        let entries = vec![
            Entry { closed: Some(restored), next_at: None, ..over },
            entry("domain:late.de", DeadlineKind::FailedDomainExpiry, -50, now),
            entry("domain:example.de", DeadlineKind::RedemptionEnd, 200, now),
            entry("domain:far.de", DeadlineKind::DomainExpiry, 2000, now),
        ];
        let lease = store.acquire(LEASE, "test", Duration::from_secs(60)).await.unwrap().unwrap();
        store.keep(&lease, &Page { entries, ..Page::default() }).await.unwrap();
        store.release(&lease).await.unwrap();
        Self { directory, store }
    }

    /// Runs `registrard` with these words in the directory.
    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_registrard"))
            .args(line.split_whitespace())
            .current_dir(self.directory.path())
            .env("REGISTRARD_CONFIG", self.directory.path().join("registrard.toml"))
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// What it prints, if it succeeds.
    fn printed(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.printed(&format!("{line} --output json"))).unwrap()
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// A line with every number, id and clock as good as any other, and the columns as near as can be.
fn alike(line: &str) -> String {
    let masked: String = line
        .split_whitespace()
        .map(|word| if word.starts_with("UID:") { "UID" } else { word })
        .map(|word| if ["CET", "CEST"].contains(&word) { "CET" } else { word })
        .collect::<Vec<_>>()
        .join(" ");
    let mut to = String::new();
    for c in masked.chars() {
        match c.is_ascii_digit() {
            true if to.ends_with('0') => {}
            true => to.push('0'),
            false => to.push(c),
        }
    }
    to
}

/// What is printed is what is shown; a line `…` stands for any lines, and `…` at the end of a line for any rest of it.
fn agree(shown: &[String], printed: &[String]) -> bool {
    let same = |(shown, printed): (&String, &String)| match shown.strip_suffix('…') {
        Some(begin) => printed.starts_with(begin.trim_end()),
        None => shown == printed,
    };
    let all = |shown: &[String], printed: &[String]| shown.iter().zip(printed).all(same);
    match shown.iter().position(|line| line == "…") {
        Some(gap) => {
            let rest = shown.len() - gap - 1;
            printed.len() >= gap + rest
                && all(&shown[..gap], &printed[..gap])
                && all(&shown[gap + 1..], &printed[printed.len() - rest..])
        }
        None => shown.len() == printed.len() && all(shown, printed),
    }
}

#[tokio::test]
async fn what_the_document_shows_is_printed() {
    let stage = Stage::new().await;
    let mut seen = 0;
    for block in Document::read("docs/deadlines.md").blocks() {
        if !block.is(&["console", "deadlines"]) {
            continue;
        }
        let (line, shown) = block.text.split_once('\n').unwrap();
        let line = line.strip_prefix("$ registrard ").unwrap_or_else(|| panic!("{}", block.place));
        let output = stage.run(line);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let [shown, got]: [Vec<String>; 2] = [shown, &printed].map(|text| text.lines().map(alike).collect());
        assert!(agree(&shown, &got), "{}: {line} prints\n{printed}\nthat is\n{got:#?}", block.place);
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[tokio::test]
async fn good_lines_of_a_file_are_heard_and_bad_ones_told() {
    let stage = Stage::new().await;
    let dry = stage.run("deadlines import dates.csv --dry-run");
    assert_eq!(dry.status.code(), Some(1));
    assert!(stage.store.words(10).await.unwrap().is_empty());
    for _ in 0..2 {
        let output = stage.run("deadlines import dates.csv --output json");
        assert_eq!(output.status.code(), Some(1));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&told["lines"], &told["heard"], &told["bad"]), (&5.into(), &2.into(), &3.into()), "{told}");
        let rules: Vec<_> = told["problems"].as_array().unwrap().iter().map(|bad| &bad["rule"]).collect();
        assert_eq!(rules, ["impossible_date", "unknown_kind", "unknown_account"]);
    }
    let words = stage.store.words(10).await.unwrap();
    assert_eq!(words.len(), 4, "the calendar makes one date of two equal words");
    let word = &words[0].1;
    assert_eq!((word.object.as_str(), word.evidence.as_str()), ("domain:xn--bcher-kva.de", "dates.csv:2"));
    let due = "2026-12-24T09:00:00Z".parse().unwrap();
    assert_eq!(word.says, Says::Due { kind: DeadlineKind::DomainExpiry, due });
    assert_eq!(word.note["note"], "by hand, from the old list");
}

#[tokio::test]
async fn the_calendar_is_listed_in_every_shape() {
    let stage = Stage::new().await;
    let table = stage.printed("deadlines list");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().nth(1).unwrap().contains("OVERDUE by 2 d 1 h"), "{table}");
    let all = stage.json("deadlines list --all");
    assert_eq!(all.as_array().unwrap().len(), 4);
    let lines = stage.printed("deadlines list --within 2w --output jsonl");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let calendar = stage.printed("deadlines list --output ics");
    assert_eq!(calendar.matches("BEGIN:VEVENT\r\n").count(), 3);
    assert!(calendar.split_terminator("\r\n").all(|line| line.len() <= 75));
    let shown = stage.json("deadlines show example.de");
    assert_eq!(shown["over"][0]["closed"]["why"], "domain.restore was carried out");
    assert_eq!(stage.run("deadlines show nothing.de").status.code(), Some(3));
    let refused = stage.run("deadlines list --kind tea_time");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("domain_expiry"));
}

#[tokio::test]
async fn a_sweep_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let sweep = format!("deadlines sweep --account {ACCOUNT} --per-day 24 --day 2026-11-22");
    let dry = stage.json(&format!("{sweep} --dry-run"));
    assert_eq!((&dry["domains"], &dry["new"], &dry["known"]), (&3.into(), &3.into(), &0.into()), "{dry}");
    let filter = JobFilter { limit: 10, ..JobFilter::default() };
    assert!(stage.store.jobs(&filter).await.unwrap().is_empty());

    let first = stage.json(&sweep);
    assert_eq!((&first["new"], &first["known"]), (&3.into(), &0.into()), "{first}");
    std::fs::write(stage.path().join("names"), "# more\nLATE.de\n\nmore.de\n-.de\n").unwrap();
    let output = stage.run(&format!("{sweep} --names names --output json"));
    assert_eq!(output.status.code(), Some(1), "a name that nobody can have");
    let second: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = ["domains", "new", "known", "bad"].map(|key| second[key].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 1], "{second}");

    let jobs = stage.store.jobs(&filter).await.unwrap();
    assert_eq!(jobs.len(), 4);
    for job in &jobs {
        assert_eq!((job.class, job.publisher.as_str()), (Class::Bulk, "deadlines"));
        assert_eq!(job.batch.as_deref(), Some("sweep-DENIC-1000022-2026-11-22"));
    }
    // The newest comes first; an hour lies between two.
    // The first is due when it is taken in, a moment after the sweep began to count.
    for pair in jobs.windows(2) {
        let gap = pair[0].due_at.duration_since(pair[1].due_at);
        assert!((SignedDuration::from_mins(59)..=SignedDuration::from_hours(1)).contains(&gap), "{gap:?}");
    }
}
