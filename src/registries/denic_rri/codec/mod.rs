//! Bytes ⇄ messages in the registry's two formats. `words` is the vocabulary, `tree` the message in neither format,
//! `kv` and `xml` write and read it. `order` reads requests, which a registrar's side needs only where somebody else wrote
//! one.

pub mod kv;
pub mod order;
pub mod tree;
pub mod words;
pub mod xml;

use zeroize::Zeroizing;

use super::frame;
use tree::{Item, Order, Reply};
use words::Section;

/// How requests are written. An answer comes in the format of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Keyword: value` lines.
    Kv,
    /// XML documents.
    Xml,
}

impl Format {
    /// The format of a setting.
    ///
    /// # Errors
    /// There is no such format.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "kv" => Ok(Self::Kv),
            "xml" => Ok(Self::Xml),
            other => Err(format!("unknown format `{}`; there are kv and xml", other.escape_default())),
        }
    }

    /// The format of a text.
    fn of(text: &str) -> Self {
        if text.trim_start().starts_with('<') { Self::Xml } else { Self::Kv }
    }
}

/// Whether a text is XML.
pub fn is_xml(text: &str) -> bool {
    Format::of(text) == Format::Xml
}

/// Versions of the protocol this program writes, the newest and default first. The version is a value in `Version:` and
/// in the namespaces; what an older one lacks stands in [`lacks`].
pub const PROTOCOLS: &[&str] = &["5.0", "4.0", "3.0"];

/// Whether a version is the newest.
pub fn is_current(protocol: &str) -> bool {
    protocol == PROTOCOLS[0]
}

/// What a request says that its version of the protocol has no words for. It may not go out without it either: on an
/// update, what is left out is deleted.
pub fn lacks(order: &Order, protocol: &str) -> Option<&'static str> {
    let verified = order.items.iter().any(|item| matches!(item, Item::Block(Section::Verification, _)));
    (verified && !is_current(protocol)).then_some("verification")
}

/// Writes a request. Deterministic.
///
/// # Errors
/// The request is longer than the registry takes; the text names both sizes.
pub fn write(order: &Order, format: Format, protocol: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    // One allocation of the largest request: growing step by step would leave unwiped copies of a password behind.
    let mut text = Zeroizing::new(String::with_capacity(frame::LONGEST_REQUEST));
    match (&order.verbatim, format) {
        (Some(verbatim), _) => order::with_transaction(verbatim, order.transaction.as_deref(), &mut text)?,
        (None, Format::Kv) => kv::write(order, protocol, &mut text),
        (None, Format::Xml) => xml::write(order, protocol, &mut text),
    }
    if text.len() > frame::LONGEST_REQUEST {
        return Err(format!("the request has {} bytes, the registry takes {}", text.len(), frame::LONGEST_REQUEST));
    }
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}

/// Reads an answer in whichever format it is: XML begins with `<`.
///
/// # Errors
/// It is not an answer; says what and where.
pub fn read(bytes: &[u8]) -> Result<Reply, String> {
    if bytes.len() > frame::LONGEST_ANSWER {
        return Err(format!("the answer has {} bytes, more than {}", bytes.len(), frame::LONGEST_ANSWER));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the answer is not UTF-8 (byte {} of {})", error.valid_up_to(), bytes.len()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reply = match Format::of(text) {
        Format::Xml => xml::read(text),
        Format::Kv => kv::read(text),
    };
    reply.map_err(brief)
}

/// What is wrong with a text, fit for a line of a log: it may quote a name, and who wrote the text chose its length.
fn brief(why: String) -> String {
    const LONGEST: usize = 300;
    why.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
