//! XML requests against their schema, and XML answers. The schema of a command is data that stands beside the command.

use super::super::codes;
use super::super::commands::COMMANDS;
use super::node::Node;
use super::request::{Fields, Request, Unreadable};
use super::tree::{self, Element, XSI};
use super::{Format, Reply, Version};
use crate::model::{Level, Message};

/// The element of a command.
#[derive(Debug)]
pub(in super::super) struct XmlForm {
    /// `domain`, or `global`.
    pub(in super::super) namespace: &'static str,
    /// Local name.
    pub(in super::super) element: &'static str,
    /// Attributes it may have.
    pub(in super::super) attributes: &'static [Attribute],
    /// Its children, in their order.
    pub(in super::super) children: &'static [Rule],
}

/// An attribute of a command's element.
#[derive(Debug)]
pub(in super::super) struct Attribute {
    pub(in super::super) name: &'static str,
    /// The keyword it stands for.
    pub(in super::super) keyword: &'static str,
    pub(in super::super) is_required: bool,
}

/// One kind of child in a sequence: how often it occurs and what it stands for.
#[derive(Debug)]
pub(in super::super) struct Rule {
    pub(in super::super) namespace: &'static str,
    pub(in super::super) name: &'static str,
    pub(in super::super) least: usize,
    pub(in super::super) most: usize,
    pub(in super::super) map: Map,
}

