//! What is due, allowed, fair and urgent → claim.
//!
//! `ownership` holds the lease of each account, `worker` claims for an owned account, `throttle` is its window, `rescue`
//! deals with jobs whose owner died, `housekeeping` ends jobs that may never start. `forecast` looks ahead.

pub mod forecast;
pub mod housekeeping;
pub mod ownership;
mod rescue;
#[cfg(test)]
mod tests;
pub mod throttle;
mod worker;
