//! What is due, allowed, fair and urgent → claim.
//!
//! `steward` works this daemon's share of the accounts as `spread` decides it, `ownership` holds the lease of each account,
//! `worker` claims for an owned account, `throttle` is its window, `rescue` deals with jobs whose owner died,
//! `housekeeping` ends jobs that may never start.

pub mod housekeeping;
pub mod ownership;
mod rescue;
pub mod spread;
pub mod steward;
#[cfg(test)]
mod tests;
pub mod throttle;
mod worker;
