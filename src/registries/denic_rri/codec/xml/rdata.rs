//! DNS entries in XML.

use std::net::IpAddr;

use super::super::words::{Space, Word};
use super::Element;

/// A DNS entry: its kind, its owner and its parts.
pub struct Rdata<'a> {
    /// `NS`, `A`, `AAAA`, `MX`, `DNSKEY`, or one nobody knows.
    pub kind: &'a str,
    /// The name it belongs to, as written.
    pub owner: &'a str,
    parts: Vec<(&'a str, &'a str)>,
}

/// Takes a `dnsentry:dnsentry` apart. Its kind is the `xsi:type`, whatever its prefixes, or without any.
pub fn rdata(entry: &Element) -> Rdata<'_> {
    let owner = entry.children.iter().find(|child| child.is(Space::Dnsentry, "owner"));
    let rdata = entry.children.iter().filter(|child| child.is(Space::Dnsentry, "rdata"));
    let kind = entry.attribute("type").unwrap_or_default().trim();
    Rdata {
        kind: kind.rsplit(':').next().unwrap_or(kind),
        owner: owner.map_or("", |owner| owner.text.trim()),
        parts: rdata.flat_map(|rdata| &rdata.children).map(|part| (part.name.as_str(), part.text.trim())).collect(),
    }
}

/// The 5.0 samples have an element of its own for IPv6; the manual's table does not.
const ADDRESSES: [&str; 2] = ["address", "addressV6"];

impl<'a> Rdata<'a> {
    /// The first part of a name.
    pub fn one(&self, name: &str) -> Option<&'a str> {
        self.parts.iter().find(|(found, _)| *found == name).map(|(_, text)| *text)
    }

    /// Its addresses; `None` if one is not an address.
    pub fn addresses(&self) -> Option<Vec<IpAddr>> {
        let addresses = self.parts.iter().filter(|(name, _)| ADDRESSES.contains(name));
        addresses.map(|(_, text)| text.parse().ok()).collect()
    }

    /// The line K/V has for it; `None` if it is of a kind nobody knows.
    pub fn line(&self) -> Option<(Word, String)> {
        let all = |names: &[&str]| {
            let parts = self.parts.iter().filter(|(name, _)| names.contains(name));
            parts.map(|(_, text)| *text).collect::<Vec<_>>().join(" ")
        };
        let Self { kind, owner, .. } = self;
        match *kind {
            "NS" => Some((Word::Nserver, all(&["nameserver", "address", "addressV6"]))),
            "A" | "AAAA" => Some((Word::Nsentry, format!("{owner} IN {kind} {}", all(&ADDRESSES)))),
            "MX" => Some((Word::Nsentry, format!("{owner} IN MX {} {}", all(&["preference"]), all(&["exchange"])))),
            "DNSKEY" => Some((Word::Dnskey, all(&["flags", "protocol", "algorithm", "publicKey"]))),
            _ => None,
        }
    }
}
