//! Writes an OPS message.

use std::fmt::Write;

use super::tree::Node;

/// What stands before the envelope.
const PROLOG: &str =
    "<?xml version='1.0' encoding=\"UTF-8\" standalone=\"no\" ?>\n<!DOCTYPE OPS_envelope SYSTEM \"ops.dtd\">\n";

/// A message with that data.
pub(in super::super) fn message(data: &Node) -> String {
    let mut out =
        format!("{PROLOG}<OPS_envelope>\n <header>\n  <version>0.9</version>\n </header>\n <body>\n  <data_block>\n");
    value(&mut out, data, 3);
    out.push_str("  </data_block>\n </body>\n</OPS_envelope>\n");
    out
}

/// A list or names and values, each item on a line of its own, as the registry writes them.
fn value(out: &mut String, node: &Node, depth: usize) {
    let pad = " ".repeat(depth);
    match node {
        Node::Text(text) => {
            let _ = writeln!(out, "{pad}<dt_scalar>{}</dt_scalar>", escaped(text));
        }
        Node::Assoc(items) => {
            let _ = writeln!(out, "{pad}<dt_assoc>");
            items.iter().for_each(|(key, value)| item(out, key, value, depth + 1));
            let _ = writeln!(out, "{pad}</dt_assoc>");
        }
        Node::Array(values) => {
            let _ = writeln!(out, "{pad}<dt_array>");
            values.iter().enumerate().for_each(|(at, value)| item(out, &at.to_string(), value, depth + 1));
            let _ = writeln!(out, "{pad}</dt_array>");
        }
    }
}

fn item(out: &mut String, key: &str, node: &Node, depth: usize) {
    let (pad, key) = (" ".repeat(depth), escaped(key));
    match node {
        Node::Text(text) if text.is_empty() => {
            let _ = writeln!(out, "{pad}<item key=\"{key}\"/>");
        }
        Node::Text(text) => {
            let _ = writeln!(out, "{pad}<item key=\"{key}\">{}</item>", escaped(text));
        }
        Node::Assoc(_) | Node::Array(_) => {
            let _ = writeln!(out, "{pad}<item key=\"{key}\">");
            value(out, node, depth + 1);
            let _ = writeln!(out, "{pad}</item>");
        }
    }
}

/// Text between tags or quotes; what XML cannot carry is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(character),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let node = Node::assoc([
            ("a b", "x < y & \"z\"\r\n".into()),
            ("list", vec![Node::none().with("k.de", "ü"), "".into()].into()),
            ("none", Node::none()),
        ]);
        assert_eq!(read::message(&message(&node)).unwrap(), node);
    }
}
