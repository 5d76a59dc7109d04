//! XML as it is written: elements with prefixed names.

use quick_xml::escape::escape;

/// An element.
#[derive(Clone, Debug)]
pub(in super::super) struct Node {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// An empty element.
    pub(in super::super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// An element with text.
    pub(in super::super) fn leaf(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(name) }
    }

    /// With an attribute more.
    pub(in super::super) fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a child more.
    pub(in super::super) fn child(mut self, child: Node) -> Self {
        self.children.push(child);
        self
    }

    /// With children more.
    pub(in super::super) fn children(mut self, children: impl IntoIterator<Item = Node>) -> Self {
        self.children.extend(children);
        self
    }

    /// Writes the element behind the text.
    pub(in super::super) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escape(legal(value))));
        }
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        out.push_str(&escape(legal(&self.text)));
        self.children.iter().for_each(|child| child.write(out));
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Without the characters XML cannot carry.
pub(super) fn legal(text: &str) -> String {
    let is_legal =
        |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(is_legal).collect()
}
