//! Reads a job's parameters. Every reject names the full path of the field (`params.registrant.email`), the rule and the
//! value. What is missing is left alone, what is null is cleared ([`Field`]).

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::model::{Reject, Secret};

/// Characters of a value that a reject repeats.
const SHOWN: usize = 80;
/// Most items of a list, whatever it is of; each field has its own limit beside.
const MOST_ITEMS: usize = 1000;
/// Longest text in characters; the registry takes messages of a million bytes.
const LONGEST: usize = 10_000;

/// What a job says of a field that can be changed (reference 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    /// Nothing: it is left alone, and not sent.
    Keep,
    /// null: it is cleared, and sent empty.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Field<T> {
    /// Whether nothing is said.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Another value for the same wish.
    ///
    /// # Errors
    /// Those of the change.
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Result<U, Reject>) -> Result<Field<U>, Reject> {
        Ok(match self {
            Self::Keep => Field::Keep,
            Self::Clear => Field::Clear,
            Self::Set(value) => Field::Set(change(value)?),
        })
    }
}

impl Field<String> {
    /// The attribute it becomes, if any.
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(""),
            Self::Set(value) => Some(value),
        }
    }
}

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
            Some(key) => Err(Reject::param(
                format!("{path}{}", quoted(key)),
                format!("unknown parameter; there are {}", names.join(", ")),
            )),
        }
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

    /// A text that may be left alone, cleared or set.
    ///
    /// # Errors
    /// As [`Self::optional`].
    pub fn field(&self, name: &str) -> Result<Field<String>, Reject> {
        self.state(name).and_then(|value| text(&self.path(name), value))
    }

    /// A value of any kind that may be left alone, cleared or set. An empty list clears as null does.
    pub fn state(&self, name: &str) -> Field<&'a Value> {
        match self.map.get(name) {
            None => Field::Keep,
            Some(Value::Null) => Field::Clear,
            Some(Value::Array(items)) if items.is_empty() => Field::Clear,
            Some(value) => Field::Set(value),
        }
    }

    /// A list of texts that may be left alone, cleared or set; a text alone is a list of one.
    ///
    /// # Errors
    /// It is something else, or one of its items is as in [`Self::optional`].
    pub fn list(&self, name: &str) -> Result<Field<Vec<String>>, Reject> {
        let path = self.path(name);
        self.state(name).and_then(|value| match value {
            Value::Array(items) if items.len() > MOST_ITEMS => {
                Err(Reject::param(path, format!("must have at most {MOST_ITEMS} items, got {}", items.len())))
            }
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, item)| text(&format!("{path}[{at}]"), item)).collect()
            }
            one => Ok(vec![text(&path, one)?]),
        })
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

    /// A secret text that must be there; kept as it is, and no reject repeats it.
    ///
    /// # Errors
    /// It is missing, not a text, is empty, or holds a control character.
    pub fn secret(&self, name: &str) -> Result<Secret, Reject> {
        match self.value(name).map(Value::as_str) {
            None => Err(missing(self.path(name))),
            Some(Some(text)) if !text.is_empty() && !text.chars().any(breaks_lines) => Ok(Secret::new(text)),
            Some(_) => Err(Reject::param(self.path(name), "must be a text without control characters, and not empty")),
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

    /// An object inside, whose value was taken by [`Self::state`].
    ///
    /// # Errors
    /// It is something else, is empty, or has another name in it.
    pub fn object(&self, name: &str, value: &'a Value, names: &[&str]) -> Result<Params<'a>, Reject> {
        let path = self.path(name);
        match value {
            Value::Object(map) if map.is_empty() => Err(Reject::param(path, "must not be empty")),
            Value::Object(map) => Params::inside(map, names, format!("{path}.")),
            other => Err(Reject::param(path, format!("must be an object, not {}", kind(other)))),
        }
    }

    /// A missing parameter and one that is null are the same here.
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }
}

/// A text with the blanks around it cut. Control characters and line separators are refused: nobody's name has them, and
/// line ends are what breaks signatures (reference 2.2).
///
/// # Errors
/// It is not a text, is empty, is too long, or holds one of them.
pub fn text(path: &str, value: &Value) -> Result<String, Reject> {
    let Some(text) = value.as_str() else {
        return Err(Reject::param(path, format!("must be a text, not {}", kind(value))));
    };
    if text.chars().any(breaks_lines) {
        return Err(refuse(path, "must not hold line ends, tabs or other control characters", text));
    }
    match text.trim() {
        "" => Err(Reject::param(path, "must not be empty; null clears it where it can be cleared")),
        text if text.chars().nth(LONGEST).is_some() => {
            Err(refuse(path, &format!("must have at most {LONGEST} characters"), text))
        }
        text => Ok(text.to_owned()),
    }
}

fn breaks_lines(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
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
fn quoted(text: &str) -> String {
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
        let read = Params::new(&map, &["a", "b"]).and_then(|params| with(&params).map(drop));
        read.map_or_else(|reject| (reject.field.unwrap_or_default(), reject.reason), |()| Default::default())
    }

    #[test]
    fn rejects_name_path_rule_and_value() {
        let both = |p: &Params<'_>| p.list("a").and_then(|_| p.required("b"));
        for (params, field, rule) in [
            (json!({"a": ["x"], "b": "y"}), "", ""),
            (json!({"a": ["x", 7], "b": "y"}), "params.a[1]", "not a number"),
            (json!({"a": ["x", "y\nz"], "b": "y"}), "params.a[1]", "`y\\nz`"),
            (json!({"a": {"x": 1}, "b": "y"}), "params.a", "not an object"),
            (json!({"a": vec!["x"; 1001], "b": "y"}), "params.a", "at most 1000 items, got 1001"),
            (json!({"a": "x", "b": null}), "params.b", "missing"),
            (json!({"b": " "}), "params.b", "empty"),
            (json!({"b": "x".repeat(10_001)}), "params.b", "at most 10000"),
            (json!({"b": "x", "c": 1}), "params.c", "there are a, b"),
        ] {
            let (at, reason) = wrong(params.clone(), both);
            assert_eq!(at, field, "{params}: {reason}");
            assert!(reason.contains(rule), "{params}: {reason}");
        }
    }

    #[test]
    fn what_is_missing_stays_and_what_is_null_goes() {
        let Value::Object(map) = json!({"a": null, "b": " x "}) else { unreachable!() };
        let params = Params::new(&map, &["a", "b", "c"]).unwrap();
        let field = |name| params.field(name).unwrap();
        assert_eq!([field("a"), field("b"), field("c")], [Field::Clear, Field::Set("x".into()), Field::Keep]);
        let attributes = [field("a"), field("b"), field("c")].map(|field| field.attribute().map(str::to_owned));
        assert_eq!(attributes, [Some(String::new()), Some("x".into()), None]);
        let Value::Object(map) = json!({"a": []}) else { unreachable!() };
        assert_eq!(Params::new(&map, &["a"]).unwrap().list("a").unwrap(), Field::Clear);
    }

    #[test]
    fn numbers_have_bounds_objects_have_names_and_secrets_are_not_repeated() {
        let number = |p: &Params<'_>| p.number("a", &(1..=10));
        for bad in [json!(0), json!(11), json!(-1), json!(1.5), json!("2"), json!(true)] {
            let (field, reason) = wrong(json!({ "a": bad }), number);
            assert!(field == "params.a" && reason.contains("from 1 to 10"), "{bad}: {reason}");
        }
        let inside = |p: &Params<'_>| {
            p.state("a")
                .and_then(|value| p.object("a", value, &["x"])?.optional("x"))
                .map(|_: Field<Option<String>>| ())
        };
        assert_eq!(wrong(json!({"a": {"y": 1}}), inside).0, "params.a.y");
        assert_eq!(wrong(json!({"a": {"x": 1}}), inside).0, "params.a.x");
        assert_eq!(wrong(json!({"a": {}}), inside).0, "params.a");
        assert_eq!(wrong(json!({"a": {"x": "1"}}), inside).0, "");
        let (field, reason) = wrong(json!({"a": "top\nsecret"}), |p| p.secret("a"));
        assert!(field == "params.a" && !reason.contains("top"), "{reason}");
    }
}
