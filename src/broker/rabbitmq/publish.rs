//! The publishing connection: confirmed, persistent, `mandatory`. Its own, because a broker that is short of memory stops
//! reading from connections that publish, and acknowledgements must get through even then.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::connection::{Endpoint, PATIENCE, Wire};
use super::error::classify;
use super::link::{Role, Session};
use super::topology::{Topology, short};
use crate::broker::{BrokerError, Published, RejectedMessage};
use crate::model::Event;

/// How long the broker may take to confirm a batch. A blocked publisher ends here.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

/// Messages written ahead of the socket; the confirms of a whole batch are awaited after its last message.
const AHEAD: usize = 128;

/// Longest reason in a header, in bytes: all properties of a message have to fit into one frame.
const LONGEST_REASON: usize = 4096;

/// Opens publishing connections.
pub(super) struct PublisherRole {
    pub(super) endpoint: Arc<Endpoint>,
}

#[async_trait]
impl Role for PublisherRole {
    type Session = Publishing;
    const NAME: &'static str = "publisher";

    async fn open(&self, _generation: u64) -> Result<Publishing, BrokerError> {
        Publishing::open(&self.endpoint, Self::NAME).await
    }
}

/// A message on its way to an exchange.
pub(super) struct Outgoing<'a> {
    pub(super) exchange: ShortString,
    pub(super) routing_key: ShortString,
    /// How a returned message is recognised; those that share an id in a batch must share their route.
    pub(super) id: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) body: Cow<'a, [u8]>,
}

/// A connection that publishes.
pub(super) struct Publishing {
    wire: Wire,
    /// One batch at a time, so that whatever is returned meanwhile belongs to it.
    channel: Mutex<Channel>,
    /// Replies have a channel of their own: a user without the right to use the default exchange loses this one only.
    replies: Mutex<Option<Channel>>,
}

impl Session for Publishing {
    fn wire(&self) -> &Wire {
        &self.wire
    }
}

impl Publishing {
    pub(super) async fn open(endpoint: &Endpoint, role: &str) -> Result<Self, BrokerError> {
        let wire = endpoint.open(role).await?;
        let channel = timeout(PATIENCE, confirming(&wire))
            .await
            .map_err(|_| BrokerError::Unavailable("the broker does not answer while opening a channel".into()))?
            .map_err(|error| classify("cannot publish", &error))?;
        Ok(Self { wire, channel: Mutex::new(channel), replies: Mutex::new(None) })
    }

