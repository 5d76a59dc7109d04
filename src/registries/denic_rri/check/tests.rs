//! Whole jobs: a good one of each kind passes, each change that breaks a rule is refused by field, rule and value, what
//! an account may loosen follows its levels, and no parameters whatever make the check fail otherwise.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::commands::OPERATIONS;
use super::super::dialect::Rri;
use super::rules::{Level, Levels, RULES};
use crate::model::{Operation, Reject};
use crate::registries::{Checked, Dialect, WireOptions};

fn dialect(levels: &[(&str, Level)]) -> Rri {
    let levels: BTreeMap<_, _> = levels.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
    let options = WireOptions { account: "DENIC-1000022".into(), ..WireOptions::default() };
    Rri::new(&options).unwrap().with_levels(Levels::of(&levels).unwrap())
}

fn check(operation: Operation, params: &Value) -> Result<Checked, Reject> {
    dialect(&[]).check(operation, params.as_object().unwrap())
}

/// A job with some parameters changed; null takes one away.
fn changed(mut params: Value, change: &Value) -> Value {
    let (Some(map), Some(change)) = (params.as_object_mut(), change.as_object()) else { unreachable!("objects") };
    map.extend(change.clone());
    map.retain(|_, value| !value.is_null());
    params
}

fn person() -> Value {
    json!({
        "handle": "DENIC-1000022-MAX", "type": "PERSON", "name": "Max Mustermann", "organisation": "Example GmbH",
        "address": ["Business Services", "Weg 1"], "postal_code": "60596", "city": "Frankfurt am Main",
        "country_code": "DE", "email": ["max@example.de", "m@example.de"], "phone": "+49.6927235x290",
        "verification": [{"claims": ["name", "address"], "result": "success", "reference": "ABC123/45GHT",
            "timestamp": "2023-11-11T15:36:21+02:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic"}],
    })
}

fn organisation() -> Value {
    changed(person(), &json!({"type": "ORG", "organisation": null, "name": "Example GmbH"}))
}

fn request() -> Value {
    json!({"handle": "DENIC-1000022-ABUSE", "type": "REQUEST", "uri_template": "mailto:a@example.de?subject={Ulabel}"})
}

fn delegated() -> Value {
    json!({
        "domain": "fünf.de", "domain_ace": "xn--fnf-hoa.de", "holder": ["DENIC-1000022-MAX", "DENIC-1000022-ERIKA"],
        "general_request": "DENIC-1000022-GENREQ", "abuse_contact": "DENIC-1000022-ABUSE",
        "nserver": ["ns1.example.net", "ns.fünf.de 192.0.2.1 2001:db8::1"],
        "dnskey": ["257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"],
    })
}

fn in_zone() -> Value {
    json!({"domain": "example.de", "holder": "DENIC-1000022-MAX", "nsentry": [
        "example.de. IN A 9.9.9.9", "mail.example.de. IN AAAA 2620:fe::9", "example.de. IN MX 10 mail.example.de."]})
}

#[test]
fn a_good_job_of_each_kind_passes_without_a_warning() {
    for (operation, params, object) in [
        (Operation::ContactCreate, person(), "contact:DENIC-1000022-MAX"),
        (Operation::ContactCreate, organisation(), "contact:DENIC-1000022-MAX"),
        (Operation::ContactCreate, request(), "contact:DENIC-1000022-ABUSE"),
        (Operation::ContactCheck, json!({"handle": "DENIC-1000022-MAX"}), "contact:DENIC-1000022-MAX"),
        (Operation::ContactInfo, json!({"handle": "denic-1000022-max"}), "contact:DENIC-1000022-MAX"),
        (Operation::DomainCreate, delegated(), "domain:xn--fnf-hoa.de"),
        (Operation::DomainCreate, in_zone(), "domain:example.de"),
        (Operation::DomainCheck, json!({"domain": "straße.de"}), "domain:xn--strae-oqa.de"),
        (Operation::DomainInfo, json!({"domain": "example.de", "recursive": true}), "domain:example.de"),
        (
            Operation::DomainDelete,
            json!({"domain": "example.de", "holder": ["DENIC-1000022-MAX"]}),
            "domain:example.de",
        ),
    ] {
        let checked = check(operation, &params).unwrap_or_else(|reject| panic!("{params}: {reject}"));
        assert_eq!((checked.object.as_str(), checked.warnings), (object, vec![]), "{params}");
    }
}

