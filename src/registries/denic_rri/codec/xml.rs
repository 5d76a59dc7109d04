//! The XML format: schema-ordered elements in versioned namespaces. Reading compares namespace and local name, never
//! prefixes, and takes no more than a plain tree of elements: no DTD, no entities but the predefined five, bounded depth.

mod element;
mod queue;
mod rdata;

use super::tree::{Action, Block, DnsData, DnsEntry, Item, Order, Reply};
use super::words::{self, InXml, Section, Space, Word};
use crate::model::{Level, Message};

pub use element::{Element, parse};
pub use rdata::{Rdata, rdata};

/// Writes a request, two blanks per level.
pub fn write(order: &Order, protocol: &str, out: &mut String) {
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<registry-request");
    declare(order, protocol, out);
    out.push_str(">\n");
    let mut page = Page { out, depth: 1, wrapper: None, ipv6: ipv6_element(protocol) };
    page.request(order);
    if let Some(transaction) = &order.transaction {
        page.text("ctid", transaction);
    }
    out.push_str("</registry-request>\n");
}

/// Declares the namespaces this request uses and no others.
fn declare(order: &Order, protocol: &str, out: &mut String) {
    let has = |wanted: fn(&Item) -> bool| order.items.iter().any(wanted);
    let (dns, block) = (has(|item| matches!(item, Item::Dns(_))), has(|item| matches!(item, Item::Block(..))));
    out.push_str(&format!(" xmlns=\"{}\"", Space::Global.uri(protocol)));
    let mut prefix = |name: &str, uri: &str| out.push_str(&format!("\n    xmlns:{name}=\"{uri}\""));
    for (space, used) in [
        (order.action.space, order.action.space != Space::Global),
        (Space::Dnsentry, dns),
        (Space::Verification, block),
    ] {
        if used {
            prefix(space.name(), &space.uri(protocol));
        }
    }
    if dns || block {
        prefix("xsi", "http://www.w3.org/2001/XMLSchema-instance");
    }
}

/// The element of an IPv6 address of a name server: the 5.0 samples have one of their own, earlier protocols one for
/// both families.
fn ipv6_element(protocol: &str) -> &'static str {
    if super::is_current(protocol) { "addressV6" } else { "address" }
}

/// A document being written: where it goes, how deep it is, which wrapper is open, and the element for IPv6 glue.
struct Page<'a> {
    out: &'a mut String,
    depth: usize,
    wrapper: Option<String>,
    ipv6: &'static str,
}

