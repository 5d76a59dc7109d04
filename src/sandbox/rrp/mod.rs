//! RRP (RFC 2832, RFC 3632), the server's side.
//!
//! A request goes `connection` (TLS, greeting, time-outs) → `wire` (lines, the request with its checks) → `server` with `admission` (faults,
//! session, limits) → `patterns` (what a name asks for) → `commands` (a file for each, over `state`) → `reply` → `wire`
//! again. `lifecycle` lets happen what is due by the clock. What the documents leave open is decided in the file
//! concerned and said in docs/testing.md.

mod admission;
mod codes;
mod commands;
mod connection;
mod control;
mod dates;
mod lifecycle;
mod objects;
mod patterns;
mod reply;
mod rules;
mod server;
mod session;
mod state;
mod wire;

use std::time::Duration;

use jiff::tz::TimeZone;

pub(super) use connection::{connect, listen};
pub(super) use server::{NAME, Server};

/// Which version of the protocol is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum RrpVersion {
    /// RFC 2832.
    #[value(name = "1.1.0")]
    V110,
    /// RFC 3632: IPv6 addresses, 510, 557, and whoever asked for a transfer may cancel it.
    #[default]
    #[value(name = "2.0.0")]
    V200,
}

impl RrpVersion {
    /// As it stands in the greeting.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::V110 => "1.1.0",
            Self::V200 => "2.0.0",
        }
    }
}

/// Ways of writing an answer that other servers have; every client has to read them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RrpStyle {
    /// Lines end with LF alone.
    BareLf,
    /// Fractions of a second have three digits.
    Millis,
    /// Attribute names of the draft before RFC 2832, and its texts of the codes 210 to 213.
    Draft,
    /// Names of attributes, domains and hosts in capitals.
    Upper,
    /// Attributes that nobody has heard of.
    Extra,
}

/// What the registry does about a transfer the losing registrar did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TransferDecision {
    /// It is carried out.
    #[default]
    Approve,
    /// It is dropped.
    Reject,
}

/// The registry's policy in days; 0 switches a period off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RrpDays {
    /// After a registration: DEL is paid back and frees the name at once.
    pub add_grace: u32,
    /// After RENEW: DEL pays the fee back.
    pub renew_grace: u32,
    /// After an automatic renewal: DEL pays the fee back.
    pub auto_renew_grace: u32,
    /// After a transfer: DEL pays the fee back.
    pub transfer_grace: u32,
    /// Until the registry decides about a transfer itself.
    pub transfer: u32,
    /// A name deleted after its add grace is kept so long; if 0, it is free at once.
    pub redemption: u32,
    /// After the redemption period.
    pub pending_delete: u32,
}

impl Default for RrpDays {
    fn default() -> Self {
        Self {
            add_grace: 5,
            renew_grace: 5,
            auto_renew_grace: 45,
            transfer_grace: 5,
            transfer: 5,
            redemption: 30,
            pending_delete: 5,
        }
    }
}

/// How the registry is set up.
#[derive(Clone, Debug)]
pub struct RrpOptions {
    /// How many registrars there are: `registrarA` and so on.
    pub accounts: usize,
    /// The protocol version.
    pub version: RrpVersion,
    /// Top-level domains it serves.
    pub tlds: Vec<String>,
    /// The zone of its local time, in which it writes dates.
    pub zone: TimeZone,
    /// Sessions of one account at a time; one more is answered 521.
    pub sessions: usize,
    /// Requests an account may send in 60 seconds of sandbox time, beyond it 421; any number if none.
    pub requests_per_window: Option<usize>,
    /// How long a connection may be without a complete request, in sandbox time.
    pub idle: Duration,
    /// How long a connection lives, in sandbox time; any time if none.
    pub life: Option<Duration>,
    /// Whether a time-out is said (520) before the connection is closed.
    pub says_timeout: bool,
    /// How long a write is worked on, in real time.
    pub processing: Duration,
    /// What an account has to spend, in cents.
    pub balance: i64,
    /// What a year costs, in cents.
    pub price: i64,
    /// Years that ADD and RENEW mean if they say none.
    pub default_period: u8,
    /// Years that a transfer adds.
    pub transfer_years: u8,
    /// Days before the expiration in which RENEW is taken, otherwise 548; at any time if none.
    pub renewal_window: Option<u32>,
    /// Whether the registry renews what expires; if not, it deletes it.
    pub auto_renew: bool,
    /// Policy periods.
    pub days: RrpDays,
    /// About transfers nobody answered.
    pub decision: TransferDecision,
    /// Whether STATUS says PENDINGTRANSFER.
    pub shows_transfer: bool,
    /// How answers are written.
    pub styles: Vec<RrpStyle>,
    /// With [`super::Manner::Odd`] each answer has styles of its own.
    pub manner: super::Manner,
}

impl Default for RrpOptions {
    fn default() -> Self {
        Self {
            accounts: 2,
            version: RrpVersion::V200,
            tlds: ["com", "net", "org"].map(str::to_owned).to_vec(),
            zone: dates::zone("America/New_York"),
            sessions: 7,
            requests_per_window: None,
            idle: Duration::from_secs(600),
            life: None,
            says_timeout: true,
            processing: Duration::ZERO,
            balance: 100_000_000,
            price: 600,
            default_period: 1,
            transfer_years: 1,
            renewal_window: None,
            auto_renew: true,
            days: RrpDays::default(),
            decision: TransferDecision::Approve,
            shows_transfer: false,
            styles: Vec::new(),
            manner: super::Manner::Plain,
        }
    }
}
