//! Tables of dates at changes of clocks, leap days and the ends of years, and what must hold on every other day.

mod hesse;
mod lead;
mod span;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const BERLIN: &str = "Europe/Berlin";
const AUCKLAND: &str = "Pacific/Auckland";

/// As the clocks of the example registries go, and stranger: over midnight, by half an hour, never, with a day left out.
const ZONES: &[&str] =
    &[BERLIN, AUCKLAND, "America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC"];

/// More than the clocks of [`ZONES`] are ever changed by, the day left out aside.
const CHANGE: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How a table shows an instant.
fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%F %T %:z").to_string()
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    proptest::sample::select(ZONES).prop_map(zone)
}

/// Instants from 2001 to 2050, to the second, every other one near a change of clocks or a new year.
fn any_moment() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let near = (any_zone(), 978_307_200_i64..2_524_608_000, -200_000_i64..200_000, proptest::bool::ANY);
    near.prop_map(|(zone, second, away, is_near)| {
        let anywhere = Timestamp::from_second(second).unwrap();
        let change = zone.following(anywhere).next().filter(|_| is_near).map(|change| change.timestamp());
        let moment = change.map_or(anywhere, |change| Timestamp::from_second(change.as_second() + away).unwrap());
        (zone, moment)
    })
}

/// Every instant that can be written, the outermost ones often.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    let anywhere = (first.as_second()..=last.as_second()).prop_map(|second| Timestamp::from_second(second).unwrap());
    prop_oneof![Just(first), Just(last), anywhere]
}
