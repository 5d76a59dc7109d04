//! Name servers and delegation signers as actions give them (reference, 4.4). A list replaces the one before.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::names;
use super::super::objects::{MOST_SERVERS, Server, Signer};
use super::super::reply::{Refusal, refuse};
use super::super::wire::tree::Element;

/// The name servers of a domain.
///
/// # Errors
/// There are too many, one is there twice, or an address is missing, wrong or out of place.
pub(super) fn servers(list: &Element, domain: &str) -> Result<Vec<Server>, Box<Refusal>> {
    if list.children.len() > MOST_SERVERS {
        return refuse("NAMESERVERS_EXCEEDED_MAX", &[&MOST_SERVERS.to_string()]);
    }
    let mut servers: Vec<Server> = Vec::new();
    for element in &list.children {
        let server = server(element, domain)?;
        if servers.iter().any(|known| known.name == server.name) {
            return refuse("NAME_SERVER_DUPLICATION", &[&server.name, domain]);
        }
        servers.push(server);
    }
    Ok(servers)
}

fn server(element: &Element, domain: &str) -> Result<Server, Box<Refusal>> {
    let name = names::canonical(element.value("FQDN"));
    if !names::is_host(&name) {
        return refuse("INVALID_FIELD", &[element.value("FQDN"), "FQDN"]);
    }
    let address =
        |attribute: &str| element.attribute(attribute).map(str::to_owned).filter(|address| !address.is_empty());
    let (ipv4, ipv6) = (address("IP4Addr"), address("IP6Addr"));
    let is_inside = name == domain || name.ends_with(&format!(".{domain}"));
    if !is_inside {
        if let Some(address) = ipv4 {
            return refuse("IP4ADDR_NOT_ALLOWED", &[&address, &name, domain]);
        }
        if let Some(address) = ipv6 {
            return refuse("IP6ADDR_NOT_ALLOWED", &[&address, &name, domain]);
        }
    } else if ipv4.is_none() && ipv6.is_none() {
        return refuse("SELF_SERVING_DNS_VIOLATION", &[domain, &name]);
    }
    if let Some(wrong) = ipv4.as_ref().filter(|address| address.parse::<Ipv4Addr>().is_err()) {
        return refuse("INVALID_FIELD", &[wrong, "IP4Addr"]);
    }
    if let Some(wrong) = ipv6.as_ref().filter(|address| address.parse::<Ipv6Addr>().is_err()) {
        return refuse("INVALID_FIELD", &[wrong, "IP6Addr"]);
    }
    Ok(Server { name, ipv4, ipv6 })
}

/// The delegation signers of a domain.
///
/// # Errors
/// The second level has none, or a number or a digest is none.
pub(super) fn signers(list: &Element, domain: &str) -> Result<Vec<Signer>, Box<Refusal>> {
    if !list.children.is_empty() && !names::has_dnssec(domain) {
        return refuse("DNSSEC_2LD_NOT_ALLOWED", &[]);
    }
    list.children.iter().map(signer).collect()
}

fn signer(element: &Element) -> Result<Signer, Box<Refusal>> {
    let number = |name: &str, most: u32| {
        let text = element.value(name);
        let is_number = text.parse::<u32>().is_ok_and(|number| number <= most);
        if is_number { Ok(text.to_owned()) } else { refuse("INVALID_FIELD", &[text, name]) }
    };
    let digest: String = element.find("Digest").map(|digest| digest.text.trim().to_uppercase()).unwrap_or_default();
    if digest.is_empty() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) || digest.len() % 2 == 1 {
        return refuse("INVALID_FIELD", &[&digest, "Digest"]);
    }
    let (key_tag, algorithm) = (number("KeyTag", 65_535)?, number("Algorithm", 255)?);
    Ok(Signer { key_tag, algorithm, digest_type: number("DigestType", 255)?, digest })
}

/// As results have them.
pub(super) fn servers_element(servers: &[Server]) -> Element {
    let element = |server: &Server| {
        let element = Element::new("Server").with("FQDN", &server.name);
        element.with_some("IP4Addr", server.ipv4.as_ref()).with_some("IP6Addr", server.ipv6.as_ref())
    };
    Element::new("NameServers").all(servers.iter().map(element))
}

/// As results have them.
pub(super) fn signers_element(signers: &[Signer]) -> Element {
    let element = |signer: &Signer| {
        Element::new("DS")
            .with("KeyTag", &signer.key_tag)
            .with("Algorithm", &signer.algorithm)
            .with("DigestType", &signer.digest_type)
            .child(Element::text("Digest", &signer.digest))
    };
    Element::new("DNSSEC").all(signers.iter().map(element))
}
