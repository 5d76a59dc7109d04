//! Reads a job's parameters. Every reject names the full path of the field (`params.contacts.owner.phone`), the rule and
//! the value, which the errors of a derived reader cannot do.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::request::Reject;
use super::secret::Secret;

/// Characters of a value that a reject repeats.
const SHOWN: usize = 80;
/// Most items of a list, whatever it is of; each field has its own limit beside.
const MOST_ITEMS: usize = 1000;

/// The parameters of a job, or an object inside them.
pub struct Params<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Params<'a> {
    /// The parameters of a job; `names` are those the operation has.
    ///
    /// # Errors
    /// There is another one.
    pub fn new(map: &'a Map<String, Value>, names: &[&str]) -> Result<Self, Reject> {
        Self::inside(map, names, String::new())
    }

    fn inside(map: &'a Map<String, Value>, names: &[&str], path: String) -> Result<Self, Reject> {
        match map.keys().find(|key| !names.contains(&key.as_str())) {
            None => Ok(Self { map, path }),
            Some(key) => {
                let rule = format!("unknown parameter; there are {}", names.join(", "));
                Err(Reject::param(format_args!("{path}{}", quoted(key)), rule))
            }
        }
    }

    /// The full name of a field.
    #[must_use]
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

    /// True or false; may be missing.
    ///
    /// # Errors
    /// It is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Reject> {
        let wrong =
            |value: &Value| Reject::param(self.path(name), format!("must be true or false, not {}", kind(value)));
        self.value(name).map(|value| value.as_bool().ok_or_else(|| wrong(value))).transpose()
    }

    /// True or false; must be there.
    ///
    /// # Errors
    /// It is missing, or something else.
    pub fn required_flag(&self, name: &str) -> Result<bool, Reject> {
        self.flag(name)?.ok_or_else(|| missing(self.path(name)))
    }

    /// A whole number within bounds; may be missing.
    ///
    /// # Errors
    /// It is something else, or out of bounds.
    pub fn number(&self, name: &str, bounds: &RangeInclusive<u64>) -> Result<Option<u64>, Reject> {
        let wrong = |value: &Value| {
            let shown = if value.is_number() { value.to_string() } else { kind(value).to_owned() };
            let rule = format!("must be a whole number from {} to {}, not {shown}", bounds.start(), bounds.end());
            Reject::param(self.path(name), rule)
        };
        let within = |value: &Value| value.as_u64().filter(|number| bounds.contains(number));
        self.value(name).map(|value| within(value).ok_or_else(|| wrong(value))).transpose()
    }

    /// A text, or a whole number as its digits; may be missing. For what people know as a number and the registry as text.
    ///
    /// # Errors
    /// It is something else, or as [`Self::optional`].
    pub fn digits_or_text(&self, name: &str) -> Result<Option<String>, Reject> {
        match self.value(name).and_then(Value::as_u64) {
            Some(number) => Ok(Some(number.to_string())),
            None => self.optional(name),
        }
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

    /// An object with these names; may be missing.
    ///
    /// # Errors
    /// It is something else, or has another name in it.
    pub fn object(&self, name: &str, names: &[&str]) -> Result<Option<Params<'a>>, Reject> {
        let inside = |map| Params::inside(map, names, format!("{}.", self.path(name)));
        self.map(name)?.map(inside).transpose()
    }

    /// A list of objects, each with these names; a missing list is empty.
    ///
    /// # Errors
    /// It is something else, or an object has another name in it.
    pub fn objects(&self, name: &str, names: &[&str]) -> Result<Vec<Params<'a>>, Reject> {
        let path = self.path(name);
        let items = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(Reject::param(path, format!("must be a list of objects, not {}", kind(other)))),
        };
        few(&path, items)?;
        let object = |(at, item): (usize, &'a Value)| match item {
            Value::Object(map) => Params::inside(map, names, format!("{path}[{at}].")),
            other => {
                Err(Reject::param(format_args!("{path}[{at}]"), format!("must be an object, not {}", kind(other))))
            }
        };
        items.iter().enumerate().map(object).collect()
    }

    /// An object as it is; may be missing.
    ///
    /// # Errors
    /// It is something else, or empty.
    pub fn map(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Reject> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) if map.is_empty() => Err(Reject::param(self.path(name), "must not be empty")),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(Reject::param(self.path(name), format!("must be an object, not {}", kind(other)))),
        }
    }

    /// What stands under a name, null too: for whom null means something else than nothing.
    #[must_use]
    pub fn stated(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// Whether anything is said here.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether nothing is said here, or an empty list.
    #[must_use]
    pub fn is_absent(&self, name: &str) -> bool {
        self.value(name).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty))
    }

    /// A missing parameter and one that is null are the same.
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }
}

