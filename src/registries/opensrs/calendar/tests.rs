use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::super::dialect::Xcp;
use super::*;
use crate::model::deadline::cases::{self, Said};
use crate::model::{Answer, ObjectKey, Verdict};
use crate::registries::{Dialect, Head, Mailbox, WireOptions};

/// What is heard, and what it means for each kind.
const CASES: &str = include_str!("cases.txt");
const AT: &str = "2026-01-15T15:00:00Z";
const COM: &str = "domain:example.com";

fn words(said: &Said) -> Vec<String> {
    said.words(calendar)
}

fn heard(what: On, params: Value, data: Value) -> Said {
    let named = outcome::deadlines(&data);
    Said { object: COM.into(), what, params, data, code: None, named, at: AT.into() }
}

fn event(kind: &'static str, data: Value) -> Said {
    heard(Told(kind), Value::Null, data)
}

fn xcp() -> Xcp {
    Xcp::new(&WireOptions { account: "myreseller".into(), ..WireOptions::default() }).unwrap()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/opensrs").join(name)).unwrap()
}

/// What a sample of the reference says as the answer to a job.
fn golden(name: &str, operation: Operation, object: &str, params: Value) -> Vec<String> {
    let answer: Answer = xcp().decode(operation, &sample(name)).unwrap();
    let judgement = xcp().judge(operation, &answer);
    let what = match judgement.verdict {
        Verdict::Done => Done(operation),
        Verdict::Pending(_) => Taken(operation),
        Verdict::Refused(_) | Verdict::RefusedUnlessLost(_) => Refused(operation),
        other => panic!("{name}: {other:?}"),
    };
    let code = answer.leading_code().map(str::to_owned);
    let (object, named) = (object.to_owned(), judgement.deadlines);
    words(&Said { object, what, params, data: answer.data, code, named, at: AT.into() })
}

#[test]
fn samples_of_the_reference_say_this() {
    for (name, operation, object, params, expected) in [
        (
            "5.4-2-reply.xml",
            DomainRenew,
            COM,
            json!({"expires": 2027, "years": 1, "auto_renew": false}),
            vec![
                "domain_expiry met",
                "renewal_grace_end met",
                "redemption_end met",
                "domain_expiry due 2028-01-08T20:35:00Z by answer",
                "renewal_grace_end due 2028-02-17T20:35:00Z by rule",
                "redemption_end due 2028-03-18T19:35:00Z by rule",
            ],
        ),
        ("5.4-3-reply.xml", DomainInfo, COM, json!({}), vec![]),
        (
            "5.6-2-reply.xml",
            DomainInfo,
            COM,
            json!({"domain": "example.com"}),
            vec![
                "domain_expiry due 2027-12-13T02:27:25Z by answer",
                "renewal_grace_end due 2028-01-22T02:27:25Z by rule",
                "redemption_end due 2028-02-21T02:27:25Z by rule",
            ],
        ),
        // What shows a part only does not say that the rest is not there.
        ("5.6-4-reply.xml", DomainInfo, COM, json!({"type": "expire_action"}), vec![]),
        ("5.6-6-reply.xml", DomainInfo, COM, json!({"type": "status"}), vec![]),
        (
            "5.3-2-reply.xml",
            Operation::DomainCreate,
            COM,
            json!({"years": 2}),
            vec!["domain_expiry due 2028-01-15T15:00:00Z by rule"],
        ),
        ("5.3-2-reply.xml", Operation::DomainCreate, COM, json!({"years": 2, "save": true}), vec![]),
        ("5.3-3-reply.xml", Operation::DomainCreate, "domain:example.de", json!({"years": 1}), vec![]),
        (
            "5.3-8-reply.xml",
            DomainTransfer,
            "domain:example.net",
            json!({}),
            vec!["transfer_decision due 2026-01-20T15:00:00Z by rule"],
        ),
        ("5.3-8-reply.xml", DomainTransfer, "domain:example.net", json!({"save": true}), vec![]),
        ("5.3-9-reply.xml", DomainTransfer, "domain:example.net", json!({}), vec![]),
        ("5.10-2-reply.xml", DomainCheck, "domain:example.net", json!({"question": "transfer"}), vec![]),
        (
            "5.12-2-reply.xml",
            OrderCancel,
            "order:example.net",
            json!({"domain": "example.net", "transfer": true}),
            vec!["domain:example.net transfer_decision cleared"],
        ),
        ("5.12-2-reply.xml", OrderCancel, "order:3735288", json!({"order": 3_735_288, "transfer": true}), vec![]),
        // Without a date nobody knows since when it waits.
        ("5.13-2-reply.xml", DomainInfo, "domain:example.net", json!({"question": "transfers_in"}), vec![]),
        ("5.20-2-reply.xml", DomainDelete, COM, json!({}), vec!["gone"]),
        (
            "5.21-2-reply.xml",
            DomainRestore,
            "domain:example.ca",
            json!({}),
            vec!["domain_expiry met", "renewal_grace_end met", "redemption_end met"],
        ),
        (
            "5.24-2-reply.xml",
            AccountInfo,
            "account:myreseller",
            json!({"question": "expiring", "from": "2026-01-01", "to": "2026-03-31"}),
            vec![
                "domain:example.biz domain_expiry due 2026-02-19T04:59:59Z by answer",
                "domain:example.biz renewal_grace_end due 2026-03-31T03:59:59Z by rule",
                "domain:example.biz redemption_end due 2026-04-30T03:59:59Z by rule",
                "domain:example.info domain_expiry due 2026-03-03T04:59:59Z by answer",
                "domain:example.info renewal_grace_end due 2026-04-12T03:59:59Z by rule",
                "domain:example.info redemption_end due 2026-05-12T03:59:59Z by rule",
            ],
        ),
        (
            "5.25-2-reply.xml",
            DomainCheck,
            COM,
            json!({"question": "ours"}),
            vec![
                "domain_expiry due 2028-01-15T15:02:13Z by answer",
                "renewal_grace_end due 2028-02-24T15:02:13Z by rule",
                "redemption_end due 2028-03-25T14:02:13Z by rule",
            ],
        ),
        (
            "5.27-2-reply.xml",
            DomainInfo,
            COM,
            json!({"question": "verification"}),
            vec!["registrant_verification due 2026-01-30T05:00:00Z by answer"],
        ),
        ("5.27-4-reply.xml", Operation::DomainUpdate, COM, json!({"resend_verification": true}), vec![]),
        ("5.23-2-reply.xml", AccountInfo, "account:myreseller", json!({}), vec![]),
    ] {
        assert_eq!(golden(name, operation, object, params.clone()), expected, "{name} {operation} {params}");
    }
}

