//! Every write beside the reference (10.1): what is asked, and answers of the registry for each thing they may prove; and the
//! traps.

mod traps;

use serde_json::{Value, json};

use super::super::codec::read_reply;
use super::*;
use crate::registries::WireOptions;
use Operation::{
    DomainCreate, DomainDelete, DomainRenew, DomainTransfer, DomainTransferApprove, DomainTransferReject, DomainUpdate,
    HostCreate, HostDelete, HostUpdate, OrderCancel, Raw,
};

/// Eight in the morning in New York.
const SINCE: &str = "2026-12-01T13:00:00Z";
/// Dates as the registry writes them: a second after the order, four minutes and a year before it.
const NEW: &str = "2026-12-01 08:00:01.0";
const EDGE: &str = "2026-12-01 07:56:00.0";
const OLD: &str = "2025-12-01 08:00:01.0";

fn rrp() -> Rrp {
    Rrp::new(&WireOptions { account: "registrarA".into(), ..WireOptions::default() }).unwrap()
}

fn reply(code: &str, lines: &[&str]) -> Answer {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    answer::of(read_reply(format!("{code} text\r\n{lines}.\r\n").as_bytes()).unwrap())
}

fn foreign() -> Answer {
    reply("531", &[])
}

fn absent() -> Answer {
    reply("545", &[])
}

