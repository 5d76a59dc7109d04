//! Answers and their verdicts: every code of the reference (section 8), and which may answer which command (section 9).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::limits::zone;
use super::*;
use crate::model::Verdict;
use crate::model::{Level, Message};
use Operation::{
    AccountInfo, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainTransfer,
    DomainTransferApprove, DomainTransferReject, DomainUpdate, HostCheck, HostCreate, HostDelete, HostInfo, HostUpdate,
    OrderCancel,
};

fn answer(code: &str, data: Value) -> Answer {
    let yes = code.starts_with('2');
    let level = if yes { Level::Info } else { Level::Error };
    let message = Message { level, code: code.into(), text: "some  text".into(), arguments: Vec::new() };
    let result = if yes { "success" } else { "failed" }.to_owned();
    Answer { result, messages: vec![message], data, ..Answer::default() }
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Done => "done".into(),
        Verdict::Pending(_) => "pending".into(),
        Verdict::Refused(_) => "refused".into(),
        Verdict::RefusedUnlessLost(_) => "refused unless lost".into(),
        Verdict::Later(later) => format!("later {:?} {:?}", later.pace, later.scope),
        Verdict::Unsure(_) => "unsure".into(),
        Verdict::ByHand(_) => "by hand".into(),
        Verdict::Suspend(_) => "suspend".into(),
    }
}

fn said(operation: Operation, code: &str) -> String {
    word(&judge(operation, &answer(code, Value::Null), &zone()).verdict)
}

const BACKOFF: &str = "later Backoff Job";
const SOON: &str = "later Soon Job";
const FEWER: &str = "later Exactly(30s) Account";
const FUNDS: &str = "later Paid Account";

/// Section 8. A read is STATUS of a domain, a write MOD of one.
const TABLE: &[(&[&str], &str, &str)] = &[
    (&["200"], "done", "done"),
    (&["220"], SOON, "done"),
    (&["210", "211", "212", "213"], SOON, "unsure"),
    (&["420", "421", "549"], BACKOFF, "unsure"),
    (&["520", "547"], SOON, "unsure"),
    (&["521"], FEWER, FEWER),
    (&["530"], "suspend", "suspend"),
    (&["500", "501", "502", "503", "504", "505", "506", "507", "508", "509", "510"], "refused", "refused"),
    (&["531", "532", "533", "534", "535", "536", "541", "543", "544", "545", "548"], "refused", "refused"),
    (&["550", "551", "552", "553", "556"], "refused", "refused"),
    (&["540", "542", "554", "555"], "refused", "refused unless lost"),
    (&["546"], "refused", FUNDS),
    (&["557"], "refused", "by hand"),
];

#[test]
fn every_code_of_the_reference_has_its_verdict() {
    let mut tried: Vec<&str> = Vec::new();
    for (codes, read, write) in TABLE {
        for code in *codes {
            assert_eq!(said(DomainInfo, code), *read, "{code} to a question");
            assert_eq!(said(DomainUpdate, code), *write, "{code} to an order");
            tried.push(code);
        }
    }
    let mut rows: Vec<&str> = codes::CODES.iter().map(|row| row.code).collect();
    rows.sort_unstable();
    tried.sort_unstable();
    assert_eq!(rows, tried, "each row is here, once");
    assert_eq!(rows.len(), 46, "the reference has 46 codes");
    for row in codes::CODES {
        assert!(!row.remark.is_empty() && row.code.len() == 3, "{}", row.code);
    }
}

/// What some codes mean to certain commands.
const BY_COMMAND: &[(&str, &[Operation], &str)] = &[
    ("200", &[DomainTransfer], "pending"),
    ("220", &[DomainTransfer], "pending"),
    ("200", &[DomainTransferApprove, DomainTransferReject, DomainCreate, DomainRenew, HostDelete, AccountInfo], "done"),
    ("210", &[DomainCheck], "done"),
    ("211", &[DomainCheck], "done"),
    ("212", &[HostCheck], "done"),
    ("213", &[HostCheck], "done"),
    ("212", &[DomainCheck], SOON),
    ("210", &[HostCheck], SOON),
    ("200", &[DomainCheck, HostCheck], SOON),
    ("220", &[DomainCheck, HostCheck, AccountInfo], SOON),
    ("531", &[DomainDelete, DomainTransfer, DomainTransferApprove], "refused unless lost"),
    ("531", &[DomainUpdate, DomainRenew, DomainTransferReject, HostCreate], "refused"),
    ("534", &[DomainTransferApprove, DomainTransferReject, OrderCancel], "refused unless lost"),
    ("536", &[DomainTransfer], "refused unless lost"),
    ("540", &[DomainCreate, HostCreate, HostUpdate], "refused unless lost"),
    ("542", &[HostUpdate], "refused unless lost"),
    ("545", &[DomainDelete, HostDelete, HostUpdate], "refused unless lost"),
    ("545", &[DomainCreate, DomainRenew, HostInfo], "refused"),
];

