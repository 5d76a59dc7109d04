//! XML as it is read: a small tree by namespace and local name, bounded in depth and size, without DTD and entities.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// Deepest nesting that is read; a request needs six levels.
const DEEPEST: usize = 32;
/// Most elements that are read; a request has some hundreds at most.
const MOST_ELEMENTS: usize = 4096;

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    /// Namespace URI, empty if there is none.
    pub(super) namespace: String,
    /// Local name.
    pub(super) name: String,
    /// Attributes by namespace URI and local name; declarations of namespaces are not among them.
    pub(super) attributes: Vec<(String, String, String)>,
    /// Text of this element itself, trimmed.
    pub(super) text: String,
    /// Child elements in order.
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The value of an attribute without namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(ns, n, _)| ns.is_empty() && n == name).map(|(_, _, value)| value.as_str())
    }

    /// The local part of `xsi:type`.
    pub(super) fn schema_type(&self) -> Option<&str> {
        let (_, _, value) = self.attributes.iter().find(|(ns, name, _)| ns == XSI && name == "type")?;
        Some(value.rsplit(':').next().unwrap_or(value))
    }
}

/// The namespace of `xsi:type`.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads a document.
///
/// # Errors
/// Says in the parser's words what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEEPEST || elements > MOST_ELEMENTS {
                    return Err("the document is too large".into());
                }
                open.push(element(&reader, &start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                let empty = element(&reader, &start)?;
                match open.last_mut() {
                    Some(parent) if elements <= MOST_ELEMENTS => parent.children.push(empty),
                    Some(_) => return Err("the document is too large".into()),
                    None => return only_blank_follows(reader).map(|()| empty),
                }
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err("an end tag without its start".into()) };
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return only_blank_follows(reader).map(|()| done),
                }
            }
            Event::Text(piece) => add_text(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => add_text(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(reference) => add_text(&mut open, &resolve(&reference)?)?,
            Event::DocType(_) => return Err("a document type declaration is not allowed".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Err("premature end of file".into()),
        }
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, String> {
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
        attributes.push((uri(namespace)?, local.into_inner().to_owned(), value.trim().to_owned()));
    }
    Ok(Element {
        namespace: uri(namespace)?,
        name: local.into_inner().to_owned(),
        attributes,
        text: String::new(),
        children: Vec::new(),
    })
}

fn uri(resolved: ResolveResult<'_>) -> Result<String, String> {
    match resolved {
        ResolveResult::Bound(namespace) => Ok(namespace.into_inner().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix \"{prefix:?}\" is not bound")),
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the entity \"{name}\" was referenced, but not declared"))
}

fn add_text(open: &mut [Element], piece: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        // A byte order mark may precede the document; anything else may not.
        None if piece.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
        None => return Err("content is not allowed outside of the root element".into()),
    }
    Ok(())
}

fn only_blank_follows(mut reader: NsReader<&[u8]>) -> Result<(), String> {
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Text(text) if text.xml10_content().trim().is_empty() => {}
            _ => return Err("content is not allowed after the root element".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_by_namespace_whatever_the_prefix() {
        let root = parse("<?xml version=\"1.0\"?>\n<a xmlns='u:1' xmlns:q='u:2'><q:b c='&amp;'> x &lt;<![CDATA[&]]>&#33; </q:b><d/></a>\n").unwrap();
        assert_eq!((root.namespace.as_str(), root.name.as_str()), ("u:1", "a"));
        assert_eq!((root.children[0].namespace.as_str(), root.children[0].text.as_str()), ("u:2", "x <&!"));
        assert_eq!(root.children[0].attribute("c"), Some("&"));
        assert_eq!(root.children[1].namespace, "u:1");
    }

    #[test]
    fn refuses_what_could_hurt() {
        let deep = "<a>".repeat(50_000);
        let many = format!("<a>{}</a>", "<b/>".repeat(5000));
        for wrong in [
            "",
            "<a>",
            "<a></b>",
            "</a>",
            "x<a/>",
            "<a/><b/>",
            "<a/>x",
            "<a b='1' b='2'/>",
            "<p:a/>",
            "<a>&nope;</a>",
            "<a>&#0;</a>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            &deep,
            &many,
        ] {
            assert!(parse(wrong).is_err(), "{}", &wrong[..wrong.len().min(40)]);
        }
    }
}
