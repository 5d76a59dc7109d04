//! What may be open and sent. Of traffic the registry publishes no number, so the figures here are ours, and small; what it
//! does say is that two writes to one domain within a second make it refuse one of them (`LOCK_ERROR`), and how long it
//! works on a request itself. The configuration stands above them.

use std::time::Duration;

use crate::model::Limits;
use crate::model::limits::Timetable;

use super::dates::zone;

/// Requests per minute: ours.
const BY_MINUTE: u32 = 120;
/// Requests under way at once: ours. Each is a connection of its own.
const SESSIONS: usize = 4;
/// Between the answer to a request and the next one on the same object: the second of `LOCK_ERROR`, and a little for good
/// measure. The house knows no gap for writes alone, so questions keep it, too.
const SPACING: Duration = Duration::from_millis(1200);
/// How long an answer is waited for: longer than the registry works on a request (120 s), so that it gives up first.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(150);

/// The limits of an account.
pub fn published() -> Limits {
    Limits {
        zone: zone(),
        sessions: SESSIONS,
        requests: Timetable::always(BY_MINUTE),
        spacing: SPACING,
        answer_within: ANSWER_WITHIN,
        ..Limits::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_new_zealand_and_writes_keep_the_lock_time() {
        let limits = published();
        let day_of = |at: &str| limits.next_day(at.parse().unwrap()).to_string();
        assert_eq!(day_of("2026-01-15T10:59:59Z"), "2026-01-15T11:00:00Z");
        assert_eq!(day_of("2026-07-15T12:00:00Z"), "2026-07-16T12:00:00Z");
        assert!(limits.spacing > Duration::from_secs(1) && limits.answer_within > Duration::from_secs(120));
    }
}
