//! Documents: bytes ⇄ elements. `tree` is what they consist of, `writer` and `reader` are the two directions.

mod reader;
pub mod tree;
mod writer;

use zeroize::Zeroizing;

use self::tree::{Document, Element};

/// Largest document in bytes, either way. The registry's own limit for a message is 1,000,000 (reference 1.5); answers to
/// listings may be larger.
const LONGEST: usize = 8 * 1024 * 1024;
/// Most elements within each other; the registry's own have about ten.
const DEEPEST: usize = 32;

/// Why bytes are no document of this registry. Whoever asked treats it as no answer at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Larger or deeper than is read, or of too many parts.
    #[error("the document is too large: {0}")]
    TooLarge(String),
    /// No well-formed XML, or XML with something in it that is not read (entities of its own).
    #[error("the document is not acceptable XML: {0}")]
    Malformed(String),
    /// XML, and something else.
    #[error("the document is none of this registry: {0}")]
    Foreign(String),
}

impl Fault {
    /// The same, fit for a line of a log: it may quote a name, and who wrote the text chose its length.
    fn brief(self) -> Self {
        const MOST: usize = 300;
        let short = |why: String| {
            why.chars().map(|character| if character.is_control() { ' ' } else { character }).take(MOST).collect()
        };
        match self {
            Self::TooLarge(why) => Self::TooLarge(short(why)),
            Self::Malformed(why) => Self::Malformed(short(why)),
            Self::Foreign(why) => Self::Foreign(short(why)),
        }
    }
}

/// Reads a document, a request or a response.
///
/// # Errors
/// It is none; says what and where.
pub fn read(bytes: &[u8]) -> Result<Document, Fault> {
    reader::read(bytes).map_err(Fault::brief)
}

/// Writes a document: one line of ASCII, no declaration, no white space between elements, so that what is signed and what
/// is posted cannot differ by an encoding or a line end (reference 2.2). Deterministic.
///
/// # Errors
/// It is larger or deeper than is sent, or holds a character that XML does not have.
pub fn write(root: &Element) -> Result<Zeroizing<Vec<u8>>, String> {
    writer::write(root)
}

/// Whether XML 1.0 has this character.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r') || !(character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests;
