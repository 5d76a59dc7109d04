//! TRANSFER: asked for by who shall have the domain, decided by who has it. The protocol has no secret for it. The decision's
//! option stands first. In protocol 2.0.0 a No from whoever asked takes the request back.

use super::super::codec::Line;
use super::entity::{Domain, Entity};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, ObjectKind, Reject};

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

/// Lets a domain go, or not.
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

/// Takes back a request of one's own.
pub struct Cancel(Domain);

impl Request for Cancel {
    const VERB: &'static str = Transfer::VERB;
    const PARAMS: &'static [&'static str] = &["domain", "transfer"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        if !params.required_flag("transfer")? {
            return Err(Reject::param("transfer", "must be true: nothing else of this registry can be taken back"));
        }
        match rules.is_current {
            true => Domain::read(params).map(Self),
            false => Err(Reject::param("transfer", "cannot be taken back in protocol 1.1.0")),
        }
    }

    /// Not the domain: the transfer itself works on that, and this would wait for what it is to end.
    fn object(&self, _: &Rules) -> ObjectKey {
        ObjectKey::new(ObjectKind::Order, self.0.object().name())
    }

    fn lines(self) -> Vec<Line> {
        Decide::<false>(self.0).lines()
    }
}
