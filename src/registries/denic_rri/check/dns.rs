//! Name servers, and what the three kinds of DNS data have to do with each other.

use std::net::IpAddr;

use super::super::codec::tree::{DnsData, DnsEntry};
use super::super::params::{Params, refuse};
use super::{at_most, dnskey, nsentry, rules};
use crate::model::Reject;

pub use super::names::{DomainName, host, lies_in};

/// Most name servers of a domain.
const MOST_HOSTS: usize = 13;
/// Most addresses of one name server; the registry counts none, but a request of so many would be too long.
const MOST_ADDRESSES: usize = 16;

/// The DNS data of a domain: either name servers, which may come with keys, or records.
///
/// # Errors
/// Neither or both; or as the part at fault.
pub fn read(params: &Params<'_>, domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    let (nserver, records) = (params.list("nserver")?, params.list("nsentry")?);
    let keys = params.list("dnskey")?;
    match (nserver.is_empty(), records.is_empty()) {
        (true, true) => Err(Reject::param("nserver", "is missing; a domain has either nserver or nsentry")),
        (false, false) => Err(Reject::param("nsentry", "a domain has either nserver or nsentry, not both")),
        (true, false) if !keys.is_empty() => {
            Err(refuse("dnskey", "belongs to a domain with nserver, not with nsentry", &keys[0]))
        }
        (true, false) => nsentry::read(params, &records, domain),
        (false, true) => {
            let mut entries = nservers(params, &nserver, domain)?;
            entries.extend(dnskey::read(params, &keys, domain)?);
            Ok(entries)
        }
    }
}

/// Name servers, each `host [address…]`: 2 to 13 different hosts, an address for every host inside the domain. One
/// entry per address, as the registry wants one line per address.
///
/// # Errors
/// Names the host or address at fault.
pub fn nservers(params: &Params<'_>, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    // First of all, since each host is compared with all others.
    if !(2..=MOST_HOSTS).contains(&values.len()) {
        return Err(Reject::param("nserver", format!("must be 2 to 13 name servers, got {}", values.len())));
    }
    let mut entries = Vec::new();
    let mut hosts: Vec<String> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let field = format!("nserver[{at}]");
        let mut words = value.split_whitespace();
        let host = host(&field, words.next().unwrap_or_default())?;
        let words: Vec<&str> = words.take(MOST_ADDRESSES + 1).collect();
        at_most(&field, words.len(), MOST_ADDRESSES)?;
        let addresses = words.into_iter().map(|word| address(&field, word)).collect::<Result<Vec<_>, _>>()?;
        if hosts.contains(&host) {
            return Err(refuse(&field, "stands twice; all addresses of a host go into one text", value));
        }
        if let Some((_, twice)) = addresses.iter().enumerate().find(|(at, one)| addresses[..*at].contains(one)) {
            return Err(refuse(&field, &format!("has the address {twice} twice"), value));
        }
        match (addresses.is_empty(), lies_in(&host, domain)) {
            (true, true) => {
                return Err(refuse(&field, &format!("lies inside {domain} and so needs an address (glue)"), value));
            }
            (false, false) => {
                let rule = format!("lies outside {domain} and so needs no address");
                params.judge(rules::OUTSIDE_ADDRESS, Err(refuse(&field, &rule, value)))?;
            }
            _ => {}
        }
        let mut glue: Vec<Option<IpAddr>> = addresses.into_iter().map(Some).collect();
        if glue.is_empty() {
            glue.push(None);
        }
        let entry = |address| DnsEntry { owner: domain.to_owned(), data: DnsData::Ns { host: host.clone(), address } };
        entries.extend(glue.into_iter().map(entry));
        hosts.push(host);
    }
    Ok(entries)
}

