//! Domains: names, holders, name servers, records in the zone, keys.

use serde_json::{Value, json};

use super::{Row, Table};

const KEY: &str = "AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBYp9UnqrbXr7g4p8aDMI0ZuN4M8bxlPz+ItVfWO71rSkcxK1HwqmH4Pi1vSM3L6uYqZopEG9gJLqNpBBmzR29iSwR86TdnGUJ21Jfagc/+9xk3xmtdzNK3ROUcn/f8yiBN";

fn domain() -> Value {
    json!({
        "domain": "beispiel-fünf.de", "domain_ace": "xn--beispiel-fnf-mlb.de", "holder": ["DENIC-1000001-MAX"],
        "nserver": ["ns1.example.net", "ns2.xn--beispiel-fnf-mlb.de 192.0.2.1 2001:db8::1"], "dnskey": [format!("257 3 8 {KEY}")],
    })
}

fn names() -> Vec<Row> {
    let named = |domain: &str| json!({ "domain": domain, "domain_ace": null, "nserver": ["ns1.example.net", "ns2.example.net"] });
    vec![
        (named("example.com"), "domain", ".de"),
        (named("www.example.de"), "domain", ".de"),
        (named("-example.de"), "domain", "hyphen"),
        (named("example-.de"), "domain", "hyphen"),
        (named("ex--ample.de"), "domain", "hyphen"),
        (named("exa_mple.de"), "domain", "letters, digits and hyphens"),
        (named("例.de"), "domain", "letter"),
        (named(&format!("{}.de", "a".repeat(64))), "domain", "63"),
        (json!({"domain": null}), "domain", "missing"),
        (json!({"domain_ace": "xn--dnic-5qa.de"}), "domain_ace", "xn--beispiel-fnf-mlb.de"),
    ]
}

fn contacts() -> Vec<Row> {
    let six: Vec<_> = (0..6).map(|n| format!("DENIC-1000001-MAX{n}")).collect();
    vec![
        (json!({"holder": null}), "holder", "missing"),
        (json!({"holder": six}), "holder", "at most 5"),
        (json!({"holder": ["DENIC-1000001-MAX", "denic-1000001-max"]}), "holder[1]", "twice"),
        (json!({"holder": ["DENIC-1000002-MAX"]}), "holder[0]", "DENIC-1000001-"),
        (json!({"abuse_contact": "MAX"}), "abuse_contact", "9 to 32"),
        (json!({"general_request": "DENIC-1000002-GR"}), "general_request", "DENIC-1000001-"),
        (json!({"years": 2}), "years", "unknown parameter"),
    ]
}

fn servers() -> Vec<Row> {
    let nserver = |servers: &[&str]| json!({ "nserver": servers });
    let many: Vec<_> = (0..14).map(|n| format!("ns{n}.example.net")).collect();
    vec![
        (json!({"nserver": null}), "nserver", "either"),
        (nserver(&["ns1.example.net"]), "nserver", "2 to 13"),
        (json!({"nserver": many}), "nserver", "2 to 13"),
        (nserver(&["ns1.example.net", "NS1.example.net."]), "nserver[1]", "twice"),
        (nserver(&["ns1.example.net", "ns2.beispiel-fünf.de"]), "nserver[1]", "glue"),
        (nserver(&["ns1.example.net", "ns2.xn--beispiel-fnf-mlb.de 192.0.2.256"]), "nserver[1]", "address"),
        (nserver(&["ns1.example.net", "ns 2.example.net"]), "nserver[1]", "host"),
        (json!({"nserver": vec!["ns1.example.net"; 1001]}), "nserver", "at most 1000"),
        (
            json!({"nserver": ["ns1.example.net", format!("ns2.xn--beispiel-fnf-mlb.de{}", " 192.0.2.1".repeat(17))]}),
            "nserver[1]",
            "at most 16",
        ),
        (json!({"nsentry": ["xn--beispiel-fnf-mlb.de IN A 198.51.100.1"]}), "nsentry", "either"),
    ]
}

