//! The registry's DTD, enforced: which elements there are, what may be in them and in which order, which attributes they have.

mod model;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::wire::tree::Element;
use model::Model;
pub(super) use table::ACTIONS;
use table::{ANSWERED, ELEMENTS, SETS, WORDS};

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
struct Attribute {
    name: &'static str,
    is_required: bool,
    /// What it may be; any text if there are none.
    words: Vec<&'static str>,
    default: Option<&'static str>,
}

/// An element.
#[derive(Debug)]
struct Rule {
    model: Model,
    attributes: Vec<Attribute>,
}

static RULES: LazyLock<BTreeMap<&'static str, Rule>> = LazyLock::new(|| {
    let rows = ELEMENTS.iter().flat_map(|(names, content, attributes)| {
        names
            .split(' ')
            .map(move |name| (name, Rule { model: Model::read(content), attributes: self::attributes(attributes) }))
    });
    rows.collect()
});

fn attributes(text: &'static str) -> Vec<Attribute> {
    let sets = |word: &'static str| SETS.iter().find(|(name, _)| *name == word).map_or(word, |(_, text)| *text);
    text.split(' ').filter(|word| !word.is_empty()).flat_map(|word| sets(word).split(' ')).map(attribute).collect()
}

fn attribute(text: &'static str) -> Attribute {
    let (text, default) = text.split_once('=').map_or((text, None), |(text, default)| (text, Some(default)));
    let (name, words) = text.split_once(':').unwrap_or((text, ""));
    let words = match words {
        "" => Vec::new(),
        "@action" => ACTIONS.iter().chain(ANSWERED).copied().collect(),
        words => WORDS.iter().find(|(name, _)| *name == words).map_or(words, |(_, all)| *all).split(',').collect(),
    };
    Attribute { name: name.trim_end_matches('!'), is_required: name.ends_with('!'), words, default }
}

/// Holds an element and all in it against the table, and adds attributes that have a default.
///
/// # Errors
/// Says what is wrong first, as a validator would.
pub(super) fn check(element: &mut Element) -> Result<(), String> {
    let name = element.name.clone();
    let rule = RULES.get(name.as_str()).ok_or_else(|| format!("No declaration for element {}", quoted(&name)))?;
    for (attribute, _) in &element.attributes {
        if !rule.attributes.iter().any(|known| known.name == attribute) {
            return Err(format!("No declaration for attribute {} of element {name}", quoted(attribute)));
        }
    }
    for known in &rule.attributes {
        match (element.attribute(known.name), known.default) {
            (Some(value), _) if known.words.is_empty() || known.words.contains(&value) => {}
            (Some(value), _) => {
                let value = quoted(value);
                return Err(format!(
                    "Value {value} for attribute {} of {name} is not among the enumerated set",
                    known.name
                ));
            }
            (None, _) if known.is_required => {
                return Err(format!("Element {name} does not carry attribute {}", known.name));
            }
            (None, Some(default)) => element.attributes.push((known.name.to_owned(), default.to_owned())),
            (None, None) => {}
        }
    }
    let has_text = !element.text.chars().all(|c| " \t\r\n".contains(c));
    if has_text && !rule.model.has_text() {
        return Err(format!("Element {name} content does not follow the DTD, got (CDATA)"));
    }
    let children: Vec<&str> = element.children.iter().map(|child| child.name.as_str()).collect();
    if !rule.model.fits(&children) {
        let got: Vec<_> = children.iter().take(20).map(|child| quoted(child)).collect();
        return Err(format!("Element {name} content does not follow the DTD, got ({})", got.join(" ")));
    }
    if !rule.model.has_text() {
        element.text.clear();
    }
    element.children.iter_mut().try_for_each(check)
}

/// A name of the client's, as far as it is shown.
fn quoted(text: &str) -> String {
    text.chars().take(80).collect::<String>().escape_default().to_string()
}

/// Whether an element is one the table has.
#[cfg(test)]
fn names() -> Vec<&'static str> {
    RULES.keys().copied().collect()
}