#[test]
fn some_codes_mean_something_else_to_some_commands() {
    for (code, operations, expected) in BY_COMMAND {
        for operation in *operations {
            assert_eq!(said(*operation, code), *expected, "{code} to {operation}");
        }
    }
    let tried = |code: &str, operation| {
        BY_COMMAND.iter().any(|(row, of, _)| *row == code && of.contains(&operation))
            || (operation == DomainUpdate && TABLE.iter().any(|(codes, ..)| codes.contains(&code)))
    };
    for special in codes::SPECIAL {
        for operation in special.of {
            assert!(tried(special.code, *operation), "{} to {operation} is not tried", special.code);
        }
    }
}

/// Codes that may answer every command.
const COMMON: &[&str] = &["420", "421", "520", "547", "549"];

/// A command: what asks for it, the codes of success, those of failure besides [`COMMON`] (section 9).
type MayAnswer = (&'static [Operation], &'static [&'static str], &'static [&'static str]);

const MAY_ANSWER: &[MayAnswer] = &[
    (
        &[DomainCreate, HostCreate],
        &["200", "220"],
        &[
            "500", "502", "503", "504", "505", "507", "508", "510", "531", "535", "540", "541", "545", "546", "550",
            "554",
        ],
    ),
    (
        &[DomainCheck, HostCheck],
        &["210", "211", "212", "213"],
        &["220", "500", "502", "503", "504", "505", "507", "508", "541"],
    ),
    (
        &[DomainDelete, HostDelete],
        &["200", "220"],
        &[
            "500", "502", "503", "504", "505", "507", "508", "531", "532", "533", "541", "544", "545", "551", "552",
            "553", "557",
        ],
    ),
    (&[AccountInfo], &["200", "220"], &["500", "501", "506", "507", "509"]),
    (
        &[DomainUpdate, HostUpdate],
        &["200", "220"],
        &[
            "500", "502", "503", "504", "505", "507", "508", "510", "531", "535", "540", "541", "542", "543", "544",
            "545", "550", "551", "552", "553", "557",
        ],
    ),
    (
        &[DomainRenew],
        &["200", "220"],
        &[
            "500", "502", "503", "504", "505", "507", "508", "531", "541", "545", "546", "548", "552", "553", "555",
            "556",
        ],
    ),
    (
        &[DomainInfo, HostInfo],
        &["200", "220"],
        &["500", "501", "502", "503", "504", "505", "506", "507", "508", "531", "541", "545"],
    ),
    (
        &[DomainTransfer, DomainTransferApprove, DomainTransferReject, OrderCancel],
        &["200", "220"],
        &[
            "500", "501", "502", "503", "504", "505", "506", "507", "508", "531", "534", "536", "541", "544", "545",
            "546", "552", "553",
        ],
    ),
];

#[test]
fn what_may_answer_a_command_means_what_its_list_says() {
    let shown = || json!({ "status": ["ACTIVE"] });
    for (operations, yes, no) in MAY_ANSWER {
        for operation in *operations {
            for code in *yes {
                let verdict = judge(*operation, &answer(code, shown()), &zone()).verdict;
                let is_of_other =
                    matches!((*operation, *code), (DomainCheck, "212" | "213") | (HostCheck, "210" | "211"));
                let succeeds = matches!(verdict, Verdict::Done | Verdict::Pending(_));
                assert_eq!(succeeds, !is_of_other, "{code} to {operation}: {verdict:?}");
            }
            for code in no.iter().chain(COMMON) {
                let judgement = judge(*operation, &answer(code, Value::Null), &zone());
                assert!(judgement.unknown_codes.is_empty(), "{code}");
                let verdict = judgement.verdict;
                assert!(
                    !matches!(verdict, Verdict::Done | Verdict::Pending(_) | Verdict::Suspend(_)),
                    "{code} to {operation}"
                );
                // Only writes are in doubt, and what a job cannot mend does not become a retry.
                assert!(operation.writes() || !matches!(verdict, Verdict::Unsure(_) | Verdict::RefusedUnlessLost(_)));
                let retried = matches!(verdict, Verdict::Later(_) | Verdict::Unsure(_));
                let may_be = COMMON.contains(code) || matches!(*code, "220" | "546");
                assert!(!retried || may_be, "{code} to {operation}: {verdict:?}");
                assert!(explain(*operation, code).is_some_and(|row| !row.remark.is_empty()));
            }
        }
    }
    let listed = |code: &str| {
        COMMON.contains(&code) || MAY_ANSWER.iter().any(|(_, yes, no)| yes.contains(&code) || no.contains(&code))
    };
    let of_sessions = ["521", "530"];
    for row in codes::CODES {
        assert!(listed(row.code) || of_sessions.contains(&row.code), "{} answers no command", row.code);
    }
    let asked: Vec<_> = MAY_ANSWER.iter().flat_map(|(operations, ..)| operations.iter()).collect();
    assert_eq!(asked.len(), super::super::commands::COMMANDS.len(), "each command once");
}

/// SESSION: what opens one, and what the caller does next where it does not (section 9).
#[test]
fn a_login_is_let_in_put_off_or_refused() {
    let opened = |code: &str| opened(&answer(code, Value::Null));
    assert_eq!((opened("200"), opened("220")), (Ok(()), Ok(())), "the session sees to it that 220 closes");
    for code in ["420", "421", "520", "547", "549"] {
        assert!(matches!(opened(code), Err(OpenError::Unreachable(_))), "{code}");
    }
    assert!(matches!(opened("521"), Err(OpenError::NotNow(_, wait)) if wait.as_secs() == 30));
    for code in ["500", "501", "506", "507", "508", "509", "530", "531", "599", "299", "210"] {
        let refused = opened(code);
        let Err(OpenError::Refused(why)) = refused else {
            // An answer to another question opens nothing, and tells nothing.
            assert!(code == "210" && matches!(refused, Err(OpenError::Unreachable(_))), "{code}: {refused:?}");
            continue;
        };
        assert!(why.contains("password file"), "{why}");
    }
}

#[test]
fn codes_in_no_table_are_told_and_go_by_their_first_digit() {
    for (code, read, write) in
        [("299", "done", "done"), ("499", BACKOFF, "unsure"), ("599", "refused", "refused"), ("999", BACKOFF, "unsure")]
    {
        assert_eq!((said(DomainInfo, code), said(DomainUpdate, code)), (read.into(), write.into()), "{code}");
        assert_eq!(judge(DomainInfo, &answer(code, Value::Null), &zone()).unknown_codes, [code]);
        assert!(explain(DomainInfo, code).is_none());
    }
}

#[test]
fn the_expiry_is_a_deadline_in_the_registrys_zone() {
    let shown = answer("200", json!({ "registration expiration date": "2027-01-22 10:27:00.0" }));
    let due = |zone: &TimeZone| judge(DomainCreate, &shown, zone).deadlines;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let expected = |text| [Deadline { kind: DeadlineKind::DomainExpiry, due: at(text) }];
    assert_eq!(due(&zone()), expected("2027-01-22T15:27:00Z"));
    assert_eq!(due(&TimeZone::UTC), expected("2027-01-22T10:27:00Z"));
    for other in [json!({}), json!({ "registration expiration date": "soon" }), Value::Null] {
        assert_eq!(judge(DomainInfo, &answer("200", other), &zone()).deadlines, []);
    }
}

#[test]
fn the_reason_has_code_text_and_remark_on_one_line() {
    let Verdict::Refused(why) = judge(DomainRenew, &answer("552", Value::Null), &zone()).verdict else { panic!() };
    assert!(why.starts_with("552 some text (locked or on hold"), "{why}");
    let Verdict::Suspend(why) = judge(DomainInfo, &answer("530", Value::Null), &zone()).verdict else { panic!() };
    assert!(why.contains("may lock the account"), "{why}");
}
