//! Rules for names and DNS data.

use std::net::IpAddr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::super::codec::tree::{DnsData, DnsEntry};
use super::super::params::refuse;
use super::at_most;
use crate::model::Reject;

/// A domain in both spellings, lower case, without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainName {
    /// With umlauts, if it has any.
    pub unicode: String,
    /// As DNS has it.
    pub ace: String,
}

/// A domain directly below .de.
///
/// # Errors
/// It is no host name, or lies elsewhere.
pub fn domain(field: &str, value: &str) -> Result<DomainName, Reject> {
    let ace = host(field, value)?;
    let below_de = ace.strip_suffix(".de").is_some_and(|label| !label.contains('.'));
    if !below_de {
        return Err(refuse(field, "must be a name directly below .de", value));
    }
    let (unicode, readable) = Uts46::new().to_unicode(ace.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let unicode = if readable.is_ok() { unicode.into_owned() } else { ace.clone() };
    super::length(field, &unicode, 4, 66)?;
    Ok(DomainName { unicode, ace })
}

/// A host name in ACE form, lower case, without a dot at the end.
///
/// # Errors
/// It is none.
pub fn host(field: &str, value: &str) -> Result<String, Reject> {
    let name = value.strip_suffix('.').unwrap_or(value);
    let ace = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    match ace {
        Ok(ace) if ace.contains('.') => Ok(ace.into_owned()),
        _ => Err(refuse(field, "must be a host name of at least two labels", value)),
    }
}

/// Whether a host lies in a domain (both in ACE form, lower case).
fn lies_in(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Name servers, each `host [address…]`: 2 to 13 different hosts, an address for every host inside the domain. One
/// entry per address, as the registry wants one line per address.
///
/// # Errors
/// Names the host or address at fault.
pub fn nservers(field: &str, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    let mut entries = Vec::new();
    let mut hosts: Vec<String> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let field = format!("{field}[{at}]");
        let mut words = value.split_whitespace();
        let host = host(&field, words.next().unwrap_or_default())?;
        let addresses = words.map(|word| address(&field, word)).collect::<Result<Vec<_>, _>>()?;
        if hosts.contains(&host) {
            return Err(refuse(&field, "stands twice; all addresses of a host go into one text", value));
        }
        if addresses.is_empty() && lies_in(&host, domain) {
            return Err(refuse(&field, &format!("lies inside {domain} and so needs an address (glue)"), value));
        }
        let mut glue: Vec<Option<IpAddr>> = addresses.into_iter().map(Some).collect();
        if glue.is_empty() {
            glue.push(None);
        }
        let entry = |address| DnsEntry { owner: domain.to_owned(), data: DnsData::Ns { host: host.clone(), address } };
        entries.extend(glue.into_iter().map(entry));
        hosts.push(host);
    }
    if (2..=13).contains(&hosts.len()) {
        return Ok(entries);
    }
    Err(Reject::param(field, format!("must be 2 to 13 name servers, got {}", hosts.len())))
}

fn address(field: &str, value: &str) -> Result<IpAddr, Reject> {
    value.parse().map_err(|_| refuse(field, "must be a host name and then IP addresses", value))
}

/// Records kept in the .de zone itself, each `owner IN A|AAAA|MX …`.
///
/// # Errors
/// Names the record at fault.
pub fn nsentries(field: &str, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    at_most(field, values.len(), 5)?;
    values.iter().enumerate().map(|(at, value)| nsentry(&format!("{field}[{at}]"), value, domain)).collect()
}

fn nsentry(field: &str, value: &str, domain: &str) -> Result<DnsEntry, Reject> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let shape = || refuse(field, "must be `owner IN A address`, `… AAAA address` or `… MX preference host`", value);
    let (owner, data) = match (words.as_slice(), upper.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
        ([owner, _, _, ip], [_, "IN", kind @ ("A" | "AAAA"), _]) => {
            let ip: IpAddr = ip.parse().map_err(|_| shape())?;
            if ip.is_ipv4() != (*kind == "A") {
                return Err(refuse(field, "A wants an IPv4 address, AAAA an IPv6 address", value));
            }
            (host(field, owner)?, DnsData::Address(ip))
        }
        ([owner, _, _, preference, exchange], [_, "IN", "MX", _, _]) => {
            let preference = preference.parse().ok().filter(|number| *number <= 999).ok_or_else(shape)?;
            let exchange = if *exchange == "." { ".".to_owned() } else { host(field, exchange)? };
            let (star, rest) = owner.strip_prefix("*.").map_or(("", *owner), |rest| ("*.", rest));
            (format!("{star}{}", host(field, rest)?), DnsData::Mx { preference, exchange })
        }
        _ => return Err(shape()),
    };
    if lies_in(owner.trim_start_matches("*."), domain) {
        return Ok(DnsEntry { owner, data });
    }
    Err(refuse(field, &format!("must belong to a name in {domain}"), value))
}

/// Algorithms the registry has: 3, 5, 6, 7, 8, 10, 12, 13, 14. EdDSA (15, 16) is not among them.
const ALGORITHMS: &[u8] = &[3, 5, 6, 7, 8, 10, 12, 13, 14];

