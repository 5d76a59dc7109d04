//! What may be open and sent. The protocol says that there are limits (520, 521) and names no number but that of an idle
//! session's minutes; all numbers here are ours, and small. The configuration stands above them.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::Limits;
use crate::model::limits::Timetable;

/// Requests per minute: ours.
const BY_MINUTE: u32 = 60;
/// Sessions open at once: ours.
const SESSIONS: usize = 4;
/// An idle session ends after ten minutes where the registry says nothing else (reference 2); half of that is safe.
const KEEP_ALIVE: Duration = Duration::from_secs(300);
/// The registry's local time where an account names none: that of the registry of .com and .net.
pub const ZONE: &str = "America/New_York";

/// The zone of [`ZONE`].
pub fn zone() -> TimeZone {
    // The rule in force since 2007, for machines without time zone data.
    let rule = || TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC);
    TimeZone::get(ZONE).unwrap_or_else(|_| rule())
}

/// The limits of an account.
pub fn published() -> Limits {
    Limits {
        zone: zone(),
        sessions: SESSIONS,
        requests: Timetable::always(BY_MINUTE),
        keep_alive: Some(KEEP_ALIVE),
        ..Limits::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_sessions_speak_before_ten_minutes_are_over() {
        let limits = published();
        assert!(limits.keep_alive.is_some_and(|every| every + limits.answer_within < Duration::from_secs(600)));
        assert_eq!((limits.sessions, limits.requests_at(jiff::Timestamp::UNIX_EPOCH)), (4, 60));
        let day_of = |at: &str| limits.next_day(at.parse().unwrap()).to_string();
        assert_eq!(day_of("2026-01-15T04:59:59Z"), "2026-01-15T05:00:00Z");
    }
}
