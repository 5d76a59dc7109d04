//! Reads a document. Strict: what is not well-formed is refused, nothing is repaired, no entity but the five of XML itself is
//! known, and what a DOCTYPE points to is never fetched.

use super::tree::Element;

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// Reads the root element of a document.
///
/// # Errors
/// Says what is wrong, and on which line.
pub(in super::super) fn document(text: &str) -> Result<Element, String> {
    let mut reader = Reader { text, at: 0 };
    let read = reader.document();
    let line = text.get(..reader.at).unwrap_or_default().matches('\n').count() + 1;
    read.map_err(|what| format!("{what} at line {line}"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes this text if it comes next.
    fn takes(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, text: &str) -> Read<()> {
        if self.takes(text) { Ok(()) } else { Err(format!("expected '{text}'")) }
    }

    /// Everything up to this text, which is taken too.
    fn until(&mut self, end: &str, what: &str) -> Read<&'a str> {
        let (before, _) = self.rest().split_once(end).ok_or_else(|| format!("{what} not finished"))?;
        self.at += before.len() + end.len();
        Ok(before)
    }

    fn blanks(&mut self) -> bool {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.at += rest.len() - trimmed.len();
        rest.len() != trimmed.len()
    }

    fn document(&mut self) -> Read<Element> {
        self.takes("\u{feff}");
        if self.rest().starts_with("<?xml") {
            let declaration = self.until("?>", "XML declaration")?.to_lowercase();
            let is_utf8 =
                !declaration.contains("encoding") || declaration.contains("utf-8") || declaration.contains("ascii");
            if !is_utf8 {
                return Err("unsupported encoding".into());
            }
        }
        self.misc()?;
        if self.takes("<!DOCTYPE") {
            let inner = self.until(">", "DOCTYPE")?;
            if inner.contains('[') {
                return Err("an internal subset is not accepted".into());
            }
            self.misc()?;
        }
        let root = self.element(0)?;
        self.misc()?;
        if self.rest().is_empty() { Ok(root) } else { Err("Extra content at the end of the document".into()) }
    }

    /// Blanks, comments and processing instructions.
    fn misc(&mut self) -> Read<()> {
        loop {
            self.blanks();
            if self.takes("<!--") {
                self.comment()?;
            } else if self.takes("<?") {
                self.until("?>", "processing instruction")?;
            } else {
                return Ok(());
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        let inner = self.until("-->", "comment")?;
        if inner.contains("--") { Err("Double hyphen within comment".into()) } else { Ok(()) }
    }

    fn name(&mut self) -> Read<&'a str> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || "_-.:".contains(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err("expected a name".into());
        }
        self.at += end;
        Ok(name)
    }

    fn element(&mut self, depth: usize) -> Read<Element> {
        if depth > DEEPEST {
            return Err("nested too deep".into());
        }
        self.expect("<")?;
        let mut element = Element::new(self.name()?);
        loop {
            let is_apart = self.blanks();
            if self.takes("/>") {
                return Ok(element);
            }
            if self.takes(">") {
                break;
            }
            let name = if is_apart { self.name()? } else { return Err("attributes construct error".into()) };
            self.blanks();
            self.expect("=")?;
            self.blanks();
            let quote = if self.takes("\"") { "\"" } else { self.expect("'").map(|()| "'")? };
            let raw = self.until(quote, "AttValue")?;
            if raw.contains('<') {
                return Err("Unescaped '<' not allowed in attributes values".into());
            }
            if element.attribute(name).is_some() {
                return Err(format!("Attribute {name} redefined"));
            }
            // XML 1.0, 3.3.3: literal white space in a value is a blank.
            let value = unescaped(&raw.replace("\r\n", " ").replace(['\t', '\r', '\n'], " "))?;
            element.attributes.push((name.to_owned(), value));
        }
        self.content(&mut element, depth)?;
        Ok(element)
    }

    /// Everything up to the end tag, and that.
    fn content(&mut self, element: &mut Element, depth: usize) -> Read<()> {
        loop {
            if self.takes("</") {
                let name = self.name()?;
                if name != element.name {
                    return Err(format!("Opening and ending tag mismatch: {} and {name}", element.name));
                }
                self.blanks();
                return self.expect(">");
            }
            if self.takes("<!--") {
                self.comment()?;
            } else if self.takes("<![CDATA[") {
                let inner = self.until("]]>", "CData section")?;
                element.text.push_str(&inner.replace("\r\n", "\n"));
            } else if self.takes("<?") {
                self.until("?>", "processing instruction")?;
            } else if self.rest().starts_with('<') {
                element.children.push(self.element(depth + 1)?);
            } else {
                let rest = self.rest();
                let end = rest.find('<').ok_or_else(|| format!("Premature end of data in tag {}", element.name))?;
                let raw = rest.get(..end).unwrap_or_default();
                if raw.contains("]]>") {
                    return Err("Sequence ']]>' not allowed in content".into());
                }
                element.text.push_str(&unescaped(&raw.replace("\r\n", "\n"))?);
                self.at += end;
            }
        }
    }
}

/// Text with its references replaced.
fn unescaped(raw: &str) -> Read<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        check(before)?;
        out.push_str(before);
        let (name, behind) = after.split_once(';').ok_or("EntityRef: expecting ';'")?;
        out.push(referred(name).ok_or_else(|| format!("Entity '{}' not defined", name.escape_default()))?);
        rest = behind;
    }
    check(rest)?;
    out.push_str(rest);
    Ok(out)
}

/// Characters that no document may have.
fn check(text: &str) -> Read<()> {
    match text.chars().find(|c| !is_char(*c)) {
        Some(c) => Err(format!("PCDATA invalid Char value {}", u32::from(c))),
        None => Ok(()),
    }
}

const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

fn referred(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let digits = number.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|c| is_char(*c))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let tree = Element::new("Domain")
            .with("DomainName", "a&b<c>\"d\"")
            .with("RegistrarName", "Tāne\tMāori")
            .child(Element::text("AuditText", "x ]]> & <y> ā\n"))
            .child(Element::text("Digest", "<ā>"));
        for style in [write::Style::default(), write::Style { pads_text: true }] {
            let text = write::document(&tree, style);
            let mut read = document(&text).unwrap();
            read.children[0].text = read.children[0].text.trim_start().to_owned();
            assert_eq!(read.attribute("DomainName"), Some("a&b<c>\"d\""));
            assert_eq!(read.attribute("RegistrarName"), Some("Tāne\tMāori"));
            assert_eq!(read.children[0].text.trim(), "x ]]> & <y> ā");
            assert_eq!(read.children[1].text, "<ā>");
        }
        assert!(write::plain(&tree).contains("RegistrarName=\"T&#x101;ne&#x9;M&#x101;ori\""));
    }

    #[test]
    fn documents_as_clients_write_them() {
        let text = "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- x --><!DOCTYPE a SYSTEM 'protocol.dtd'>\n<a b='&#257;\n&apos;' >\r\n<c/>t<![CDATA[<]]></a >\n";
        let root = document(text).unwrap();
        assert_eq!((root.attribute("b"), root.children.len(), root.text.as_str()), (Some("ā '"), 1, "\nt<"));
    }

    #[test]
    fn nothing_is_repaired() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a b='<'/>",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>\u{1}</a>",
            "<a>]]></a>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            "<a b='1'c='2'/>",
            "<a><!-- -- --></a>",
            "<1/>",
        ] {
            assert!(document(text).is_err(), "{text}");
        }
        assert!(document(&"<a>".repeat(100_000)).unwrap_err().contains("too deep"));
    }
}
