//! A request, whatever format it came in: a command and its keywords.

use super::super::codes;
use super::super::commands::{COMMANDS, Command, Object};
use super::{Format, Version, kv, xml};
use crate::model::Message;

/// Keywords and values in the order they came; keywords are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Adds a value.
    pub(in super::super) fn push(&mut self, keyword: &str, value: impl Into<String>) {
        self.0.push((keyword.to_ascii_lowercase(), value.into()));
    }

    /// All values of a keyword.
    pub(in super::super) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(keyword)).map(|(_, value)| value.as_str())
    }

    /// The first value of a keyword.
    pub(in super::super) fn first<'a>(&'a self, keyword: &'a str) -> Option<&'a str> {
        self.all(keyword).next()
    }

    /// The value of a keyword that stands there exactly once.
    pub(in super::super) fn once<'a>(&'a self, keyword: &'a str) -> Option<&'a str> {
        let mut values = self.all(keyword);
        values.next().filter(|_| values.next().is_none())
    }

    /// All keywords.
    pub(in super::super) fn keywords(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(keyword, _)| keyword.as_str())
    }
}

/// A request that could be read.
#[derive(Debug)]
pub(in super::super) struct Request {
    pub(in super::super) format: Format,
    pub(in super::super) version: Version,
    pub(in super::super) command: &'static Command,
    pub(in super::super) ctid: Option<String>,
    pub(in super::super) fields: Fields,
    pub(in super::super) verification: Vec<Fields>,
}

/// A request that could not, and what is answered.
#[derive(Debug)]
pub(in super::super) struct Unreadable {
    pub(in super::super) format: Format,
    pub(in super::super) version: Version,
    pub(in super::super) messages: Vec<Message>,
}

/// Reads a payload. A first character `<` means XML.
pub(in super::super) fn parse(payload: &[u8]) -> Result<Request, Unreadable> {
    let is_xml = payload
        .trim_ascii_start()
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(payload.trim_ascii_start())
        .starts_with(b"<");
    let text = std::str::from_utf8(payload);
    match (is_xml, text) {
        (true, Ok(text)) => xml::parse(text),
        (true, Err(_)) => Err(Unreadable {
            format: Format::Xml,
            version: Version::V5,
            messages: vec![codes::XML_SCHEMA.with(["Invalid byte of a UTF-8 sequence."])],
        }),
        (false, Ok(text)) => from_lines(text).map_err(unreadable_lines),
        (false, Err(_)) => Err(unreadable_lines(codes::KV_FORMAT.with(["not UTF-8"]))),
    }
}

fn unreadable_lines(message: Message) -> Unreadable {
    Unreadable { format: Format::Kv, version: Version::V5, messages: vec![message] }
}

fn from_lines(text: &str) -> Result<Request, Message> {
    let lines = kv::parse(text).map_err(|line| codes::KV_FORMAT.with([line]))?;
    let fields = lines.fields;
    if fields.first("version").is_none() || fields.all("version").count() > 1 {
        return Err(codes::VERSION_ONCE.message());
    }
    let version = fields.first("version").and_then(Version::read).ok_or_else(|| codes::VERSION_VALUE.message())?;
    let action = fields.first("action").ok_or_else(|| codes::ACTION_UNKNOWN.message())?;
    if fields.all("action").count() > 1 {
        return Err(codes::ACTION_ONCE.message());
    }
    let command = command(action, &fields)?;
    if fields.all("ctid").count() > 1 {
        return Err(codes::CTID_ONCE.message());
    }
    let ctid = fields.first("ctid").map(str::to_owned);
    Ok(Request { format: Format::Kv, version, command, ctid, fields, verification: lines.verification })
}

/// The action names the verb; which keyword is there tells the object.
fn command(action: &str, fields: &Fields) -> Result<&'static Command, Message> {
    let verbs: Vec<_> = COMMANDS.iter().filter(|command| command.action.eq_ignore_ascii_case(action)).collect();
    if verbs.is_empty() {
        return Err(codes::ACTION_UNKNOWN.message());
    }
    let is_there = |keywords: [&str; 2]| keywords.into_iter().any(|keyword| fields.first(keyword).is_some());
    let is_domain = is_there(["domain", "domain-ace"]);
    let named = verbs.iter().find(|command| match command.object {
        Object::Session | Object::Queue => true,
        Object::Domain => is_domain,
        Object::Contact => !is_domain && is_there(["handle", "type"]),
        Object::RegAcc => !is_domain && is_there(["regacc", "regacc"]),
    });
    named.copied().copied().ok_or_else(|| codes::DOMAIN_MISSING.message())
}
