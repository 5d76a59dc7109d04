//! Elements → bytes.

use std::fmt::{self, Write};

use zeroize::Zeroizing;

use super::tree::Element;
use super::{DEEPEST, LONGEST, is_xml};

/// Writes a document.
///
/// # Errors
/// It would be too large or too deep, or holds a character that XML does not have.
pub fn write(root: &Element) -> Result<Zeroizing<Vec<u8>>, String> {
    check(root, 1)?;
    // Measured first: growing step by step would leave unwiped copies of a secret behind.
    let mut length = Length(0);
    element(&mut length, root).map_err(|_| "the length cannot be told")?;
    if length.0 > LONGEST {
        return Err(format!("the document has {} bytes, more than {LONGEST}", length.0));
    }
    let mut text = Zeroizing::new(String::with_capacity(length.0));
    element(&mut *text, root).map_err(|_| "the document cannot be written")?;
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

fn check(one: &Element, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("the document has more than {DEEPEST} elements within each other"));
    }
    let text = (one.name.as_str(), &one.text);
    let values = one.attributes.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in values.chain([text]) {
        if let Some(other) = value.chars().find(|character| !is_xml(*character)) {
            return Err(format!("{name} holds the character U+{:04X}, which XML does not have", u32::from(other)));
        }
    }
    one.children.iter().try_for_each(|child| check(child, depth + 1))
}

fn element(out: &mut impl Write, one: &Element) -> fmt::Result {
    write!(out, "<{}", one.name)?;
    for (name, value) in &one.attributes {
        write!(out, " {name}=\"")?;
        escaped(out, value)?;
        out.write_char('"')?;
    }
    if one.children.is_empty() && one.text.is_empty() {
        return out.write_str("/>");
    }
    out.write_char('>')?;
    escaped(out, &one.text)?;
    one.children.iter().try_for_each(|child| element(out, child))?;
    write!(out, "</{}>", one.name)
}

/// Character by character, so that no escaped copy of a secret is left behind. What is not visible ASCII or a blank goes
/// out as a numeric reference, line ends too: HTTP libraries have been known to change them on the way.
fn escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| match character {
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '&' => out.write_str("&amp;"),
        '"' => out.write_str("&quot;"),
        ' '..='~' => out.write_char(character),
        other => write!(out, "&#{};", u32::from(other)),
    })
}
