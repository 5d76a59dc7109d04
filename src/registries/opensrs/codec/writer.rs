//! Data → bytes. One item a line; nothing stands beside a value that could be taken for a part of it.

use std::fmt::{self, Write};

use zeroize::Zeroizing;

use super::tree::{Item, Node};
use super::{DEEPEST, LONGEST, is_xml};

/// What stands in front of every message (OpenSRS guide, OPS).
const PROLOG: &str =
    "<?xml version='1.0' encoding='UTF-8' standalone='no' ?>\n<!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'>\n";
/// The version in all XCP traffic.
const VERSION: &str = "0.9";

/// Writes an envelope.
///
/// # Errors
/// It would be too large or too deep, holds a character that XML does not have, or there is nothing in it.
pub fn write(data: &Node) -> Result<Zeroizing<Vec<u8>>, String> {
    if matches!(data, Node::Empty) {
        return Err("an envelope without data".into());
    }
    check(data, 1)?;
    // Measured first: growing step by step would leave unwiped copies of a password behind.
    let mut length = Length(0);
    envelope(&mut length, data).map_err(|_| "the length cannot be told")?;
    if length.0 > LONGEST {
        return Err(format!("the message has {} bytes, more than {LONGEST}", length.0));
    }
    let mut text = Zeroizing::new(String::with_capacity(length.0));
    envelope(&mut *text, data).map_err(|_| "the message cannot be written")?;
    Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_add(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

fn check(node: &Node, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("the message has more than {DEEPEST} levels"));
    }
    match node {
        Node::Assoc(items) | Node::Array(items) => items.iter().try_for_each(|item| {
            characters(&item.key, "a key")?;
            characters(item.class.as_deref().unwrap_or_default(), "a class")?;
            let inside = |why| format!("{}: {why}", item.key.escape_debug());
            check(&item.value, depth + 1).map_err(inside)
        }),
        Node::Scalar(text) => characters(text, "a text"),
        Node::ScalarRef(inner) => check(inner, depth + 1),
        Node::Empty => Ok(()),
    }
}

fn characters(text: &str, what: &str) -> Result<(), String> {
    match text.chars().find(|character| !is_xml(*character)) {
        Some(other) => Err(format!("{what} holds the character U+{:04X}, which XML does not have", u32::from(other))),
        None => Ok(()),
    }
}

fn envelope(out: &mut impl Write, data: &Node) -> fmt::Result {
    out.write_str(PROLOG)?;
    write!(out, "<OPS_envelope>\n<header><version>{VERSION}</version></header>\n<body><data_block>")?;
    element(out, data, 0)?;
    out.write_str("</data_block></body>\n</OPS_envelope>\n")
}

/// A value in an element of its own.
fn element(out: &mut impl Write, node: &Node, depth: usize) -> fmt::Result {
    match node {
        Node::Assoc(items) => structure(out, "dt_assoc", items, depth),
        Node::Array(items) => structure(out, "dt_array", items, depth),
        Node::Scalar(text) => {
            out.write_str("<dt_scalar>")?;
            escaped(out, text, false)?;
            out.write_str("</dt_scalar>")
        }
        Node::ScalarRef(inner) => {
            out.write_str("<dt_scalarref>")?;
            content(out, inner, depth)?;
            out.write_str("</dt_scalarref>")
        }
        Node::Empty => Ok(()),
    }
}

fn structure(out: &mut impl Write, name: &str, items: &[Item], depth: usize) -> fmt::Result {
    if items.is_empty() {
        return write!(out, "<{name}/>");
    }
    writeln!(out, "<{name}>")?;
    for item in items {
        write!(out, "{:depth$}<item key=\"", "")?;
        escaped(out, &item.key, true)?;
        if let Some(class) = &item.class {
            out.write_str("\" class=\"")?;
            escaped(out, class, true)?;
        }
        if matches!(item.value, Node::Empty) {
            out.write_str("\"/>\n")?;
            continue;
        }
        out.write_str("\">")?;
        content(out, &item.value, depth + 1)?;
        out.write_str("</item>\n")?;
    }
    let depth = depth.saturating_sub(1);
    write!(out, "{:depth$}</{name}>", "")
}

/// What stands in an item: bare text, or a value's element. Text with nothing in it needs one, or it would be no value.
fn content(out: &mut impl Write, node: &Node, depth: usize) -> fmt::Result {
    match node {
        Node::Scalar(text) if !text.is_empty() => escaped(out, text, false),
        _ => element(out, node, depth),
    }
}

/// Character by character, so that no escaped copy of a password is left behind. A reader makes line feeds of carriage
/// returns, and in an attribute blanks of all that is white.
fn escaped(out: &mut impl Write, text: &str, is_attribute: bool) -> fmt::Result {
    text.chars().try_for_each(|character| match character {
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '&' => out.write_str("&amp;"),
        '\r' => out.write_str("&#13;"),
        '"' if is_attribute => out.write_str("&quot;"),
        '\n' if is_attribute => out.write_str("&#10;"),
        '\t' if is_attribute => out.write_str("&#9;"),
        other => out.write_char(other),
    })
}
