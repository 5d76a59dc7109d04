//! The bundled bulk: 344 jobs of a small registrar's morning, good and bad, always the same.

use serde_json::{Value, json};
use uuid::Uuid;

/// Contacts that are created.
const CONTACTS: u128 = 40;
/// Domains that are registered for them.
const DOMAINS: u128 = 160;
/// Of these domains, so many are looked at and so many deleted again.
const CHECKED: u128 = 80;
const DELETED: u128 = 40;

/// The jobs of the demo for an account. Ids are fixed, so that submitting twice changes nothing.
#[must_use]
pub fn jobs(account: &str) -> Vec<Value> {
    let mut jobs = Vec::new();
    jobs.push(request_contact(account));
    jobs.extend((0..CONTACTS).map(|n| contact(account, n)));
    jobs.extend((0..DOMAINS).map(|n| registration(account, n)));
    jobs.extend(
        (0..CHECKED).map(|n| job(account, 3, n, "domain.check", json!({ "domain": name(n * 2) }), &[id(2, n * 2)])),
    );
    jobs.extend(
        (0..DELETED).map(|n| job(account, 4, n, "domain.delete", json!({ "domain": name(n * 3) }), &[id(2, n * 3)])),
    );
    jobs.extend(hopeless(account));
    jobs.extend(invalid(account));
    jobs
}

fn id(kind: u128, n: u128) -> Uuid {
    Uuid::from_u128(0x0192_f0c1_7b7e_7c3a_9f00_0000_0000_0000 | (kind << 32) | n)
}

fn handle(account: &str, n: u128) -> String {
    format!("{account}-HOLDER{n}")
}

fn name(n: u128) -> String {
    if n.is_multiple_of(10) { format!("beispiel-fünf-{n}.de") } else { format!("demo-{n}.de") }
}

fn job(account: &str, kind: u128, n: u128, operation: &str, params: Value, after: &[Uuid]) -> Value {
    json!({
        "id": id(kind, n),
        "account": account,
        "operation": operation,
        "params": params,
        "after": after,
        "context": { "order": format!("A-{kind}{n:04}") },
    })
}

fn request_contact(account: &str) -> Value {
    let params = json!({
        "handle": format!("{account}-ABUSE"),
        "type": "REQUEST",
        "uri_template": "https://example.net/abuse?domain={Alabel}",
    });
    job(account, 0, 0, "contact.create", params, &[])
}

fn contact(account: &str, n: u128) -> Value {
    let kind = if n.is_multiple_of(2) { "PERSON" } else { "ORG" };
    let params = json!({
        "handle": handle(account, n),
        "type": kind,
        "name": if kind == "ORG" { "Example Works" } else { "Erika Mustermann" },
        "address": ["Example Street 1"],
        "postal_code": "60329",
        "city": "Frankfurt am Main",
        "country_code": "DE",
        "email": ["holder@example.de"],
        "phone": "+49.6912345678",
    });
    job(account, 1, n, "contact.create", params, &[])
}

fn registration(account: &str, n: u128) -> Value {
    // Every 40th has name servers that fail the registry's check: registered, but to be repaired within 30 days.
    let first = if n % 40 == 39 { "ns1.fail.example.net" } else { "ns1.example.net" };
    let params = json!({
        "domain": name(n),
        "holder": [handle(account, n % CONTACTS)],
        "abuse_contact": format!("{account}-ABUSE"),
        "nserver": [first, "ns2.example.net"],
    });
    job(account, 2, n, "domain.create", params, &[id(1, n % CONTACTS), id(0, 0)])
}

/// Jobs the registry turns down, and one that is cancelled because its predecessor fails.
fn hopeless(account: &str) -> Vec<Value> {
    let again =
        json!({ "domain": name(1), "holder": [handle(account, 0)], "nserver": ["ns1.example.net", "ns2.example.net"] });
    let unknown = json!({ "domain": "no-such-holder.de", "holder": [format!("{account}-NOBODY")], "nserver": ["ns1.example.net", "ns2.example.net"] });
    vec![
        job(account, 5, 0, "domain.create", again, &[id(2, 1)]),
        job(account, 5, 1, "domain.create", unknown, &[]),
        job(account, 5, 2, "domain.info", json!({ "domain": "no-such-holder.de" }), &[id(5, 1)]),
        job(account, 5, 3, "contact.check", json!({ "handle": handle(account, 3) }), &[id(1, 3)]),
        job(account, 5, 4, "contact.info", json!({ "handle": handle(account, 4) }), &[id(1, 4)]),
        job(account, 5, 5, "domain.info", json!({ "domain": name(7) }), &[id(2, 7)]),
    ]
}

/// Submissions that are turned away at the door, each for another reason.
fn invalid(account: &str) -> Vec<Value> {
    let servers = json!(["ns1.example.net", "ns2.example.net"]);
    let holder = json!([handle(account, 0)]);
    let mut rows = vec![
        job("DENIC-9999999", 6, 0, "domain.check", json!({ "domain": "example.de" }), &[]),
        job(account, 6, 1, "domain.steal", json!({ "domain": "example.de" }), &[]),
        job(account, 6, 2, "domain.create", json!({ "holder": holder, "nserver": servers }), &[]),
        job(account, 6, 3, "domain.create", json!({ "domain": "example.de", "holder": [], "nserver": servers }), &[]),
        job(
            account,
            6,
            4,
            "domain.create",
            json!({ "domain": "example.de", "holder": holder, "nserver": ["ns1.example.net"] }),
            &[],
        ),
        job(
            account,
            6,
            5,
            "domain.create",
            json!({ "domain": "example.de", "holder": holder, "nservers": servers }),
            &[],
        ),
        job(
            account,
            6,
            6,
            "domain.create",
            json!({ "domain": "example.de", "holder": ["DENIC-1000002-FOREIGN"], "nserver": servers }),
            &[],
        ),
        job(account, 6, 7, "contact.create", json!({ "handle": handle(account, 900), "type": "ROBOT" }), &[]),
        job(account, 6, 8, "domain.check", json!({ "domain": 42 }), &[]),
        job(account, 6, 9, "domain.check", json!({ "domain": "example.de\nAction: DELETE" }), &[]),
        job(account, 6, 10, "host.create", json!({ "host": "ns1.example.de" }), &[]),
        job(account, 6, 11, "domain.check", json!({ "domain": "example.de" }), &[id(6, 11)]),
    ];
    // The same id as a registration above, with other content: the first stands.
    rows.push(job(account, 2, 5, "domain.check", json!({ "domain": "example.de" }), &[]));
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn is_large_and_always_the_same() {
        let bulk = jobs("DENIC-1000001");
        assert!(bulk.len() >= 300, "{}", bulk.len());
        assert_eq!(bulk, jobs("DENIC-1000001"));
        let ids: HashSet<_> = bulk.iter().filter_map(|job| job["id"].as_str().map(str::to_owned)).collect();
        assert_eq!(ids.len(), bulk.len() - 1, "only the conflict repeats an id");
    }
}
