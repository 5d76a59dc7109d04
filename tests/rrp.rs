//! What a registrar does at a registry that speaks RRP, as jobs and events: daemons, PostgreSQL and the sandbox registry. Each
//! operation is done for real and seen from both sides; then with answers that are lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "rrp/doubt.rs"]
mod doubt;
#[path = "rrp/life.rs"]
mod life;
#[path = "lifecycle/office.rs"]
mod office;
#[path = "rrp/sessions.rs"]
mod sessions;
#[path = "lifecycle/sweep.rs"]
mod sweep;
#[path = "rrp/transfers.rs"]
mod transfers;
#[path = "engine/world.rs"]
mod world;
