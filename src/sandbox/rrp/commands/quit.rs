//! QUIT: allowed in every state, and the last word.

use super::super::codes;
use super::super::reply::{Outcome, Reply};
use super::Context;

pub(super) fn run(_: &mut Context<'_>) -> Outcome {
    Ok(Reply::plain(codes::BYE))
}
