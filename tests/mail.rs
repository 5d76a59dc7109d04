//! Orders by signed e-mail, from a job in the store to what the registry's GnuPG says of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "mail/gnupg.rs"]
mod gnupg;
#[path = "mail/keys.rs"]
mod keys;
#[path = "mail/orders.rs"]
mod orders;
#[path = "mail/send.rs"]
mod send;
#[path = "support/smtp.rs"]
mod smtp;
#[path = "mail/stage.rs"]
mod stage;
