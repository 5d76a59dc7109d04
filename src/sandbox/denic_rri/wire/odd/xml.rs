//! XML answers: prefixes by any name, or none; declared at the top, where the data begins, or on each element; attributes
//! in any order; blanks and comments between elements; a declaration, or none.

use std::collections::BTreeMap;

use quick_xml::escape::{escape, partial_escape};

use super::super::super::super::dice::Dice;
use super::super::node::{Node, legal};

/// Where the prefixes are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// All at the root.
    Root,
    /// Those of the data on the one element of the data.
    Data,
    /// On each element what it uses.
    Each,
    /// Nowhere: each element makes its namespace the default one.
    Bare,
}

/// A prefix of the plain answer in this one.
#[derive(Debug)]
struct Binding {
    /// Empty for the default namespace.
    prefix: String,
    uri: String,
    /// Whether it occurs above the data, too.
    is_frame: bool,
}

struct Writer<'a> {
    bindings: BTreeMap<String, Binding>,
    place: Place,
    end: &'a str,
    indent: &'a str,
    dice: &'a mut Dice,
    out: String,
}

/// Writes a plain answer in another way.
pub(in super::super) fn vary(root: &Node, dice: &mut Dice) -> String {
    let bindings = bindings(root, dice);
    let place = [Place::Root, Place::Data, Place::Each, Place::Bare][dice.below(4)];
    let end = dice.pick(&["\n", "\r\n", ""]);
    let indent = if end.is_empty() { "" } else { dice.pick(&["  ", "\t", ""]) };
    let mut out = String::from(dice.pick(&[
        "",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>",
        "<?xml version=\"1.0\"?>",
    ]));
    out.push_str(end);
    let mut writer = Writer { bindings, place, end, indent, dice, out };
    writer.comment();
    writer.element(root, 0, false);
    writer.out.push_str(end);
    writer.out
}

/// Gives each namespace of an answer a prefix; at most one of them none.
fn bindings(root: &Node, dice: &mut Dice) -> BTreeMap<String, Binding> {
    let mut found = BTreeMap::new();
    declarations(root, true, &mut found);
    let bare = match dice.below(3) {
        // The frame's default namespace needs a name of its own where it is not the default.
        0 => "",
        1 => "tr",
        _ => "nothing",
    };
    let style = dice.below(3);
    for (number, (name, binding)) in found.iter_mut().enumerate() {
        let known = if name.is_empty() { "global" } else { name.as_str() };
        binding.prefix = match style {
            _ if name == bare => String::new(),
            0 => known.to_owned(),
            1 => format!("ns{number}"),
            _ => format!("{}-{number}.x", known.get(..1).unwrap_or("p")),
        };
    }
    found
}

fn declarations(node: &Node, is_frame: bool, found: &mut BTreeMap<String, Binding>) {
    for (name, uri) in &node.attributes {
        if let Some(prefix) = declared(name) {
            let binding = || Binding { prefix: String::new(), uri: uri.clone(), is_frame };
            found.entry(prefix.to_owned()).or_insert_with(binding);
        }
    }
    let is_frame = is_frame && node.name != "tr:data";
    node.children.iter().for_each(|child| declarations(child, is_frame, found));
}

/// The prefix an attribute declares.
fn declared(attribute: &str) -> Option<&str> {
    let rest = attribute.strip_prefix("xmlns")?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix(':') }
}

/// Prefix and local name.
fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

impl Writer<'_> {
    fn element(&mut self, node: &Node, depth: usize, is_data: bool) {
        let (prefix, local) = split(&node.name);
        let name = if self.place == Place::Bare { local.to_owned() } else { self.renamed(&node.name) };
        let mut attributes = self.declared_here(node, prefix, depth, is_data);
        for (attribute, value) in node.attributes.iter().filter(|(attribute, _)| declared(attribute).is_none()) {
            attributes.push(match split(attribute) {
                ("", _) => (attribute.clone(), value.clone()),
                _ => (self.renamed(attribute), self.renamed(value)),
            });
        }
        self.dice.shuffle(&mut attributes);
        self.out.push('<');
        self.out.push_str(&name);
        for (attribute, value) in attributes {
            let quote = self.dice.pick(&["\"", "\"", "'"]);
            let gap = self.dice.pick(&[" ", " ", "\n    "]);
            self.out.push_str(&format!("{gap}{attribute}={quote}{}{quote}", escape(legal(&value))));
        }
        if node.text.is_empty() && node.children.is_empty() && self.dice.one_in(2) {
            self.out.push_str(self.dice.pick(&["/>", " />"]));
            return;
        }
        self.out.push('>');
        self.inside(node, depth);
        self.out.push_str(&format!("</{name}>"));
    }

    fn inside(&mut self, node: &Node, depth: usize) {
        let text = legal(&node.text);
        let text = if self.dice.one_in(2) { escape(text) } else { partial_escape(text) };
        self.out.push_str(&text);
        for child in &node.children {
            self.line(depth + 1);
            if self.dice.one_in(5) {
                self.comment();
                self.line(depth + 1);
            }
            self.element(child, depth + 1, node.name == "tr:data");
        }
        if !node.children.is_empty() {
            self.line(depth);
        }
    }

    /// The declarations an element carries.
    fn declared_here(&self, node: &Node, own: &str, depth: usize, is_data: bool) -> Vec<(String, String)> {
        // A type is named with a prefix in the value of an attribute.
        let typed = || node.attributes.iter().filter(|(name, _)| declared(name).is_none() && name.contains(':'));
        let is_typed =
            |name: &str| typed().any(|(attribute, value)| split(attribute).0 == name || split(value).0 == name);
        let chosen = |name: &str, binding: &Binding| match self.place {
            Place::Root => depth == 0,
            Place::Data => (depth == 0 && binding.is_frame) || (is_data && !binding.is_frame),
            Place::Each => name == own || is_typed(name),
            Place::Bare => is_typed(name),
        };
        let here = self.bindings.iter().filter(|(name, binding)| chosen(name, binding));
        let declare = |binding: &Binding| match binding.prefix.as_str() {
            "" => ("xmlns".to_owned(), binding.uri.clone()),
            prefix => (format!("xmlns:{prefix}"), binding.uri.clone()),
        };
        let mut here: Vec<_> = here.map(|(_, binding)| declare(binding)).collect();
        if let Some(binding) = self.bindings.get(own).filter(|_| self.place == Place::Bare) {
            here.push(("xmlns".to_owned(), binding.uri.clone()));
        }
        here
    }

    /// A name with the prefix it has in this answer.
    fn renamed(&self, name: &str) -> String {
        let (prefix, local) = split(name);
        match self.bindings.get(prefix).map(|binding| binding.prefix.as_str()) {
            None => name.to_owned(),
            Some("") => local.to_owned(),
            Some(prefix) => format!("{prefix}:{local}"),
        }
    }

    fn comment(&mut self) {
        if self.dice.one_in(2) {
            let comment =
                self.dice.pick(&["<!-- -->", "<!-- RESULT: failed -->", "<!--<tr:result>failed</tr:result>-->"]);
            self.out.push_str(comment);
        }
    }

    fn line(&mut self, depth: usize) {
        self.out.push_str(self.end);
        self.out.push_str(&self.indent.repeat(depth));
    }
}
