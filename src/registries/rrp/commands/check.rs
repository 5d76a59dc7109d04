//! CHECK: whether a name is registered, by whomever. True for the moment of the answer only.

use super::super::codec::Line;
use super::entity::Entity;
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Asks whether it is there.
pub struct Check<E>(E);

impl<E: Entity> Request for Check<E> {
    const VERB: &'static str = "check";
    const PARAMS: &'static [&'static str] = E::PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        E::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn lines(self) -> Vec<Line> {
        self.0.lines()
    }
}
