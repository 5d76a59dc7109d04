//! An update replaces the whole object. A job may state only what shall change (`"merge": true`); the rest is then filled
//! in from an INFO before the request can be written.

use super::super::params::Params;
use crate::model::Reject;

/// The parameter.
pub const MERGE: &str = "merge";

/// Refuses parameters that are not filled in yet.
pub fn required(params: &Params<'_>) -> Result<(), Reject> {
    match params.flag(MERGE)? {
        Some(true) => Err(Reject::param(MERGE, "what the job does not state must be read from the registry first")),
        Some(false) | None => Ok(()),
    }
}
