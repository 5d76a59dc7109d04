use serde_json::json;

use super::*;
use crate::model::Operation::{
    AccountInfo, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainRestore, DomainTransfer,
    DomainUpdate, MessageDelete,
};
use crate::model::retry::Pace;
use crate::model::{Message, Scope};

fn error(id: &str, hint: &str, details: &[&str]) -> Answer {
    let arguments = details.iter().map(|&detail| detail.to_owned()).collect();
    let message = Message { level: Level::Error, code: id.into(), text: "Text".into(), arguments };
    let data = json!({"Error": {"ErrorId": id, "Hint": hint, "Severity": "err"}});
    Answer { result: "Error".into(), messages: vec![message], data, ..Answer::default() }
}

fn shows(data: Value) -> Answer {
    Answer { result: "Response".into(), data, ..Answer::default() }
}

fn verdict(operation: Operation, answer: &Answer) -> Verdict {
    judge(operation, answer).verdict
}

/// What a verdict is, in a word.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Pending(_) => "pending",
        Verdict::Refused(_) => "refused",
        Verdict::RefusedUnlessLost(_) => "refused unless lost",
        Verdict::Later(_) => "later",
        Verdict::Unsure(_) => "unsure",
        Verdict::ByHand(_) => "by hand",
        Verdict::Suspend(_) => "suspend",
    }
}

#[test]
fn every_error_has_one_row_for_all_and_at_most_one_for_an_operation() {
    for (at, row) in codes::ROWS.iter().enumerate() {
        let same = |other: &&codes::Row| other.id == row.id;
        assert_eq!(codes::ROWS.iter().filter(same).filter(|row| row.of.is_empty()).count(), 1, "{}", row.id);
        for operation in row.of {
            assert!(codes::ROWS[..at].iter().filter(same).all(|other| !other.of.contains(operation)), "{}", row.id);
            assert_eq!(codes::find(*operation, row.id).unwrap().of, row.of, "{} is never found", row.id);
        }
        assert!(!row.remark.is_empty() && explain(AccountInfo, row.id).is_some());
    }
    // Section 9.3 of the reference has so many.
    let of_theirs = codes::ROWS.iter().map(|row| row.id).filter(|id| !id.starts_with("HTTP_"));
    let ids: std::collections::BTreeSet<_> = of_theirs.collect();
    assert_eq!(ids.len(), 116);
}

#[test]
fn what_the_reference_says_to_do() {
    for (operation, id, hint, expected) in [
        (DomainCreate, "SIG_INVALID", "INVALID_REQUEST_ERROR", "suspend"),
        (DomainInfo, "SIG_VERIFY_FAILED", "UNKNOWN_RESULT", "suspend"),
        (DomainCheck, "UNKNOWN_REGISTRAR", "INVALID_REQUEST_ERROR", "suspend"),
        (DomainCreate, "PERMISSION_DENIED", "INVALID_REQUEST_ERROR", "refused"),
        (DomainUpdate, "INSECURE_UPDATE", "INVALID_REQUEST_ERROR", "suspend"),
        (DomainUpdate, "LOCK_ERROR", "UNKNOWN_ERROR_HINT", "later"),
        (DomainUpdate, "SYSTEM_READONLY", "TEMPORARY_SERVER_ERROR", "later"),
        (DomainUpdate, "INTERNAL_ERROR", "UNKNOWN_ERROR_HINT", "unsure"),
        (DomainInfo, "INTERNAL_ERROR", "UNKNOWN_ERROR_HINT", "later"),
        (DomainRenew, "UNDETERMINED_RESULT", "UNKNOWN_RESULT", "unsure"),
        (DomainRenew, "SYSTEM_ERROR", "APPLICATION_ERROR", "later"),
        (DomainRenew, "SYSTEM_ERROR", "UNKNOWN_RESULT", "unsure"),
        (DomainRenew, "LOCK_ERROR", "UNKNOWN_RESULT", "unsure"),
        (DomainCreate, "ACTION_ID_ALREADY_USED", "INVALID_REQUEST_ERROR", "unsure"),
        (DomainCreate, "DOMAIN_ALREADY_EXISTS", "INVALID_REQUEST_ERROR", "refused unless lost"),
        (DomainDelete, "DOUBLE_CANCEL_ATTEMPT", "INVALID_REQUEST_ERROR", "refused unless lost"),
        (DomainUpdate, "DOUBLE_CANCEL_ATTEMPT", "INVALID_REQUEST_ERROR", "refused"),
        (DomainRestore, "DOMAIN_IS_NOT_CANCELLED", "INVALID_REQUEST_ERROR", "refused unless lost"),
        (DomainTransfer, "UDAI_DOMAIN_MISMATCH", "INVALID_REQUEST_ERROR", "refused unless lost"),
        (DomainRenew, "RENEWAL_EXCEEDS_MAX", "INVALID_REQUEST_ERROR", "refused unless lost"),
        (DomainUpdate, "XML_PARSE_ERROR", "MALFORMED_REQUEST_ERROR", "refused"),
        (MessageDelete, "ALREADY_ACKED_MESSAGE", "INVALID_REQUEST_ERROR", "done"),
        // Unknown ones go by their hint.
        (DomainUpdate, "NEW_RULE", "INVALID_REQUEST_ERROR", "refused"),
        (DomainUpdate, "NEW_RULE", "TEMPORARY_SERVER_ERROR", "later"),
        (DomainUpdate, "NEW_RULE", "UNKNOWN_RESULT", "unsure"),
        (DomainUpdate, "NEW_RULE", "SRS::Error::UNKNOWN_ERROR", "refused"),
        (DomainUpdate, "NEW_RULE", "NEW_HINT", "unsure"),
        (DomainUpdate, "", "", "unsure"),
    ] {
        let answer = error(id, hint, &["example.co.nz"]);
        let judgement = judge(operation, &answer);
        assert_eq!(word(&judgement.verdict), expected, "{operation} {id} {hint}: {:?}", judgement.verdict);
        let unknown: &[&str] = if codes::find(operation, id).is_some() { &[] } else { &[id] };
        assert_eq!(judgement.unknown_codes, unknown, "{id}");
    }
}

