//! OpenSRS: a reseller's way to many registries. XML messages of nested hashes and arrays (OPS), in them commands (XCP), over
//! HTTPS with a signature or over a TCP protocol with a cipher of its own.
//!
//! In the order a request meets them: `params` reads a job's parameters, `check` holds the rules for fields, `commands` has
//! one file per command, `codec` writes and reads the envelope, `https` and `tcp` carry it there and back (`crypt` has the
//! signature and the cipher), `outcome` says what the answer means, `reconcile` finds out what is true when no answer came,
//! `mailbox` reads the registry's events, `calendar` says what all that means for deadlines. `dialect` ties the pure parts
//! together, `settings` and `account` the others, `limits` has the registry's limits.

mod account;
mod answer;
mod calendar;
mod check;
mod codec;
mod commands;
mod crypt;
mod dialect;
mod https;
mod limits;
mod mailbox;
mod outcome;
mod params;
mod reconcile;
mod settings;
mod tcp;

use std::sync::Arc;

use super::Plugin;

pub use self::commands::{COMMANDS, find};

/// The plug-in.
pub const PLUGIN: Plugin = Plugin {
    name: NAME,
    operations: commands::OPERATIONS,
    limits: limits::published,
    codes: outcome::explained,
    dialect: |options| Ok(Arc::new(dialect::Xcp::new(options)?)),
    account: |name, settings| Ok(Arc::new(account::Account::new(name, settings)?)),
    account_over: |name, settings, dial| Ok(Arc::new(account::Account::over(name, settings, dial)?)),
};

/// The name in the configuration.
const NAME: &str = "opensrs";
