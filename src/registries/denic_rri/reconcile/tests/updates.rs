//! Lost orders about data: of a contact, of a domain, whole and merged.

use super::*;

const OLD: &str = "2020-01-01T00:00:00+01:00";
const EDGE: &str = "2026-11-21T12:59:59+01:00";
const SAME: &str = "2026-11-21T13:00:00+01:00";
const NEW: &str = "2026-11-21T13:00:01+01:00";

const CONTACT: &str = "Result: success\nHandle: DENIC-1000022-MAX\nType: PERSON\nName: Max Mustermann\nAddress: Weg 1\nPostalCode: 60596\nCity: Frankfurt\nCountryCode: DE\nEmail: max@example.de\nPhone: +49.6927235";

fn contact_params() -> Value {
    json!({
        "handle": "denic-1000022-max", "type": "PERSON", "name": "Max Mustermann", "address": "Weg 1",
        "postal_code": "60596", "city": "Frankfurt", "country_code": "DE", "email": "max@example.de",
        "phone": "+49.6927235",
    })
}

fn found(operation: Operation, params: &Value, answer: &str) -> String {
    let (asked, found) = play(operation, params.clone(), &[answer]);
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].writes());
    found
}

#[test]
fn a_lost_contact_update() {
    let update = |params: &Value, shown: &str, changed: &str| {
        found(Operation::ContactUpdate, params, &format!("{shown}\nChanged: {changed}"))
    };
    let moved = CONTACT.replace("Weg 1", "Weg 2");
    let whole = contact_params();
    for (shown, changed, expected) in [
        (CONTACT, NEW, "applied"),
        (CONTACT, OLD, "applied"),
        (&moved, OLD, "nothing, same id"),
        (&moved, EDGE, "nothing, same id"),
        (&moved, SAME, "nothing, same id"),
        (&moved, NEW, "unknown: changed since this order, and not to what it says (differs in address;"),
        (&moved, "x", "unknown: INFO shows something else (differs in address) and not when it changed"),
    ] {
        let found = update(&whole, shown, changed);
        assert!(found.starts_with(expected), "{changed}: {found}");
    }
    let organised = format!("{CONTACT}\nOrganisation: Example GmbH");
    assert_eq!(update(&whole, &organised, OLD), "nothing, same id", "what is left out is to be deleted");

    let merged = json!({"handle": "DENIC-1000022-MAX", "merge": true, "address": ["Weg 1"]});
    assert_eq!(update(&merged, &organised, OLD), "applied", "only what was stated counts");
    assert_eq!(update(&merged, &moved, OLD), "nothing, same id");
    let deleting = json!({"handle": "DENIC-1000022-MAX", "merge": true, "organisation": null});
    assert_eq!(update(&deleting, &organised, OLD), "nothing, same id");
    assert_eq!(update(&deleting, CONTACT, OLD), "applied");
}

#[test]
fn earlier_protocols_do_not_show_everything_of_a_contact() {
    let shown = CONTACT.replace("\nPhone: +49.6927235", &format!("\nChanged: {OLD}"));
    for (protocol, expected) in [("5.0", "nothing, same id"), ("4.0", "applied"), ("3.0", "applied")] {
        let rri = rri(protocol);
        let played = play_with(&rri, Rri::reconcile, Operation::ContactUpdate, contact_params(), &[&shown]);
        assert_eq!(played.1, expected, "{protocol}");
    }
}

fn domain_params() -> Value {
    json!({
        "domain": "example.de", "holder": ["denic-1000022-max", "DENIC-1000022-ANN"],
        "general_request": "DENIC-1000022-GR", "nserver": ["NS2.example.de. 192.0.2.1 2001:DB8:0::1", "ns1.example.net"],
        "dnskey": "257 3 8 AwEAAcoF USyg1mkE",
    })
}

fn shown(changed: &str) -> String {
    format!(
        "Result: success\nDomain: example.de\nDomain-Ace: example.de\nStatus: connect\nNserver: ns1.example.net.\nNserver: ns2.example.de. 2001:db8:0:0:0:0:0:1\nNserver: ns2.example.de. 192.0.2.1\nDnskey: 257 3 8 AwEAAcoFUSyg1mkE\nChanged: {changed}\n[Holder]\nHandle: DENIC-1000022-ANN\n[Holder]\nHandle: DENIC-1000022-MAX\n[General Request]\nHandle: DENIC-1000022-GR\n[RegAcc]\nRegAccId: DENIC-1000022\n"
    )
}

