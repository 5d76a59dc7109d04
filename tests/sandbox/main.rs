//! The sandbox against a client that knows nothing of it but the protocol.

// The helpers stand outside of test functions, yet a mistake in them is a failed test as well.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod authinfo;
mod certificates;
mod client;
mod commands;
#[path = "../support/control.rs"]
mod control;
mod dispute;
mod faults;
mod kv;
mod limits;
mod nz_srs;
mod opensrs;
mod others;
mod queue;
mod retention;
mod robust;
mod rrp;
mod time;
mod transfer;
mod twin;
mod verification;
mod visibility;
mod xml;
