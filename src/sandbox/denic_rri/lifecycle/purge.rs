//! The purge phase: two hours of each night (of the late morning in the test environment) in which names become free, each
//! at a moment that nobody foresees; name, day and seed decide it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use super::super::super::clock;
use super::super::Environment;

/// The moment of a name on a day.
pub(super) fn moment(environment: Environment, seed: u64, ace: &str, day: Date, zone: &TimeZone) -> Timestamp {
    let hour = environment.release_hour();
    // From hour to hour as the clocks on the wall show it: where summer time begins, the window lasts only one.
    let (opens, closes) = (clock::hour_of(zone, day, hour), clock::hour_of(zone, day, hour + 2));
    let digest = Sha256::digest(format!("{seed} {ace} {day}"));
    let chance = digest.iter().take(4).fold(0, |sum, byte| sum << 8 | i64::from(*byte));
    let window = closes.as_second().saturating_sub(opens.as_second()).max(1);
    opens.checked_add(jiff::SignedDuration::from_secs(chance % window)).unwrap_or(Timestamp::MAX)
}

/// The first such moment after a deadline: on its day, or on the next.
pub(super) fn after(environment: Environment, seed: u64, ace: &str, deadline: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = deadline.to_zoned(zone.clone()).date();
    let tomorrow = today.checked_add(1.day()).ok();
    let moments = [Some(today), tomorrow].into_iter().flatten().map(|day| moment(environment, seed, ace, day, zone));
    moments.into_iter().find(|moment| *moment > deadline).unwrap_or(Timestamp::MAX)
}
