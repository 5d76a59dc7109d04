//! The registry's dates: attributes of an empty element, in New Zealand local time (reference 4.2).

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::codec::tree::Element;

/// The registry's local time: what is meant where no offset stands, and what its months are counted in.
pub fn zone() -> TimeZone {
    // The rule in force since 2007, for machines without time zone data.
    let rule = || TimeZone::posix("NZST-12NZDT,M9.5.0,M4.1.0/3").unwrap_or(TimeZone::UTC);
    TimeZone::get("Pacific/Auckland").unwrap_or_else(|_| rule())
}

/// Whether an element is a date: it has its attributes.
pub fn is_date(element: &Element) -> bool {
    ["Year", "Month", "Day"].iter().all(|name| element.attribute(name).is_some())
}

/// The date of an element, with the offset it states; nothing if it is none. In the hour that comes twice in April a date
/// without offset is the first of the two.
pub fn read(element: &Element) -> Option<Zoned> {
    let number = |name: &str| element.attribute(name).map(|text| text.trim().parse::<i64>().ok());
    let required = |name: &str| number(name).flatten();
    let or_zero = |name: &str| number(name).unwrap_or(Some(0));
    let within = |value: i64, most: i64| i8::try_from(value).ok().filter(|_| (0..=most).contains(&value));
    let year = i16::try_from(required("Year")?).ok().filter(|year| (1..=9999).contains(year))?;
    let (month, day) = (within(required("Month")?, 12)?, within(required("Day")?, 31)?);
    let (hour, minute, second) =
        (within(or_zero("Hour")?, 23)?, within(or_zero("Minute")?, 59)?, within(or_zero("Second")?, 60)?);
    let day = (1..=12).contains(&month).then(|| jiff::civil::Date::new(year, month, day).ok()).flatten()?;
    let local: DateTime = day.at(hour, minute, second.min(59), 0);
    match element.attribute("TimeZoneOffset").map(str::trim).filter(|offset| !offset.is_empty()) {
        Some(text) => TimeZone::fixed(offset(text)?).to_ambiguous_zoned(local).compatible().ok(),
        None => zone().to_ambiguous_zoned(local).compatible().ok(),
    }
}

/// `+12:00` and `+1200`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A date as answers show it: RFC 3339 with its offset.
pub fn shown(date: &Zoned) -> String {
    date.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// An instant as an element, in New Zealand time with its offset.
pub fn element(name: &str, at: Timestamp) -> Element {
    let local = at.to_zoned(zone());
    let offset = local.offset().seconds();
    let sign = if offset < 0 { '-' } else { '+' };
    let parts = [
        ("Year", i64::from(local.year())),
        ("Month", i64::from(local.month())),
        ("Day", i64::from(local.day())),
        ("Hour", i64::from(local.hour())),
        ("Minute", i64::from(local.minute())),
        ("Second", i64::from(local.second())),
    ];
    let element =
        parts.into_iter().fold(Element::new(name), |element, (name, part)| element.with(name, part.to_string()));
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
    element.with("TimeZoneOffset", format!("{sign}{hours:02}:{minutes:02}"))
}

/// Whether two instants are the same to the second.
pub fn same(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() < SignedDuration::from_secs(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(attributes: &[(&str, &str)]) -> Option<String> {
        let element = attributes.iter().fold(Element::new("BilledUntil"), |e, (name, value)| e.with(name, *value));
        assert!(is_date(&element));
        read(&element).map(|date| shown(&date))
    }

    #[test]
    fn dates_are_numbers_and_not_texts() {
        let day = |day| [("Year", "2019"), ("Month", "12"), ("Day", day), ("Hour", "14"), ("Minute", "32")];
        let with = |offset| [&day("4")[..], &[("Second", "35"), ("TimeZoneOffset", offset)]].concat();
        // The sample of 4.2, and its other spellings.
        for offset in ["+13:00", "+1300"] {
            assert_eq!(of(&with(offset)).as_deref(), Some("2019-12-04T14:32:35+13:00"), "{offset}");
        }
        assert_eq!(of(&with("-03:30")).as_deref(), Some("2019-12-04T14:32:35-03:30"));
        // New Zealand time is meant, in summer and in winter, and seconds may be missing.
        assert_eq!(of(&day("04")).as_deref(), Some("2019-12-04T14:32:00+13:00"));
        let winter = [("Year", "2019"), ("Month", "7"), ("Day", "1"), ("Hour", "9"), ("Minute", "0")];
        assert_eq!(of(&winter).as_deref(), Some("2019-07-01T09:00:00+12:00"));
        for wrong in [&with("+13")[..], &with("13:00"), &with("+25:00:00"), &day("31x"), &day("32"), &day("0")] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
        assert_eq!(of(&[("Year", "2019"), ("Month", "2"), ("Day", "29")]), None);
    }

    #[test]
    fn instants_are_written_in_new_zealand_time() {
        let written = |at: &str| element("From", at.parse().unwrap());
        for (at, shown_as) in [
            ("2019-06-30T12:00:00Z", "2019-07-01T00:00:00+12:00"),
            ("2018-12-31T11:00:00Z", "2019-01-01T00:00:00+13:00"),
            // The clocks change on these days.
            ("2026-09-26T13:59:59Z", "2026-09-27T01:59:59+12:00"),
            ("2026-09-26T14:00:00Z", "2026-09-27T03:00:00+13:00"),
        ] {
            assert_eq!(shown(&read(&written(at)).unwrap()), shown_as);
        }
        assert!(same("2019-07-01T00:00:00Z".parse().unwrap(), "2019-07-01T00:00:00.9Z".parse().unwrap()));
    }
}
