//! Every kind of this registry: what is heard, and what that means for it.

mod contacts;
mod domains;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::object;
use super::*;
use crate::model::{ObjectKey, ObjectKind, Verdict};
use crate::registries::{Dialect, Head, Mailbox, WireOptions};

const ACCOUNT: &str = "DENIC-22123";
const AT: &str = "2026-03-10T10:00:00Z";

/// How something is heard.
enum By {
    /// An answer in a golden file, or its text.
    Answer(Operation, Value, &'static str),
    /// A message in a golden file, or its type and what follows it.
    Message(&'static str),
    /// A move of a job that has no answer.
    Move(On),
}
use By::{Answer, Message, Move};

struct Row {
    kind: DeadlineKind,
    at: &'static str,
    by: By,
    says: &'static [&'static str],
}

fn row(kind: DeadlineKind, by: By, says: &'static [&'static str]) -> Row {
    Row { kind, at: AT, by, says }
}

fn at(at: &'static str, row: Row) -> Row {
    Row { at, ..row }
}

fn rri(protocol: &str) -> Rri {
    let options =
        WireOptions { account: ACCOUNT.into(), format: Some("kv".into()), protocol: Some(protocol.to_owned()) };
    Rri::new(&options).unwrap()
}

/// A golden file by its name, or the text itself.
fn text(golden: &str) -> String {
    if golden.contains('\n') {
        return golden.to_owned();
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri");
    std::fs::read_to_string(folder.join(format!("answer.{golden}.kv"))).unwrap()
}

/// The words about a kind, by what is heard through `decode` and `judge`; leaving is about every kind.
fn heard(rri: &Rri, row: &Row) -> Vec<String> {
    let account = ObjectKey::new(ObjectKind::Account, ACCOUNT);
    let at: Timestamp = row.at.parse().unwrap();
    let base = Heard {
        account: "a name of its own",
        object: &account,
        what: GaveUp,
        params: &Map::new(),
        data: &Value::Null,
        code: None,
        named: &[],
        at,
        evidence: "test",
    };
    let told = |object: &ObjectKey, words: Vec<Word>| told(row.kind, object, &words);
    match &row.by {
        Move(what) => told(&account, Dialect::calendar(rri, &Heard { what: *what, ..base })),
        Answer(operation, params, golden) => {
            let params = params.as_object().unwrap();
            let answer = rri.decode(*operation, text(golden).as_bytes()).unwrap();
            let judgement = rri.judge(*operation, &answer);
            let what = match judgement.verdict {
                Verdict::Done => Done(*operation),
                Verdict::Pending(_) => Taken(*operation),
                Verdict::Refused(_) | Verdict::RefusedUnlessLost(_) => Refused(*operation),
                Verdict::ByHand(_) => ByHand(*operation),
                other => panic!("{other:?}"),
            };
            let object = match operation {
                Operation::Raw => ObjectKey::new(ObjectKind::Domain, "example.de"),
                operation => object::of(*operation, params).unwrap_or(account.clone()),
            };
            let code = answer.leading_code();
            let (data, named) = (&answer.data, &judgement.deadlines[..]);
            told(&object, Dialect::calendar(rri, &Heard { object: &object, what, params, data, code, named, ..base }))
        }
        Message(golden) => {
            let head = "Result: success\nMsgcnt: 1\nMsgtime: 2026-03-10T11:00:00+01:00\nMsgid: 8960348c\nMsgtype: ";
            let text =
                if golden.contains('\n') { format!("{head}{golden}") } else { text(&format!("message.read.{golden}")) };
            let answer = rri.decode(Operation::MessageRead, text.as_bytes()).unwrap();
            let Head::Message(message) = rri.head(&answer) else { panic!("{golden}: no message") };
            let object = message.object.as_ref().unwrap_or(&account);
            let words = Mailbox::calendar(
                rri,
                &Heard {
                    object,
                    what: Told(message.kind),
                    data: &message.data,
                    named: &message.deadlines,
                    at: message.written_at.unwrap_or(at),
                    ..base
                },
            );
            told(object, words)
        }
    }
}

fn told(wanted: DeadlineKind, object: &ObjectKey, words: &[Word]) -> Vec<String> {
    let told = words.iter().filter_map(|word| {
        let (kind, says) = match &word.says {
            Says::Due { kind, due } => (*kind, format!("due {due} {}", word.basis)),
            Says::Moves { kind, due } => (*kind, format!("moves {due} {}", word.basis)),
            Says::Met { kind, .. } => (*kind, "met".into()),
            Says::Missed { kind, .. } => (*kind, "missed".into()),
            Says::Passed { kind, .. } => (*kind, "passed".into()),
            Says::Cleared { kind, .. } => (*kind, "cleared".into()),
            Says::Absent { kind } => (*kind, "absent".into()),
            Says::Gone { .. } => (wanted, "gone".into()),
        };
        let about = if word.object == *object { String::new() } else { format!("{} ", word.object) };
        (kind == wanted).then(|| format!("{about}{says}"))
    });
    told.collect()
}

/// All rows that are otherwise, at once.
fn hold(rri: &Rri, rows: Vec<Row>) {
    let wrong: Vec<_> = rows
        .iter()
        .enumerate()
        .filter_map(|(number, row)| {
            let heard = heard(rri, row);
            (heard != row.says).then(|| format!("row {number}, {}: {heard:?}, not {:?}", row.kind, row.says))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn example() -> Value {
    json!({"domain": "example.de"})
}

fn done(operation: Operation) -> By {
    Answer(operation, example(), "Result: success\nSTID: 1\n")
}

/// INFO of a domain of ours.
fn info(fields: &str) -> By {
    let own = "Domain: example.de\n[Holder]\nHandle: DENIC-22123-ANN\n[RegAcc]\nRegAccId: DENIC-22123\n";
    Answer(DomainInfo, example(), Box::leak(format!("Result: success\n{fields}\n{own}").into_boxed_str()))
}

const FOREIGN: &str = "Result: success\nDomain: example.de\nStatus: connect\nVerificationDeadlineBeforeDedelegation: 2026-06-05T00:00:00+02:00\n[Holder]\n[RegAcc]\nRegAccId: DENIC-1\n";
const UNKNOWN: &str = "domain.info.unknown";
const LOCK: &str = "Result: failed\nERROR: 53000080009 Domain is locked\n";

#[test]
fn the_documented_kinds_are_those_of_the_table() {
    let ruled: BTreeSet<_> = RULES.iter().flat_map(|rule| rule.then.kinds()).map(DeadlineKind::word).collect();
    let page = include_str!("../../../../docs/denic-rri.md");
    let documented: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(documented, ruled);
    assert!(RULES.iter().all(|rule| rule.source.starts_with("DENIC-29 ")));
}
