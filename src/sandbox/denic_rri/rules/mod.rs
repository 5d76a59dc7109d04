//! What the registry accepts and decides, as pure functions.

pub(super) mod assess;
pub(super) mod contact;
pub(super) mod dns;
pub(super) mod names;
pub(super) mod regacc;
pub(super) mod verification;
