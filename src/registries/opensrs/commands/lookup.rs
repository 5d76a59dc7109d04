//! LOOKUP: whether a name is free. The registry is asked itself; a job may be content with what OpenSRS remembers.

use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Asks whether a name is free.
pub struct Lookup {
    name: String,
    cached: bool,
}

impl Request for Lookup {
    const ACTION: &'static str = "LOOKUP";
    const PARAMS: &'static [&'static str] = &["domain", "cached", "question"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)?, cached: params.flag("cached")?.unwrap_or(false) })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.name).maybe_flag("no_cache", (!self.cached).then_some(true))
    }
}
