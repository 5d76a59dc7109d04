//! `registrard serve`: the daemon in the foreground, as systemd wants it.

use std::time::Duration;

use super::exit::{Exit, Failure};
use super::output::Out;
use crate::config::{Config, Severity};
use crate::daemon::{self, DaemonError};
use crate::ops::logs;
use crate::ops::notify::Notify;
use crate::ops::stop::Stop;
use crate::registries;

/// Checks the configuration and runs the daemon until it is told to stop.
///
/// # Errors
/// The configuration is wrong, or store, broker or address cannot be used at start.
pub async fn run(config: Config, out: &mut Out<'_>) -> Result<(), Failure> {
    let known: Vec<_> = registries::PLUGINS.iter().map(|plugin| plugin.name).collect();
    let findings = config.check(&known);
    for finding in &findings {
        out.say(&finding.to_string());
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        let next = "`registrard check-config` lists what is wrong";
        return Err(Failure::new(Exit::Configuration, "configuration", "the configuration is wrong").next(next));
    }
    logs::init(&config.log.filter, &config.log.format)
        .map_err(|error| Failure::new(Exit::Configuration, "configuration", error))?;
    let manager = Notify::from_env();
    let stop = Stop::new();
    let patience = Duration::from_secs(config.daemon.stop_seconds.into()) + daemon::TAIL;
    stop.on_signals(patience, || {})
        .map_err(|error| Failure::new(Exit::Software, "signals", format!("cannot listen for signals: {error}")))?;
    daemon::run(config, stop, manager).await.map_err(Failure::from)
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Configuration(what) => Self::new(Exit::Configuration, "configuration", what)
                .next("`registrard check-config` lists what is wrong"),
            DaemonError::Store(error) => Self::from(error),
            DaemonError::Broker(error) => Self::from(error),
            DaemonError::Listen { .. } => Self::new(Exit::Configuration, "listen", error.to_string())
                .next("set `http.listen` to a free address, or to \"\" for none"),
        }
    }
}
