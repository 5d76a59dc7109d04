//! NZ SRS: the registry of .nz until 2022. XML documents over HTTPS, each signed with OpenPGP, and so is each answer.
//!
//! In the order a request meets them: `params` reads a job's parameters, `check` holds the rules for fields, `commands` has
//! one file per action, `codec` writes and reads documents, `account` signs them and carries them there and back, `answer`
//! and `outcome` say what an answer shows and means, `reconcile` finds out what is true when none came (`stored` reads what
//! the registry kept), `mailbox` reads the registry's messages. `dates` are the registry's dates, `limits` its limits, and
//! `dialect` ties the pure parts together.

mod account;
mod answer;
mod check;
pub mod codec;
mod commands;
mod dates;
mod dialect;
mod limits;
mod mailbox;
mod outcome;
mod params;
mod reconcile;
mod stored;

use std::sync::Arc;

use super::Plugin;

/// The plug-in.
pub const PLUGIN: Plugin = Plugin {
    name: NAME,
    operations: commands::OPERATIONS,
    limits: limits::published,
    dialect: |options| Ok(Arc::new(dialect::Srs::new(options)?)),
    account: account::new,
    account_over: account::over,
};

/// The name in the configuration.
const NAME: &str = "nz-srs";
