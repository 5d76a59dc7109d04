//! What a reseller does at OpenSRS, as jobs and events: a daemon, PostgreSQL and the sandbox registry, over both transports.
//! Each command is done for real and seen from both sides; then each write with answers that are lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "opensrs/doubt.rs"]
mod doubt;
#[path = "opensrs/funds.rs"]
mod funds;
#[path = "opensrs/life.rs"]
mod life;
#[path = "lifecycle/office.rs"]
mod office;
#[path = "opensrs/orders.rs"]
mod orders;
#[path = "opensrs/pages.rs"]
mod pages;
#[path = "opensrs/params.rs"]
mod params;
#[path = "lifecycle/sweep.rs"]
mod sweep;
#[path = "opensrs/table.rs"]
mod table;
#[path = "engine/world.rs"]
mod world;
#[path = "opensrs/writes.rs"]
mod writes;
