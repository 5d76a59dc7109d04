//! Technical data of a domain: name servers, or records in the zone itself, and keys.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::codes;
use super::super::wire::request::Fields;
use super::names;
use crate::model::Message;

/// Name servers of one delegation, counted by host.
const HOSTS: std::ops::RangeInclusive<usize> = 2..=13;
/// Most records in the zone itself.
const MOST_ENTRIES: usize = 5;
/// Most keys.
const MOST_KEYS: usize = 20;
/// A name server with this label cannot be checked at the moment, which is as bad as one that fails.
const UNCHECKED_LABEL: &str = "nocheck";
/// A name server with this label is accepted with a warning.
const WARNED_LABEL: &str = "warn";
/// DNSKEY algorithms the registry lists.
const ALGORITHMS: &[&str] = &["3", "5", "6", "7", "8", "10", "12", "13", "14"];

/// Accepted technical data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Dns {
    /// Host and address, one entry for each address.
    pub(in super::super) nserver: Vec<(String, Option<IpAddr>)>,
    /// Records as text, owner first, with trailing dots.
    pub(in super::super) nsentry: Vec<String>,
    /// Keys in presentation form.
    pub(in super::super) dnskey: Vec<String>,
}

impl Dns {
    /// What the name-server check says, by labels of hosts that are agreed to mean it; an error is a failed check.
    pub(in super::super) fn check(&self, failing_label: &str) -> Option<Message> {
        let has = |label: &str| {
            self.nserver.iter().any(|(host, _)| host.split('.').any(|part| part.eq_ignore_ascii_case(label)))
        };
        if has(failing_label) {
            Some(codes::NAMESERVER_ERROR.with(["ERROR: 901 Unexpected RCODE (1)"]))
        } else if has(UNCHECKED_LABEL) {
            Some(codes::CHECK_IMPOSSIBLE.message())
        } else if has(WARNED_LABEL) {
            Some(codes::NAMESERVER_WARNING.with(["WARNING: 118 Inconsistent set of NS RRs"]))
        } else {
            None
        }
    }

    /// Whether a key lacks the flag that makes it a secure entry point.
    pub(in super::super) fn lacks_entry_point(&self) -> bool {
        self.dnskey.iter().any(|key| key.starts_with("256 "))
    }
}

/// Reads and checks the technical data of a request for the domain.
pub(in super::super) fn read(ace: &str, fields: &Fields) -> Result<Dns, Message> {
    let (has_servers, has_entries) = (fields.first("nserver").is_some(), fields.first("nsentry").is_some());
    if has_servers && has_entries {
        return Err(codes::DNS_TYPE.message());
    }
    let dnskey: Vec<String> = fields.all("dnskey").map(key).collect::<Result<_, _>>()?;
    if dnskey.len() > MOST_KEYS || (has_entries && !dnskey.is_empty()) {
        return Err(codes::DNS_DATA.message());
    }
    if has_entries {
        return Ok(Dns { nsentry: entries(ace, fields)?, ..Dns::default() });
    }
    Ok(Dns { nserver: servers(ace, fields)?, dnskey, ..Dns::default() })
}

fn servers(ace: &str, fields: &Fields) -> Result<Vec<(String, Option<IpAddr>)>, Message> {
    let mut servers = Vec::new();
    for value in fields.all("nserver") {
        let wrong = || codes::NSERVER_VALUE.with([value]);
        let mut words = value.split_whitespace();
        let host = words.next().and_then(names::host).ok_or_else(wrong)?;
        let address = words.next().map(|word| word.parse::<IpAddr>().map_err(|_| wrong())).transpose()?;
        if words.next().is_some() {
            return Err(wrong());
        }
        if is_within(ace, &host) && address.is_none() {
            return Err(codes::GLUE_MISSING.with([host]));
        }
        if servers.contains(&(host.clone(), address)) {
            return Err(codes::NSERVER_TWICE.message());
        }
        servers.push((host, address));
    }
    let hosts: BTreeSet<_> = servers.iter().map(|(host, _)| host).collect();
    if !HOSTS.contains(&hosts.len()) {
        return Err(codes::NSERVER_COUNT.with([format!("min: {}", HOSTS.start()), format!("max: {}", HOSTS.end())]));
    }
    Ok(servers)
}

