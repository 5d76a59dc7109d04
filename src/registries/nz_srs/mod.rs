//! NZ SRS: the registry of .nz until 2022. XML documents over HTTPS, each signed with OpenPGP, and so is each answer.
//!
//! In the order a request meets them: `params` reads a job's parameters, `check` holds the rules for fields, `commands` has
//! one file per action, `codec` writes and reads documents, `session` signs them and carries them there and back (`form` is
//! what they travel in, `keys` what they are signed with), `answer` and `outcome` say what an answer shows and means,
//! `reconcile` finds out what is true when none came (`stored` reads what the registry kept), `mailbox` reads the registry's
//! messages, `calendar` says what all that means for deadlines. `dates` are the registry's dates, `limits` its limits;
//! `dialect` ties the pure parts together, `settings` and `account` the others.

mod account;
mod answer;
mod calendar;
mod check;
mod codec;
mod commands;
mod dates;
mod dialect;
mod form;
mod keys;
mod limits;
mod mailbox;
mod outcome;
mod params;
mod reconcile;
mod session;
mod settings;
mod stored;

use std::sync::Arc;

use super::Plugin;

pub use keys::account_keys;

/// The plug-in.
pub const PLUGIN: Plugin = Plugin {
    name: NAME,
    operations: commands::OPERATIONS,
    limits: limits::published,
    codes: outcome::explained,
    dialect: |options| Ok(Arc::new(dialect::Srs::new(options)?)),
    account: |name, settings| Ok(Arc::new(account::Account::new(name, settings)?)),
    account_over: |name, settings, dial| Ok(Arc::new(account::Account::over(name, settings, dial)?)),
};

/// The name in the configuration.
pub const NAME: &str = "nz-srs";
