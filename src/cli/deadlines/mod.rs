//! `registrard deadlines`: dates that can cost somebody a domain name. Which there are, all about one, dates from elsewhere,
//! and a question to the registry about everything it has.

mod advice;
mod ics;
mod import;
mod list;
mod objects;
mod show;
mod sweep;
mod when;

#[cfg(test)]
pub(crate) mod tests;

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
    /// Show everything known of the dates of an object: from where, what comes next, and what became of earlier ones.
    Show(show::Which),
    /// Import dates from a file: CSV with headings, or one JSON object a line.
    Import(import::ImportArgs),
    /// Ask the registry about everything an account has, in the background.
    Sweep(sweep::SweepArgs),
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
        Deadlines::Show(which) => show::run(which, config, store, now, out).await,
        Deadlines::Sweep(args) => sweep::run(args, config, store, now, out).await,
        Deadlines::Import(args) => import::run(args, config, store, std::io::stdin(), now, out).await,
    }
}
