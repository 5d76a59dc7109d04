//! Records that the registry keeps in the .de zone itself, for domains without name servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::codec::tree::{DnsData, DnsEntry};
use super::super::params::{Params, refuse};
use super::names::{host, lies_in};
use super::{at_most, length, rules};
use crate::model::Reject;

/// Networks that RFC 6890 reserves: first address, and how many bits of it count.
const RESERVED_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The same of IPv6.
const RESERVED_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 128),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 1), 128),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

/// Records of a domain, 1 to 5, each `owner IN A address`, `… AAAA address` or `… MX preference host`.
///
/// # Errors
/// Names the record at fault: by itself, or beside the others.
pub fn read(params: &Params<'_>, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    at_most("nsentry", values.len(), 5)?;
    let mut entries = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let field = format!("nsentry[{at}]");
        let entry = nsentry(&field, value, domain)?;
        if let DnsData::Address(ip) = &entry.data
            && is_reserved(*ip)
        {
            let rule = "has an address that RFC 6890 reserves";
            params.judge(rules::RESERVED_ADDRESS, Err(refuse(&field, rule, value)))?;
        }
        entries.push(entry);
    }
    for (at, entry) in entries.iter().enumerate() {
        beside_the_others(at, entry, &entries, domain)
            .map_err(|rule| refuse(format_args!("nsentry[{at}]"), &rule, values.get(at).map_or("", String::as_str)))?;
    }
    Ok(entries)
}

fn nsentry(field: &str, value: &str, domain: &str) -> Result<DnsEntry, Reject> {
    let no = |rule: &str| refuse(field, rule, value);
    let shape = || no("must be `owner IN A address`, `… AAAA address` or `… MX preference host`");
    let words: Vec<&str> = value.split_whitespace().collect();
    let [owner, class, kind, data @ ..] = words.as_slice() else { return Err(shape()) };
    if !class.eq_ignore_ascii_case("IN") {
        return Err(shape());
    }
    let data = match (kind.to_ascii_uppercase().as_str(), data) {
        (kind @ ("A" | "AAAA"), [address]) => {
            let ip: IpAddr = address.parse().map_err(|_| no("must have an IP address"))?;
            if ip.is_ipv4() != (kind == "A") {
                return Err(no("A wants an IPv4 address, AAAA an IPv6 address"));
            }
            DnsData::Address(ip)
        }
        ("MX", [preference, exchange]) => DnsData::Mx {
            preference: preference_of(preference).ok_or_else(|| no("the preference must be 0 to 999"))?,
            exchange: if *exchange == "." { ".".to_owned() } else { host(field, exchange)? },
        },
        ("MX", [_]) => return Err(no("needs a preference and a host")),
        ("A" | "AAAA" | "MX", _) => return Err(shape()),
        _ => return Err(no("only A, AAAA and MX can be kept in the zone")),
    };
    let (star, rest) = owner.strip_prefix("*.").map_or(("", *owner), |rest| ("*.", rest));
    if !star.is_empty() && !matches!(data, DnsData::Mx { .. }) {
        return Err(no("only MX may belong to a wildcard"));
    }
    let rest = host(field, rest)?;
    if !lies_in(&rest, domain) {
        return Err(no(&format!("must belong to {domain} or a name in it")));
    }
    let owner = format!("{star}{rest}");
    length(field, &owner, 4, 252)?;
    Ok(DnsEntry { owner, data })
}

/// One to three digits.
fn preference_of(text: &str) -> Option<u16> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// What a record may not be beside the others, which are known by now.
fn beside_the_others(at: usize, entry: &DnsEntry, entries: &[DnsEntry], domain: &str) -> Result<(), String> {
    let DnsData::Mx { preference, exchange } = &entry.data else { return Ok(()) };
    let mut others = entries.iter().enumerate().filter(|(other, _)| *other != at);
    if exchange == "." {
        return match others.find(|(_, other)| matches!(other.data, DnsData::Mx { .. })) {
            Some((other, _)) => Err(format!("a null MX stands alone, and nsentry[{other}] is an MX, too")),
            None => Ok(()),
        };
    }
    let is_twin = |other: &DnsEntry| match &other.data {
        DnsData::Mx { preference: same, .. } => same == preference && other.owner == entry.owner,
        _ => false,
    };
    if let Some((other, _)) = others.find(|(other, entry)| *other < at && is_twin(entry)) {
        return Err(format!("has the preference of nsentry[{other}]"));
    }
    let has_address = |entry: &DnsEntry| entry.owner == *exchange && matches!(entry.data, DnsData::Address(_));
    if lies_in(exchange, domain) && !entries.iter().any(has_address) {
        return Err(format!("names the host {exchange}, which lies in {domain} and has no address here"));
    }
    Ok(())
}

