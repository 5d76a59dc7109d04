//! Answers and their verdicts, trap by trap.

use serde_json::json;

use super::*;
use crate::registries::denic_rri::codec;

fn answer(text: &str) -> Answer {
    let reply = codec::read(text.as_bytes()).unwrap();
    Answer { result: reply.result, messages: reply.messages, ..Answer::default() }
}

fn verdict(operation: Operation, text: &str) -> Verdict {
    judge(operation, &answer(text)).verdict
}

/// The verdict as a word, with pace and scope.
fn word(operation: Operation, text: &str) -> String {
    match verdict(operation, text) {
        Verdict::Done => "done".into(),
        Verdict::Pending(_) => "pending".into(),
        Verdict::Refused(_) => "refused".into(),
        Verdict::Later(later) => format!("later {:?} {:?}", later.pace, later.scope),
        Verdict::RefusedUnlessLost(_) => "refused unless lost".into(),
        Verdict::Unsure(_) => "unsure".into(),
        Verdict::ByHand(_) => "by hand".into(),
        Verdict::Suspend(_) => "suspend".into(),
    }
}

#[test]
fn a_failed_domain_is_registered_and_has_a_deadline() {
    let text = "RESULT: success\nERROR: 53300102912 Nameserver error [ERROR: 901 Unexpected RCODE (1)]\nWARNING: 33300102900 The provided DNS data are not acceptable. Domain \"Status\" is \"failed\". [2021-08-20T13:06:05+02:00]";
    let judgement = judge(Operation::DomainCreate, &answer(text));
    assert_eq!(judgement.verdict, Verdict::Done);
    let due = "2021-08-20T11:06:05Z".parse().unwrap();
    assert_eq!(judgement.deadlines, [Deadline { kind: DeadlineKind::FailedDomainExpiry, due }]);
    assert_eq!(judgement.unknown_codes, [""; 0]);
}

#[test]
fn status_lines_of_class_5_are_information() {
    for code in ["53000080013", "53000080014", "53000080015"] {
        assert_eq!(
            word(Operation::DomainCreate, &format!("Result: success\nINFO: {code} Domain \"Status\" is \"x\"")),
            "done"
        );
    }
}

#[test]
fn verification_deadlines_are_read_in_both_forms() {
    let text = "Result: success\nINFO: 16350000040 by [2024-12-09T15:45:01+01:00]\nINFO: 16350000041 by [Date: 2024-12-16T15:45:01+01:00, VerificationClaims: address;name]";
    let kinds: Vec<_> = judge(Operation::DomainCreate, &answer(text))
        .deadlines
        .into_iter()
        .map(|d| (d.kind, d.due.to_string()))
        .collect();
    assert_eq!(
        kinds,
        [
            (DeadlineKind::VerificationBeforeDedelegation, "2024-12-09T14:45:01Z".to_owned()),
            (DeadlineKind::VerificationBeforeDeletion, "2024-12-16T14:45:01Z".to_owned()),
        ]
    );
    let info =
        Answer { result: "success".into(), data: json!({"expire": "2024-12-16T15:45:01+01:00"}), ..Answer::default() };
    assert_eq!(judge(Operation::DomainInfo, &info).deadlines.len(), 1);
}

