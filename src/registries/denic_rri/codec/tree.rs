//! A message in neither format: what a request says and what an answer said. Both formats map to and from this, so that
//! a command is written once.

use zeroize::Zeroizing;

use super::words::{Section, Space, Word};
use crate::model::Message;

/// What a request asks, in both formats' spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Value of `Action:`.
    pub kv: &'static str,
    /// Namespace of the request's element.
    pub space: Space,
    /// Name of the request's element.
    pub xml: &'static str,
}

impl Action {
    /// Whether it changes anything. Only such a request may carry a transaction id.
    pub fn writes(self) -> bool {
        !matches!(self.kv, "LOGIN" | "LOGOUT" | "CHECK" | "INFO" | "QUEUE-READ")
    }
}

/// A request. Its items stand in the order of the XML schema; K/V does not care about order.
#[cfg_attr(test, derive(Debug))]
#[derive(PartialEq)]
pub struct Order {
    /// What is asked.
    pub action: Action,
    /// The fields.
    pub items: Vec<Item>,
    /// The client transaction id; writes only, since one on a read is an error.
    pub transaction: Option<String>,
    /// The request as somebody else wrote it; goes out as it is, with the transaction id added.
    pub verbatim: Option<Zeroizing<String>>,
}

impl Order {
    /// A request still without a transaction id.
    pub fn new(action: Action, items: Vec<Item>) -> Self {
        Self { action, items, transaction: None, verbatim: None }
    }
}

/// One thing a request says. Values are free of line ends (see `params`), so no value can become a line of its own.
#[cfg_attr(test, derive(Debug))]
#[derive(PartialEq)]
pub enum Item {
    /// A word and its value; wiped on drop, as it may be a password.
    Field(Word, Zeroizing<String>),
    /// A name server, record or key.
    Dns(DnsEntry),
    /// A section with fields of its own.
    Block(Section, Vec<(Word, String)>),
}

impl Item {
    /// A word and its value.
    pub fn field(word: Word, value: impl Into<String>) -> Self {
        Self::Field(word, Zeroizing::new(value.into()))
    }
}

/// An entry of the .de zone as a request orders it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsEntry {
    /// The name it belongs to, in ACE form. Only XML says it for name servers and keys.
    pub owner: String,
    /// The rest of it.
    pub data: DnsData,
}

/// The kinds of DNS entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsData {
    /// A name server with at most one address; a host with two addresses is two entries.
    Ns { host: String, address: Option<std::net::IpAddr> },
    /// A or AAAA, by the family of the address.
    Address(std::net::IpAddr),
    /// A mail exchange; `.` for none.
    Mx { preference: u16, exchange: String },
    /// A key of the zone.
    Dnskey { flags: u16, protocol: u8, algorithm: u8, key: String },
}

impl DnsEntry {
    /// The K/V line: keyword and value.
    pub fn kv(&self) -> (Word, String) {
        match &self.data {
            DnsData::Ns { host, address: None } => (Word::Nserver, host.clone()),
            DnsData::Ns { host, address: Some(address) } => (Word::Nserver, format!("{host} {address}")),
            DnsData::Address(address) => {
                let kind = if address.is_ipv4() { "A" } else { "AAAA" };
                (Word::Nsentry, format!("{}. IN {kind} {address}", self.owner))
            }
            DnsData::Mx { preference, exchange } => {
                let dot = if exchange == "." { "" } else { "." };
                (Word::Nsentry, format!("{}. IN MX {preference} {exchange}{dot}", self.owner))
            }
            DnsData::Dnskey { flags, protocol, algorithm, key } => {
                (Word::Dnskey, format!("{flags} {protocol} {algorithm} {key}"))
            }
        }
    }
}

/// An answer as far as all commands have it in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// `success`, `failed`, `exception`, as written.
    pub result: String,
    /// Server transaction ids. Samples of the manual have two; the first counts.
    pub server_transactions: Vec<String>,
    /// Our transaction id, if the registry could read the request.
    pub client_transaction: Option<String>,
    /// In the order they came.
    pub messages: Vec<Message>,
    /// What was asked for.
    pub data: Block,
}

impl Reply {
    /// An answer that says nothing yet.
    pub fn new() -> Self {
        Self {
            result: String::new(),
            server_transactions: Vec::new(),
            client_transaction: None,
            messages: Vec::new(),
            data: Block::new(Section::Top),
        }
    }

    /// Whether it says yes. Only such an answer shows anything.
    pub fn succeeded(&self) -> bool {
        self.result.eq_ignore_ascii_case("success")
    }
}

/// Fields and sections of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Which section it is.
    pub section: Section,
    /// Its fields in the order they came.
    pub fields: Vec<(Word, String)>,
    /// The sections inside it.
    pub blocks: Vec<Block>,
    /// Messages that are part of what was asked for: those of a message of the queue.
    pub messages: Vec<Message>,
    /// A message of the queue as it was written, so that one of a type nobody knows loses nothing. Empty elsewhere.
    pub source: String,
}

impl Block {
    /// A section without anything in it.
    pub fn new(section: Section) -> Self {
        Self { section, fields: Vec::new(), blocks: Vec::new(), messages: Vec::new(), source: String::new() }
    }

    /// The first value of a word.
    pub fn get(&self, word: Word) -> Option<&str> {
        self.all(word).next()
    }

    /// All values of a word.
    pub fn all(&self, word: Word) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(found, _)| *found == word).map(|(_, value)| value.as_str())
    }

    /// All sections of a kind.
    pub fn sections(&self, section: Section) -> impl Iterator<Item = &Self> {
        self.blocks.iter().filter(move |block| block.section == section)
    }
}
