//! For tests of the registries' tables of rules: what is heard, what it comes to, and tables of both as text.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::rules::{Heard, On};
use super::{Basis, Deadline, DeadlineKind, Says, Word};
use crate::model::ObjectKey;

/// What becomes of an entry of the calendar, in the words of the tables.
pub const STEPS: &[&str] = &["starts", "moves", "ends", "passes"];

/// Something heard.
#[derive(Clone, Debug)]
pub struct Said {
    /// About what.
    pub object: String,
    /// What happened.
    pub what: On,
    /// The parameters of the order; null for a message.
    pub params: Value,
    /// What the registry said.
    pub data: Value,
    /// The code that decided.
    pub code: Option<String>,
    /// The dates named.
    pub named: Vec<Deadline>,
    /// When, as an instant.
    pub at: String,
}

impl Said {
    /// What it comes to by a registry's rules, a line for each word. The object stands in front where it is another one.
    pub fn words(&self, calendar: fn(&Heard<'_>) -> Vec<Word>) -> Vec<String> {
        let (object, empty) = (ObjectKey::stored(self.object.clone()), Map::new());
        let words = calendar(&Heard {
            account: "test",
            object: &object,
            what: self.what,
            params: self.params.as_object().unwrap_or(&empty),
            data: &self.data,
            code: self.code.as_deref(),
            named: &self.named,
            at: self.at.parse().unwrap(),
            evidence: "job 1",
        });
        for word in &words {
            assert!(word.account == "test" && word.evidence == "job 1" && word.at.to_string() == self.at, "{word:?}");
            assert!(word.basis != Basis::Rule || word.note.contains_key("rule"), "{word:?}");
        }
        words.iter().map(|word| shown(word, &object)).collect()
    }
}

/// A word, for comparison; the basis of dates only.
fn shown(word: &Word, of: &ObjectKey) -> String {
    let object = if word.object == *of { String::new() } else { format!("{} ", word.object) };
    match &word.says {
        Says::Due { kind, due } => format!("{object}{kind} due {due} by {}", word.basis),
        Says::Moves { kind, due } => format!("{object}{kind} moves {due} by {}", word.basis),
        Says::Met { kind, .. } => format!("{object}{kind} met"),
        Says::Missed { kind, .. } => format!("{object}{kind} missed"),
        Says::Passed { kind, .. } => format!("{object}{kind} passed"),
        Says::Cleared { kind, .. } => format!("{object}{kind} cleared"),
        Says::Absent { kind } => format!("{object}{kind} absent"),
        Says::Gone { .. } => format!("{object}gone"),
    }
}

/// A row of a table: what is heard of a domain, and what it means for one kind.
pub struct Case {
    /// The kind.
    pub kind: DeadlineKind,
    /// What becomes of its entry: one of [`STEPS`].
    pub step: &'static str,
    /// What happened.
    pub what: On,
    /// The code that decided.
    pub code: Option<String>,
    /// The parameters of the order.
    pub params: Value,
    /// What the registry said.
    pub data: Value,
    /// The words about this kind, without it.
    pub expected: Vec<String>,
    /// The line, for messages.
    pub line: &'static str,
}

/// Reads a table: lines of a kind, and below them `step | what happened (and its code) | parameters | data | words`. An empty
/// line and one that begins with `#` says nothing.
pub fn read(table: &'static str) -> Vec<Case> {
    let mut kind = None;
    let mut cases = Vec::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [step, what, params, data, words] = columns[..] else {
            kind = Some(line.parse().unwrap());
            continue;
        };
        let json = |text: &str| if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect(line) };
        let parts: Vec<&'static str> = what.split(' ').collect();
        let what = match parts[0] {
            "done" => On::Done(parts[1].parse().unwrap()),
            "taken" => On::Taken(parts[1].parse().unwrap()),
            "refused" => On::Refused(parts[1].parse().unwrap()),
            "told" => On::Told(parts[1]),
            other => panic!("{other}: {line}"),
        };
        cases.push(Case {
            kind: kind.expect("a kind comes first"),
            step: STEPS.iter().find(|known| **known == step).expect(line),
            what,
            code: parts.get(2).map(|code| (*code).to_owned()),
            params: json(params),
            data: json(data),
            expected: words.split(';').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            line,
        });
    }
    cases
}

/// Of lines for words, those about a kind, without it, and those about all.
pub fn of_kind(lines: &[String], kind: DeadlineKind) -> Vec<String> {
    let is_meant =
        |line: &String| line == "gone" || line.strip_prefix(kind.word()).is_some_and(|rest| rest.starts_with(' '));
    let bare = |line: &String| line.strip_prefix(kind.word()).unwrap_or(line).trim().to_owned();
    lines.iter().filter(|line| is_meant(line)).map(bare).collect()
}

/// The steps of a kind for which a table has a row that says something.
pub fn steps(cases: &[Case], kind: DeadlineKind) -> BTreeSet<&'static str> {
    cases.iter().filter(|case| case.kind == kind && !case.expected.is_empty()).map(|case| case.step).collect()
}

/// The kinds of the table in a document that stands between two of these marks.
pub fn documented(document: &str, mark: &str) -> BTreeSet<DeadlineKind> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mark = format!("<!-- {mark} -->");
    let table = text.split(mark.as_str()).nth(1).expect("the table of deadlines");
    table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()?.parse().ok()).collect()
}
