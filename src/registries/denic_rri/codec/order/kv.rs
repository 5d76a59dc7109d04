//! K/V requests.

use super::super::tree::{Action, DnsData, DnsEntry, Item, Order};
use super::super::words::{Section, Space, Word};
use super::ACTIONS;

/// The head of a request.
#[derive(Default)]
struct Head<'a> {
    version: Option<&'a str>,
    action: Option<&'a str>,
    transaction: Option<&'a str>,
}

/// Reads a request.
///
/// # Errors
/// A line is neither field nor heading or holds a control character, or version and action are not there once each.
pub fn read(text: &str) -> Result<Order, String> {
    let (mut head, mut items, mut sections) = (Head::default(), Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let at = |what: &str| format!("line {} of the request {what}", number + 1);
        // What we take for one line the registry must not take for two.
        if line.chars().any(|character| character.is_control() && character != '\t') {
            return Err(at("holds a control character"));
        }
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(heading) = heading(line) {
            sections.push((Section::of_heading(heading), Vec::new()));
            continue;
        }
        let (keyword, value) = line.split_once(':').ok_or_else(|| at("is neither `keyword: value` nor a heading"))?;
        let (keyword, value) = (keyword.trim_end(), value.trim());
        let place = match keyword.to_ascii_lowercase().as_str() {
            "version" => &mut head.version,
            "action" => &mut head.action,
            "ctid" => &mut head.transaction,
            _ => {
                match (Word::of_keyword(keyword), sections.last_mut()) {
                    (Some(word), Some((_, fields))) => fields.push((word, value.to_owned())),
                    (Some(word), None) => items.push(Item::field(word, value)),
                    (None, _) => {}
                }
                continue;
            }
        };
        if place.replace(value).is_some() {
            return Err(at("says for a second time what a request says once"));
        }
    }
    let version = head.version.ok_or("the request has no Version")?;
    if !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("the request has a Version that is no number".into());
    }
    let action = action(head.action.ok_or("the request has no Action")?, &items)?;
    let owner = owner(&items);
    let mut items: Vec<Item> = items.into_iter().flat_map(|item| entries(item, &owner)).collect();
    let known = sections.into_iter().filter(|(section, _)| *section != Section::Other);
    items.extend(known.map(|(section, fields)| Item::Block(section, fields)));
    let mut order = Order::new(action, items);
    order.transaction = head.transaction.map(str::to_owned);
    Ok(order)
}

fn heading(line: &str) -> Option<&str> {
    line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::trim)
}

/// The action of a word, where several objects have one by that name: of the object whose key is there.
fn action(word: &str, items: &[Item]) -> Result<Action, String> {
    let named: Vec<&Action> = ACTIONS.iter().filter(|action| action.kv.eq_ignore_ascii_case(word)).collect();
    let has = |wanted: &[Word]| items.iter().any(|item| matches!(item, Item::Field(word, _) if wanted.contains(word)));
    let space = if has(&[Word::Domain, Word::DomainAce]) {
        Space::Domain
    } else if has(&[Word::Handle]) {
        Space::Contact
    } else {
        Space::Regacc
    };
    match named.as_slice() {
        [] => Err("the request has an unknown Action".into()),
        [only] => Ok(**only),
        several => several
            .iter()
            .find(|action| action.space == space)
            .map(|action| **action)
            .ok_or_else(|| "the request names no object: Domain, Handle or RegAcc".into()),
    }
}

/// The name that name servers and keys belong to, which K/V does not repeat.
fn owner(items: &[Item]) -> String {
    let value = |wanted: Word| {
        items.iter().find_map(|item| match item {
            Item::Field(word, value) if *word == wanted => Some(value.as_str().to_owned()),
            _ => None,
        })
    };
    value(Word::DomainAce).or_else(|| value(Word::Domain)).unwrap_or_default()
}

/// The DNS entries of a line; a line that is none, or an unusual one, stays a field.
fn entries(item: Item, owner: &str) -> Vec<Item> {
    let data = match &item {
        Item::Field(Word::Nserver, line) => nserver(line, owner),
        Item::Field(Word::Nsentry, line) => nsentry(line).map(|entry| vec![entry]),
        Item::Field(Word::Dnskey, line) => dnskey(line).map(|data| vec![DnsEntry { owner: owner.to_owned(), data }]),
        _ => None,
    };
    data.map_or_else(|| vec![item], |entries| entries.into_iter().map(Item::Dns).collect())
}

/// `host [address]…`; a host with several addresses is several entries.
fn nserver(line: &str, owner: &str) -> Option<Vec<DnsEntry>> {
    let mut words = line.split_whitespace();
    let host = words.next()?;
    let addresses: Vec<std::net::IpAddr> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
    let entry = |address| DnsEntry { owner: owner.to_owned(), data: DnsData::Ns { host: host.to_owned(), address } };
    if addresses.is_empty() {
        return Some(vec![entry(None)]);
    }
    Some(addresses.into_iter().map(|address| entry(Some(address))).collect())
}

/// `owner IN A address`, `owner IN MX preference exchange`.
fn nsentry(line: &str) -> Option<DnsEntry> {
    let dotless = |name: &str| if name == "." { name.to_owned() } else { name.trim_end_matches('.').to_owned() };
    let words: Vec<&str> = line.split_whitespace().collect();
    let data = match words.as_slice() {
        [_, class, "A" | "AAAA", address] if class.eq_ignore_ascii_case("IN") => {
            DnsData::Address(address.parse().ok()?)
        }
        [_, class, "MX", preference, exchange] if class.eq_ignore_ascii_case("IN") => {
            DnsData::Mx { preference: preference.parse().ok()?, exchange: dotless(exchange) }
        }
        _ => return None,
    };
    Some(DnsEntry { owner: dotless(words.first()?), data })
}

/// `flags protocol algorithm key`.
fn dnskey(line: &str) -> Option<DnsData> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [flags, protocol, algorithm, key] = words.as_slice() else { return None };
    Some(DnsData::Dnskey {
        flags: flags.parse().ok()?,
        protocol: protocol.parse().ok()?,
        algorithm: algorithm.parse().ok()?,
        key: (*key).to_owned(),
    })
}

/// Puts a transaction id above the first heading.
pub fn with_transaction(text: &str, transaction: &str, out: &mut String) {
    let is_heading = |line: &&str| heading(line.trim()).is_some();
    let at: usize = text.split_inclusive('\n').take_while(|line| !is_heading(line)).map(str::len).sum();
    let (above, sections) = text.split_at(at);
    out.push_str(above);
    if !above.is_empty() && !above.ends_with('\n') {
        out.push('\n');
    }
    out.push_str("Ctid: ");
    out.push_str(transaction);
    if !sections.is_empty() {
        out.push('\n');
        out.push_str(sections);
    }
}