#[test]
fn a_refused_signature_says_what_to_check_and_who_waits_is_told() {
    let Verdict::Suspend(why) = verdict(DomainCreate, &error("SIG_INVALID", "INVALID_REQUEST_ERROR", &[])) else {
        panic!("not suspended")
    };
    for part in ["SIG_INVALID", "production and test", "Friday", "expired", "encoding", "line ends"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let later = |id| match verdict(DomainUpdate, &error(id, "UNKNOWN_ERROR_HINT", &[])) {
        Verdict::Later(later) => (later.pace, later.scope),
        other => panic!("{id}: {other:?}"),
    };
    assert_eq!(later("LOCK_ERROR"), (Pace::Soon, Scope::Job));
    assert_eq!(later("SYSTEM_OFFLINE"), (Pace::Backoff, Scope::Account));
    assert_eq!(later("SYSTEM_ERROR"), (Pace::Backoff, Scope::Job));
}

#[test]
fn what_is_not_ours_is_said_in_two_ways() {
    let missing = |details: &[&str]| error("MISSING_MANDATORY_FIELD", "INVALID_REQUEST_ERROR", details);
    let nothing = shows(json!({"Rows": "0"}));
    for answer in [&nothing, &missing(&["UDAI"])] {
        let Verdict::RefusedUnlessLost(why) = verdict(DomainUpdate, answer) else { panic!("{answer:?}") };
        assert!(why.contains("not ours, or does not exist"), "{why}");
    }
    assert_eq!(word(&verdict(DomainUpdate, &missing(&["Term"]))), "refused");
    assert_eq!(word(&verdict(DomainInfo, &nothing)), "refused");
    let with_whois = |status: &str| shows(json!({"Rows": "0", "Whois": {"Domain": {"Status": status}}}));
    assert_eq!(word(&verdict(DomainTransfer, &with_whois("Available"))), "refused");
    assert_eq!(word(&verdict(DomainTransfer, &with_whois("Active"))), "refused unless lost");
}

#[test]
fn a_success_must_show_what_was_ordered() {
    use Operation::{
        ContactCheck, ContactCreate, ContactInfo, ContactUpdate, DomainAuthcodeCheck, DomainAuthcodeCreate,
    };
    let domain = shows(json!({"Domain": {"DomainName": "example.nz"}}));
    let nothing = shows(json!({"Rows": "0"}));
    for (operation, answer, expected) in [
        (DomainCreate, &domain, "done"),
        (DomainCreate, &nothing, "unsure"),
        (DomainAuthcodeCreate, &domain, "unsure"),
        (DomainAuthcodeCreate, &shows(json!({"Domain": {"UDAI": "x2B76rXd"}})), "done"),
        (DomainAuthcodeCheck, &shows(json!({"UDAIValid": {"Valid": "0"}})), "done"),
        (DomainAuthcodeCheck, &nothing, "refused"),
        (ContactCreate, &nothing, "unsure"),
        (ContactCheck, &nothing, "done"),
        (ContactInfo, &nothing, "refused"),
        // A deletion shows nothing.
        (ContactUpdate, &nothing, "done"),
        (DomainCheck, &nothing, "refused"),
    ] {
        assert_eq!(word(&verdict(operation, answer)), expected, "{operation} {:?}", answer.data);
    }
}

#[test]
fn the_end_of_the_paid_period_is_a_deadline_of_an_active_domain() {
    let of =
        |status: &str| deadlines(&json!({"Domain": {"Status": status, "BilledUntil": "2019-12-04T14:32:35+13:00"}}));
    let due = "2019-12-04T01:32:35Z".parse().unwrap();
    assert_eq!(of("Active"), [Deadline { kind: DeadlineKind::DomainExpiry, due }]);
    assert_eq!(of("PendingRelease"), []);
    assert_eq!(deadlines(&json!({"Domain": [{"BilledUntil": "2019-12-04T14:32:35+13:00"}]})), []);
}

#[test]
fn a_message_is_gone_when_it_was_acknowledged_now_or_before() {
    assert_eq!(removed(&shows(json!({"AckResponse": {"TransId": "x"}}))), Removed::Gone);
    assert_eq!(removed(&error("ALREADY_ACKED_MESSAGE", "INVALID_REQUEST_ERROR", &[])), Removed::Gone);
    for answer in [error("MESSAGE_DOES_NOT_EXIST", "INVALID_REQUEST_ERROR", &[]), error("CONCURRENT_ACK", "", &[])] {
        assert!(matches!(removed(&answer), Removed::Refused(_)), "{answer:?}");
    }
    // What cannot be acknowledged says what to do.
    let Removed::Refused(judgement) = removed(&shows(json!({"Rows": "1", "Message": {}}))) else { panic!("gone") };
    assert!(matches!(judgement.verdict, Verdict::ByHand(why) if why.contains("ResetMsgQ")));
}