#[test]
fn an_event_is_heard_as_it_is_read() {
    let answer = xcp().decode(Operation::MessageRead, &sample("5.22-2-reply.xml")).unwrap();
    let Head::Message(message) = xcp().head(&answer) else { panic!("no message") };
    let said = Said {
        object: message.object.as_ref().map(ObjectKey::as_str).unwrap().to_owned(),
        what: Told(message.kind),
        params: Value::Null,
        data: message.data.clone(),
        code: None,
        named: message.deadlines.clone(),
        at: AT.into(),
    };
    assert_eq!(words(&said), Vec::<String>::new(), "it tells of a registration, and names no date");
}

#[test]
fn each_kind_starts_moves_ends_and_is_missed_so() {
    for case in cases::read(CASES) {
        let said = Said { code: case.code.clone(), ..heard(case.what, case.params.clone(), case.data.clone()) };
        let object = match case.what {
            Done(AccountInfo) => "account:myreseller",
            Done(OrderCancel) => "order:example.com",
            _ => COM,
        };
        let words: Vec<String> = words(&Said { object: object.into(), ..said })
            .iter()
            .map(|word| word.trim_start_matches("domain:example.com ").to_owned())
            .collect();
        assert_eq!(cases::of_kind(&words, case.kind), case.expected, "{}", case.line);
    }
}

#[test]
fn each_kind_of_the_documents_has_all_steps() {
    let cases = cases::read(CASES);
    let own = [DeadlineKind::CertificateExpiry, DeadlineKind::CredentialExpiry];
    let kinds: BTreeSet<DeadlineKind> = cases.iter().map(|case| case.kind).collect();
    let expected: BTreeSet<DeadlineKind> = kinds.iter().copied().chain(own).collect();
    assert_eq!(cases::documented("docs/opensrs.md", "opensrs-deadlines"), expected);
    for kind in kinds {
        assert_eq!(cases::steps(&cases, kind), cases::STEPS.iter().copied().collect(), "{kind}");
    }
    for rule in RULES {
        let has_case = cases.iter().any(|case| rule.on == Anything || case.what == rule.on);
        assert!(has_case && !rule.source.is_empty(), "{rule:?}");
    }
}

#[test]
fn top_level_domains_differ() {
    let of = |object: &'static str| {
        let words = Said {
            object: object.into(),
            ..event("domain_created", json!({ "expiration_date": "2026-03-01T12:00:00Z" }))
        }
        .words(calendar);
        words.join("; ")
    };
    let expiry = "domain_expiry due 2026-03-01T12:00:00Z by message";
    // 8 March: the clocks of Toronto are put forward.
    let usual = "; renewal_grace_end due 2026-04-10T11:00:00Z by rule; redemption_end due 2026-05-10T11:00:00Z by rule";
    let ca = "; renewal_grace_end due 2026-03-31T11:00:00Z by rule; redemption_end due 2026-04-30T11:00:00Z by rule";
    for (object, then) in [
        ("domain:example.com", usual),
        ("domain:example.co.uk", usual),
        ("domain:example.ca", ca),
        ("domain:example.de", ""),
        ("domain:example.co.za", ""),
    ] {
        assert_eq!(of(object), format!("{expiry}{then}"), "{object}");
    }
    let deleted = Said { object: "domain:example.de".into(), ..event("domain_deleted", json!({})) }.words(calendar);
    assert!(deleted.iter().all(|word| !word.starts_with("redemption_end")), "{deleted:?}");
}

