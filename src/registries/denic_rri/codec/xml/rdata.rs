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

    /// The line K/V has for it. Whatever nobody knows stays in it, so that the line is not taken for one that can be
    /// ordered: what an update leaves out would be deleted.
    pub fn line(&self) -> (Word, String) {
        let all = |names: &[&str]| {
            let parts = self.parts.iter().filter(|(name, _)| names.contains(name));
            parts.map(|(_, text)| *text).collect::<Vec<_>>().join(" ")
        };
        let Self { kind, owner, .. } = self;
        let (word, names, mut line): (_, &[&str], _) = match *kind {
            "NS" => (Word::Nserver, &["nameserver", "address", "addressV6"], all(&["nameserver"])),
            "A" | "AAAA" => (Word::Nsentry, &ADDRESSES, format!("{owner} IN {kind}")),
            "MX" => (Word::Nsentry, &["preference", "exchange"], format!("{owner} IN MX")),
            "DNSKEY" => (Word::Dnskey, &["flags", "protocol", "algorithm", "publicKey"], String::new()),
            "" => (Word::Nsentry, &[], format!("{owner} IN ?")),
            kind => (Word::Nsentry, &[], format!("{owner} IN {kind}")),
        };
        let ordered = names.iter().filter(|name| **name != "nameserver").map(|name| all(&[name]));
        let unknown = self.parts.iter().filter(|(name, _)| !names.contains(name));
        // With its name, for the registry may have it where a line has none.
        let unknown =
            unknown.map(|(name, text)| if names.is_empty() { (*text).to_owned() } else { format!("{name}:{text}") });
        for part in ordered.chain(unknown).filter(|part| !part.is_empty()) {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(&part);
        }
        (word, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_stays_in_the_line() {
        let entry = |kind: &'static str, parts: &[(&'static str, &'static str)]| {
            Rdata { kind, owner: "example.de.", parts: parts.to_vec() }.line()
        };
        for (kind, parts, word, line) in [
            (
                "NS",
                &[("nameserver", "ns1.example.de."), ("address", "192.0.2.1")][..],
                Word::Nserver,
                "ns1.example.de. 192.0.2.1",
            ),
            ("NS", &[("ttl", "60"), ("nameserver", "ns1.example.de.")], Word::Nserver, "ns1.example.de. ttl:60"),
            ("A", &[("address", "192.0.2.1")], Word::Nsentry, "example.de. IN A 192.0.2.1"),
            ("MX", &[("exchange", "."), ("preference", "0"), ("x", "")], Word::Nsentry, "example.de. IN MX 0 . x:"),
            (
                "DNSKEY",
                &[("flags", "257"), ("protocol", "3"), ("algorithm", "8"), ("publicKey", "AwEA"), ("x", "AwEA")],
                Word::Dnskey,
                "257 3 8 AwEA x:AwEA",
            ),
            ("CAA", &[("flags", "0"), ("tag", "issue"), ("value", "x")], Word::Nsentry, "example.de. IN CAA 0 issue x"),
            ("", &[("address", "192.0.2.1")], Word::Nsentry, "example.de. IN ? 192.0.2.1"),
        ] {
            assert_eq!(entry(kind, parts), (word, line.to_owned()));
        }
    }
}
