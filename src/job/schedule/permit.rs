//! The right to send one request: a slot of the window, and a point of the quota if it costs one.

use super::quota::Charge;
use super::throttle::Slot;

/// Dropped without a word it counts as given up, and its point as used.
#[derive(Debug)]
pub struct Permit {
    slot: Slot,
    charge: Option<Charge>,
}

impl Permit {
    /// Both together; `None` where the request costs nothing.
    #[must_use]
    pub const fn new(slot: Slot, charge: Option<Charge>) -> Self {
        Self { slot, charge }
    }

    /// Whether it was taken too long ago to be used; see [`Slot::is_stale`].
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.slot.is_stale()
    }

    /// The answer was heard.
    pub fn answered(self) {
        self.slot.answered();
    }

    /// No byte was sent: slot and point can be used at once by somebody else.
    pub fn unused(self) {
        self.slot.unused();
        if let Some(charge) = self.charge {
            charge.unused();
        }
    }

    /// No answer came; the request may still arrive.
    pub fn given_up(self) {
        self.slot.given_up();
    }
}
