//! ADD of a domain. The registry sets everything else; it keeps no contacts.

use super::super::check;
use super::super::codec::Line;
use super::entity::{Domain, Entity, HOST};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Registers a domain.
pub struct AddDomain {
    domain: Domain,
    years: u64,
    hosts: Vec<String>,
}

impl Request for AddDomain {
    const VERB: &'static str = "add";
    const PARAMS: &'static [&'static str] = &["domain", "years", "nserver"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self {
            domain: Domain::read(params)?,
            years: check::years(params)?,
            hosts: check::hosts(params, "nserver")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.domain.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = self.domain.lines();
        lines.push(Line::option("Period", self.years.to_string()));
        lines.extend(self.hosts.into_iter().map(|host| Line::attribute(HOST, host)));
        lines
    }
}
