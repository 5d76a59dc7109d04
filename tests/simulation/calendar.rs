//! What the registry allows, from the calendar alone: nothing of the code under test is used here.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The registry's rules.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Seconds of the window.
    pub window: i64,
    /// Requests in it.
    pub requests: u32,
    /// The same from 02:00 to 04:00 on the clocks of the wall.
    pub at_purge: u32,
    /// Points a day.
    pub quota: u64,
}

/// Requests that windows allow between two instants, by local day.
pub fn by_windows(rules: Rules, zone: &TimeZone, from: Timestamp, to: Timestamp) -> BTreeMap<Date, f64> {
    const STEP: i64 = 10;
    let mut days = BTreeMap::new();
    let mut at = from;
    while at < to {
        let local = at.to_zoned(zone.clone());
        let figure = if (2..4).contains(&local.hour()) { rules.at_purge } else { rules.requests };
        *days.entry(local.date()).or_default() += f64::from(figure) * STEP as f64 / rules.window as f64;
        at += SignedDuration::from_secs(STEP);
    }
    days
}
