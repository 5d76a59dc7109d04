//! What a registry's native codes mean, for people: the rows of its table, in words. Nobody decides by it.

use serde::Serialize;

use crate::model::Operation;

/// A row of a registry's table of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The native code; empty where the text of an answer decides whatever its code.
    pub code: &'static str,
    /// In the answer to which operations; to all if empty.
    pub operations: Vec<Operation>,
    /// Only where the answer's text has this part, in small letters; wherever if empty.
    pub text: &'static str,
    /// What follows in the answer to a question, in a few words.
    pub question: &'static str,
    /// The same in the answer to an order.
    pub order: &'static str,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

impl Explained {
    /// A row that counts whatever was asked or ordered, and whatever the text.
    #[must_use]
    pub const fn of(code: &'static str, question: &'static str, order: &'static str, remark: &'static str) -> Self {
        Self { code, operations: Vec::new(), text: "", question, order, remark }
    }
}
