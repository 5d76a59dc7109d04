//! The whole daemon in one process with a sandbox registry: what the laws promise, seen from the registry's ledger and
//! from the store. Nothing here waits for a fixed time; every wait ends when something is seen, or fails the test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "engine/brake.rs"]
mod brake;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "engine/doubt.rs"]
mod doubt;
#[path = "support/dump.rs"]
mod dump;
#[path = "engine/limits.rs"]
mod limits;
#[path = "engine/order.rs"]
mod order;
#[path = "engine/refused.rs"]
mod refused;
#[path = "engine/sealed.rs"]
mod sealed;
#[path = "engine/stale.rs"]
mod stale;
#[path = "engine/stop.rs"]
mod stop;
#[path = "engine/world.rs"]
mod world;
#[path = "engine/writes.rs"]
mod writes;
