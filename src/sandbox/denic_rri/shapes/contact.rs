//! A contact as it is shown, alone or inside a domain.

use super::super::super::clock::Clock;
use super::super::rules::contact::is_dummy_phone;
use super::super::rules::verification::Block;
use super::super::state::{Contact, ContactKind};
use super::super::wire::node::Node;
use super::super::wire::{KvBody, Shape, Version, XSI_URI};

/// How much of a contact the asker may see.
#[derive(Clone, Debug)]
pub(in super::super) enum ContactView {
    /// That it is there.
    Nothing,
    /// Its handle.
    Handle(String),
    /// Its type.
    Kind(ContactKind),
    /// Its data.
    Data {
        /// The data.
        contact: Box<Contact>,
        /// Whether it is the asker's own: only then its handle is shown.
        is_own: bool,
        /// What is shown of its verification.
        blocks: Blocks,
        /// Whether it holds a domain under DISPUTE.
        is_disputed: bool,
        /// When it was changed last.
        changed: String,
    },
}

/// How much of the verification of a contact is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Blocks {
    /// All of it.
    All,
    /// What was verified, and with which result.
    Results,
    /// The same in key/value text, and nothing in XML, as the samples have it.
    ResultsInLines,
}

impl ContactView {
    /// All of an own contact.
    pub(in super::super) fn own(contact: &Contact, clock: &Clock) -> Self {
        Self::data(contact, true, Blocks::All, clock)
    }

    /// What a recursive question with an AuthInfo shows of a contact of somebody else.
    pub(in super::super) fn trusted(contact: &Contact, clock: &Clock) -> Self {
        Self::data(contact, false, Blocks::Results, clock)
    }

    /// What a recursive question shows of a contact of somebody else: persons only by their type.
    pub(in super::super) fn foreign(contact: &Contact, clock: &Clock) -> Self {
        match contact.kind {
            ContactKind::Person => Self::Kind(contact.kind),
            _ => Self::data(contact, false, Blocks::ResultsInLines, clock),
        }
    }

    fn data(contact: &Contact, is_own: bool, blocks: Blocks, clock: &Clock) -> Self {
        let changed = clock.wire(contact.changed);
        Self::Data { contact: Box::new(contact.clone()), is_own, blocks, is_disputed: false, changed }
    }

    /// The same with the note that it holds a domain under DISPUTE, if it does.
    pub(in super::super) fn disputed(mut self, is_it: bool) -> Self {
        if let Self::Data { is_disputed, .. } = &mut self {
            *is_disputed = is_it;
        }
        self
    }

    /// As lines.
    pub(in super::super) fn lines(&self, body: &mut KvBody, version: Version) {
        match self {
            Self::Nothing => {}
            Self::Handle(handle) => body.line("Handle", handle),
            Self::Kind(kind) => body.line("Type", kind.word()),
            Self::Data { contact, is_own, blocks, is_disputed, changed } => {
                if *is_own {
                    body.line("Handle", &contact.handle);
                }
                body.line("Type", contact.kind.word());
                data_lines(contact, body, version);
                body.line("Changed", changed);
                if *is_disputed {
                    body.line("DisputeReference", "true");
                }
                if version >= Version::V5 {
                    let is_whole = *blocks == Blocks::All;
                    contact.verification.iter().for_each(|block| block_lines(block, is_whole, body));
                }
            }
        }
    }

    /// As elements in the namespace `contact`; `block_type` is the schema type of verification blocks here.
    pub(in super::super) fn nodes(&self, block_type: &str, version: Version) -> Vec<Node> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Handle(handle) => vec![Node::leaf("contact:handle", handle)],
            Self::Kind(kind) => vec![Node::leaf("contact:type", kind.word())],
            Self::Data { contact, is_own, blocks, is_disputed, changed } => {
                let mut nodes = Vec::new();
                if *is_own {
                    nodes.push(Node::leaf("contact:handle", &contact.handle));
                }
                nodes.push(Node::leaf("contact:type", contact.kind.word()));
                nodes.extend(data_nodes(contact, version));
                nodes.push(Node::leaf("contact:changed", changed));
                nodes.extend(is_disputed.then(|| Node::leaf("contact:disputeReference", "true")));
                if *blocks != Blocks::ResultsInLines && version >= Version::V5 {
                    let is_whole = *blocks == Blocks::All;
                    nodes.extend(contact.verification.iter().map(|block| block_node(block, is_whole, block_type)));
                }
                nodes
            }
        }
    }
}