/// Records in the .de zone: without name servers and keys.
fn records() -> Vec<Row> {
    let records = |records: &[&str]| json!({ "nserver": null, "domain": "example.de", "domain_ace": null, "dnskey": null, "nsentry": records });
    let six = ["a", "b", "c", "d", "e", "f"].map(|name| format!("{name}.example.de IN A 192.0.2.1"));
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    let mut key = records(&["example.de IN A 192.0.2.1"]);
    key["dnskey"] = json!([format!("257 3 8 {KEY}")]);
    vec![
        (records(&six), "nsentry", "at most 5"),
        (records(&["example.net IN A 192.0.2.1"]), "nsentry[0]", "example.de"),
        (records(&["example.de IN TXT hello"]), "nsentry[0]", "MX"),
        (records(&["example.de IN A 2001:db8::1"]), "nsentry[0]", "IPv4"),
        (records(&["example.de IN AAAA 192.0.2.1"]), "nsentry[0]", "IPv6"),
        (records(&["*.example.de IN A 192.0.2.1"]), "nsentry[0]", "MX"),
        (records(&["example.de IN MX mail.example.net"]), "nsentry[0]", "preference"),
        (records(&["example.de IN MX 1000 mail.example.net"]), "nsentry[0]", "999"),
        (records(&["example.de IN MX 10 mail.example.de"]), "nsentry[0]", "mail.example.de"),
        (
            records(&["example.de IN MX 10 mail.example.net", "example.de IN MX 10 mail2.example.net"]),
            "nsentry[1]",
            "preference",
        ),
        (records(&["example.de IN MX 0 .", "example.de IN MX 10 mail.example.net"]), "nsentry[0]", "null MX"),
        (key, "dnskey", "nsentry"),
    ]
}

fn keys() -> Vec<Row> {
    let key = |text: &str| json!({ "dnskey": [text] });
    vec![
        (key(&format!("0 3 8 {KEY}")), "dnskey[0]", "256 or 257"),
        (key(&format!("257 2 8 {KEY}")), "dnskey[0]", "protocol"),
        (key(&format!("257 3 15 {KEY}")), "dnskey[0]", "algorithm"),
        (key("257 3 8 AwEAAcoF*not-base64*AwEAAcoFUSyg1mkE5c33"), "dnskey[0]", "base64"),
        (key("257 3 8"), "dnskey[0]", "base64"),
        (key("257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZAA"), "dnskey[0]", "padded"),
        (key(&format!("257 3 8 {}", KEY.repeat(6))), "dnskey[0]", "999"),
        (json!({"dnskey": vec![format!("257 3 8 {KEY}"); 21]}), "dnskey", "at most 20"),
    ]
}

pub fn tables() -> Vec<Table> {
    let plain = json!({"domain": "example.de"});
    let whole = || [names(), contacts(), servers(), records(), keys()].concat();
    let mut transfer = domain();
    transfer["auth_info"] = json!("SupermanistSuper");
    vec![
        Table { operation: "domain.create", good: domain(), bad: whole() },
        Table { operation: "domain.update", good: domain(), bad: whole() },
        Table { operation: "domain.change_holder", good: domain(), bad: whole() },
        Table { operation: "domain.transfer", good: transfer, bad: whole() },
        Table {
            operation: "domain.delete",
            good: plain.clone(),
            bad: vec![
                (json!({"holder": ["MAX"]}), "holder[0]", "9 to 32"),
                (json!({"nserver": []}), "nserver", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.check",
            good: plain.clone(),
            bad: vec![
                (json!({"domain": null}), "domain", "missing"),
                (json!({"domain": "example.com"}), "domain", ".de"),
                (json!({"domain_ace": "xn--dnic-5qa.de"}), "domain_ace", "example.de"),
                (json!({"recursive": true}), "recursive", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.info",
            good: json!({"domain": "example.de", "recursive": true, "auth_info": "secret"}),
            bad: vec![
                (json!({"domain": "www.example.de"}), "domain", ".de"),
                (json!({"recursive": "yes"}), "recursive", "true or false"),
                (json!({"auth_info": ""}), "auth_info", "not empty"),
                (json!({"auth_info": "x".repeat(256)}), "auth_info", "255"),
                (json!({"password": "secret"}), "password", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.authcode_request",
            good: plain.clone(),
            bad: vec![
                (json!({"domain": null}), "domain", "missing"),
                (json!({"auth_info": "SupermanistSuper"}), "auth_info", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.authcode_delete",
            good: plain.clone(),
            bad: vec![
                (json!({"domain": "exa_mple.de"}), "domain", "letters, digits and hyphens"),
                (json!({"auth_info": "SupermanistSuper"}), "auth_info", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.restore",
            good: plain,
            bad: vec![(json!({"domain": "example.com"}), "domain", ".de")],
        },
    ]
}
