//! RENEW. Without its two options the registry adds years of its own choice, and adds them again if it is repeated; with the
//! year of the present expiry a repetition is refused (555). So both always go out, and the year is the job's: it is never
//! read from the registry instead.

use super::super::check;
use super::super::codec::Line;
use super::entity::{Domain, Entity};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Renews a domain.
pub struct Renew {
    domain: Domain,
    years: u64,
    year: String,
}

impl Request for Renew {
    const VERB: &'static str = "renew";
    const PARAMS: &'static [&'static str] = &["domain", "years", "expires"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { domain: Domain::read(params)?, years: check::years(params)?, year: check::expires(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.domain.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = self.domain.lines();
        lines.push(Line::option("Period", self.years.to_string()));
        lines.push(Line::option("CurrentExpirationYear", self.year));
        lines
    }
}
