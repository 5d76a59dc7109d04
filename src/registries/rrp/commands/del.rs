//! DEL. Whether a domain is gone at once or rests in redemption is the registry's policy; its child hosts go with it.

use super::super::codec::Line;
use super::entity::Entity;
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Deletes it.
pub struct Del<E>(E);

impl<E: Entity> Request for Del<E> {
    const VERB: &'static str = "del";
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
