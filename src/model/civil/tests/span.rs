//! When a rule is over.

use jiff::ToSpan;
use jiff::civil::{Time, Weekday};
use jiff::tz::AmbiguousOffset;

use super::super::Span::{self, Days, FullYears, Months, WorkingDays, Years};
use super::hesse::{is_published_working_day, published};
use super::*;

/// Start and end as clocks there show them. In Berlin they go forward on 2026-03-29 at 02:00, and back on 2026-10-25 at
/// 03:00.
const IN_BERLIN: &[(&str, Span, &str)] = &[
    // Days of 23 and of 25 hours.
    ("2026-03-28T12:00+01:00", Days(1), "2026-03-29 12:00:00 +02:00"),
    ("2026-10-24T12:00+02:00", Days(1), "2026-10-25 12:00:00 +01:00"),
    ("2026-03-29T00:00+01:00", Days(1), "2026-03-30 00:00:00 +02:00"),
    ("2026-10-25T00:00+02:00", Days(1), "2026-10-26 00:00:00 +01:00"),
    // A time that does not exist, and the edges of where it would be.
    ("2026-03-28T02:30+01:00", Days(1), "2026-03-29 03:30:00 +02:00"),
    ("2026-03-28T02:00+01:00", Days(1), "2026-03-29 03:00:00 +02:00"),
    ("2026-03-28T01:59:59+01:00", Days(1), "2026-03-29 01:59:59 +01:00"),
    ("2026-01-29T02:30+01:00", Months(2), "2026-03-29 03:30:00 +02:00"),
    ("2025-03-29T02:30+01:00", Years(1), "2026-03-29 03:30:00 +02:00"),
    // A time that comes twice: the first as an end, and each of them as a start.
    ("2026-10-24T02:30+02:00", Days(1), "2026-10-25 02:30:00 +02:00"),
    ("2026-09-25T02:30+02:00", Months(1), "2026-10-25 02:30:00 +02:00"),
    ("2025-10-25T02:30+02:00", Years(1), "2026-10-25 02:30:00 +02:00"),
    ("2026-10-25T02:30+02:00", Days(1), "2026-10-26 02:30:00 +01:00"),
    ("2026-10-25T02:30+01:00", Days(1), "2026-10-26 02:30:00 +01:00"),
    // Nothing ends at once, also in an hour's second coming.
    ("2026-10-25T02:30+01:00", Days(0), "2026-10-25 02:30:00 +01:00"),
    ("2026-10-25T02:30+01:00", Months(0), "2026-10-25 02:30:00 +01:00"),
    ("2026-10-25T02:30+01:00", Years(0), "2026-10-25 02:30:00 +01:00"),
    // DENIC's 30 days and 6 months over a change and over a year's end.
    ("2026-03-01T01:30+01:00", Days(30), "2026-03-31 01:30:00 +02:00"),
    ("2026-12-15T23:59:59+01:00", Days(30), "2027-01-14 23:59:59 +01:00"),
    ("2026-08-31T00:00+02:00", Months(6), "2027-02-28 00:00:00 +01:00"),
    ("2027-08-31T00:00+02:00", Months(6), "2028-02-29 00:00:00 +01:00"),
    ("2026-08-12T10:15:30+02:00", Months(24), "2028-08-12 10:15:30 +02:00"),
    // Leap days, and the ends of months.
    ("2028-02-29T12:00+01:00", Years(1), "2029-02-28 12:00:00 +01:00"),
    ("2028-02-29T12:00+01:00", Years(4), "2032-02-29 12:00:00 +01:00"),
    ("2096-02-29T12:00+01:00", Years(4), "2100-02-28 12:00:00 +01:00"),
    ("2028-01-31T12:00+01:00", Months(1), "2028-02-29 12:00:00 +01:00"),
    ("2027-01-31T12:00+01:00", Months(1), "2027-02-28 12:00:00 +01:00"),
    ("2028-02-29T12:00+01:00", Months(1), "2028-03-29 12:00:00 +02:00"),
    ("2027-03-01T12:00+01:00", Days(365), "2028-02-29 12:00:00 +01:00"),
    ("2027-03-01T12:00+01:00", Days(366), "2028-03-01 12:00:00 +01:00"),
    ("2026-12-31T23:59:59+01:00", Years(1), "2027-12-31 23:59:59 +01:00"),
    ("2026-12-31T23:30+01:00", Days(1), "2027-01-01 23:30:00 +01:00"),
    // The retention of contacts: the manual's sample, and both sides of a year's end by the local calendar.
    ("2023-10-15T12:00+02:00", FullYears(6), "2030-01-01 00:00:00 +01:00"),
    ("2023-12-31T23:59:59+01:00", FullYears(6), "2030-01-01 00:00:00 +01:00"),
    ("2024-01-01T00:00+01:00", FullYears(6), "2031-01-01 00:00:00 +01:00"),
    ("2023-12-31T22:59:59Z", FullYears(6), "2030-01-01 00:00:00 +01:00"),
    ("2023-12-31T23:00:00Z", FullYears(6), "2031-01-01 00:00:00 +01:00"),
    ("2023-10-15T12:00+02:00", FullYears(0), "2024-01-01 00:00:00 +01:00"),
    // The lock's 7 working days: a plain week, over Christmas, over New Year, and over Whitsun and Corpus Christi.
    ("2026-09-07T09:00+02:00", WorkingDays(7), "2026-09-17 00:00:00 +02:00"),
    ("2026-12-16T09:00+01:00", WorkingDays(7), "2026-12-30 00:00:00 +01:00"),
    ("2026-12-18T09:00+01:00", WorkingDays(7), "2027-01-05 00:00:00 +01:00"),
    ("2026-05-22T09:00+02:00", WorkingDays(7), "2026-06-04 00:00:00 +02:00"),
    ("2026-05-26T09:00+02:00", WorkingDays(7), "2026-06-06 00:00:00 +02:00"),
    // From Maundy Thursday to the Tuesday after Easter, over weekends with a change of clocks, from a day that is none.
    ("2026-04-02T23:59:59+02:00", WorkingDays(1), "2026-04-08 00:00:00 +02:00"),
    ("2026-03-27T00:00+01:00", WorkingDays(1), "2026-03-31 00:00:00 +02:00"),
    ("2026-10-23T23:59:59+02:00", WorkingDays(1), "2026-10-27 00:00:00 +01:00"),
    ("2026-03-28T12:00+01:00", WorkingDays(1), "2026-03-31 00:00:00 +02:00"),
    ("2026-03-27T22:59:59Z", WorkingDays(1), "2026-03-31 00:00:00 +02:00"),
    ("2026-03-29T22:00:00Z", WorkingDays(1), "2026-04-01 00:00:00 +02:00"),
    ("2026-10-25T12:00+01:00", WorkingDays(0), "2026-10-26 00:00:00 +01:00"),
];

