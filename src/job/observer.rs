//! What intake and outbox count. The daemon turns it into metrics.

/// Takes counts; called often, must not block.
pub trait Observer: Send + Sync + 'static {
    /// Jobs came in and became `accepted`, `duplicate` or `rejected`.
    fn received(&self, outcome: &'static str, count: u64);
    /// A submission was turned away with this code.
    fn rejected(&self, code: &'static str);
    /// Events went out and became `confirmed` or `unroutable`.
    fn published(&self, outcome: &'static str, count: u64);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn received(&self, _outcome: &'static str, _count: u64) {}
    fn rejected(&self, _code: &'static str) {}
    fn published(&self, _outcome: &'static str, _count: u64) {}
}
