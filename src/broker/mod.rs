//! Where jobs come from and events go to. `rabbitmq` is the only user of AMQP; `local` is the embedded default, where
//! jobs enter through the command line and events are read from the store.

pub mod local;
pub mod rabbitmq;

use std::fmt;

use async_trait::async_trait;

use crate::model::{Event, Reject};

/// A message from a publisher. It stays with the broker until it is acknowledged.
#[derive(Clone)]
pub struct Delivery {
    /// What the broker calls it; meaningless after its connection is gone (it will then come again).
    pub tag: u64,
    /// Counts connections, so that a tag of an old one is never acknowledged on a new one.
    pub generation: u64,
    /// The payload.
    pub body: Vec<u8>,
    /// The user the broker vouches for.
    pub user_id: Option<String>,
    /// The publisher's message id.
    pub message_id: Option<String>,
    /// Queue for the direct reply.
    pub reply_to: Option<String>,
    /// Echoed with the reply.
    pub correlation_id: Option<String>,
}

impl fmt::Debug for Delivery {
    /// Without the payload, which may hold personal data and secrets (law 11).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tag, generation, bytes) = (self.tag, self.generation, self.body.len());
        write!(f, "Delivery {{ tag: {tag}, generation: {generation}, bytes: {bytes} }}")
    }
}

/// A submission that goes to the rejected exchange.
#[derive(Clone)]
pub struct RejectedMessage {
    /// The job, or the whole message if it could not be taken apart.
    pub body: Vec<u8>,
    /// Why; becomes header `x-reason` (and `x-code`, `x-field`).
    pub reject: Reject,
    /// The publisher's message id.
    pub message_id: Option<String>,
    /// The publisher's correlation id.
    pub correlation_id: Option<String>,
}

impl fmt::Debug for RejectedMessage {
    /// Without the payload, which may hold personal data and secrets (law 11).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RejectedMessage {{ code: {}, bytes: {} }}", self.reject.code, self.body.len())
    }
}

/// What became of one published event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The broker has it.
    Confirmed,
    /// Nobody is bound to receive it, or the broker refused it; keep it and try again.
    Unroutable(String),
}

/// What went wrong, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Not connected now; the broker reconnects by itself. Try again with back-off; deliveries come again.
    #[error("the broker is not available: {0}")]
    Unavailable(String),
    /// Consuming was stopped on purpose.
    #[error("consuming was stopped")]
    Stopped,
    /// Wrong configuration (refused login, missing right, bad certificate file): a human must look.
    #[error("broker: {0}")]
    Misconfigured(String),
}

/// The broker.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Waits for a message and returns it with those that are there already, at most `max`, in order.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BrokerError>;
    /// Acknowledges deliveries whose content is durable (law 1). Those of a lost connection are passed over.
    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError>;
    /// Publishes turned-away submissions to the rejected exchange, confirmed.
    async fn reject(&self, messages: &[RejectedMessage]) -> Result<(), BrokerError>;
    /// Publishes events, each confirmed and, if final with a `reply_to`, also sent there directly (a reply queue that
    /// is gone is no failure).
    async fn publish(&self, events: &[Event]) -> Result<Vec<Published>, BrokerError>;
    /// Takes no further deliveries; what is not acknowledged goes back. `receive` then returns `Stopped`.
    async fn stop_consuming(&self);
    /// Whether there is a connection now.
    fn connected(&self) -> bool;
    /// Closes the connections.
    async fn close(&self);
}