/// In Auckland the clocks go back on 2026-04-05 at 03:00, and forward on 2026-09-27 at 02:00.
const IN_AUCKLAND: &[(&str, Span, &str)] = &[
    ("2026-04-04T12:00+13:00", Days(1), "2026-04-05 12:00:00 +12:00"),
    ("2026-09-26T12:00+12:00", Days(1), "2026-09-27 12:00:00 +13:00"),
    ("2026-04-05T00:00+13:00", Days(1), "2026-04-06 00:00:00 +12:00"),
    ("2026-04-04T02:30+13:00", Days(1), "2026-04-05 02:30:00 +13:00"),
    ("2026-03-05T02:30+13:00", Months(1), "2026-04-05 02:30:00 +13:00"),
    ("2026-04-05T02:30+13:00", Days(1), "2026-04-06 02:30:00 +12:00"),
    ("2026-04-05T02:30+12:00", Days(1), "2026-04-06 02:30:00 +12:00"),
    ("2026-04-05T02:30+12:00", Days(0), "2026-04-05 02:30:00 +12:00"),
    ("2026-09-26T02:30+12:00", Days(1), "2026-09-27 03:30:00 +13:00"),
    ("2026-08-27T02:30+12:00", Months(1), "2026-09-27 03:30:00 +13:00"),
    ("2025-09-27T02:30+12:00", Years(1), "2026-09-27 03:30:00 +13:00"),
    ("2026-07-01T02:30+12:00", Days(90), "2026-09-29 02:30:00 +13:00"),
    ("2026-02-15T23:59:59+13:00", Days(90), "2026-05-16 23:59:59 +12:00"),
    ("2028-01-31T12:00+13:00", Months(1), "2028-02-29 12:00:00 +13:00"),
    ("2028-02-29T00:00+13:00", Years(1), "2029-02-28 00:00:00 +13:00"),
    ("2026-12-31T23:30+13:00", Years(1), "2027-12-31 23:30:00 +13:00"),
    ("2026-12-31T10:30:00Z", Days(1), "2027-01-01 23:30:00 +13:00"),
    ("2023-12-31T10:59:59Z", FullYears(6), "2030-01-01 00:00:00 +13:00"),
    ("2023-12-31T11:00:00Z", FullYears(6), "2031-01-01 00:00:00 +13:00"),
    ("2026-04-04T12:00+13:00", WorkingDays(1), "2026-04-08 00:00:00 +12:00"),
    ("2026-09-25T12:00+12:00", WorkingDays(1), "2026-09-29 00:00:00 +13:00"),
];

