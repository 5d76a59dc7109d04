//! One job's life in five steps: intake, schedule, execute, outcome, event.

pub mod commit;
pub mod execute;
pub mod observer;
pub mod outcome;
pub mod schedule;
