//! A job's parameters, as the whole house reads them, and the one that every operation has here.

use serde_json::{Map, Value};

use crate::model::Reject;
pub use crate::model::params::{Params, missing, refuse};

/// A parameter that every operation has: the address of whoever ordered it, evidence in a dispute.
pub const EVERYWHERE: &str = "registrant_ip";

/// The parameters of a job; `names` are those the operation has besides [`EVERYWHERE`].
///
/// # Errors
/// There is another one.
pub fn read<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Result<Params<'a>, Reject> {
    Params::new(map, &[names, &[EVERYWHERE]].concat())
}
