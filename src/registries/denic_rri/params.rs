//! Reads a job's parameters. Every reject names the full path of the field (`params.verification[1].claims[0]`), the
//! rule and the value, which the errors of a derived reader cannot do.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::check::rules::{Findings, Rule};
use crate::model::request::Warning;
use crate::model::{Reject, Secret};

/// Characters of a value that a reject repeats.
const SHOWN: usize = 80;
/// Most items of a list, whatever it is of; each field has its own limit beside.
const MOST_ITEMS: usize = 1000;

/// The parameters of a job, or an object inside them.
pub struct Params<'a> {
    map: &'a Map<String, Value>,
    path: String,
    findings: Rc<Findings>,
}

impl<'a> Params<'a> {
    /// The parameters of a job; `names` are those the operation has. Every rule has its own level.
    ///
    /// # Errors
    /// There is another one.
    pub fn new(map: &'a Map<String, Value>, names: &[&str]) -> Result<Self, Reject> {
        Self::judged(map, names, Findings::default())
    }

    /// As `new`, with the levels an account gives to the rules.
    ///
    /// # Errors
    /// There is another parameter.
    pub fn judged(map: &'a Map<String, Value>, names: &[&str], findings: Findings) -> Result<Self, Reject> {
        Self::inside(map, names, String::new(), Rc::new(findings))
    }

    fn inside(
        map: &'a Map<String, Value>,
        names: &[&str],
        path: String,
        findings: Rc<Findings>,
    ) -> Result<Self, Reject> {
        match map.keys().find(|key| !names.contains(&key.as_str())) {
            None => Ok(Self { map, path, findings }),
            Some(key) => Err(Reject::param(
                format_args!("{path}{}", quoted(key)),
                format!("unknown parameter; there are {}", names.join(", ")),
            )),
        }
    }

    /// Judges what a check of a rule found that the account may have loosened.
    ///
    /// # Errors
    /// The rule was broken, and its level is to refuse.
    pub fn judge(&self, rule: &Rule, found: Result<(), Reject>) -> Result<(), Reject> {
        self.findings.judge(rule, found)
    }

    /// The rules that were found broken and only warn.
    pub fn warnings(&self) -> Vec<Warning> {
        self.findings.warnings()
    }

    /// The full name of a field.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// It is not a text, is empty, or holds a control character.
    pub fn optional(&self, name: &str) -> Result<Option<String>, Reject> {
        self.value(name).map(|value| text(&self.path(name), value)).transpose()
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is missing, or as [`Self::optional`].
    pub fn required(&self, name: &str) -> Result<String, Reject> {
        self.optional(name)?.ok_or_else(|| missing(self.path(name)))
    }

    /// A list of texts; a text alone is a list of one, a missing list is empty.
    ///
    /// # Errors
    /// It is something else, or one of its items is as in [`Self::optional`].
    pub fn list(&self, name: &str) -> Result<Vec<String>, Reject> {
        let path = self.path(name);
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                few(&path, items)?;
                items.iter().enumerate().map(|(at, item)| text(&format!("{path}[{at}]"), item)).collect()
            }
            Some(one) => Ok(vec![text(&path, one)?]),
        }
    }

    /// A list that must have an item.
    ///
    /// # Errors
    /// It has none, or as [`Self::list`].
    pub fn required_list(&self, name: &str) -> Result<Vec<String>, Reject> {
        let list = self.list(name)?;
        if list.is_empty() { Err(missing(self.path(name))) } else { Ok(list) }
    }

    /// Whether nothing is said here.
    pub fn is_absent(&self, name: &str) -> bool {
        self.value(name).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty))
    }

    /// True or false; may be missing.
    ///
    /// # Errors
    /// It is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Reject> {
        let wrong =
            |value: &Value| Reject::param(self.path(name), format!("must be true or false, not {}", kind(value)));
        self.value(name).map(|value| value.as_bool().ok_or_else(|| wrong(value))).transpose()
    }

    /// A secret text that may be missing; kept as it is, and no reject repeats it.
    ///
    /// # Errors
    /// It is not a text, is empty, or holds a control character.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, Reject> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match value.as_str() {
            Some(text) if !text.is_empty() && !text.chars().any(breaks_lines) => Ok(Some(Secret::new(text))),
            _ => Err(Reject::param(self.path(name), "must be a text without control characters, and not empty")),
        }
    }

    /// A text that must be there and is kept as it is, line ends too; no reject repeats it.
    ///
    /// # Errors
    /// It is missing, not a text, or empty.
    pub fn verbatim(&self, name: &str) -> Result<Secret, Reject> {
        match self.value(name).map(|value| value.as_str().filter(|text| !text.trim().is_empty())) {
            Some(Some(text)) => Ok(Secret::new(text)),
            Some(None) => Err(Reject::param(self.path(name), "must be a text, and not empty")),
            None => Err(missing(self.path(name))),
        }
    }

    /// A list of objects, each with these names; a missing list is empty.
    ///
    /// # Errors
    /// It is something else, or an object has another name in it.
    pub fn objects(&self, name: &str, names: &[&str]) -> Result<Vec<Params<'a>>, Reject> {
        let path = self.path(name);
        let items = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => {
                few(&path, items)?;
                items
            }
            Some(other) => return Err(Reject::param(path, format!("must be a list of objects, not {}", kind(other)))),
        };
        let object = |(at, item): (usize, &'a Value)| match item {
            Value::Object(map) => Params::inside(map, names, format!("{path}[{at}]."), Rc::clone(&self.findings)),
            other => {
                Err(Reject::param(format_args!("{path}[{at}]"), format!("must be an object, not {}", kind(other))))
            }
        };
        items.iter().enumerate().map(object).collect()
    }

    /// A missing parameter and one that is null are the same.
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }
}

