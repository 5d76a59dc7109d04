//! ADD of a name server. One below a domain of this registry needs an address, any other must not have one; which case it is
//! only the registry knows.

use super::super::check;
use super::super::codec::Line;
use super::entity::{Entity, Host};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// The attribute with an address.
pub const ADDRESS: &str = "IPAddress";

/// Registers a name server.
pub struct AddHost {
    host: Host,
    addresses: Vec<String>,
}

impl Request for AddHost {
    const VERB: &'static str = "add";
    const PARAMS: &'static [&'static str] = &["host", "address"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        Ok(Self { host: Host::read(params)?, addresses: check::addresses(params, "address", rules.is_current)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.host.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = self.host.lines();
        lines.extend(self.addresses.into_iter().map(|address| Line::attribute(ADDRESS, address)));
        lines
    }
}
