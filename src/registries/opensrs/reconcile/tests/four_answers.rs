//! Every write beside §7.3 of the reference: what is asked, and answers of the registry for each thing they may prove.

use super::*;
use Operation::{
    DomainAuthcodeCreate, DomainAuthcodeRequest, DomainChangeHolder, DomainCreate, DomainDelete, DomainRenew,
    DomainRestore, DomainTransfer, DomainUpdate, HostCreate, HostDelete, HostUpdate, MessageDelete, OrderCancel,
    OrderProcess,
};

/// Finding, answers, what the evidence names.
type Proof = (&'static str, Vec<Answer>, &'static str);

struct Row {
    operation: Operation,
    params: Value,
    /// The first question; empty if none is asked.
    asks: &'static str,
    proofs: Vec<Proof>,
}

fn row(operation: Operation, params: Value, asks: &'static str, proofs: Vec<Proof>) -> Row {
    Row { operation, params, asks, proofs }
}

const LIST: &str = "GET_ORDERS_BY_DOMAIN";

fn one(kind: &str, status: &str) -> Answer {
    orders(&[["7", kind, status, NEW]])
}

fn contact(first_name: &str) -> Value {
    json!({
        "first_name": first_name, "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak St", "city": "Toronto",
        "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123", "email": "owner@example.org",
    })
}

fn money() -> Vec<Row> {
    let domain = || json!({ "domain": "example.com" });
    let saved = || json!({ "domain": "example.com", "save": true });
    let none = || orders(&[]);
    vec![
        row(
            DomainCreate,
            domain(),
            LIST,
            vec![
                (
                    "applied",
                    vec![one("new", "completed"), ours()],
                    "order 7 is this job's (affiliate_id) and completed",
                ),
                ("taken", vec![one("new", "waiting"), ours()], "under way"),
                ("not_applied", vec![none(), belongs("0"), lookup("210", "available")], "LOOKUP: free"),
                ("foreign", vec![none(), belongs("0"), lookup("211", "taken"), none()], "taken by somebody else"),
                ("foreign", vec![one("new", "declined"), ours()], "came to nothing"),
                ("unknown", vec![one("new", "pending"), ours()], "order.process"),
                ("unknown", vec![none(), belongs("0"), lookup("221", "taken")], "on its way"),
                ("unknown", vec![none(), belongs("0"), lookup("486", "")], "on its way"),
            ],
        ),
        row(
            DomainCreate,
            saved(),
            LIST,
            vec![
                ("applied", vec![one("new", "pending"), ours()], "kept as ordered"),
                ("not_applied", vec![one("new", "pending"), theirs()], "no order of this job"),
                ("foreign", vec![one("new", "canceled"), ours()], "came to nothing"),
                ("unknown", vec![said(false, "705", "x", Value::Null)], "was not answered: 705"),
            ],
        ),
        row(
            DomainTransfer,
            domain(),
            LIST,
            vec![
                ("applied", vec![one("transfer", "completed"), ours()], "completed"),
                ("taken", vec![one("transfer", "processed"), ours(), transfer("pending_owner")], "pending_owner"),
                ("not_applied", vec![none(), transfer("undef")], "no transfer under way"),
                ("foreign", vec![one("transfer", "cancelled"), ours()], "order.process"),
                ("unknown", vec![none(), transfer("completed")], "no order of this job"),
                ("unknown", vec![one("transfer", "pending"), ours()], "order.process"),
            ],
        ),
        row(
            DomainRenew,
            json!({ "domain": "example.com", "expires": "2027", "years": 1, "auto_renew": false }),
            LIST,
            vec![
                ("applied", vec![one("renewal", "completed"), ours(), expires("2028")], "completed"),
                ("taken", vec![one("renewal", "waiting"), ours()], "under way"),
                ("not_applied", vec![none(), expires("2027")], "still expires in 2027"),
                ("foreign", vec![one("renewal", "completed"), theirs(), expires("2028")], "renewed by order 7"),
                ("foreign", vec![none(), expires("2031")], "would be refused"),
                ("unknown", vec![none(), expires("2028")], "as ordered, and no order of this job"),
            ],
        ),
    ]
}

