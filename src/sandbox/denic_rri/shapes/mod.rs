//! The data of answers, in both formats.

pub(super) mod authinfo;
pub(super) mod check;
pub(super) mod contact;
pub(super) mod domain;
pub(super) mod message;
pub(super) mod regacc;
