use std::collections::BTreeSet;
use std::path::Path;

use super::super::dialect::Srs;
use super::*;
use crate::model::Verdict;
use crate::model::deadline::cases::{self, Said};
use crate::registries::{Dialect, Head, Mailbox, WireOptions};

/// What is heard, and what it means for each kind.
const CASES: &str = include_str!("cases.txt");
const NAME: &str = "domain:example.co.nz";
const AT: &str = "2026-07-01T00:00:00Z";

fn words(said: &Said) -> Vec<String> {
    said.words(calendar)
}

fn heard(what: On, params: Value, data: Value) -> Said {
    let named = outcome::deadlines(&data);
    Said { object: NAME.into(), what, params, data, code: None, named, at: AT.into() }
}

fn srs() -> Srs {
    Srs::new(&WireOptions { account: "500".into(), ..WireOptions::default() }).unwrap()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nz_srs").join(name)).unwrap()
}

/// What a sample of the reference says as the answer to a job.
fn golden(name: &str, operation: Operation, object: &str, params: Value) -> Vec<String> {
    let answer = srs().decode(operation, &sample(name)).unwrap();
    let judgement = srs().judge(operation, &answer);
    let what = match judgement.verdict {
        Verdict::Done => Done(operation),
        Verdict::Refused(_) | Verdict::RefusedUnlessLost(_) => Refused(operation),
        other => panic!("{name}: {other:?}"),
    };
    let code = answer.leading_code().map(str::to_owned);
    let (object, named) = (object.to_owned(), judgement.deadlines);
    words(&Said { object, what, params, data: answer.data, code, named, at: AT.into() })
}

#[test]
fn samples_of_the_reference_say_this() {
    let none = || json!({});
    for (name, operation, object, params, expected) in [
        ("5.1-2-reply.xml", DomainCheck, NAME, none(), vec!["gone"]),
        (
            "5.2-2-reply.xml",
            DomainCreate,
            NAME,
            none(),
            vec![
                "domain_expiry due 2019-12-04T01:32:35Z by answer",
                "add_grace_end due 2018-12-09T01:32:35Z by rule",
                "udai_expiry due 2026-07-31T00:00:00Z by rule",
            ],
        ),
        ("5.3.1-2-reply.xml", DomainUpdate, NAME, none(), vec![]),
        (
            "5.3.2-2-reply.xml",
            DomainRenew,
            NAME,
            none(),
            vec![
                "domain_expiry met",
                "domain_expiry due 2020-12-04T01:32:35Z by answer",
                "renew_grace_end due 2026-07-06T00:00:00Z by rule",
            ],
        ),
        (
            "5.3.3-2-reply.xml",
            DomainDelete,
            NAME,
            none(),
            vec![
                "domain_expiry cleared",
                "add_grace_end cleared",
                "renew_grace_end cleared",
                "auto_renew_grace_end cleared",
                "udai_expiry cleared",
                // 1 July to 29 September, over the change to summer time: the local time stays.
                "pending_delete due 2019-09-28T21:00:00Z by rule",
            ],
        ),
        ("5.3.4-2-reply.xml", DomainTransfer, NAME, none(), vec![]),
        ("5.3.5-2-reply.xml", DomainAuthcodeCreate, NAME, none(), vec!["udai_expiry due 2026-07-31T00:00:00Z by rule"]),
        (
            "5.4-2-reply.xml",
            DomainInfo,
            NAME,
            none(),
            vec!["pending_delete absent", "domain_expiry due 2019-07-19T07:45:02Z by answer"],
        ),
        (
            "5.4-2-reply.xml",
            Operation::AccountInfo,
            "account:500",
            json!({"question": "domains"}),
            vec!["domain:example.co.nz domain_expiry due 2019-07-19T07:45:02Z by answer"],
        ),
        ("5.5-2-reply.xml", Operation::DomainAuthcodeCheck, NAME, none(), vec![]),
        ("5.6-2-reply.xml", Operation::ContactCreate, "contact:isp-admin", none(), vec![]),
    ] {
        assert_eq!(golden(name, operation, object, params.clone()), expected, "{name} {operation} {params}");
    }
    let freed = golden("5.3.3-3-reply.xml", DomainDelete, NAME, none());
    assert_eq!(freed[0], "gone", "within its first days a name is free at once");
    assert!(freed[1..].iter().all(|word| word.ends_with("cleared")), "{freed:?}");
}

#[test]
fn a_message_is_heard_as_it_is_read() {
    let answer = srs().decode(Operation::MessageRead, &sample("5.8-2-reply.xml")).unwrap();
    let Head::Message(message) = srs().head(&answer) else { panic!("no message") };
    let object = message.object.as_ref().map(ObjectKey::as_str).unwrap();
    let (what, data) = (Told(message.kind), message.data.clone());
    let said = Said {
        object: object.into(),
        what,
        params: Value::Null,
        data,
        code: None,
        named: message.deadlines.clone(),
        at: AT.into(),
    };
    assert_eq!((object, said.words(calendar)), (NAME, vec!["gone".to_owned()]));
}

