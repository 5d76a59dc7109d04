//! The registry's events.

use super::dialect::Xcp;
use crate::model::{Answer, Operation, Reject};
use crate::registries::{Dialect, Head, Mailbox, Prepared, Removed};

impl Mailbox for Xcp {
    fn read(&self) -> Result<Prepared, Reject> {
        self.prepare(Operation::MessageRead, &serde_json::Map::new(), "")
    }

    fn head(&self, _answer: &Answer) -> Head {
        Head::Empty
    }

    fn remove(&self, message: &str, transaction: &str) -> Result<Prepared, Reject> {
        let params = serde_json::Map::from_iter([("id".to_owned(), message.into())]);
        self.prepare(Operation::MessageDelete, &params, transaction)
    }

    fn removed(&self, _answer: &Answer) -> Removed {
        Removed::Gone
    }
}
