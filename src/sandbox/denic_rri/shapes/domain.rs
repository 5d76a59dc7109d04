//! Answer to a domain INFO.

use std::net::IpAddr;

use super::super::rules::dns::Dns;
use super::super::rules::names::Name;
use super::super::state::Status;
use super::super::wire::node::Node;
use super::super::wire::{KvBody, Shape, Version, XSI_URI};
use super::contact::ContactView;

/// A domain as the asker may see it; times as written on the wire.
pub(in super::super) struct DomainInfo {
    pub(in super::super) name: Name,
    pub(in super::super) status: Status,
    pub(in super::super) is_locked: bool,
    /// When the passwords of an own domain end.
    pub(in super::super) authinfo1: Option<String>,
    pub(in super::super) authinfo2: Option<String>,
    /// Whether a foreign domain has one.
    pub(in super::super) has_authinfo: bool,
    pub(in super::super) is_disputed: bool,
    pub(in super::super) dns: Dns,
    pub(in super::super) registered: String,
    pub(in super::super) dedelegation: Option<String>,
    pub(in super::super) deletion: Option<String>,
    pub(in super::super) changed: String,
    pub(in super::super) expire: Option<String>,
    pub(in super::super) general_request: Option<ContactView>,
    pub(in super::super) abuse_contact: Option<ContactView>,
    pub(in super::super) holders: Vec<ContactView>,
    pub(in super::super) regacc: RegAcc,
}

/// The administering account.
pub(in super::super) struct RegAcc {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    /// E-mail, phone and last change, in recursive answers.
    pub(in super::super) details: Option<[String; 3]>,
}

/// The status as a version of the protocol knows it: before 5.0 everything registered and not delegated is `failed`.
pub(in super::super) fn status_word(status: Status, version: Version) -> &'static str {
    match status {
        Status::PendingCreate | Status::ServerHold if version < Version::V5 => Status::Failed.word(),
        status => status.word(),
    }
}

impl DomainInfo {
    /// Contacts with the names of their sections and their roles.
    fn contacts(&self) -> impl Iterator<Item = (&'static str, &'static str, &ContactView)> {
        let general = self.general_request.iter().map(|view| ("General Request", "generalrequest", view));
        let abuse = self.abuse_contact.iter().map(|view| ("Abuse Contact", "abusecontact", view));
        general.chain(abuse).chain(self.holders.iter().map(|view| ("Holder", "holder", view)))
    }

    /// What stands next to the status if it is there: key/value keyword, element, value.
    fn marks(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let mark = |is_set: bool| is_set.then_some("true");
        [
            ("RegistryLock", "domain:registryLock", mark(self.is_locked)),
            ("AuthInfo1", "domain:authInfo1", self.authinfo1.as_deref()),
            ("AuthInfo2", "domain:authInfo2", self.authinfo2.as_deref()),
            ("AuthInfo", "domain:authInfo", mark(self.has_authinfo)),
        ]
        .into_iter()
        .filter_map(|(keyword, element, value)| Some((keyword, element, value?)))
    }

    /// The times that are there: key/value keyword, element, value.
    fn times(&self, version: Version) -> Vec<(&'static str, &'static str, &str)> {
        let is_new = version >= Version::V5;
        [
            ("RegistrationDate", "domain:registrationDate", Some(&self.registered).filter(|_| is_new)),
            (
                "VerificationDeadlineBeforeDedelegation",
                "domain:verificationDeadlineBeforeDedelegation",
                self.dedelegation.as_ref().filter(|_| is_new),
            ),
            (
                "VerificationDeadlineBeforeDeletion",
                "domain:verificationDeadlineBeforeDeletion",
                self.deletion.as_ref().filter(|_| is_new),
            ),
            ("Changed", "domain:changed", Some(&self.changed)),
            ("Expire", "domain:expire", self.expire.as_ref()),
        ]
        .into_iter()
        .filter_map(|(keyword, element, value)| Some((keyword, element, value?.as_str())))
        .collect()
    }
}

