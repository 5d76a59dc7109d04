//! Names, addresses and numbers: what of them can be judged without knowing what the registry has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::RrpVersion;
use crate::model::Secret;

/// An address as it was written, and what it is.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) text: String,
    pub(super) ip: IpAddr,
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.ip == other.ip
    }
}

impl Eq for Address {}

/// A domain in small letters: two labels, the second of which the registry serves.
pub(super) fn domain(text: &str, tlds: &[String]) -> Result<String, u16> {
    let name = text.to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    if labels.iter().any(|label| label.len() > 63) {
        return Err(541);
    }
    let [_, tld] = labels.as_slice() else { return Err(505) };
    if !labels.iter().all(|label| is_label(label)) {
        return Err(505);
    }
    if tlds.iter().any(|served| served == tld) { Ok(name) } else { Err(541) }
}

/// A host in small letters: two labels or more.
pub(super) fn host(text: &str) -> Result<String, u16> {
    let name = text.to_ascii_lowercase();
    if name.split('.').any(|label| label.len() > 63) {
        return Err(541);
    }
    if !name.contains('.') || !name.split('.').all(is_label) {
        return Err(505);
    }
    if (1..=80).contains(&name.len()) { Ok(name) } else { Err(506) }
}

/// Letters, digits and inner hyphens.
fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether a host lies below a top-level domain of the registry.
pub(super) fn is_inside(host: &str, tlds: &[String]) -> bool {
    let tld = host.rsplit('.').next().unwrap_or_default();
    tlds.iter().any(|served| served.eq_ignore_ascii_case(tld))
}

/// The domain a host of the registry lies in.
pub(super) fn parent(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    labels.get(labels.len().saturating_sub(2)..).unwrap_or_default().join(".")
}

/// Whether all labels that say so are names of other scripts (RFC 3632, 510).
pub(super) fn is_encoded(name: &str) -> bool {
    name.split('.').filter(|label| label.starts_with("xn--")).all(|label| {
        let (text, read) = idna::domain_to_unicode(label);
        read.is_ok() && !text.is_ascii()
    })
}

/// An address: four numbers, or from version 2 on one of IPv6 without a dotted end.
pub(super) fn address(text: &str, version: RrpVersion) -> Result<Address, u16> {
    let ip = if text.contains(':') {
        let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
        if version < RrpVersion::V200 || !is_hexadecimal {
            return Err(505);
        }
        IpAddr::V6(text.parse().map_err(|_| 505_u16)?)
    } else {
        let groups: Vec<&str> = text.split('.').collect();
        let is_group = |group: &&str| (1..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
        if groups.len() != 4 || !groups.iter().all(is_group) {
            return Err(505);
        }
        let bytes: Vec<u8> = groups.iter().map(|group| group.parse().map_err(|_| 541)).collect::<Result<_, u16>>()?;
        IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).map_err(|_| 505_u16)?))
    };
    if is_restricted(ip) { Err(535) } else { Ok(Address { text: text.to_owned(), ip }) }
}

/// Whether nobody can be reached there. Networks for documents are let through: examples live there.
fn is_restricted(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let first = ip.octets()[0];
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || first == 0 || first >= 224
        }
        IpAddr::V6(ip) => is_restricted_v6(ip),
    }
}

fn is_restricted_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    let (is_local, is_private) = (first & 0xffc0 == 0xfe80, first & 0xfe00 == 0xfc00);
    ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_local || is_private
}

/// Years, 1 to 10.
pub(super) fn period(text: &str) -> Result<u8, u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|years| is_number && (1..=10).contains(years)).ok_or(541)
}

/// A year of the last century or this one.
pub(super) fn year(text: &str) -> Result<i16, u16> {
    let is_number = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_near = text.starts_with("19") || text.starts_with("20");
    text.parse().ok().filter(|_| is_number && is_near).ok_or(506)
}