#[test]
fn a_lost_update_or_change_of_holders() {
    for operation in [Operation::DomainUpdate, Operation::DomainChangeHolder] {
        let update = |params: &Value, shown: &str| found(operation, params, shown);
        let whole = domain_params();
        assert_eq!(update(&whole, &shown(NEW)), "applied");
        assert_eq!(update(&whole, &shown(OLD)), "applied");
        assert_eq!(update(&whole, &shown(NEW).replace("connect", "pendingCreate")), "taken");
        for (there, instead, field) in [
            ("-ANN", "-EVE", "holder"),
            ("-GR", "-AB", "general_request"),
            ("General Request", "Abuse Contact", "general_request, abuse_contact"),
            ("ns1.example.net.", "ns3.example.net.", "nserver"),
            ("192.0.2.1", "192.0.2.2", "nserver"),
            ("AwEAAcoFUSyg1mkE", "AwEAAcoFUSyg1mkF", "dnskey"),
        ] {
            let other = |changed| shown(changed).replace(there, instead);
            for date in [OLD, EDGE, SAME] {
                assert_eq!(update(&whole, &other(date)), "nothing, same id", "{field} {date}");
            }
            let expected = format!("unknown: changed since this order, and not to what it says (differs in {field};");
            assert!(update(&whole, &other(NEW)).starts_with(&expected), "{field}");
        }
        let mut less = whole.clone();
        less["dnskey"] = Value::Null;
        assert_eq!(update(&less, &shown(OLD)), "nothing, same id", "the keys are to be deleted");

        let merged = json!({"domain": "example.de", "merge": true, "general_request": "denic-1000022-gr"});
        assert_eq!(update(&merged, &shown(OLD)), "applied");
        assert_eq!(update(&merged, &shown(OLD).replace("-GR", "-AB")), "nothing, same id");
        let deleting = json!({"domain": "example.de", "merge": true, "dnskey": []});
        assert_eq!(update(&deleting, &shown(OLD)), "nothing, same id");

        let gone = |changed| shown(changed).replace("RegAccId: DENIC-1000022", "RegAccId: DENIC-99");
        assert!(update(&whole, &gone(OLD)).starts_with("foreign: INFO: the domain is at DENIC-99"));
        assert!(update(&whole, &gone(NEW)).starts_with("unknown: the domain is at DENIC-99"));
        assert_eq!(update(&whole, ABSENT), "foreign: INFO: there is no such domain");
    }
}

#[test]
fn a_lost_transfer() {
    let params = json!({"domain": "example.de", "holder": ["DENIC-1000022-MAX", "DENIC-1000022-ANN"], "nserver": ["ns1.example.net", "ns2.example.net"], "auth_info": "secret"});
    let transfer = |answers: &[&str]| play(Operation::DomainTransfer, params.clone(), answers).1;
    assert_eq!(transfer(&[&shown(NEW)]), "applied");
    assert_eq!(transfer(&[&shown(SAME)]), "applied");
    assert!(transfer(&[&shown(EDGE)]).starts_with("unknown"));
    assert!(transfer(&[&shown("x")]).starts_with("unknown"));
    assert_eq!(transfer(&[&shown(OLD).replace("connect", "redemptionPeriod")]), "nothing, same id");
    assert!(transfer(&[&shown(NEW).replace("connect", "redemptionPeriod")]).starts_with("unknown"));
    assert_eq!(transfer(&[&shown(NEW).replace("connect", "pendingCreate")]), "taken");
    assert!(transfer(&[&shown(OLD)]).starts_with("unknown"), "perhaps ours all along");
    assert!(transfer(&[&shown(OLD).replace("-ANN", "-EVE")]).starts_with("foreign: INFO: already ours"));
    assert!(transfer(&[&shown(NEW).replace("-ANN", "-EVE")]).starts_with("unknown"));
    let still = shown(NEW).replace("RegAccId: DENIC-1000022", "RegAccId: DENIC-99");
    assert_eq!(transfer(&[&still]), "nothing, same id");
    let check = |status: &str| transfer(&[ABSENT, &format!("Result: success\nDomain: example.de\nStatus: {status}")]);
    assert_eq!(check("redemptionPeriod"), "nothing, same id");
    assert!(check("free").starts_with("foreign"));
    assert!(check("connect").starts_with("unknown"));
    assert_eq!(
        play(Operation::DomainTransfer, params.clone(), &[ABSENT]).0,
        [Operation::DomainInfo, Operation::DomainCheck]
    );
}
