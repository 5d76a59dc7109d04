//! An order beside what INFO shows: the names of the fields that differ. Names only, the values may be personal data.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::super::check::names;
use super::super::{commands, merge};
use super::Case;

/// The fields of a contact that differ.
pub fn contact(case: &Case<'_>, shown: &Value) -> Vec<&'static str> {
    let differences = commands::differences(case.doubt.params, shown);
    let compared = contact_fields(case);
    differences.into_iter().filter(|name| compared.contains(name)).collect()
}

/// The fields of a contact that are compared.
pub fn contact_fields(case: &Case<'_>) -> Vec<&'static str> {
    // Earlier protocols take a phone number and do not show it.
    let is_shown = |name: &str| case.rri.is_current() || !["phone", "verification"].contains(&name);
    // Without the handle, by which it was asked for.
    let fields = commands::CONTACT.iter().copied().filter(|name| *name != "handle");
    fields.filter(|name| is_shown(name) && is_stated(case, name)).collect()
}

/// The fields of a domain that differ, compared as sets: the registry keeps no order.
pub fn domain(case: &Case<'_>, shown: &Value) -> Vec<&'static str> {
    let domain = case.object.name();
    let differs = |name: &&str| {
        let [ours, theirs] = [case.doubt.params.get(*name), shown.get(*name)].map(|value| set(domain, name, value));
        ours != theirs
    };
    domain_fields(case).into_iter().filter(differs).collect()
}

/// The fields of a domain that are compared.
pub fn domain_fields(case: &Case<'_>) -> Vec<&'static str> {
    merge::DOMAIN.iter().copied().filter(|name| is_stated(case, name)).collect()
}

/// Of a job that states only what shall change, the rest is not its doing.
fn is_stated(case: &Case<'_>, name: &str) -> bool {
    let params: &Map<String, Value> = case.doubt.params;
    params.contains_key(name) || !merge::is_wanted(case.doubt.operation, params)
}

/// A field as a sorted list of texts that are equal where they mean the same. Not by way of the checks: what was taken
/// under yesterday's rules, or is shown in a way that may not be ordered, must be comparable too.
fn set(domain: &str, name: &str, value: Option<&Value>) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut set: Vec<String> = match name {
        "nserver" => texts.into_iter().flat_map(|text| nserver(domain, text)).collect(),
        "nsentry" => texts.into_iter().map(nsentry).collect(),
        "dnskey" => texts.into_iter().map(dnskey).collect(),
        _ => texts.into_iter().map(|handle| handle.trim().to_uppercase()).collect(),
    };
    set.sort();
    set
}

/// A host with each of its addresses. Outside of the domain it needs none, and the registry need not keep those it is
/// given.
fn nserver(domain: &str, text: &str) -> Vec<String> {
    let mut words = text.split_whitespace().map(word);
    let host = words.next().unwrap_or_default();
    let addresses = words.filter(|_| names::lies_in(&host, domain));
    let glued: Vec<String> = addresses.map(|address| format!("{host} {address}")).collect();
    if glued.is_empty() { vec![host] } else { glued }
}

fn nsentry(text: &str) -> String {
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Base64 may be written in pieces.
fn dnskey(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (head, key) = words.split_at(words.len().min(3));
    format!("{} {}", head.join(" "), key.concat())
}

/// An address or a name in the one way to write it, anything else in lower case.
fn word(word: &str) -> String {
    if let Some(name) = word.strip_prefix("*.") {
        return format!("*.{}", self::word(name));
    }
    match (word.parse::<IpAddr>(), names::host("", word)) {
        (Ok(address), _) => address.to_string(),
        (_, Ok(ace)) => ace,
        _ => word.trim_end_matches('.').to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DOMAIN: &str = "xn--dnic-loa.de";

    #[test]
    fn the_same_in_other_words() {
        for (name, one, other) in [
            ("nserver", json!(["NS1.Example.net.", "ns2.example.net"]), json!(["ns2.example.net", "ns1.example.net"])),
            (
                "nserver",
                json!(["ns.dänic.de 192.0.2.1 2001:DB8:0::1"]),
                json!(["ns.xn--dnic-loa.de. 2001:db8::1 192.0.2.1"]),
            ),
            ("nserver", json!(["ns.example.net 192.0.2.1"]), json!(["ns.example.net"])),
            ("nsentry", json!(["*.dänic.de. IN MX 0 ."]), json!(["*.xn--dnic-loa.de IN MX 0 ."])),
            ("nsentry", json!("Example.de. in a 192.0.2.1"), json!(["example.de IN A 192.0.2.1"])),
            ("nsentry", json!(["*.example.de. IN MX 0 ."]), json!(["*.Example.de IN MX 0 ."])),
            ("dnskey", json!("257 3 8 AwEA AcoF"), json!(["257  3 8 AwEAAcoF"])),
            ("holder", json!("denic-1-max "), json!(["DENIC-1-MAX"])),
            ("dnskey", json!([]), Value::Null),
        ] {
            assert_eq!(set(DOMAIN, name, Some(&one)), set(DOMAIN, name, Some(&other)), "{one}");
        }
        for (name, one, other) in [
            ("nserver", json!(["ns1.dänic.de 192.0.2.1"]), json!(["ns1.dänic.de"])),
            ("dnskey", json!("257 3 8 AwEA"), json!("257 3 8 Awea")),
            ("nsentry", json!("example.de. IN MX 10 ."), json!("example.de. IN MX 0 .")),
        ] {
            assert_ne!(set(DOMAIN, name, Some(&one)), set(DOMAIN, name, Some(&other)), "{one}");
        }
    }
}
