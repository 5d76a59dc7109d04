//! The wire as the registry sees it: OPS messages, the frame of the TCP protocol, signature and cipher.
//! Written apart from the client's side, so that each checks the other.

pub(super) mod crypt;
pub(super) mod frame;
pub(super) mod odd;
pub(super) mod read;
pub(super) mod tree;
pub(super) mod write;

/// Longest message that is read, in bytes.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