fn entries(ace: &str, fields: &Fields) -> Result<Vec<String>, Message> {
    let mut preferences = BTreeSet::new();
    let mut has_null_mx = false;
    let (mut entries, mut hosts, mut exchanges) = (Vec::new(), BTreeSet::new(), Vec::new());
    for value in fields.all("nsentry") {
        let words: Vec<_> = value.split_whitespace().collect();
        let [owner, class, kind, data @ ..] = words.as_slice() else { return Err(codes::NSENTRY_VALUE.message()) };
        if !class.eq_ignore_ascii_case("IN") {
            return Err(codes::NSENTRY_VALUE.message());
        }
        let kind = kind.to_ascii_uppercase();
        let owner = entry_owner(ace, owner, kind == "MX")?;
        let data = match (kind.as_str(), data) {
            ("A", [address]) if matches!(address.parse(), Ok(IpAddr::V4(_))) => (*address).to_owned(),
            ("AAAA", [address]) if matches!(address.parse(), Ok(IpAddr::V6(_))) => (*address).to_owned(),
            ("A" | "AAAA", _) => return Err(codes::NSENTRY_VALUE.message()),
            ("MX", [first, ..]) if first.parse::<u16>().is_err() => return Err(codes::MX_PREFERENCE_MISSING.message()),
            ("MX", [] | [_]) => return Err(codes::MX_HOST_MISSING.message()),
            ("MX", [preference, host]) => {
                let number = preference.parse::<u16>().ok().filter(|n| *n <= 999);
                let number = number.ok_or_else(|| codes::NSENTRY_VALUE.message())?;
                has_null_mx |= *host == ".";
                if !preferences.insert(number) {
                    return Err(codes::MX_SAME_PREFERENCE.message());
                }
                let host = match *host {
                    "." => String::new(),
                    host => names::host(host).ok_or_else(|| codes::NSENTRY_VALUE.message())?,
                };
                exchanges.push(host.clone());
                format!("{number} {host}.")
            }
            _ => return Err(codes::DNS_TYPE.message()),
        };
        if kind != "MX" {
            hosts.insert(owner.clone());
        }
        entries.push(format!("{owner}. IN {kind} {data}"));
    }
    // A mail host within the domain has no address but the one that is given here.
    if exchanges.iter().any(|host| is_within(ace, host) && !hosts.contains(host)) {
        return Err(codes::MX_HOST_UNKNOWN.message());
    }
    if has_null_mx && preferences.len() > 1 {
        return Err(codes::MX_NULL_NOT_ALONE.message());
    }
    if entries.len() > MOST_ENTRIES {
        return Err(codes::NSENTRY_COUNT.with([format!("max: {MOST_ENTRIES}")]));
    }
    Ok(entries)
}

/// Whether a host is the domain or a name below it.
fn is_within(ace: &str, host: &str) -> bool {
    host == ace || host.strip_suffix(ace).is_some_and(|rest| rest.ends_with('.'))
}

/// The owner is the domain or a name below it; a wildcard may stand before it for MX only.
fn entry_owner(ace: &str, text: &str, may_be_wildcard: bool) -> Result<String, Message> {
    let wrong = || codes::NSENTRY_OWNER.message();
    let (star, plain) = match text.strip_prefix("*.") {
        Some(plain) if may_be_wildcard => ("*.", plain),
        Some(_) => return Err(wrong()),
        None => ("", text),
    };
    let owner = names::host(plain).ok_or_else(wrong)?;
    if is_within(ace, &owner) { Ok(format!("{star}{owner}")) } else { Err(wrong()) }
}

fn key(value: &str) -> Result<String, Message> {
    let words: Vec<_> = value.split_whitespace().collect();
    let is_base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    match words.as_slice() {
        [flags @ ("256" | "257"), "3", algorithm, key @ ..]
            if ALGORITHMS.contains(algorithm)
                && !key.is_empty()
                && key.iter().all(|k| is_base64(k))
                && value.len() <= 999 =>
        {
            Ok(format!("{flags} 3 {algorithm} {}", key.concat()))
        }
        _ => Err(codes::DNSKEY_FORMAT.message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(lines: &[(&str, &str)]) -> String {
        let mut fields = Fields::default();
        lines.iter().for_each(|(keyword, value)| fields.push(keyword, *value));
        read("example.de", &fields).map_or_else(|mistake| mistake.code, |_| "fine".into())
    }

    #[test]
    fn name_servers() {
        let (a, b) = (("Nserver", "ns1.example.net"), ("nserver", "NS2.example.net."));
        assert_eq!(code(&[a, b]), "fine");
        assert_eq!(code(&[a]), "53300102920");
        assert_eq!(code(&[]), "53300102920");
        assert_eq!(code(&[a, a]), "63300062905");
        assert_eq!(code(&[a, ("nserver", "ns.example.de")]), "53300102902");
        assert_eq!(
            code(&[a, ("nserver", "ns.example.de 192.0.2.1"), ("nserver", "ns.example.de 2001:db8::1")]),
            "fine"
        );
        assert_eq!(code(&[a, ("nserver", "ns.example.net 192.0.2")]), "63300102913");
        assert_eq!(code(&[a, b, ("nsentry", "example.de IN A 192.0.2.1")]), "63300063103");
        assert_eq!(code(&[a, b, ("dnskey", "257 3 8 AwEAAd+/x=")]), "fine");
        assert_eq!(code(&[a, b, ("dnskey", "257 3 99 AwEAAd")]), "66300068803");
    }

    #[test]
    fn records() {
        let entry = |value| code(&[("nsentry", value)]);
        assert_eq!(entry("example.de. IN A 192.0.2.1"), "fine");
        assert_eq!(entry("*.example.de. IN MX 10 mail.example.net."), "fine");
        assert_eq!(entry("example.de. IN MX 10 mail.example.de."), "63300083005");
        assert_eq!(entry("example.de. IN MX 0 ."), "fine");
        assert_eq!(entry("*.example.de IN A 192.0.2.1"), "63300063006");
        assert_eq!(entry("other.de IN A 192.0.2.1"), "63300063006");
        assert_eq!(entry("example.de IN TXT x"), "63300063103");
        assert_eq!(entry("example.de IN MX mail.example.de."), "53300103022");
        assert_eq!(entry("example.de IN MX 10"), "66300063003");
        let mx = |first, second| code(&[("nsentry", first), ("nsentry", second)]);
        assert_eq!(mx("example.de IN MX 1 a.example.net", "example.de IN MX 1 b.example.net"), "63300063016");
        assert_eq!(mx("example.de IN MX 0 .", "example.de IN MX 1 b.example.net"), "63300103005");
        assert_eq!(mx("example.de. IN MX 10 mail.example.de.", "mail.example.de IN A 192.0.2.1"), "fine");
    }
}
