//! Dates as the registry writes and reads them: elements with numbers, in New Zealand's local time.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::super::clock::later;
use super::wire::tree::Element;

/// NZST, and NZDT from the last Sunday of September to the first Sunday of April.
fn zone() -> TimeZone {
    TimeZone::posix("NZST-12NZDT,M9.5.0,M4.1.0/3").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(12)))
}

fn local(at: Timestamp) -> Zoned {
    at.to_zoned(zone())
}

/// A date within a result: its day has two digits.
pub(super) fn stamp(name: &str, at: Timestamp) -> Element {
    stamped(Element::new(name), at, "%d")
}

/// When the front end took a document: its day has as many digits as it needs.
pub(super) fn front_end(at: Timestamp) -> Element {
    stamped(Element::new("FeTimeStamp"), at, "%-d")
}

/// The attributes of a date, added to an element.
pub(super) fn stamped(element: Element, at: Timestamp, day: &str) -> Element {
    let local = local(at);
    let part = |format: &str| local.strftime(format).to_string();
    element
        .with("Year", part("%Y"))
        .with("Month", part("%-m"))
        .with("Day", part(day))
        .with("Hour", part("%H"))
        .with("Minute", part("%M"))
        .with("Second", part("%S"))
        .with("TimeZoneOffset", part("%:z"))
}

/// `2018-12-19 23:30:00` on New Zealand's clocks.
pub(super) fn text(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `201812`.
pub(super) fn month(at: Timestamp) -> String {
    local(at).strftime("%Y%m").to_string()
}

/// The first instant of the month that follows.
pub(super) fn next_month(at: Timestamp) -> Timestamp {
    let local = local(at);
    let first = local.date().first_of_month().checked_add(Span::new().months(1));
    let zoned = first.and_then(|first| first.to_zoned(zone()));
    zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The same local time so many months later; the last of a month where that day is not.
pub(super) fn months_later(at: Timestamp, months: u32) -> Timestamp {
    let span = Span::new().try_months(i64::from(months));
    let zoned = span.and_then(|span| local(at).checked_add(span));
    zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// So many days of 24 hours later.
pub(super) fn days_later(at: Timestamp, days: i64) -> Timestamp {
    later(at, SignedDuration::from_hours(24 * days))
}

/// The instant an element tells; without an offset it is New Zealand's local time.
pub(super) fn read(element: &Element) -> Option<Timestamp> {
    let number = |name: &str| element.attribute(name).map_or(Some(0), |text| text.trim().parse::<i16>().ok());
    let small = |name: &str| number(name).and_then(|number| i8::try_from(number).ok());
    let civil = DateTime::new(
        number("Year")?,
        small("Month")?,
        small("Day")?,
        small("Hour")?,
        small("Minute")?,
        small("Second")?,
        0,
    )
    .ok()?;
    let zone = match element.attribute("TimeZoneOffset") {
        Some(text) => TimeZone::fixed(offset(text)?),
        None => zone(),
    };
    civil.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}

/// `+13:00` or `+1300`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i32>().ok();
    Offset::from_seconds(sign * (number(0..2)? * 3600 + number(2..4)? * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::wire::write;
    use super::*;

    #[test]
    fn as_the_samples_have_it() {
        let at: Timestamp = "2018-12-04T14:32:35+13:00".parse().unwrap();
        let plus = months_later(at, 12);
        assert_eq!(
            write::plain(&stamp("BilledUntil", plus)),
            "<BilledUntil Day=\"04\" Hour=\"14\" Minute=\"32\" Month=\"12\" Second=\"35\" TimeZoneOffset=\"+13:00\" Year=\"2019\"/>"
        );
        assert_eq!(front_end(at).attribute("Day"), Some("4"));
        assert_eq!(stamp("From", "2019-06-24T09:23:05+12:00".parse().unwrap()).value("TimeZoneOffset"), "+12:00");
        let half = months_later("2019-01-31T12:00:00+13:00".parse().unwrap(), 1);
        assert_eq!(text(half), "2019-02-28 12:00:00");
        assert_eq!(text(next_month("2018-12-31T23:00:00+13:00".parse().unwrap())), "2019-01-01 00:00:00");
    }

    #[test]
    fn clocks_change_in_april_and_september() {
        for (utc, shown) in [
            ("2026-04-04T13:59:59Z", "2026-04-05 02:59:59"),
            ("2026-04-04T14:00:00Z", "2026-04-05 02:00:00"),
            ("2026-09-26T13:59:59Z", "2026-09-27 01:59:59"),
            ("2026-09-26T14:00:00Z", "2026-09-27 03:00:00"),
        ] {
            assert_eq!(text(utc.parse().unwrap()), shown, "{utc}");
        }
    }

    #[test]
    fn offsets_with_and_without_a_colon_and_none() {
        let read = |offset: Option<&str>| {
            let element = Element::new("From").with("Year", 2019).with("Month", "07").with("Day", 1);
            let element = element.with("Hour", 0).with("Minute", "00").with_some("TimeZoneOffset", offset);
            super::read(&element).map(|at| at.to_string())
        };
        for offset in [Some("+12:00"), Some("+1200"), None] {
            assert_eq!(read(offset).as_deref(), Some("2019-06-30T12:00:00Z"));
        }
        assert_eq!(read(Some("-00:30")).as_deref(), Some("2019-07-01T00:30:00Z"));
        assert_eq!(read(Some("12:00")), None);
    }
}
