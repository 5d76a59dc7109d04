//! One job's life in five steps: intake, schedule, execute, outcome, event.

pub mod brake;
pub mod clock;
pub mod commit;
pub mod companion;
pub mod event;
pub mod execute;
#[cfg(test)]
mod fakes;
pub mod intake;
pub mod observer;
pub mod outcome;
mod patience;
pub mod schedule;
