//! Whether an account may send at all, known in memory the moment it changes: the store is told and asked as well, but
//! neither a slow store nor one that is away may let another request slip out (laws 6 and 10).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::store::AccountState;

/// Suspension and silence of one account in this process.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    suspension: Suspension,
    /// Counts changes made here: what was read from the store before one of them says nothing about it.
    generation: u64,
    /// A silence the store does not know of yet.
    owed: Option<(Timestamp, String)>,
    /// The end of a silence that was last read from the store. It is kept once: a clock that is set back must not revive it.
    read: Option<Timestamp>,
    /// An operator has paused the account or its registry.
    paused: bool,
    /// Nothing is sent before this instant; monotonic, so that a clock that jumps shortens nothing.
    quiet_until: Option<Instant>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Suspension {
    #[default]
    None,
    /// A login was refused, at this instant; the store does not know yet. Only writing it may end this.
    Unwritten(String, Timestamp),
    /// The store knows; it ends when the store says so.
    Written,
}

/// What the store's word changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// An operator resumed the account.
    Resumed,
    /// The store does not know of the suspension for this reason, at this instant, and must be told.
    Tell(String, Timestamp),
}

impl Standing {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything may be sent now.
    #[must_use]
    pub fn may_send(&self) -> bool {
        let inner = self.lock();
        inner.suspension == Suspension::None
            && !inner.paused
            && inner.quiet_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Pauses it, or ends its pause; says whether that changes anything.
    pub fn pause(&self, paused: bool) -> bool {
        let mut inner = self.lock();
        std::mem::replace(&mut inner.paused, paused) != paused
    }

    /// Whether the account is suspended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.lock().suspension != Suspension::None
    }

    /// How much longer it must be silent.
    #[must_use]
    pub fn quiet_for(&self) -> Option<Duration> {
        let left = self.lock().quiet_until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Suspends it at once; the store is still to be told.
    pub fn suspend(&self, why: &str, now: Timestamp) {
        let mut inner = self.lock();
        inner.generation += 1;
        if inner.suspension == Suspension::None {
            inner.suspension = Suspension::Unwritten(why.to_owned(), now);
        }
    }

    /// To be taken before the store is asked, and handed to [`Standing::learn`].
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// The store was told.
    pub fn written(&self) {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.suspension = Suspension::Written;
    }

    /// Silences it for this long; never shortens a silence.
    pub fn be_quiet(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut inner = self.lock();
        inner.quiet_until = Some(inner.quiet_until.map_or(until, |before| before.max(until)));
    }

    /// The store has yet to be told of a silence; of two the longer one.
    pub fn owe(&self, until: Timestamp, why: &str) {
        let mut inner = self.lock();
        if inner.owed.as_ref().is_none_or(|(owed, _)| *owed < until) {
            inner.owed = Some((until, why.to_owned()));
        }
    }

    /// What the store has yet to be told.
    #[must_use]
    pub fn owed(&self) -> Option<(Timestamp, String)> {
        self.lock().owed.clone()
    }

    /// The store was told.
    pub fn paid(&self, until: Timestamp) {
        let mut inner = self.lock();
        inner.owed = inner.owed.take().filter(|(owed, _)| *owed > until);
    }

    /// Takes in what the store said, asked at `now` in this `generation`.
    pub fn learn(&self, state: &AccountState, now: Timestamp, generation: u64) -> Change {
        if let Some(until) = state.cooldown_until
            && self.lock().read.replace(until) != Some(until)
        {
            self.be_quiet(Duration::try_from(until.duration_since(now)).unwrap_or_default());
        }
        let mut inner = self.lock();
        match (&inner.suspension, &state.suspended) {
            (Suspension::Unwritten(why, at), None) => Change::Tell(why.clone(), *at),
            (Suspension::Written, None) if inner.generation != generation => Change::None,
            (Suspension::Written, None) => {
                inner.suspension = Suspension::None;
                Change::Resumed
            }
            (_, Some(_)) => {
                inner.suspension = Suspension::Written;
                Change::None
            }
            (Suspension::None, None) => Change::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(suspended: Option<&str>, cooldown_until: Option<Timestamp>) -> AccountState {
        AccountState { suspended: suspended.map(str::to_owned), cooldown_until, ..AccountState::default() }
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_refusal_the_store_does_not_know_yet_is_not_forgotten() {
        let standing = Standing::default();
        let before = standing.generation();
        standing.suspend("wrong password", NOW);
        // The look that began before the refusal was written, or while the store was away.
        assert_eq!(standing.learn(&state(None, None), NOW, before), Change::Tell("wrong password".into(), NOW));
        assert!(!standing.may_send());
        standing.written();
        assert_eq!(standing.learn(&state(None, None), NOW, before), Change::None, "read before it was written");
        assert!(!standing.may_send());
        let now = standing.generation();
        assert_eq!(standing.learn(&state(Some("wrong password"), None), NOW, now), Change::None);
        assert_eq!(standing.learn(&state(None, None), NOW, now), Change::Resumed);
        assert!(standing.may_send());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_never_shortened() {
        let standing = Standing::default();
        standing.be_quiet(Duration::from_secs(120));
        standing.be_quiet(Duration::from_secs(1));
        standing.learn(&state(None, Some(NOW + Duration::from_secs(5))), NOW, 0);
        assert_eq!(standing.quiet_for(), Some(Duration::from_secs(120)));
        tokio::time::advance(Duration::from_secs(120)).await;
        assert!(standing.may_send() && standing.quiet_for().is_none());
    }
}