#[test]
fn each_kind_starts_moves_ends_and_is_missed_so() {
    for case in cases::read(CASES) {
        let said = Said { code: case.code.clone(), ..heard(case.what, case.params.clone(), case.data.clone()) };
        assert_eq!(cases::of_kind(&words(&said), case.kind), case.expected, "{}", case.line);
    }
}

#[test]
fn each_kind_of_the_documents_has_its_steps() {
    let cases = cases::read(CASES);
    let own = [DeadlineKind::SigningKeyExpiry, DeadlineKind::CertificateExpiry, DeadlineKind::CredentialExpiry];
    let expected: BTreeSet<DeadlineKind> = cases.iter().map(|case| case.kind).chain(own).collect();
    assert_eq!(cases::documented("docs/nz-srs.md", "nz-srs-deadlines"), expected);
    for (kind, steps) in [
        (DomainExpiry, &["starts", "moves", "ends", "passes"][..]),
        (PendingDelete, &["starts", "moves", "ends", "passes"]),
        // Their end harms nobody.
        (RenewGraceEnd, &["starts", "moves", "ends"]),
        (UdaiExpiry, &["starts", "moves", "ends"]),
        (AddGraceEnd, &["starts", "ends"]),
        (AutoRenewGraceEnd, &["starts", "ends"]),
    ] {
        assert_eq!(cases::steps(&cases, kind), steps.iter().copied().collect(), "{kind}");
    }
    assert!(RULES.iter().all(|rule| !rule.source.is_empty()));
}

/// Days are those of New Zealand: so many of them keep its local time.
#[test]
fn dates_at_the_edges_of_its_calendar() {
    let cancelled = |at: &str| {
        let data = json!({ "Domain": {"Status": "PendingRelease", "CancelledDate": at} });
        heard(Done(DomainInfo), json!({}), data).words(calendar).pop().unwrap()
    };
    for (at, released) in [
        // Into summer time on 27 September 2026 (02:30 is not there), and out of it on 5 April 2026 (02:30 comes twice).
        ("2026-06-29T02:30:00+12:00", "2026-09-26T14:30:00Z"),
        ("2026-06-30T02:30:00+12:00", "2026-09-27T13:30:00Z"),
        ("2026-01-05T02:30:00+13:00", "2026-04-04T13:30:00Z"),
        ("2026-01-06T02:30:00+13:00", "2026-04-05T14:30:00Z"),
        // A leap day, and the end of a year.
        ("2027-12-01T12:00:00+13:00", "2028-02-28T23:00:00Z"),
        ("2028-02-29T12:00:00+13:00", "2028-05-29T00:00:00Z"),
        ("2026-10-02T23:59:59+13:00", "2026-12-31T10:59:59Z"),
        ("2026-12-31T23:59:59+13:00", "2027-03-31T10:59:59Z"),
    ] {
        assert_eq!(cancelled(at), format!("pending_delete due {released} by rule"), "{at}");
    }
    let created = |at: &str| {
        let data = json!({ "Domain": {"RegisteredDate": at} });
        heard(Done(DomainCreate), json!({}), data).words(calendar).join("; ")
    };
    assert_eq!(created("2028-02-27T10:00:00+13:00"), "add_grace_end due 2028-03-02T21:00:00Z by rule");
    assert_eq!(created("2026-04-02T10:00:00+13:00"), "add_grace_end due 2026-04-06T22:00:00Z by rule");
    assert_eq!(created("2026-12-29T10:00:00+13:00"), "add_grace_end due 2027-01-02T21:00:00Z by rule");
}

#[test]
fn what_shows_many_domains_speaks_of_each() {
    let domains = json!({ "Rows": "3", "Domain": [
        {"DomainName": "Example.co.nz", "Status": "Active", "BilledUntil": "2026-12-04T14:32:35+13:00"},
        {"DomainName": "t\u{101}ne.nz", "Status": "PendingRelease", "CancelledDate": "2026-06-20T10:00:00+12:00",
         "BilledUntil": "2026-12-04T14:32:35+13:00"},
        {"Status": "Active", "BilledUntil": "2026-12-04T14:32:35+13:00"},
    ] });
    let said = |what, data| {
        Said { object: "account:500".into(), named: Vec::new(), ..heard(what, json!({}), data) }.words(calendar)
    };
    assert_eq!(
        said(Done(Operation::AccountInfo), domains.clone()),
        [
            "domain:example.co.nz domain_expiry due 2026-12-04T01:32:35Z by answer",
            "domain:xn--tne-1oa.nz pending_delete due 2026-09-17T22:00:00Z by rule",
        ]
    );
    assert_eq!(
        said(Told("domain_renewed"), domains)[..2],
        [
            "domain:example.co.nz domain_expiry due 2026-12-04T01:32:35Z by message",
            "domain:example.co.nz auto_renew_grace_end due 2026-07-06T00:00:00Z by rule",
        ]
    );
    let gone = json!({ "DomainTransfer": {"TransferredDomain": ["example.co.nz", "example.net.nz"]} });
    assert_eq!(said(Told("transferred_away"), gone), ["domain:example.co.nz gone", "domain:example.net.nz gone"]);
    for other in [json!({ "Registrar": {} }), json!({ "BillingTrans": [{"DomainName": "example.co.nz"}] }), Value::Null]
    {
        assert!(said(Done(Operation::AccountInfo), other).is_empty());
    }
}
