//! What may be in an element: read from the table's notation, and held against what is there.

use std::collections::BTreeSet;

use super::ACTIONS;

/// The content of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Nothing,
    Text,
    Elements(Part),
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Name(String),
    Sequence(Vec<Part>),
    Choice(Vec<Part>),
    /// May be missing.
    Optional(Box<Part>),
    /// Any number, also none.
    Many(Box<Part>),
    /// Any number, at least one.
    Some(Box<Part>),
}

impl Model {
    /// Reads a row's content.
    pub(super) fn read(text: &str) -> Self {
        match text {
            "" => Self::Nothing,
            "#" => Self::Text,
            text => {
                let text = text.replace("@request", &ACTIONS.join("|"));
                Self::Elements(alternatives(&mut text.as_str()))
            }
        }
    }

    /// Whether text may be in it.
    pub(super) const fn has_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// Whether these children in this order are allowed.
    pub(super) fn fits(&self, children: &[&str]) -> bool {
        match self {
            Self::Nothing | Self::Text => children.is_empty(),
            Self::Elements(part) => part.ends(children, &BTreeSet::from([0])).contains(&children.len()),
        }
    }
}

impl Part {
    /// Where it can end, if it can begin at these places.
    fn ends(&self, children: &[&str], begins: &BTreeSet<usize>) -> BTreeSet<usize> {
        match self {
            Self::Name(name) => {
                begins.iter().filter(|at| children.get(**at) == Some(&name.as_str())).map(|at| at + 1).collect()
            }
            Self::Sequence(parts) => parts.iter().fold(begins.clone(), |at, part| part.ends(children, &at)),
            Self::Choice(parts) => parts.iter().flat_map(|part| part.ends(children, begins)).collect(),
            Self::Optional(part) => begins | &part.ends(children, begins),
            Self::Many(part) => repeated(part, children, begins, begins.clone()),
            Self::Some(part) => repeated(part, children, begins, BTreeSet::new()),
        }
    }
}

/// Where a part that is repeated can end; `all` are the ends without it.
fn repeated(part: &Part, children: &[&str], begins: &BTreeSet<usize>, mut all: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut front = begins.clone();
    loop {
        front = part.ends(children, &front);
        front.retain(|at| !all.contains(at));
        if front.is_empty() {
            return all;
        }
        all.extend(front.iter().copied());
    }
}

/// `a|b`, or one of them alone.
fn alternatives(rest: &mut &str) -> Part {
    let mut parts = vec![sequence(rest)];
    while let Some(behind) = rest.strip_prefix('|') {
        *rest = behind;
        parts.push(sequence(rest));
    }
    one_or(parts, Part::Choice)
}

/// `a b`, or one of them alone.
fn sequence(rest: &mut &str) -> Part {
    let mut parts = vec![item(rest)];
    while let Some(behind) = rest.strip_prefix(' ') {
        *rest = behind;
        parts.push(item(rest));
    }
    one_or(parts, Part::Sequence)
}

fn one_or(mut parts: Vec<Part>, many: fn(Vec<Part>) -> Part) -> Part {
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => part,
        (last, _) => many(parts.into_iter().chain(last).collect()),
    }
}

/// A name or a group, and how often it may come.
fn item(rest: &mut &str) -> Part {
    let part = if let Some(inner) = rest.strip_prefix('(') {
        *rest = inner;
        let part = alternatives(rest);
        *rest = rest.strip_prefix(')').unwrap_or(rest);
        part
    } else {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        *rest = behind;
        Part::Name(name.to_owned())
    };
    let kind: fn(Box<Part>) -> Part = match rest.chars().next() {
        Some('?') => Part::Optional,
        Some('*') => Part::Many,
        Some('+') => Part::Some,
        _ => return part,
    };
    *rest = rest.get(1..).unwrap_or_default();
    kind(Box::new(part))
}
