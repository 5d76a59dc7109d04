//! DESCRIBE: the version of the protocol, with the option or without.

use super::super::reply::{Attribute, Outcome, Reply};
use super::Context;

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    Ok(Reply::done().text(Attribute::Protocol, format!("RRP {}", context.options.version.text())))
}
