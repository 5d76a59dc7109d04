//! XML requests.

use std::net::IpAddr;

use super::super::tree::{DnsData, DnsEntry, Item, Order};
use super::super::words::{Section, Space, Word, is_wrapper};
use super::super::xml::{self, Element};
use super::ACTIONS;

/// Reads a request.
///
/// # Errors
/// It is not well-formed, has what is not allowed (DTD, entities, depth), or is no request of this registry.
pub fn read(text: &str) -> Result<Order, String> {
    let root = root(text)?;
    let asked: Vec<&Element> = root.children.iter().filter(|child| !child.is(Space::Global, "ctid")).collect();
    let [asked] = asked.as_slice() else {
        return Err(format!("the request has {} elements beside its transaction id, not one", asked.len()));
    };
    let action = ACTIONS.iter().find(|action| asked.is(action.space, action.xml));
    let action = action.ok_or_else(|| format!("the request is an unknown <{}>", asked.name.escape_default()))?;
    let mut found = Vec::new();
    items(asked, &mut found);
    let attribute = |(name, value): &(String, String)| Some(Item::field(Word::of_attribute(name)?, value.trim()));
    found.extend(asked.attributes.iter().filter_map(attribute));
    let mut order = Order::new(*action, found);
    order.transaction = transaction(&root).map(|element| element.text.trim().to_owned());
    Ok(order)
}

fn root(text: &str) -> Result<Element, String> {
    let root = xml::parse(text).map_err(|error| format!("as a request: {error}"))?;
    if root.is(Space::Global, "registry-request") {
        return Ok(root);
    }
    Err(format!("the request is a <{}>, not a registry-request", root.name.escape_default()))
}

fn transaction(root: &Element) -> Option<&Element> {
    root.children.iter().find(|child| child.is(Space::Global, "ctid"))
}

/// What an element holds, in its order.
fn items(element: &Element, found: &mut Vec<Item>) {
    for child in &element.children {
        let Some(space) = child.space else { continue };
        let text = child.text.trim();
        match (space, child.name.as_str()) {
            (Space::Domain, "contact") => {
                let word = child.attribute("role").and_then(Word::of_role);
                found.extend(word.map(|word| Item::field(word, text)));
            }
            (Space::Dnsentry, "dnsentry") => found.extend(dns(child)),
            (Space::Verification, "verificationInformation") => found.push(block(child)),
            (space, name) if is_wrapper(space, name) => items(child, found),
            (space, name) => found.extend(Word::of_element(space, name).map(|word| Item::field(word, text))),
        }
    }
}

fn block(element: &Element) -> Item {
    let mut inside = Vec::new();
    items(element, &mut inside);
    let field = |item| match item {
        Item::Field(word, value) => Some((word, value.to_string())),
        Item::Dns(_) | Item::Block(..) => None,
    };
    Item::Block(Section::Verification, inside.into_iter().filter_map(field).collect())
}

/// The entries of a DNS element; one that is none, or an unusual one, is the field K/V would have.
fn dns(element: &Element) -> Vec<Item> {
    let data = xml::rdata(element);
    let owner = data.owner;
    let entries = match data.kind {
        "NS" => nameserver(&data),
        "A" | "AAAA" => data.addresses().map(|found| found.into_iter().map(DnsData::Address).collect()),
        "MX" => data
            .one("preference")
            .and_then(|preference| preference.parse().ok())
            .and_then(|preference| Some(vec![DnsData::Mx { preference, exchange: data.one("exchange")?.to_owned() }])),
        "DNSKEY" => dnskey(&data).map(|data| vec![data]),
        _ => None,
    };
    match entries {
        Some(entries) => {
            entries.into_iter().map(|data| Item::Dns(DnsEntry { owner: owner.to_owned(), data })).collect()
        }
        None => {
            let (word, line) = data.line();
            vec![Item::field(word, line)]
        }
    }
}

fn nameserver(data: &xml::Rdata<'_>) -> Option<Vec<DnsData>> {
    let host = data.one("nameserver")?;
    let entry = |address: Option<IpAddr>| DnsData::Ns { host: host.to_owned(), address };
    let addresses = data.addresses()?;
    if addresses.is_empty() {
        return Some(vec![entry(None)]);
    }
    Some(addresses.into_iter().map(Some).map(entry).collect())
}

fn dnskey(data: &xml::Rdata<'_>) -> Option<DnsData> {
    Some(DnsData::Dnskey {
        flags: data.one("flags")?.parse().ok()?,
        protocol: data.one("protocol")?.parse().ok()?,
        algorithm: data.one("algorithm")?.parse().ok()?,
        key: data.one("publicKey")?.to_owned(),
    })
}

/// Puts a transaction id behind the request's last element, in the namespace of the root, whatever its prefix.
///
/// # Errors
/// It is not a request.
pub fn with_transaction(text: &str, transaction: &str, out: &mut String) -> Result<(), String> {
    let root = root(text)?;
    // An element with children ends with a tag of its own, and that is the last `</` inside its span.
    let inside = text.get(..root.span.end).unwrap_or_default();
    let at = inside.rfind("</").ok_or("the request is empty")?;
    let (before, after) = text.split_at(at);
    out.push_str(before);
    out.push_str("<ctid xmlns=\"");
    out.push_str(&Space::Global.uri(&root.version));
    out.push_str("\">");
    out.push_str(&quick_xml::escape::escape(transaction));
    out.push_str("</ctid>");
    out.push_str(after);
    Ok(())
}