fn data() -> Vec<Row> {
    let of = |name: &str, value: Value| json!({ "domain": "example.com", (name): value });
    let hosts = |list: &[&str]| {
        ok(json!({ "nameserver_list": list.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() }))
    };
    let shown =
        |owner: Value, changed: &str| ok(json!({ "contact_set": { "owner": owner }, "registry_updatedate": changed }));
    let switch = |param: &str, kind: &'static str, field: &str| {
        row(
            DomainUpdate,
            of(param, json!(true)),
            kind,
            vec![
                ("applied", vec![ok(json!({ (field): "1" }))], "equals"),
                ("not_applied", vec![ok(json!({ (field): "0" }))], "differs"),
                ("foreign", vec![absent()], "no such domain with us"),
                ("unknown", vec![ok(json!({}))], "does not show"),
            ],
        )
    };
    let contacts = |operation| {
        row(
            operation,
            of("contacts", json!({ "owner": contact("Owen") })),
            "GET all_info",
            vec![
                ("applied", vec![shown(contact("Owen"), OLD)], "equals the order in all fields of owner"),
                ("not_applied", vec![shown(contact("Olga"), OLD)], "differs in owner.first_name"),
                ("not_applied", vec![shown(contact("Olga"), EDGE)], "differs in owner.first_name"),
                ("foreign", vec![absent()], "no such domain with us"),
                // Another order of a minute ago has changed it, too.
                ("not_applied", vec![shown(contact("Olga"), NEW)], "differs in owner.first_name"),
                // Where it is not shown with the rest, it is asked for by itself.
                ("applied", vec![ok(json!({})), shown(contact("Owen"), OLD)], "equals"),
                ("unknown", vec![ok(json!({})), ok(json!({}))], "does not show the contact owner"),
            ],
        )
    };
    let mut rows = vec![
        contacts(DomainUpdate),
        contacts(DomainChangeHolder),
        row(
            DomainUpdate,
            of("nserver", json!(["ns1.example.net", "NS2.example.net"])),
            "GET nameservers",
            vec![
                ("applied", vec![hosts(&["NS2.EXAMPLE.NET", "ns1.example.net"])], "nameserver_list"),
                ("not_applied", vec![hosts(&["ns1.example.net"])], "differs in nameserver_list"),
                ("foreign", vec![absent()], "no such domain with us"),
                ("unknown", vec![ok(json!({}))], "does not show nameserver_list"),
            ],
        ),
        row(
            DomainUpdate,
            json!({ "domain": "example.com", "add_nserver": ["ns3.example.net"], "remove_nserver": ["ns1.example.net"] }),
            "GET nameservers",
            vec![
                ("applied", vec![hosts(&["ns2.example.net", "ns3.example.net"])], "those added are there"),
                ("not_applied", vec![hosts(&["ns1.example.net", "ns2.example.net"])], "none of those added"),
                ("foreign", vec![absent()], "no such domain with us"),
                ("unknown", vec![hosts(&["ns1.example.net", "ns3.example.net"])], "in part"),
            ],
        ),
        row(
            DomainUpdate,
            json!({ "domain": "example.com", "let_expire": true }),
            "GET expire_action",
            vec![
                ("applied", vec![ok(json!({ "auto_renew": "0", "let_expire": "1" }))], "auto_renew, let_expire"),
                ("not_applied", vec![ok(json!({ "auto_renew": "1", "let_expire": "0" }))], "differs"),
                ("foreign", vec![absent()], "no such domain with us"),
                ("unknown", vec![ok(json!({ "let_expire": "1" }))], "does not show"),
            ],
        ),
        switch("lock", "GET status", "lock_state"),
        switch("privacy", "GET whois_privacy_state", "state"),
        switch("parked", "GET status", "parkp_status"),
        row(
            DomainAuthcodeCreate,
            of("auth_info", json!("Ab1!code")),
            "GET domain_auth_info",
            vec![
                ("applied", vec![ok(json!({ "domain_auth_info": "Ab1!code" }))], "the code is the one ordered"),
                ("not_applied", vec![ok(json!({ "domain_auth_info": "Xy2!code" }))], "another one"),
                ("foreign", vec![absent()], "no such domain with us"),
                ("unknown", vec![ok(json!({}))], "does not show the code"),
            ],
        ),
    ];
    rows.iter_mut().for_each(and_what_waits);
    rows
}

