//! How long to wait between two looks at a queue.

use std::time::Duration;

use crate::model::retry::Steps;

/// The pace of one queue: after messages soon, then slower and slower as long as there are none.
#[derive(Debug)]
pub struct Pace {
    steps: Steps,
    trouble: Steps,
    /// Looks in a row that found nothing.
    idle: u32,
    /// Looks in a row that failed.
    failures: u32,
}

impl Pace {
    /// Begins with the shortest wait.
    pub fn new(steps: Steps, trouble: Steps) -> Self {
        Self { steps, trouble, idle: 0, failures: 0 }
    }

    /// A look found the queue empty in the end, after so many messages.
    pub fn looked(&mut self, messages: u64) {
        self.failures = 0;
        self.idle = if messages > 0 { 0 } else { self.idle.saturating_add(1) };
    }

    /// A look failed.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// The wait before the next look. A queue is waited for without jitter: each account has its own, and its first look
    /// begins when the account is owned.
    pub fn wait(&self, random: f64) -> Duration {
        match self.failures {
            0 => {
                let doublings = self.idle.saturating_sub(1).min(30);
                self.steps.first.saturating_mul(2u32.saturating_pow(doublings)).min(self.steps.longest)
            }
            failures => self.trouble.wait(failures - 1, random),
        }
    }

    /// A message is to be expected: the longest the next look may be away. A registry in trouble is left alone.
    pub fn expect_something(&mut self) -> Option<Duration> {
        self.idle = 0;
        (self.failures == 0).then_some(self.steps.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(first: u64, longest: u64) -> Steps {
        Steps { first: Duration::from_secs(first), longest: Duration::from_secs(longest) }
    }

    #[test]
    fn an_empty_queue_is_looked_at_less_and_less_until_something_is_there() {
        let mut pace = Pace::new(seconds(5, 60), seconds(1, 60));
        let mut waits = Vec::new();
        for found in [0, 0, 0, 0, 0, 0, 3, 0, 0] {
            pace.looked(found);
            waits.push(pace.wait(0.5).as_secs());
        }
        assert_eq!(waits, [5, 10, 20, 40, 60, 60, 5, 5, 10]);
        assert_eq!(pace.expect_something(), Some(Duration::from_secs(5)));
        assert_eq!(pace.wait(0.5).as_secs(), 5);
    }

    #[test]
    fn a_registry_in_trouble_is_left_alone() {
        let mut pace = Pace::new(seconds(5, 60), seconds(1, 60));
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                pace.failed();
                assert_eq!(pace.expect_something(), None);
                pace.wait(1.0).as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        pace.looked(0);
        assert_eq!(pace.wait(1.0).as_secs(), 5);
    }
}
