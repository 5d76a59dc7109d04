//! RegistrarDetailsQry: ourselves, as the registry knows us: contacts, keys, second levels, roles. Proves that address, key
//! and id are right.

use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks for the account.
pub struct Details;

impl Request for Details {
    const PARAMS: &'static [&'static str] = &[];

    fn read(_: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self)
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn action(&self, id: &str, rules: &Rules) -> Element {
        Element::new("RegistrarDetailsQry").with("QryId", id).maybe("RegistrarId", rules.registrar.as_deref())
    }
}
