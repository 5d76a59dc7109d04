//! Contact CHECK: does a handle exist?

use serde_json::Value;

use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::shown::{self, As};
use super::{Request, Rules, contact};
use crate::model::{ObjectKey, Operation, Reject};

/// Asks whether a handle exists.
pub struct ContactCheck {
    handle: String,
}

impl Request for ContactCheck {
    const OPERATION: Operation = Operation::ContactCheck;
    const ACTION: Action = Action { kv: "CHECK", space: Space::Contact, xml: "check" };
    const PARAMS: &'static [&'static str] = &["handle"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        Ok(Self { handle: contact::handle(params, rules)? })
    }

    fn object(&self) -> ObjectKey {
        contact::object(&self.handle)
    }

    fn items(self) -> Vec<Item> {
        vec![Item::field(Word::Handle, self.handle)]
    }

    /// `status` is free, exist or invalid.
    fn data(answer: &Block) -> Value {
        data(answer)
    }
}

/// A handle and whether it exists.
pub fn data(answer: &Block) -> Value {
    let fields = [("handle", Word::Handle, As::Upper), ("status", Word::Status, As::Status)];
    Value::Object(shown::fields(answer, &fields))
}

#[cfg(test)]
mod tests {
    use super::super::super::codec;
    use super::*;

    #[test]
    fn both_spellings_of_existence() {
        for word in ["exist", "exists", "Exist"] {
            let reply =
                codec::read(format!("Result: success\nHandle: denic-1-max\nStatus: {word}").as_bytes()).unwrap();
            assert_eq!(ContactCheck::data(&reply.data)["status"], "exist");
        }
    }
}