#[test]
fn ends_are_those_of_the_tables() {
    for (name, table) in [(BERLIN, IN_BERLIN), (AUCKLAND, IN_AUCKLAND)] {
        let zone = zone(name);
        for (start, span, end) in table {
            assert_eq!(shown(span.after(at(start), &zone), &zone), *end, "{span:?} after {start} in {name}");
        }
    }
}

/// Days that begin at 01:00, at their second midnight, or not at all.
#[test]
fn days_end_where_there_is_no_single_midnight() {
    for (name, start, span, end) in [
        ("America/Sao_Paulo", "2018-11-03T12:00-03:00", WorkingDays(0), "2018-11-04 01:00:00 -02:00"),
        ("America/Sao_Paulo", "2018-02-17T23:30-03:00", WorkingDays(0), "2018-02-18 00:00:00 -03:00"),
        ("America/St_Johns", "2010-11-06T23:30-03:30", WorkingDays(0), "2010-11-07 00:00:00 -03:30"),
        ("America/St_Johns", "2010-11-06T12:00-02:30", WorkingDays(0), "2010-11-07 00:00:00 -03:30"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", WorkingDays(0), "2011-12-31 00:00:00 +14:00"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", FullYears(0), "2012-01-01 00:00:00 +14:00"),
        // 30 December is 24 hours later there.
        ("Pacific/Apia", "2011-12-29T12:00-10:00", Days(1), "2011-12-31 12:00:00 +14:00"),
    ] {
        let zone = zone(name);
        assert_eq!(shown(span.after(at(start), &zone), &zone), end, "{span:?} after {start} in {name}");
    }
}

#[test]
fn what_lies_beyond_time_ends_with_it() {
    let zone = zone(BERLIN);
    let most = [Days, Months, Years, FullYears, WorkingDays].map(|span| span(u16::MAX));
    for span in most {
        assert_eq!(span.after(Timestamp::MAX, &zone), Timestamp::MAX, "{span:?}");
    }
    let today = at("2026-09-01T00:00Z");
    let years = most.map(|span| span.after(today, &zone).to_zoned(zone.clone()).year());
    assert_eq!(years[..4], [2206, 7487, 9999, 9999]);
    // Of 248 to 252 days a year.
    assert!((2286..=2290).contains(&years[4]), "{years:?}");
}

fn any_span() -> impl Strategy<Value = Span> {
    let number = prop_oneof![0..400_u16, proptest::num::u16::ANY];
    let few = 0..600_u16;
    prop_oneof![
        number.clone().prop_map(Days),
        number.clone().prop_map(Months),
        number.clone().prop_map(Years),
        number.prop_map(FullYears),
        few.prop_map(WorkingDays),
    ]
}

/// Whether clocks skip this local time.
fn is_skipped(zone: &TimeZone, local: jiff::civil::DateTime) -> bool {
    matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
}

