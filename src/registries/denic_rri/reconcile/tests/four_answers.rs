//! Every write command beside §10.2 of the reference: what is asked, and an answer of the registry for each of the four
//! things it may prove, traps below them; then what a repetition under the same transaction id is told, and what that
//! means. The files beside this one have the rest of the branches.

use super::super::super::outcome::judge;
use super::*;
use crate::model::Verdict;

const OLD: &str = "2020-01-01T00:00:00+01:00";
const EDGE: &str = "2026-11-21T12:59:59+01:00";
const NEW: &str = "2026-11-21T13:00:01+01:00";

/// What the answers prove, or why there are no such answers.
enum Case {
    /// The word of the finding, the answers in turn, and what the evidence has to name.
    Proves(&'static str, Vec<String>, &'static str),
    /// This cannot be.
    Never(&'static str, &'static str),
}

use Case::{Never, Proves};

struct Row {
    operation: Operation,
    params: Value,
    asks: Operation,
    cases: Vec<Case>,
    /// What the registry says to it when it is so already, where the code is known.
    again: Option<&'static str>,
}

const US: &str = "DENIC-1000022";
const THEM: &str = "DENIC-99";

/// A domain as INFO shows it, with more lines above its sections.
fn info(reg_acc: &str, status: &str, changed: &str, more: &str) -> Vec<String> {
    vec![format!(
        "Result: success\nDomain: example.de\nStatus: {status}\nRegistrationDate: {OLD}\nChanged: {changed}\n{more}\n\
         [Holder]\nHandle: DENIC-1000022-MAX\n[RegAcc]\nRegAccId: {reg_acc}\n"
    )]
}

fn registered(reg_acc: &str, date: &str) -> Vec<String> {
    info(reg_acc, "connect", NEW, "").iter().map(|text| text.replacen(OLD, date, 1)).collect()
}

fn checked(status: &str) -> Vec<String> {
    vec![ABSENT.into(), format!("Result: success\nDomain: example.de\nStatus: {status}")]
}

fn person(address: &str, changed: &str) -> String {
    format!(
        "Result: success\nHandle: DENIC-1000022-MAX\nType: PERSON\nName: Max Mustermann\nAddress: {address}\nPostalCode: 60596\n\
         City: Frankfurt\nCountryCode: DE\nEmail: max@example.de\nPhone: +49.6927235\nChanged: {changed}"
    )
}

/// What must never stand in an evidence: values of the orders and answers here that are secret or about people.
const PRIVATE: [&str; 7] =
    ["Mustermann", "Musterweg", "60596", "Frankfurt", "max@example.de", "6927235", "SupermanistSuper"];

fn contact_params() -> Value {
    json!({
        "handle": "DENIC-1000022-MAX", "type": "PERSON", "name": "Max Mustermann", "address": "Musterweg 1",
        "postal_code": "60596", "city": "Frankfurt", "country_code": "DE", "email": "max@example.de",
        "phone": "+49.6927235",
    })
}

fn domain_params() -> Value {
    json!({ "domain": "example.de", "holder": ["DENIC-1000022-MAX"], "nserver": ["ns1.example.net", "ns2.example.net"] })
}

const SERVERS: &str = "Nserver: ns1.example.net\nNserver: ns2.example.net";
const OTHER_SERVERS: &str = "Nserver: ns1.example.org\nNserver: ns2.example.org";
const AUTH_INFO1: &str = "AuthInfo1: 2026-12-21T00:00:00+01:00";

fn contacts() -> Vec<Row> {
    use Operation::{ContactCheck, ContactCreate, ContactInfo, ContactUpdate};
    let exists = |info: String| vec![EXISTS.to_owned(), info];
    vec![
        Row {
            operation: ContactCreate,
            params: contact_params(),
            asks: ContactCheck,
            cases: vec![
                Proves("applied", exists(person("Musterweg 1", NEW)), "equals the order in type, name"),
                Proves("not_applied", vec![EXISTS.replace("exist", "free")], "CHECK: free"),
                Proves(
                    "foreign",
                    exists(person("Musterweg 2", OLD)),
                    "with other data (address; changed 2019-12-31T23:00:00Z",
                ),
                Proves("unknown", exists(person("Musterweg 2", NEW)), "as new as this order, with other data (address"),
                // Changed since it was made: the one of this order, or of nobody knows whom.
                Proves("unknown", exists(person("Musterweg 2", EDGE)), "as new as this order"),
            ],
            again: None,
        },
        Row {
            operation: ContactUpdate,
            params: contact_params(),
            asks: ContactInfo,
            cases: vec![
                Proves("applied", vec![person("Musterweg 1", NEW)], "equals the order in type, name"),
                Proves(
                    "not_applied",
                    vec![person("Musterweg 2", OLD)],
                    "differs in address; changed 2019-12-31T23:00:00Z",
                ),
                Never("foreign", "handles begin with our own id, so each contact of ours is only ours to change"),
                Proves(
                    "unknown",
                    vec![person("Musterweg 2", NEW)],
                    "changed since this order, and not to what it says",
                ),
            ],
            again: None,
        },
    ]
}