/// What is not there may wait at an asynchronous registry.
fn and_what_waits(row: &mut Row) {
    let history = |entries: Value| ok(json!({ "waiting_history": entries }));
    let proofs: Vec<Proof> = std::mem::take(&mut row.proofs);
    for (word, answers, names) in proofs {
        if word != "not_applied" {
            row.proofs.push((word, answers, names));
            continue;
        }
        for (word, waiting, names) in [
            ("not_applied", history(json!([])), names),
            ("not_applied", ok(json!({ "waiting_history": null })), names),
            ("not_applied", said(false, "465", "Unknown Info type", Value::Null), names),
            ("not_applied", absent(), names),
            ("not_applied", history(json!([{ "request_id": "1", "completion_date": OLD }])), names),
            ("not_applied", history(json!([{ "request_id": "1", "status": "Completed" }])), names),
            ("taken", history(json!([{ "request_id": "1", "completion_date": NEW }])), "a change waits"),
            ("taken", history(json!([{ "request_id": "1", "status": "waiting" }])), "a change waits"),
            ("unknown", history(json!([{ "request_id": "1" }])), "not whether it still waits"),
            ("unknown", said(false, "705", "x", Value::Null), "was not answered"),
        ] {
            row.proofs.push((word, [answers.clone(), vec![waiting]].concat(), names));
        }
    }
}

fn rest() -> Vec<Row> {
    let domain = || json!({ "domain": "example.com" });
    let host = || json!({ "host": "ns1.example.com", "domain": "example.com", "address": "192.0.2.53" });
    let there = |name: &str, address: &str| ok(json!({ "nameserver_list": [{ "name": name, "ipaddress": address }] }));
    let no_host = || said(false, "480", "Nameserver ns1.example.com not found", Value::Null);
    let no_domain = || said(false, "480", "Domain example.com not owned by user", Value::Null);
    let kept = |status: &str| vec![theirs(), orders(&[["5", "new", status, OLD]])];
    let and_newer = |status: &str| vec![theirs(), orders(&[["5", "new", "cancelled", OLD], ["9", "new", status, NEW]])];
    vec![
        row(
            DomainDelete,
            domain(),
            "GET all_info",
            vec![
                ("applied", vec![absent(), belongs("0")], "BELONGS_TO_RSP: not ours"),
                ("unknown", vec![expires("2027")], "jobs dismiss"),
                ("unknown", vec![absent(), belongs("1")], "says that it is ours"),
            ],
        ),
        row(
            DomainRestore,
            domain(),
            "GET all_info",
            vec![("applied", vec![expires("2027")], "shown again"), ("unknown", vec![absent()], "costs money")],
        ),
        row(
            HostCreate,
            host(),
            "GET",
            vec![
                ("applied", vec![there("NS1.example.com", "192.0.2.53")], "equals the order in address"),
                ("not_applied", vec![no_host()], "no such host"),
                ("foreign", vec![there("ns1.example.com", "192.0.2.99")], "differs in address"),
                ("unknown", vec![no_domain()], "is not ours"),
            ],
        ),
        row(
            HostUpdate,
            json!({ "host": "ns1.example.com", "domain": "example.com", "address": "192.0.2.53", "new_name": "dns1.example.com" }),
            "GET",
            vec![
                ("applied", vec![there("dns1.example.com", "192.0.2.53")], "name, address"),
                ("not_applied", vec![no_host()], "no host of the new name"),
                ("unknown", vec![there("dns1.example.com", "192.0.2.99")], "other addresses"),
            ],
        ),
        row(
            HostDelete,
            host(),
            "GET",
            vec![
                ("applied", vec![no_host()], "no such host"),
                ("not_applied", vec![there("ns1.example.com", "192.0.2.53")], "still there"),
                ("unknown", vec![no_domain()], "is not ours"),
            ],
        ),
        row(
            OrderProcess,
            json!({ "order": "5" }),
            "GET_ORDER_INFO",
            vec![
                ("applied", kept("completed"), "order 5: completed"),
                ("applied", and_newer("completed"), "order 9 in its place is completed"),
                ("taken", kept("waiting"), "under way"),
                ("taken", and_newer("waiting"), "under way"),
                ("not_applied", kept("pending"), "still pending"),
                ("foreign", and_newer("declined"), "came to nothing"),
                ("unknown", kept("cancelled"), "before this job or since"),
            ],
        ),
        row(
            OrderProcess,
            json!({ "order": "5", "transfer": true }),
            "GET_ORDER_INFO",
            vec![
                ("not_applied", vec![theirs(), orders(&[["5", "transfer", "cancelled", OLD]])], "no newer transfer"),
                (
                    "taken",
                    vec![theirs(), orders(&[["5", "transfer", "cancelled", OLD], ["9", "transfer", "processed", NEW]])],
                    "order 9 in its place is under way",
                ),
            ],
        ),
        row(
            OrderCancel,
            json!({ "order": 5 }),
            "GET_ORDER_INFO",
            vec![
                ("applied", kept("cancelled"), "cancelled"),
                ("not_applied", kept("pending"), "not cancelled"),
                ("foreign", kept("completed"), "before it could be cancelled"),
                ("unknown", kept("odd"), "not known"),
            ],
        ),
        row(
            OrderCancel,
            json!({ "domain": "example.com", "transfer": true }),
            "CHECK_TRANSFER",
            vec![
                ("applied", vec![transfer("cancelled")], "cancelled"),
                ("not_applied", vec![transfer("pending_owner")], "pending_owner"),
                ("foreign", vec![transfer("completed")], "completed"),
                ("unknown", vec![transfer("undef")], "shows no transfer"),
            ],
        ),
        row(
            OrderCancel,
            json!({ "all_until": "2026-01-15T00:00:00Z" }),
            "",
            vec![("not_applied", vec![], "the same moment")],
        ),
        row(MessageDelete, json!({ "id": "6887" }), "", vec![("not_applied", vec![], "harmless")]),
        row(DomainAuthcodeRequest, domain(), "", vec![("unknown", vec![], "more than once")]),
    ]
}

