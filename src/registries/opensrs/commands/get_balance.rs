//! GET_BALANCE: the account's money, and how much of it is held for orders.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks for the balance.
pub struct GetBalance;

impl Request for GetBalance {
    const ACTION: &'static str = "GET_BALANCE";
    const OBJECT: &'static str = "BALANCE";
    const PARAMS: &'static [&'static str] = &["question"];

    fn read(_: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self)
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new()
    }
}
