//! Every branch of every conversation: here what was there from the beginning, `updates` and `life` have the rest.

mod four_answers;
mod life;
mod updates;

use serde_json::json;

use super::super::commands;
use super::*;
use crate::registries::WireOptions;

const SINCE: &str = "2026-11-21T12:00:00.7Z";
const ABSENT: &str = "Result: failed\nERROR: 63300062009 Domain doesn't exist [example.de]";
const QUOTA: &str = "Result: failed\nERROR: 53000000008 Daily quota exceeded";

fn rri(protocol: &str) -> Rri {
    let (account, protocol) = ("DENIC-1000022".into(), Some(protocol.into()));
    Rri::new(&WireOptions { account, format: None, protocol }).unwrap()
}

fn play(operation: Operation, params: Value, answers: &[&str]) -> (Vec<Operation>, String) {
    play_with(&rri("5.0"), Rri::reconcile, operation, params, answers)
}

/// Plays a conversation: the registry's answers in turn, each decoded as the answer to the question that was asked.
fn play_with(
    rri: &Rri,
    step: fn(&Rri, &Doubt<'_>, &[Answer]) -> Step,
    operation: Operation,
    params: Value,
    answers: &[&str],
) -> (Vec<Operation>, String) {
    let (asked, found) = converse(rri, step, operation, params, answers);
    let word = match found {
        None => "asks on".into(),
        Some(Finding::Applied { .. }) => "applied".into(),
        Some(Finding::Taken { .. }) => "taken".into(),
        Some(Finding::Nothing { same_transaction: true, .. }) => "nothing, same id".into(),
        Some(Finding::Nothing { .. }) => "nothing".into(),
        Some(Finding::Foreign(reason) | Finding::Refused(reason)) => format!("foreign: {reason}"),
        Some(Finding::Unknown(reason)) => format!("unknown: {reason}"),
    };
    (asked, word)
}

/// What was asked, and what was found; nothing if another question comes next.
fn converse(
    rri: &Rri,
    step: fn(&Rri, &Doubt<'_>, &[Answer]) -> Step,
    operation: Operation,
    params: Value,
    answers: &[&str],
) -> (Vec<Operation>, Option<Finding>) {
    converse_after(None, rri, step, operation, params, answers)
}

/// The same after an earlier job that brought about the same.
fn converse_after(
    so_already: Option<Timestamp>,
    rri: &Rri,
    step: fn(&Rri, &Doubt<'_>, &[Answer]) -> Step,
    operation: Operation,
    params: Value,
    answers: &[&str],
) -> (Vec<Operation>, Option<Finding>) {
    let Value::Object(params) = params else { unreachable!("an object") };
    let (mut asked, mut heard) = (Vec::new(), Vec::new());
    let doubt = Doubt {
        account: "DENIC-1000022",
        operation,
        params: &params,
        transaction: "rd-1",
        since: SINCE.parse().unwrap(),
        so_already,
        taken: None,
    };
    loop {
        match step(rri, &doubt, &heard) {
            Step::Ask(question) => {
                assert!(!question.operation.writes() && question.transaction.is_none());
                asked.push(question.operation);
                let Some(answer) = answers.get(heard.len()) else { return (asked, None) };
                heard.push(rri.decode(question.operation, answer.as_bytes()).unwrap());
            }
            Step::Found(finding) => {
                assert_eq!(heard.len(), answers.len(), "an answer was not asked for");
                assert!(!finding.evidence().is_empty(), "each decision says what proves it");
                return (asked, Some(finding));
            }
        }
    }
}

fn create(answers: &[&str]) -> String {
    play(
        Operation::DomainCreate,
        json!({"domain": "example.de", "holder": [" denic-1000022-max ", "DENIC-1000022-ANN"], "nserver": []}),
        answers,
    )
    .1
}

fn delete(answers: &[&str]) -> String {
    play(Operation::DomainDelete, json!({"domain": "example.de"}), answers).1
}

fn domain(reg_acc: &str, status: &str, registered: &str) -> String {
    format!(
        "Result: success\nDomain: example.de\nStatus: {status}\nRegistrationDate: {registered}\n[Holder]\nHandle: DENIC-1000022-ANN\n[Holder]\nHandle: DENIC-1000022-MAX\n[RegAcc]\nRegAccId: {reg_acc}\n"
    )
}

#[test]
fn a_lost_domain_create() {
    let ours = |date: &str| create(&[&domain("DENIC-1000022", "connect", date)]);
    assert_eq!(ours("2026-11-21T13:00:00+01:00"), "applied", "in the second of the order");
    assert_eq!(ours("2026-11-21T13:00:09+01:00"), "applied");
    assert!(ours("2026-11-21T12:59:59+01:00").starts_with("unknown"), "clocks may differ");
    assert!(ours("2026-11-21T12:55:01+01:00").starts_with("unknown"), "clocks may differ");
    assert!(ours("2026-11-21T12:54:59+01:00").starts_with("foreign: INFO: already ours before this order"));
    assert!(ours("before 2026-11-21T13:00:09+01:00").starts_with("foreign: INFO: already ours since before"));
    assert!(ours("nonsense").starts_with("unknown"));
    let new = "2026-11-21T13:00:09+01:00";
    assert_eq!(create(&[&domain("DENIC-1000022", "failed", new)]), "applied", "registered, though failed");
    assert_eq!(create(&[&domain("DENIC-1000022", "pendingCreate", new)]), "taken", "registered, not delegated yet");
    assert!(create(&[&domain("DENIC-99", "connect", new)]).starts_with("foreign: INFO: registered by DENIC-99"));
    let other = domain("DENIC-1000022", "connect", new).replace("-ANN", "-EVE");
    assert!(create(&[&other]).contains("other holders"));
    assert_eq!(create(&[ABSENT]), "nothing, same id");
}

#[test]
fn a_question_that_is_refused_settles_nothing() {
    for refused in [QUOTA, "Result: failed\nERROR: 55000000002 limit", "Result: exception", "Result: success"] {
        assert!(create(&[refused]).starts_with("unknown"), "{refused}");
        assert!(delete(&[refused]).starts_with("unknown"), "{refused}");
        assert!(delete(&[ABSENT, refused]).starts_with("unknown"), "{refused}");
        assert!(contact(&[refused]).starts_with("unknown"), "{refused}");
        assert!(contact(&[EXISTS, QUOTA]).starts_with("unknown"), "{refused}");
    }
}

#[test]
fn a_lost_domain_delete() {
    let old = "2020-01-01T00:00:00+01:00";
    let new = "2026-11-21T13:00:09+01:00";
    assert_eq!(delete(&[&domain("DENIC-1000022", "redemptionPeriod", old)]), "applied");
    for status in ["connect", "failed", "serverHold", "pendingCreate"] {
        let shown = domain("DENIC-1000022", status, old);
        let changed = |date: &str| shown.replace("RegistrationDate:", &format!("Changed: {date}\nRegistrationDate:"));
        assert_eq!(delete(&[&changed(old)]), "nothing, same id");
        for date in [new, "x"] {
            let restored = delete(&[&changed(date)]);
            assert!(restored.starts_with("unknown"), "perhaps deleted, and restored: {restored}");
        }
    }
    assert!(delete(&[&domain("DENIC-99", "connect", old)]).starts_with("foreign"));
    assert!(delete(&[&domain("DENIC-99", "connect", new)]).starts_with("unknown"), "perhaps a DISPUTE");
    let check = |status: &str| delete(&[ABSENT, &format!("Result: success\nDomain: example.de\nStatus: {status}")]);
    assert_eq!(check("redemptionPeriod"), "applied");
    assert!(check("free").starts_with("foreign"));
    assert!(check("connect").starts_with("unknown"));
    let asked = play(Operation::DomainDelete, json!({"domain": "example.de"}), &[ABSENT]).0;
    assert_eq!(asked, [Operation::DomainInfo, Operation::DomainCheck]);
}

const EXISTS: &str = "Result: success\nHandle: DENIC-1000022-MAX\nStatus: exist";

fn contact(answers: &[&str]) -> String {
    let params = json!({
        "handle": "denic-1000022-max", "type": "PERSON", "name": "Max Mustermann", "address": "Weg 1",
        "postal_code": "60596", "city": "Frankfurt", "country_code": "DE", "email": "max@example.de", "phone": "+49.0000",
    });
    play(Operation::ContactCreate, params, answers).1
}

#[test]
fn a_lost_contact_create() {
    let info = |address: &str, changed: &str| {
        contact(&[
            EXISTS,
            &format!(
                "Result: success\nHandle: DENIC-1000022-MAX\nType: PERSON\nName: Max Mustermann\nAddress: {address}\nPostalCode: 60596\nCity: Frankfurt\nCountryCode: DE\nEmail: max@example.de\nChanged: {changed}"
            ),
        ])
    };
    assert_eq!(info("Weg 1", "2026-11-21T13:00:01+01:00"), "applied");
    assert_eq!(info("Weg  1", "2020-01-01T00:00:00+01:00"), "applied", "what was ordered is there");
    let other = info("Weg 2", "2020-01-01T00:00:00+01:00");
    assert!(other.starts_with("foreign") && other.contains("(address;"), "{other}");
    assert!(info("Weg 2", "2026-11-21T13:00:01+01:00").starts_with("unknown"), "perhaps ours, stored otherwise");
    assert_eq!(contact(&["Result: success\nHandle: DENIC-1000022-MAX\nStatus: free"]), "nothing, same id");
}

#[test]
fn other_writes_are_not_guessed() {
    for (operation, params) in [
        (Operation::DomainUpdate, json!({})),
        (Operation::Raw, json!({"request": "Version: 5.0\nAction: DELETE\nDomain: example.de"})),
        (Operation::DomainRenew, json!({"domain": "example.de"})),
    ] {
        assert!(play(operation, params, &[]).1.starts_with("unknown: no question is known"), "{operation}");
    }
}

#[test]
fn a_lost_removal_of_a_message_is_repeated_under_a_new_id() {
    assert_eq!(play(Operation::MessageDelete, json!({"id": "m"}), &[]), (vec![], "nothing".into()));
}

/// Each write with a question, and the parameters of a job.
fn writes() -> Vec<(Operation, Value)> {
    let domain = json!({"domain": "example.de", "holder": ["DENIC-1000022-MAX"], "nserver": ["ns1.example.net", "ns2.example.net"], "auth_info": "secret", "disconnect": false});
    let contact = json!({"handle": "DENIC-1000022-MAX"});
    let writes = Operation::ALL.iter().copied().filter(|operation| {
        let has_a_question = !matches!(operation, Operation::MessageDelete | Operation::Raw);
        operation.writes() && has_a_question && commands::find(*operation).is_some()
    });
    writes
        .map(|operation| {
            (operation, if operation.name().starts_with("contact") { contact.clone() } else { domain.clone() })
        })
        .collect()
}

#[test]
fn an_answer_about_another_object_settles_nothing() {
    let new = "2026-11-21T13:00:09+01:00";
    let other = [
        domain("DENIC-1000022", "connect", new).replace("example.de", "other.de"),
        "Result: success\nHandle: DENIC-1000022-ANN\nStatus: exist\nType: PERSON".to_owned(),
        "Result: success".to_owned(),
    ];
    assert_eq!(writes().len(), 12);
    for (operation, params) in writes() {
        for text in &other {
            let found = play(operation, params.clone(), &[text]).1;
            assert!(found.starts_with("unknown: ") && found.contains("another object"), "{operation}: {found}");
        }
        for refused in [QUOTA, "Result: exception"] {
            assert!(play(operation, params.clone(), &[refused]).1.starts_with("unknown"), "{operation} {refused}");
        }
    }
}