/// How a child becomes keywords.
#[derive(Debug)]
pub(in super::super) enum Map {
    /// Its text is the value of the keyword.
    Field(&'static str),
    /// It wraps children that follow rules of their own.
    Group(&'static [Rule]),
    /// A contact of a domain: the attribute `role` is the keyword.
    Role,
    /// A name server, record or key.
    DnsEntry,
    /// A verification block.
    Verification,
}

const BLOCK: &[Rule] = &[
    Rule { namespace: "verification", name: "verifiedClaims", least: 1, most: 1, map: Map::Group(CLAIMS) },
    block_rule("verificationResult"),
    block_rule("verificationReference"),
    block_rule("verificationTimestamp"),
    block_rule("verificationEvidence"),
    block_rule("verificationMethod"),
    block_rule("trustFramework"),
];
const CLAIMS: &[Rule] =
    &[Rule { namespace: "verification", name: "claim", least: 1, most: 16, map: Map::Field("verifiedclaim") }];

const fn block_rule(name: &'static str) -> Rule {
    Rule { namespace: "verification", name, least: 0, most: 1, map: Map::Field(name) }
}

/// Reads a request.
pub(super) fn parse(text: &str) -> Result<Request, Unreadable> {
    let mut version = Version::V5;
    read(text, &mut version).map_err(|detail| Unreadable {
        format: Format::Xml,
        version,
        messages: vec![codes::XML_SCHEMA.with([detail])],
    })
}

fn read(text: &str, version: &mut Version) -> Result<Request, String> {
    let root = tree::parse(text)?;
    // The answer to a wrong request shall still be in the version it was written in.
    *version = root.namespace.rsplit('/').next().and_then(Version::read).unwrap_or(Version::V5);
    if root.name != "registry-request" || root.namespace != version.namespace("global") {
        return Err(undeclared(&root));
    }
    let (first, rest) = root.children.split_first().ok_or_else(|| incomplete("registry-request"))?;
    let command = COMMANDS
        .iter()
        .copied()
        .find(|c| c.xml.element == first.name && version.namespace(c.xml.namespace) == first.namespace)
        .ok_or_else(|| undeclared(first))?;
    let ctid = match rest {
        [] => None,
        [last] if last.name == "ctid" && last.namespace == root.namespace => Some(content(last)?.to_owned()),
        [other, ..] => return Err(unexpected(other)),
    };
    let mut target = Target { version: *version, fields: Fields::default(), verification: Vec::new() };
    for (namespace, name, value) in &first.attributes {
        let known = command.xml.attributes.iter().find(|known| known.name == name && namespace.is_empty());
        let known = known.ok_or_else(|| format!("cvc-complex-type.3.2.2: Attribute '{name}' is not allowed."))?;
        target.fields.push(known.keyword, value.as_str());
    }
    if let Some(missing) = command.xml.attributes.iter().find(|a| a.is_required && first.attribute(a.name).is_none()) {
        return Err(format!("cvc-complex-type.4: Attribute '{}' must appear.", missing.name));
    }
    target.sequence(first, command.xml.children)?;
    let Target { fields, verification, .. } = target;
    Ok(Request { format: Format::Xml, version: *version, command, ctid, fields, verification })
}

struct Target {
    version: Version,
    fields: Fields,
    verification: Vec<Fields>,
}

impl Target {
    /// Matches children against the rules in order; nothing else may stand there.
    fn sequence(&mut self, parent: &Element, rules: &[Rule]) -> Result<(), String> {
        let mut children = parent.children.iter().peekable();
        // Protocols before 5.0 have no verification: there its elements are none.
        let has_verification = self.version >= Version::V5;
        for rule in rules.iter().filter(|rule| has_verification || rule.namespace != "verification") {
            let namespace = match rule.namespace {
                "verification" => Version::V5.namespace("verification"),
                name => self.version.namespace(name),
            };
            let mut count = 0;
            while let Some(child) = children.next_if(|c| c.name == rule.name && c.namespace == namespace) {
                count += 1;
                if count > rule.most {
                    return Err(unexpected(child));
                }
                self.take(child, &rule.map)?;
            }
            if count < rule.least {
                return Err(children.next().map_or_else(|| incomplete(&parent.name), unexpected));
            }
        }
        children.next().map_or(Ok(()), |child| Err(unexpected(child)))
    }

    fn take(&mut self, child: &Element, map: &Map) -> Result<(), String> {
        match map {
            Map::Field(keyword) => self.fields.push(keyword, content(child)?),
            Map::Group(rules) => self.sequence(child, rules)?,
            Map::Role => match child.attribute("role") {
                Some(role @ ("holder" | "abusecontact" | "generalrequest")) => self.fields.push(role, content(child)?),
                role => {
                    return Err(format!("cvc-enumeration-valid: Value '{}' is not a role.", role.unwrap_or_default()));
                }
            },
            Map::DnsEntry => self.dns_entry(child)?,
            Map::Verification => {
                let outer = std::mem::take(&mut self.fields);
                let read = self.sequence(child, BLOCK);
                self.verification.push(std::mem::replace(&mut self.fields, outer));
                read?;
            }
        }
        Ok(())
    }

    /// Turns an entry into the value of its key/value keyword, one line for each address.
    fn dns_entry(&mut self, entry: &Element) -> Result<(), String> {
        let part = |parent: &Element, name: &str| -> Option<String> {
            parent.children.iter().find(|c| c.name == name).map(|c| c.text.clone()).filter(|text| !text.is_empty())
        };
        let [owner, data] = entry.children.as_slice() else { return Err(incomplete("dnsentry")) };
        if owner.name != "owner" || data.name != "rdata" || owner.namespace != self.version.namespace("dnsentry") {
            return Err(unexpected(owner));
        }
        let owner = content(owner)?;
        let need = |name: &str| part(data, name).ok_or_else(|| incomplete("rdata"));
        match entry.schema_type() {
            Some("NS") => {
                let host = need("nameserver")?;
                let mut addresses =
                    data.children.iter().filter(|c| matches!(c.name.as_str(), "address" | "addressV6")).peekable();
                if addresses.peek().is_none() {
                    self.fields.push("nserver", host);
                    return Ok(());
                }
                for address in addresses {
                    self.fields.push("nserver", format!("{host} {}", content(address)?));
                }
            }
            Some(kind @ ("A" | "AAAA")) => {
                let address =
                    part(data, "address").or_else(|| part(data, "addressV6")).ok_or_else(|| incomplete("rdata"))?;
                self.fields.push("nsentry", format!("{owner} IN {kind} {address}"));
            }
            Some("MX") => {
                let (preference, host) =
                    (part(data, "preference").unwrap_or_default(), part(data, "exchange").unwrap_or_default());
                self.fields.push("nsentry", format!("{owner} IN MX {preference} {host}"));
            }
            Some("DNSKEY") => {
                let key = [need("flags")?, need("protocol")?, need("algorithm")?, need("publicKey")?].join(" ");
                self.fields.push("dnskey", key);
            }
            other => {
                return Err(format!(
                    "cvc-elt.4.2: Cannot resolve '{}' to a type definition.",
                    other.unwrap_or_default()
                ));
            }
        }
        Ok(())
    }
}

/// The text of an element, which may be neither empty nor mixed with elements.
fn content(element: &Element) -> Result<&str, String> {
    if element.text.is_empty() || !element.children.is_empty() {
        return Err(format!("cvc-minLength-valid: The content of element '{}' is not valid.", element.name));
    }
    Ok(&element.text)
}

fn undeclared(element: &Element) -> String {
    format!("cvc-elt.1.a: Cannot find the declaration of element '{}'.", element.name)
}

fn unexpected(element: &Element) -> String {
    format!("cvc-complex-type.2.4.a: Invalid content was found starting with element '{}'.", element.name)
}

fn incomplete(name: &str) -> String {
    format!("cvc-complex-type.2.4.b: The content of element '{name}' is not complete.")
}

/// A message as an element of that name.
pub(in super::super) fn message(name: &str, message: &Message) -> Node {
    let level = match message.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    Node::new(name)
        .attribute("level", level)
        .attribute("code", &message.code)
        .child(Node::leaf("tr:text", &message.text))
        .children(message.arguments.iter().map(|argument| Node::leaf("tr:argument", argument)))
}

/// The document of an answer.
pub(super) fn encode(reply: &Reply<'_>, version: Version) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    document(reply, version).write(&mut text);
    text
}

/// The root element of an answer.
pub(super) fn document(reply: &Reply<'_>, version: Version) -> Node {
    let mut transaction = Node::new("tr:transaction").child(Node::leaf("tr:stid", reply.stid));
    if let Some(ctid) = reply.ctid {
        transaction = transaction.child(Node::leaf("tr:ctid", ctid));
    }
    transaction = transaction
        .child(Node::leaf("tr:result", reply.outcome.word()))
        .children(reply.messages.iter().map(|m| message("tr:message", m)));
    if let Some(data) = reply.data.and_then(|data| data.xml(version)) {
        transaction = transaction.child(Node::new("tr:data").child(data));
    }
    Node::new("registry-response")
        .attribute("xmlns", &version.namespace("global"))
        .attribute("xmlns:tr", &version.namespace("transaction"))
        .child(transaction)
}

/// The declaration of the namespace of `xsi:type`.
pub(in super::super) const XSI_URI: &str = XSI;
