//! One job's life in five steps.

pub mod event;
#[cfg(test)]
mod fakes;
pub mod intake;
pub mod observer;
mod patience;
