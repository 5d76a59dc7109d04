//! Bytes → elements. Takes what others write: elements and attributes nobody knows, CDATA, white space around text, a
//! document type that is read over. Refuses what would have to be guessed. Nothing is fetched, no entity but the predefined
//! five means anything, and everything is bounded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};

use super::tree::{Document, Element};
use super::{DEEPEST, Fault, LONGEST, is_xml};

/// Most elements of one document. A domain has about twenty.
const MOST_ELEMENTS: usize = 200_000;
/// Most attributes of one element; a list of fields has twenty.
const MOST_ATTRIBUTES: usize = 64;

/// Reads a document.
///
/// # Errors
/// Says what is wrong, and at which byte.
pub fn read(bytes: &[u8]) -> Result<Document, Fault> {
    if bytes.len() > LONGEST {
        return Err(Fault::TooLarge(format!("{} bytes, more than {LONGEST}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::Malformed(format!("not UTF-8 at byte {} of {}", error.valid_up_to(), bytes.len())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if let Some(at) = text.find(|character| !is_xml(character)) {
        return Err(Fault::Malformed(format!("a character that XML does not have at byte {at}")));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut parser = Parser::default();
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| Fault::Malformed(format!("{error} at byte {at}")))?;
        if matches!(event, Event::Eof) {
            break;
        }
        parser.take(event).map_err(|fault| match fault {
            Fault::Malformed(what) => Fault::Malformed(format!("{what} at byte {at}")),
            fault => fault,
        })?;
    }
    parser.finish()
}

fn malformed<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Malformed(what.into()))
}

#[derive(Default)]
struct Parser {
    /// Elements that are not closed yet.
    open: Vec<Element>,
    elements: usize,
    has_doctype: bool,
    root: Option<Element>,
}

impl Parser {
    fn take(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(start) => self.begin(&start),
            Event::End(_) => self.end(),
            Event::Text(piece) => self.append(&piece.xml10_content()),
            Event::CData(piece) => self.append(&piece.xml10_content()),
            Event::GeneralRef(name) => {
                let character = if name.is_char_ref() {
                    name.resolve_char_ref()
                        .map_err(|error| Fault::Malformed(error.to_string()))?
                        .filter(|found| is_xml(*found))
                        .map(String::from)
                } else {
                    escape::resolve_xml_entity(&name).map(str::to_owned)
                };
                match character {
                    Some(character) => self.append(&character),
                    None => malformed("an entity that is not one of the predefined five"),
                }
            }
            Event::DocType(declared) => self.doctype(&declared),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) | Event::Eof => Ok(()),
        }
    }

    /// It is read over, never fetched; one that says more than where its definition is would say what entities mean.
    fn doctype(&mut self, declared: &str) -> Result<(), Fault> {
        if self.root.is_some() || !self.open.is_empty() || std::mem::replace(&mut self.has_doctype, true) {
            return malformed("a document type where none may be");
        }
        match declared.contains(['[', '<', '>']) {
            true => malformed("a document type with definitions of its own"),
            false => Ok(()),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        let name = start.name();
        let name: &str = name.as_ref();
        if self.open.is_empty() {
            if self.root.is_some() {
                return malformed("a second root element");
            }
            if !Document::ROOTS.contains(&name) {
                return Err(Fault::Foreign(format!("its root is <{}>", name.escape_debug())));
            }
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(Fault::TooLarge(format!("more than {MOST_ELEMENTS} elements")));
        }
        if self.open.len() == DEEPEST {
            return Err(Fault::TooLarge(format!("more than {DEEPEST} elements within each other")));
        }
        self.open.push(Element { attributes: attributes(start)?, ..Element::new(name) });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(mut done) = self.open.pop() else { return Ok(()) };
        let trimmed = done.text.trim();
        if trimmed.len() != done.text.len() {
            done.text = trimmed.to_owned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return malformed("text outside of the root element"),
        }
        Ok(())
    }

    fn finish(self) -> Result<Document, Fault> {
        match (self.root, self.open.is_empty()) {
            (Some(root), true) => Ok(Document { root }),
            (_, false) => malformed("it ends inside an element"),
            (None, true) => Err(Fault::Foreign("it is empty".into())),
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut found = Vec::new();
    // A name that stands twice is an error of the iterator.
    for attribute in start.attributes() {
        let wrong = |error: String| Fault::Malformed(error);
        let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
        if found.len() == MOST_ATTRIBUTES {
            return Err(Fault::TooLarge(format!("more than {MOST_ATTRIBUTES} attributes")));
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| wrong(error.to_string()))?;
        if value.contains(|character| !is_xml(character)) {
            return malformed("a character that XML does not have");
        }
        let name: &str = attribute.key.as_ref();
        found.push((name.to_owned(), value.into_owned()));
    }
    Ok(found)
}
