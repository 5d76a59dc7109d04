//! DISPUTE entries end by themselves, and nobody is told.

use super::Fate;

/// How long an entry is valid: one year.
pub(in super::super) const DISPUTE_DAYS: i64 = 365;

/// The entry ends.
pub(super) const END: Fate = Fate {
    date: |domain, _| domain.dispute_until.filter(|_| domain.dispute.is_some()),
    happen: |state, ace, _, _| {
        if let Some(domain) = state.domains.get_mut(ace) {
            (domain.dispute, domain.dispute_until) = (None, None);
        }
    },
};