/// Days are those of Toronto: 40 and 70 of them keep its local time.
#[test]
fn dates_at_the_edges_of_its_calendar() {
    for (expires, grace, redemption) in [
        // Into summer time on 8 March 2026, and out of it on 1 November.
        ("2026-02-01 02:30:00", "2026-03-13T06:30:00Z", "2026-04-12T06:30:00Z"),
        ("2026-01-27 02:30:00", "2026-03-08T07:30:00Z", "2026-04-07T06:30:00Z"),
        ("2026-09-22 01:30:00", "2026-11-01T05:30:00Z", "2026-12-01T06:30:00Z"),
        ("2026-11-01 01:30:00", "2026-12-11T06:30:00Z", "2027-01-10T06:30:00Z"),
        // A leap day, and the end of a year.
        ("2028-02-29 23:59:59", "2028-04-10T03:59:59Z", "2028-05-10T03:59:59Z"),
        ("2028-01-20 12:00:00", "2028-02-29T17:00:00Z", "2028-03-30T16:00:00Z"),
        ("2026-12-31 23:59:59", "2027-02-10T04:59:59Z", "2027-03-12T04:59:59Z"),
    ] {
        let words = heard(Done(DomainInfo), json!({}), json!({ "expiredate": expires })).words(calendar);
        let expected =
            [format!("renewal_grace_end due {grace} by rule"), format!("redemption_end due {redemption} by rule")];
        assert_eq!(words[1..], expected, "{expires}");
    }
    let registered = |at: &'static str, years: u64| {
        Said { at: at.into(), ..heard(Done(Operation::DomainCreate), json!({ "years": years }), json!({})) }
            .words(calendar)
            .join("; ")
    };
    assert_eq!(registered("2028-02-29T17:00:00Z", 1), "domain_expiry due 2029-02-28T17:00:00Z by rule");
}

#[test]
fn a_list_speaks_of_each_domain_under_its_own_name() {
    let data = json!({ "page": "1", "exp_domains": [
        {"name": "B\u{fc}cher.example", "expiredate": "2026-02-18 23:59:59"},
        {"name": "example.de", "expiredate": ""},
        {"expiredate": "2026-02-18 23:59:59"},
        {"name": "example.fr", "expiredate": "2026-01-01 00:00:00"},
    ] });
    for params in [json!({"question": "expiring"}), json!({"type": "list"})] {
        let what = if params.get("type").is_some() { Done(DomainInfo) } else { Done(AccountInfo) };
        let said = Said { object: "account:myreseller".into(), ..heard(what, params, data.clone()) };
        let words = said.words(calendar);
        assert_eq!(words[0], "domain:xn--bcher-kva.example domain_expiry due 2026-02-19T04:59:59Z by answer");
        assert!(words.contains(&"domain:example.fr domain_expiry passed".to_owned()), "{words:?}");
        assert_eq!(words.len(), 4);
    }
    // One that was deleted long ago may have become another's, or ours again.
    let old = json!({ "del_domains": [{"name": "example.com", "delete_date": "2025-12-01 10:00:00"}, {"name": "example.net"}] });
    assert!(heard(Done(AccountInfo), json!({"question": "deleted"}), old).words(calendar).is_empty());
    // Of transfers that came to different ends nobody can tell which was the last.
    let mixed = json!({ "transfers": [{"domain": "example.com", "status": "completed"}, {"domain": "example.com", "status": "cancelled"}] });
    assert!(heard(Done(DomainInfo), json!({"question": "transfers_in"}), mixed).words(calendar).is_empty());
}

#[test]
fn what_is_about_no_domain_says_nothing() {
    let date = json!({ "expiredate": "2027-02-18 23:59:59" });
    for object in ["order:3735281", "account:myreseller", "host:ns1.example.com"] {
        assert!(
            Said { object: object.into(), ..heard(Done(Operation::OrderProcess), json!({}), date.clone()) }
                .words(calendar)
                .is_empty()
        );
    }
    let named = json!({ "domain": "example.com", "expiredate": "2027-02-18 23:59:59" });
    let words = Said { object: "order:3735281".into(), ..heard(Done(Operation::OrderProcess), json!({}), named) }
        .words(calendar);
    assert_eq!(words[0], "domain:example.com domain_expiry due 2027-02-19T04:59:59Z by answer");
}

#[test]
fn whether_a_registrant_was_verified_is_asked_in_so_many_words() {
    for kind in DeadlineKind::ALL {
        let mut params = super::asks_about(*kind);
        params.insert("domain".into(), "example.com".into());
        xcp().check(Operation::DomainInfo, &params).unwrap();
        let request = xcp().prepare(Operation::DomainInfo, &params, "").unwrap();
        let asks =
            String::from_utf8_lossy(&request.bytes).to_lowercase().contains("get_registrant_verification_status");
        assert_eq!(asks, *kind == RegistrantVerification, "{kind}");
    }
}