/// No list of the registry is nearly as long.
fn few(path: &str, items: &[Value]) -> Result<(), Reject> {
    match items.len() {
        ..=MOST_ITEMS => Ok(()),
        count => Err(Reject::param(path, format!("must have at most {MOST_ITEMS} items, got {count}"))),
    }
}

/// A text with the blanks around it cut, as the registry does. Control characters and line separators are refused in
/// every value: in K/V one would begin a line, and so a field, of its own.
fn text(path: &str, value: &Value) -> Result<String, Reject> {
    let Some(text) = value.as_str() else {
        return Err(Reject::param(path, format!("must be a text, not {}", kind(value))));
    };
    if text.chars().any(breaks_lines) {
        return Err(refuse(path, "must not hold line ends, tabs or other control characters", text));
    }
    match text.trim() {
        "" => Err(Reject::param(path, "must not be empty")),
        text => Ok(text.to_owned()),
    }
}

fn breaks_lines(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A parameter that must be there is not.
pub fn missing(field: impl std::fmt::Display) -> Reject {
    Reject::param(field, "is missing")
}

/// A value breaks a rule; both are told, a long value shortened.
pub fn refuse(field: impl std::fmt::Display, rule: &str, value: &str) -> Reject {
    Reject::param(field, format!("{rule}; got `{}`", quoted(value)))
}

/// The beginning of what was sent, on one line.
pub fn quoted(text: &str) -> String {
    let escaped = |c: char| if matches!(c, '\'' | '"') { c.to_string() } else { c.escape_debug().to_string() };
    let mut quoted: String = text.chars().take(SHOWN).map(escaped).collect();
    if text.chars().nth(SHOWN).is_some() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T>(params: Value, with: impl Fn(&Params<'_>) -> Result<T, Reject>) -> Result<T, (String, String)> {
        let Value::Object(map) = params else { unreachable!("an object") };
        Params::new(&map, &["a", "b"])
            .and_then(|params| with(&params))
            .map_err(|reject| (reject.field.unwrap_or_default(), reject.reason))
    }

    #[test]
    fn rejects_name_path_rule_and_value() {
        let wrong = |params, part: &str, path: &str| {
            let (field, reason) = read(params, |p| {
                p.list("a")?;
                p.required("b")
            })
            .unwrap_err();
            assert_eq!(field, path);
            assert!(reason.contains(part), "{reason}");
        };
        wrong(json!({"a": ["x", 7], "b": "y"}), "not a number", "params.a[1]");
        wrong(json!({"a": ["x", "y\nz"], "b": "y"}), "`y\\nz`", "params.a[1]");
        wrong(json!({"a": {"x": 1}, "b": "y"}), "not an object", "params.a");
        wrong(json!({"a": vec!["x"; 1001], "b": "y"}), "at most 1000 items, got 1001", "params.a");
        wrong(json!({"a": "x"}), "missing", "params.b");
        wrong(json!({"b": " "}), "empty", "params.b");
        wrong(json!({"b": "x", "c": 1}), "there are a, b", "params.c");
    }

    #[test]
    fn one_text_is_a_list_of_one_and_blanks_are_cut() {
        assert_eq!(read(json!({"a": " x "}), |p| p.list("a")), Ok(vec!["x".to_owned()]));
        assert_eq!(read(json!({"a": null}), |p| p.list("a")), Ok(vec![]));
    }

    #[test]
    fn nested_paths_and_secrets() {
        let (field, _) = read(json!({"a": [{"x": 1}, {"y": 1}]}), |p| p.objects("a", &["x"]).map(|_| ())).unwrap_err();
        assert_eq!(field, "params.a[1].y");
        let (_, reason) = read(json!({"a": "top\nsecret"}), |p| p.secret("a")).unwrap_err();
        assert!(!reason.contains("top"), "{reason}");
    }
}