/// STATUS of something of ours, with these dates and more lines.
fn ours(created: &str, updated: &str, more: &[&str]) -> Answer {
    let lines = [
        "registrar:REGISTRARA".to_owned(),
        format!("created date:{created}"),
        "created by:registrarA".into(),
        format!("updated date:{updated}"),
        "updated by:registrarA".into(),
        "status:ACTIVE".into(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).chain(more.iter().copied()).collect();
    reply("200", &lines)
}

/// What was asked and what was found; nothing if another question comes next.
fn play(
    follow: bool,
    so_already: Option<&str>,
    refusal: Option<Refusal>,
    (operation, params): (Operation, &Value),
    answers: &[Answer],
) -> (Vec<String>, Option<Finding>) {
    let rrp = rrp();
    let params = params.as_object().unwrap();
    let (since, so_already) = (SINCE.parse().unwrap(), so_already.map(|at| at.parse().unwrap()));
    let doubt = Doubt { account: "one", operation, params, transaction: "rd-1-1", since, so_already, taken: None };
    let mut asked = Vec::new();
    loop {
        let heard = answers.get(..asked.len()).unwrap_or(answers);
        let step = if follow { follow_up(&rrp, &doubt, heard) } else { next(&rrp, &doubt, refusal, heard) };
        match step {
            Step::Ask(question) => {
                assert!(!question.operation.writes() && question.transaction.is_none());
                asked.push(std::str::from_utf8(&question.bytes).unwrap().replace("\r\n", " "));
                if asked.len() > answers.len() {
                    return (asked, None);
                }
            }
            Step::Found(finding) => {
                assert_eq!(asked.len(), answers.len(), "{operation}: an answer was not asked for");
                assert!(!finding.evidence().is_empty(), "each decision says what proves it");
                return (asked, Some(finding));
            }
        }
    }
}

fn found(refusal: Option<Refusal>, operation: Operation, params: &Value, answers: &[Answer]) -> (&'static str, String) {
    let finding = play(false, None, refusal, (operation, params), answers).1.expect("it asks on");
    if let Finding::Nothing { same_transaction, .. } = &finding {
        assert!(same_transaction, "any refusal of the repetition is a doubt again");
    }
    (finding.word(), finding.evidence().to_owned())
}

/// Finding, answers, what the evidence names.
type Proof = (&'static str, Vec<Answer>, &'static str);

fn rows() -> Vec<(Operation, Value, &'static str, Vec<Proof>)> {
    let domain = || json!({ "domain": "example.com" });
    let host = |more: Value| {
        let mut params = json!({ "host": "ns1.example.com" });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let (status, check) = ("status EntityName:Domain", "check EntityName:Domain");
    let expires = |year: &str| format!("registration expiration date:{year}-09-22 10:27:00.0");
    let expiring = |year: &str, updated: &str| ours(OLD, updated, &[&expires(year)]);
    let by_registry =
        |updated: &str| reply("200", &[&expires("2029"), "updated by:registry", &format!("updated date:{updated}")]);
    let hosts = |names: &[&str]| {
        let lines: Vec<String> = names.iter().map(|name| format!("nameserver:{name}")).collect();
        ours(OLD, OLD, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let since = |moved: &str| ours(OLD, OLD, &[&format!("registrar transfer date:{moved}")]);
    let addresses = |created: &str, list: &[&str]| {
        let lines: Vec<String> = list.iter().map(|address| format!("ipAddress:{address}")).collect();
        ours(created, OLD, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    vec![
        (
            DomainCreate,
            json!({ "domain": "example.com", "years": 2 }),
            status,
            vec![
                (
                    "applied",
                    vec![ours(NEW, NEW, &["registration expiration date:2028-12-01 08:00:01.0"])],
                    "created by",
                ),
                ("not_applied", vec![absent()], "not registered"),
                ("foreign", vec![foreign()], "another registrar"),
                ("foreign", vec![ours(OLD, OLD, &[])], "before this order"),
                (
                    "foreign",
                    vec![reply("200", &["created by:registrarB", &format!("created date:{OLD}")])],
                    "created by",
                ),
                ("unknown", vec![ours(EDGE, EDGE, &[])], "shortly before"),
                (
                    "unknown",
                    vec![ours(NEW, NEW, &["registration expiration date:2031-12-01 08:00:01.0"])],
                    "other years",
                ),
                ("unknown", vec![reply("200", &["status:ACTIVE"])], "does not show"),
                ("unknown", vec![reply("200", &[])], "was not answered"),
                ("unknown", vec![reply("421", &[])], "was not answered: 421"),
            ],
        ),
        (
            DomainUpdate,
            json!({ "domain": "example.com", "add_nserver": "ns3.example.net", "remove_nserver": ["ns1.example.net"] }),
            status,
            vec![
                ("applied", vec![hosts(&["NS3.EXAMPLE.NET", "ns2.example.net"])], "is there"),
                ("not_applied", vec![hosts(&["ns1.example.net", "ns2.example.net"])], "nothing of what was added"),
                ("unknown", vec![hosts(&["ns1.example.net", "ns3.example.net"])], "in part"),
                ("foreign", vec![foreign()], "another registrar's"),
                ("foreign", vec![absent()], "not registered any more"),
            ],
        ),
        (
            DomainUpdate,
            json!({ "domain": "example.com", "nserver": ["ns3.example.net", "ns2.example.net"] }),
            status,
            vec![
                ("applied", vec![hosts(&["ns2.example.net", "ns3.example.net"])], "equals"),
                ("not_applied", vec![hosts(&["ns2.example.net"])], "differs in nameserver"),
                ("not_applied", vec![hosts(&[])], "differs in nameserver"),
            ],
        ),
        (
            DomainUpdate,
            json!({ "domain": "example.com", "add_status": ["REGISTRAR-LOCK"] }),
            status,
            vec![
                ("applied", vec![reply("200", &["status:registrar-lock", "status:REGISTRAR-HOLD"])], "is there"),
                ("not_applied", vec![reply("200", &["status:ACTIVE"])], "nothing"),
            ],
        ),
        (
            DomainUpdate,
            json!({ "domain": "example.com", "remove_status": ["REGISTRAR-LOCK"] }),
            status,
            vec![
                ("applied", vec![reply("200", &["status:ACTIVE"])], "is not"),
                ("not_applied", vec![reply("200", &["status:REGISTRAR-LOCK"])], "all of what was removed is"),
            ],
        ),
        (
            DomainRenew,
            json!({ "domain": "example.com", "years": 2, "expires": "2027-09-22 10:27:00.0" }),
            status,
            vec![
                ("applied", vec![expiring("2029", NEW)], "changed by us"),
                ("not_applied", vec![expiring("2027", OLD)], "still expires in 2027"),
                ("not_applied", vec![expiring("2027", NEW)], "still expires in 2027"),
                ("foreign", vec![expiring("2028", NEW)], "would be refused"),
                ("foreign", vec![expiring("2031", NEW)], "would be refused"),
                ("foreign", vec![expiring("2029", OLD)], "before this order"),
                ("foreign", vec![foreign()], "another registrar's"),
                ("unknown", vec![by_registry(NEW)], "somebody else"),
                ("unknown", vec![reply("200", &[&expires("2029")])], "by whom"),
                ("unknown", vec![expiring("2029", EDGE)], "shortly before"),
                ("unknown", vec![reply("200", &["status:ACTIVE"])], "does not show"),
            ],
        ),
        (
            DomainDelete,
            domain(),
            check,
            vec![
                ("applied", vec![reply("210", &[])], "CHECK: not registered"),
                ("applied", vec![reply("211", &[]), ours(OLD, NEW, &["status:REDEMPTIONPERIOD"])], "deleted"),
                ("not_applied", vec![reply("211", &[]), ours(OLD, OLD, &[])], "still ours"),
                ("not_applied", vec![reply("211", &[]), ours(EDGE, EDGE, &[])], "still ours"),
                ("applied", vec![reply("211", &[]), ours(OLD, OLD, &["status:PENDINGDELETE"])], "deleted"),
                ("unknown", vec![reply("211", &[]), ours(NEW, NEW, &[])], "registered since"),
                ("unknown", vec![reply("211", &[]), foreign()], "another registrar's"),
                ("unknown", vec![reply("211", &[]), absent()], "not registered"),
                ("unknown", vec![reply("220", &[])], "was not answered: 220"),
                ("unknown", vec![reply("212", &[])], "was not answered: 212"),
            ],
        ),
        (
            DomainTransfer,
            domain(),
            status,
            vec![
                ("applied", vec![since(NEW)], "registrar transfer date"),
                ("not_applied", vec![foreign()], "only a repetition tells"),
                ("foreign", vec![since(OLD)], "before this order"),
                ("foreign", vec![ours(OLD, OLD, &[])], "never was another registrar's"),
                ("foreign", vec![absent()], "not registered"),
                ("unknown", vec![since(EDGE)], "shortly before"),
            ],
        ),
        (
            DomainTransferApprove,
            domain(),
            status,
            vec![
                ("applied", vec![foreign()], "let go"),
                ("not_applied", vec![ours(OLD, OLD, &[])], "still ours"),
                ("unknown", vec![absent()], "not registered"),
            ],
        ),
        (
            DomainTransferReject,
            domain(),
            status,
            vec![
                ("not_applied", vec![ours(OLD, OLD, &[])], "only a repetition tells"),
                ("not_applied", vec![foreign()], "only a repetition tells"),
                ("unknown", vec![absent()], "not registered"),
            ],
        ),
        (
            OrderCancel,
            json!({ "domain": "example.com", "transfer": true }),
            status,
            vec![
                ("not_applied", vec![foreign()], "only a repetition tells"),
                ("foreign", vec![ours(OLD, OLD, &[])], "carried out"),
                ("unknown", vec![absent()], "not registered"),
            ],
        ),
        (
            HostCreate,
            host(json!({ "address": ["192.0.2.1", "2001:db8::1"] })),
            "status EntityName:NameServer",
            vec![
                ("applied", vec![addresses(NEW, &["2001:DB8:0::1", "192.0.2.1"])], "equals it in ipAddress"),
                ("not_applied", vec![absent()], "not registered"),
                ("foreign", vec![addresses(NEW, &["192.0.2.1"])], "differs in ipAddress"),
                ("foreign", vec![addresses(OLD, &["192.0.2.1", "2001:db8::1"])], "before this order"),
                ("foreign", vec![foreign()], "another registrar's"),
                ("unknown", vec![addresses(EDGE, &["192.0.2.1", "2001:db8::1"])], "shortly before"),
            ],
        ),
        (
            HostUpdate,
            host(json!({ "add_address": ["192.0.2.2"], "remove_address": "192.0.2.1" })),
            "status EntityName:NameServer",
            vec![
                ("applied", vec![addresses(OLD, &["192.0.2.2"])], "equals"),
                ("not_applied", vec![addresses(OLD, &["192.0.2.1"])], "differs"),
                ("unknown", vec![addresses(OLD, &["192.0.2.1", "192.0.2.2"])], "in part"),
                ("foreign", vec![absent()], "not registered any more"),
                ("foreign", vec![foreign()], "another registrar's"),
            ],
        ),
        (
            HostUpdate,
            host(json!({ "new_name": "ns2.example.com", "address": "192.0.2.1" })),
            "status EntityName:NameServer NameServer:ns2.example.com",
            vec![
                ("applied", vec![addresses(OLD, &["192.0.2.1"])], "equals"),
                ("not_applied", vec![absent()], "no name server of the new name"),
                ("unknown", vec![addresses(OLD, &["192.0.2.9"])], "other addresses"),
                ("foreign", vec![foreign()], "another registrar's"),
            ],
        ),
        (
            HostUpdate,
            host(json!({ "new_name": "ns2.example.com" })),
            "status EntityName:NameServer NameServer:ns2.example.com",
            vec![("applied", vec![addresses(OLD, &["192.0.2.9"])], "equals the order in name")],
        ),
        (
            HostDelete,
            host(json!({})),
            "check EntityName:NameServer",
            vec![
                ("applied", vec![reply("212", &[])], "CHECK: not registered"),
                (
                    "not_applied",
                    vec![reply("213", &["ipAddress:192.0.2.1"]), addresses(OLD, &["192.0.2.1"])],
                    "still there",
                ),
                ("unknown", vec![reply("213", &[]), addresses(NEW, &["192.0.2.1"])], "registered since"),
                ("unknown", vec![reply("213", &[]), foreign()], "another registrar's"),
            ],
        ),
    ]
}

#[test]
fn every_write_has_its_question_and_its_findings() {
    for (operation, params, asks, proofs) in rows() {
        let (asked, none) = play(false, None, None, (operation, &params), &[]);
        assert!(none.is_none() && asked[0].starts_with(asks), "{operation}: {asked:?}");
        for (word, answers, names) in &proofs {
            let (found, evidence) = found(None, operation, &params, answers);
            assert_eq!(found, *word, "{operation} {params}: {evidence}");
            assert!(evidence.contains(names), "{operation} {word}: {evidence}");
        }
    }
    for operation in super::super::PLUGIN.operations.iter().filter(|operation| operation.writes() && **operation != Raw)
    {
        assert!(rows().iter().any(|(of, ..)| of == operation), "{operation} has no row");
    }
}

#[test]
fn whether_a_transfer_is_pending_only_the_refusal_of_a_repetition_tells() {
    let params = json!({ "domain": "example.com" });
    let ours = || ours(OLD, OLD, &["registrar transfer date:2025-12-01 08:00:01.0"]);
    use Refusal::{Flagged, Foreign, NotFlagged};
    for (operation, refusal, answer, word, names) in [
        (DomainTransfer, Flagged, foreign(), "taken", "536"),
        (DomainTransfer, Foreign, foreign(), "not_applied", "only a repetition"),
        (DomainTransferApprove, NotFlagged, ours(), "foreign", "534"),
        (DomainTransferApprove, NotFlagged, foreign(), "applied", "let go"),
        (DomainTransferApprove, Foreign, foreign(), "applied", "let go"),
        (OrderCancel, NotFlagged, foreign(), "applied", "534"),
        (OrderCancel, NotFlagged, ours(), "foreign", "carried out"),
        (OrderCancel, Foreign, foreign(), "foreign", "another's (531)"),
        (DomainTransferReject, NotFlagged, ours(), "applied", "534"),
        (DomainTransferReject, NotFlagged, foreign(), "unknown", "withdrawn, if"),
        (DomainTransferReject, Foreign, foreign(), "foreign", "531"),
    ] {
        let (found, evidence) = found(Some(refusal), operation, &params, &[answer]);
        assert_eq!(found, word, "{operation} {refusal:?}: {evidence}");
        assert!(evidence.contains(names), "{operation}: {evidence}");
    }
}

#[test]
fn a_transfer_that_was_taken_is_followed_until_the_domain_is_ours() {
    let params = json!({ "domain": "example.com" });
    let request = json!({ "request": "transfer\nEntityName:Domain\nDomainName:example.com" });
    for (operation, params) in [(DomainTransfer, &params), (Raw, &request)] {
        let follow = |answer: Answer| {
            let finding = play(true, None, None, (operation, params), &[answer]).1.unwrap();
            (finding.word(), finding.evidence().to_owned())
        };
        let since = |date: &str| ours(OLD, OLD, &[&format!("registrar transfer date:{date}")]);
        assert_eq!(follow(since(NEW)).0, "applied");
        assert_eq!(follow(since(EDGE)).0, "applied", "clocks differ, and the order was taken");
        assert_eq!(follow(foreign()).0, "not_applied", "which ends it only after the time for decisions");
        assert_eq!(follow(absent()).0, "foreign");
        assert_eq!(follow(reply("549", &[])).0, "unknown");
    }
    let update = json!({ "domain": "example.com", "add_nserver": "ns1.example.net" });
    assert_eq!(play(true, None, None, (DomainUpdate, &update), &[]).1.unwrap().word(), "unknown");
}

#[test]
fn the_earlier_of_two_like_orders_has_the_effect() {
    let just_now = Some("2026-12-01T12:59:30Z");
    let long_ago = Some("2026-12-01T12:00:00Z");
    let host = json!({ "host": "ns1.example.com", "address": "192.0.2.1" });
    for (operation, params, answer) in [
        (DomainCreate, json!({ "domain": "example.com", "years": 1 }), ours(NEW, NEW, &[])),
        (DomainDelete, json!({ "domain": "example.com" }), reply("210", &[])),
        (HostCreate, host.clone(), ours(NEW, NEW, &["ipAddress:192.0.2.1"])),
        (HostDelete, json!({ "host": "ns1.example.com" }), reply("212", &[])),
        (DomainTransferApprove, json!({ "domain": "example.com" }), foreign()),
    ] {
        for (so_already, word) in [(just_now, "foreign"), (long_ago, "applied"), (None, "applied")] {
            let finding = play(false, so_already, None, (operation, &params), std::slice::from_ref(&answer)).1.unwrap();
            assert_eq!(finding.word(), word, "{operation}: {}", finding.evidence());
        }
    }
    // A second refusal of a transfer: perhaps it was asked for again in between.
    let params = json!({ "domain": "example.com" });
    for (so_already, word) in [(just_now, "unknown"), (long_ago, "applied")] {
        let order = (DomainTransferReject, &params);
        let finding = play(false, so_already, Some(Refusal::NotFlagged), order, &[ours(OLD, OLD, &[])]).1.unwrap();
        assert_eq!(finding.word(), word, "{}", finding.evidence());
    }
    // What dates alone would leave open.
    let edge = ours(EDGE, EDGE, &[]);
    let params = json!({ "domain": "example.com", "years": 1 });
    assert_eq!(play(false, just_now, None, (DomainCreate, &params), &[edge]).1.unwrap().word(), "foreign");
    // Registered by the earlier job within the second in which this one was written down, and for other years.
    let longer = ours(NEW, NEW, &["registration expiration date:2031-12-01 08:00:01.0"]);
    let years = json!({ "domain": "example.com", "years": 2 });
    assert_eq!(play(false, just_now, None, (DomainCreate, &years), &[longer]).1.unwrap().word(), "foreign");
}
