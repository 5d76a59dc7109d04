//! The messages of the registries: read, stored, told, and only then removed (law 5).
//!
//! A queue is read from its oldest message on, one at a time. The message, its event and what it ends for pending jobs
//! are one transaction; then the intent to remove it is written; then it is removed at the registry. Whatever dies in
//! between, the next look finds the message at the head again: a message that is known is only removed.
//!
//! The poller of an account lives as long as its daemon owns the account. It knows nothing of the life of jobs; it has a
//! line to the registry, which takes a slot of the throttle for each request and keeps silent when the account must.

#[cfg(test)]
mod fakes;
mod inbound;
pub mod observer;
mod pace;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::retry::Steps;
use crate::registries::{Line, Mailbox};
use crate::store::{Inbox, Lease};
use observer::Observer;
use pace::Pace;
use queue::Queue;

/// Reads the queues of accounts.
pub struct Poller {
    /// Where messages are kept.
    pub store: Arc<dyn Inbox>,
    /// The first and the longest wait between two looks at an empty queue.
    pub steps: Steps,
    /// The waits after a look that failed.
    pub trouble: Steps,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Called after each message that was stored, so that its event leaves; with `true` if it ended jobs, so that those
    /// that waited for them may start.
    pub changed: Arc<dyn Fn(bool) + Send + Sync>,
}

impl Poller {
    /// Reads the queue of the lease's account until told to stop. `hint` says that a message is to be expected soon.
    pub async fn attend(
        &self,
        mailbox: &dyn Mailbox,
        line: Arc<dyn Line>,
        lease: Lease,
        hint: &Notify,
        stop: CancellationToken,
    ) {
        let mut queue = Queue::new(self, mailbox, line, lease);
        let mut pace = Pace::new(self.steps, self.trouble);
        while !stop.is_cancelled() {
            match queue.drain(&stop).await {
                Ok(read) => pace.looked(read),
                Err(trouble) => {
                    pace.failed();
                    queue.complain(&trouble);
                }
            }
            let mut until = Instant::now() + pace.wait(rand::random());
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(until) => break,
                    () = hint.notified() => {
                        if let Some(soon) = pace.expect_something() {
                            until = until.min(Instant::now() + soon);
                        }
                    }
                }
            }
        }
    }
}