/// The phone number if it is one to show: dummies never are, and protocols before 5.0 know none.
fn phone(contact: &Contact, version: Version) -> Option<&str> {
    contact.phone.as_deref().filter(|phone| version >= Version::V5 && !is_dummy_phone(phone))
}

fn data_lines(contact: &Contact, body: &mut KvBody, version: Version) {
    if let Some(template) = &contact.uri_template {
        body.line("URI-Template", template);
        return;
    }
    body.lines("Organisation", &contact.organisation);
    body.line("Name", &contact.name);
    body.lines("Address", &contact.address);
    body.line("PostalCode", &contact.postal_code);
    body.line("City", &contact.city);
    body.line("CountryCode", &contact.country);
    body.lines("eMail", &contact.email);
    if let Some(phone) = phone(contact, version) {
        body.line("Phone", phone);
    }
}

fn data_nodes(contact: &Contact, version: Version) -> Vec<Node> {
    let leaf = |name: &str, text: &str| Node::leaf(&format!("contact:{name}"), text);
    if let Some(template) = &contact.uri_template {
        return vec![leaf("uri-template", template)];
    }
    let postal = Node::new("contact:postal")
        .children(contact.address.iter().map(|line| leaf("address", line)))
        .child(leaf("postalCode", &contact.postal_code))
        .child(leaf("city", &contact.city))
        .child(leaf("countryCode", &contact.country));
    let mut nodes = vec![leaf("name", &contact.name)];
    nodes.extend(contact.organisation.iter().map(|organisation| leaf("organisation", organisation)));
    nodes.push(postal);
    nodes.extend(contact.email.iter().map(|email| leaf("email", email)));
    nodes.extend(phone(contact, version).map(|phone| leaf("phone", phone)));
    nodes
}

const fn result(block: &Block) -> &'static str {
    if block.success { "success" } else { "failed" }
}

fn block_lines(block: &Block, is_whole: bool, body: &mut KvBody) {
    body.section("VerificationInformation");
    body.lines("VerifiedClaim", &block.claims);
    body.line("VerificationResult", result(block));
    if !is_whole {
        return;
    }
    body.line("VerificationReference", &block.reference);
    body.line("VerificationTimestamp", &block.timestamp);
    body.line("VerificationEvidence", &block.evidence);
    body.line("VerificationMethod", &block.method);
    body.line("TrustFramework", &block.framework);
}

fn block_node(block: &Block, is_whole: bool, block_type: &str) -> Node {
    let leaf = |name: &str, text: &str| Node::leaf(&format!("verification:{name}"), text);
    let node = Node::new("verification:verificationInformation")
        .attribute("xmlns:verification", &Version::V5.namespace("verification"))
        .attribute("xmlns:xsi", XSI_URI)
        .attribute("xsi:type", &format!("verification:{block_type}"))
        .child(Node::new("verification:verifiedClaims").children(block.claims.iter().map(|claim| leaf("claim", claim))))
        .child(leaf("verificationResult", result(block)));
    if !is_whole {
        return node;
    }
    node.child(leaf("verificationReference", &block.reference))
        .child(leaf("verificationTimestamp", &block.timestamp))
        .child(leaf("verificationEvidence", &block.evidence))
        .child(leaf("verificationMethod", &block.method))
        .child(leaf("trustFramework", &block.framework))
}

/// Answer to a contact INFO.
pub(in super::super) struct ContactInfo(pub(in super::super) ContactView);

impl Shape for ContactInfo {
    fn kv(&self, body: &mut KvBody, version: Version) {
        self.0.lines(body, version);
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let data = Node::new("contact:infoData")
            .attribute("xmlns:contact", &version.namespace("contact"))
            .children(self.0.nodes("verificationInformationType", version));
        Some(data)
    }
}
