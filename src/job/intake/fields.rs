//! The keys of a job, read one by one where the whole does not fit, so that a reject names the key at fault.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::nearest::nearest;
use crate::model::request::RejectCode;
use crate::model::{Operation, Reject, Request};

/// All keys of a job.
const KEYS: &[&str] = &[
    "id",
    "account",
    "operation",
    "params",
    "class",
    "not_before",
    "start_by",
    "after",
    "batch",
    "max_attempts",
    "context",
];

/// Levels of nesting in `params` and `context`. Whatever is stored comes back inside other JSON, and the parser, which
/// allows 128 levels, must be able to read that, too.
const DEEPEST: usize = 32;

/// Most bytes of `context`: every event of the job carries it.
const LONGEST_CONTEXT: usize = 64 * 1024;

/// Most characters of a batch's name.
const LONGEST_BATCH: usize = 100;

/// Most characters of a reason; it may quote what was sent.
const LONGEST_REASON: usize = 500;

/// Reads a job.
///
/// # Errors
/// The key at fault, the rule, and what was found.
pub(super) fn read(raw: &Value) -> Result<Request, Reject> {
    let Value::Object(map) = raw else {
        return Err(Reject::new(RejectCode::Malformed, format!("a job is a JSON object, this is {}", kind(raw))));
    };
    let request = Request::deserialize(raw).map_err(|error| {
        fault(map).unwrap_or_else(|| Reject::new(RejectCode::InvalidJob, clean(&error.to_string())))
    })?;
    for (name, value) in &request.params {
        if let Some((at, why)) = unsound(value).or_else(|| unprintable(name)) {
            return Err(wrong(RejectCode::InvalidParameter, &format!("params.{name}{at}"), why));
        }
    }
    context(&request.context).map_or(Ok(request), Err)
}

/// Whether a context may come back in events.
pub(super) fn acceptable_context(value: &Value) -> bool {
    context(value).is_none()
}

fn context(value: &Value) -> Option<Reject> {
    if let Some((at, why)) = unsound(value) {
        return Some(wrong(RejectCode::InvalidJob, &format!("context{at}"), why));
    }
    (!value.is_null() && value.to_string().len() > LONGEST_CONTEXT).then(|| {
        let reason = format!("more than {LONGEST_CONTEXT} bytes; every event carries it, so keep a reference instead");
        wrong(RejectCode::InvalidJob, "context", reason)
    })
}

/// The first key that is missing, unknown or of the wrong type.
fn fault(map: &Map<String, Value>) -> Option<Reject> {
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let meant = nearest(key, KEYS)
            .map_or_else(|| format!("a job has {}", KEYS.join(", ")), |k| format!("did you mean `{k}`?"));
        return Some(wrong(RejectCode::InvalidJob, key, format!("unknown key; {meant}")));
    }
    if let Some(key) = ["account", "operation"].into_iter().find(|key| !map.contains_key(*key)) {
        return Some(wrong(RejectCode::InvalidJob, key, "is missing".into()));
    }
    map.iter().find_map(|(key, value)| {
        let mut probe = json!({ "account": "a", "operation": "raw" });
        probe[key.as_str()] = value.clone();
        let error = Request::deserialize(&probe).err()?.to_string();
        Some(match (key.as_str(), value) {
            ("operation", Value::String(name)) => unknown_operation(name),
            // The parser's own words would quote the value, and a parameter may be a secret.
            ("params", _) => wrong(RejectCode::InvalidJob, key, format!("must be an object, this is {}", kind(value))),
            ("not_before" | "start_by", _) => {
                let rule = "must be an instant with its offset, for example 2026-12-01T00:00:00+01:00";
                wrong(RejectCode::InvalidJob, key, format!("{rule}; {error}"))
            }
            _ => wrong(RejectCode::InvalidJob, key, error),
        })
    })
}

fn unknown_operation(name: &str) -> Reject {
    let names: Vec<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
    let meant = nearest(name, &names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    wrong(RejectCode::UnknownOperation, "operation", format!("there is no operation `{}`{meant}", quoted(name)))
}

/// A reject because of one key of the job.
pub(super) fn wrong(code: RejectCode, field: &str, reason: String) -> Reject {
    Reject { code, field: Some(quoted(field)), reason: clean(&reason) }
}

/// The rule for a batch's name.
pub(super) fn batch_name(name: &str) -> Result<(), Reject> {
    let length = name.chars().count();
    let fits = (1..=LONGEST_BATCH).contains(&length);
    if fits && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-:/".contains(c)) {
        return Ok(());
    }
    let found = if fits { format!("this is `{}`", quoted(name)) } else { format!("this has {length} characters") };
    let rule = format!("1 to {LONGEST_BATCH} ASCII letters, digits and . _ - : /");
    Err(wrong(RejectCode::InvalidJob, "batch", format!("{rule}; {found}")))
}

/// Where below a value something cannot be stored, and why: see [`DEEPEST`], and PostgreSQL has no U+0000.
fn unsound(value: &Value) -> Option<(String, String)> {
    if deeper_than(DEEPEST, value) {
        return Some((String::new(), format!("nested deeper than {DEEPEST} levels")));
    }
    fn find(value: &Value) -> Option<(String, String)> {
        match value {
            Value::String(text) => unprintable(text),
            Value::Array(items) => (0..)
                .zip(items)
                .find_map(|(index, item): (usize, _)| find(item).map(|(at, why)| (format!("[{index}]{at}"), why))),
            Value::Object(map) => map.iter().find_map(|(key, item)| {
                unprintable(key).or_else(|| find(item)).map(|(at, why)| (format!(".{}{at}", quoted(key)), why))
            }),
            _ => None,
        }
    }
    find(value)
}

fn deeper_than(levels: usize, value: &Value) -> bool {
    let deeper = |item: &Value| levels == 0 || deeper_than(levels - 1, item);
    match value {
        Value::Array(items) => items.iter().any(deeper),
        Value::Object(map) => map.values().any(deeper),
        _ => false,
    }
}

fn unprintable(text: &str) -> Option<(String, String)> {
    text.contains('\0').then(|| (String::new(), "contains the character U+0000, which cannot be stored".into()))
}

/// A short quotation of what was sent.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        quoted.push('…');
    }
    quoted
}

/// A reason fit for a log line and a header.
pub(super) fn clean(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_REASON).collect()
}

/// What a JSON value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_a_request() {
        let schema = schemars::schema_for!(Request).to_value();
        let mut keys: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut ours = KEYS.to_vec();
        keys.sort_unstable();
        ours.sort_unstable();
        assert_eq!(keys, ours);
    }

    #[test]
    fn a_stored_job_can_be_read_back_inside_an_event() {
        let mut deep = json!(1);
        while unsound(&json!([deep])).is_none() {
            deep = json!([deep]);
        }
        let event = json!({ "data": { "context": deep } }).to_string();
        assert!(serde_json::from_str::<Value>(&event).is_ok());
    }
}
