//! ActionDetailsQry: the stored request and response of an earlier write. It settles every doubt.

use super::super::check::{action_id, registrar_id};
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks about an action.
pub struct Details {
    action: String,
    registrar: Option<String>,
}

impl Request for Details {
    const PARAMS: &'static [&'static str] = &["action", "registrar"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let registrar = params.optional("registrar")?;
        Ok(Self {
            action: action_id(params, "action")?,
            registrar: registrar.map(|id| registrar_id("registrar", &id)).transpose()?,
        })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        element(&self.action, id).maybe("OriginatingRegistrarId", self.registrar.as_deref())
    }
}

/// The element that asks about an action of ours.
pub fn element(action: &str, id: &str) -> Element {
    Element::new("ActionDetailsQry").with("QryId", id).with("ActionId", action)
}
