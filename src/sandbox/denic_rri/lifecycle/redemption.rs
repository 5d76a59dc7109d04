//! Deleted domains: kept for a grace period, then free. Whatever begins the period anew computes the release again.

use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use super::super::super::clock::Clock;
use super::super::Environment;
use super::super::state::Status;
use super::Fate;

/// When a name deleted now is free again: on the day after the grace period, at a moment of two hours that nobody
/// foresees; name, day and seed decide it.
pub(in super::super) fn release(
    environment: Environment,
    seed: u64,
    ace: &str,
    now: Timestamp,
    clock: &Clock,
) -> Timestamp {
    let Ok(day) = clock.day(now).checked_add((environment.grace_days() + 1).days()) else { return Timestamp::MAX };
    let hour = environment.release_hour();
    // From hour to hour as the clocks on the wall show it: where summer time begins, the window lasts only one.
    let (opens, closes) = (clock.at(day, hour), clock.at(day, hour + 2));
    let digest = Sha256::digest(format!("{seed} {ace} {day}"));
    let chance = digest.iter().take(4).fold(0, |sum, byte| sum << 8 | i64::from(*byte));
    let window = closes.as_second().saturating_sub(opens.as_second()).max(1);
    opens.checked_add(jiff::SignedDuration::from_secs(chance % window)).unwrap_or(Timestamp::MAX)
}

/// Anybody may register the name.
pub(super) const RELEASE: Fate = Fate {
    date: |domain, _| domain.release.filter(|_| domain.status == Status::RedemptionPeriod),
    happen: |state, ace, now, _| {
        state.remove_domain(ace, now);
    },
};
