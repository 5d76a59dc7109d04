//! Lost orders about the life of a domain and its AuthInfos, and orders the registry works on.

use super::*;

const OLD: &str = "2020-01-01T00:00:00+01:00";
const EDGE: &str = "2026-11-21T12:59:59+01:00";
const NEW: &str = "2026-11-21T13:00:01+01:00";

/// A domain as INFO shows it, with more lines above its sections.
fn shown(reg_acc: &str, status: &str, changed: &str, more: &str) -> String {
    format!(
        "Result: success\nDomain: example.de\nStatus: {status}\nChanged: {changed}\n{more}\n[RegAcc]\nRegAccId: {reg_acc}\n"
    )
}

fn ours(status: &str, more: &str) -> String {
    shown("DENIC-1000022", status, OLD, more)
}

fn check(status: &str) -> String {
    format!("Result: success\nDomain: example.de\nStatus: {status}")
}

fn plain(operation: Operation, answers: &[&str]) -> String {
    play(operation, json!({"domain": "example.de"}), answers).1
}

#[test]
fn a_lost_restore() {
    let restore = |answers: &[&str]| plain(Operation::DomainRestore, answers);
    for status in ["connect", "failed", "serverHold"] {
        assert_eq!(restore(&[&ours(status, "")]), "applied", "{status}");
    }
    assert_eq!(restore(&[&ours("pendingCreate", "")]), "taken");
    assert_eq!(restore(&[&ours("redemptionPeriod", "")]), "nothing, same id");
    for changed in [NEW, "x"] {
        let deleted = restore(&[&shown("DENIC-1000022", "redemptionPeriod", changed, "")]);
        assert!(deleted.starts_with("unknown"), "perhaps restored, and deleted again: {deleted}");
    }
    assert!(restore(&[&shown("DENIC-99", "connect", OLD, "")]).starts_with("foreign: INFO: the domain is at DENIC-99"));
    assert!(restore(&[&shown("DENIC-99", "connect", NEW, "")]).starts_with("unknown"));
    assert_eq!(restore(&[ABSENT, &check("redemptionPeriod")]), "nothing, same id");
    assert!(restore(&[ABSENT, &check("free")]).starts_with("foreign"));
    assert!(restore(&[ABSENT, &check("connect")]).starts_with("unknown"));
    assert!(restore(&[ABSENT, QUOTA]).starts_with("unknown"));
}

#[test]
fn a_lost_transit() {
    let transit = |disconnect: bool, answer: &str| {
        play(Operation::DomainTransit, json!({"domain": "example.de", "disconnect": disconnect}), &[answer]).1
    };
    let servers = "Nserver: ns1.example.net\nNserver: ns2.example.net";
    let record = "Nsentry: example.de. IN A 192.0.2.1";
    let key = "Dnskey: 257 3 8 AwEAAcoFUSyg1mkE";
    for (disconnect, reg_acc, changed, more, expected) in [
        (false, "DENIC-1000022", OLD, servers, "nothing"),
        (false, "DENIC-1000022", EDGE, servers, "nothing"),
        (false, "DENIC-1000022", NEW, servers, "unknown"),
        (false, "DENIC-1", NEW, servers, "applied"),
        (true, "DENIC-1", NEW, record, "applied"),
        (true, "DENIC-1", NEW, servers, "unknown"),
        (false, "DENIC-1", NEW, key, "unknown"),
        (false, "DENIC-1", NEW, "[General Request]\nHandle: DENIC-1-GR", "unknown"),
        (false, "DENIC-1", NEW, "[Abuse Contact]\nType: REQUEST", "unknown"),
        (true, "DENIC-1", NEW, "[Abuse Contact]", "applied"),
        (false, "DENIC-1", EDGE, servers, "unknown"),
        (false, "DENIC-1", OLD, servers, "foreign"),
        (false, "DENIC-1", "x", servers, "unknown"),
    ] {
        let found = transit(disconnect, &shown(reg_acc, "connect", changed, more));
        assert!(found.starts_with(expected), "{reg_acc} {changed} {more}: {found}");
    }
    assert!(transit(false, ABSENT).starts_with("unknown"));
}