/// Each row: what is changed in a good job, and the field at fault with words of the rule.
fn refused(operation: Operation, good: &Value, rows: &[(Value, &str, &str)]) {
    for (change, field, rule) in rows {
        let reject = check(operation, &changed(good.clone(), change)).expect_err(&change.to_string());
        assert_eq!(reject.field.as_deref(), Some(format!("params.{field}").as_str()), "{change}: {reject}");
        assert!(reject.reason.contains(rule), "{change}: {reject}");
    }
}

#[test]
fn every_field_of_a_contact_has_its_rule() {
    let long = |count: usize| "ab".repeat(count);
    let both = [
        (json!({"handle": null}), "handle", "is missing"),
        (json!({"handle": "DENIC-1-X"}), "handle", "must begin with `DENIC-1000022-`"),
        (json!({"handle": "DENIC"}), "handle", "9 to 32 characters, has 5; got `DENIC`"),
        (json!({"type": null}), "type", "is missing"),
        (json!({"type": "ROBOT"}), "type", "PERSON, ORG, REQUEST; got `ROBOT`"),
        (json!({"name": null}), "name", "is missing"),
        (json!({"name": "  "}), "name", "must not be empty"),
        (json!({"name": long(128)}), "name", "1 to 255 characters, has 256; got `abab"),
        (json!({"name": "123456"}), "name", "digits only; got `123456`"),
        (
            json!({"name": "Max\nAction: DELETE"}),
            "name",
            "line ends, tabs or other control characters; got `Max\\nAction",
        ),
        (json!({"name": "Max\tMustermann"}), "name", "tabs"),
        (json!({"name": "Max\u{2028}Mustermann"}), "name", "line ends"),
        (json!({"name": ["Max", "Erika"]}), "name", "must be a text, not a list"),
        (json!({"name": 7}), "name", "must be a text, not a number"),
        (json!({"address": null}), "address", "is missing"),
        (json!({"address": []}), "address", "is missing"),
        (json!({"address": ["X", "12"]}), "address[0]", "too short to be complete; got `X`"),
        (json!({"address": ["Weg 1", long(128)]}), "address[1]", "1 to 255"),
        (json!({"address": "12"}), "address[0]", "too short"),
        (json!({"postal_code": null}), "postal_code", "is missing"),
        (json!({"postal_code": "6059"}), "postal_code", "5 digits in DE; got `6059`"),
        (json!({"postal_code": "60596", "country_code": "at"}), "postal_code", "4 digits in AT"),
        (json!({"postal_code": "123456789012345678901", "country_code": "GB"}), "postal_code", "1 to 20"),
        (json!({"city": null}), "city", "is missing"),
        (json!({"city": "F"}), "city", "too short to be complete; got `F`"),
        (json!({"city": long(41)}), "city", "1 to 80 characters, has 82"),
        (json!({"country_code": null}), "country_code", "is missing"),
        (json!({"country_code": "UK"}), "country_code", "ISO 3166-1; got `UK`"),
        (json!({"email": null}), "email", "is missing"),
        (json!({"email": ["max@example.de", "max"]}), "email[1]", "has no @; got `max`"),
        (json!({"phone": null}), "phone", "is missing"),
        (json!({"phone": "0692723"}), "phone", "+49.6927235x290; got `0692723`"),
        (json!({"uri_template": "mailto:a@example.de"}), "uri_template", "not a field of this type"),
        (json!({"verification": {}}), "verification", "a list of objects, not an object"),
        (json!({"verification": [7]}), "verification[0]", "must be an object"),
        (json!({"verification": [{}]}), "verification[0].claims", "is missing"),
        (json!({"fax": "+49.6927235"}), "fax", "unknown parameter"),
    ];
    refused(Operation::ContactCreate, &person(), &both);
    refused(Operation::ContactCreate, &organisation(), &both);
    refused(
        Operation::ContactCreate,
        &person(),
        &[
            (json!({"name": "1%2"}), "name", "one of them special; got `1%2`"),
            (json!({"name": "xxxxxx111111"}), "name", "five times in a row; got `xxxxxx111111`"),
            (json!({"organisation": ["Example GmbH", 7]}), "organisation[1]", "not a number"),
        ],
    );
    refused(
        Operation::ContactCreate,
        &organisation(),
        &[(json!({"organisation": "Example GmbH"}), "organisation", "not a field of this type of contact; got `ORG`")],
    );
    refused(
        Operation::ContactCreate,
        &request(),
        &[
            (json!({"uri_template": null}), "uri_template", "is missing"),
            (json!({"uri_template": "mailto:a@example.de?{domain}"}), "uri_template", "`{domain}`; got `mailto:a@"),
            (json!({"name": "Max"}), "name", "not a field of this type of contact; got `REQUEST`"),
            (json!({"phone": "+49.6927235"}), "phone", "not a field of this type"),
            (json!({"verification": [{}]}), "verification", "not a field of this type"),
        ],
    );
}

