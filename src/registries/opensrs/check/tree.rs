//! JSON as the registry's nested hashes and arrays, for what is its own and differs from one top-level domain to the next.

use serde_json::Value;

use super::super::codec::tree::{Item, Node};
use super::super::params::refuse;
use crate::model::Reject;

/// Deepest nesting: what the registry documents has two levels.
const DEEPEST: usize = 8;

/// A value as data: true and false are 1 and 0, null is nothing.
///
/// # Errors
/// It holds a control character that is no line end, or is nested too deep.
pub fn tree(field: &str, value: &Value) -> Result<Node, Reject> {
    inside(field, value, 0)
}

fn inside(field: &str, value: &Value, depth: usize) -> Result<Node, Reject> {
    if depth > DEEPEST {
        return Err(Reject::param(field, format!("must not be nested deeper than {DEEPEST} levels")));
    }
    match value {
        Value::Null => Ok(Node::Empty),
        Value::Bool(yes) => Ok(Node::text(if *yes { "1" } else { "0" })),
        Value::Number(number) => Ok(Node::text(number.to_string())),
        Value::String(text) if text.chars().any(|c| c.is_control() && c != '\n') => {
            Err(refuse(field, "must not hold control characters", text))
        }
        Value::String(text) => Ok(Node::text(text.as_str())),
        Value::Array(items) => {
            let each = |(at, item)| inside(&format!("{field}[{at}]"), item, depth + 1);
            Ok(Node::array(items.iter().enumerate().map(each).collect::<Result<Vec<_>, _>>()?))
        }
        Value::Object(map) => {
            let each = |(key, item): (&String, &Value)| {
                let value = inside(&format!("{field}.{key}"), item, depth + 1)?;
                Ok(Item { key: key.clone(), class: None, value })
            };
            Ok(Node::Assoc(map.iter().map(each).collect::<Result<Vec<_>, _>>()?))
        }
    }
}
