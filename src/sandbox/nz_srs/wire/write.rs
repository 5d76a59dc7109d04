//! Writes a document: no white space between tags, attributes in the order of the alphabet, free text in CDATA, what is not
//! ASCII in attributes as references.

use std::fmt::Write;

use super::tree::Element;

/// Elements whose text is written in CDATA.
const FREE_TEXT: &[&str] = &["AuditText", "Description", "ErrorDetails", "TransferredDomain", "XML", "Signature"];

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Style {
    /// Free text has blanks and line ends around it.
    pub(in super::super) pads_text: bool,
}

/// A document with declaration and DOCTYPE.
pub(in super::super) fn document(root: &Element, style: Style) -> String {
    let mut out = format!("<?xml version=\"1.0\"?>\n<!DOCTYPE {} SYSTEM \"protocol.dtd\">\n", root.name);
    element(&mut out, root, style);
    out.push('\n');
    out
}

/// An element alone.
pub(in super::super) fn plain(root: &Element) -> String {
    let mut out = String::new();
    element(&mut out, root, Style::default());
    out
}

fn element(out: &mut String, node: &Element, style: Style) {
    let _ = write!(out, "<{}", node.name);
    let mut attributes: Vec<_> = node.attributes.iter().collect();
    attributes.sort();
    for (name, value) in attributes {
        let _ = write!(out, " {name}=\"{}\"", escaped(value));
    }
    if node.children.is_empty() && node.text.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    match FREE_TEXT.contains(&node.name.as_str()) {
        true if node.text.is_empty() => {}
        true => {
            let pad = if style.pads_text { "\n  " } else { "" };
            let _ = write!(out, "{pad}<![CDATA[{pad}{}{pad}]]>{pad}", node.text.replace("]]>", "]]]]><![CDATA[>"));
        }
        false => out.push_str(&escaped(&node.text)),
    }
    for child in &node.children {
        element(out, child, style);
    }
    let _ = write!(out, "</{}>", node.name);
}

/// Text for an attribute or between tags.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A parser would make blanks of them.
            '\t' | '\r' => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            '\n' => out.push('\n'),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
        }
    }
    out
}
