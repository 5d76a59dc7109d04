//! What is due, allowed, fair and urgent → claim.
//!
//! `steward` works this daemon's share of the accounts as `spread` decides it, `ownership` holds the lease of each account,
//! `worker` and `claim` claim for an owned account in the order of `fair`, within `throttle` (the window), `quota` (the day)
//! and `budget` (logins, refusals); `rescue` deals with jobs whose owner died, `housekeeping` ends jobs that may never start.
//! For people, `explain` says what keeps a job from starting, and `forecast` when what waits will be done.

pub mod budget;
mod claim;
pub mod explain;
pub mod fair;
pub mod forecast;
pub mod housekeeping;
pub mod ownership;
pub mod permit;
pub mod quota;
mod rescue;
pub mod spread;
pub mod steward;
#[cfg(test)]
mod tests;
pub mod throttle;
mod worker;
