//! `registrard deadlines`: dates that can cost somebody a domain name. Which there are, all about one, dates from elsewhere,
//! and a question to the registry about everything it has.

mod advice;
mod ics;
mod list;
mod objects;
mod when;

#[cfg(test)]
mod tests;

use clap::Subcommand;
use jiff::Timestamp;

use super::exit::Failure;
use super::output::Out;
use crate::config::Config;
use crate::store::Store;

/// What to do with deadlines.
#[derive(Debug, Subcommand)]
pub enum Deadlines {
    /// List deadlines by date, overdue ones first; with `--output ics` for a calendar program.
    List(list::Filter),
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    command: &Deadlines,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    match command {
        Deadlines::List(filter) => list::run(filter, config, store, now, out).await,
    }
}
