//! DENIC's working days: Monday to Friday, without Hesse's public holidays and without 24 and 31 December.

use jiff::civil::{Date, Weekday, date};

/// Holidays that have a date: month, day, name.
const FIXED: [(i8, i8, &str); 5] = [
    (1, 1, "Neujahr"),
    (5, 1, "Tag der Arbeit"),
    (10, 3, "Tag der Deutschen Einheit"),
    (12, 25, "1. Weihnachtstag"),
    (12, 26, "2. Weihnachtstag"),
];

/// Holidays that move with Easter: days after Easter Sunday, name.
const MOVABLE: [(i16, &str); 5] =
    [(-2, "Karfreitag"), (1, "Ostermontag"), (39, "Christi Himmelfahrt"), (50, "Pfingstmontag"), (60, "Fronleichnam")];

/// Days on which DENIC does not work although they are no holidays: month, day.
const CLOSED: [(i8, i8); 2] = [(12, 24), (12, 31)];

/// Whether DENIC counts it as a working day.
#[must_use]
pub fn is_working_day(date: Date) -> bool {
    let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    !is_weekend && !CLOSED.contains(&(date.month(), date.day())) && hesse_holiday(date).is_none()
}

/// The German name of the public holiday that a date is in Hesse; `None` if it is none.
///
/// These are the named ones of the Hessian holiday act (HFeiertagsG, § 1 (1)) as it stands since 1995. The same sentence
/// makes every Sunday a holiday, thus Easter Sunday and Whit Sunday, too; Sundays have no name here, and are no working days
/// anyhow. The government may make a single day a holiday by decree (§ 2); no calendar knows that beforehand.
#[must_use]
pub fn hesse_holiday(date: Date) -> Option<&'static str> {
    let fixed = FIXED.iter().find(|(month, day, _)| (date.month(), date.day()) == (*month, *day));
    let from_easter = || date.day_of_year() - easter(date.year()).day_of_year();
    let movable = || MOVABLE.iter().find(|(days, _)| *days == from_easter());
    fixed.map(|(.., name)| *name).or_else(|| movable().map(|(_, name)| *name))
}

/// Easter Sunday of the western churches: the first Sunday after the first full moon on or after 21 March, the moon being
/// that of the Gregorian cycle, not the one in the sky (Gauss's rule in the form H. Lichtenberg gave it).
pub(super) fn easter(year: i16) -> Date {
    let (century, place) = (i32::from(year.div_euclid(100)), i32::from(year.rem_euclid(19)));
    // Leap days that were left out, and what 235 months are shorter than 19 years.
    let shift = 15 + (3 * century + 3) / 4 - (8 * century + 13) / 25;
    let moon = (19 * place + shift).rem_euclid(30);
    // Of 30 possible days the last is never taken, and the last but one not in the second half of the cycle.
    let moon = moon - (moon + place / 11) / 29;
    // From 21 March to 18 April: neither call leaves the year, and neither can fail.
    let full_moon = date(year, 3, 21).saturating_add(jiff::Span::new().days(moon));
    full_moon.nth_weekday(1, Weekday::Sunday).unwrap_or(full_moon)
}
