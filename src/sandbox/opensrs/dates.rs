//! Dates as OpenSRS writes them: without a zone, and then they are Toronto's.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::super::clock::later;

/// The zone of dates that tell none.
pub(super) fn zone() -> TimeZone {
    TimeZone::get("America/Toronto").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-5)))
}

/// An instant on Toronto's clocks.
fn local(at: Timestamp) -> Zoned {
    at.to_zoned(zone())
}

/// `2027-12-12 21:27:25`.
pub(super) fn text(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2027-12-12`.
pub(super) fn day(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d").to_string()
}

/// `Wed May 4 09:36:06 2005`.
pub(super) fn long(at: Timestamp) -> String {
    local(at).strftime("%a %b %-d %H:%M:%S %Y").to_string()
}

/// `2015-04-01T04:00:00Z`, as events have it.
pub(super) fn event(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The year.
pub(super) fn year(at: Timestamp) -> i16 {
    local(at).year()
}

/// The same hour, so many years later; 29 February becomes the 28th.
pub(super) fn years_later(at: Timestamp, years: u8) -> Timestamp {
    let span = Span::new().years(i64::from(years));
    local(at).checked_add(span).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// So many days of 24 hours later.
pub(super) fn days_later(at: Timestamp, days: i64) -> Timestamp {
    later(at, SignedDuration::from_hours(24 * days))
}

/// The day of `YYYY-MM-DD`, or of a longer text that begins with it.
pub(super) fn read_day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// The day on Toronto's calendar.
pub(super) fn date(at: Timestamp) -> Date {
    local(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toronto_is_behind() {
        let at: Timestamp = "2005-05-04T13:36:06Z".parse().unwrap();
        assert_eq!((text(at).as_str(), long(at).as_str()), ("2005-05-04 09:36:06", "Wed May 4 09:36:06 2005"));
        let new_year: Timestamp = "2027-01-01T03:00:00Z".parse().unwrap();
        assert_eq!((year(new_year), day(new_year).as_str()), (2026, "2026-12-31"));
        assert_eq!(text(years_later("2028-02-29T12:00:00Z".parse().unwrap(), 1)), "2029-02-28 07:00:00");
    }
}