#[test]
fn every_field_of_a_domain_has_its_rule() {
    let own = |names: &[&str]| names.iter().map(|name| format!("DENIC-1000022-{name}")).collect::<Vec<_>>();
    refused(
        Operation::DomainCreate,
        &delegated(),
        &[
            (json!({"domain": null}), "domain", "is missing"),
            (json!({"domain": "example.net"}), "domain", "directly below .de; got `example.net`"),
            (json!({"domain": "αβγ.de"}), "domain", "no letter of .de; got `αβγ.de` (rule `idn_letters`)"),
            (json!({"domain_ace": "xn--fnf-loa.de"}), "domain_ace", ""),
            (json!({"domain_ace": "example.de"}), "domain_ace", "must be xn--fnf-hoa.de"),
            (json!({"holder": null}), "holder", "is missing"),
            (json!({"holder": []}), "holder", "is missing"),
            (json!({"holder": own(&["A", "B", "C", "D", "E", "F"])}), "holder", "at most 5 are allowed, got 6"),
            (json!({"holder": own(&["A", "B", "a"])}), "holder[2]", "stands twice; got `DENIC-1000022-a`"),
            (json!({"holder": ["DENIC-1000022-A", "DENIC-99-FOREIGN"]}), "holder[1]", "got `DENIC-99-FOREIGN`"),
            (json!({"general_request": "DENIC-99-FOREIGN"}), "general_request", "must begin with"),
            (json!({"general_request": own(&["A", "B"])}), "general_request", "must be a text, not a list"),
            (json!({"abuse_contact": "DENIC-99-FOREIGN"}), "abuse_contact", "must begin with"),
            (json!({"nserver": null}), "nserver", "is missing"),
            (json!({"nserver": ["ns1.example.net"]}), "nserver", "2 to 13"),
            (json!({"nserver": ["ns1.example.net", "ns.fünf.de"]}), "nserver[1]", "(glue)"),
            (json!({"nsentry": ["xn--fnf-hoa.de. IN A 9.9.9.9"]}), "nsentry", "not both"),
            (json!({"dnskey": "257 3 15 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"}), "dnskey[0]", "algorithm"),
            (json!({"auth_info": "x"}), "auth_info", "unknown parameter"),
        ],
    );
    refused(
        Operation::DomainCreate,
        &in_zone(),
        &[
            (json!({"nsentry": ["example.net. IN A 9.9.9.9"]}), "nsentry[0]", "must belong to example.de"),
            (json!({"dnskey": "257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"}), "dnskey", "not with nsentry"),
        ],
    );
}

#[test]
fn what_an_account_may_loosen_follows_its_levels() {
    let block = |change: Value| json!([changed(person()["verification"][0].clone(), &change)]);
    let contact = |change: Value| (Operation::ContactCreate, changed(person(), &change));
    let domain = |change: Value| (Operation::DomainCreate, changed(delegated(), &change));
    let rows = [
        ("text_alphabet", "name", contact(json!({"name": "Seán O'Brien"}))),
        ("text_alphabet", "organisation[0]", contact(json!({"organisation": "Łódź Example"}))),
        ("text_alphabet", "address[0]", contact(json!({"address": "Weg 1/2"}))),
        ("text_alphabet", "city", contact(json!({"city": "Frankfurt (Main)"}))),
        ("postal_code_alphabet", "postal_code", contact(json!({"postal_code": "12.34", "country_code": "FR"}))),
        ("email_alphabet", "email[1]", contact(json!({"email": ["max@example.de", "max_m@example.de"]}))),
        ("dummy_phone", "phone", contact(json!({"phone": "+49.0000"}))),
        ("address_lines", "address", contact(json!({"address": vec!["Weg 1"; 6]}))),
        ("address_line_complete", "address[1]", contact(json!({"address": ["Musterstraße", "12"]}))),
        (
            "trust_framework",
            "verification[0].trust_framework",
            contact(json!({"verification": block(json!({"trust_framework": "de_other"}))})),
        ),
        (
            "evidence_method",
            "verification[0].method",
            contact(json!({"verification": block(json!({"method": "data"}))})),
        ),
        (
            "idn_letters",
            "domain",
            domain(json!({"domain": "αβγ.de", "domain_ace": null, "nserver": ["ns1.example.net", "ns2.example.net"]})),
        ),
        ("outside_address", "nserver[0]", domain(json!({"nserver": ["ns1.example.net 192.0.2.1", "ns2.example.net"]}))),
        (
            "reserved_address",
            "nsentry[0]",
            (Operation::DomainCreate, changed(in_zone(), &json!({"nsentry": "example.de. IN A 127.0.0.1"}))),
        ),
        ("sep_bit", "dnskey[0]", domain(json!({"dnskey": "256 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"}))),
        ("dnskey_algorithm", "dnskey[0]", domain(json!({"dnskey": "257 3 15 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"}))),
        ("dnskey_algorithm", "dnskey[0]", domain(json!({"dnskey": "257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZAA"}))),
        ("key_length", "dnskey[0]", domain(json!({"dnskey": "257 3 13 AwEAAcoFUSyg1mkE5c33q8UbDiRZ"}))),
    ];
    for (rule, field, (operation, params)) in &rows {
        let field = format!("params.{field}");
        let at = |level| dialect(&[(rule, level)]).check(*operation, params.as_object().unwrap());
        assert_eq!(at(Level::Off).unwrap().warnings, [], "{rule}");
        let warned = at(Level::Warn).unwrap().warnings;
        assert_eq!(warned.len(), 1, "{rule}: {warned:?}");
        assert_eq!((warned[0].rule, warned[0].field.as_str()), (*rule, field.as_str()));
        assert!(warned[0].reason.contains("got `") || *rule == "address_lines", "the value is not named: {warned:?}");
        let refused = at(Level::Refuse).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field.as_str()));
        assert!(refused.reason.contains(&format!("(rule `{rule}`)")), "{refused}");
        // What only warns may be sent.
        let written = dialect(&[(rule, Level::Warn)]).prepare(*operation, params.as_object().unwrap(), "rd-1");
        assert!(written.is_ok(), "{rule}");
    }
    for rule in RULES {
        assert!(rows.iter().any(|(name, ..)| *name == rule.name), "{} has no row", rule.name);
    }
}