fn data() -> Vec<Row> {
    use Operation::{DomainChangeHolder, DomainCreate, DomainInfo, DomainTransfer, DomainUpdate};
    let changed = |operation| Row {
        operation,
        params: domain_params(),
        asks: DomainInfo,
        cases: vec![
            Proves("applied", info(US, "connect", NEW, SERVERS), "equals the order in holder"),
            Proves(
                "not_applied",
                info(US, "connect", OLD, OTHER_SERVERS),
                "differs in nserver; changed 2019-12-31T23:00:00Z",
            ),
            Proves("foreign", info(THEM, "connect", OLD, SERVERS), "at DENIC-99 since before this order"),
            Proves(
                "unknown",
                info(US, "connect", NEW, OTHER_SERVERS),
                "changed since this order, and not to what it says",
            ),
            // Carried out, and taken away since; or taken away before.
            Proves("unknown", info(THEM, "connect", NEW, SERVERS), "perhaps only since after this order"),
            Proves("taken", info(US, "pendingCreate", NEW, SERVERS), "being assessed"),
        ],
        again: None,
    };
    vec![
        Row {
            operation: DomainCreate,
            params: domain_params(),
            asks: DomainInfo,
            cases: vec![
                Proves(
                    "applied",
                    registered(US, NEW),
                    "at DENIC-1000022, with the ordered holders, registered 2026-11-21T12:00:01Z",
                ),
                Proves("not_applied", vec![ABSENT.into()], "no such domain"),
                Proves("foreign", registered(THEM, NEW), "registered by DENIC-99"),
                Proves("unknown", registered(US, EDGE), "too close to the order"),
                // Ours, but of an earlier job.
                Proves("foreign", registered(US, OLD), "already ours before this order"),
            ],
            again: Some("63310062004"),
        },
        changed(DomainUpdate),
        changed(DomainChangeHolder),
        Row {
            operation: DomainTransfer,
            params: domain_params(),
            asks: DomainInfo,
            cases: vec![
                Proves("applied", info(US, "connect", NEW, ""), "at DENIC-1000022, with the ordered holders, changed"),
                Proves("not_applied", info(THEM, "connect", NEW, ""), "at DENIC-99"),
                Proves(
                    "foreign",
                    info(US, "connect", OLD, "").iter().map(|text| text.replace("-MAX", "-EVE")).collect(),
                    "already ours since before this order, with other holders",
                ),
                // It was ours before the order, just as it was ordered: then the registry has refused.
                Proves("unknown", info(US, "connect", OLD, ""), "not changed since before this order"),
                Proves("unknown", info(US, "connect", EDGE, ""), "too close to the order"),
                Proves("not_applied", checked("redemptionPeriod"), "redemptionPeriod"),
            ],
            again: Some("63380063209"),
        },
    ]
}

