//! Dates as RRP writes them: the registry's local time without a word of its zone.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::super::clock::later;

/// A zone by its name; New York's winter time if there is no such zone.
pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-5)))
}

fn local(zone: &TimeZone, at: Timestamp) -> Zoned {
    at.to_zoned(zone.clone())
}

/// `2009-09-22 10:27:00.0`, or with three digits behind the dot.
pub(super) fn text(zone: &TimeZone, at: Timestamp, has_millis: bool) -> String {
    let local = local(zone, at);
    let seconds = local.strftime("%Y-%m-%d %H:%M:%S");
    if has_millis { format!("{seconds}.{:03}", local.millisecond()) } else { format!("{seconds}.0") }
}

/// The year on the registry's wall.
pub(super) fn year(zone: &TimeZone, at: Timestamp) -> i16 {
    local(zone, at).year()
}

/// The same hour on the wall, so many years later; 29 February becomes the 28th.
pub(super) fn years_later(zone: &TimeZone, at: Timestamp, years: u8) -> Timestamp {
    let span = Span::new().years(i64::from(years));
    local(zone, at).checked_add(span).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// So many days of 24 hours later.
pub(super) fn days_later(at: Timestamp, days: u32) -> Timestamp {
    later(at, SignedDuration::from_hours(24 * i64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_is_in_new_york() {
        let zone = zone("America/New_York");
        let at: Timestamp = "2009-09-22T14:27:00.25Z".parse().unwrap();
        assert_eq!(text(&zone, at, false), "2009-09-22 10:27:00.0");
        assert_eq!(text(&zone, at, true), "2009-09-22 10:27:00.250");
        let new_year: Timestamp = "2027-01-01T03:00:00Z".parse().unwrap();
        assert_eq!(year(&zone, new_year), 2026);
        let leap = years_later(&zone, "2028-02-29T12:00:00Z".parse().unwrap(), 1);
        assert_eq!(text(&zone, leap, false), "2029-02-28 07:00:00.0");
        // The wall shows the same hour on both sides of the change to summer time.
        let winter: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        assert_eq!(text(&zone, years_later(&zone, winter, 2), false), "2028-03-10 08:00:00.0");
    }
}