    /// Publishes all, then awaits all confirms; the answers are in the order of `messages`.
    pub(super) async fn publish(&self, messages: &[Outgoing<'_>]) -> Result<Vec<Published>, BrokerError> {
        let channel = self.channel.lock().await;
        match timeout(CONFIRM_WITHIN, pipeline(&channel, messages, true)).await {
            Ok(Ok(published)) => Ok(published),
            // What was on the way is unknown now; it will be published again under the same ids.
            Ok(Err(error)) => Err(self.lost(classify("cannot publish", &error))),
            Err(_) => Err(self.lost(BrokerError::Unavailable(format!(
                "the broker did not confirm within {} s; it may be short of memory or disk",
                CONFIRM_WITHIN.as_secs()
            )))),
        }
    }

    /// Sends direct replies. Best effort: the same events go to the exchange, confirmed.
    pub(super) async fn reply(&self, messages: &[Outgoing<'_>]) {
        let mut slot = self.replies.lock().await;
        let attempt = async {
            let channel = match slot.take() {
                Some(channel) => channel,
                None => confirming(&self.wire).await?,
            };
            // Not `mandatory`: a requester that no longer waits is nothing unusual.
            pipeline(&channel, messages, false).await.map(|_| channel)
        };
        match timeout(PATIENCE, attempt).await {
            Ok(Ok(channel)) => *slot = Some(channel),
            Ok(Err(error)) => tracing::warn!(%error, "cannot send direct replies"),
            Err(_) => tracing::warn!("cannot send direct replies: no answer"),
        }
    }

    /// Says goodbye to the broker.
    pub(super) async fn close(&self) {
        self.wire.close().await;
    }

    fn lost(&self, error: BrokerError) -> BrokerError {
        self.wire.broken().cancel();
        error
    }
}

async fn confirming(wire: &Wire) -> Result<Channel, lapin::Error> {
    let channel = wire.channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

async fn pipeline(
    channel: &Channel,
    messages: &[Outgoing<'_>],
    mandatory: bool,
) -> Result<Vec<Published>, lapin::Error> {
    let options = BasicPublishOptions { mandatory, ..Default::default() };
    let mut writes = Vec::with_capacity(messages.len());
    for message in messages {
        let properties = message.properties.clone().with_message_id(message.id.clone()).with_delivery_mode(2);
        let (exchange, key) = (message.exchange.clone(), message.routing_key.clone());
        writes.push(channel.basic_publish(exchange, key, options, &message.body, properties));
    }
    let confirms: Vec<_> = stream::iter(writes).buffered(AHEAD).try_collect().await?;
    let mut nacked = Vec::with_capacity(messages.len());
    let mut returned = HashSet::new();
    for confirm in confirms {
        let confirmation = confirm.await?;
        nacked.push(confirmation.is_nack());
        // A returned message comes with some confirm, not with its own: where the broker confirms many at once, lapin
        // hands them out in any order. The id says whose it is.
        if let Confirmation::Ack(Some(message)) | Confirmation::Nack(Some(message)) = confirmation {
            returned.extend(message.delivery.properties.message_id().clone());
        }
    }
    let outcome = |(message, nacked): (&Outgoing<'_>, bool)| match (nacked, returned.contains(&message.id)) {
        (true, _) => Published::Unroutable("the broker refused it (a queue is full or its leader is away)".into()),
        (false, true) => Published::Unroutable(format!("no queue is bound to {} for it", message.exchange)),
        (false, false) => Published::Confirmed,
    };
    Ok(messages.iter().zip(nacked).map(outcome).collect())
}

/// An event for the exchange, and for its `reply_to` if it is final and may have one.
///
/// # Errors
/// Why it cannot be published at all.
pub(super) fn of_event(
    event: &Event,
    topology: &Topology,
) -> Result<(Outgoing<'static>, Option<Outgoing<'static>>), String> {
    let body = Cow::from(serde_json::to_vec(&event.body).map_err(|error| error.to_string())?);
    let name = |text: &str| short(text).map_err(|error| error.to_string());
    let mut properties = BasicProperties::default()
        .with_content_type("application/cloudevents+json".into())
        .with_type(name(&event.kind)?)
        .with_timestamp(u64::try_from(event.time.as_second()).unwrap_or(0));
    if let Some(correlation) = &event.correlation_id {
        properties = properties.with_correlation_id(name(correlation)?);
    }
    let id = name(&event.id.0.to_string())?;
    let reply = match event.reply_to.as_deref() {
        Some(queue) if event.is_final && topology.is_ours(queue) => {
            tracing::warn!(queue, "a reply_to that names a queue of ours is not honoured");
            None
        }
        Some(queue) if event.is_final => Some(Outgoing {
            exchange: ShortString::default(),
            routing_key: name(queue)?,
            id: id.clone(),
            properties: properties.clone(),
            body: body.clone(),
        }),
        _ => None,
    };
    let exchange = topology.events.clone();
    Ok((Outgoing { exchange, routing_key: name(&event.routing_key())?, id, properties, body }, reply))
}

/// A submission that was turned away, for the rejected exchange.
pub(super) fn of_reject<'a>(message: &'a RejectedMessage, topology: &Topology) -> Outgoing<'a> {
    let mut headers = FieldTable::default();
    let mut put = |name: &str, text: &str| {
        let text = &text[..text.floor_char_boundary(LONGEST_REASON)];
        headers.insert(name.into(), AMQPValue::LongString(text.into()));
    };
    put("x-reason", &message.reject.reason);
    put("x-code", message.reject.code.word());
    if let Some(field) = &message.reject.field {
        put("x-field", field);
    }
    let mut properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_type(message.reject.code.word().into())
        .with_headers(headers);
    if let Some(correlation) = message.correlation_id.as_deref().and_then(|text| short(text).ok()) {
        properties = properties.with_correlation_id(correlation);
    }
    let id = message.message_id.as_deref().and_then(|id| short(id).ok());
    Outgoing {
        exchange: topology.rejected.clone(),
        routing_key: message.reject.code.word().into(),
        id: id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string().into()),
        properties,
        body: Cow::from(&message.body),
    }
}
