//! What became of a request without an answer.

use super::dialect::Xcp;
use crate::model::verdict::Doubt;
use crate::model::{Answer, Finding};
use crate::registries::Step;

/// The next question about a lost request, or what is true.
pub fn next(_xcp: &Xcp, _doubt: &Doubt<'_>, _heard: &[Answer]) -> Step {
    Step::Found(Finding::Unknown("not written yet".into()))
}

/// The same about an order that is being worked on.
pub fn follow_up(_xcp: &Xcp, _doubt: &Doubt<'_>, _heard: &[Answer]) -> Step {
    Step::Found(Finding::Unknown("not written yet".into()))
}
