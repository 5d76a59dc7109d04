//! A broker in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Journal, lock};
use crate::broker::{Broker, BrokerError, Delivery, Published, RejectedMessage};
use crate::model::{Event, EventId};

pub(in crate::job) struct FakeBroker {
    pub(in crate::job) journal: Journal,
    /// So many calls of `reject` and `publish` fail before the next one works.
    pub(in crate::job) failures: Mutex<u32>,
    /// Handed out by `receive`, one batch a call.
    pub(in crate::job) deliveries: Mutex<Vec<Vec<Delivery>>>,
    pub(in crate::job) rejected: Mutex<Vec<RejectedMessage>>,
    pub(in crate::job) published: Mutex<Vec<Event>>,
    /// Events nobody receives.
    pub(in crate::job) unroutable: Mutex<Vec<EventId>>,
    /// One permit for each call of `ack`.
    pub(in crate::job) acks: Semaphore,
    /// If set, `publish` never answers.
    pub(in crate::job) stuck: Mutex<bool>,
    pub(in crate::job) stopped: CancellationToken,
}

impl Default for FakeBroker {
    fn default() -> Self {
        Self {
            journal: Journal::default(),
            failures: Mutex::default(),
            deliveries: Mutex::default(),
            rejected: Mutex::default(),
            published: Mutex::default(),
            unroutable: Mutex::default(),
            acks: Semaphore::new(0),
            stuck: Mutex::default(),
            stopped: CancellationToken::new(),
        }
    }
}

impl FakeBroker {
    fn available(&self) -> std::result::Result<(), BrokerError> {
        let mut failures = lock(&self.failures);
        if *failures > 0 {
            *failures -= 1;
            return Err(BrokerError::Unavailable("away".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Broker for FakeBroker {
    async fn receive(&self, _max: usize) -> std::result::Result<Vec<Delivery>, BrokerError> {
        let next = {
            let mut deliveries = lock(&self.deliveries);
            (!deliveries.is_empty() && !self.stopped.is_cancelled()).then(|| deliveries.remove(0))
        };
        if let Some(batch) = next {
            return Ok(batch);
        }
        self.stopped.cancelled().await;
        Err(BrokerError::Stopped)
    }
    async fn ack(&self, deliveries: &[Delivery]) -> std::result::Result<(), BrokerError> {
        let tags: Vec<_> = deliveries.iter().map(|delivery| delivery.tag).collect();
        lock(&self.journal).push(format!("ack {tags:?}"));
        self.acks.add_permits(1);
        Ok(())
    }
    async fn reject(&self, messages: &[RejectedMessage]) -> std::result::Result<(), BrokerError> {
        self.available()?;
        lock(&self.journal).push(format!("reject {}", messages.len()));
        lock(&self.rejected).extend_from_slice(messages);
        Ok(())
    }
    async fn publish(&self, events: &[Event]) -> std::result::Result<Vec<Published>, BrokerError> {
        self.available()?;
        if *lock(&self.stuck) {
            std::future::pending::<()>().await;
        }
        lock(&self.published).extend_from_slice(events);
        let unroutable = lock(&self.unroutable);
        let answer = |event: &Event| match unroutable.contains(&event.id) {
            true => Published::Unroutable("nobody".into()),
            false => Published::Confirmed,
        };
        Ok(events.iter().map(answer).collect())
    }
    async fn stop_consuming(&self) {
        self.stopped.cancel();
    }
    fn connected(&self) -> bool {
        true
    }
    async fn close(&self) {}
}
