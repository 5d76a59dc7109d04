//! RabbitMQ, the only user of AMQP.
//!
//! One connection consumes, another publishes; each is kept alive by its own [`link`], which after any error drops the
//! connection with everything on it and opens the next. lapin's own recovery is not used: it gives up after a while and
//! does not heal a channel that the broker closed.

mod connection;
mod consume;
mod error;
pub mod floor;
mod link;
mod publish;
mod topology;
mod window;

use std::sync::Arc;

use async_trait::async_trait;
use lapin::BasicProperties;
use tokio_util::sync::CancellationToken;

use super::{Broker, BrokerError, Delivery, Published, RejectedMessage};
use crate::config;
use crate::model::Event;
use connection::Endpoint;
use consume::{ConsumerRole, Consuming};
use link::Link;
use publish::{Outgoing, PublisherRole, Publishing, of_event, of_reject};
use topology::{Topology, short};

pub use topology::Names;

/// RabbitMQ as [`Broker`].
pub struct RabbitBroker {
    consumer: Link<Consuming>,
    publisher: Link<Publishing>,
    topology: Arc<Topology>,
    stopped: CancellationToken,
    closing: CancellationToken,
}

impl RabbitBroker {
    /// Connects under the names of the contract. `prefetch` is how many deliveries may be unacknowledged at
    /// most: twice the intake's batch, so that one batch arrives while another is being committed. Of large ones it is
    /// fewer, so that memory stays bounded ([`window`]).
    ///
    /// A broker that is away is no error: it is tried again in the background, see [`Broker::connected`].
    ///
    /// # Errors
    /// [`BrokerError::Misconfigured`]: wrong URL, password file or CA, refused login, missing right, or a queue that
    /// exists with other settings.
    pub async fn connect(config: &config::Broker, prefetch: u16) -> Result<Self, BrokerError> {
        Self::connect_as(config, prefetch, &Names::default()).await
    }

    /// As [`Self::connect`], under other names.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_as(config: &config::Broker, prefetch: u16, names: &Names) -> Result<Self, BrokerError> {
        let endpoint = Arc::new(Endpoint::new(config)?);
        let topology = Arc::new(Topology::new(names, config)?);
        let (stopped, closing) = (CancellationToken::new(), CancellationToken::new());
        // Whatever fails below, what was started before it ends with this guard.
        let abandoned = closing.clone().drop_guard();
        let role = ConsumerRole { endpoint: Arc::clone(&endpoint), topology: Arc::clone(&topology), prefetch };
        let consumer = Link::start(role, stopped.clone(), closing.clone()).await?;
        let publisher = Link::start(PublisherRole { endpoint }, CancellationToken::new(), closing.clone()).await?;
        abandoned.disarm();
        Ok(Self { consumer, publisher, topology, stopped, closing })
    }

    fn publishing(&self) -> Result<Arc<Publishing>, BrokerError> {
        self.publisher.now().ok_or_else(|| BrokerError::Unavailable("not connected".into()))
    }
}

impl Drop for RabbitBroker {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

#[async_trait]
impl Broker for RabbitBroker {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BrokerError> {
        let receive = async {
            loop {
                let Some(session) = self.consumer.wait().await else { return Err(BrokerError::Stopped) };
                match session.receive(max).await {
                    Ok(deliveries) => return Ok(deliveries),
                    Err(error) => tracing::warn!(%error, "no deliveries until the next connection"),
                }
            }
        };
        tokio::select! {
            biased;
            () = self.stopped.cancelled() => Err(BrokerError::Stopped),
            received = receive => received,
        }
    }

    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        match self.consumer.now() {
            Some(session) => session.ack(deliveries).await,
            None => Ok(()),
        }
    }

    async fn reject(&self, messages: &[RejectedMessage]) -> Result<(), BrokerError> {
        let outgoing: Vec<_> = messages.iter().map(|message| of_reject(message, &self.topology)).collect();
        let lost = self.publishing()?.publish(&outgoing).await?.into_iter().find_map(|published| match published {
            Published::Confirmed => None,
            Published::Unroutable(why) => Some(why),
        });
        match lost {
            None => Ok(()),
            Some(why) => Err(BrokerError::Unavailable(format!("rejected submissions cannot be kept: {why}"))),
        }
    }

    async fn publish(&self, events: &[Event]) -> Result<Vec<Published>, BrokerError> {
        let session = self.publishing()?;
        let (mut outgoing, mut replies) = (Vec::with_capacity(events.len()), Vec::new());
        let mut published = Vec::with_capacity(events.len());
        for event in events {
            match of_event(event, &self.topology) {
                Ok((message, reply)) => {
                    outgoing.push(message);
                    replies.extend(reply);
                    published.push(Published::Confirmed);
                }
                Err(why) => published.push(Published::Unroutable(why)),
            }
        }
        let mut answers = session.publish(&outgoing).await?.into_iter();
        for slot in published.iter_mut().filter(|slot| **slot == Published::Confirmed) {
            *slot = answers.next().unwrap_or_else(|| Published::Unroutable("no answer".into()));
        }
        if !replies.is_empty() {
            session.reply(&replies).await;
        }
        Ok(published)
    }

    async fn stop_consuming(&self) {
        self.stopped.cancel();
        if let Some(session) = self.consumer.now() {
            session.stop().await;
        }
    }

    fn connected(&self) -> bool {
        self.publisher.now().is_some() && (self.stopped.is_cancelled() || self.consumer.now().is_some())
    }

    async fn close(&self) {
        self.stopped.cancel();
        self.closing.cancel();
        tokio::join!(self.consumer.closed(), self.publisher.closed());
    }
}

/// A message for the jobs exchange.
#[derive(Clone, Debug)]
pub struct JobMessage {
    /// The AMQP message id; the id of a single job that names none itself.
    pub message_id: String,
    /// A job, or a bulk of jobs, as JSON.
    pub body: Vec<u8>,
}

/// Publishes jobs as any other publisher would: `mandatory`, persistent, confirmed, with the connection's user as
/// `user_id`. The answers are in the order of `messages`.
///
/// # Errors
/// As [`RabbitBroker::connect`]; here also if the broker is away, or does not confirm in time: then nobody knows which
/// of the messages arrived, and publishing them again is safe as long as their jobs have ids.
pub async fn publish_jobs(
    config: &config::Broker,
    names: &Names,
    messages: &[JobMessage],
) -> Result<Vec<Published>, BrokerError> {
    let endpoint = Endpoint::new(config)?;
    let topology = Topology::new(names, config)?;
    let mut outgoing = Vec::with_capacity(messages.len());
    for message in messages {
        outgoing.push(Outgoing {
            exchange: topology.jobs.clone(),
            routing_key: "submit".into(),
            id: short(&message.message_id)?,
            properties: BasicProperties::default()
                .with_content_type("application/json".into())
                .with_type("registrard.job.v1".into())
                .with_user_id(short(endpoint.user())?),
            body: (&message.body).into(),
        });
    }
    let session = Publishing::open(&endpoint, "submit").await?;
    let published = session.publish(&outgoing).await;
    session.close().await;
    published
}
