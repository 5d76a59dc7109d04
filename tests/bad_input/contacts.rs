//! Contacts: fields by type, the completeness check, telephone, templates, verification.

use serde_json::{Value, json};

use super::{Row, Table};

pub fn person() -> Value {
    json!({
        "handle": "DENIC-1000001-MAX", "type": "PERSON", "name": "Max Mustermann", "address": ["Musterweg 1"],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE", "email": ["max@example.de"],
        "phone": "+49.6927235",
    })
}

fn block(change: Value) -> Value {
    let mut block = json!({
        "claims": ["name", "address"], "result": "success", "reference": "TICKET-1",
        "timestamp": "2026-11-11T15:36:21+01:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic",
    });
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            block.as_object_mut().unwrap().remove(name);
        } else {
            block[name] = value.clone();
        }
    }
    block
}

fn fields() -> Vec<Row> {
    let long = |count: usize| "ab ".repeat(count / 3 + 1)[..count].trim_end().to_owned() + "x";
    vec![
        (json!({"handle": null}), "handle", "missing"),
        (json!({"handle": "DENIC-1000002-MAX"}), "handle", "DENIC-1000001-"),
        (json!({"handle": format!("DENIC-1000001-{}", "A".repeat(19))}), "handle", "9 to 32"),
        (json!({"handle": "DENIC-1000001-M X"}), "handle", "blank"),
        (json!({"type": "ROBOT"}), "type", "PERSON, ORG, REQUEST"),
        (json!({"name": null}), "name", "missing"),
        (json!({"name": long(256)}), "name", "1 to 255"),
        (json!({"name": "Max\nMustermann"}), "name", "line"),
        (json!({"address": []}), "address", "missing"),
        (json!({"address": ["Musterweg 1", long(256)]}), "address[1]", "1 to 255"),
        (json!({"city": long(81)}), "city", "1 to 80"),
        (json!({"country_code": "DEU"}), "country_code", "3166"),
        (json!({"country_code": "XX"}), "country_code", "3166"),
        (json!({"postal_code": long(21), "country_code": "GB"}), "postal_code", "1 to 20"),
        (json!({"email": []}), "email", "missing"),
        (json!({"email": ["max@example.de", "max"]}), "email[1]", "e-mail"),
        (json!({"email": [format!("max@{}example.de", "a.".repeat(122))]}), "email[0]", "3 to 255"),
        (json!({"email": ["@"]}), "email[0]", "3 to 255"),
        (json!({"organisation": ["Example GmbH", long(256)]}), "organisation[1]", "1 to 255"),
        (json!({"phone": null}), "phone", "missing"),
        (json!({"organisation": ["Example GmbH"], "type": "ORG"}), "organisation", "type"),
        (json!({"uri_template": "mailto:a@example.de"}), "uri_template", "type"),
        (json!({"shoe_size": 43}), "shoe_size", "unknown parameter"),
    ]
}

/// §5.3 of the reference, on the values after blanks are tidied.
fn completeness() -> Vec<Row> {
    let mut rows = Vec::new();
    for (field, path) in [("name", "name"), ("address", "address[0]"), ("city", "city")] {
        for (value, words) in
            [("123456", "digits"), ("%%%%%%", "special"), ("DDDD DDDD", "one character"), ("xxxxxx 11", "five")]
        {
            let value = if field == "address" { json!([value]) } else { json!(value) };
            rows.push((json!({ field: value }), path, words));
        }
    }
    rows.extend([
        (json!({"name": "Xy"}), "name", "too short"),
        (json!({"name": "1%2"}), "name", "special"),
        (json!({"address": ["X"]}), "address[0]", "too short"),
        (json!({"address": ["12", "345"]}), "address[0]", "too short"),
        (json!({"city": "X"}), "city", "too short"),
        (json!({"postal_code": "6032"}), "postal_code", "5 digits"),
        (json!({"postal_code": "60329", "country_code": "AT"}), "postal_code", "4 digits"),
        (json!({"postal_code": "ABCD", "country_code": "CH"}), "postal_code", "4 digits"),
    ]);
    rows
}

