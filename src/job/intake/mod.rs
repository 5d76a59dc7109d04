//! Intake: delivery → checked job → commit → acknowledgement; what cannot be taken in is turned away with its reason.
//!
//! ```text
//! receive ─► sort (message, gate, fields) ─► commit: store ─► keep rejected ─► ack
//! ```
//! One batch is received and sorted while the one before it is being committed; batches are committed in order.

mod commit;
mod fields;
mod gate;
mod message;
mod nearest;
mod sort;
mod submit;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use gate::{DefaultId, Gate, LOCAL, Origin, Publisher};
pub use nearest::nearest;
pub use submit::{About, Outcome, Submission, Submitted, Told, submit, submit_telling};

use crate::broker::{Broker, BrokerError};
use crate::failpoint::failpoint;
use crate::job::observer::Observer;
use crate::job::patience::Trouble;
use crate::model::retry::Steps;
use crate::store::Store;
use sort::{Sorted, sort};
#[cfg(feature = "failpoints")]
use {
    crate::broker::{Delivery, RejectedMessage},
    crate::model::{Event, NewJob},
};

/// Told the account for which new jobs are durable.
pub type Hint = Arc<dyn Fn(&str) + Send + Sync>;

/// The intake of one daemon.
pub struct Intake {
    /// The rules of admission.
    pub gate: Arc<Gate>,
    /// Where jobs become durable.
    pub store: Arc<dyn Store>,
    /// Where deliveries come from.
    pub broker: Arc<dyn Broker>,
    /// Wakes the scheduler of an account.
    pub hint: Hint,
    /// Counts.
    pub observer: Arc<dyn Observer>,
    /// Back-off while store or broker is away.
    pub retry: Steps,
}

impl Intake {
    /// Takes in jobs until `stop`; then takes no more, finishes what was received and returns. What could not be
    /// committed stays with the broker.
    pub async fn run(self, stop: CancellationToken) {
        let intake = Arc::new(self);
        let (sender, receiver) = mpsc::channel(1);
        // Taking messages apart is work for a core of its own while the batch before is being committed.
        let receiving = tokio::spawn({
            let (intake, stop) = (Arc::clone(&intake), stop.clone());
            async move { intake.receive(sender, &stop).await }
        });
        tokio::join!(intake.commit_all(receiver, &stop), async {
            stop.cancelled().await;
            intake.broker.stop_consuming().await;
        });
        if let Err(error) = receiving.await {
            tracing::error!("receiving ended: {error}");
        }
    }

    async fn receive(&self, sorted: mpsc::Sender<Sorted>, stop: &CancellationToken) {
        let most = self.gate.limits().batch.max(1);
        let mut tries = 0;
        loop {
            let error = match self.broker.receive(most).await {
                Ok(deliveries) => {
                    tries = 0;
                    failpoint!(IntakeReceived);
                    let mut deliveries = deliveries.into_iter().peekable();
                    while deliveries.peek().is_some() {
                        let batch = sort(&self.gate, &mut deliveries, most, Timestamp::now());
                        if sorted.send(batch).await.is_err() {
                            return;
                        }
                    }
                    continue;
                }
                Err(BrokerError::Stopped) => return,
                Err(error) => error,
            };
            let wait = if error.passes() { self.retry.wait(tries, rand::random()) } else { self.retry.longest };
            tries += 1;
            tracing::warn!(%error, "no deliveries");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn commit_all(&self, mut sorted: mpsc::Receiver<Sorted>, stop: &CancellationToken) {
        while let Some(sorted) = sorted.recv().await {
            self.commit(sorted, stop).await;
        }
    }
}

/// What one delivery becomes: the jobs that are taken in, and for each that is not its event and what goes to the rejected
/// exchange. Intake itself does this many at a time; this is for tests of whatever may arrive.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn sorted(gate: &Gate, delivery: Delivery, now: Timestamp) -> (Vec<NewJob>, Vec<(Event, RejectedMessage)>) {
    let Sorted { jobs, turned_away, .. } = sort(gate, &mut std::iter::once(delivery), 1, now);
    (jobs, turned_away.into_iter().map(|one| (one.event, one.message)).collect())
}

#[cfg(test)]
mod tests;
