//! Answers and their verdicts: every code of the reference, every text both ways, and the traps.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::model::deadline::DeadlineKind;
use crate::model::{Level, Message};
use crate::registries::{OpenError, Removed};

fn answer(yes: bool, code: &str, text: &str, data: Value) -> Answer {
    let level = if yes { Level::Info } else { Level::Error };
    let message = Message { level, code: code.into(), text: text.into(), arguments: Vec::new() };
    let result = if yes { "1" } else { "0" }.to_owned();
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

/// With the flag that agrees with the code.
fn said(operation: Operation, code: &str, text: &str) -> String {
    let yes = code.len() == 3 && code.starts_with(['2', '3']);
    word(&judge(operation, &answer(yes, code, text, Value::Null)).verdict)
}

const BACKOFF: &str = "later Backoff Job";
const THROTTLE: &str = "later Backoff Account";
const SOON: &str = "later Soon Job";
const FUNDS: &str = "later Paid Account";

/// §6.3 of the reference, and what stands in no document. A read is DOMAIN GET, a write UPDATE_CONTACTS.
const TABLE: &[(&[&str], &str, &str)] = &[
    (&["200", "212"], "done", "done"),
    (&["210"], "done", "unsure"),
    (&["211"], "done", "refused unless lost"),
    (&["221"], "done", "unsure"),
    (&["250", "300"], "done", "pending"),
    (&["310"], THROTTLE, THROTTLE),
    (&["350"], SOON, SOON),
    (&["400"], "refused", "unsure"),
    (&["401", "410"], "suspend", "suspend"),
    (&["404", "405", "436", "500", "702", "703", "704", "705"], BACKOFF, "unsure"),
    (&["415", "420", "430", "435", "445", "447", "460", "465", "470"], "refused", "refused"),
    (&["480", "552", "599", "701"], "refused", "refused"),
    (&["437", "486"], BACKOFF, BACKOFF),
    (&["440", "3001"], "refused", FUNDS),
    (&["485"], "refused", "refused unless lost"),
    (&["541", "555"], "refused", "unsure"),
    (&["557"], "refused", "by hand"),
];

#[test]
fn every_code_of_the_reference_has_its_verdict() {
    let mut tried: Vec<&str> = vec!["0", "487"];
    for (codes, read, write) in TABLE {
        for code in *codes {
            assert_eq!(said(Operation::DomainInfo, code, "x"), *read, "{code} to a question");
            assert_eq!(said(Operation::DomainChangeHolder, code, "x"), *write, "{code} to an order");
            tried.push(code);
        }
    }
    // No question is refused with it: it is the answer.
    assert_eq!(word(&judge(Operation::DomainCheck, &answer(true, "0", "", Value::Null)).verdict), "done");
    assert_eq!(said(Operation::DomainTransfer, "487", "Domain not transferable"), "refused unless lost");
    let mut rows: Vec<&str> = codes::CODES.iter().map(|row| row.code).collect();
    rows.sort_unstable();
    tried.sort_unstable();
    assert_eq!(rows, tried, "each row is here, once");
    for row in codes::CODES {
        assert!(!row.remark.is_empty() && row.code.bytes().all(|byte| byte.is_ascii_digit()), "{}", row.code);
    }
}

/// A text of the reference, the operation, the verdict with it, and the verdict on the code with another text.
const BY_TEXT: &[(&str, Operation, &str, &str, &str)] = &[
    ("300", Operation::DomainCreate, "Exceeded max command rate", THROTTLE, "pending"),
    ("300", Operation::DomainInfo, "Exceeded max\n  command rate", THROTTLE, "done"),
    ("300", Operation::DomainCreate, "Pending GDPR data-use consent", "pending", "pending"),
    ("300", Operation::DomainCreate, "pending contact's agreement to share information", "pending", "pending"),
    ("300", Operation::DomainCreate, "the contact has to agree first", "pending", "pending"),
    ("300", Operation::DomainCreate, "Pending contact action", "pending", "pending"),
    ("300", Operation::DomainCreate, "Request deferred", "pending", "pending"),
    ("400", Operation::DomainCreate, "Access denied: invalid IP address", "suspend", "unsure"),
    ("400", Operation::DomainInfo, "Access denied: Invalid IP Address", "suspend", "refused"),
    ("400", Operation::DomainCreate, "Invalid encryption method; try -des", "suspend", "unsure"),
    ("400", Operation::DomainCreate, "Invalid Command: FOO", "refused", "unsure"),
    (
        "400",
        Operation::DomainRenew,
        "Domain already renewed; another renewal cannot be applied until the first request completes at the registry",
        BACKOFF,
        "unsure",
    ),
    ("400", Operation::DomainCreate, "Unable to complete registration. Please retry.", "unsure", "unsure"),
    ("400", Operation::DomainInfo, "Unable to complete registration. Please retry.", BACKOFF, "refused"),
    ("400", Operation::HostUpdate, "Unable to change nameserver hostname to ns2.example.com", "unsure", "unsure"),
    ("400", Operation::DomainInfo, "Internal server error", BACKOFF, "refused"),
    ("400", Operation::DomainCreate, "Internal server error", "unsure", "unsure"),
    ("400", Operation::DomainInfo, "Fatal Server Error Occured", BACKOFF, "refused"),
    ("400", Operation::DomainRestore, "Domain cannot be redeemed", "refused unless lost", "unsure"),
    ("400", Operation::DomainInfo, "Registration attempt failed: Timeout reading client request", SOON, "refused"),
    (
        "400",
        Operation::DomainCreate,
        "Registration attempt failed: Timeout reading\r\n client request",
        "unsure",
        "unsure",
    ),
    ("415", Operation::DomainUpdate, "Invalid Cookie Supplied", SOON, "refused"),
    ("465", Operation::DomainRenew, "Domain Already Renewed (2027)", "unsure", "refused"),
    ("465", Operation::DomainCreate, "Invalid domain syntax", "refused", "refused"),
    ("465", Operation::DomainCreate, "Invalid syntax on domain", "refused", "refused"),
    ("480", Operation::DomainUpdate, "Cookie not found", SOON, "refused"),
    ("480", Operation::DomainRenew, "Renewals not supported for this TLD", "refused", "refused"),
    ("480", Operation::DomainRenew, "RENEW capability is not enabled for .de", "refused", "refused"),
    ("480", Operation::DomainUpdate, "Nameserver ns1.example.net is not mapped to domain", "unsure", "refused"),
    ("480", Operation::HostDelete, "Nameserver does not exist", "unsure", "refused"),
    ("480", Operation::HostDelete, "Nameserver not in local database", "unsure", "refused"),
    ("480", Operation::HostDelete, "Nameserver not mapped to domain", "unsure", "refused"),
    ("480", Operation::HostDelete, "Nameserver not found", "unsure", "refused"),
    ("480", Operation::HostDelete, "Nameserver not in registry", "unsure", "refused"),
    ("480", Operation::DomainDelete, "Domain example.com not owned by user", "refused unless lost", "refused"),
    ("480", Operation::DomainDelete, "Unable to find domain in registry", "refused unless lost", "refused"),
    ("485", Operation::HostDelete, "Nameserver in use.", "refused", "refused unless lost"),
    ("485", Operation::HostCreate, "Nameserver already exists", "unsure", "refused unless lost"),
    ("485", Operation::DomainUpdate, "Nameserver already mapped to domain", "unsure", "refused unless lost"),
    ("485", Operation::DomainCreate, "Domain taken", "refused unless lost", "refused unless lost"),
];

#[test]
fn ambiguous_codes_are_decided_by_their_text() {
    for (code, operation, text, with, without) in BY_TEXT {
        assert_eq!(said(*operation, code, text), *with, "{code} {text} to {operation}");
        assert_eq!(said(*operation, code, &text.to_uppercase()), *with, "{code} in capitals to {operation}");
        assert_eq!(said(*operation, code, "something else"), *without, "{code} to {operation}");
    }
    for row in codes::TEXTS {
        let tried = BY_TEXT.iter().any(|(code, operation, text, ..)| {
            codes::find_text(*operation, code, text)
                .is_some_and(|found| (found.code, found.fragment, found.of) == (row.code, row.fragment, row.of))
        });
        assert!(tried, "{} {}: no test reaches this row", row.code, row.fragment);
        assert_eq!(row.fragment, collapsed(row.fragment).to_lowercase(), "texts are compared in this form");
    }
    // Texts of one operation mean nothing to others; a request in the registry's own words may be any of them.
    assert_eq!(said(Operation::HostCreate, "480", "Nameserver does not exist"), "refused");
    assert_eq!(said(Operation::DomainUpdate, "480", "Domain example.com not owned by user"), "refused");
    assert_eq!(said(Operation::Raw, "480", "Nameserver does not exist"), "unsure");
}

#[test]
fn a_flag_that_contradicts_its_code_proves_nothing() {
    for (yes, code) in [(false, "200"), (false, "250"), (true, "485"), (true, "705"), (true, "552"), (true, "486")] {
        let answer = answer(yes, code, "x", Value::Null);
        for (operation, expected) in [(Operation::DomainCreate, "unsure"), (Operation::DomainInfo, "refused")] {
            let judgement = judge(operation, &answer);
            assert_eq!(word(&judgement.verdict), expected, "{yes} {code} to {operation}");
            assert_eq!(judgement.unknown_codes, [code], "people are told");
        }
    }
    // Nothing is read into a flag that is missing, but no.
    let missing = Answer { result: String::new(), ..answer(true, "200", "x", Value::Null) };
    assert_eq!(word(&judge(Operation::DomainCreate, &missing).verdict), "unsure");
    // Who is not recognised stops in any case.
    assert_eq!(word(&judge(Operation::DomainCreate, &answer(true, "401", "x", Value::Null)).verdict), "suspend");
}

#[test]
fn codes_in_no_table_are_told_and_classified() {
    for (yes, code, read, write) in [
        (true, "299", "done", "done"),
        (false, "299", "refused", "unsure"),
        (true, "320", "refused", "unsure"),
        (false, "320", "refused", "unsure"),
        (false, "499", "refused", "unsure"),
        (false, "", "refused", "unsure"),
        (true, "2", "refused", "unsure"),
    ] {
        for (operation, expected) in [(Operation::DomainInfo, read), (Operation::DomainCreate, write)] {
            let judgement = judge(operation, &answer(yes, code, "x", Value::Null));
            assert_eq!(word(&judgement.verdict), expected, "{yes} {code} to {operation}");
            assert_eq!(judgement.unknown_codes, [code]);
        }
    }
    let known = |code: &str, text: &str| {
        let yes = code.starts_with(['2', '3']);
        judge(Operation::DomainCreate, &answer(yes, code, text, Value::Null)).unknown_codes.is_empty()
    };
    assert!(known("200", "x") && known("300", "x") && known("705", "x") && known("400", "Internal Server Error"));
    assert!(!known("400", "Something nobody has seen"), "a grab-bag: its texts are what is known");
    let mut parts = answer(true, "200", "x", Value::Null);
    parts.messages.push(Message { level: Level::Error, code: "777".into(), text: "privacy".into(), arguments: vec![] });
    parts.messages.push(Message { level: Level::Error, code: "300".into(), text: "privacy".into(), arguments: vec![] });
    let judgement = judge(Operation::DomainCreate, &parts);
    assert_eq!((word(&judgement.verdict).as_str(), judgement.unknown_codes), ("done", vec!["777".to_owned()]));
}

#[test]
fn an_order_that_was_stored_is_not_done() {
    let order = json!({ "id": "3735284", "forced_pending": "3735284" });
    for (yes, code) in [(true, "200"), (true, "250"), (false, "435"), (false, "440"), (false, "705"), (false, "465")] {
        let Verdict::ByHand(why) = judge(Operation::DomainCreate, &answer(yes, code, "x", order.clone())).verdict
        else {
            panic!("{code}: not done, and people decide about what is left")
        };
        assert!(why.starts_with("not done") && why.contains("order 3735284"), "{why}");
        assert!(why.contains("order.process") && why.contains("order.cancel"), "{why}");
    }
    let taken = judge(Operation::DomainCreate, &answer(false, "485", "Domain taken", order.clone())).verdict;
    let Verdict::RefusedUnlessLost(why) = taken else { panic!("the name is gone") };
    assert!(why.contains("3735284") && why.contains("order.cancel") && !why.contains("order.process"), "{why}");
    assert_eq!(word(&judge(Operation::DomainCreate, &answer(false, "410", "x", order)).verdict), "suspend");
    for empty in ["", " ", "0", "undef"] {
        let data = json!({ "id": "1", "forced_pending": empty });
        assert_eq!(word(&judge(Operation::DomainCreate, &answer(true, "200", "x", data)).verdict), "done");
    }
}

#[test]
fn what_was_taken_is_pending_until_something_ends_it() {
    let until = |operation, code: &str, data: Value| match judge(operation, &answer(true, code, "x", data)).verdict {
        Verdict::Pending(until) => until,
        other => panic!("{operation} {code}: {other:?}"),
    };
    assert!(until(Operation::DomainCreate, "250", Value::Null).contains("ORDER STATUS_CHANGE"));
    assert!(until(Operation::DomainRenew, "200", json!({ "queue_request_id": "881204" })).contains("ORDER"));
    assert!(until(Operation::DomainTransfer, "200", json!({ "transfer_id": "556677" })).contains("CHECK_TRANSFER"));
    assert!(until(Operation::DomainUpdate, "250", Value::Null).contains("GET"));
    assert_eq!(said(Operation::DomainCreate, "200", "Domain registration successfully completed."), "done");
    assert_eq!(said(Operation::OrderProcess, "200", "Registration successful"), "done");
    let queued = json!({ "queue_request_id": null });
    assert_eq!(word(&judge(Operation::DomainCreate, &answer(true, "200", "x", queued)).verdict), "done");
}

#[test]
fn the_result_of_the_domain_decides_where_there_is_one() {
    let part = |yes: &str, code: &str| json!({ "is_success": yes, "response_code": code, "response_text": "text" });
    let verdict = |details: Value| {
        word(&judge(Operation::DomainChangeHolder, &answer(true, "200", "x", json!({ "details": details }))).verdict)
    };
    assert_eq!(verdict(json!({ "example.com": part("1", "200") })), "done");
    assert_eq!(verdict(json!({ "example.com": part("0", "470") })), "refused");
    assert_eq!(verdict(json!({ "example.com": part("1", "250") })), "pending");
    assert_eq!(verdict(json!({ "example.com": part("0", "705") })), "unsure");
    assert_eq!(verdict(json!({ "example.com": part("1", "200"), "example.net": part("0", "470") })), "unsure");
    assert_eq!(verdict(json!({ "example.com": "1" })), "done");
}

#[test]
fn reasons_say_code_text_and_what_to_do() {
    let why = |operation, code: &str, text: &str, data: Value| match judge(operation, &answer(false, code, text, data))
        .verdict
    {
        Verdict::Refused(why) | Verdict::Suspend(why) => why,
        Verdict::Later(later) => later.reason,
        other => panic!("{other:?}"),
    };
    let invalid = why(Operation::DomainCreate, "465", "Invalid\r\n data", json!({ "error": "bad postal code" }));
    assert!(invalid.starts_with("465 Invalid data: bad postal code ("), "{invalid}");
    let suspended = why(Operation::DomainCreate, "401", "Authentication Failed", Value::Null);
    for part in ["private key", "user name", "address is on", "MD5", "lower case"] {
        assert!(suspended.contains(part), "{suspended}");
    }
    assert!(why(Operation::DomainRenew, "440", "over quota", Value::Null).contains("not enough money"));
    assert!(
        why(Operation::DomainCreate, "435", "ns1 is not found at the registry", Value::Null)
            .contains("create that first")
    );
}

#[test]
fn want_of_money_is_told_beside_the_verdict_and_a_balance_is_read() {
    let of = |operation, code: &str, data: Value| judge(operation, &answer(false, code, "x", data));
    let kept = of(Operation::DomainCreate, "440", json!({ "forced_pending": "7" }));
    assert!(matches!(kept.verdict, Verdict::ByHand(_)) && kept.unpaid.unwrap().starts_with("440"));
    assert!(of(Operation::DomainRenew, "3001", Value::Null).unpaid.is_some());
    assert_eq!(of(Operation::DomainInfo, "440", Value::Null).unpaid, None, "a question costs nothing");
    assert_eq!(of(Operation::DomainCreate, "485", Value::Null).unpaid, None);

    let spend = |balance: &str, hold: &str| {
        to_spend(&answer(true, "200", "x", json!({ "balance": balance, "hold_balance": hold })))
    };
    for (balance, hold, cents) in [
        ("8549.18", "1676.05", Some(687_313)),
        ("12", "", Some(1200)),
        ("1,000.5", "0", Some(100_050)),
        ("-3.20", "0.00", Some(-320)),
        ("", "0", None),
        ("much", "0", None),
        ("99999999999999999999", "0", None),
    ] {
        assert_eq!(spend(balance, hold), cents, "{balance} - {hold}");
    }
    assert_eq!(to_spend(&answer(false, "410", "x", json!({ "balance": "1.00" }))), None);
}

#[test]
fn codes_are_explained() {
    let explained = |operation, code| explain(operation, code).map(|explanation| explanation.meaning);
    assert_eq!(explained(Operation::DomainCreate, "705"), Some("ask"));
    assert_eq!(explained(Operation::DomainInfo, "705"), Some("again later"));
    assert_eq!(explained(Operation::DomainCreate, "440"), Some("again after money was paid in"));
    assert_eq!(explained(Operation::DomainCreate, "999"), None);
    assert!(explain(Operation::DomainRenew, "541").unwrap().remark.contains("year"));
}

#[test]
fn dates_travel_with_the_judgement() {
    let data = json!({ "registration expiration date": "2028-01-08 15:35:00", "auto_renew": "0" });
    let deadlines = judge(Operation::DomainRenew, &answer(true, "200", "x", data)).deadlines;
    let due: Timestamp = "2028-01-08T20:35:00Z".parse().unwrap();
    assert_eq!(
        deadlines.iter().map(|one| (one.kind, one.due)).collect::<Vec<_>>(),
        [(DeadlineKind::DomainExpiry, due)]
    );
}

#[test]
fn a_connection_is_opened_by_codes_of_the_200s_only() {
    let opened =
        |code: &str, text: &str| opened(&Answer { result: String::new(), ..answer(false, code, text, Value::Null) });
    assert_eq!(opened("200", "Authentication Successful"), Ok(()));
    assert!(matches!(opened("310", "x"), Err(OpenError::NotNow(..))));
    assert!(matches!(opened("300", "x"), Err(OpenError::NotNow(..))));
    assert!(matches!(opened("404", "x"), Err(OpenError::Unreachable(_))));
    for code in ["401", "410", "415", "555", "999", ""] {
        assert!(matches!(opened(code, "x"), Err(OpenError::Refused(why)) if why.contains("private key")), "{code}");
    }
    assert!(matches!(opened("400", "Access denied: invalid IP address"), Err(OpenError::Refused(_))));
    assert!(is_session_spent(&answer(false, "350", "x", Value::Null)));
    assert!(!is_session_spent(&answer(false, "310", "x", Value::Null)));
}

#[test]
fn an_event_that_is_not_there_is_gone() {
    let removed = |yes, code: &str, text: &str| removed(&answer(yes, code, text, Value::Null));
    assert_eq!(removed(true, "200", "Command successful"), Removed::Gone);
    assert_eq!(removed(false, "480", "x"), Removed::Gone);
    assert_eq!(removed(false, "465", "Event not found"), Removed::Gone);
    for (yes, code) in [(false, "465"), (false, "200"), (false, "705"), (false, "310")] {
        assert!(matches!(removed(yes, code, "x"), Removed::Refused(_)), "{yes} {code}");
    }
}

#[test]
fn questions_are_answered_or_not() {
    let asked = |yes, code: &str, text: &str| heard(Operation::DomainInfo, &answer(yes, code, text, Value::Null));
    assert_eq!(asked(true, "200", "x"), Heard::Shown);
    assert_eq!(asked(false, "480", "Domain example.com not owned by user"), Heard::Absent);
    assert_eq!(asked(false, "465", "Domain does not belong to Registrar"), Heard::Absent);
    for (yes, code, text) in [
        (false, "480", "Cookie not found"),
        (false, "480", "capability is not enabled for it"),
        (false, "465", "Unknown Info type"),
        (false, "200", "x"),
        (false, "705", "x"),
        (false, "310", "x"),
        (true, "300", "x"),
        (false, "499", "x"),
    ] {
        assert!(matches!(asked(yes, code, text), Heard::Unanswered(_)), "{yes} {code} {text}");
    }
    let looked = |yes, code: &str, status: Value| name(&answer(yes, code, "x", json!({ "status": status })));
    assert_eq!(looked(true, "210", json!("available")), Name::Free);
    assert_eq!(looked(true, "211", json!("taken")), Name::Taken);
    assert_eq!(looked(true, "211", Value::Null), Name::Taken);
    assert_eq!(looked(true, "221", json!("taken")), Name::OnItsWay);
    assert_eq!(looked(false, "486", Value::Null), Name::OnItsWay);
    for (yes, code, status) in [
        (true, "210", json!("taken")),
        (true, "210", Value::Null),
        (false, "210", json!("available")),
        (true, "211", json!("available")),
    ] {
        assert!(matches!(looked(yes, code, status), Name::Unanswered(_)), "{yes} {code}");
    }
}