impl Page<'_> {
    fn request(&mut self, order: &Order) {
        let Action { space, xml, .. } = order.action;
        let name = qualified(space, xml);
        self.indent();
        self.out.push('<');
        self.out.push_str(&name);
        let mut has_children = false;
        for item in &order.items {
            match item {
                Item::Field(word, value) if matches!(word.xml(), InXml::Attribute(_)) => self.attribute(*word, value),
                _ => has_children = true,
            }
        }
        if !has_children {
            return self.out.push_str("/>\n");
        }
        self.out.push_str(">\n");
        self.depth += 1;
        for item in &order.items {
            match item {
                Item::Field(word, value) => self.field(*word, value),
                Item::Dns(entry) => self.dns(entry),
                Item::Block(_, fields) => self.verification(fields),
            }
        }
        self.leave_wrapper();
        self.close(&name);
    }

    fn attribute(&mut self, word: Word, value: &str) {
        if let InXml::Attribute(name) = word.xml() {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            for (at, part) in value.split('"').enumerate() {
                self.out.push_str(if at == 0 { "" } else { "&quot;" });
                self.escaped(part);
            }
            self.out.push('"');
        }
    }

    fn field(&mut self, word: Word, value: &str) {
        match word.xml() {
            InXml::Element(space, name) => {
                self.leave_wrapper();
                self.text(&qualified(space, name), value);
            }
            InXml::Wrapped(space, wrapper, name) => {
                self.enter_wrapper(&qualified(space, wrapper));
                self.text(&qualified(space, name), value);
            }
            InXml::Role(role) => {
                self.leave_wrapper();
                let (open, close) = (format!("<domain:contact role=\"{role}\">"), "</domain:contact>");
                self.leaf(&open, value, close);
            }
            // Attributes stand on the request's element already; DNS entries are items of their own.
            InXml::Attribute(_) | InXml::Dns => {}
        }
    }

    fn verification(&mut self, fields: &[(Word, String)]) {
        self.leave_wrapper();
        let name = "verification:verificationInformation";
        self.open(name, " xsi:type=\"verification:verificationInformationType\"");
        for (word, value) in fields {
            self.field(*word, value);
        }
        self.leave_wrapper();
        self.close(name);
    }

    fn dns(&mut self, entry: &DnsEntry) {
        self.leave_wrapper();
        let (kind, fields): (_, Vec<(&str, String)>) = match &entry.data {
            DnsData::Ns { host, address } => {
                let element = |address: &std::net::IpAddr| if address.is_ipv4() { "address" } else { self.ipv6 };
                let glue = address.iter().map(|address| (element(address), address.to_string()));
                ("NS", std::iter::once(("nameserver", host.clone())).chain(glue).collect())
            }
            DnsData::Address(address) => {
                (if address.is_ipv4() { "A" } else { "AAAA" }, vec![("address", address.to_string())])
            }
            DnsData::Mx { preference, exchange } => {
                ("MX", vec![("preference", preference.to_string()), ("exchange", exchange.clone())])
            }
            DnsData::Dnskey { flags, protocol, algorithm, key } => (
                "DNSKEY",
                vec![
                    ("flags", flags.to_string()),
                    ("protocol", protocol.to_string()),
                    ("algorithm", algorithm.to_string()),
                    ("publicKey", key.clone()),
                ],
            ),
        };
        self.open("dnsentry:dnsentry", &format!(" xsi:type=\"dnsentry:{kind}\""));
        self.text("dnsentry:owner", &entry.owner);
        self.open("dnsentry:rdata", "");
        for (name, value) in fields {
            self.text(&qualified(Space::Dnsentry, name), &value);
        }
        self.close("dnsentry:rdata");
        self.close("dnsentry:dnsentry");
    }

    fn enter_wrapper(&mut self, name: &str) {
        if self.wrapper.as_deref() != Some(name) {
            self.leave_wrapper();
            self.open(name, "");
            self.wrapper = Some(name.to_owned());
        }
    }

    fn leave_wrapper(&mut self) {
        if let Some(name) = self.wrapper.take() {
            self.close(&name);
        }
    }

    fn open(&mut self, name: &str, attributes: &str) {
        self.line(&format!("<{name}{attributes}>"));
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.leaf(&format!("<{name}>"), value, &format!("</{name}>"));
    }

    fn leaf(&mut self, open: &str, value: &str, close: &str) {
        self.indent();
        self.out.push_str(open);
        self.escaped(value);
        self.out.push_str(close);
        self.out.push('\n');
    }

    /// Character by character, so that no escaped copy of a password is left behind.
    fn escaped(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                other => self.out.push(other),
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.indent();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn indent(&mut self) {
        (0..self.depth).for_each(|_| self.out.push_str("  "));
    }
}

/// Elements of the default namespace have no prefix.
fn qualified(space: Space, name: &str) -> String {
    if space == Space::Global { name.to_owned() } else { format!("{}:{name}", space.name()) }
}

/// Reads an answer. Two results that are the same word count as one, as a sample of the manual has it.
///
/// # Errors
/// It is not well-formed, has what is not allowed (DTD, entities, depth), or is no answer of this registry.
pub fn read(whole: &str) -> Result<Reply, String> {
    let root = parse(whole)?;
    if !root.is(Space::Global, "registry-response") {
        return Err(format!("the answer is a <{}>, not a registry-response", root.name.escape_default()));
    }
    let transaction = root
        .children
        .iter()
        .find(|child| child.is(Space::Transaction, "transaction"))
        .ok_or("the answer has no transaction")?;
    let mut reply = Reply::new();
    for child in transaction.children.iter().filter(|child| child.space == Some(Space::Transaction)) {
        let text = || child.text.trim().to_owned();
        match child.name.as_str() {
            "stid" => reply.server_transactions.push(text()),
            "ctid" if reply.client_transaction.as_deref().is_none_or(|known| known == text()) => {
                reply.client_transaction = Some(text());
            }
            "ctid" => return Err("the answer has two different client transaction ids".into()),
            "result" if reply.result.is_empty() || reply.result.eq_ignore_ascii_case(&text()) => reply.result = text(),
            "result" => return Err("the answer has two different results".into()),
            "message" => reply.messages.push(message(child)?),
            "data" => child.children.iter().try_for_each(|data| shown(&mut reply.data, data, whole))?,
            _ => {}
        }
    }
    if reply.result.is_empty() {
        return Err("the answer has no result".into());
    }
    Ok(reply)
}

