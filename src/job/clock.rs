//! The wall clock of whoever works an account. Simulations hand in one that follows the runtime's paused time.

use jiff::Timestamp;
use tokio::time::Instant;

/// Tells the time of day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(Option<(Timestamp, Instant)>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `now` at this moment and goes on with the runtime's time, paused or not.
    #[must_use]
    pub fn starting(now: Timestamp) -> Self {
        Self(Some((now, Instant::now())))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.0 {
            None => Timestamp::now(),
            Some((begun, at)) => begun
                .saturating_add(jiff::SignedDuration::try_from(at.elapsed()).unwrap_or_default())
                .unwrap_or(Timestamp::MAX),
        }
    }
}
