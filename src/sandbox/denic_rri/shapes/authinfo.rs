//! Answer to the requests that create an AuthInfo.

use super::super::wire::node::Node;
use super::super::wire::{KvBody, Shape, Version};

/// When the new AuthInfo ends, as written on the wire. The manual names no element for it, so XML does without.
pub(in super::super) struct AuthInfoCreated {
    pub(in super::super) expire: String,
}

impl Shape for AuthInfoCreated {
    fn kv(&self, body: &mut KvBody, _: Version) {
        body.line("AuthInfoExpire", &self.expire);
    }

    fn xml(&self, _: Version) -> Option<Node> {
        None
    }
}