fn telephone() -> Vec<Row> {
    ["+49.000", "49.6927235", "+49 69 27235 0", "+49.6927235x", "+4912.69272350", "+49.123456789012345"]
        .into_iter()
        .map(|phone| (json!({ "phone": phone }), "phone", "+49.6927235"))
        .collect()
}

fn verification() -> Vec<Row> {
    let with = |change: Value| json!({ "verification": [block(json!({})), block(change)] });
    vec![
        (with(json!({"claims": []})), "verification[1].claims", "missing"),
        (with(json!({"claims": ["name", "NAME"]})), "verification[1].claims[1]", "twice"),
        (with(json!({"claims": ["shoe size"]})), "verification[1].claims[0]", "name, address, email"),
        (with(json!({"result": "maybe"})), "verification[1].result", "success, failed"),
        (with(json!({"reference": null})), "verification[1].reference", "missing"),
        (with(json!({"timestamp": "yesterday"})), "verification[1].timestamp", "time"),
        (with(json!({"evidence": null})), "verification[1].evidence", "missing"),
        (with(json!({"method": null})), "verification[1].method", "missing"),
        (with(json!({"evidence": "library_card"})), "verification[1].evidence", "list"),
        (with(json!({"evidence": "passport", "claims": ["name"]})), "verification[1].method", "vdig"),
        (with(json!({"evidence": "passport", "method": "pvr"})), "verification[1].claims", "prove"),
        (with(json!({"trust_framework": "de.denic"})), "verification[1].trust_framework", "de_denic"),
        (with(json!({"result": "failed"})), "verification[1]", "contradict"),
        (json!({"verification": vec![block(json!({})); 6]}), "verification", "at most 5"),
    ]
}

pub fn tables() -> Vec<Table> {
    let request = json!({"handle": "DENIC-1000001-ABUSE", "type": "REQUEST", "uri_template": "https://example.de/?a={Alabel}&u={Ulabel}"});
    let template = |text: &str| json!({ "uri_template": text });
    vec![
        Table { operation: "contact.create", good: person(), bad: fields() },
        Table { operation: "contact.create", good: person(), bad: completeness() },
        Table { operation: "contact.update", good: person(), bad: telephone() },
        Table { operation: "contact.update", good: person(), bad: verification() },
        Table {
            operation: "contact.create",
            good: request,
            bad: vec![
                (json!({"uri_template": null}), "uri_template", "missing"),
                (json!({"name": "Max Mustermann"}), "name", "type"),
                (template("ftp://example.de/"), "uri_template", "http://, https:// or mailto:"),
                (template("https:"), "uri_template", "8 to 1024"),
                (template(&format!("https://example.de/{}", "a".repeat(1024))), "uri_template", "8 to 1024"),
                (template("https://example.de/{alabel}"), "uri_template", "{Alabel}"),
                (template("https://example.de/{?Alabel,Ulabel}"), "uri_template", "{Alabel}"),
                (template("https://example.de/{Alabel"), "uri_template", "without its"),
            ],
        },
        Table {
            operation: "contact.info",
            good: json!({"handle": "DENIC-1000001-MAX"}),
            bad: vec![
                (json!({"handle": null}), "handle", "missing"),
                (json!({"handle": "DENIC-1000002-MAX"}), "handle", "DENIC-1000001-"),
                (json!({"recursive": true}), "recursive", "unknown parameter"),
            ],
        },
        Table {
            operation: "contact.check",
            good: json!({"handle": "DENIC-1000001-MAX"}),
            bad: vec![
                (json!({"handle": "MAX"}), "handle", "9 to 32"),
                (json!({"name": "x"}), "name", "unknown parameter"),
            ],
        },
    ]
}
