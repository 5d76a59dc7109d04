//! Contact INFO: all that is stored of an own contact.

use serde_json::Value;

use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::{Request, Rules, contact};
use crate::model::{ObjectKey, Operation, Reject};

/// Asks for a contact.
pub struct ContactInfo {
    handle: String,
}

impl Request for ContactInfo {
    const OPERATION: Operation = Operation::ContactInfo;
    const ACTION: Action = Action { kv: "INFO", space: Space::Contact, xml: "info" };
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

    /// The fields of contact CREATE, `changed`, and `dispute_reference` if it holds a domain with a DISPUTE.
    fn data(answer: &Block) -> Value {
        contact::data(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::codec;
    use super::*;

    #[test]
    fn a_request_contact_keeps_its_template_as_it_is() {
        let text = "Result: success\nHandle: DENIC-1-GR\nType: request\nUri-template: mailto:info@example.de?subject=domain:{Ulabel}\n";
        let data = ContactInfo::data(&codec::read(text.as_bytes()).unwrap().data);
        assert_eq!(data["uri_template"], "mailto:info@example.de?subject=domain:{Ulabel}");
        assert_eq!(data["type"], "REQUEST");
    }
}