proptest! {
    #[test]
    fn days_are_counted_one_by_one((zone, start) in any_moment(), days in 1..800_u16) {
        let local = start.to_zoned(zone.clone()).datetime();
        let day = (0..days).fold(local.date(), |day, _| day.tomorrow().unwrap());
        let wanted = day.to_datetime(local.time());
        let end = Days(days).after(start, &zone);
        if is_skipped(&zone, wanted) {
            prop_assert!(end.to_zoned(zone.clone()).datetime() > wanted);
        } else {
            // The first instant at which clocks show it.
            prop_assert_eq!(Some(end), super::super::super::limits::instants(&zone, day, local.time()).into_iter().min());
        }
    }

    /// A later start ends later, but for an hour that comes twice or not at all: then it is at most the change earlier.
    #[test]
    fn later_starts_end_later((zone, start) in any_moment(), later in 0..400_000_i64, days in 0..800_u16) {
        let second = start + jiff::SignedDuration::from_secs(later);
        let ends = [start, second].map(|start| Days(days).after(start, &zone));
        let local = [start, second].map(|start| start.to_zoned(zone.clone()).datetime());
        let skipped = local.map(|local| local.checked_add(i32::from(days).days()).is_ok_and(|end| is_skipped(&zone, end)));
        if local[0] <= local[1] && skipped == [false; 2] {
            prop_assert!(ends[0] <= ends[1]);
        } else {
            let most = if zone.iana_name() == Some("Pacific/Apia") { CHANGE * 13 } else { CHANGE };
            prop_assert!(ends[0] <= ends[1] + most);
        }
    }

    #[test]
    fn whole_days_and_years_keep_their_order((zone, start) in any_moment(), later in 0..400_000_i64, count in 0..40_u16) {
        let second = start + jiff::SignedDuration::from_secs(later);
        // Clocks that are put back over midnight begin the day before once more.
        prop_assume!(start.to_zoned(zone.clone()).date() <= second.to_zoned(zone.clone()).date());
        for span in [FullYears(count), WorkingDays(count)] {
            prop_assert!(span.after(start, &zone) <= span.after(second, &zone), "{span:?}");
        }
    }

    #[test]
    fn working_days_are_counted_one_by_one(second in 1_735_689_600_i64..2_493_072_000, count in 1..200_u16) {
        let (holidays, zone) = (published(), zone(BERLIN));
        let start = Timestamp::from_second(second).unwrap();
        let end = WorkingDays(count).after(start, &zone).to_zoned(zone.clone());
        prop_assert_eq!(end.time(), Time::midnight());
        let (first, last) = (start.to_zoned(zone).date().tomorrow().unwrap(), end.date().yesterday().unwrap());
        let passed = first.series(1.day()).take_while(|day| *day <= last);
        let worked = passed.filter(|day| is_published_working_day(*day, &holidays)).count();
        prop_assert_eq!(worked, usize::from(count));
        prop_assert!(is_published_working_day(last, &holidays));
    }

    #[test]
    fn full_years_are_full((zone, start) in any_moment(), count in 0..20_u16) {
        let end = FullYears(count).after(start, &zone).to_zoned(zone.clone());
        prop_assert_eq!(end.date().day_of_year(), 1);
        prop_assert_eq!(end.year() - start.to_zoned(zone).year(), 1 + i16::try_from(count).unwrap());
    }

    #[test]
    fn months_and_years_end_on_the_same_day_or_the_last((zone, start) in any_moment(), count in 0..60_u16) {
        // Nothing can end on the day that was left out there.
        if zone.iana_name() == Some("Pacific/Apia") {
            return Ok(());
        }
        let begin = start.to_zoned(zone.clone()).date();
        for (span, months) in [(Months(count), i32::from(count)), (Years(count), 12 * i32::from(count))] {
            let end = span.after(start, &zone).to_zoned(zone.clone()).date();
            let apart = 12 * (i32::from(end.year()) - i32::from(begin.year())) + i32::from(end.month() - begin.month());
            prop_assert_eq!(apart, months);
            prop_assert_eq!(end.day(), begin.day().min(end.days_in_month()));
        }
    }

    #[test]
    fn no_instant_is_too_far_out(start in any_instant(), span in any_span(), zone in any_zone()) {
        prop_assert!(span.after(start, &zone) >= start);
    }
}

/// What the tables say of weekdays.
#[test]
fn the_weekdays_of_the_tables() {
    for (day, weekday) in [
        ("2026-03-29", Weekday::Sunday),
        ("2026-10-25", Weekday::Sunday),
        ("2026-04-05", Weekday::Sunday),
        ("2026-09-27", Weekday::Sunday),
        ("2026-09-07", Weekday::Monday),
        ("2026-12-16", Weekday::Wednesday),
    ] {
        assert_eq!(day.parse::<jiff::civil::Date>().unwrap().weekday(), weekday, "{day}");
    }
}