fn is_reserved(ip: IpAddr) -> bool {
    let v4 = |ip: Ipv4Addr| {
        let same = |network: Ipv4Addr, bits: u32| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= bits;
        RESERVED_V4.iter().any(|(network, bits)| same(*network, *bits))
    };
    let v6 = |ip: Ipv6Addr| {
        let same = |network: Ipv6Addr, bits: u32| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= bits;
        RESERVED_V6.iter().any(|(network, bits)| same(*network, *bits))
    };
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => v6(ip),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::dns::tests::{found, refused};
    use super::*;

    fn with(records: &[&str]) -> Value {
        json!({ "nsentry": records })
    }

    #[test]
    fn records() {
        let (lines, warnings) = found(with(&[
            "Example.DE in a 9.9.9.9",
            "www.example.de. IN AAAA 2620:fe::9",
            "mail.example.de IN A 9.9.9.10",
            "*.example.de. IN MX 10 mail.example.de.",
            "example.de. IN mx 10 mx.example.net",
        ]))
        .unwrap();
        assert_eq!(
            lines,
            [
                "example.de. IN A 9.9.9.9",
                "www.example.de. IN AAAA 2620:fe::9",
                "mail.example.de. IN A 9.9.9.10",
                "*.example.de. IN MX 10 mail.example.de.",
                "example.de. IN MX 10 mx.example.net.",
            ]
        );
        assert_eq!(warnings, [""; 0]);
        let good = [
            &["example.de. IN MX 0 ."][..],
            &["example.de. IN MX 999 ."],
            &["example.de. IN A 9.9.9.9", "example.de. IN A 9.9.9.10", "example.de. IN MX 0 ."],
            &["example.de. IN MX 10 mx.example.net.", "a.example.de. IN MX 10 mx.example.net."],
            &["example.de. IN MX 1 mx1.example.net.", "example.de. IN MX 2 mx1.example.net."],
        ];
        for records in good {
            assert!(found(with(records)).is_ok(), "{records:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_record_is_said() {
        let one = |record: &str, rule: &'static str| (with(&[record]), "nsentry[0]", rule);
        let a = "example.de. IN A 9.9.9.9";
        let mx = "example.de. IN MX 10 mx.example.net.";
        let long = format!(
            "{}.example.de. IN A 9.9.9.9",
            ["a".repeat(60), "b".repeat(60), "c".repeat(60), "d".repeat(59)].join(".")
        );
        refused(&[
            (with(&[a; 6]), "nsentry", "at most 5"),
            one("x", "must be `owner IN A address`"),
            one("example.de. A 9.9.9.9", "must be `owner IN A"),
            one("example.de. 3600 IN A 9.9.9.9", "must be `owner IN A"),
            one("example.de. CH A 9.9.9.9", "must be `owner IN A"),
            one("example.de. IN TXT x", "only A, AAAA and MX can be kept in the zone; got `example.de. IN TXT x`"),
            one("example.de. IN CNAME example.net.", "only A, AAAA and MX"),
            one("example.de. IN NS ns.example.net.", "only A, AAAA and MX"),
            one("example.de. IN A", "must be `owner IN A"),
            one("example.de. IN A 9.9.9.9 9.9.9.10", "must be `owner IN A"),
            one("example.de. IN A 9.9.9", "must have an IP address"),
            one("example.de. IN A 2620:fe::9", "A wants an IPv4"),
            one("example.de. IN AAAA 9.9.9.9", "AAAA an IPv6"),
            one("*.example.de. IN A 9.9.9.9", "only MX may belong to a wildcard"),
            one("example.net. IN A 9.9.9.9", "must belong to example.de"),
            one("notexample.de. IN A 9.9.9.9", "must belong to example.de"),
            one("*.example.net. IN MX 10 mx.example.net.", "must belong to example.de"),
            one("*.*.example.de. IN MX 10 mx.example.net.", "letters, digits"),
            one("_a.example.de. IN A 9.9.9.9", "letters, digits"),
            one(&long, "4 to 252"),
            one("example.de. IN MX mx.example.net.", "a preference and a host"),
            one("example.de. IN MX 10", "a preference and a host"),
            one("example.de. IN MX 1000 mx.example.net.", "0 to 999; got"),
            one("example.de. IN MX -1 mx.example.net.", "0 to 999"),
            one("example.de. IN MX +1 mx.example.net.", "0 to 999"),
            one("example.de. IN MX 10 9.9.9.9", "not an address"),
            one("example.de. IN MX 10 mx", "two labels"),
            one("example.de. IN MX 10 mail.example.de.", "host mail.example.de, which lies in example.de"),
            (with(&[mx, "example.de. IN MX 0 ."]), "nsentry[1]", "stands alone, and nsentry[0]"),
            (with(&["a.example.de. IN MX 0 .", mx]), "nsentry[0]", "stands alone, and nsentry[1]"),
            (with(&[mx, a, "example.de. IN MX 10 mx2.example.net."]), "nsentry[2]", "preference of nsentry[0]"),
        ]);
    }

    #[test]
    fn reserved_addresses_are_told() {
        for reserved in [
            "0.1.2.3",
            "10.1.1.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.1.1",
            "172.31.255.255",
            "192.0.0.9",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:9.9.9.9",
            "64:ff9b::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002::1",
            "fd00::1",
            "fe80::1",
        ] {
            let kind = if reserved.contains(':') { "AAAA" } else { "A" };
            let (_, warnings) = found(with(&[&format!("example.de. IN {kind} {reserved}")])).unwrap();
            assert!(warnings.len() == 1 && warnings[0].contains("RFC 6890"), "{reserved}: {warnings:?}");
        }
        for free in
            ["9.9.9.9", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2001:200::1", "2003::1", "2620:fe::9"]
        {
            assert!(!is_reserved(free.parse().unwrap()), "{free}");
        }
    }
}
