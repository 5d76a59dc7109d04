//! TRANSFER: asked for by who shall have the domain, decided by who has it. The protocol has no secret for it. The decision's
//! option stands first.

use super::super::codec::Line;
use super::entity::{Domain, Entity};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// The option that makes it a decision.
pub const APPROVE: &str = "Approve";

/// Asks for a domain.
pub struct Transfer(Domain);

impl Request for Transfer {
    const VERB: &'static str = "transfer";
    const PARAMS: &'static [&'static str] = Domain::PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Domain::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn lines(self) -> Vec<Line> {
        self.0.lines()
    }
}

/// Lets a domain go, or not. In protocol 2.0.0 a No also takes back a request of one's own.
pub struct Decide<const YES: bool>(Domain);

impl<const YES: bool> Request for Decide<YES> {
    const VERB: &'static str = Transfer::VERB;
    const PARAMS: &'static [&'static str] = Domain::PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Domain::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = vec![Line::option(APPROVE, if YES { "Yes" } else { "No" })];
        lines.extend(self.0.lines());
        lines
    }
}
