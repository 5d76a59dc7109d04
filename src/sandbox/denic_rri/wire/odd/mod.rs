//! Answers as the manual's samples have them rather than as one programmer would write them all: what is said is the same,
//! how it is said is decided by dice. A client that reads these reads the registry.

mod kv;
#[cfg(test)]
mod tests;
mod xml;

pub(super) use kv::vary as kv;
pub(super) use xml::vary as xml;
