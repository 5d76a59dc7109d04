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
    /// Nothing is sent before this instant; monotonic, so that a clock that jumps shortens nothing.
    quiet_until: Option<Instant>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Suspension {
    #[default]
    None,
    /// A login was refused; the store does not know yet. Only writing it may end this.
    Unwritten(String),
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
    /// The store does not know of the suspension for this reason and must be told.
    Tell(String),
}

impl Standing {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything may be sent now.
    #[must_use]
    pub fn may_send(&self) -> bool {
        let inner = self.lock();
        inner.suspension == Suspension::None && inner.quiet_until.is_none_or(|until| Instant::now() >= until)
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
    pub fn suspend(&self, why: &str) {
        let mut inner = self.lock();
        if inner.suspension == Suspension::None {
            inner.suspension = Suspension::Unwritten(why.to_owned());
        }
    }

    /// Why it is suspended, if the store does not know yet.
    #[must_use]
    pub fn unwritten(&self) -> Option<String> {
        match &self.lock().suspension {
            Suspension::Unwritten(why) => Some(why.clone()),
            Suspension::None | Suspension::Written => None,
        }
    }

    /// The store was told.
    pub fn written(&self) {
        self.lock().suspension = Suspension::Written;
    }

    /// Silences it for this long; never shortens a silence.
    pub fn be_quiet(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut inner = self.lock();
        inner.quiet_until = Some(inner.quiet_until.map_or(until, |before| before.max(until)));
    }

    /// Takes in what the store says, read at `now`.
    pub fn learn(&self, state: &AccountState, now: Timestamp) -> Change {
        if let Some(until) = state.cooldown_until {
            self.be_quiet(Duration::try_from(until.duration_since(now)).unwrap_or_default());
        }
        let mut inner = self.lock();
        match (&inner.suspension, &state.suspended) {
            (Suspension::Unwritten(why), None) => Change::Tell(why.clone()),
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

    #[test]
    fn a_refusal_the_store_does_not_know_yet_is_not_forgotten() {
        let standing = Standing::default();
        standing.suspend("wrong password");
        // The look that began before the refusal was written, or while the store was away.
        assert_eq!(standing.learn(&state(None, None), Timestamp::UNIX_EPOCH), Change::Tell("wrong password".into()));
        assert!(!standing.may_send());
        assert_eq!(standing.unwritten().as_deref(), Some("wrong password"));
        standing.written();
        assert_eq!(standing.unwritten(), None);
        assert_eq!(standing.learn(&state(Some("wrong password"), None), Timestamp::UNIX_EPOCH), Change::None);
        assert_eq!(standing.learn(&state(None, None), Timestamp::UNIX_EPOCH), Change::Resumed);
        assert!(standing.may_send());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_never_shortened() {
        let standing = Standing::default();
        standing.be_quiet(Duration::from_secs(120));
        standing.be_quiet(Duration::from_secs(1));
        let now = Timestamp::UNIX_EPOCH;
        standing.learn(&state(None, Some(now + Duration::from_secs(5))), now);
        assert_eq!(standing.quiet_for(), Some(Duration::from_secs(120)));
        tokio::time::advance(Duration::from_secs(120)).await;
        assert!(standing.may_send() && standing.quiet_for().is_none());
    }
}