const AUTH_INFO1: &str = "AuthInfo1: 2026-12-21T00:00:00+01:00";

#[test]
fn a_lost_order_of_an_auth_info1() {
    let create = |answers: &[&str]| {
        play(Operation::DomainAuthcodeCreate, json!({"domain": "example.de", "auth_info": "SupermanistSuper"}), answers)
    };
    let there = ours("connect", AUTH_INFO1);
    let wrong = "Result: failed\nERROR: 63370088701 AuthInfo does not match";
    assert_eq!(create(&[&ours("connect", "")]).1, "nothing, same id");
    let confirmed = ours("connect", &format!("{AUTH_INFO1}\nAuthInfo: true"));
    let (asked, found) = create(&[&there, &confirmed]);
    assert_eq!(
        (asked.as_slice(), found.as_str()),
        (&[Operation::DomainInfo, Operation::DomainAuthcodeCheck][..], "applied")
    );
    assert_eq!(
        create(&[&there, wrong]).1,
        "foreign: INFO: the domain has an AuthInfo1, and another password than the ordered one"
    );
    assert!(
        create(&[&there, &there]).1.starts_with("unknown"),
        "INFO took the password and does not say that it is right"
    );
    for (end, expected) in [
        ("2026-12-22T00:00:00+01:00", "asks on"),
        ("2026-12-20T00:00:00+01:00", "asks on"),
        ("2026-12-23T00:00:00+01:00", "foreign: INFO: the domain has another AuthInfo1, until 2026-12-22T23:00:00Z"),
        ("2026-12-19T00:00:00+01:00", "foreign: INFO: the domain has another AuthInfo1, until 2026-12-18T23:00:00Z"),
        ("soon", "unknown: INFO shows an AuthInfo1, and not when it ends"),
    ] {
        let info = ours("connect", &format!("AuthInfo1: {end}"));
        assert_eq!(create(&[&info]).1, expected);
    }
    let stated = |end: &str, answers: &[&str]| {
        let params = json!({"domain": "example.de", "auth_info": "SupermanistSuper", "expire": end});
        play(Operation::DomainAuthcodeCreate, params, answers).1
    };
    assert_eq!(stated("2026-12-21", &[&there, &there]), "applied");
    assert_eq!(
        stated("20261220", &[&there, wrong]),
        "foreign: INFO: the domain has an AuthInfo1, and another password than the ordered one"
    );
    assert!(stated("2026-12-01", &[&there]).starts_with("foreign"));
    assert!(create(&[&there, QUOTA]).1.starts_with("unknown"));
    assert!(create(&[&there, ABSENT]).1.starts_with("unknown"));
    assert!(create(&[&there, &there.replace("example.de", "other.de")]).1.starts_with("unknown"));
    assert!(
        create(&[&shown("DENIC-99", "connect", OLD, "")]).1.starts_with("foreign: INFO: the domain is at DENIC-99")
    );
    assert!(create(&[&shown("DENIC-99", "connect", NEW, "")]).1.starts_with("unknown"), "perhaps by this password");
    assert!(create(&[ABSENT]).1.starts_with("foreign"));
}

#[test]
fn the_first_question_about_an_auth_info_does_not_name_it() {
    let rri = rri("5.0");
    let Value::Object(params) = json!({"domain": "example.de", "auth_info": "SupermanistSuper"}) else {
        unreachable!()
    };
    let (account, operation) = ("DENIC-1000022", Operation::DomainAuthcodeCreate);
    let since = SINCE.parse().unwrap();
    let doubt =
        Doubt { account, operation, params: &params, transaction: "rd-1", since, so_already: None, taken: None };
    let question = |heard: &[Answer]| {
        let Step::Ask(question) = rri.reconcile(&doubt, heard) else { panic!("a question") };
        String::from_utf8(question.bytes.to_vec()).unwrap()
    };
    assert!(!question(&[]).contains("AuthInfo"));
    let info = rri.decode(Operation::DomainInfo, ours("connect", AUTH_INFO1).as_bytes()).unwrap();
    assert!(question(&[info]).contains("AuthInfo: SupermanistSuper"));
}

