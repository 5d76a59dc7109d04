//! registrard makes registrar jobs happen at their registry exactly once.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod broker;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod job;
pub mod model;
pub mod net;
pub mod ops;
pub mod registries;
pub mod sandbox;
pub mod store;
