//! Reads an OPS message. Generous in what the toolkits differ in (declaration, DOCTYPE, blanks, `dt_scalar` or bare text),
//! strict in what is no XML or no OPS: nothing is repaired.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::tree::Node;

/// Deepest nesting that is read.
const DEEPEST: usize = 64;
/// Most elements that are read.
const MOST_ELEMENTS: usize = 200_000;

/// An element as it stands in the text.
#[derive(Default)]
struct Element {
    name: String,
    key: Option<String>,
    text: String,
    children: Vec<Element>,
}

/// Reads a message's data: what stands in its one `data_block`.
///
/// # Errors
/// Says what is wrong with the text.
pub(in super::super) fn message(text: &str) -> Result<Node, String> {
    let root = document(text)?;
    if root.name != "OPS_envelope" {
        return Err(format!("`{}` is no OPS_envelope", root.name.escape_default()));
    }
    let block = only(only(&root, "body")?, "data_block")?;
    match value(block)? {
        Some(data @ Node::Assoc(_)) => Ok(data),
        _ => Err("the data is no dt_assoc".into()),
    }
}

/// The one child of a name; a second one is an error.
fn only<'a>(parent: &'a Element, name: &str) -> Result<&'a Element, String> {
    let mut found = parent.children.iter().filter(|child| child.name == name);
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        (None, _) => Err(format!("there is no {name}")),
        (Some(_), Some(_)) => Err(format!("there is more than one {name}")),
    }
}

/// The value in an element: its one `dt_...`, if it has one.
fn value(element: &Element) -> Result<Option<Node>, String> {
    let mut values = element.children.iter().filter(|child| child.name.starts_with("dt_"));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(child), None) => data(child).map(Some),
        (Some(_), Some(_)) => Err("an item has more than one value".into()),
    }
}

fn data(element: &Element) -> Result<Node, String> {
    match element.name.as_str() {
        "dt_assoc" => {
            let items = element.children.iter().map(|child| match child.name.as_str() {
                "item" => Ok((child.key.clone().unwrap_or_default(), item(child)?)),
                name if name.starts_with("dt_") => Ok((String::new(), data(child)?)),
                name => Err(format!("`{}` in a dt_assoc", name.escape_default())),
            });
            items.collect::<Result<_, _>>().map(Node::Assoc)
        }
        "dt_array" => {
            let mut items = Vec::new();
            for child in &element.children {
                let at = child.key.as_deref().unwrap_or_default().trim();
                let at: u64 = at.parse().map_err(|_| format!("`{}` is no index", at.escape_default()))?;
                items.push((at, item(child)?));
            }
            // By number: the items may stand in any sequence, and with gaps.
            items.sort_by_key(|(at, _)| *at);
            Ok(Node::Array(items.into_iter().map(|(_, value)| value).collect()))
        }
        "dt_scalar" | "dt_scalarref" => item(element),
        name => Err(format!("there is no `{}`", name.escape_default())),
    }
}

/// What an item holds: one `dt_...`, or else its text.
fn item(element: &Element) -> Result<Node, String> {
    Ok(value(element)?.unwrap_or_else(|| Node::Text(element.text.clone())))
}

fn document(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEEPEST || elements > MOST_ELEMENTS {
                    return Err("the document is too large".into());
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MOST_ELEMENTS {
                    return Err("the document is too large".into());
                }
                close(&mut open, &mut root, element(&start)?)?;
            }
            Event::End(_) => {
                let done = open.pop().ok_or("an end tag without its start")?;
                close(&mut open, &mut root, done)?;
            }
            Event::Text(piece) => add(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => add(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(reference) => add(&mut open, &resolve(&reference)?)?,
            // The DTD is known and never fetched; declarations within the document could declare entities.
            Event::DocType(declared) if declared.xml10_content().contains('[') => {
                return Err("the document brings declarations of its own".into());
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err("premature end of the document".into());
    }
    root.ok_or_else(|| "there is no element".into())
}

fn close(open: &mut [Element], root: &mut Option<Element>, done: Element) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return Err("more than one element at the root".into()),
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.name().into_inner().to_owned();
    let mut key = None;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.into_inner() == "key" {
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
            key = Some(value.into_owned());
        }
    }
    Ok(Element { name, key, ..Element::default() })
}

fn add(open: &mut [Element], piece: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        None if piece.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
        None => return Err("text outside of the root element".into()),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    let known = quick_xml::escape::resolve_predefined_entity(&name);
    known.map(str::to_owned).ok_or_else(|| format!("the entity `{}` is unknown", name.escape_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(data: &str) -> String {
        format!(
            "<OPS_envelope><header><version>0.9</version></header><body><data_block>{data}</data_block></body></OPS_envelope>"
        )
    }

    #[test]
    fn arrays_go_by_number_and_scalars_are_text() {
        let text = wrapped(
            "<dt_assoc><item key='a b'><dt_array><item key='10'>k</item><item key='2'><dt_scalar>x &amp; y</dt_scalar></item></dt_array></item>\n \
             <item key='e'/> stray <item key='d'>1</item><item key='d'>2</item></dt_assoc>",
        );
        let node =
            message(&format!("\u{feff}<?xml version='1.0'?>\n<!DOCTYPE OPS_envelope SYSTEM \"ops.dtd\">\n{text}\n"))
                .unwrap();
        assert_eq!(node.texts("a b"), ["x & y", "k"]);
        assert_eq!((node.text("e"), node.text("d")), (None, Some("2")));
    }

    #[test]
    fn refuses_what_is_no_message() {
        let deep = wrapped(&"<dt_assoc><item key='a'>".repeat(100));
        for wrong in [
            "",
            "x",
            "<a/>",
            &wrapped(""),
            &wrapped("<dt_scalar>x</dt_scalar>"),
            &wrapped("<dt_assoc><item key='a'><dt_array></dt_array></dt_assoc>"),
            &wrapped("<dt_assoc><item key='a'>&nope;</item></dt_assoc>"),
            &wrapped("<dt_assoc><item key='a'><dt_array><item key='x'>1</item></dt_array></item></dt_assoc>"),
            &wrapped("<dt_assoc/><dt_assoc/>"),
            &format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", wrapped("<dt_assoc/>")),
            &deep,
        ] {
            assert!(message(wrong).is_err(), "{}", &wrong[..wrong.len().min(120)]);
        }
    }
}