/// What must never stand in an evidence: values that are secret or about people.
const PRIVATE: [&str; 7] = ["Owen", "Olga", "Oak St", "M6K", "5550123", "owner@example.org", "!code"];

#[test]
fn each_write_has_its_question_and_its_answers() {
    let rows: Vec<Row> = [money(), data(), rest()].into_iter().flatten().collect();
    for Row { operation, params, asks, proofs } in &rows {
        for (word, answers, names) in proofs {
            let (asked, finding) = converse(*operation, params.clone(), answers);
            let finding = finding.unwrap_or_else(|| panic!("{operation}, {word} {names}: asks on, {asked:?}"));
            let evidence = finding.evidence();
            assert_eq!(finding.word(), *word, "{operation} {names}: {evidence}");
            assert_eq!(asked.first().map_or("", String::as_str), *asks, "{operation}");
            assert!(evidence.contains(names), "{operation}, {word}, {names}: {evidence}");
            for private in PRIVATE {
                assert!(!evidence.contains(private), "{operation}: {evidence}");
            }
            if let Finding::Nothing { same_transaction, .. } = finding {
                assert_eq!(
                    same_transaction,
                    *operation != MessageDelete,
                    "{operation}: whichever counts bears one mark"
                );
            }
        }
    }
    let tried = |operation: &Operation| rows.iter().any(|row| row.operation == *operation);
    let writes = commands::OPERATIONS.iter().filter(|operation| operation.writes() && **operation != Operation::Raw);
    let missing: Vec<_> = writes.filter(|operation| !tried(operation)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A question that is not answered settles nothing.
#[test]
fn refused_questions_prove_nothing() {
    for Row { operation, params, asks, .. } in [money(), data(), rest()].into_iter().flatten() {
        for (yes, code) in
            [(false, "705"), (false, "310"), (false, "400"), (false, "200"), (true, "499"), (false, "410")]
        {
            if asks.is_empty() {
                continue;
            }
            let refused = said(yes, code, "x", Value::Null);
            let (word, why) = found(operation, params.clone(), &[refused]);
            assert_eq!(word, "unknown", "{operation} {code}: {why}");
        }
    }
}

/// Asked about an order that was taken: what is not there yet proves nothing, the rest as above.
#[test]
fn orders_that_were_taken_are_followed_to_their_end() {
    for Row { operation, params, proofs, .. } in [money(), data(), rest()].into_iter().flatten() {
        for (word, answers, _) in proofs {
            let finding = play(follow_up, None, ID, operation, params.clone(), &answers).1.unwrap();
            let expected = if word == "not_applied" { "unknown" } else { word };
            assert_eq!(finding.word(), expected, "{operation}: {}", finding.evidence());
        }
    }
}
