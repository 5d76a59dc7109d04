//! The sandbox's time: real time, or the runtime's, plus an offset that only grows. Quota days, blocks, grace periods and ghosts follow it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use tokio::time::Instant;

/// Farthest the clock may run ahead of real time, in seconds (about 50 years).
const FARTHEST: i64 = 50 * 366 * 86_400;

/// The clock shared by everything in a sandbox.
#[derive(Debug)]
pub(crate) struct Clock {
    ahead_seconds: AtomicI64,
    /// How much of that the clients' clocks were moved by, too.
    shared_seconds: AtomicI64,
    /// What it showed at an instant of the runtime's time, if it goes with that.
    begun: Option<(Timestamp, Instant)>,
    zone: TimeZone,
}

impl Clock {
    /// A clock that shows real time, and German local time as `local`.
    pub(crate) fn new() -> Self {
        Self { ahead_seconds: AtomicI64::new(0), shared_seconds: AtomicI64::new(0), begun: None, zone: zone() }
    }

    /// A clock that shows `now` at this moment and goes on with the runtime's time, paused or not.
    pub(crate) fn starting(now: Timestamp) -> Self {
        Self { begun: Some((now, Instant::now())), ..Self::new() }
    }

    /// The sandbox's now.
    pub(crate) fn now(&self) -> Timestamp {
        later(self.real(), SignedDuration::from_secs(self.ahead_seconds.load(Ordering::SeqCst)))
    }

    /// What the clients' clocks show: the sandbox's time without what it alone was moved by. Signatures are made and judged
    /// by it.
    pub(crate) fn unmoved(&self) -> Timestamp {
        later(self.real(), SignedDuration::from_secs(self.shared_seconds.load(Ordering::SeqCst)))
    }

    fn real(&self) -> Timestamp {
        match self.begun {
            None => Timestamp::now(),
            Some((begun, at)) => later(begun, SignedDuration::try_from(at.elapsed()).unwrap_or(SignedDuration::MAX)),
        }
    }

    /// Moves the clock forward. A registry's clock never runs backwards, and neither does this one.
    pub(crate) fn advance(&self, seconds: i64) -> Result<Timestamp, String> {
        let moved = self.ahead_seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |ahead| {
            ahead.checked_add(seconds).filter(|sum| seconds >= 0 && *sum <= FARTHEST)
        });
        moved.map(|_| self.now()).map_err(|_| format!("the clock cannot move by {seconds} seconds"))
    }

    /// Moves the clock forward together with the clocks of all clients.
    pub(crate) fn advance_all(&self, seconds: i64) -> Result<Timestamp, String> {
        let now = self.advance(seconds)?;
        self.shared_seconds.fetch_add(seconds, Ordering::SeqCst);
        Ok(now)
    }

    /// Moves the clock forward to an instant.
    pub(crate) fn set(&self, to: Timestamp) -> Result<Timestamp, String> {
        let distance = to.duration_since(self.now());
        if distance.is_negative() {
            return Err("the clock only moves forward".into());
        }
        // Rounded up, so that the clock has certainly reached the instant.
        self.advance(distance.as_secs().saturating_add(i64::from(distance.subsec_nanos() > 0)))
    }

    /// The instant in local time.
    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The local calendar day, which is the quota's day.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The 25 characters of the wire: local time with its offset.
    pub(crate) fn wire(&self, at: Timestamp) -> String {
        self.local(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The instant at which the clocks on the wall show that hour of a day; in a hole, what they show behind it.
    pub(crate) fn at(&self, day: Date, hour: i8) -> Timestamp {
        hour_of(&self.zone, day, hour)
    }

    /// Where the clocks on the wall are.
    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// The instant at which the clocks of a zone show that hour of a day; in a hole, what they show behind it.
pub(crate) fn hour_of(zone: &TimeZone, day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// German local time.
pub(crate) fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(1)))
}

/// `at` plus a span, held at the end of time instead of failing.
pub(crate) fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_forward_only() {
        let clock = Clock::new();
        let before = clock.now();
        assert!(clock.advance(3600).unwrap() >= later(before, SignedDuration::from_secs(3600)));
        assert!(clock.advance(-1).is_err());
        assert!(clock.advance(i64::MAX).is_err());
        assert!(clock.set(before).is_err());
        let goal = later(before, SignedDuration::from_secs(10_000));
        assert!(clock.set(goal).unwrap() >= goal);
    }

    #[test]
    fn clients_clocks_move_only_when_told() {
        let clock = Clock::new();
        let hour = SignedDuration::from_hours(1);
        clock.advance(3600).unwrap();
        let theirs = clock.unmoved();
        assert!(clock.now().duration_since(theirs) >= hour);
        let before = clock.unmoved();
        clock.advance_all(7200).unwrap();
        assert!(clock.unmoved() >= later(before, hour * 2) && clock.now() >= later(before, hour * 3));
        assert!(clock.advance_all(-1).is_err());
        assert!(clock.unmoved() >= later(before, hour * 2));
    }

    #[test]
    fn writes_local_time_with_its_offset() {
        let clock = Clock::new();
        assert_eq!(clock.wire("2026-12-01T00:00:00Z".parse().unwrap()), "2026-12-01T01:00:00+01:00");
        assert_eq!(clock.wire("2026-07-01T00:00:00Z".parse().unwrap()), "2026-07-01T02:00:00+02:00");
    }

    #[test]
    fn an_hour_of_the_wall_on_days_of_23_24_and_25_hours() {
        let clock = Clock::new();
        for (day, hour, wire) in [
            ("2026-06-01", 2, "2026-06-01T02:00:00+02:00"),
            ("2026-03-29", 2, "2026-03-29T03:00:00+02:00"),
            ("2026-03-29", 4, "2026-03-29T04:00:00+02:00"),
            ("2026-10-25", 2, "2026-10-25T02:00:00+02:00"),
            ("2026-10-25", 4, "2026-10-25T04:00:00+01:00"),
        ] {
            assert_eq!(clock.wire(clock.at(day.parse().unwrap(), hour)), wire);
        }
    }
}