/// An element of `data`.
fn shown(block: &mut Block, element: &Element, whole: &str) -> Result<(), String> {
    if element.is(Space::Msg, "message") {
        block.source = whole.get(element.span.clone()).unwrap_or_default().to_owned();
        return queue::fill(block, element);
    }
    fill(block, element);
    Ok(())
}

/// A message of the answer or of a message of the queue.
fn message(element: &Element) -> Result<Message, String> {
    let level = match element.attribute("level").unwrap_or_default().to_ascii_lowercase().as_str() {
        "info" => Level::Info,
        "warning" => Level::Warning,
        "error" => Level::Error,
        other => return Err(format!("a message has the level `{}`", other.escape_default())),
    };
    let all = |name: &str| -> Vec<String> {
        let here = element.children.iter().filter(|child| child.is(Space::Transaction, name));
        here.map(|child| child.text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let code = element.attribute("code").unwrap_or_default().trim().to_owned();
    Ok(Message { level, code, text: all("text").join(" "), arguments: all("argument") })
}

/// Puts what an element holds where K/V has it.
fn fill(block: &mut Block, element: &Element) {
    for child in &element.children {
        let Some(space) = child.space else { continue };
        let section = match (space, child.name.as_str()) {
            (Space::Domain | Space::Regacc, "contact") => {
                Some(child.attribute("role").and_then(Section::of_xml).unwrap_or(Section::Other))
            }
            (Space::Domain | Space::Verification, name) => Section::of_xml(name),
            _ => None,
        };
        if let Some(section) = section {
            let mut inner = Block::new(section);
            fill(&mut inner, child);
            block.blocks.push(inner);
        } else if words::is_wrapper(space, &child.name) {
            fill(block, child);
        } else if (space, child.name.as_str()) == (Space::Dnsentry, "dnsentry") {
            block.fields.push(rdata(child).line());
        } else if let Some(word) = Word::of_element(space, &child.name) {
            block.fields.push((word, child.text.trim().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"<registry-response xmlns="http://registry.denic.de/global/5.0" xmlns:tr="http://registry.denic.de/transaction/5.0">"#;

    #[test]
    fn prefixes_do_not_matter_and_namespaces_do() {
        let other = r#"<a:registry-response xmlns:a="http://registry.denic.de/global/3.0"><transaction xmlns="http://registry.denic.de/transaction/3.0"><result>success</result><stid>s</stid></transaction></a:registry-response>"#;
        assert_eq!(read(other).unwrap().server_transactions, ["s"]);
        let foreign = other.replace("transaction/3.0", "something/3.0");
        assert!(read(&foreign).unwrap_err().contains("no transaction"));
    }

    #[test]
    fn levels_come_from_the_attribute() {
        let text = format!(
            r#"{HEAD}<tr:transaction><tr:result>success</tr:result><tr:message level="info" code="53000080013"><tr:text>Domain &quot;Status&quot; is &#34;connect&#34;</tr:text></tr:message></tr:transaction></registry-response>"#
        );
        let message = &read(&text).unwrap().messages[0];
        assert_eq!(message.level, Level::Info);
        assert_eq!(message.text, r#"Domain "Status" is "connect""#);
        assert!(read(&text.replace("\"info\"", "\"loud\"")).unwrap_err().contains("loud"));
    }

    #[test]
    fn both_ways_of_ipv6_glue_are_read() {
        for element in ["address", "addressV6"] {
            let text = format!(
                r#"<d:dnsentry xmlns:d="http://registry.denic.de/dnsentry/5.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="d:NS"><d:owner>example.de.</d:owner><d:rdata><d:nameserver>ns1.example.de.</d:nameserver><d:{element}>2001:db8::1</d:{element}></d:rdata></d:dnsentry>"#
            );
            let entry = parse(&text).unwrap();
            assert_eq!(rdata(&entry).line(), (Word::Nserver, "ns1.example.de. 2001:db8::1".into()));
        }
    }
}
