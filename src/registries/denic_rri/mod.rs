//! DENIC RRI: the registry of .de. TCP, TLS, frames with a length, and in them requests in one of two formats.
//!
//! In the order a request meets them: `params` reads a job's parameters, `check` holds the rules for fields, `commands`
//! has one file per command, `merge` completes jobs that state only what shall change, `codec` writes and reads both
//! formats, `frame` puts a length in front, `session` carries it there and back, `outcome` says what the answer means,
//! `reconcile` finds out what is true when no answer came, and `object` whether an answer is about what was asked.
//! `mailbox` reads the registry's messages, `by_hand` writes what the registry takes by signed e-mail only. `dialect` ties
//! the pure parts together, `settings` and `account` the others, `limits` has the registry's limits, and `calendar` what
//! its answers and messages mean for deadlines.

mod account;
mod by_hand;
mod calendar;
mod check;
mod codec;
mod commands;
mod dialect;
mod frame;
mod limits;
mod mailbox;
mod merge;
mod object;
mod outcome;
mod params;
mod reconcile;
mod session;
mod settings;

use std::sync::Arc;

use super::Plugin;
pub use check::rules::{Level, RULES, Rule};

/// The plug-in.
pub const PLUGIN: Plugin = Plugin {
    name: NAME,
    operations: commands::OPERATIONS,
    limits: limits::published,
    codes: outcome::explained,
    dialect: |options| Ok(Arc::new(dialect::Rri::new(options)?)),
    account: |name, settings| Ok(Arc::new(account::Account::new(name, settings)?)),
    account_over: |name, settings, dial| Ok(Arc::new(account::Account::over(name, settings, dial)?)),
};

/// The name in the configuration.
const NAME: &str = "denic-rri";
