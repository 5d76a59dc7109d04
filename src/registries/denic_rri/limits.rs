//! The registry's limits on traffic, and its calendar. All times are German local time.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The window in which requests are counted.
pub const WINDOW: Duration = Duration::from_secs(60);
/// How much longer the slot of a request without an answer is kept: it may still arrive.
pub const GRACE: Duration = Duration::from_secs(60);
/// Requests per window, every one counted, valid or not.
const BY_DAY: u32 = 2000;
/// Requests per window while deleted names become free.
const BY_NIGHT: u32 = 200;
/// The purge phase is 02:00 to 04:00. Whether "CET" in the manual follows summer time is not said, so an hour is added
/// on both sides.
const NIGHT: std::ops::Range<i8> = 1..5;

/// German local time.
fn zone() -> TimeZone {
    // The rule in force since 1996, for machines without time zone data.
    let rule = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
    TimeZone::get("Europe/Berlin").unwrap_or_else(|_| rule())
}

/// The day it is in Germany at this instant.
pub fn german_date(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// What an account may send, and when its days begin.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    by_day: u32,
    by_night: u32,
}

impl Calendar {
    /// The published limits of a live account. `by_day` overrides the limit outside of the purge phase (the test
    /// environment has 100), `by_night` the one within (a Rush account has 2000 all day).
    pub fn new(by_day: Option<u32>, by_night: Option<u32>) -> Self {
        let by_day = by_day.unwrap_or(BY_DAY);
        let by_night = by_night.unwrap_or(by_day.min(BY_NIGHT));
        Self { zone: zone(), by_day, by_night }
    }

    /// Requests allowed per [`WINDOW`] at this instant.
    pub fn requests_per_window(&self, at: Timestamp) -> u32 {
        let night = NIGHT.contains(&at.to_zoned(self.zone.clone()).hour());
        if night { self.by_night } else { self.by_day }
    }

    /// The next local midnight. When the registry resets quotas is not stated; this is the assumption that errs least.
    pub fn next_quota_day(&self, at: Timestamp) -> Timestamp {
        let midnight = at.to_zoned(self.zone.clone()).tomorrow().and_then(|day| day.start_of_day());
        // Only at the end of representable time.
        midnight.map_or_else(|_| at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(at), |day| day.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_purge_phase_is_slow_with_an_hour_to_spare() {
        let calendar = Calendar::new(None, None);
        for (time, limit) in [
            ("2026-01-15T00:59:59+01:00", 2000),
            ("2026-01-15T01:00:00+01:00", 200),
            ("2026-01-15T04:59:59+01:00", 200),
            ("2026-01-15T05:00:00+01:00", 2000),
            ("2026-07-15T01:00:00+02:00", 200),
            ("2026-07-15T04:59:59+02:00", 200),
            ("2026-07-15T05:00:00+02:00", 2000),
        ] {
            assert_eq!(calendar.requests_per_window(at(time)), limit, "{time}");
        }
        let rush = Calendar::new(None, Some(2000));
        assert_eq!(rush.requests_per_window(at("2026-01-15T03:00:00+01:00")), 2000);
        let test = Calendar::new(Some(100), None);
        assert_eq!(test.requests_per_window(at("2026-01-15T12:00:00+01:00")), 100);
        assert_eq!(test.requests_per_window(at("2026-01-15T03:00:00+01:00")), 100);
    }

    #[test]
    fn days_of_23_24_and_25_hours() {
        for calendar in [
            Calendar::new(None, None),
            Calendar { zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(), by_day: 1, by_night: 1 },
        ] {
            for (midnight, next, hours) in [
                ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
                ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
                ("2026-12-31T00:00:00+01:00", "2027-01-01T00:00:00+01:00", 24),
            ] {
                let (midnight, next) = (at(midnight), at(next));
                assert_eq!(next.as_second() - midnight.as_second(), hours * 3600);
                assert_eq!(calendar.next_quota_day(midnight), next);
                assert_eq!(calendar.next_quota_day(next - SignedDuration::from_nanos(1)), next);
                assert!(calendar.next_quota_day(next) > next);
            }
        }
        assert!(Calendar::new(None, None).next_quota_day(Timestamp::MAX) >= Timestamp::MAX);
    }
}
