//! OpenSRS, the server's side.
//!
//! A request goes `https` or `tcp` (after its `handshake`) → `wire` (HTTP or frame, cipher, OPS) → `server` with `admission` (faults, signature,
//! limits) → `patterns` (what a name asks for) → `commands` (a file for each group, over `state`) → `reply` → `wire` again.
//! `lifecycle` lets happen what is due by the clock. What the documents leave open is decided in the file concerned and said
//! there.

mod admission;
mod codes;
mod commands;
mod control;
mod dates;
mod handshake;
mod https;
mod lifecycle;
mod objects;
mod patterns;
mod reply;
mod server;
mod state;
mod tcp;
mod wire;

use std::time::Duration;

pub(super) use https::{connect, listen as listen_https};
pub(super) use server::{NAME, Server};
pub(super) use tcp::listen as listen_tcp;

/// Which of the two systems is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum System {
    /// A renewal that was done already is answered 555, REDEEM works.
    #[default]
    Live,
    /// A renewal that was done already is answered 465, REDEEM is refused.
    Horizon,
}

/// How the registry is set up.
#[derive(Clone, Debug)]
pub struct OpensrsOptions {
    /// How many accounts there are: `reseller1` and so on.
    pub accounts: usize,
    /// Live or Horizon.
    pub system: System,
    /// Requests an account may send in one window; any number if none. OpenSRS tells no number.
    pub requests_per_window: Option<usize>,
    /// The window, in sandbox time.
    pub window: Duration,
    /// Connections of one account at a time. OpenSRS tells no number.
    pub connections: usize,
    /// What an account has to spend, in cents.
    pub balance: i64,
    /// How long an order waits at an asynchronous registry or for a contact's agreement, in sandbox time.
    pub waiting: Duration,
    /// How long an owner thinks about a transfer, and how long the losing registrar then has, in sandbox time; a day and
    /// five days if not given.
    pub transferring: Option<Duration>,
    /// How long a write is worked on, in real time; its object is held meanwhile.
    pub processing: Duration,
    /// How long an HTTPS connection may be silent, in real time.
    pub idle: Duration,
    /// How long a TCP connection lives, in real time.
    pub life: Duration,
    /// Commands on one TCP connection.
    pub commands: usize,
    /// A name server with this label in its host name is not known to any registry.
    pub failing_label: String,
    /// How answers are written.
    pub manner: super::Manner,
}

impl Default for OpensrsOptions {
    fn default() -> Self {
        Self {
            accounts: 2,
            system: System::Live,
            requests_per_window: None,
            window: Duration::from_secs(60),
            connections: 50,
            balance: 100_000_000,
            waiting: Duration::from_secs(3600),
            transferring: None,
            processing: Duration::ZERO,
            idle: Duration::from_secs(120),
            life: Duration::from_secs(60),
            commands: 100,
            failing_label: "fail".into(),
            manner: super::Manner::Plain,
        }
    }
}