fn life() -> Vec<Row> {
    use Operation::{DomainDelete, DomainInfo, DomainRestore, DomainTransit};
    let only = || json!({ "domain": "example.de" });
    let transit = |disconnect: bool| {
        let gone = if disconnect { "Nsentry: example.de. IN A 192.0.2.1" } else { SERVERS };
        Row {
            operation: DomainTransit,
            params: json!({ "domain": "example.de", "disconnect": disconnect }),
            asks: DomainInfo,
            cases: vec![
                Proves("applied", info("DENIC-1", "connect", NEW, gone), "at DENIC-1, without dnskey"),
                Proves("not_applied", info(US, "connect", OLD, SERVERS), "still ours"),
                Proves("foreign", info(THEM, "connect", OLD, SERVERS), "at DENIC-99 since before this order"),
                // Another registrar's keys: taken over, from us or from where the TRANSIT had brought it.
                Proves("unknown", info(THEM, "connect", NEW, "Dnskey: 257 3 8 AwEAAcoF"), "perhaps it was taken over"),
                // Given away and taken back, or changed by somebody: to give it away again would be a second effect.
                Proves("unknown", info(US, "connect", NEW, SERVERS), "changed since this order"),
            ],
            again: None,
        }
    };
    vec![
        Row {
            operation: DomainDelete,
            params: only(),
            asks: DomainInfo,
            cases: vec![
                Proves(
                    "applied",
                    info(US, "redemptionPeriod", NEW, ""),
                    "ours, redemptionPeriod, changed 2026-11-21T12:00:01Z",
                ),
                Proves("not_applied", info(US, "connect", OLD, ""), "still ours, status connect"),
                Proves("foreign", info(THEM, "connect", NEW, ""), "at DENIC-99 since before this order (registered"),
                Proves("unknown", registered(THEM, NEW), "perhaps after our deletion"),
                // Deleted, and restored by somebody.
                Proves("unknown", info(US, "connect", NEW, ""), "changed since this order"),
                Proves("applied", checked("redemptionPeriod"), "CHECK: redemptionPeriod"),
                Proves("foreign", checked("free"), "would have left it in redemption"),
            ],
            again: Some("56310082011"),
        },
        Row {
            operation: DomainRestore,
            params: only(),
            asks: DomainInfo,
            cases: vec![
                Proves("applied", info(US, "connect", NEW, ""), "ours, status connect, changed 2026-11-21T12:00:01Z"),
                Proves(
                    "not_applied",
                    info(US, "redemptionPeriod", OLD, ""),
                    "redemptionPeriod; changed 2019-12-31T23:00:00Z",
                ),
                Proves("foreign", checked("free"), "its redemption period is over"),
                // Restored, and deleted again by somebody.
                Proves("unknown", info(US, "redemptionPeriod", NEW, ""), "changed since this order"),
            ],
            again: Some("66310082014"),
        },
        transit(false),
        transit(true),
    ]
}

fn auth_infos() -> Vec<Row> {
    use Operation::{DomainAuthcodeCreate, DomainAuthcodeDelete, DomainAuthcodeRequest, DomainInfo};
    let with = |more: &str| info(US, "connect", OLD, more);
    let wrong = || "Result: failed\nERROR: 63370088701 AuthInfo does not match".to_owned();
    let tested = |second: Vec<String>| [with(AUTH_INFO1), second].concat();
    vec![
        Row {
            operation: DomainAuthcodeCreate,
            params: json!({ "domain": "example.de", "auth_info": "SupermanistSuper" }),
            asks: DomainInfo,
            cases: vec![
                Proves("applied", tested(with(&format!("{AUTH_INFO1}\nAuthInfo: true"))), "INFO confirms it"),
                Proves("not_applied", with(""), "no AuthInfo1"),
                Proves("foreign", tested(vec![wrong()]), "another password than the ordered one"),
                Proves("unknown", tested(with(AUTH_INFO1)), "does not say whose password"),
                // Of an earlier order: it ends on another day than this one's would.
                Proves(
                    "foreign",
                    with("AuthInfo1: 2026-12-01T00:00:00+01:00"),
                    "another AuthInfo1, until 2026-11-30T23:00:00Z",
                ),
                Proves("unknown", info(THEM, "connect", NEW, ""), "perhaps only since after this order"),
            ],
            again: Some("63391068704"),
        },
        Row {
            operation: DomainAuthcodeDelete,
            params: json!({ "domain": "example.de" }),
            asks: DomainInfo,
            cases: vec![
                Proves("applied", with(""), "ours, no AuthInfo1"),
                Proves("not_applied", with(AUTH_INFO1), "an AuthInfo1 until"),
                Proves("foreign", info(THEM, "connect", OLD, ""), "at DENIC-99 since before this order"),
                Proves("unknown", info(THEM, "connect", NEW, ""), "perhaps only since after this order"),
            ],
            again: None,
        },
        Row {
            operation: DomainAuthcodeRequest,
            params: json!({ "domain": "example.de" }),
            asks: DomainInfo,
            cases: vec![
                Proves(
                    "applied",
                    with("AuthInfo2: 2026-12-21T00:00:00+01:00"),
                    "an AuthInfo2 until 2026-12-20T23:00:00Z, ordered",
                ),
                Proves("not_applied", with(""), "no AuthInfo2"),
                Proves("foreign", with("AuthInfo2: 2026-12-15T00:00:00+01:00"), "an older AuthInfo2 exists, until"),
                // Letters cost, and of another registrar's domain nobody says whose AuthInfo it has.
                Proves("unknown", info(THEM, "connect", OLD, "AuthInfo: true"), "whose is not shown"),
                Proves("unknown", info(THEM, "connect", OLD, ""), "which it need not"),
            ],
            again: Some("63393068704"),
        },
    ]
}

