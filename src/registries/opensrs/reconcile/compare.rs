//! An order beside what GET shows: the names of what differs. Names only, the values may be personal data.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

/// The fields of a contact that differ; fields the order does not state do not count.
pub fn contact(ordered: &Value, shown: &Value) -> Vec<String> {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let fields = ordered.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields
        .filter(|(name, value)| text(Some(value)) != text(shown.get(name.as_str())))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The names in a list of hosts, which are texts or have a `name`; the registry keeps no order and no case.
pub fn names(list: Option<&Value>) -> BTreeSet<String> {
    let items = match list {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let name = |item: &&Value| item.as_str().or_else(|| item.get("name")?.as_str()).map(host);
    items.iter().filter_map(name).collect()
}

/// The name of a host in the one way to write it.
pub fn host(name: &str) -> String {
    let name = name.trim().trim_end_matches('.').to_lowercase();
    idna::domain_to_ascii(&name).unwrap_or(name)
}

/// Addresses, in a text or a list.
pub fn addresses<'a>(values: impl IntoIterator<Item = Option<&'a Value>>) -> BTreeSet<IpAddr> {
    let texts = values.into_iter().flatten().flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => vec![text.as_str()],
        _ => Vec::new(),
    });
    let words = texts.flat_map(|text| text.split(|sign: char| sign == ',' || sign.is_whitespace()));
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_in_other_words() {
        let ordered = json!({ "first_name": " Owen ", "country": "ca", "fax": null, "phone": "+1.4165550123" });
        let shown = json!({ "first_name": "Owen", "country": "CA", "phone": "+1.4165550123", "email": "x" });
        assert!(contact(&ordered, &shown).is_empty(), "what is not ordered does not count");
        assert_eq!(contact(&json!({ "first_name": "Olga", "url": "" }), &shown), ["first_name"]);
        assert_eq!(contact(&json!({ "fax": "+1.1" }), &shown), ["fax"]);
        let list = json!([{ "name": "NS1.Example.net", "sortorder": "1" }, { "name": "ns2.example.net." }]);
        assert_eq!(names(Some(&list)), names(Some(&json!(["ns2.example.net", "ns1.example.net"]))));
        assert_eq!(names(Some(&json!("ns.b\u{fc}cher.example"))), names(Some(&json!(["ns.xn--bcher-kva.example"]))));
        assert!(names(None).is_empty());
        let both = json!("2001:DB8:0::1, 192.0.2.1");
        assert_eq!(addresses([Some(&both), None]), addresses([Some(&json!(["192.0.2.1", "2001:db8::1"]))]));
    }
}
