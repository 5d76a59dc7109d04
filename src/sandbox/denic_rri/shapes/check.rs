//! Answers to CHECK.

use super::super::rules::names::Name;
use super::super::wire::node::Node;
use super::super::wire::{KvBody, Shape, Version};

/// Status of a handle.
pub(in super::super) struct ContactCheck {
    pub(in super::super) handle: String,
    pub(in super::super) status: &'static str,
}

impl Shape for ContactCheck {
    fn kv(&self, body: &mut KvBody, _: Version) {
        body.line("Handle", &self.handle);
        body.line("Status", self.status);
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let data = Node::new("contact:checkData")
            .attribute("xmlns:contact", &version.namespace("contact"))
            .child(Node::leaf("contact:handle", &self.handle))
            .child(Node::leaf("contact:status", self.status));
        Some(data)
    }
}

/// Status of a name.
pub(in super::super) struct DomainCheck {
    pub(in super::super) name: Name,
    pub(in super::super) status: &'static str,
}

impl Shape for DomainCheck {
    fn kv(&self, body: &mut KvBody, _: Version) {
        body.blank();
        body.line("Domain", &self.name.unicode);
        body.line("Domain-Ace", &self.name.ace);
        body.line("Status", self.status);
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let data = Node::new("domain:checkData")
            .attribute("xmlns:domain", &version.namespace("domain"))
            .child(Node::leaf("domain:handle", &self.name.unicode))
            .child(Node::leaf("domain:ace", &self.name.ace))
            .child(Node::leaf("domain:status", self.status));
        Some(data)
    }
}
