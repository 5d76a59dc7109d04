//! A meaning as text for people: what matters first, then every value with its path.

use serde_json::Value;

/// What stands above the rest, in this order.
const FIRST: [&str; 5] = ["verdict", "reason", "next", "deadlines", "codes"];

/// One line per value.
pub fn of(meaning: &Value) -> String {
    let mut lines = Vec::new();
    let Some(map) = meaning.as_object() else { return String::new() };
    let rest = map.keys().map(String::as_str).filter(|key| !FIRST.contains(key));
    for key in FIRST.into_iter().chain(rest) {
        match (key, map.get(key)) {
            ("codes", Some(Value::Array(codes))) => lines.extend(codes.iter().map(code)),
            ("deadlines", Some(Value::Array(deadlines))) => lines.extend(deadlines.iter().map(deadline)),
            ("next", Some(Value::Array(steps))) => {
                lines.extend(steps.iter().map(|step| ("next".to_owned(), text(step))));
            }
            (key, Some(value)) => flatten(key, value, &mut lines),
            (_, None) => {}
        }
    }
    let width = lines.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(path, value)| format!("{path:width$}  {value}\n")).collect()
}

/// `code 53000000012  error, soon: …`
fn code(code: &Value) -> (String, String) {
    let part = |name: &str| code.get(name).map(text);
    let meaning = part("meaning").map(|meaning| format!(", {meaning}")).unwrap_or_default();
    let remark = part("remark").map(|remark| format!(": {remark}")).unwrap_or_default();
    let level = part("level").unwrap_or_default();
    (format!("code {}", part("code").unwrap_or_default()), format!("{level}{meaning}{remark}"))
}

fn deadline(deadline: &Value) -> (String, String) {
    let part = |name: &str| deadline.get(name).map(text).unwrap_or_default();
    ("deadline".to_owned(), format!("{}  {}", part("due"), part("kind")))
}

/// A value on one line; what a registry wrote must not become lines of its own.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    }
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&format!("{path}.{key}"), value, lines)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{path}[{at}]"), item, lines));
        }
        other => lines.push((path.to_owned(), text(other))),
    }
}