impl Shape for DomainInfo {
    fn kv(&self, body: &mut KvBody, version: Version) {
        body.blank();
        body.line("Domain", &self.name.unicode);
        body.line("Domain-Ace", &self.name.ace);
        for (host, address) in &self.dns.nserver {
            body.line("Nserver", &address.map_or_else(|| format!("{host}."), |ip| format!("{host}. {ip}")));
        }
        body.lines("Nsentry", &self.dns.nsentry);
        body.lines("Dnskey", &self.dns.dnskey);
        body.line("Status", status_word(self.status, version));
        self.marks().for_each(|(keyword, _, value)| body.line(keyword, value));
        self.times(version).into_iter().for_each(|(keyword, _, value)| body.line(keyword, value));
        if version < Version::V5 {
            body.line("RegAccId", &self.regacc.id);
            body.line("RegAccName", &self.regacc.name);
        }
        for (section, _, view) in self.contacts() {
            body.section(section);
            view.lines(body, version);
        }
        if self.is_disputed {
            body.section("Dispute");
        }
        if version >= Version::V5 {
            body.section("RegAcc");
            body.line("RegAccId", &self.regacc.id);
            body.line("Name", &self.regacc.name);
            for (keyword, value) in ["Email", "Phone", "Changed"].iter().zip(self.regacc.details.iter().flatten()) {
                body.line(keyword, value);
            }
        }
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let contact = |(_, role, view): (_, &str, &ContactView)| {
            Node::new("domain:contact")
                .attribute("role", role)
                .children(view.nodes("domainVerificationInformationType", version))
        };
        let node = Node::new("domain:infoData")
            .attribute("xmlns:domain", &version.namespace("domain"))
            .attribute("xmlns:contact", &version.namespace("contact"))
            .attribute("xmlns:dnsentry", &version.namespace("dnsentry"))
            .attribute("xmlns:xsi", XSI_URI)
            .child(Node::leaf("domain:handle", &self.name.unicode))
            .child(Node::leaf("domain:ace", &self.name.ace))
            .child(Node::leaf("domain:status", status_word(self.status, version)))
            .children(self.marks().map(|(_, element, value)| Node::leaf(element, value)))
            .children(self.contacts().map(contact))
            .children(self.is_disputed.then(|| Node::new("domain:disputeData")))
            .children(dns_nodes(&self.name.ace, &self.dns, version))
            .children(self.times(version).into_iter().map(|(_, element, value)| Node::leaf(element, value)));
        if version < Version::V5 {
            return Some(
                node.child(Node::leaf("domain:regAccId", &self.regacc.id))
                    .child(Node::leaf("domain:regAccName", &self.regacc.name)),
            );
        }
        let details =
            ["domain:email", "domain:phone", "domain:changed"].iter().zip(self.regacc.details.iter().flatten());
        let regacc = Node::new("domain:regAcc")
            .child(Node::leaf("domain:regAccId", &self.regacc.id))
            .child(Node::leaf("domain:name", &self.regacc.name))
            .children(details.map(|(name, value)| Node::leaf(name, value)));
        Some(node.child(regacc))
    }
}

fn dns_nodes(ace: &str, dns: &Dns, version: Version) -> Vec<Node> {
    let leaf = |name: &str, text: &str| Node::leaf(&format!("dnsentry:{name}"), text);
    let entry = |kind: &str, owner: &str, data: Vec<Node>| {
        Node::new("dnsentry:dnsentry")
            .attribute("xsi:type", &format!("dnsentry:{kind}"))
            .child(leaf("owner", owner))
            .child(Node::new("dnsentry:rdata").children(data))
    };
    let apex = format!("{ace}.");
    let mut nodes = Vec::new();
    for (host, address) in &dns.nserver {
        let mut data = vec![leaf("nameserver", &format!("{host}."))];
        data.extend(address.map(|ip| match ip {
            IpAddr::V6(_) if version >= Version::V5 => leaf("addressV6", &ip.to_string()),
            _ => leaf("address", &ip.to_string()),
        }));
        nodes.push(entry("NS", &apex, data));
    }
    for record in &dns.nsentry {
        let words: Vec<_> = record.split(' ').collect();
        nodes.extend(match words.as_slice() {
            [owner, _, "MX", preference, host] => {
                Some(entry("MX", owner, vec![leaf("preference", preference), leaf("exchange", host)]))
            }
            [owner, _, kind, address] => Some(entry(kind, owner, vec![leaf("address", address)])),
            _ => None,
        });
    }
    for key in &dns.dnskey {
        let parts = ["flags", "protocol", "algorithm", "publicKey"].iter().zip(key.split(' '));
        nodes.push(entry("DNSKEY", &apex, parts.map(|(name, value)| leaf(name, value)).collect()));
    }
    nodes
}
