//! A job's parameters where they change something: what is missing is left alone, what is null is cleared (reference 7).

use serde_json::Value;

pub use crate::model::params::{Params, missing, refuse};

use crate::model::Reject;

/// What a job says of a field that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    /// Nothing: it is left alone, and not sent.
    Keep,
    /// null, or an empty list: it is cleared, and sent empty.
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

/// What a job says of a field: a value of any kind.
pub fn state<'a>(params: &Params<'a>, name: &str) -> Field<&'a Value> {
    match params.stated(name) {
        None => Field::Keep,
        Some(Value::Null) => Field::Clear,
        Some(Value::Array(items)) if items.is_empty() => Field::Clear,
        Some(value) => Field::Set(value),
    }
}

/// What a job says of a field: a text.
///
/// # Errors
/// It is no text, empty, or holds a control character.
pub fn field(params: &Params<'_>, name: &str) -> Result<Field<String>, Reject> {
    state(params, name).and_then(|_| params.required(name))
}

/// What a job says of a field: a list of texts; a text alone is a list of one.
///
/// # Errors
/// It is something else, or one of its items is as in [`field`].
pub fn list(params: &Params<'_>, name: &str) -> Result<Field<Vec<String>>, Reject> {
    state(params, name).and_then(|_| params.list(name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn what_is_missing_stays_and_what_is_null_goes() {
        let params = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
        let map = params(json!({"a": null, "b": " x ", "d": []}));
        let of = Params::new(&map, &["a", "b", "c", "d"]).unwrap();
        let fields = ["a", "b", "c"].map(|name| field(&of, name).unwrap());
        assert_eq!(fields, [Field::Clear, Field::Set("x".into()), Field::Keep]);
        assert_eq!(fields.each_ref().map(Field::attribute), [Some(""), Some("x"), None]);
        assert_eq!(list(&of, "b"), Ok(Field::Set(vec!["x".into()])));
        assert_eq!(["a", "c", "d"].map(|name| list(&of, name).unwrap()), [Field::Clear, Field::Keep, Field::Clear]);
        let map = params(json!({"a": 7}));
        let reject = field(&Params::new(&map, &["a"]).unwrap(), "a").unwrap_err();
        assert_eq!(reject.field.as_deref(), Some("params.a"));
    }
}