fn rows() -> Vec<Row> {
    [contacts(), data(), life(), auth_infos()].into_iter().flatten().collect()
}

#[test]
fn each_write_has_its_question_and_its_four_answers() {
    let mut operations: Vec<Operation> = rows().iter().map(|row| row.operation).collect();
    operations.dedup();
    let expected: Vec<Operation> = writes().into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(operations.len(), expected.len());
    assert!(expected.iter().all(|operation| operations.contains(operation)), "{operations:?}");
    for Row { operation, params, asks, cases, .. } in rows() {
        let mut words: Vec<&str> = Vec::new();
        for case in &cases {
            let (word, answers, names) = match case {
                Proves(word, answers, names) => (*word, answers, *names),
                Never(word, why) => {
                    assert!(!why.is_empty());
                    words.push(word);
                    continue;
                }
            };
            words.push(word);
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            let (asked, found) = converse(&rri("5.0"), Rri::reconcile, operation, params.clone(), &answers);
            let found = found.unwrap_or_else(|| panic!("{operation}, {word}: asks on"));
            assert_eq!((found.word(), asked[0]), (word, asks), "{operation}: {}", found.evidence());
            assert!(found.evidence().contains(names), "{operation}, {word}: {}", found.evidence());
            for private in PRIVATE {
                assert!(!found.evidence().contains(private), "{operation}: {}", found.evidence());
            }
            if let Finding::Nothing { same_transaction, .. } = found {
                assert!(
                    same_transaction,
                    "{operation}: should the first one arrive after all, one of the two is refused"
                );
            }
        }
        for word in ["applied", "not_applied", "foreign", "unknown"] {
            assert!(words.contains(&word), "{operation}: no answer proves {word}");
        }
    }
}

/// What is there has come about by the earlier of two like orders: the registry would have refused the later one. After a
/// longer time it may be otherwise, and the dates decide.
#[test]
fn the_effect_of_an_earlier_job_is_not_taken_for_that_of_the_next() {
    let since: Timestamp = SINCE.parse().unwrap();
    for Row { operation, params, cases, .. } in rows().into_iter().filter(|row| row.operation.rivals().is_some()) {
        for case in &cases {
            let Proves("applied", answers, _) = case else { continue };
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            let after = |so_already| {
                let (params, rri) = (params.clone(), rri("5.0"));
                converse_after(Some(so_already), &rri, Rri::reconcile, operation, params, &answers).1.unwrap()
            };
            let just_now = after(since - SignedDuration::from_secs(2));
            assert_eq!(just_now.word(), "foreign", "{operation}: {}", just_now.evidence());
            assert_eq!(after(since - SignedDuration::from_hours(1)).word(), "applied", "{operation}");
        }
    }
    let unclear = [
        (Operation::DomainCreate, domain_params(), registered(US, EDGE)),
        (Operation::ContactCreate, contact_params(), vec![EXISTS.to_owned(), person("Hauptstr. 1", EDGE)]),
    ];
    for (operation, params, answers) in unclear {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let found = |so_already| {
            let (params, rri) = (params.clone(), rri("5.0"));
            converse_after(so_already, &rri, Rri::reconcile, operation, params, &answers).1.unwrap()
        };
        assert_eq!(found(None).word(), "unknown", "{operation}: dates alone do not tell");
        assert_eq!(found(Some(since - SignedDuration::from_secs(2))).word(), "foreign", "{operation}");
    }
}

/// The registry takes each transaction id once. What it says to one it knows is no outcome of the job: it says that an
/// earlier request has arrived, not what became of it. Neither is "it is so already" while an earlier request is unanswered.
#[test]
fn what_a_repetition_is_told_sends_nobody_to_failed() {
    let refused = |operation, code: &str| {
        let text = format!("Result: failed\nERROR: {code} x");
        judge(operation, &rri("5.0").decode(operation, text.as_bytes()).unwrap()).verdict
    };
    for row in rows() {
        let used = refused(row.operation, "63000060508");
        assert!(matches!(used, Verdict::Unsure(_)), "{}: {used:?}", row.operation);
        if let Some(code) = row.again {
            let already = refused(row.operation, code);
            assert!(matches!(already, Verdict::RefusedUnlessLost(_)), "{} {code}: {already:?}", row.operation);
        }
    }
    assert!(matches!(refused(Operation::MessageDelete, "63000060508"), Verdict::Unsure(_)));
    assert_eq!(refused(Operation::MessageDelete, "63650063609"), Verdict::Done, "gone is what was ordered");
}
