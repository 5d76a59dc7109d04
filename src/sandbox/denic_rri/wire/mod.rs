//! The wire: frames, and requests and answers in the two formats. Written apart from the client's codec on purpose, so
//! that a mistake in one is not repeated in the other.

pub(super) mod frame;
mod kv;
pub(super) mod node;
mod odd;
pub(super) mod request;
mod tree;
mod xml;

pub(super) use super::super::dice::Dice;
pub(super) use kv::KvBody;
pub(super) use xml::{Attribute, Map, Rule, XSI_URI, XmlForm, message as xml_message};

use crate::model::Message;

/// How a request was written; its answer is written alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Key/value lines.
    Kv,
    /// An XML document.
    Xml,
}

/// The protocol versions that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V3,
    V4,
    V5,
}

impl Version {
    /// As written in `Version:` and at the end of the namespaces.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::V3 => "3.0",
            Self::V4 => "4.0",
            Self::V5 => "5.0",
        }
    }

    /// The version with that text.
    pub(super) fn read(text: &str) -> Option<Self> {
        [Self::V3, Self::V4, Self::V5].into_iter().find(|version| version.text() == text)
    }

    /// The URI of one of the registry's namespaces: `domain` in 5.0.
    pub(super) fn namespace(self, name: &str) -> String {
        format!("http://registry.denic.de/{name}/{}", self.text())
    }
}

/// The result word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failed,
    Exception,
}

impl Outcome {
    /// As written on the wire.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Exception => "exception",
        }
    }
}

/// Data of an answer, able to be written in both formats.
pub(super) trait Shape: Send {
    /// As key/value lines and sections.
    fn kv(&self, body: &mut KvBody, version: Version);
    /// As the one element inside `tr:data`, if there is one.
    fn xml(&self, version: Version) -> Option<node::Node>;
}

/// What is answered, before a format is chosen.
pub(super) struct Reply<'a> {
    pub(super) outcome: Outcome,
    pub(super) stid: &'a str,
    pub(super) ctid: Option<&'a str>,
    pub(super) messages: &'a [Message],
    pub(super) data: Option<&'a dyn Shape>,
}

impl Reply<'_> {
    /// The payload of the answer's frame.
    pub(super) fn encode(&self, format: Format, version: Version) -> String {
        match format {
            Format::Kv => kv::encode(self, version),
            Format::Xml => xml::encode(self, version),
        }
    }

    /// The same answer as a registry may write it whose programmers had other habits.
    pub(super) fn encode_oddly(&self, format: Format, version: Version, dice: &mut Dice) -> String {
        match format {
            Format::Kv => odd::kv(&kv::encode(self, version), dice),
            Format::Xml => odd::xml(&xml::document(self, version), dice),
        }
    }
}