/// Keys, each `flags protocol algorithm key`.
///
/// # Errors
/// Names the key at fault and what is wrong with it.
pub fn dnskeys(field: &str, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    at_most(field, values.len(), 20)?;
    let each = |(at, value): (usize, &String)| {
        dnskey(&format!("{field}[{at}]"), value).map(|data| DnsEntry { owner: domain.to_owned(), data })
    };
    values.iter().enumerate().map(each).collect()
}

fn dnskey(field: &str, value: &str) -> Result<DnsData, Reject> {
    let no = |rule: &str| refuse(field, rule, value);
    let words: Vec<&str> = value.split_whitespace().collect();
    let [flags, protocol, algorithm, key @ ..] = words.as_slice() else {
        return Err(no("must be `flags protocol algorithm key`"));
    };
    let flags =
        flags.parse().ok().filter(|flags| [256, 257].contains(flags)).ok_or_else(|| no("flags must be 256 or 257"))?;
    let protocol =
        protocol.parse().ok().filter(|protocol| *protocol == 3).ok_or_else(|| no("the protocol must be 3"))?;
    let algorithm = algorithm.parse().ok().filter(|number| ALGORITHMS.contains(number));
    let algorithm = algorithm.ok_or_else(|| no("the algorithm must be 3, 5, 6, 7, 8, 10, 12, 13 or 14"))?;
    let key = key.concat();
    if !is_base64(&key) {
        return Err(no("the key must be base64"));
    }
    super::length(field, value, 1, 999)?;
    Ok(DnsData::Dnskey { flags, protocol, algorithm, key })
}

fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    let symbol = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    !data.is_empty() && text.len().is_multiple_of(4) && padding <= 2 && data.bytes().all(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn names_in_both_spellings() {
        for (unicode, ace) in [
            ("beispiel-fünf.de", "xn--beispiel-fnf-mlb.de"),
            ("dänic.de", "xn--dnic-loa.de"),
            ("dönic.de", "xn--dnic-5qa.de"),
            ("straße.de", "xn--strae-oqa.de"),
            ("example.de", "example.de"),
            ("a.de", "a.de"),
        ] {
            let name = DomainName { unicode: unicode.into(), ace: ace.into() };
            for spelling in [
                unicode.to_owned(),
                ace.to_owned(),
                unicode.to_uppercase().replace("STRASSE", "straße"),
                format!("{ace}."),
            ] {
                assert_eq!(domain("domain", &spelling).as_ref(), Ok(&name), "{spelling}");
            }
        }
        for bad in [
            "de",
            ".de",
            "example",
            "example.net",
            "www.example.de",
            "ex ample.de",
            "-a.de",
            "a_b.de",
            "a..de",
            "",
            &format!("{}.de", "a".repeat(64)),
        ] {
            assert!(domain("domain", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn glue_is_required_inside_and_only_inside() {
        let servers = |values: &[&str]| nservers("nserver", &list(values), "example.de");
        let lines: Vec<_> = servers(&["NS1.example.net.", "ns2.example.de 192.0.2.1 2001:db8:0:0::1"])
            .unwrap()
            .iter()
            .map(|e| e.kv().1)
            .collect();
        assert_eq!(lines, ["ns1.example.net", "ns2.example.de 192.0.2.1", "ns2.example.de 2001:db8::1"]);
        assert!(
            servers(&["ns1.example.net 192.0.2.9", "ns1.notexample.de"]).is_ok(),
            "an address too many is the registry's to refuse"
        );
        for (bad, field) in [
            (&["ns1.example.net", "ns2.example.de"][..], "params.nserver[1]"),
            (&["ns1.example.net", "ns2.example.net 192.0.2.256"], "params.nserver[1]"),
            (&["ns1.example.net", "NS1.example.net"], "params.nserver[1]"),
            (&["ns1.example.net"], "params.nserver"),
        ] {
            assert_eq!(servers(bad).unwrap_err().field.as_deref(), Some(field), "{bad:?}");
        }
        let many: Vec<String> = (0..14).map(|n| format!("ns{n}.example.net")).collect();
        assert!(nservers("nserver", &many, "example.de").is_err());
    }

    #[test]
    fn records_and_keys() {
        let entry = |text: &str| nsentry("nsentry[0]", text, "example.de").map(|entry| entry.kv().1);
        for good in [
            "example.de. IN A 192.0.2.1",
            "www.example.de. IN AAAA 2001:db8::1",
            "*.example.de. IN MX 10 mail.example.de.",
            "example.de. IN MX 0 .",
        ] {
            assert_eq!(entry(good).as_deref(), Ok(good));
        }
        assert_eq!(entry("Example.DE in a 192.0.2.1").as_deref(), Ok("example.de. IN A 192.0.2.1"));
        for bad in [
            "example.de. IN A 2001:db8::1",
            "*.example.de. IN A 192.0.2.1",
            "example.net. IN A 192.0.2.1",
            "example.de. IN MX 1000 .",
            "example.de. IN TXT x",
            "x",
        ] {
            assert!(entry(bad).is_err(), "{bad}");
        }
        assert!(dnskey("dnskey[0]", "257 3 13 AwEA AcoF UQ==").is_ok());
        for bad in
            ["255 3 8 AwEA", "257 2 8 AwEA", "257 3 15 AwEA", "257 3 8 AwE", "257 3 8 A=EA", "257 3 8", "257 3 8 Aw*A"]
        {
            assert!(dnskey("dnskey[0]", bad).is_err(), "{bad}");
        }
    }
}
