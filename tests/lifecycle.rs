//! What a registrar does with a domain in the course of its life, as jobs and events: a daemon, PostgreSQL and the sandbox
//! registry, whose clock the tests move. Each operation is done for real and seen from both sides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "lifecycle/authinfo.rs"]
mod authinfo;
#[path = "lifecycle/by_hand.rs"]
mod by_hand;
#[path = "lifecycle/contact.rs"]
mod contact;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "lifecycle/domain.rs"]
mod domain;
#[path = "lifecycle/odd.rs"]
mod odd;
#[path = "lifecycle/office.rs"]
mod office;
#[path = "lifecycle/time.rs"]
mod time;
#[path = "engine/world.rs"]
mod world;