#[test]
fn a_lost_removal_of_an_auth_info1() {
    let delete = |answers: &[&str]| plain(Operation::DomainAuthcodeDelete, answers);
    assert_eq!(delete(&[&ours("connect", "")]), "applied");
    assert_eq!(delete(&[&ours("connect", "AuthInfo2: 2026-12-15T00:00:00+01:00")]), "applied");
    assert_eq!(delete(&[&ours("connect", AUTH_INFO1)]), "nothing, same id");
    assert!(delete(&[&shown("DENIC-99", "connect", OLD, "")]).starts_with("foreign: INFO: the domain is at DENIC-99"));
    assert!(delete(&[&shown("DENIC-99", "connect", NEW, "")]).starts_with("unknown"));
    assert!(delete(&[ABSENT]).starts_with("foreign"));
}

#[test]
fn a_lost_order_of_letters() {
    let request = |answers: &[&str]| plain(Operation::DomainAuthcodeRequest, answers);
    assert_eq!(request(&[&ours("connect", "AuthInfo2: 2026-12-21T00:00:00+01:00")]), "applied");
    assert!(
        request(&[&ours("connect", "AuthInfo2: 2026-12-15T00:00:00+01:00")]).starts_with("foreign: INFO: an older")
    );
    assert!(request(&[&ours("connect", "AuthInfo2: soon")]).starts_with("unknown"));
    assert_eq!(request(&[&ours("connect", AUTH_INFO1)]), "nothing, same id");
    for (status, more, expected) in [
        ("connect", "AuthInfo: true", "unknown"),
        ("connect", "", "unknown"),
        ("redemptionPeriod", "AuthInfo: true", "applied"),
        ("redemptionPeriod", "", "unknown"),
    ] {
        let found = request(&[&shown("DENIC-99", status, OLD, more)]);
        assert!(found.starts_with(expected), "{status} {more}: {found}");
    }
    assert!(request(&[ABSENT, &check("free")]).starts_with("foreign"));
    assert!(request(&[ABSENT, &check("redemptionPeriod")]).starts_with("unknown"));
}

#[test]
fn an_order_under_assessment() {
    let follow = |protocol: &str, operation, answer: &str| {
        play_with(&rri(protocol), Rri::follow_up, operation, json!({"domain": "example.de"}), &[answer]).1
    };
    let expire = "Expire: 2026-12-20T00:00:00+01:00";
    for (protocol, answer, expected) in [
        ("5.0", ours("pendingCreate", ""), "taken"),
        ("5.0", ours("connect", ""), "applied"),
        ("5.0", ours("serverHold", ""), "applied"),
        ("5.0", ours("failed", ""), "applied"),
        ("4.0", ours("failed", ""), "taken"),
        ("4.0", ours("failed", expire), "applied"),
        ("5.0", ours("redemptionPeriod", ""), "foreign"),
        ("5.0", ours("invalid", ""), "unknown"),
        ("5.0", shown("DENIC-99", "connect", NEW, ""), "foreign"),
        ("5.0", ABSENT.to_owned(), "foreign"),
        ("5.0", QUOTA.to_owned(), "unknown"),
        ("5.0", ours("connect", "").replace("example.de", "other.de"), "unknown"),
    ] {
        for operation in [Operation::DomainCreate, Operation::DomainUpdate, Operation::DomainTransfer] {
            assert!(follow(protocol, operation, &answer).starts_with(expected), "{protocol} {answer}");
        }
    }
    for (request, expected) in
        [("Action: UPDATE\nDomain: example.de", "applied"), ("Action: TRANSIT\nDomain: example.de", "unknown")]
    {
        let params = json!({ "request": format!("Version: 5.0\n{request}") });
        let answers = [ours("connect", "")];
        let answers: &[&str] = if expected == "applied" { &[&answers[0]] } else { &[] };
        let (_, found) = play_with(&rri("5.0"), Rri::follow_up, Operation::Raw, params, answers);
        assert!(found.starts_with(expected), "{request}: {found}");
    }
    let other = play_with(&rri("5.0"), Rri::follow_up, Operation::DomainDelete, json!({"domain": "example.de"}), &[]).1;
    assert!(other.starts_with("unknown"));
}
