//! STATUS: what the registry has of an object of ours. Of another registrar's it says no more than that (531).

use super::super::codec::Line;
use super::entity::Entity;
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Asks what is there.
pub struct Status<E>(E);

impl<E: Entity> Request for Status<E> {
    const VERB: &'static str = "status";
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
