//! Bytes → data. Takes what others write (`oddities` says what was odd) and refuses what would have to be guessed. Nothing
//! is fetched, no entity but the predefined five means anything, and everything is bounded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};

use super::tree::{Item, Node};
use super::{DEEPEST, LONGEST, is_xml};

/// Most items of one message. A list of domains has five for each.
const MOST_ITEMS: usize = 200_000;
/// Most attributes of one element.
const MOST_ATTRIBUTES: usize = 16;
/// Most oddities that are told; a message could consist of nothing else.
const MOST_ODDITIES: usize = 8;
/// Most elements within each other: a level of data has two, and the envelope four more.
const MOST_OPEN: usize = 2 * DEEPEST + 8;

/// A message that was read.
#[derive(Debug)]
pub struct Message {
    /// The root of its data block.
    pub data: Node,
    /// Its number, if it has one.
    pub id: Option<String>,
    /// What was odd about it, and taken all the same.
    pub oddities: Vec<String>,
}

/// Reads an envelope.
///
/// # Errors
/// Says what is wrong, and at which byte.
pub fn read(bytes: &[u8]) -> Result<Message, String> {
    if bytes.len() > LONGEST {
        return Err(format!("the message has {} bytes, more than {LONGEST}", bytes.len()));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the message is not UTF-8 (byte {} of {})", error.valid_up_to(), bytes.len()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if let Some(at) = text.find(|character| !is_xml(character)) {
        return Err(format!("the message is not acceptable XML: a character that XML does not have at byte {at}"));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut parser = Parser::default();
    loop {
        let at = reader.buffer_position();
        let fail = |what: String| format!("the message is not acceptable XML: {what} at byte {at}");
        let event = reader.read_event().map_err(|error| fail(error.to_string()))?;
        if matches!(event, Event::Eof) {
            break;
        }
        parser.take(event).map_err(fail)?;
    }
    parser.finish()
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Envelope,
    Header,
    /// Anything within the header.
    Aside,
    MessageId,
    Body,
    DataBlock,
    Assoc,
    Array,
    Item,
    Scalar,
    ScalarRef,
}

impl Kind {
    /// The element of this name inside another, or at the top.
    fn of(name: &str, parent: Option<Self>) -> Option<Self> {
        Some(match (parent, name) {
            (None, "OPS_envelope") => Self::Envelope,
            (Some(Self::Envelope), "header") => Self::Header,
            (Some(Self::Envelope), "body") => Self::Body,
            (Some(Self::Header), "msg_id") => Self::MessageId,
            (Some(Self::Header | Self::Aside | Self::MessageId), _) => Self::Aside,
            (Some(Self::Body), "data_block") => Self::DataBlock,
            (Some(Self::Assoc | Self::Array), "item") => Self::Item,
            (Some(parent), name) if parent.holds_values() => match name {
                "dt_assoc" => Self::Assoc,
                "dt_array" => Self::Array,
                "dt_scalar" => Self::Scalar,
                "dt_scalarref" => Self::ScalarRef,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn holds_values(self) -> bool {
        matches!(self, Self::DataBlock | Self::Item | Self::Scalar | Self::ScalarRef | Self::Assoc | Self::Array)
    }

    fn is_value(self) -> bool {
        matches!(self, Self::Assoc | Self::Array | Self::Scalar | Self::ScalarRef)
    }
}

/// An element that is not closed yet.
struct Open {
    kind: Kind,
    key: Option<String>,
    class: Option<String>,
    text: String,
    items: Vec<Item>,
    /// The value inside, if there is one already.
    value: Option<Node>,
}

#[derive(Default)]
struct Parser {
    open: Vec<Open>,
    levels: usize,
    items: usize,
    has_doctype: bool,
    has_root: bool,
    data: Option<Node>,
    id: Option<String>,
    oddities: Vec<String>,
}

impl Parser {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(start) => self.begin(&start),
            Event::End(_) => self.end(),
            Event::Text(piece) => self.append(&piece.xml10_content()),
            Event::CData(piece) => self.append(&piece.xml10_content()),
            Event::GeneralRef(name) => {
                let character = if name.is_char_ref() {
                    name.resolve_char_ref()
                        .map_err(|error| error.to_string())?
                        .filter(|found| is_xml(*found))
                        .map(String::from)
                } else {
                    escape::resolve_xml_entity(&name).map(str::to_owned)
                };
                self.append(&character.ok_or("an entity that is not one of the predefined five")?)
            }
            Event::DocType(declared) => self.doctype(&declared),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) | Event::Eof => Ok(()),
        }
    }

    /// It is read over, never fetched; one that says more than where its definition is would say what entities mean.
    fn doctype(&mut self, declared: &str) -> Result<(), String> {
        if self.has_root || std::mem::replace(&mut self.has_doctype, true) {
            return Err("a document type where none may be".into());
        }
        match declared.contains(['[', '<', '>']) {
            true => Err("a document type with definitions of its own".into()),
            false => Ok(()),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.name();
        let name: &str = name.as_ref();
        let parent = self.open.last().map(|open| open.kind);
        if parent.is_none() && std::mem::replace(&mut self.has_root, true) {
            return Err("a second root element".into());
        }
        let place = || parent.map_or("at the top".to_owned(), |parent| format!("in {parent:?}"));
        let kind = Kind::of(name, parent).ok_or_else(|| format!("<{}> {}", name.escape_debug(), place()))?;
        if self.open.len() == MOST_OPEN {
            return Err(format!("more than {MOST_OPEN} elements within each other"));
        }
        if kind.is_value() {
            self.levels += 1;
            if self.levels > DEEPEST {
                return Err(format!("more than {DEEPEST} levels"));
            }
        }
        let (key, class) = attributes(start)?;
        self.open.push(Open { kind, key, class, text: String::new(), items: Vec::new(), value: None });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(done) = self.open.pop() else { return Ok(()) };
        self.levels -= usize::from(done.kind.is_value());
        let value = match done.kind {
            Kind::Envelope | Kind::Header | Kind::Aside | Kind::Body => return Ok(()),
            Kind::MessageId => {
                self.id = Some(done.text.trim().to_owned());
                return Ok(());
            }
            Kind::DataBlock => {
                let root = done.value.ok_or("a data block without data")?;
                return self.data.replace(root).map_or(Ok(()), |_| Err("a second data block".into()));
            }
            Kind::Item => {
                let key = done.key.clone();
                let class = done.class.clone();
                let value = content(done)?;
                return self.item(key, class, value);
            }
            Kind::Assoc => Node::Assoc(done.items),
            Kind::Array => Node::Array(done.items),
            Kind::Scalar => match content(done)? {
                Node::Empty => Node::Scalar(String::new()),
                other => other,
            },
            Kind::ScalarRef => Node::ScalarRef(Box::new(content(done)?)),
        };
        match self.open.last_mut() {
            Some(parent) if matches!(parent.kind, Kind::Assoc | Kind::Array) => self.item(None, None, value),
            Some(parent) => parent.value.replace(value).map_or(Ok(()), |_| Err("two values in one place".into())),
            None => Ok(()),
        }
    }

    /// Adds an item to the hash or array that is open. What has no key is the value of the empty one in a hash, and in an
    /// array stands behind what is there.
    fn item(&mut self, key: Option<String>, class: Option<String>, value: Node) -> Result<(), String> {
        self.items += 1;
        if self.items > MOST_ITEMS {
            return Err(format!("more than {MOST_ITEMS} items"));
        }
        let Some(parent) = self.open.last_mut() else { return Ok(()) };
        let mut odd = None;
        let key = match key {
            Some(key) => key,
            None => {
                odd = Some("a value without a key".to_owned());
                match parent.kind {
                    Kind::Array => parent.items.len().to_string(),
                    _ => String::new(),
                }
            }
        };
        parent.items.push(Item { key, class, value });
        odd.into_iter().for_each(|odd| self.odd(odd));
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("text outside of the root element".into()),
        }
        Ok(())
    }

    fn odd(&mut self, what: String) {
        if self.oddities.len() < MOST_ODDITIES {
            self.oddities.push(what);
        }
    }

    fn finish(mut self) -> Result<Message, String> {
        match (self.data.take(), self.open.is_empty()) {
            (Some(data), true) => {
                doubled(&data, &mut |what| self.odd(what));
                Ok(Message { data, id: self.id, oddities: self.oddities })
            }
            (_, false) => Err("the message is not acceptable XML: it ends inside an element".into()),
            (None, true) => Err("the message is no OPS envelope with data".into()),
        }
    }
}

/// Keys that stand twice in one hash or array.
fn doubled(node: &Node, tell: &mut impl FnMut(String)) {
    let (Node::Assoc(items) | Node::Array(items)) = node else { return };
    let mut keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    keys.sort_unstable();
    for pair in keys.windows(2).filter(|pair| pair[0] == pair[1]) {
        tell(format!("the key `{}` more than once; the last one counts", pair[0].escape_debug()));
    }
    items.iter().for_each(|item| doubled(&item.value, tell));
}

/// What stands in an item or a scalar: one value, or text, or nothing.
fn content(open: Open) -> Result<Node, String> {
    match (open.value, open.text) {
        (Some(value), text) if text.trim().is_empty() => Ok(value),
        (Some(_), _) => Err("text beside a value".into()),
        (None, text) if text.is_empty() => Ok(Node::Empty),
        (None, text) => Ok(Node::Scalar(text)),
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<(Option<String>, Option<String>), String> {
    let (mut key, mut class) = (None, None);
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if count == MOST_ATTRIBUTES {
            return Err(format!("more than {MOST_ATTRIBUTES} attributes"));
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
        if value.contains(|character| !is_xml(character)) {
            return Err("a character that XML does not have".into());
        }
        let name: &str = attribute.key.as_ref();
        match name {
            "key" => key = Some(value.into_owned()),
            "class" => class = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok((key, class))
}
