//! What the life of jobs tells whoever counts. The daemon binds it to metrics; tests may listen too.

use std::time::Duration;

use crate::model::{Move, Operation};

/// Hears of happenings. Every method does nothing unless overridden; none may block.
pub trait Observer: Send + Sync + 'static {
    /// Submissions were taken in and became `accepted`, `duplicate` or `rejected`.
    fn received(&self, _outcome: &'static str, _count: u64) {}
    /// A submission was turned away with this code.
    fn rejected(&self, _code: &'static str) {}
    /// A job was taken in although it breaks this rule.
    fn warned(&self, _account: &str, _rule: &'static str) {}
    /// A move was committed.
    fn moved(&self, _step: &Move) {}
    /// A group of moves was committed.
    fn committed(&self, _moves: usize) {}
    /// A command was answered, or not: `verdict` is a word of a bounded set.
    fn commanded(&self, _account: &str, _operation: Operation, _verdict: &'static str, _took: Duration) {}
    /// A registry used a code that stands in no table.
    fn unknown_code(&self, _registry: &str, _code: &str) {}
    /// A login succeeded or failed: `ok`, `unreachable`, `not_now`, `refused`.
    fn login(&self, _account: &str, _result: &'static str) {}
    /// Sessions of an account: open, and at work.
    fn sessions(&self, _account: &str, _open: usize, _busy: usize) {}
    /// Throttle slots of an account: used, and allowed.
    fn slots(&self, _account: &str, _used: u32, _limit: u32) {}
    /// Points of an account's daily quota: used, a day's sum, and by how much that is above the registry's last word.
    fn quota(&self, _account: &str, _used: u64, _limit: u64, _drift: Option<i64>) {}
    /// An operator paused an account, or ended that.
    fn paused(&self, _account: &str, _paused: bool) {}
    /// What costs money waits on an account since it has none, or not.
    fn out_of_funds(&self, _account: &str, _short: bool) {}
    /// This daemon began or ceased to own an account.
    fn owns(&self, _account: &str, _owns: bool) {}
    /// An account stands suspended for this reason, or not.
    fn suspended(&self, _account: &str, _why: Option<&str>) {}
    /// Events were published: `confirmed` or `unroutable`.
    fn published(&self, _outcome: &'static str, _count: u64) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