/// A registrar's id: a letter or digit, then letters, digits, `_` and `-`.
pub(super) fn id(text: &str) -> Result<String, u16> {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if fits && begins { Ok(text.to_owned()) } else { Err(506) }
}

/// A password of 4 to 16 characters.
pub(super) fn password(text: &str) -> Result<Secret, u16> {
    let fits = (4..=16).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if fits { Ok(Secret::new(text)) } else { Err(506) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let tlds = ["com", "net"].map(str::to_owned);
        for (text, read) in [
            ("Example.COM", Ok("example.com".to_owned())),
            ("a.net", Ok("a.net".into())),
            ("example.org", Err(541)),
            ("www.example.com", Err(505)),
            ("example", Err(505)),
            ("-a.com", Err(505)),
            ("a-.com", Err(505)),
            ("a_b.com", Err(505)),
            (".com", Err(505)),
            (" example.com", Err(505)),
        ] {
            assert_eq!(domain(text, &tlds), read, "{text}");
        }
        assert_eq!(domain(&format!("{}.com", "a".repeat(64)), &tlds), Err(541));
        assert!(domain(&format!("{}.com", "a".repeat(63)), &tlds).is_ok());
        assert_eq!(host(&format!("{0}.{0}.com", "a".repeat(40))), Err(506));
        assert_eq!(host("NS1.example.invalid"), Ok("ns1.example.invalid".into()));
        assert_eq!(parent("ns1.dns.example.com"), "example.com");
        assert!(is_inside("ns1.example.COM", &tlds) && !is_inside("ns1.example.org", &tlds));
        assert!(is_encoded("xn--dnic-5qa.com") && is_encoded("example.com"));
        assert!(!is_encoded("xn--.com") && !is_encoded("ns1.xn--abc-.com") && !is_encoded("xn--\u{7f}.com"));
    }

    #[test]
    fn addresses() {
        let code = |text, version| address(text, version).map(|address| address.ip.to_string());
        for (text, read) in [
            ("198.41.1.11", Ok("198.41.1.11".to_owned())),
            ("192.0.2.1", Ok("192.0.2.1".into())),
            ("198.041.1.11", Ok("198.41.1.11".into())),
            ("198.41.1.256", Err(541)),
            ("198.41.1", Err(505)),
            ("198.41.1.1.1", Err(505)),
            ("198.41.1.x", Err(505)),
            ("10.1.2.3", Err(535)),
            ("127.0.0.1", Err(535)),
            ("224.0.0.1", Err(535)),
            ("0.1.2.3", Err(535)),
            ("10AA:0:0:00:8:800:200C:417A", Ok("10aa::8:800:200c:417a".into())),
            ("2001:db8::1", Ok("2001:db8::1".into())),
            ("2001:db8::192.0.2.1", Err(505)),
            ("2001:db8::1::2", Err(505)),
            ("2001:db8::12345", Err(505)),
            ("::1", Err(535)),
            ("fe80::1", Err(535)),
        ] {
            assert_eq!(code(text, RrpVersion::V200), read, "{text}");
        }
        assert_eq!(code("2001:db8::1", RrpVersion::V110), Err(505));
        let one = address("2001:db8:0::1", RrpVersion::V200).unwrap();
        assert_eq!(one, address("2001:DB8::1", RrpVersion::V200).unwrap());
    }

    #[test]
    fn numbers_and_words() {
        let wrong = |text| period(text).is_err();
        assert!(["0", "11", "01", "1.", "+1", "x", "256"].into_iter().all(wrong) && period("10") == Ok(10));
        assert!(["1899", "2100", "199", "20 0", "02000"].into_iter().all(|text| year(text).is_err()));
        assert_eq!(year("2001"), Ok(2001));
        assert!(id("registrarA_1-b").is_ok() && id("_a").is_err() && id("a b").is_err());
        assert!(password("1234").is_ok() && password("123").is_err() && password(&"x".repeat(17)).is_err());
    }
}
