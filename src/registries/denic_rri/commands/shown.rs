//! Fields of an answer as JSON. What was not shown is left out.

use serde_json::{Map, Value, json};

use super::super::codec::tree::Block;
use super::super::codec::words::{Section, Word};

/// How a field becomes JSON.
#[derive(Clone, Copy)]
pub enum As {
    /// A text as it is.
    Text,
    /// A list of texts.
    List,
    /// A text in upper case, as the registry stores handles and types.
    Upper,
    /// A list of such texts.
    UpperList,
    /// A host name in lower case without the dot at the end.
    Host,
    /// A number; the text if it is none.
    Number,
    /// True if it says so.
    True,
    /// A status in the spelling of the manual's list.
    Status,
}

/// A field: its name in JSON, its word, its form.
pub type Field = (&'static str, Word, As);

/// The fields of a section.
pub fn fields(block: &Block, fields: &[Field]) -> Map<String, Value> {
    let mut object = Map::new();
    for &(name, word, form) in fields {
        let Some(first) = block.get(word) else { continue };
        let value = match form {
            As::Text => json!(first),
            As::List => block.all(word).collect(),
            As::Upper => json!(first.to_uppercase()),
            As::UpperList => block.all(word).map(str::to_uppercase).collect(),
            As::Host => json!(host(first)),
            As::Number => first.parse::<u64>().map_or_else(|_| json!(first), Value::from),
            As::True => json!(first.eq_ignore_ascii_case("true")),
            As::Status => json!(status(first)),
        };
        object.insert(name.to_owned(), value);
    }
    object
}

/// A host name as it is compared: lower case, without the dot INFO puts at the end. The root stays a dot.
pub fn host(name: &str) -> String {
    let lower = name.to_lowercase();
    match lower.strip_suffix('.') {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => lower,
    }
}

/// A status in the spelling of the manual's list, where samples differ in case, and `exists` from `exist`.
fn status(word: &str) -> String {
    const WORDS: &[&str] =
        &["free", "exist", "invalid", "connect", "failed", "pendingCreate", "serverHold", "redemptionPeriod"];
    let word = if word.eq_ignore_ascii_case("exists") { "exist" } else { word };
    WORDS.iter().find(|known| known.eq_ignore_ascii_case(word)).map_or_else(|| word.to_owned(), |known| (*known).into())
}

const CONTACT: &[Field] = &[
    ("handle", Word::Handle, As::Upper),
    ("type", Word::Type, As::Upper),
    ("name", Word::Name, As::Text),
    ("organisation", Word::Organisation, As::List),
    ("address", Word::Address, As::List),
    ("postal_code", Word::PostalCode, As::Text),
    ("city", Word::City, As::Text),
    ("country_code", Word::CountryCode, As::Upper),
    ("email", Word::Email, As::List),
    ("phone", Word::Phone, As::Text),
    ("uri_template", Word::UriTemplate, As::Text),
    ("changed", Word::Changed, As::Text),
    ("dispute_reference", Word::DisputeReference, As::True),
];

const VERIFICATION: &[Field] = &[
    ("claims", Word::VerifiedClaim, As::List),
    ("result", Word::VerificationResult, As::Text),
    ("reference", Word::VerificationReference, As::Text),
    ("timestamp", Word::VerificationTimestamp, As::Text),
    ("evidence", Word::VerificationEvidence, As::Text),
    ("method", Word::VerificationMethod, As::Text),
    ("trust_framework", Word::TrustFramework, As::Text),
];

/// A contact with its verification blocks.
pub fn contact(block: &Block) -> Map<String, Value> {
    let mut object = fields(block, CONTACT);
    let verification: Vec<Value> =
        block.sections(Section::Verification).map(|block| Value::Object(fields(block, VERIFICATION))).collect();
    if !verification.is_empty() {
        object.insert("verification".into(), verification.into());
    }
    object
}
