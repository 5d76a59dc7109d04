//! The wire as the registry sees it: the form, and the document in it. Written apart from the client's side, so that each
//! checks the other.

pub(super) mod form;
pub(super) mod odd;
pub(super) mod read;
pub(super) mod tree;
pub(super) mod write;