#[test]
fn refusals_by_code() {
    use Operation::{ContactCreate, DomainCheck, DomainCreate, DomainDelete, DomainInfo};
    let minutes = "later Exactly(120s) Account";
    for (operation, code, expected) in [
        (DomainCreate, "53000000012", "later Soon Job"),
        (DomainCreate, "76000000001", "later Backoff Job"),
        (DomainCreate, "53300100021", "later Backoff Job"),
        (DomainCreate, "55000000002", minutes),
        (DomainCheck, "55000000002", minutes),
        (DomainCreate, "53000000008", "later NextQuotaDay Account"),
        (DomainCreate, "73100000005", "later Backoff Job"),
        (DomainCreate, "83000000010", "suspend"),
        (DomainInfo, "63100020005", "suspend"),
        (DomainCreate, "56000000013", "unsure"),
        (DomainInfo, "56000000013", "later Backoff Job"),
        (ContactCreate, "63000060508", "unsure"),
        (DomainInfo, "63000060508", "refused"),
        (DomainCreate, "63310062004", "refused unless lost"),
        (DomainInfo, "63300062009", "refused"),
        (DomainDelete, "63300062009", "refused unless lost"),
        (DomainDelete, "56310082011", "refused unless lost"),
        (DomainCreate, "56310082011", "refused"),
        (DomainCreate, "53300102912", "refused"),
        (DomainDelete, "53000080009", "refused"),
        (DomainCreate, "53000060009", "refused"),
        (DomainCreate, "53380062206", "refused"),
        (DomainCreate, "59999999999", "refused"),
        (DomainCreate, "69999999999", "refused"),
        (DomainCreate, "79999999999", "later Backoff Job"),
        (DomainCreate, "89999999999", "refused"),
    ] {
        assert_eq!(
            word(operation, &format!("Result: failed\nERROR: {code} some text")),
            expected,
            "{operation} {code}"
        );
    }
}

#[test]
fn the_level_decides_and_of_errors_the_gravest() {
    let told = "Result: failed\nINFO: 55000000002 x\nERROR: 63300062905 Duplicate";
    assert_eq!(word(Operation::DomainCreate, told), "refused");
    assert_eq!(judge(Operation::DomainCreate, &answer(told)).account_cooldown.map(|(time, _)| time), Some(BLOCKED_FOR));
    let both = "Result: failed\nERROR: 53000000012 busy\nERROR: 63310062004 exists";
    assert_eq!(word(Operation::DomainCreate, both), "refused unless lost");
    assert_eq!(word(Operation::DomainCreate, "Result: failed"), "refused");
}

#[test]
fn an_exception_is_never_believed_for_writes() {
    for text in ["Result: exception", "Result: EXCEPTION\nERROR: 76000000001 x", "Result: whatever"] {
        assert_eq!(word(Operation::DomainCreate, text), "unsure", "{text}");
        assert_eq!(word(Operation::DomainInfo, text), "later Backoff Job", "{text}");
    }
}

#[test]
fn unknown_codes_are_reported_and_known_ones_are_not() {
    let judgement = judge(
        Operation::DomainCreate,
        &answer("Result: success\nINFO: 13000000011 test\nWARNING: 39999999999 new\nERROR: no code"),
    );
    assert_eq!(judgement.unknown_codes, ["39999999999", ""]);
    assert_eq!(judgement.verdict, Verdict::Done);
}

#[test]
fn reasons_do_not_repeat_what_was_sent() {
    let Verdict::Refused(reason) =
        verdict(Operation::DomainInfo, "Result: failed\nERROR: 63370088701 AuthInfo does not match [secret]")
    else {
        panic!("a refusal")
    };
    assert_eq!(reason, "63370088701 AuthInfo does not match (wrong AuthInfo; do not loop)");
}

#[test]
fn logins() {
    let outcome = |text: &str| login(&answer(text));
    assert_eq!(outcome("Result: success"), Login::Open);
    assert!(
        matches!(outcome("Result: failed\nERROR: 73100000005 x"), Login::NotNow(_, time) if time == SESSIONS_TAKEN_FOR)
    );
    assert!(matches!(outcome("Result: failed\nERROR: 55000000002 x"), Login::Blocked(_, time) if time == BLOCKED_FOR));
    for refused in ["83000000010", "63100020005", "63100040202", "83000000004", "59999999999"] {
        assert!(matches!(outcome(&format!("Result: failed\nERROR: {refused} x")), Login::Refused(_)), "{refused}");
    }
    assert!(matches!(outcome("Result: failed"), Login::Refused(_)));
    assert!(matches!(outcome("Result: exception"), Login::Trouble(_)));
    assert!(matches!(outcome("Result: failed\nERROR: 76000000001 x"), Login::Trouble(_)));
}
