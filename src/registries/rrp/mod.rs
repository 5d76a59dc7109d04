//! RRP: the Registry Registrar Protocol of RFC 2832, and its version 2.0.0 (RFC 3632). Lines of text over TLS, one command at a
//! time, no message queue and no transaction ids.
//!
//! In the order a request meets them: the parameters of a job are checked by `check`, `commands` has one file per command,
//! `difference` completes jobs that state a whole list, `codec` writes and reads the lines, `session` carries them there and
//! back, `answer` puts what came into the common shape, `outcome` says what it means, `reconcile` finds out what is true when
//! no answer came. `dialect` ties the pure parts together, `settings` and `account` the others; `dates` reads the registry's
//! dates, `limits` has the limits, which are ours, and `calendar` what answers mean for deadlines.

mod account;
mod answer;
mod calendar;
mod check;
mod codec;
mod commands;
mod dates;
mod dialect;
mod difference;
mod limits;
mod outcome;
mod reconcile;
mod session;
mod settings;

use std::sync::Arc;

use super::Plugin;

/// The plug-in.
pub const PLUGIN: Plugin = Plugin {
    name: NAME,
    operations: commands::OPERATIONS,
    limits: limits::published,
    codes: outcome::explained,
    dialect: |options| Ok(Arc::new(dialect::Rrp::new(options)?)),
    account: |name, settings| Ok(Arc::new(account::Account::new(name, settings)?)),
    account_over: |name, settings, dial| Ok(Arc::new(account::Account::over(name, settings, dial)?)),
};

/// The name in the configuration.
const NAME: &str = "rrp";
