//! Dates as people read them: in the account's zone, and how far away.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::outlook::{self, AllLimits};
use crate::cli::progress::span;
use crate::config::Config;

/// The local times of accounts: those of the configuration, else of their registries.
pub struct Zones(AllLimits);

impl Zones {
    /// Those of all accounts.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self(outlook::limits(config).0)
    }

    /// That of an account; UTC if the configuration does not have the account any more.
    #[must_use]
    pub fn zone(&self, account: &str) -> TimeZone {
        self.0.get(account).map_or(TimeZone::UTC, |limits| limits.zone.clone())
    }
}

/// `2026-12-01 09:30 CET`.
#[must_use]
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// `in 3 d 4 h`, or `OVERDUE by 20 min`.
#[must_use]
pub fn left(due: Timestamp, now: Timestamp) -> String {
    let away = span(Duration::from_secs(now.duration_until(due).unsigned_abs().as_secs()));
    if due < now { format!("OVERDUE by {away}") } else { format!("in {away}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_accounts_zone_and_from_here() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let due = at("2026-12-01T08:30:00Z");
        let zone = |name: &str| TimeZone::get(name).unwrap();
        assert_eq!(local(due, &zone("Europe/Berlin")), "2026-12-01 09:30 CET");
        assert_eq!(local(due, &zone("Pacific/Auckland")), "2026-12-01 21:30 NZDT");
        assert_eq!(left(due, at("2026-11-28T04:30:00Z")), "in 3 d 4 h");
        assert_eq!(left(due, due), "in 0 s");
        assert_eq!(left(due, at("2026-12-01T08:50:00Z")), "OVERDUE by 20 min");
    }
}
