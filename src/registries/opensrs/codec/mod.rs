//! The OPS envelope: bytes ⇄ data. `tree` is the data, `writer` and `reader` are the two directions.

mod reader;
pub mod tree;
mod writer;

use zeroize::Zeroizing;

use self::tree::Node;

/// Largest message in bytes, either way. Lists of expiring domains are the largest answers.
const LONGEST: usize = 8 * 1024 * 1024;
/// Deepest nesting of hashes, arrays and scalars.
const DEEPEST: usize = 64;

/// Writes an envelope. `data` is the root of the data block. Deterministic.
///
/// # Errors
/// It is larger or deeper than is sent, holds characters that XML does not have, or there is no data.
pub fn write(data: &Node) -> Result<Zeroizing<Vec<u8>>, String> {
    writer::write(data)
}

/// Reads an envelope and gives the root of its data block. What is odd about it and does no harm goes to the log.
///
/// # Errors
/// It is not an OPS envelope, not well-formed, too large or too deep; says what and where.
pub fn read(bytes: &[u8]) -> Result<Node, String> {
    let message = reader::read(bytes).map_err(brief)?;
    let id = message.id.map(brief);
    for oddity in message.oddities {
        tracing::warn!(message = id, "an odd message: {}", brief(oddity));
    }
    Ok(message.data)
}

/// What is wrong with a text, fit for a line of a log: it may quote a name, and who wrote the text chose its length.
fn brief(why: String) -> String {
    const LONGEST: usize = 300;
    why.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST).collect()
}

/// Whether XML 1.0 has this character.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r') || !(character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests;
