//! Domains whose name servers were not acceptable: announced, then deleted.

use jiff::Timestamp;

use super::super::Environment;
use super::super::notice::Notice;
use super::super::state::Status;
use super::{Fate, days_later};

/// When a domain that is failed from now on is deleted.
pub(in super::super) fn expiry(environment: Environment, now: Timestamp) -> Timestamp {
    days_later(now, environment.grace_days())
}

/// The contract ends, and the name is free at once.
pub(super) const EXPIRY: Fate = Fate {
    date: |domain, _| domain.expire.filter(|_| domain.status == Status::Failed),
    happen: |state, ace, now, clock| {
        let expire = Some(now);
        state.tell_of(ace, Notice { expire, ..Notice::new("expire") }, now, clock);
        state.remove_domain(ace, now);
    },
};

/// The coming expiry is announced.
pub(super) const WARNING: Fate = Fate {
    date: |domain, options| {
        let expire = domain.expire.filter(|_| domain.status == Status::Failed)?;
        expire.checked_sub(options.environment.warned_before()).ok()
    },
    happen: |state, ace, now, clock| {
        let expire = state.domains.get(ace).and_then(|domain| domain.expire);
        state.tell_of(ace, Notice { expire, ..Notice::new("expireWarning") }, now, clock);
    },
};
