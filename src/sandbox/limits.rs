//! The limits a registry keeps for one account. Times are always handed in, so that they follow the sandbox's clock.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::clock::later;

/// At most so many requests in any window, and a block for whoever sends more.
#[derive(Debug)]
pub(crate) struct Throttle {
    window: SignedDuration,
    block: SignedDuration,
    arrivals: VecDeque<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl Throttle {
    /// A throttle over `window`; breaking it blocks for `block`.
    pub(crate) fn new(window: SignedDuration, block: SignedDuration) -> Self {
        Self { window, block, arrivals: VecDeque::new(), blocked_until: None }
    }

    /// Counts a request, whatever becomes of it, and says whether it may pass. Requests sent during a block count too:
    /// as long as the window holds more than the limit, each of them prolongs the block.
    pub(crate) fn arrive(&mut self, now: Timestamp, limit: usize) -> bool {
        self.arrivals.push_back(now);
        while self.arrivals.front().is_some_and(|first| later(*first, self.window) <= now) {
            self.arrivals.pop_front();
        }
        // One more than the limit is enough to know that it is exceeded; the rest would only fill memory.
        while self.arrivals.len() > limit.saturating_add(1) {
            self.arrivals.pop_front();
        }
        let over = self.arrivals.len() > limit;
        let free = !over && !self.is_blocked(now);
        if over {
            self.blocked_until = Some(later(now, self.block));
        }
        free
    }

    /// Whether a block is in force.
    pub(crate) fn is_blocked(&self, now: Timestamp) -> bool {
        self.blocked_until.is_some_and(|end| now < end)
    }
}

/// So many points a day.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    day: Option<Date>,
    used: u64,
}

/// The shares of a quota, in percent, whose reaching is told.
const THRESHOLDS: [u64; 3] = [100, 90, 60];

/// What became of a point that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Taken.
    Taken,
    /// Taken, and it was the one that reached this share of the quota in percent.
    Reached(u64),
    /// None left today.
    Exhausted,
}

impl Quota {
    /// Takes one point of `day`'s quota.
    pub(crate) fn take(&mut self, day: Date, per_day: u64) -> Point {
        if self.day != Some(day) {
            *self = Self { day: Some(day), used: 0 };
        }
        if self.used >= per_day {
            return Point::Exhausted;
        }
        let share =
            |used: u64| THRESHOLDS.into_iter().find(|t| u128::from(used) * 100 >= u128::from(per_day) * u128::from(*t));
        let before = share(self.used);
        self.used += 1;
        match share(self.used) {
            Some(reached) if before != Some(reached) => Point::Reached(reached),
            _ => Point::Taken,
        }
    }

    /// Points used on `day`.
    pub(crate) fn used(&self, day: Date) -> u64 {
        if self.day == Some(day) { self.used } else { 0 }
    }
}

/// Locks a login after too many wrong passwords in a row.
#[derive(Debug, Default)]
pub(crate) struct LoginGuard {
    wrong: u32,
    blocked_until: Option<Timestamp>,
}

impl LoginGuard {
    /// Whether even the right password is refused now.
    pub(crate) fn is_blocked(&self, now: Timestamp) -> bool {
        self.blocked_until.is_some_and(|end| now < end)
    }

    /// A right password ends the row of wrong ones.
    pub(crate) fn right(&mut self) {
        *self = Self::default();
    }

    /// A wrong password; the `allowed`th in a row locks the login.
    pub(crate) fn wrong(&mut self, now: Timestamp, allowed: u32, block: SignedDuration) {
        self.wrong += 1;
        if self.wrong >= allowed {
            *self = Self { wrong: 0, blocked_until: Some(later(now, block)) };
        }
    }
}

/// The sessions of an account: those connected, and the ghosts of those that were cut without LOGOUT.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Vec<(u64, Option<Timestamp>)>);

impl Sessions {
    /// Takes a place for a session, if one of `places` is free.
    pub(crate) fn open(&mut self, session: u64, now: Timestamp, places: usize) -> bool {
        self.0.retain(|(_, ghost_until)| ghost_until.is_none_or(|end| now < end));
        let free = self.0.len() < places;
        if free {
            self.0.push((session, None));
        }
        free
    }

    /// The session logged out: its place is free at once.
    pub(crate) fn close(&mut self, session: u64) {
        self.0.retain(|(id, _)| *id != session);
    }

    /// The session's connection is gone without LOGOUT: it keeps its place until then.
    pub(crate) fn lose(&mut self, session: u64, until: Timestamp) {
        for (_, ghost_until) in self.0.iter_mut().filter(|(id, _)| *id == session) {
            *ghost_until = Some(until);
        }
    }

    /// How many are connected, and how many are ghosts.
    pub(crate) fn count(&self, now: Timestamp) -> (usize, usize) {
        let connected = self.0.iter().filter(|(_, ghost)| ghost.is_none()).count();
        (connected, self.0.iter().filter(|(_, ghost)| ghost.is_some_and(|end| now < end)).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn seconds(n: i64) -> SignedDuration {
        SignedDuration::from_secs(n)
    }

    #[test]
    fn the_window_slides_and_a_block_is_prolonged_by_sending() {
        let mut throttle = Throttle::new(seconds(60), seconds(120));
        assert!(throttle.arrive(at(0), 2) && throttle.arrive(at(10), 2));
        assert!(throttle.arrive(at(60), 2), "the first arrival has left the window");
        assert!(!throttle.arrive(at(61), 2), "three within a minute");
        assert!(!throttle.arrive(at(65), 2), "still three: prolonged to 185");
        assert!(!throttle.arrive(at(184), 2), "blocked, yet alone in its window: not prolonged");
        assert!(throttle.arrive(at(185), 2));
    }

    #[test]
    fn quota_tells_its_thresholds_once_and_starts_anew_every_day() {
        let day: Date = "2026-12-01".parse().unwrap();
        let mut quota = Quota::default();
        let told: Vec<_> = (0..10).map(|_| quota.take(day, 10)).collect();
        assert_eq!(told[5], Point::Reached(60));
        assert_eq!(told[8], Point::Reached(90));
        assert_eq!(told[9], Point::Reached(100));
        assert_eq!(told.iter().filter(|p| **p == Point::Taken).count(), 7);
        assert_eq!(quota.take(day, 10), Point::Exhausted);
        assert_eq!(quota.take(day.tomorrow().unwrap(), 10), Point::Taken);
    }

    #[test]
    fn ten_wrong_in_a_row_lock_for_the_hour_and_a_right_one_forgives() {
        let mut guard = LoginGuard::default();
        (0..9).for_each(|_| guard.wrong(at(0), 10, seconds(3600)));
        guard.right();
        (0..9).for_each(|_| guard.wrong(at(1), 10, seconds(3600)));
        assert!(!guard.is_blocked(at(1)));
        guard.wrong(at(1), 10, seconds(3600));
        assert!(guard.is_blocked(at(3600)) && !guard.is_blocked(at(3601)));
    }

    #[test]
    fn a_cut_session_keeps_its_place_for_a_while() {
        let mut sessions = Sessions::default();
        assert!(sessions.open(1, at(0), 1));
        assert!(!sessions.open(2, at(0), 1));
        sessions.lose(1, at(30));
        assert_eq!(sessions.count(at(29)), (0, 1));
        assert!(!sessions.open(2, at(29), 1));
        assert!(sessions.open(2, at(30), 1));
        sessions.close(2);
        assert!(sessions.open(3, at(30), 1));
    }
}
