//! The calendar of Hesse against a published one.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

use super::super::hesse::easter;
use super::super::{hesse_holiday, is_working_day};

/// The published list; where its dates come from stands at its head.
const PUBLISHED: &str = include_str!("holidays-hesse.txt");
const FIRST: Date = date(2025, 1, 1);
const LAST: Date = date(2050, 12, 31);

/// The list by date.
pub(super) fn published() -> BTreeMap<Date, &'static str> {
    let lines = PUBLISHED.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| line.split_once(' ').unwrap_or_else(|| panic!("no name: {line}")));
    rows.map(|(day, name)| (day.parse().unwrap(), name)).collect()
}

/// Whether it is a working day by the list instead of by our rules.
pub(super) fn is_published_working_day(day: Date, holidays: &BTreeMap<Date, &str>) -> bool {
    assert!((FIRST..=LAST).contains(&day), "{day} is not in the list");
    let closed = [(12, 24), (12, 31)].contains(&(day.month(), day.day()));
    let week = day.weekday().to_monday_one_offset();
    week <= 5 && !closed && !holidays.contains_key(&day)
}

#[test]
fn holidays_are_those_of_the_published_list() {
    let holidays = published();
    assert_eq!(holidays.len(), 26 * 10);
    let days = FIRST.series(1.day()).take_while(|day| *day <= LAST);
    let wrong: Vec<_> = days
        .map(|day| (day, hesse_holiday(day), holidays.get(&day).copied()))
        .filter(|(_, ours, theirs)| ours != theirs)
        .collect();
    assert_eq!(wrong, []);
}

#[test]
fn working_days_are_those_of_the_published_list() {
    let holidays = published();
    let days = FIRST.series(1.day()).take_while(|day| *day <= LAST);
    for day in days {
        assert_eq!(is_working_day(day), is_published_working_day(day, &holidays), "{day}");
    }
}

/// The earliest and latest there are, the exceptions of Gauss's rule (1954, 1981, 2049, 2076), and years around centuries.
#[test]
fn easter_is_when_the_church_has_it() {
    for easter_sunday in [
        date(1583, 4, 10),
        date(1734, 4, 25),
        date(1761, 3, 22),
        date(1818, 3, 22),
        date(1886, 4, 25),
        date(1899, 4, 2),
        date(1900, 4, 15),
        date(1943, 4, 25),
        date(1954, 4, 18),
        date(1981, 4, 19),
        date(1999, 4, 4),
        date(2000, 4, 23),
        date(2038, 4, 25),
        date(2049, 4, 18),
        date(2076, 4, 19),
        date(2190, 4, 25),
        date(2285, 3, 22),
    ] {
        assert_eq!(easter(easter_sunday.year()), easter_sunday);
    }
}

#[test]
fn easter_is_a_sunday_in_its_five_weeks_in_every_year() {
    for year in -9999..=9999 {
        let sunday = easter(year);
        let day_of_march = sunday.day_of_year() - date(year, 3, 1).day_of_year() + 1;
        assert_eq!((sunday.year(), sunday.weekday()), (year, Weekday::Sunday));
        assert!((22..=56).contains(&day_of_march), "{sunday}");
    }
}

#[test]
fn two_holidays_on_one_day_are_one() {
    assert_eq!(hesse_holiday(date(2008, 5, 1)), Some("Tag der Arbeit"));
    assert_eq!(easter(2008), date(2008, 3, 23), "Ascension is 39 days later: the same day");
}

/// Holidays of other Länder, days on which much is closed, and the Sundays that are holidays without a name of their own.
#[test]
fn other_days_have_no_name() {
    for (day, works) in [
        (date(2026, 1, 6), true),
        (date(2026, 10, 31), false),
        (date(2028, 10, 31), true),
        (date(2027, 11, 1), true),
        (date(2026, 11, 18), true),
        (date(2026, 2, 16), true),
        (date(2026, 4, 2), true),
        (date(2026, 12, 24), false),
        (date(2026, 12, 31), false),
        (date(2026, 4, 5), false),
        (date(2026, 5, 24), false),
    ] {
        assert_eq!((hesse_holiday(day), is_working_day(day)), (None, works), "{day}");
    }
}
