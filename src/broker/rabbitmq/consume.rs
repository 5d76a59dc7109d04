//! The consuming connection: deliveries in, acknowledgements out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::time::timeout;

use super::connection::{Endpoint, PATIENCE, Wire};
use super::error::classify;
use super::link::{Role, Session};
use super::topology::Topology;
use crate::broker::{BrokerError, Delivery};

/// Opens consuming connections; the one that declares.
pub(super) struct ConsumerRole {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) topology: Arc<Topology>,
    pub(super) prefetch: u16,
}

#[async_trait]
impl Role for ConsumerRole {
    type Session = Consuming;
    const NAME: &'static str = "consumer";

    async fn open(&self, generation: u64) -> Result<Consuming, BrokerError> {
        let wire = self.endpoint.open(Self::NAME).await?;
        let failed = |error| classify("cannot consume", &error);
        let prepare = async {
            let channel = wire.channel().await.map_err(failed)?;
            self.topology.establish(&channel).await?;
            channel.basic_qos(self.prefetch, BasicQosOptions::default()).await.map_err(failed)?;
            let queue = self.topology.intake.clone();
            let consumer = channel
                .basic_consume(queue, TAG.into(), BasicConsumeOptions::default(), FieldTable::default())
                .await
                .map_err(failed)?;
            Ok((channel, consumer))
        };
        let (channel, consumer) = timeout(PATIENCE, prepare)
            .await
            .map_err(|_| BrokerError::Unavailable("the broker does not answer while declaring queues".into()))??;
        Ok(Consuming {
            wire,
            channel,
            consumer: tokio::sync::Mutex::new(consumer),
            outstanding: Mutex::default(),
            generation,
        })
    }
}

/// Our consumer's name on its channel.
const TAG: &str = "registrard";

/// A connection that consumes.
pub(super) struct Consuming {
    wire: Wire,
    channel: Channel,
    consumer: tokio::sync::Mutex<Consumer>,
    /// Tags handed out and not yet acknowledged.
    outstanding: Mutex<BTreeSet<u64>>,
    generation: u64,
}

impl Session for Consuming {
    fn wire(&self) -> &Wire {
        &self.wire
    }
}

impl Consuming {
    /// Waits for a message and takes those behind it that are here already. Safe to cancel: between the first message
    /// and the return there is no waiting.
    pub(super) async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BrokerError> {
        let mut consumer = self.consumer.lock().await;
        let mut next = tokio::select! {
            next = consumer.next() => next,
            () = self.wire.broken().cancelled() => None,
        };
        let mut batch = Vec::new();
        loop {
            match next {
                Some(Ok(delivery)) => batch.push(self.hand_out(delivery)),
                Some(Err(error)) => return Err(self.lost(classify("consuming ended", &error))),
                None => return Err(self.lost(BrokerError::Unavailable("the broker ended consuming".into()))),
            }
            if batch.len() >= max {
                return Ok(batch);
            }
            // An error behind deliveries is not taken up here but met again, as the end of the stream, by the next call.
            match consumer.next().now_or_never() {
                Some(Some(Ok(delivery))) => next = Some(Ok(delivery)),
                _ => return Ok(batch),
            }
        }
    }

    fn hand_out(&self, delivery: lapin::message::Delivery) -> Delivery {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner).insert(delivery.delivery_tag);
        let text = |value: &Option<ShortString>| value.as_ref().map(|text| text.as_str().to_owned());
        let properties = &delivery.properties;
        Delivery {
            tag: delivery.delivery_tag,
            generation: self.generation,
            user_id: text(properties.user_id()),
            message_id: text(properties.message_id()),
            reply_to: text(properties.reply_to()),
            correlation_id: text(properties.correlation_id()),
            body: delivery.data,
        }
    }

    /// Acknowledges those of `deliveries` that came over this connection.
    pub(super) async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let ours: BTreeSet<u64> =
            deliveries.iter().filter(|d| d.generation == self.generation).map(|delivery| delivery.tag).collect();
        let acks = {
            let mut outstanding = self.outstanding.lock().unwrap_or_else(PoisonError::into_inner);
            let acks = fewest_acks(&outstanding, &ours);
            outstanding.retain(|tag| !ours.contains(tag));
            acks
        };
        let send = async {
            for (tag, multiple) in acks {
                self.channel.basic_ack(tag, BasicAckOptions { multiple }).await?;
            }
            Ok(())
        };
        match timeout(PATIENCE, send).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.lost(classify("cannot acknowledge", &error))),
            Err(_) => Err(self.lost(BrokerError::Unavailable("cannot acknowledge: the connection is stuck".into()))),
        }
    }

    /// Ends consuming and gives back what was prefetched, so that another daemon can have it at once. What `receive`
    /// handed out can still be acknowledged.
    pub(super) async fn stop(&self) {
        let give_back = async {
            self.channel.basic_cancel(TAG.into(), BasicCancelOptions::default()).await?;
            let mut consumer = self.consumer.lock().await;
            while let Some(Some(Ok(delivery))) = consumer.next().now_or_never() {
                self.channel
                    .basic_nack(delivery.delivery_tag, BasicNackOptions { requeue: true, multiple: false })
                    .await?;
            }
            Ok::<(), lapin::Error>(())
        };
        // Failing to give back politely, closing the connection does it.
        if !matches!(timeout(PATIENCE, give_back).await, Ok(Ok(()))) {
            self.wire.broken().cancel();
        }
    }

    fn lost(&self, error: BrokerError) -> BrokerError {
        self.wire.broken().cancel();
        error
    }
}

/// The frames that acknowledge `ours` and nothing else of what is `outstanding`: one for the unbroken run of the oldest
/// (`multiple`), one for each other.
fn fewest_acks(outstanding: &BTreeSet<u64>, ours: &BTreeSet<u64>) -> Vec<(u64, bool)> {
    let run = outstanding.iter().take_while(|tag| ours.contains(tag)).last().copied();
    let rest = ours.iter().filter(|tag| outstanding.contains(tag) && run.is_none_or(|end| **tag > end));
    run.map(|end| (end, true)).into_iter().chain(rest.map(|tag| (*tag, false))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_batch_is_one_frame() {
        let outstanding: BTreeSet<u64> = (5..900).collect();
        assert_eq!(fewest_acks(&outstanding, &(5..505).collect()), [(504, true)]);
        assert_eq!(fewest_acks(&outstanding, &BTreeSet::from([5, 6, 8])), [(6, true), (8, false)]);
    }

    proptest! {
        #[test]
        fn exactly_ours_are_acknowledged(outstanding in btree_set(1u64..60, 0..40), ours in btree_set(1u64..60, 0..40)) {
            let mut left = outstanding.clone();
            for (tag, multiple) in fewest_acks(&outstanding, &ours) {
                prop_assert!(left.contains(&tag), "tag {tag} would close the channel");
                left.retain(|other| if multiple { *other > tag } else { *other != tag });
            }
            let expected: BTreeSet<u64> = outstanding.difference(&ours).copied().collect();
            prop_assert_eq!(left, expected);
        }
    }
}
