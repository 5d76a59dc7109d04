//! The registry's published limits on traffic. All times are German local time.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;

use crate::model::job::Class;
use crate::model::limits::{Quiet, Span, Timetable};
use crate::model::{Limits, Operation};

/// Requests per window, every one counted, valid or not.
const BY_DAY: u32 = 2000;
/// Requests per window while deleted names become free.
const BY_NIGHT: u32 = 200;
/// The purge phase is 02:00 to 04:00. Whether "CET" in the manual follows summer time is not said, so an hour is added
/// on both sides.
const NIGHT: Span = Span { from: time(1, 0, 0, 0), to: time(5, 0, 0, 0) };
/// Points of a basic account with up to 50,000 domains.
const QUOTA: u64 = 50_000;
/// Sessions open at once; two of the seven allowed are left to people and to sessions a crash left behind.
const SESSIONS: usize = 5;
/// Sessions the registry allows per account and location.
const MOST_SESSIONS: usize = 7;
/// What costs no point. LOGIN and LOGOUT, which are no operations, do not either.
const FREE: &[Operation] = &[Operation::MessageRead, Operation::MessageDelete];

/// More orders than this are to be talked about first, even where throttle and quota allow them.
const BULK: (u64, &str) = (5000, "DENIC wants to be told beforehand: DENIC Business Services, or the member chat");

/// German local time.
pub fn zone() -> TimeZone {
    // The rule in force since 1996, for machines without time zone data.
    let rule = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
    TimeZone::get("Europe/Berlin").unwrap_or_else(|_| rule())
}

/// The day it is in Germany at this instant.
pub fn german_date(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// The limits of a live account.
pub fn published() -> Limits {
    Limits {
        zone: zone(),
        sessions: SESSIONS,
        most_sessions: Some(MOST_SESSIONS),
        requests: Timetable { base: BY_DAY, spans: vec![(NIGHT, BY_NIGHT)] },
        quota: Some(QUOTA),
        free: FREE,
        bulk_notice: Some(BULK),
        cool_down: Duration::from_secs(120),
        // Maintenance; announced on the Friday before.
        quiet: vec![Quiet {
            days: vec![Weekday::Tuesday],
            span: Span { from: time(16, 0, 0, 0), to: time(20, 0, 0, 0) },
            hold: vec![Class::Bulk],
        }],
        ..Limits::none()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_purge_phase_is_slow_with_an_hour_to_spare() {
        let live = published();
        for (time, limit) in [
            ("2026-01-15T00:59:59+01:00", 2000),
            ("2026-01-15T01:00:00+01:00", 200),
            ("2026-01-15T04:59:59+01:00", 200),
            ("2026-01-15T05:00:00+01:00", 2000),
            ("2026-07-15T01:00:00+02:00", 200),
            ("2026-07-15T04:59:59+02:00", 200),
            ("2026-07-15T05:00:00+02:00", 2000),
            ("2026-03-29T01:59:59+01:00", 200),
            ("2026-03-29T03:00:00+02:00", 200),
            ("2026-10-25T02:30:00+01:00", 200),
        ] {
            assert_eq!(live.requests_at(at(time)), limit, "{time}");
        }
        // What is sent just before it may arrive within it.
        assert_eq!(live.requests_now(at("2026-01-15T00:58:54+01:00")), 2000);
        assert_eq!(live.requests_now(at("2026-01-15T00:58:55+01:00")), 200);
    }

    #[test]
    fn the_night_has_five_hours_in_autumn_and_three_in_spring() {
        let live = published();
        let slow_minutes = |midnight: &str| {
            let minutes = (0..24 * 60).map(|minute| at(midnight) + SignedDuration::from_mins(minute));
            minutes.filter(|at| live.requests_at(*at) == BY_NIGHT).count()
        };
        assert_eq!(slow_minutes("2026-01-15T00:00:00+01:00"), 240);
        assert_eq!(slow_minutes("2026-03-29T00:00:00+01:00"), 180);
        assert_eq!(slow_minutes("2026-10-25T00:00:00+02:00"), 300);
    }

    #[test]
    fn days_are_german_and_maintenance_holds_bulk() {
        let live = published();
        assert_eq!(live.next_day(at("2026-03-29T00:00:00+01:00")), at("2026-03-30T00:00:00+02:00"));
        assert_eq!(live.next_day(at("2026-10-25T23:59:59+01:00")), at("2026-10-26T00:00:00+01:00"));
        assert_eq!(german_date(at("2026-06-30T22:00:00Z")).to_string(), "2026-07-01");
        let tuesday = at("2026-11-24T17:00:00+01:00");
        assert_eq!(live.quiet_until(Class::Bulk, tuesday), Some(at("2026-11-24T20:00:00+01:00")));
        assert_eq!(live.quiet_until(Class::Normal, tuesday), None);
        assert_eq!((live.cost(Operation::DomainInfo), live.cost(Operation::MessageRead)), (1, 0));
    }
}
