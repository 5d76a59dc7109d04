//! How long a rule of a registry lasts.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::super::limits::instants;
use super::hesse::is_working_day;

/// How long a rule lasts, by the calendar of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// So many days later at the same local time.
    Days(u16),
    /// So many months later on the same day of the month at the same local time, or on the month's last day where it has no
    /// such day.
    Months(u16),
    /// So many years later on the same date at the same local time; 29 February becomes 28 February where there is none.
    Years(u16),
    /// So many calendar years that are complete: they are counted from the first 1 January after the start, and the end is the
    /// first moment of the year after them. None of them leaves what is left of the year (DENIC's retention of contacts that
    /// were in use: DENIC-29, 6 of them).
    FullYears(u16),
    /// The end of the last of so many working days, the first of which is after the day of the start; none of them leaves what
    /// is left of that day. Working days are [`is_working_day`]'s, in whatever zone.
    WorkingDays(u16),
}

impl Span {
    /// When it is over if it began then: the first instant that does not belong to it. Not before `start`.
    #[must_use]
    pub fn after(self, start: Timestamp, zone: &TimeZone) -> Timestamp {
        let none = jiff::Span::new();
        // An error is a length that no two representable times are apart.
        let later = |span: Result<jiff::Span, jiff::Error>| {
            span.map_or(Timestamp::MAX, |span| start.to_zoned(zone.clone()).saturating_add(span).timestamp())
        };
        let day = start.to_zoned(zone.clone()).date();
        match self {
            Self::Days(days) => later(none.try_days(days)),
            Self::Months(months) => later(none.try_months(months)),
            Self::Years(years) => later(none.try_years(years)),
            Self::FullYears(years) => begin_of_day(new_year_after(day, years), zone),
            Self::WorkingDays(days) => {
                let last = working_day_after(day, days);
                begin_of_day(last.and_then(|day| day.tomorrow().ok()), zone)
            }
        }
    }
}

/// The 1 January at which so many full years after this day are over.
fn new_year_after(day: Date, years: u16) -> Option<Date> {
    let year = i32::from(day.year()) + i32::from(years) + 1;
    Date::new(i16::try_from(year).ok()?, 1, 1).ok()
}

/// The working day that is so many after this day; the day itself if none.
fn working_day_after(day: Date, count: u16) -> Option<Date> {
    let Some(before_it) = count.checked_sub(1) else { return Some(day) };
    let mut days = day.tomorrow().ok()?.series(1.day()).filter(|day| is_working_day(*day));
    days.nth(before_it.into())
}

/// The first instant from which on the day lasts: no midnight where the clocks are put forward over it, and the second one
/// where they are put back over it. The end of time if there is no such day any more.
fn begin_of_day(day: Option<Date>, zone: &TimeZone) -> Timestamp {
    let midnights = day.into_iter().flat_map(|day| instants(zone, day, Time::midnight()));
    midnights.max().unwrap_or(Timestamp::MAX)
}
