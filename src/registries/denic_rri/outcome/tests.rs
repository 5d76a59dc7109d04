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
    for (operation, code, expected) in [
        (Operation::DomainCreate, "53000080013", "done"),
        (Operation::DomainCreate, "53000080014", "pending"),
        (Operation::DomainCreate, "53000080015", "done"),
        (Operation::DomainUpdate, "53000080014", "pending"),
        (Operation::DomainChangeHolder, "53000080014", "pending"),
        (Operation::DomainTransfer, "53000080014", "pending"),
        (Operation::DomainRestore, "53000080014", "pending"),
        (Operation::DomainAuthcodeCreate, "53000080014", "done"),
        (Operation::ContactUpdate, "53000080014", "done"),
        (Operation::DomainInfo, "53000080014", "done"),
    ] {
        let text = format!("Result: success\nINFO: {code} Domain \"Status\" is \"x\"");
        assert_eq!(word(operation, &text), expected, "{operation} {code}");
    }
}

#[test]
fn an_auth_info_has_a_deadline_of_its_own() {
    let end = "2026-12-15T00:00:00+01:00";
    for (operation, field, expected) in [
        (Operation::DomainAuthcodeCreate, "auth_info_expire", Some(DeadlineKind::AuthInfo1Expiry)),
        (Operation::DomainAuthcodeRequest, "auth_info_expire", Some(DeadlineKind::AuthInfo2Expiry)),
        (Operation::DomainInfo, "auth_info_expire", None),
        (Operation::DomainInfo, "auth_info1", Some(DeadlineKind::AuthInfo1Expiry)),
        (Operation::DomainInfo, "auth_info2", Some(DeadlineKind::AuthInfo2Expiry)),
    ] {
        let answer = Answer { result: "success".into(), data: json!({ (field): end }), ..Answer::default() };
        let found = judge(operation, &answer).deadlines;
        assert_eq!(found.first().map(|deadline| deadline.kind), expected, "{operation} {field}");
    }
}

#[test]
fn a_lock_is_ordered_by_hand_and_says_how() {
    let text =
        "Result: failed\nERROR: 53000080009 Request rejected - this domain is locked!\nERROR: 63300062905 Duplicate";
    for (operation, part) in [
        (Operation::DomainUpdate, "registrard orders mail"),
        (Operation::ContactUpdate, "registrard orders mail"),
        (Operation::DomainTransfer, "present registrar"),
        (Operation::DomainTransit, "help desk"),
    ] {
        let Verdict::ByHand(reason) = verdict(operation, text) else { panic!("by hand") };
        assert!(reason.contains(part) && reason.contains("Registry Lock"), "{reason}");
    }
    assert_eq!(word(Operation::DomainInfo, text), "refused");
}

#[test]
fn a_dispute_and_a_missing_right_are_for_people_and_say_what_they_can_do() {
    let (disputed, not_allowed) = ("53000080011 an active DISPUTE", "53000020002 Unauthorized request");
    for (operation, error, parts, not) in [
        (Operation::DomainChangeHolder, disputed, &["another holder", "evidence", "orders mail JOB"], "help desk"),
        (Operation::ContactUpdate, disputed, &["verification", "evidence", "orders mail JOB"], "help desk"),
        (Operation::DomainTransfer, disputed, &["same name", "new job", "evidence"], "orders mail"),
        (Operation::DomainUpdate, disputed, &["technical data", "deleted", "orders mail JOB"], "another holder"),
        (Operation::Raw, disputed, &["technical data", "evidence", "orders mail JOB"], "another holder"),
        (Operation::DomainUpdate, not_allowed, &["help desk", "jobs retry JOB", "account"], "orders mail"),
        (Operation::Raw, not_allowed, &["help desk", "jobs retry JOB", "account"], "orders mail"),
    ] {
        let Verdict::ByHand(reason) = verdict(operation, &format!("Result: failed\nERROR: {error}")) else {
            panic!("{operation}: by hand")
        };
        assert!(parts.iter().all(|part| reason.contains(part)) && !reason.contains(not), "{operation}: {reason}");
    }
    // Both: the first of them decides, and says what to do.
    let both = format!("Result: failed\nERROR: 53000080009 locked\nERROR: {disputed}");
    let Verdict::ByHand(reason) = verdict(Operation::DomainChangeHolder, &both) else { panic!("by hand") };
    assert!(reason.contains("Registry Lock") && !reason.contains("DISPUTE"), "{reason}");
}

#[test]
fn codes_are_explained() {
    let explained = |operation, code| explain(operation, code).map(|explanation| explanation.meaning);
    assert_eq!(explained(Operation::DomainUpdate, "53000080009"), Some("by hand"));
    assert_eq!(explained(Operation::MessageDelete, "63650063609"), Some("done already"));
    assert_eq!(explained(Operation::MessageRead, "63650063609"), Some("refused"));
    assert_eq!(explained(Operation::DomainUpdate, "59999999999"), None);
    assert!(explain(Operation::DomainDelete, "56310082011").unwrap().remark.contains("redemption"));
}

