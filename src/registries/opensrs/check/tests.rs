//! Rules for fields, value by value.

use serde_json::{Map, Value, json};

use super::super::params::Params;
use super::*;

fn wrong<T: std::fmt::Debug>(found: Result<T, Reject>, part: &str) {
    let reject = found.unwrap_err();
    assert!(reject.reason.contains(part), "{part}: {reject}");
}

#[test]
fn names() {
    for (name, ace) in [
        ("Example.COM.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("XN--BCHER-KVA.com", "xn--bcher-kva.com"),
        ("a.co.uk", "a.co.uk"),
        ("1.io", "1.io"),
    ] {
        assert_eq!(domain("domain", name).as_deref(), Ok(ace), "{name}");
    }
    for (name, rule) in [
        ("com", "two labels"),
        ("", "empty"),
        ("a..com", "empty; got `a..com`"),
        ("-a.com", "hyphen"),
        ("a-.com", "hyphen"),
        ("a_b.com", "letters, digits and hyphens"),
        ("a b.com", "letters, digits and hyphens"),
        ("a/b.com", "letters, digits and hyphens"),
        ("xn--a.com", "ACE form"),
        ("192.0.2.1", "not an address"),
        ("example.c0m", "top-level domain"),
        ("example.x", "top-level domain"),
        ("example.a-b", "top-level domain"),
    ] {
        wrong(domain("domain", name), rule);
    }
    wrong(domain("domain", &format!("{}.com", "a".repeat(64))), "at most 63");
    assert!(domain("domain", &format!("{}.com", "a".repeat(63))).is_ok());
}

#[test]
fn phones() {
    for good in ["+1.4165550123", "+1.4165550123x19", "+999.1", "+49.123456789012x1234"] {
        assert_eq!(phone("phone", good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "4165550123",
        "+1.",
        "+.1",
        "+1234.1",
        "+1.1234567890123",
        "+1.1x",
        "+1.1x12345",
        "+1.1 2",
        "+1-416",
        "+1.416x1x2",
        "+1.\u{661}",
    ] {
        wrong(phone("phone", bad), "+1.4165550123");
    }
}

#[test]
fn mailboxes() {
    for good in ["owner@example.org", "o.w+n@bücher.example", "a@b.co"] {
        assert_eq!(email("email", good), Ok(()), "{good}");
    }
    for (bad, rule) in [
        ("owner", "no @"),
        ("@example.org", "no mailbox"),
        ("a b@example.org", "no mailbox"),
        ("a..b@example.org", "no mailbox"),
        ("a@b@example.org", "no mailbox"),
        ("a@example", "no host"),
        ("a@[192.0.2.1]", "no host"),
        ("a@", "3 to 255"),
    ] {
        wrong(email("email", bad), rule);
    }
}

#[test]
fn amounts() {
    for good in ["0", "14.20", "1500.00", "7.5"] {
        assert_eq!(price("premium_price", good), Ok(()), "{good}");
    }
    for bad in ["", ".5", "1.", "1.234", "1,50", "-1", "1e3", "USD 5", "1234567890"] {
        wrong(price("premium_price", bad), "1500.00");
    }
}

fn contact_of(change: Value, name: &str) -> Result<Vec<Contact>, Reject> {
    let mut owner = json!({
        "first_name": "Owen", "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak St", "city": "Toronto",
        "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123", "email": "owner@example.org",
    });
    owner.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let map = Map::from_iter([("contacts".to_owned(), json!({ "owner": owner }))]);
    contacts(&Params::new(&map, &["contacts"]).unwrap(), &["owner"], ROLES, name)
}

#[test]
fn contacts_are_whole() {
    for (change, name) in [
        (json!({}), "example.com"),
        (
            json!({"address2": "Floor 3", "fax": "+1.4165550124", "url": "http://example.org", "lang_pref": "fr"}),
            "example.ca",
        ),
        (json!({"country": "NL", "state": null}), "example.com"),
        (json!({"state": null}), "example.nl"),
        (json!({"entity_type": "1", "nationality_code": "IT", "reg_code": "RSSMRA"}), "example.it"),
    ] {
        assert!(contact_of(change.clone(), name).is_ok(), "{change}");
    }
    let required = [
        "first_name",
        "last_name",
        "org_name",
        "address1",
        "city",
        "country",
        "postal_code",
        "phone",
        "email",
        "state",
    ];
    for field in required {
        let reject = contact_of(json!({ field: null }), "example.com").err().unwrap();
        assert_eq!(reject.field, Some(format!("params.contacts.owner.{field}")));
        assert!(reject.reason.contains("missing"), "{reject}");
    }
    for (change, field, rule) in [
        (json!({"country": "Canada"}), "country", "ISO 3166-1; got `Canada`"),
        (json!({"country": "UK"}), "country", "ISO 3166-1"),
        (json!({"phone": "416 555 0123"}), "phone", "got `416 555 0123`"),
        (json!({"fax": "none"}), "fax", "+1.4165550123"),
        (json!({"email": "owner"}), "email", "no @"),
        (json!({"lang_pref": "english"}), "lang_pref", "two letters"),
        (json!({"nationality_code": "ZZ"}), "nationality_code", "ISO 3166-1"),
        (json!({"city": " "}), "city", "empty"),
        (json!({"city": ["Toronto"]}), "city", "not a list"),
        (json!({"city": "To\nronto"}), "city", "control characters"),
        (json!({"zip": "M6K"}), "zip", "unknown"),
    ] {
        let reject = contact_of(change.clone(), "example.com").err().unwrap_or_else(|| panic!("{change}"));
        assert_eq!(reject.field, Some(format!("params.contacts.owner.{field}")), "{reject}");
        assert!(reject.reason.contains(rule), "{change}: {reject}");
    }
}

#[test]
fn a_tree_is_not_nested_too_deep() {
    let nested = |levels: usize| (0..levels).fold(json!("x"), |inner, _| json!([inner]));
    assert!(tree("tld_data", &nested(8)).is_ok());
    wrong(tree("tld_data", &nested(9)), "deeper than 8");
}
