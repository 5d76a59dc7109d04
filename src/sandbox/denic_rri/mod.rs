//! DENIC RRI, the server's side.
//!
//! A request goes `connection` → `wire` (frame, format) → `server` with `admission` (faults, limits) → `commands` (one
//! file each, over `rules` and `state`) → `shapes` (data of the answer) → `wire` again. What the manual leaves open is
//! decided in the file concerned and said there; invented message codes are marked as such in `codes`.

mod admission;
mod codes;
mod commands;
mod connection;
mod control;
mod lifecycle;
mod notice;
mod objects;
mod rules;
mod server;
mod shapes;
mod state;
mod wire;

use std::time::Duration;

use jiff::SignedDuration;

pub(super) use connection::{connect, listen};
pub(super) use server::{NAME, Server};

/// Which of the registry's environments is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// 2000 requests in 60 s (200 from 02:00 to 04:00), grace periods of 30 days.
    #[default]
    Live,
    /// 100 requests in 60 s, grace periods of one day, and a notice in every answer.
    Test,
}

impl Environment {
    /// Days of the redemption grace period, and until a failed domain is deleted.
    const fn grace_days(self) -> i64 {
        match self {
            Self::Live => 30,
            Self::Test => 1,
        }
    }

    /// How long before the expiry of a failed domain it is announced: a week, or what is like it in a life of one day.
    const fn warned_before(self) -> SignedDuration {
        match self {
            Self::Live => SignedDuration::from_hours(24 * 7),
            Self::Test => SignedDuration::from_hours(6),
        }
    }

    /// The local hour in which deleted names begin to become free; they do for two hours.
    const fn release_hour(self) -> i8 {
        match self {
            Self::Live => 2,
            Self::Test => 10,
        }
    }
}

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Manner {
    /// Always alike.
    #[default]
    Plain,
    /// Each in another of the ways the manual's samples show, decided by seed and request: letter case, order and blanks
    /// in key/value text; prefixes, comments and blanks in XML.
    Odd,
}

/// How the registry is set up.
#[derive(Clone, Debug)]
pub struct DenicOptions {
    /// How many accounts there are: DENIC-1000001 and so on.
    pub accounts: usize,
    /// Live or test.
    pub environment: Environment,
    /// Requests an account may send in one window; by environment and time of day if none.
    pub requests_per_window: Option<usize>,
    /// The same from 02:00 to 04:00 local time, while deleted names become free; as at any other hour if only that is
    /// given.
    pub requests_at_purge: Option<usize>,
    /// The window, in sandbox time.
    pub window: Duration,
    /// How long breaking the request limit blocks an account, in sandbox time.
    pub block: Duration,
    /// Sessions of one account at a time, ghosts included.
    pub sessions: usize,
    /// How long a session cut without LOGOUT keeps its place, in sandbox time. The manual does not say.
    pub ghost: Duration,
    /// Quota points of an account a day.
    pub quota_per_day: u64,
    /// How long ten wrong passwords in a row lock a login, in sandbox time.
    pub login_block: Duration,
    /// How long a write is worked on, in real time; its objects are held meanwhile.
    pub processing: Duration,
    /// How long a connection may be silent, in real time. The manual does not say.
    pub idle: Duration,
    /// A name server with this label in its host name fails the name-server check.
    pub failing_label: String,
    /// The password in every AuthInfo2 letter; `secret` in the test environment and a new one each time live, if none.
    pub authinfo2: Option<String>,
    /// Holders with this word in their address get no letters: a second AuthInfo sent to them is deleted.
    pub undeliverable_label: String,
    /// How long a domain that is pending after its registration is assessed, in sandbox time; until control decides
    /// if none.
    pub assessment: Option<Duration>,
    /// Whether a client transaction id may be used only once.
    pub unique_ctid: bool,
    /// How answers are written.
    pub manner: Manner,
}

impl Default for DenicOptions {
    fn default() -> Self {
        Self {
            accounts: 2,
            environment: Environment::Live,
            requests_per_window: None,
            requests_at_purge: None,
            window: Duration::from_secs(60),
            block: Duration::from_secs(120),
            sessions: 7,
            ghost: Duration::from_secs(30),
            quota_per_day: 50_000,
            login_block: Duration::from_secs(3600),
            processing: Duration::ZERO,
            idle: Duration::from_secs(600),
            failing_label: "fail".into(),
            authinfo2: None,
            undeliverable_label: "undeliverable".into(),
            assessment: None,
            unique_ctid: true,
            manner: Manner::Plain,
        }
    }
}

/// A span for sums with instants; longer than time itself becomes as long as possible.
fn span(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