/// No list of a registry is nearly as long.
fn few(path: &str, items: &[Value]) -> Result<(), Reject> {
    match items.len() {
        ..=MOST_ITEMS => Ok(()),
        count => Err(Reject::param(path, format!("must have at most {MOST_ITEMS} items, got {count}"))),
    }
}

/// A text with the blanks around it cut. Control characters and line separators are refused in every value: nobody's name
/// has them, and in a protocol of lines one would begin a field of its own.
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
#[must_use]
pub fn missing(field: impl std::fmt::Display) -> Reject {
    Reject::param(field, "is missing")
}

/// A value breaks a rule; both are told, a long value shortened.
#[must_use]
pub fn refuse(field: impl std::fmt::Display, rule: &str, value: &str) -> Reject {
    Reject::param(field, format!("{rule}; got `{}`", quoted(value)))
}

/// The beginning of what was sent, on one line.
#[must_use]
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

    fn wrong<T>(params: Value, with: impl Fn(&Params<'_>) -> Result<T, Reject>) -> (String, String) {
        let Value::Object(map) = params else { unreachable!("an object") };
        let read = Params::new(&map, &["a", "b", "c"]).and_then(|params| with(&params).map(drop));
        read.map_or_else(|reject| (reject.field.unwrap_or_default(), reject.reason), |()| Default::default())
    }

    #[test]
    fn rejects_name_path_rule_and_value() {
        let both = |p: &Params<'_>| p.list("a").and_then(|_| p.required("b"));
        for (params, field, rule) in [
            (json!({"a": ["x"], "b": "y", "c": "192.0.2.1"}), "", ""),
            (json!({"a": ["x", 7], "b": "y"}), "params.a[1]", "not a number"),
            (json!({"a": ["x", "y\nz"], "b": "y"}), "params.a[1]", "`y\\nz`"),
            (json!({"a": {"x": 1}, "b": "y"}), "params.a", "not an object"),
            (json!({"a": vec!["x"; 1001], "b": "y"}), "params.a", "at most 1000 items, got 1001"),
            (json!({"a": "x", "b": null}), "params.b", "missing"),
            (json!({"b": " "}), "params.b", "empty"),
            (json!({"b": "x", "d": 1}), "params.d", "there are a, b, c"),
        ] {
            let (at, reason) = wrong(params.clone(), both);
            assert_eq!(at, field, "{params}: {reason}");
            assert!(reason.contains(rule), "{params}: {reason}");
        }
    }

    #[test]
    fn numbers_have_bounds_and_objects_have_names() {
        let number = |p: &Params<'_>| p.number("a", &(1..=10));
        for bad in [json!(0), json!(11), json!(-1), json!(1.5), json!("2"), json!(true)] {
            let (field, reason) = wrong(json!({ "a": bad }), number);
            assert!(field == "params.a" && reason.contains("from 1 to 10"), "{bad}: {reason}");
        }
        assert_eq!(wrong(json!({"a": 10}), number).0, "");
        let inside = |p: &Params<'_>| p.object("a", &["x"])?.map_or(Ok(None), |a| a.optional("x"));
        assert_eq!(wrong(json!({"a": {"y": 1}}), inside).0, "params.a.y");
        assert_eq!(wrong(json!({"a": {"x": 1}}), inside).0, "params.a.x");
        assert_eq!(wrong(json!({"a": {}}), inside).0, "params.a");
        assert_eq!(wrong(json!({"a": {"x": "1"}}), inside).0, "");
    }

    #[test]
    fn one_text_is_a_list_of_one_and_paths_are_nested() {
        let map = json!({"a": " x ", "b": null});
        let params = Params::new(map.as_object().unwrap(), &["a", "b"]).unwrap();
        assert_eq!(params.list("a"), Ok(vec!["x".to_owned()]));
        assert!(params.is_absent("b") && params.list("b") == Ok(vec![]));
        assert_eq!(params.required_list("b").unwrap_err().field.unwrap(), "params.b");
        assert_eq!(wrong(json!({"a": [{"x": 1}, {"y": 1}]}), |p| p.objects("a", &["x"]).map(drop)).0, "params.a[1].y");
    }

    #[test]
    fn secrets_are_not_repeated() {
        let (field, reason) = wrong(json!({"a": "top\nsecret"}), |p| p.secret("a"));
        assert!(field == "params.a" && !reason.contains("top"), "{reason}");
    }
}
