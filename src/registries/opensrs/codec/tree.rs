//! The data of a message: nested hashes and arrays, as OPS has them.

use std::collections::BTreeMap;

/// A value. Two are equal when they hold the same, in whatever sequence their items stand.
#[derive(Clone, Debug)]
pub enum Node {
    /// Names and values (`dt_assoc`).
    Assoc(Vec<Item>),
    /// Values with numbers as keys (`dt_array`); they need not be without gaps.
    Array(Vec<Item>),
    /// Text (bare, or in a `dt_scalar`).
    Scalar(String),
    /// A reference to a scalar (`dt_scalarref`); defined, and not seen in practice.
    ScalarRef(Box<Node>),
    /// An item with nothing in it.
    Empty,
}

/// A value with its key.
#[derive(Clone, Debug)]
pub struct Item {
    /// A name, or in an array a number.
    pub key: String,
    /// The type to make of it at the other end; kept, never acted on.
    pub class: Option<String>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A hash of names and values.
    pub fn assoc<const N: usize>(items: [(&str, Node); N]) -> Self {
        items.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// An array, numbered from 0.
    pub fn array(values: impl IntoIterator<Item = Node>) -> Self {
        let item = |(at, value): (usize, Node)| Item { key: at.to_string(), class: None, value };
        Self::Array(values.into_iter().enumerate().map(item).collect())
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(text.into())
    }

    /// The value of a key; the last one counts.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Assoc(items) | Self::Array(items) => {
                items.iter().rfind(|item| item.key == key).map(|item| &item.value)
            }
            Self::Scalar(_) | Self::ScalarRef(_) | Self::Empty => None,
        }
    }

    /// The values of a hash or an array as a list without gaps: those of an array in the sequence of their numbers.
    pub fn values(&self) -> Vec<&Node> {
        match self {
            Self::Assoc(items) => items.iter().map(|item| &item.value).collect(),
            Self::Array(items) => by_index(items).into_values().map(|item| &item.value).collect(),
            Self::Scalar(_) | Self::ScalarRef(_) | Self::Empty => Vec::new(),
        }
    }

    /// The text of a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            Self::ScalarRef(node) => node.as_text(),
            Self::Assoc(_) | Self::Array(_) | Self::Empty => None,
        }
    }
}

impl FromIterator<(String, Node)> for Node {
    fn from_iter<T: IntoIterator<Item = (String, Node)>>(items: T) -> Self {
        Self::Assoc(items.into_iter().map(|(key, value)| Item { key, class: None, value }).collect())
    }
}

/// Where an item of an array stands: at its number, or behind all numbers by its name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Number(u64),
    Name(&'a str),
}

/// An array's items in the sequence of their places; of two in one place the last counts.
fn by_index(items: &[Item]) -> BTreeMap<Place<'_>, &Item> {
    let place = |key| str::parse(key).map_or(Place::Name(key), Place::Number);
    items.iter().map(|item| (place(item.key.as_str()), item)).collect()
}

/// A hash's items by name; of two with one name the last counts.
fn by_name(items: &[Item]) -> BTreeMap<&str, &Item> {
    items.iter().map(|item| (item.key.as_str(), item)).collect()
}

fn alike(left: &Item, right: &Item) -> bool {
    left.class == right.class && left.value == right.value
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Assoc(left), Self::Assoc(right)) => {
                let (left, right) = (by_name(left), by_name(right));
                left.keys().eq(right.keys()) && left.values().zip(right.values()).all(|(one, two)| alike(one, two))
            }
            (Self::Array(left), Self::Array(right)) => {
                let (left, right) = (by_index(left), by_index(right));
                left.keys().eq(right.keys()) && left.values().zip(right.values()).all(|(one, two)| alike(one, two))
            }
            (Self::Scalar(left), Self::Scalar(right)) => left == right,
            (Self::ScalarRef(left), Self::ScalarRef(right)) => left == right,
            (Self::Empty, Self::Empty) => true,
            _ => false,
        }
    }
}
