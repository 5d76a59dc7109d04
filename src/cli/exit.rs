//! How a command ends: an exit code that scripts may rely on, and a message that says what, why and what next.

use std::fmt;
use std::process::ExitCode;

use crate::broker::BrokerError;
use crate::config::ConfigError;
use crate::store::StoreError;

/// The documented exit codes. The numbers from 64 on are those of `sysexits.h`, which systemd prints by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// A job failed, something of a submission or an import was rejected, a key should be replaced soon, or a measurement missed its goal.
    JobFailed = 1,
    /// The command line is wrong (also clap's).
    Usage = 2,
    /// No such job, batch or account.
    NotFound = 3,
    /// A rule forbids it.
    Refused = 4,
    /// The store, the broker or the mail server cannot be reached.
    Unavailable = 69,
    /// Inside went wrong what must not; a defect or a broken database.
    Software = 70,
    /// Not now; the same command may succeed later.
    Temporary = 75,
    /// The configuration is wrong.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A stable word for programs.
    pub code: &'static str,
    /// What went wrong.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub next: String,
}

impl Failure {
    /// A failure that only says what went wrong; see [`Failure::why`] and [`Failure::next`].
    #[must_use]
    pub fn new(exit: Exit, code: &'static str, what: impl Into<String>) -> Self {
        Self { exit, code, what: what.into(), why: String::new(), next: String::new() }
    }

    /// Adds the reason.
    #[must_use]
    pub fn why(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    /// Adds what to do.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: next.into(), ..self }
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: impl fmt::Display, next: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", format!("there is no {what}")).next(next)
    }

    /// The failure as one JSON object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({ "code": self.code, "exit": self.exit as u8, "what": self.what });
        for (key, text) in [("why", &self.why), ("next", &self.next)] {
            if !text.is_empty() {
                error[key] = serde_json::Value::String(text.clone());
            }
        }
        serde_json::json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for text in [&self.why, &self.next] {
            if !text.is_empty() {
                write!(f, "\n  {text}")?;
            }
        }
        Ok(())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let what = error.to_string();
        match error {
            StoreError::Unavailable(_) => Self::new(Exit::Unavailable, "store_unavailable", what)
                .next("see that the database runs and that store.url in the configuration names it"),
            StoreError::SchemaTooNew { .. } => Self::new(Exit::Configuration, "schema_too_new", what),
            StoreError::SchemaTooOld { .. } => Self::new(Exit::Configuration, "schema_too_old", what),
            StoreError::Fenced(_) => Self::new(Exit::Temporary, "taken_over", what).next("try again"),
            StoreError::Broken(_) => Self::new(Exit::Software, "store_broken", what),
        }
    }
}

impl From<BrokerError> for Failure {
    fn from(error: BrokerError) -> Self {
        let what = error.to_string();
        match error {
            BrokerError::Unavailable(_) | BrokerError::Stopped => {
                Self::new(Exit::Unavailable, "broker_unavailable", what)
                    .next("see that the broker runs and that broker.url in the configuration names it")
            }
            BrokerError::Misconfigured(_) => Self::new(Exit::Configuration, "broker_misconfigured", what)
                .next("see `[broker]` in the configuration and the user's rights at the broker"),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let next = match &error {
            ConfigError::Unreadable { .. } => "name another file with --config, or run as a user who may read it",
            ConfigError::Malformed(_) | ConfigError::Invalid(_) => "config/registrard.toml shows every setting",
        };
        Self::new(Exit::Configuration, "configuration", error.to_string()).next(next)
    }
}

impl From<std::io::Error> for Failure {
    /// Of writing to standard output; a closed pipe is dealt with by [`super::output::Out`].
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Software, "output", format!("cannot write the output: {error}"))
    }
}