fn address(field: &str, value: &str) -> Result<IpAddr, Reject> {
    value.parse().map_err(|_| refuse(field, "must be a host name and then IP addresses", value))
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// DNS data of example.de: the lines in K/V, and the warnings as `field: reason`; or the field at fault and why.
    pub fn found(params: Value) -> Result<(Vec<String>, Vec<String>), (String, String)> {
        let Value::Object(map) = params else { unreachable!("an object") };
        let params = Params::new(&map, &["nserver", "nsentry", "dnskey"]).unwrap();
        let entries =
            read(&params, "example.de").map_err(|reject| (reject.field.unwrap_or_default(), reject.reason))?;
        let warnings = params.warnings().into_iter().map(|warning| format!("{}: {}", warning.field, warning.reason));
        Ok((entries.iter().map(|entry| entry.kv().1).collect(), warnings.collect()))
    }

    /// Each row: the data, and the field at fault with words of the reason.
    pub fn refused(rows: &[(Value, &str, &str)]) {
        for (params, field, rule) in rows {
            let (at, reason) = found(params.clone()).expect_err(&params.to_string());
            assert_eq!(at, format!("params.{field}"), "{params}: {reason}");
            assert!(reason.contains(rule), "{params}: {reason}");
        }
    }

    #[test]
    fn glue_is_required_inside_and_only_inside() {
        let (lines, warnings) =
            found(json!({"nserver": ["NS1.example.net.", "ns2.example.de 192.0.2.1 2001:db8:0:0::1"]})).unwrap();
        assert_eq!(lines, ["ns1.example.net", "ns2.example.de 192.0.2.1", "ns2.example.de 2001:db8::1"]);
        assert_eq!(warnings, [""; 0]);
        let (_, warnings) = found(json!({"nserver": ["ns1.example.net 192.0.2.9", "ns1.notexample.de"]})).unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("params.nserver[0]: lies outside example.de"), "{warnings:?}");
        let many = |most: u8| (0..most).map(|n| format!("ns{n}.example.net")).collect::<Vec<_>>();
        assert!(found(json!({"nserver": many(13)})).is_ok());
        refused(&[
            (json!({"nserver": many(14)}), "nserver", "2 to 13 name servers, got 14"),
            (json!({"nserver": many(1)}), "nserver", "2 to 13 name servers, got 1"),
            (json!({"nserver": ["ns1.example.net", "ns2.example.de"]}), "nserver[1]", "(glue); got `ns2.example.de`"),
            (json!({"nserver": ["ns1.example.net", "example.de"]}), "nserver[1]", "(glue)"),
            (json!({"nserver": ["ns1.example.net", "NS1.example.net."]}), "nserver[1]", "twice; all"),
            (
                json!({"nserver": ["ns1.example.net", "ns.example.de 192.0.2.1 192.0.2.1"]}),
                "nserver[1]",
                "192.0.2.1 twice",
            ),
            (
                json!({"nserver": ["ns1.example.net", "ns.example.de 2001:db8::1 2001:db8:0::1"]}),
                "nserver[1]",
                "2001:db8::1 twice",
            ),
            (json!({"nserver": ["ns1.example.net", "ns2.example.net 192.0.2.256"]}), "nserver[1]", "`192.0.2.256`"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de 192.0.2"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de 192.000.002.001"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de 2001:db8::g"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de 1::2::3"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de fe80::1%eth0"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "ns.example.de [2001:db8::1]"]}), "nserver[1]", "IP addresses"),
            (json!({"nserver": ["ns1.example.net", "192.0.2.1"]}), "nserver[1]", "not an address"),
            (json!({"nserver": ["ns1.example.net", "ns_2.example.net"]}), "nserver[1]", "letters, digits"),
            (json!({"nserver": ["ns1.example.net", "-ns.example.net"]}), "nserver[1]", "hyphen"),
            (json!({"nserver": ["ns1.example.net", ""]}), "nserver[1]", "empty"),
            (json!({"nserver": ["ns1.example.net", 7]}), "nserver[1]", "not a number"),
        ]);
    }

    #[test]
    fn a_domain_is_connected_in_one_of_two_ways() {
        let servers = json!(["ns1.example.net", "ns2.example.net"]);
        let record = json!(["example.de. IN A 127.0.0.1"]);
        let key = json!("257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZ");
        assert!(found(json!({"nserver": servers, "dnskey": key})).is_ok());
        assert!(found(json!({"nserver": null, "nsentry": record, "dnskey": []})).is_ok());
        refused(&[
            (json!({}), "nserver", "is missing"),
            (json!({"nserver": [], "nsentry": null}), "nserver", "is missing"),
            (json!({"nserver": servers, "nsentry": record}), "nsentry", "not both"),
            (json!({"nsentry": record, "dnskey": key}), "dnskey", "not with nsentry; got `257 3 8"),
            (json!({"dnskey": key}), "nserver", "is missing"),
        ]);
    }
}
