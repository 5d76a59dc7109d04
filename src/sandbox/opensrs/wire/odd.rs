//! Answers as they come from many hands: the same data in another sequence, with other quotes, blanks and prologs. A client that
//! reads these reads the registry.

use std::fmt::Write;

use super::super::super::dice::Dice;
use super::tree::Node;
use super::write::escaped;

/// Declarations that stand before an envelope, or do not.
const PROLOGS: &[&str] = &[
    "<?xml version='1.0' encoding=\"UTF-8\" standalone=\"no\" ?>\n<!DOCTYPE OPS_envelope SYSTEM \"ops.dtd\">\n",
    "<?xml version=\"1.0\"?>\n",
    "\u{feff}<?xml version='1.0' encoding='utf-8'?><!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'>",
    "",
    "\n\n",
];
/// Headers.
const HEADERS: &[&str] = &[
    "<header><version>0.9</version></header>",
    "<header>\n <version>0.9</version>\n <msg_id>2.21765911726198</msg_id>\n <msg_type>standard</msg_type>\n</header>\n",
    "<header><version>1.0</version></header>\n",
];
/// Blanks between elements.
const GAPS: &[&str] = &["", "", "\n", "\r\n   ", "\t"];
/// What a reply may come without, or with in addition.
const DISPENSABLE: &[&str] = &["object", "transaction_id"];

/// A message with that data, written in one of many ways.
pub(in super::super) fn message(data: &Node, dice: &mut Dice) -> String {
    let mut data = data.clone();
    if let Node::Assoc(items) = &mut data {
        items.retain(|(key, _)| !DISPENSABLE.contains(&key.as_str()) || !dice.one_in(2));
    }
    let mut out = format!("{}<OPS_envelope>{}<body><data_block>", dice.pick(PROLOGS), dice.pick(HEADERS));
    value(&mut out, &data, dice);
    let _ = write!(out, "{}</data_block></body>{}</OPS_envelope>{}", dice.pick(GAPS), dice.pick(GAPS), dice.pick(GAPS));
    out
}

fn value(out: &mut String, node: &Node, dice: &mut Dice) {
    let (name, mut items): (_, Vec<(String, &Node)>) = match node {
        Node::Text(text) => {
            let _ = write!(out, "<dt_scalar>{}</dt_scalar>", escaped(text));
            return;
        }
        Node::Assoc(items) => ("dt_assoc", items.iter().map(|(key, value)| (key.clone(), value)).collect()),
        Node::Array(values) => ("dt_array", values.iter().enumerate().map(|(at, v)| (at.to_string(), v)).collect()),
    };
    dice.shuffle(&mut items);
    let _ = write!(out, "{}<{name}>", dice.pick(GAPS));
    for (key, value) in items {
        item(out, &key, value, dice);
    }
    let _ = write!(out, "{}</{name}>{}", dice.pick(GAPS), dice.pick(GAPS));
}

fn item(out: &mut String, key: &str, node: &Node, dice: &mut Dice) {
    let quote = dice.pick(&["'", "\""]);
    let key_text = escaped(key).replace('\'', "&#39;");
    let _ = write!(out, "{}<item key={quote}{key_text}{quote}", dice.pick(GAPS));
    match node {
        Node::Text(text) if text.is_empty() && dice.one_in(2) => out.push_str("/>"),
        Node::Text(text) => {
            let text = if key == "response_text" { broken(text, dice) } else { text.clone() };
            let _ = match dice.one_in(4) {
                true => write!(out, "><dt_scalar>{}</dt_scalar></item>", escaped(&text)),
                false => write!(out, ">{}</item>", escaped(&text)),
            };
        }
        Node::Assoc(_) | Node::Array(_) => {
            out.push('>');
            value(out, node, dice);
            out.push_str("</item>");
        }
    }
}

/// A text over several lines.
fn broken(text: &str, dice: &mut Dice) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut out = String::new();
    for (at, word) in words.into_iter().enumerate() {
        if at > 0 {
            out.push_str(dice.pick(&[" ", " ", "\n", "\n   "]));
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{read, write};
    use super::*;

    /// The same whatever the sequence.
    fn sorted(node: Node) -> Node {
        match node {
            Node::Assoc(mut items) => {
                items.sort_by(|one, other| one.0.cmp(&other.0));
                Node::Assoc(items.into_iter().map(|(key, value)| (key, sorted(value))).collect())
            }
            Node::Array(values) => Node::Array(values.into_iter().map(sorted).collect()),
            text @ Node::Text(_) => text,
        }
    }

    #[test]
    fn it_says_the_same_in_many_ways() {
        let values: Vec<Node> = (0..12_u64).map(|n| Node::none().with("it's", n).with("none", "")).collect();
        let node = Node::none().with("list", values).with("text", " a\n b ").with("names", Node::none());
        let plain = sorted(read::message(&write::message(&node)).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        for request in 0..200 {
            let text = message(&node, &mut Dice::new(7, request));
            assert_eq!(sorted(read::message(&text).unwrap()), plain, "{text}");
            seen.insert(text);
        }
        assert!(seen.len() > 190, "{} ways", seen.len());
        let reply = Node::none().with("object", "DOMAIN").with("response_text", "a b c");
        let texts: Vec<String> = (0..50).map(|request| message(&reply, &mut Dice::new(7, request))).collect();
        assert!(texts.iter().any(|text| !text.contains("DOMAIN")) && texts.iter().any(|text| text.contains("a\n")));
    }
}
