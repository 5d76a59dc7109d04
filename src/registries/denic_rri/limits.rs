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
/// What costs no point. LOGIN and LOGOUT, which are no operations, do not either.
const FREE: &[Operation] = &[Operation::MessageRead, Operation::MessageDelete];

/// More orders than this are to be talked about first, even where throttle and quota allow them.
const BULK: (u64, &str) = (5000, "DENIC wants to be told beforehand: DENIC Business Services, or the member chat");

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

/// The limits of a live account.
pub fn published() -> Limits {
    Limits {
        zone: zone(),
        sessions: SESSIONS,
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
