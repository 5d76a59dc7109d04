//! What may be open and sent. OpenSRS publishes that there are limits (300: too many commands, 310: too many connections)
//! and no number but one; all others here are ours, and small. The configuration stands above them.

use jiff::tz::TimeZone;

use crate::model::Limits;
use crate::model::limits::Timetable;

/// Requests per minute: ours.
const BY_MINUTE: u32 = 60;
/// Sessions open at once: ours.
const SESSIONS: usize = 2;
/// Commands one connection of the TCP protocol takes; the next is answered 350 and not carried out (guide, response codes).
pub const COMMANDS: u32 = 100;

/// The registry's local time: times without a zone are Toronto's.
pub fn zone() -> TimeZone {
    // The rule in force since 2007, for machines without time zone data.
    let rule = || TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC);
    TimeZone::get("America/Toronto").unwrap_or_else(|_| rule())
}

/// The limits of an account, whichever way it is spoken to.
pub fn published() -> Limits {
    Limits { zone: zone(), sessions: SESSIONS, requests: Timetable::always(BY_MINUTE), ..Limits::none() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_torontos() {
        let limits = published();
        let day_of = |at: &str| limits.next_day(at.parse().unwrap()).to_string();
        assert_eq!(day_of("2026-01-15T04:59:59Z"), "2026-01-15T05:00:00Z");
        assert_eq!(day_of("2026-07-15T04:00:00Z"), "2026-07-16T04:00:00Z");
        assert_eq!((limits.quota, limits.requests_at(jiff::Timestamp::UNIX_EPOCH)), (None, BY_MINUTE));
    }
}
