//! The daemon's memory does not grow with what the world holds in store for it: floods of jobs, messages as large as are
//! taken and larger ones, a store that stands still, a broker that is away, events nobody receives, a registry's long
//! queue. The daemon is a process of its own, on a real PostgreSQL and RabbitMQ, and Linux says what its memory peaked at.
//!
//! `REGISTRARD_BOUNDS_JOBS` sets the scale; `./dev bounds` runs all of it at full scale.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

#[path = "bounds/amqp.rs"]
mod amqp;
#[path = "bounds/bulk.rs"]
mod bulk;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "bounds/events.rs"]
mod events;
#[path = "bounds/flood.rs"]
mod flood;
#[path = "support/house.rs"]
mod house;
#[path = "bounds/largest.rs"]
mod largest;
#[path = "bounds/memory.rs"]
mod memory;
#[path = "bounds/messages.rs"]
mod messages;
#[path = "support/plain_amqp.rs"]
mod plain_amqp;
#[path = "bounds/stage.rs"]
mod stage;

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

/// Jobs of the flood; other figures follow.
fn scale() -> u64 {
    match std::env::var("REGISTRARD_BOUNDS_JOBS") {
        Ok(text) => text.parse().expect("REGISTRARD_BOUNDS_JOBS is a number"),
        Err(_) => 12_000,
    }
}

/// Whether there is time for what takes long in a build without optimisation.
fn in_full() -> bool {
    scale() >= 100_000
}

/// How long a phase may take at this scale.
fn patience() -> Duration {
    Duration::from_secs(400 + scale() / 100)
}

/// One test at a time: all daemons use the same queues.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
