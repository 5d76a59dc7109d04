//! The configuration: a TOML file, environment variables `REGISTRARD__…` on top, unknown keys refused by name.
//! `config/registrard.toml` shows every setting at its default; a test compares it with these types.

pub mod address;
mod check;
mod deadlines;
mod limits;
mod load;
mod mail;
mod pools;
mod shape;
mod syntax;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use check::{Finding, Severity, fits};
pub use deadlines::{Act, Deadlines, Kind};
pub use limits::{Budget, Day, Limits, Quiet, Row};
pub use load::{ConfigError, PREFIX};
pub use mail::{Letters, Mail};
pub use pools::{Login, shared_logins};

use crate::model::retry::{Policy, Steps};

/// Everything a daemon needs to know.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The file it was read from, so that what is wrong can name it.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Where jobs, attempts and events are kept.
    pub store: Store,
    /// The message broker; without it jobs enter only by `registrard submit` and events stay in the store.
    pub broker: Option<Broker>,
    /// Metrics and health.
    pub http: Http,
    /// Logging.
    pub log: Log,
    /// How much is taken in at once, and how large.
    pub intake: Intake,
    /// Start, stop and ownership.
    pub daemon: Daemon,
    /// When to try again.
    pub retry: Retry,
    /// How often the registries' messages are asked for.
    pub poll: Poll,
    /// The server for outgoing e-mail; only `registrard orders mail --send` needs it.
    pub mail: Option<Mail>,
    /// Who may publish what. Without any entry every broker-validated user may do everything only if
    /// `intake.open = true`.
    pub publishers: BTreeMap<String, Publisher>,
    /// Pools of accounts, by the name jobs use in place of an account.
    pub pools: BTreeMap<String, Pool>,
    /// When a batch is stopped by itself.
    pub brake: Brake,
    /// Reminders of dates, and what is done when one comes near.
    pub deadlines: Deadlines,
    /// The registrar accounts, by the name jobs use.
    pub accounts: BTreeMap<String, Account>,
}

/// Where jobs, attempts and events are kept.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `sqlite:///path` or `postgres://user@host/database`.
    pub url: String,
    /// File with the database password, if the URL has none (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub password_file: Option<PathBuf>,
    /// File with the keys that secrets of jobs (an AuthInfo) are sealed with, one a line; without it such jobs are refused.
    pub parameter_keys_file: Option<PathBuf>,
    /// Run migrations at start.
    pub migrate: bool,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite:///var/lib/registrard/registrard.db".into(),
            password_file: None,
            parameter_keys_file: None,
            migrate: true,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, password_file, parameter_keys_file, migrate } = self;
        let mut shown = f.debug_struct("Store");
        shown.field("url", &address::shown(url)).field("password_file", password_file);
        shown.field("parameter_keys_file", parameter_keys_file).field("migrate", migrate).finish()
    }
}

/// The message broker.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// `amqp://user@host:5672/vhost` or `amqps://…`.
    pub url: String,
    /// File with the password, if the URL has none.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM file with the CA of an `amqps` broker; default: the system's roots.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Declare exchanges and queues at start (idempotent); otherwise they must be there.
    #[serde(default = "yes")]
    pub declare: bool,
    /// How often a delivery may come back before the broker dead-letters it.
    #[serde(default = "delivery_limit")]
    pub delivery_limit: u32,
    /// Declare this durable queue for all events, so that none is unroutable; empty for none.
    #[serde(default = "events_queue")]
    pub events_queue: String,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, password_file, ca_file, declare, delivery_limit, events_queue } = self;
        let mut shown = f.debug_struct("Broker");
        shown.field("url", &address::shown(url)).field("password_file", password_file).field("ca_file", ca_file);
        shown.field("declare", declare).field("delivery_limit", delivery_limit);
        shown.field("events_queue", events_queue).finish()
    }
}

fn yes() -> bool {
    true
}
fn delivery_limit() -> u32 {
    20
}
fn events_queue() -> String {
    "registrard.events".into()
}

/// Metrics and health.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address of `/metrics`, `/healthz` and `/readyz`; empty for none.
    pub listen: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9464".into() }
    }
}

/// Logging.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A filter as of `RUST_LOG`, for example `info,registrard=debug`.
    pub filter: String,
    /// `auto` (journal under systemd, text otherwise), `text` or `json`.
    pub format: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), format: "auto".into() }
    }
}

/// How much is taken in at once, and how large.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// Deliveries committed in one transaction.
    pub batch: usize,
    /// Largest message in bytes.
    pub max_message_bytes: usize,
    /// Most jobs in one bulk message.
    pub max_bulk_jobs: usize,
    /// Accept jobs of any broker-validated user for any account when there are no `[publishers]`.
    pub open: bool,
}

