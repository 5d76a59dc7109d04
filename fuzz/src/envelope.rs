//! The OPS envelope of OpenSRS: reader, writer and data as they are in there.

#[path = "../../src/registries/opensrs/codec/reader.rs"]
#[allow(dead_code, reason = "the fuzzer needs a part of it")]
mod reader;
#[path = "../../src/registries/opensrs/codec/tree.rs"]
#[allow(dead_code, reason = "the fuzzer needs a part of it")]
mod tree;
#[path = "../../src/registries/opensrs/codec/writer.rs"]
mod writer;

use tree::Node;

/// As in `codec/mod.rs`.
const LONGEST: usize = 8 * 1024 * 1024;
/// As in `codec/mod.rs`.
const DEEPEST: usize = 64;
/// Most oddities that are told of one message.
const MOST_ODDITIES: usize = 8;

/// As in `codec/mod.rs`.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r') || !(character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

/// What is read can be written, means the same when it is read again, in whatever sequence its items stand, and is written
/// alike each time. What is no envelope says why, in bounds.
pub fn ops_envelope(bytes: &[u8]) {
    let message = match reader::read(bytes) {
        Ok(message) => message,
        Err(why) => {
            assert!(!why.is_empty() && why.len() <= 12 * bytes.len() + 400, "{} bytes of error", why.len());
            return;
        }
    };
    assert!(message.oddities.len() <= MOST_ODDITIES, "{:?}", message.oddities);
    let depth = depth(&message.data);
    // The text at the very bottom is no level for the reader.
    assert!(depth <= DEEPEST + 1, "{depth} levels");
    assert!(weight(&message.data) <= bytes.len(), "{} bytes became more", bytes.len());
    let written = match writer::write(&message.data) {
        Ok(written) => written,
        Err(why) => {
            assert!(depth > DEEPEST, "what was read cannot be written: {why}");
            return;
        }
    };
    assert_eq!(*writer::write(&message.data).unwrap(), *written, "not the same twice");
    let again = reader::read(&written).expect("what we write we read");
    assert_eq!(again.data, message.data, "it came back changed");
    assert_eq!(reversed(message.data.clone()), message.data, "sequence means nothing");
}

/// The same with the items of every hash in the opposite sequence; of two with one name the last counts, and only that is
/// kept.
fn reversed(node: Node) -> Node {
    match node {
        Node::Assoc(items) => {
            let mut kept: Vec<tree::Item> = Vec::new();
            for item in items.into_iter().rev() {
                if !kept.iter().any(|known| known.key == item.key) {
                    kept.push(tree::Item { value: reversed(item.value), ..item });
                }
            }
            Node::Assoc(kept)
        }
        Node::ScalarRef(inner) => Node::ScalarRef(Box::new(reversed(*inner))),
        other => other,
    }
}

fn depth(node: &Node) -> usize {
    match node {
        Node::Assoc(items) | Node::Array(items) => {
            1 + items.iter().map(|item| depth(&item.value)).max().unwrap_or_default()
        }
        Node::ScalarRef(inner) => 1 + depth(inner),
        Node::Scalar(_) | Node::Empty => 1,
    }
}

/// The bytes of all keys and texts.
fn weight(node: &Node) -> usize {
    match node {
        Node::Assoc(items) | Node::Array(items) => items.iter().map(|item| item.key.len() + weight(&item.value)).sum(),
        Node::ScalarRef(inner) => weight(inner),
        Node::Scalar(text) => text.len(),
        Node::Empty => 0,
    }
}