#[test]
fn a_request_longer_than_the_registry_takes_is_refused() {
    let lines: Vec<String> = (0..300).map(|n| format!("Weg {n} {}", "ab".repeat(120))).collect();
    let reject = check(Operation::ContactCreate, &changed(person(), &json!({ "address": lines }))).unwrap_err();
    assert!(reject.reason.contains("bytes") || reject.reason.contains("64"), "{reject}");
}

/// Any JSON, and often what the rules look at closely.
fn any_value() -> impl Strategy<Value = Value> {
    let shapes = prop_oneof![
        "[a-zA-Z0-9ä.@{}+*:/ =-]{0,40}",
        r"(xn--)?[a-zü-]{0,8}\.de",
        r"[a-z.]{0,10} (IN|in) (A|AAAA|MX|X) [0-9:.]{0,9} ?[a-z.]{0,9}",
        r"25[67] 3 (8|13|14) [A-Za-z+/=]{0,60}",
        r"\+[0-9]{0,4}\.[0-9x]{0,9}",
        r"(https://|mailto:)[a-z{}%A]{0,30}",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:+]{14}",
    ];
    let texts = prop_oneof![any::<String>(), shapes].prop_map(Value::from);
    let leaf = prop_oneof![4 => texts, 1 => any::<i64>().prop_map(Value::from), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![Just("claims"), Just("result"), Just("timestamp"), Just("method"), Just("x")];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the parameters, the check ends with a verdict whose field stands in `params`.
    #[test]
    fn no_parameters_break_the_check(
        operation in proptest::sample::select(OPERATIONS),
        good in proptest::sample::select(vec![person(), organisation(), request(), delegated(), in_zone()]),
        place in any::<proptest::sample::Index>(),
        values in proptest::collection::vec(any_value(), 1..4),
    ) {
        let mut params: Map<String, Value> = good.as_object().unwrap().clone();
        for (number, value) in values.into_iter().enumerate() {
            let keys: Vec<String> = params.keys().cloned().collect();
            params.insert(keys[(place.index(keys.len()) + number) % keys.len()].clone(), value);
        }
        if let Err(reject) = dialect(&[]).check(operation, &params) {
            prop_assert!(reject.field.is_none_or(|field| field.starts_with("params.")));
            prop_assert!(!reject.reason.is_empty() && reject.reason.len() < 2000);
        }
    }

    /// The same of texts alone, in the one field that is most of a job.
    #[test]
    fn no_text_breaks_a_field(text in any::<String>(), field in proptest::sample::select(vec![
        "domain", "domain_ace", "holder", "nserver", "nsentry", "dnskey", "abuse_contact",
    ])) {
        let job = changed(json!({"domain": "example.de"}), &json!({ field: [text, "ns1.example.net"] }));
        let _ = check(Operation::DomainCreate, &job);
        let job = changed(delegated(), &json!({ field: text }));
        let _ = check(Operation::DomainCreate, &job);
    }
}
