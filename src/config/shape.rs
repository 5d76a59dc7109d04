//! A table beside the schema of its type: keys it does not have, keys it lacks, and values of another kind than theirs.
//! All of them are named, each with its place; the types' own errors would be one at a time, and not all name their key.

use serde_json::Value;

use super::Finding;

/// Tables with names of the operator's own, which no variable can spell.
pub(super) const NAMED: [&str; 3] = ["accounts", "publishers", "pools"];

/// What a walk finds.
pub(super) struct Walk<'a> {
    root: &'a Value,
    /// Where the table comes from: a file, or a variable.
    origin: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    /// A walk through what comes from there, beside this schema.
    pub(super) fn new(root: &'a Value, origin: &'a str) -> Self {
        Self { root, origin, findings: Vec::new() }
    }

    /// Compares a whole table.
    pub(super) fn compare(mut self, table: &Value) -> Vec<Finding> {
        self.step(self.root, table, "");
        self.findings
    }

    fn add(&mut self, place: &str, what: String, next: String) {
        self.findings.push(Finding::error(place, what, next).in_file(self.origin));
    }

    fn step(&mut self, schema: &'a Value, value: &Value, path: &str) {
        // What a variable sets is text; its type makes of it what it needs.
        let (Some(schema), false) = (resolve(self.root, schema), value.is_null()) else { return };
        if let Some((what, next)) = misfit(schema, value) {
            return self.add(path, what, next);
        }
        match value {
            Value::Object(table) => self.table(schema, table, path),
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.step(&schema["items"], item, &format!("{path}[{number}]"));
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, schema: &'a Value, table: &serde_json::Map<String, Value>, path: &str) {
        let at = |key: &str| {
            let key = if key.is_empty() { "\"\"".to_owned() } else { key.escape_default().to_string() };
            if path.is_empty() { key } else { format!("{path}.{key}") }
        };
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|others| **others != Value::Bool(false));
        for (key, value) in table {
            let place = at(key);
            if let Some(inner) = known.and_then(|known| known.get(key)).or(others) {
                self.step(inner, value, &place);
            } else if let Some(known) = known {
                let names: Vec<_> = known.keys().map(String::as_str).collect();
                let next = format!("correct or remove it; known here: {}", names.join(", "));
                self.add(&place, "there is no such setting".into(), next);
            }
        }
        // What stands elsewhere, a variable may still set.
        let is_whole = NAMED.iter().any(|named| path.starts_with(named));
        let needed = schema.get("required").and_then(Value::as_array).filter(|_| is_whole).into_iter().flatten();
        for key in needed.filter_map(Value::as_str).filter(|key| !table.contains_key(*key)) {
            self.add(&at(key), "is missing".into(), "add it".into());
        }
    }
}

/// Follows `$ref` and the `anyOf` of an optional setting; schemas are finite and the references of ours do not loop.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return resolve(root, root.pointer(reference.strip_prefix('#')?)?);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        return choices.iter().find(|choice| choice["type"] != "null").and_then(|choice| resolve(root, choice));
    }
    Some(schema)
}

/// Why a value does not fit its schema, and what would; the parts of tables and lists are looked at by themselves.
fn misfit(schema: &Value, value: &Value) -> Option<(String, String)> {
    let words = words(schema);
    if !words.is_empty() {
        return match value.as_str() {
            Some(word) if words.contains(&word) => None,
            Some(word) => {
                Some((format!("there is no `{}`", word.escape_default()), format!("choose {}", words.join(", "))))
            }
            None => Some((format!("is {}", kind(value)), format!("choose {}", words.join(", ")))),
        };
    }
    let types: Vec<&str> = match schema.get("type")? {
        Value::String(one) => vec![one],
        many => many.as_array()?.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
    };
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    let most = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(u32::MAX.into()),
        _ => bound("maximum"),
    };
    let wanted = match *types.first()? {
        "integer" if bound("minimum").is_some() => match value.as_u64() {
            Some(number) if most.is_none_or(|most| number <= most) => return None,
            Some(number) => {
                return Some((format!("{number} is too large"), format!("write at most {}", most.unwrap_or(0))));
            }
            None if value.as_i64().is_some() => {
                return Some((format!("{value} is negative"), "write a whole number, 0 or more".into()));
            }
            None => "a whole number",
        },
        "integer" if value.is_i64() || value.is_u64() => return None,
        "integer" => "a whole number",
        "number" if value.is_number() => return None,
        "number" => "a number",
        "string" if value.is_string() => return None,
        "string" => "text in quotation marks",
        "boolean" if value.is_boolean() => return None,
        "boolean" => "true or false",
        "object" if value.is_object() => return None,
        "object" => "a table",
        "array" => match (value.as_array(), bound("minItems"), bound("maxItems")) {
            (Some(items), Some(least), Some(most)) if !(least..=most).contains(&(items.len() as u64)) => {
                return Some((format!("has {} items", items.len()), format!("write a list of {most}")));
            }
            (Some(_), ..) => return None,
            (None, ..) => "a list",
        },
        _ => return None,
    };
    Some((format!("is {}", kind(value)), format!("write {wanted}")))
}

/// The words an enumeration knows.
fn words(schema: &Value) -> Vec<&str> {
    let list = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let plain = list("enum").filter_map(Value::as_str);
    let explained = list("oneOf").flat_map(|choice| {
        let one = choice.get("const").and_then(Value::as_str);
        let many = choice.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        one.into_iter().chain(many)
    });
    plain.chain(explained).collect()
}

/// What a value is. Text is not shown: somebody may have put a password there after all (law 11).
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(_) => "text".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a table".into(),
    }
}
