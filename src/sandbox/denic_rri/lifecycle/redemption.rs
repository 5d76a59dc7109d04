//! Deleted domains: kept for a grace period, then free. Whatever begins the period anew computes the release again.

use jiff::{Timestamp, ToSpan};

use super::super::super::clock::Clock;
use super::super::Environment;
use super::super::state::Status;
use super::{Fate, purge};

/// When a name deleted now is free again: in the purge phase of the day after the grace period.
pub(in super::super) fn release(
    environment: Environment,
    seed: u64,
    ace: &str,
    now: Timestamp,
    clock: &Clock,
) -> Timestamp {
    let Ok(day) = clock.day(now).checked_add((environment.grace_days() + 1).days()) else { return Timestamp::MAX };
    purge::moment(environment, seed, ace, day, clock.zone())
}

/// Anybody may register the name.
pub(super) const RELEASE: Fate = Fate {
    date: |domain, _| domain.release.filter(|_| domain.status == Status::RedemptionPeriod),
    happen: |state, ace, now, _| {
        state.remove_domain(ace, now);
    },
};
