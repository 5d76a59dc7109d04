//! Contact UPDATE: always all fields; what is left out is deleted, verifications too. The name cannot change, the type only
//! between PERSON and ORG. Starts a verification of the domains concerned.

use serde_json::Value;

use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::contact::{self, Contact};
use super::{Request, Rules, whole};
use crate::model::{ObjectKey, Operation, Reject};

/// Orders the data of a contact anew.
pub struct ContactUpdate {
    contact: Contact,
}

/// The parameters of a contact and [`whole::MERGE`].
const PARAMS: [&str; contact::DATA.len() + 1] = {
    let mut params = [whole::MERGE; contact::DATA.len() + 1];
    let mut at = 0;
    while at < contact::DATA.len() {
        params[at] = contact::DATA[at];
        at += 1;
    }
    params
};

impl Request for ContactUpdate {
    const OPERATION: Operation = Operation::ContactUpdate;
    const ACTION: Action = Action { kv: "UPDATE", space: Space::Contact, xml: "update" };
    const PARAMS: &'static [&'static str] = &PARAMS;

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        whole::required(params)?;
        Ok(Self { contact: Contact::read(params, rules)? })
    }

    fn object(&self) -> ObjectKey {
        contact::object(&self.contact.handle)
    }

    fn items(self) -> Vec<Item> {
        self.contact.items()
    }

    /// A bare yes.
    fn data(_: &Block) -> Value {
        Value::Null
    }
}