/// §8.2, §8.3 and the queue's codes of the reference, each with the class §8.6 gives it where a request is refused.
#[test]
fn every_code_of_the_reference_has_its_verdict() {
    use Operation::*;
    const NOTES: &[&str] = &[
        "11300077725",
        "11300077726",
        "11300088725",
        "13000000011",
        "13000000022",
        "13350000001",
        "16000063119",
        "16330088732",
        "16350000031",
        "16350000040",
        "16350000041",
        "16350000050",
        "16350000051",
        "16350000052",
        "16350000053",
        "16350000054",
        "16350000055",
        "33000000022",
        "33300102900",
        "33300102912",
        "46000108827",
        "53000080013",
        "53000080014",
        "53000080015",
    ];
    const FOR_GOOD: &[&str] = &[
        "53000020019",
        "53000060009",
        "53000080002",
        "53000080012",
        "53300081600",
        "53300102902",
        "53300102912",
        "53300102920",
        "53300103022",
        "53370080005",
        "53380042010",
        "53380062206",
        "56000088709",
        "56300108812",
        "56310082011",
        "58000000027",
        "60009500901",
        "63000000006",
        "63000000007",
        "63000040110",
        "63000060003",
        "63000060015",
        "63000060402",
        "63200020603",
        "63200040610",
        "63200040710",
        "63200040810",
        "63200041102",
        "63200041202",
        "63200041302",
        "63200041610",
        "63200041860",
        "63200041861",
        "63200041862",
        "63200041863",
        "63200041865",
        "63200041866",
        "63200042402",
        "63200060702",
        "63200061302",
        "63200061603",
        "63200061802",
        "63200062603",
        "63200080900",
        "63220080801",
        "63300042100",
        "63300043003",
        "63300060005",
        "63300062905",
        "63300063003",
        "63300063005",
        "63300063006",
        "66300063006",
        "63300063016",
        "63300063103",
        "63300080013",
        "63300080700",
        "63300083005",
        "63300085940",
        "63300102913",
        "63300103005",
        "63310062007",
        "63310062008",
        "63360063402",
        "63370048700",
        "63370088701",
        "63391048502",
        "63391048602",
        "63391068503",
        "63391068603",
        "63391082031",
        "63400000001",
        "63400000002",
        "63400000003",
        "63400000004",
        "63450043902",
        "63450063902",
        "63450064002",
        "63600063502",
        "63650043610",
        "63650063607",
        "63900042502",
        "66300048905",
        "66300063003",
        "66300068803",
        "83000000000",
        "83000000004",
        "83000000005",
    ];
    let table: &[(Operation, &[&str], &str)] = &[
        (DomainUpdate, NOTES, "refused"),
        (DomainUpdate, FOR_GOOD, "refused"),
        (DomainUpdate, &["53000000008"], "later NextQuotaDay Account"),
        (DomainUpdate, &["53000000012"], "later Soon Job"),
        (DomainUpdate, &["53300100021", "73100000005", "76000000001"], "later Backoff Job"),
        (DomainUpdate, &["55000000002"], "later Exactly(120s) Account"),
        (DomainUpdate, &["56000000013", "63000060508"], "unsure"),
        (DomainUpdate, &["53000020002", "53000080009", "53000080011"], "by hand"),
        (DomainUpdate, &["63100020005", "63100040202", "63100040302", "83000000010"], "suspend"),
        (DomainUpdate, &["63300062009", "63310062004"], "refused unless lost"),
        (DomainUpdate, &["63380063209", "63391068704", "63393068704", "63650063609", "66310082014"], "refused"),
        (DomainDelete, &["56310082011", "63300062009"], "refused unless lost"),
        (DomainRestore, &["66310082014"], "refused unless lost"),
        (DomainTransfer, &["63380063209"], "refused unless lost"),
        (DomainAuthcodeCreate, &["63391068704"], "refused unless lost"),
        (DomainAuthcodeRequest, &["63393068704"], "refused unless lost"),
        (DomainAuthcodeCheck, &["63370088701", "63300062009"], "refused"),
        (MessageDelete, &["63650063609"], "done"),
        (MessageDelete, &["63650063607"], "refused"),
    ];
    for (operation, codes, expected) in table {
        for code in *codes {
            let text = format!("Result: failed\nERROR: {code} some text");
            assert_eq!(word(*operation, &text), *expected, "{operation} {code}");
            assert_eq!(judge(*operation, &answer(&text)).unknown_codes, [""; 0], "{code}");
        }
    }
    for code in codes::CODES.iter().map(|row| row.code).filter(|code| *code != "16350000042") {
        assert!(table.iter().any(|(_, codes, _)| codes.contains(&code)), "{code} stands in the table for no reason");
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
    use Operation::{ContactCreate, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainTransfer};
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
        (DomainDelete, "53000080009", "by hand"),
        (DomainInfo, "53000080009", "refused"),
        (DomainTransfer, "53000080011", "by hand"),
        (DomainInfo, "53000080011", "refused"),
        (DomainCreate, "53000020002", "by hand"),
        (DomainInfo, "53000020002", "refused"),
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
fn codes_inside_a_message_of_the_queue_count_and_decide_nothing() {
    let mut answer = answer("Result: success\nINFO: 39999999998 outside");
    let inner = |code: &str| json!({ "level": "error", "code": code, "text": "x" });
    answer.data = json!({ "type": "domainStatusUpdate", "messages": [inner("16350000040"), inner("59999999999")] });
    let judgement = judge(Operation::MessageRead, &answer);
    assert_eq!(judgement.unknown_codes, ["39999999998", "59999999999"]);
    assert_eq!(judgement.verdict, Verdict::Done);
    answer.data = json!({ "messages": "not a list" });
    assert_eq!(judge(Operation::MessageRead, &answer).unknown_codes, ["39999999998"]);
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
