//! The registry's dates. They have no zone (reference 11.4), so an account says which one is meant.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Most digits of a fraction that count; clocks of registries have three at most.
const FRACTION: usize = 9;

/// A date as the registry writes it, `2009-09-22 10:27:00.0` with any number of digits behind the dot, or a day.
pub fn local(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_fraction = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !fraction.is_none_or(is_fraction) || !text.is_ascii() {
        return None;
    }
    match whole.len() {
        10 if fraction.is_none() => {
            whole.parse::<Date>().ok().map(|day| day.to_datetime(jiff::civil::time(0, 0, 0, 0)))
        }
        19 => {
            let digits = fraction.map(|digits| &digits[..digits.len().min(FRACTION)]);
            let exact = digits.map_or_else(|| whole.to_owned(), |digits| format!("{whole}.{digits}"));
            exact.parse().ok()
        }
        _ => None,
    }
}

/// The instant of a date. In the hour that comes twice in autumn it is the first of the two.
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local(text)?).compatible().ok()
}

/// How much later than [`instant`] a date may be meant: the hour that comes twice.
pub fn slack(text: &str, zone: &TimeZone) -> SignedDuration {
    match local(text) {
        Some(date) if zone.to_ambiguous_timestamp(date).is_ambiguous() => SignedDuration::from_hours(1),
        _ => SignedDuration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_any_fraction_or_none_and_no_zone() {
        let zone = super::super::limits::zone();
        for (text, expected) in [
            ("2009-09-22 10:27:00.0", "2009-09-22T14:27:00Z"),
            ("2009-09-22 10:27:00.000", "2009-09-22T14:27:00Z"),
            ("2009-01-22 10:27:00", "2009-01-22T15:27:00Z"),
            (" 2009-01-22 10:27:00.1234567890123 ", "2009-01-22T15:27:00.123456789Z"),
            ("2009-01-22", "2009-01-22T05:00:00Z"),
            ("2026-11-01 01:30:00.0", "2026-11-01T05:30:00Z"),
        ] {
            assert_eq!(instant(text, &zone), expected.parse().ok(), "{text}");
        }
        for text in
            ["", "2009", "2009-13-01 00:00:00.0", "2009-09-22 10:27:00.", "2009-09-22 10:27:00.x", "2009-09-22T1"]
        {
            assert_eq!(local(text), None, "{text}");
        }
        assert_eq!(slack("2026-11-01 01:30:00.0", &zone).as_secs(), 3600);
        assert_eq!(slack("2026-11-01 03:30:00.0", &zone), SignedDuration::ZERO);
        let angeles = TimeZone::get("America/Los_Angeles").unwrap();
        assert_eq!(instant("2009-01-22 10:27:00.0", &angeles), "2009-01-22T18:27:00Z".parse().ok());
    }
}
