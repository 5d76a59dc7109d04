//! A small tree of elements from untrusted text, with everything bounded that an answer could use to hurt.

use std::ops::Range;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion, escape};

use super::super::words::Space;

/// Deepest nesting. The registry's deepest answer has nine levels.
const DEEPEST: usize = 32;
/// Most attributes of one element, namespace declarations included.
const MOST_ATTRIBUTES: usize = 32;

/// An element with its text and children. Comments and processing instructions are gone.
#[derive(Debug, Default, PartialEq)]
pub struct Element {
    /// Its namespace, if it is one of the registry's.
    pub space: Option<Space>,
    /// The version in its namespace.
    pub version: String,
    /// Its name without prefix.
    pub name: String,
    /// Its attributes by name without prefix; namespace declarations left out.
    pub attributes: Vec<(String, String)>,
    /// Its text, pieces joined.
    pub text: String,
    /// Its children in order.
    pub children: Vec<Element>,
    /// Where it stands in the document, its tags included.
    pub span: Range<usize>,
}

impl Element {
    /// Whether it is this one.
    pub fn is(&self, space: Space, name: &str) -> bool {
        self.space == Some(space) && self.name == name
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document.
///
/// # Errors
/// Says what is wrong and at which byte.
pub fn parse(text: &str) -> Result<Element, String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position();
        let fail = |what: &str| format!("this is not acceptable XML: {what} at byte {at}");
        let (space, event) = reader.read_resolved_event().map_err(|error| fail(&error.to_string()))?;
        let (space, version) = known(&space);
        match event {
            Event::Start(_) if root.is_some() => return Err(fail("a second root element")),
            Event::Start(_) if open.len() == DEEPEST => return Err(fail("more than 32 levels")),
            Event::Start(start) => {
                let mut element = begin(space, version, &start).map_err(|what| fail(&what))?;
                element.span.start = usize::try_from(at).unwrap_or_default();
                open.push(element);
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else { continue };
                done.span.end = usize::try_from(reader.buffer_position()).unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(piece) => append(&mut open, &piece.xml10_content()).map_err(fail)?,
            Event::CData(piece) => append(&mut open, &piece.xml10_content()).map_err(fail)?,
            Event::GeneralRef(name) => {
                let character = if name.is_char_ref() {
                    name.resolve_char_ref().map_err(|error| fail(&error.to_string()))?.map(String::from)
                } else {
                    escape::resolve_xml_entity(&name).map(str::to_owned)
                };
                let character = character.ok_or_else(|| fail("an entity that is not one of the predefined five"))?;
                append(&mut open, &character).map_err(fail)?;
            }
            Event::DocType(_) => return Err(fail("a document type definition")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => break,
        }
    }
    match (root, open.is_empty()) {
        (Some(root), true) => Ok(root),
        (_, false) => Err("this is not acceptable XML: it ends inside an element".into()),
        (None, true) => Err("this is not acceptable XML: it has no element".into()),
    }
}

fn known<'a>(space: &ResolveResult<'a>) -> (Option<Space>, &'a str) {
    match space {
        ResolveResult::Bound(Namespace(uri)) => {
            Space::of(uri).map_or((None, ""), |(space, version)| (Some(space), version))
        }
        ResolveResult::Unbound | ResolveResult::Unknown(_) => (None, ""),
    }
}

fn begin(space: Option<Space>, version: &str, start: &BytesStart<'_>) -> Result<Element, String> {
    let (name, version) = (start.local_name().as_ref().to_owned(), version.to_owned());
    let mut element = Element { space, version, name, ..Element::default() };
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if count == MOST_ATTRIBUTES {
            return Err("more than 32 attributes".into());
        }
        if attribute.key.as_namespace_binding().is_none() {
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
            element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
    }
    Ok(element)
}

fn append(open: &mut [Element], text: &str) -> Result<(), &'static str> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("text outside of the root element"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_hurt_is_refused_with_its_reason() {
        let deep = "<a>".repeat(100_000);
        let wide = format!("<a {}/>", (0..40).map(|n| format!("a{n}='' ")).collect::<String>());
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"#;
        for (text, part) in [
            (deep.as_str(), "32 levels"),
            (&wide, "32 attributes"),
            (bomb, "document type"),
            ("<a>&c;</a>", "entity"),
            ("<a b='&c;'/>", "byte"),
            ("<a>&#0;</a>", "byte"),
            ("<a><b></a>", "byte"),
            ("<a>", "ends inside"),
            ("<a/><a/>", "second root"),
            ("<a/>x", "outside"),
            ("", "no element"),
            ("<a b='1' b='2'/>", "byte"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{}: {error}", &text[..text.len().min(60)]);
        }
    }

    #[test]
    fn text_comes_in_one_piece() {
        let root = parse("<?xml version='1.0'?><!-- c --><a>x &amp; <![CDATA[<y>]]>&#x21;<b/></a>").unwrap();
        assert_eq!(root.text, "x & <y>!");
        assert_eq!(root.children.len(), 1);
    }
}
