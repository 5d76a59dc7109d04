//! Name servers and keys of a domain. What is stated replaces what is stored (reference 4.4).

use std::net::IpAddr;

use super::super::codec::tree::Element;
use super::super::params::{Field, Params, list, refuse};
use super::names::{host, lies_in};
use crate::model::Reject;

/// Most name servers of a domain (reference 1.5).
const MOST_HOSTS: usize = 10;
/// Most keys that are sent; the registry names no limit.
const MOST_KEYS: usize = 20;
/// Digest types whose length is known, and it, in hexadecimal digits (RFC 4034, 4509, 6605).
const DIGESTS: &[(u64, usize)] = &[(1, 40), (2, 64), (4, 96)];

/// The parameter `nserver`: a list of `host [address…]`, at most one address of each kind; null clears.
///
/// # Errors
/// Names the host or address at fault.
pub fn nservers(params: &Params<'_>, domain: &str) -> Result<Option<Element>, Reject> {
    let values = match list(params, "nserver")? {
        Field::Keep => return Ok(None),
        Field::Clear => return Ok(Some(Element::new("NameServers"))),
        Field::Set(values) => values,
    };
    if values.len() > MOST_HOSTS {
        let rule = format!("must be at most {MOST_HOSTS} name servers, got {}", values.len());
        return Err(Reject::param("nserver", rule));
    }
    let mut servers: Vec<Element> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let field = format!("nserver[{at}]");
        let server = nserver(&field, value, domain)?;
        if servers.iter().any(|known| known.attribute("FQDN") == server.attribute("FQDN")) {
            return Err(refuse(&field, "stands twice", value));
        }
        servers.push(server);
    }
    Ok(Some(Element::new("NameServers").all(servers)))
}

fn nserver(field: &str, value: &str, domain: &str) -> Result<Element, Reject> {
    let mut words = value.split_whitespace();
    let host = host(field, words.next().unwrap_or_default())?;
    let (mut four, mut six) = (None, None);
    for word in words {
        let address: IpAddr =
            word.parse().map_err(|_| refuse(field, "must be a host name and then IP addresses", value))?;
        let place = if address.is_ipv4() { &mut four } else { &mut six };
        if place.replace(address.to_string()).is_some() {
            return Err(refuse(field, "has two addresses of a kind; the registry keeps one IPv4 and one IPv6", value));
        }
    }
    // IP4ADDR_NOT_ALLOWED, IP6ADDR_NOT_ALLOWED. Whether a host inside needs one is for the registry to say.
    if (four.is_some() || six.is_some()) && !lies_in(&host, domain) {
        return Err(refuse(
            field,
            &format!("lies outside {domain}, and only a host inside may have an address"),
            value,
        ));
    }
    Ok(Element::new("Server").with("FQDN", host).maybe("IP4Addr", four).maybe("IP6Addr", six))
}

/// The parameter `ds`: a list of `key-tag algorithm digest-type digest`, as in a zone; null clears.
///
/// # Errors
/// Names the key at fault.
pub fn ds(params: &Params<'_>) -> Result<Option<Element>, Reject> {
    let values = match list(params, "ds")? {
        Field::Keep => return Ok(None),
        Field::Clear => return Ok(Some(Element::new("DNSSEC"))),
        Field::Set(values) => values,
    };
    if values.len() > MOST_KEYS {
        return Err(Reject::param("ds", format!("must be at most {MOST_KEYS} records, got {}", values.len())));
    }
    let each = values.iter().enumerate().map(|(at, value)| record(&format!("ds[{at}]"), value));
    Ok(Some(Element::new("DNSSEC").all(each.collect::<Result<Vec<_>, _>>()?)))
}

fn record(field: &str, value: &str) -> Result<Element, Reject> {
    let no = |rule: &str| refuse(field, rule, value);
    let words: Vec<&str> = value.split_whitespace().collect();
    let [tag, algorithm, kind, digest @ ..] = words.as_slice() else {
        return Err(no("must be `key-tag algorithm digest-type digest`"));
    };
    let number = |word: &str, most: u64| {
        word.parse::<u64>().ok().filter(|number| *number <= most && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let tag = number(tag, 65_535).ok_or_else(|| no("the key tag must be a number up to 65535"))?;
    let algorithm = number(algorithm, 255).ok_or_else(|| no("the algorithm must be a number up to 255"))?;
    let kind = number(kind, 255).ok_or_else(|| no("the digest type must be a number up to 255"))?;
    let digest = digest.concat().to_ascii_uppercase();
    if digest.is_empty() || digest.len() % 2 == 1 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(no("the digest must be hexadecimal"));
    }
    if let Some((_, length)) = DIGESTS.iter().find(|(known, length)| *known == kind && *length != digest.len()) {
        return Err(no(&format!("a digest of type {kind} has {length} digits, this one {}", digest.len())));
    }
    let ds = Element::new("DS").with("KeyTag", tag.to_string()).with("Algorithm", algorithm.to_string());
    Ok(ds.with("DigestType", kind.to_string()).child(Element::of_text("Digest", digest)))
}
