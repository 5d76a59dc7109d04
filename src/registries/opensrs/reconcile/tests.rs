//! Every branch of every conversation. The questions are made by the commands themselves, so that a parameter they do not
//! take is noticed; only the envelope is left out.

mod four_answers;
mod traps;

use serde_json::json;
use zeroize::Zeroizing;

use super::super::commands::{self, Rules};
use super::*;
use crate::model::verdict::Judgement;
use crate::model::{Level, Message, Reject};
use crate::registries::Checked;

/// The commands without the envelope.
struct Words;

impl Dialect for Words {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        Ok(commands::order(operation, params, "rd-x-1", &Rules::default())?.0)
    }

    fn prepare(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        transaction: &str,
    ) -> Result<Prepared, Reject> {
        if operation == Operation::Raw {
            let reads = params.get("request").is_some_and(|request| request == "reads");
            let operation = if reads { Operation::DomainInfo } else { Operation::Raw };
            return Ok(Prepared { bytes: Zeroizing::default(), operation, transaction: None });
        }
        let (_, order) = commands::order(operation, params, transaction, &Rules::default())?;
        let kind = ["type", "op_type"].map(|name| params.get(name).and_then(Value::as_str).unwrap_or_default());
        let bytes = Zeroizing::new(format!("{} {}", order.action, kind.concat()).trim().as_bytes().to_vec());
        Ok(Prepared { bytes, operation, transaction: None })
    }

    fn decode(&self, _: Operation, _: &[u8]) -> Result<Answer, String> {
        Err("answers are made here".into())
    }

    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement {
        outcome::judge(operation, answer)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
        next(self, doubt, heard)
    }

    fn follow_up(&self, order: &Doubt<'_>, heard: &[Answer]) -> Step {
        follow_up(self, order, heard)
    }
}

/// 10:00 in Toronto.
const SINCE: &str = "2026-01-15T15:00:00.7Z";
const OLD: &str = "2025-12-12 21:27:25";
const EDGE: &str = "2026-01-15 09:59:59";
const NEW: &str = "2026-01-15 10:00:02";
/// The second attempt of a job: an order of the first one is ours, too.
const ID: &str = "rd-0192f0c1-2";

fn said(yes: bool, code: &str, text: &str, data: Value) -> Answer {
    let level = if yes { Level::Info } else { Level::Error };
    let message = Message { level, code: code.into(), text: text.into(), arguments: vec![] };
    let result = if yes { "1" } else { "0" }.into();
    Answer { result, messages: vec![message], data, ..Answer::default() }
}

fn ok(data: Value) -> Answer {
    said(true, "200", "Query successful", data)
}

fn absent() -> Answer {
    said(false, "480", "Domain example.com not owned by user", Value::Null)
}

/// A list of orders, each `number kind status date`.
fn orders(rows: &[[&str; 4]]) -> Answer {
    let order =
        |[id, kind, status, date]: &[&str; 4]| json!({ "id": id, "type": kind, "status": status, "order_date": date });
    ok(json!({ "page_size": "40", "orders": rows.iter().map(order).collect::<Vec<_>>() }))
}

fn info(mark: Value) -> Answer {
    ok(json!({ "field_hash": { "domain": "example.com", "affiliate_id": mark, "status": "pending" } }))
}

fn ours() -> Answer {
    info(json!(ID))
}

fn theirs() -> Answer {
    info(Value::Null)
}

fn belongs(ours: &str) -> Answer {
    ok(json!({ "belongs_to_rsp": ours }))
}

fn lookup(code: &str, status: &str) -> Answer {
    said(true, code, "x", json!({ "status": status }))
}

fn transfer(status: &str) -> Answer {
    ok(json!({ "transferrable": "0", "status": status }))
}

fn expires(year: &str) -> Answer {
    ok(json!({ "registry_expiredate": format!("{year}-12-12 21:27:25"), "expiredate": "2027-12-12 21:27:25" }))
}

/// What was asked, in the registry's words, and what was found; nothing if another question comes next.
fn converse(operation: Operation, params: Value, answers: &[Answer]) -> (Vec<String>, Option<Finding>) {
    play(next, None, ID, operation, params, answers)
}

fn play(
    step: fn(&dyn Dialect, &Doubt<'_>, &[Answer]) -> Step,
    so_already: Option<Timestamp>,
    transaction: &str,
    operation: Operation,
    params: Value,
    answers: &[Answer],
) -> (Vec<String>, Option<Finding>) {
    let Value::Object(params) = params else { unreachable!("an object") };
    let since = SINCE.parse().unwrap();
    // What was taken is in the first place of what is told, where a test says so.
    let taken = params.get("taken").map(|number| ok(json!({ "id": number })));
    let params: Map<String, Value> = params.into_iter().filter(|(name, _)| name != "taken").collect();
    let taken = taken.as_ref();
    let doubt = Doubt { account: "reseller", operation, params: &params, transaction, since, so_already, taken };
    let mut asked = Vec::new();
    loop {
        let heard = answers.get(..asked.len()).unwrap_or(answers);
        match step(&Words, &doubt, heard) {
            Step::Ask(question) => {
                assert!(!question.operation.writes() && question.transaction.is_none());
                asked.push(String::from_utf8(question.bytes.to_vec()).unwrap());
                assert!(asked.len() <= 12, "{operation}: an engine asks twelve questions in a row at most");
                if asked.len() > answers.len() {
                    return (asked, None);
                }
            }
            Step::Found(finding) => {
                assert_eq!(asked.len(), answers.len(), "{operation}: an answer was not asked for");
                assert!(!finding.evidence().is_empty(), "each decision says what proves it");
                return (asked, Some(finding));
            }
        }
    }
}

/// The word of the finding and its evidence.
fn found(operation: Operation, params: Value, answers: &[Answer]) -> (String, String) {
    let finding = converse(operation, params, answers).1.expect("it asks on");
    (finding.word().to_owned(), finding.evidence().to_owned())
}
