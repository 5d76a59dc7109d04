//! What goes over the wire: lines, requests and replies.

pub(super) mod lines;
pub(super) mod request;
pub(super) mod write;
