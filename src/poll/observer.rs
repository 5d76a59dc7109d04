//! What the poller tells whoever counts.

use crate::model::Move;

/// Hears of happenings. Every method does nothing unless overridden; none may block.
pub trait Observer: Send + Sync + 'static {
    /// A message that was not known was stored; `kind` is a word of a bounded set, `raw` for a type nobody knows.
    fn stored(&self, _account: &str, _kind: &'static str) {}
    /// A message ended a pending job.
    fn ended(&self, _step: &Move) {}
    /// The queue was looked at and holds so many messages, as far as the registry says.
    fn looked(&self, _account: &str, _length: Option<u64>) {}
    /// The queue could not be looked at, or a message not be stored or removed: `not_sent`, `lost`, `refused` or `store`.
    fn failed(&self, _account: &str, _why: &'static str) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
