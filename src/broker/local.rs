//! The embedded default: no broker at all. Jobs enter through `registrard submit`, events are read from the store.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Broker, BrokerError, Delivery, Published, RejectedMessage};
use crate::model::Event;

/// A broker that delivers nothing and to which every event counts as delivered: it stays readable in the store.
#[derive(Debug, Default)]
pub struct LocalBroker {
    stopped: CancellationToken,
}

impl LocalBroker {
    /// The embedded broker.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Broker for LocalBroker {
    async fn receive(&self, _max: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.stopped.cancelled().await;
        Err(BrokerError::Stopped)
    }

    async fn ack(&self, _deliveries: &[Delivery]) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn reject(&self, _messages: &[RejectedMessage]) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn publish(&self, events: &[Event]) -> Result<Vec<Published>, BrokerError> {
        Ok(vec![Published::Confirmed; events.len()])
    }

    async fn stop_consuming(&self) {
        self.stopped.cancel();
    }

    fn connected(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.stopped.cancel();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[tokio::test]
    async fn confirms_every_event_and_ends_when_told() {
        let broker = LocalBroker::new();
        let event = Event::of_account("DENIC-1000022", "resumed", "by request", Timestamp::UNIX_EPOCH);
        assert_eq!(
            broker.publish(&[event.clone(), event]).await.unwrap(),
            [Published::Confirmed, Published::Confirmed]
        );
        let (received, ()) = tokio::join!(broker.receive(10), broker.stop_consuming());
        assert!(matches!(received, Err(BrokerError::Stopped)));
    }
}