impl Default for Intake {
    fn default() -> Self {
        Self { batch: 500, max_message_bytes: 16 * 1024 * 1024, max_bulk_jobs: 20_000, open: false }
    }
}

/// Start, stop and ownership.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Daemon {
    /// Name of this daemon in leases and logs, `registrard` if empty. Each process adds an id of its own, so that two never
    /// take each other for themselves, nor a restarted one its predecessor.
    pub name: String,
    /// Seconds after which the accounts of a dead daemon are free, at most; others take them a second or two later.
    pub lease_seconds: u32,
    /// Milliseconds between looks for work that no hint announced.
    pub poll_millis: u32,
    /// Seconds that requests on the wire get to finish when the daemon is told to stop.
    pub stop_seconds: u32,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { name: String::new(), lease_seconds: 5, poll_millis: 500, stop_seconds: 30 }
    }
}

/// When to try again; every wait is jittered fully, up to a ceiling that doubles.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// First and longest ceiling, in seconds, where an object is busy.
    pub soon: [f64; 2],
    /// The same where the registry is in trouble.
    pub backoff: [f64; 2],
    /// The same for questions about a job in doubt.
    pub question: [f64; 2],
    /// Questions before a human is asked.
    pub questions: u32,
    /// The same for questions about an order the registry has taken and works on.
    pub pending: [f64; 2],
    /// Such questions before a human is asked.
    pub follow_ups: u32,
    /// The same for connections to registry, store and broker.
    pub connect: [f64; 2],
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            soon: [2.0, 10.0],
            backoff: [60.0, 1800.0],
            question: [2.0, 600.0],
            questions: 12,
            pending: [60.0, 21_600.0],
            follow_ups: 40,
            connect: [1.0, 60.0],
        }
    }
}

/// How often the registries' messages are asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Poll {
    /// Seconds to the next look after one that found messages.
    pub shortest: f64,
    /// Longest time between two looks in seconds; each look that finds nothing doubles the wait up to this.
    pub longest: f64,
}

impl Default for Poll {
    fn default() -> Self {
        Self { shortest: 5.0, longest: 60.0 }
    }
}

/// What one broker user may publish.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// Accounts it may use; `*` alone, or at the end of a name, stands for anything.
    pub accounts: Vec<String>,
    /// Operations it may ask for, likewise (`domain.*`); `raw` and `message.delete` only if they are named.
    #[serde(default = "everything")]
    pub operations: Vec<String>,
    /// Its share of the turns of an account, against those of others that have jobs of the same class there.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// Accounts of one registry, each as good as the other: whichever may send takes the next job of the pool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The accounts.
    pub accounts: Vec<String>,
}

/// When a batch is stopped by itself, until an operator resumes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Brake {
    /// So many first jobs of a batch that all fail for the same reason stop it; 0 for never.
    pub alike: u32,
    /// A larger share of deletions and transits than this stops a batch before any of it starts; 1.0 for never.
    pub destructive_share: f64,
    /// But only from so many deletions and transits on.
    pub destructive_from: u64,
}

impl Default for Brake {
    fn default() -> Self {
        Self { alike: 20, destructive_share: 0.5, destructive_from: 1000 }
    }
}

fn everything() -> Vec<String> {
    vec!["*".into()]
}

/// One registrar account. What stands beside these keys belongs to that registry's plug-in, which refuses
/// unknown keys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Account {
    /// The plug-in, for example `denic-rri`.
    pub registry: String,
    /// Whether its messages are read here, and removed at the registry. Not where the registry sends them by mail.
    #[serde(default = "yes")]
    pub read_messages: bool,
    /// The last day on which its password or key is good, where that has an end: `2027-01-31`.
    #[serde(default)]
    pub credential_expires: Option<String>,
    /// How it writes to its registry, for orders that are taken by signed e-mail only.
    #[serde(default)]
    pub mail: Option<Letters>,
    /// What it may send, where that differs from what its registry publishes.
    #[serde(default)]
    pub limits: Limits,
    /// The plug-in's own settings.
    #[serde(flatten)]
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    pub settings: Map<String, Value>,
}

impl Account {
    /// The last day on which its credential is good; nothing where none is stated, or what is stated is no date.
    #[must_use]
    pub fn credential_day(&self) -> Option<Date> {
        let text = self.credential_expires.as_deref()?;
        // Only this form: the parser takes instants, too.
        text.parse().ok().filter(|day: &Date| day.to_string() == text)
    }
}
