//! AuthInfos: they expire, and the letter with the second may come back.

use jiff::{SignedDuration, Timestamp};

use super::super::notice::Notice;
use super::super::state::State;
use super::Fate;

/// How long a second AuthInfo lives.
const LIFE_DAYS: i64 = 30;
/// How long a letter takes there and, if nobody is there, back; the registry's figure is not known.
const LETTER_DAYS: i64 = 7;

/// The registrar's own expires.
pub(super) const FIRST: Fate = Fate {
    date: |domain, _| Some(domain.authinfo1.as_ref()?.expire),
    happen: |state, ace, now, clock| {
        if let Some(domain) = state.domains.get_mut(ace) {
            domain.authinfo1 = None;
        }
        state.tell_of(ace, expired(now), now, clock);
    },
};

/// The registry's expires.
pub(super) const SECOND: Fate = Fate {
    date: |domain, _| Some(domain.authinfo2.as_ref()?.expire),
    happen: |state, ace, now, clock| {
        if let Some(domain) = state.domains.get_mut(ace) {
            domain.authinfo2 = None;
        }
        state.tell_of(ace, expired(now), now, clock);
    },
};

/// The letter would have arrived; where the address says that it cannot, the AuthInfo is deleted.
pub(super) const LETTER: Fate = Fate {
    date: |domain, _| {
        let rest = SignedDuration::from_hours(24 * (LIFE_DAYS - LETTER_DAYS));
        domain.authinfo2.as_ref()?.expire.checked_sub(rest).ok()
    },
    happen: |state, ace, now, clock| {
        if !is_undeliverable(state, ace) {
            return;
        }
        if let Some(domain) = state.domains.get_mut(ace) {
            domain.authinfo2 = None;
        }
        state.tell_of(ace, Notice::new("authInfo2Delete"), now, clock);
    },
};

fn is_undeliverable(state: &State, ace: &str) -> bool {
    let label = state.options.undeliverable_label.to_lowercase();
    let holders = state.domains.get(ace).map(|domain| domain.holders.as_slice()).unwrap_or_default();
    let mut lines = holders.iter().filter_map(|handle| state.contacts.get(handle)).flat_map(|holder| &holder.address);
    !label.is_empty() && lines.any(|line| line.to_lowercase().contains(&label))
}

fn expired(at: Timestamp) -> Notice {
    Notice { authinfo_expire: Some(at), ..Notice::new("authInfoExpire") }
}
