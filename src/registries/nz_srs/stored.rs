//! Requests and responses as the registry keeps them: `ActionDetailsQry` gives whole documents as text, plain or
//! form-encoded (reference 5.7).

use super::answer::HIDDEN;
use super::codec;
use super::codec::tree::{Document, Element};

/// Attributes that are not shown.
const SECRET: &[&str] = &["UDAI", "Password"];

/// The text of a stored document.
pub fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    match text.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("%3c") => decoded(text),
        _ => Some(text.to_owned()),
    }
}

/// A stored document.
pub fn read(text: &str) -> Option<Document> {
    codec::read(plain(text)?.as_bytes()).ok()
}

/// The text as answers show it: with `***` in the place of what is secret, unless it is asked for.
pub fn shown(text: &str, keeps: bool) -> String {
    if keeps {
        return plain(text).unwrap_or_default();
    }
    let Some(mut document) = read(text) else {
        // Whoever cannot read it cannot tell what is secret in it.
        return HIDDEN.to_owned();
    };
    mask(&mut document.root);
    let bytes = codec::write(&document.root).unwrap_or_default();
    String::from_utf8(bytes.to_vec()).unwrap_or_default()
}

fn mask(element: &mut Element) {
    let secret = |(name, _): &&mut (String, String)| SECRET.contains(&name.as_str());
    element.attributes.iter_mut().filter(secret).for_each(|(_, value)| *value = HIDDEN.to_owned());
    element.children.iter_mut().for_each(mask);
}

/// Undoes form encoding: `+` is a blank, `%XX` a byte.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_read_and_secrets_shown_to_nobody_else() {
        let xml = "<NZSRSResponse VerMajor=\"8\"><Response TransId=\"a+b\"><Domain UDAI=\"x2B76rXd\"/></Response></NZSRSResponse>";
        let form: String = xml
            .bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02x}") },
            )
            .collect();
        for text in [xml.to_owned(), format!("\n {form}\n"), form.replace("%20", "+")] {
            assert_eq!(plain(&text).as_deref(), Some(xml));
            assert_eq!(shown(&text, true), xml);
            assert_eq!(shown(&text, false), xml.replace("x2B76rXd", "***"));
            assert_eq!(read(&text).unwrap().root.children[0].attribute("TransId"), Some("a+b"));
        }
        assert_eq!((shown("x2B76rXd", false), read("%3c%zz")), ("***".into(), None));
    }
}
