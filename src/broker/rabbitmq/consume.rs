//! The consuming connection: deliveries in, acknowledgements out.
//!
//! A task of its own, the [`pump`], takes what comes off the connection at once: only then it is known how much there is.
//! The broker cannot be asked for a number of bytes, nor can a consumer's window be changed; so to have another one, the
//! pump cancels its consumer and begins a new one on the same channel.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::{Endpoint, PATIENCE, Wire};
use super::error::classify;
use super::link::{Role, Session};
use super::topology::Topology;
use super::window::{Window, weight};
use crate::broker::{BrokerError, Delivery};

/// Opens consuming connections; the one that declares.
pub(super) struct ConsumerRole {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) topology: Arc<Topology>,
    /// Most deliveries that may be unacknowledged.
    pub(super) prefetch: u16,
}

#[async_trait]
impl Role for ConsumerRole {
    type Session = Consuming;
    const NAME: &'static str = "consumer";

    async fn open(&self, generation: u64) -> Result<Consuming, BrokerError> {
        let wire = self.endpoint.open(Self::NAME).await?;
        let window = Window::new(self.prefetch);
        let prepare = async {
            let channel = wire.channel().await.map_err(|error| classify("cannot consume", &error))?;
            self.topology.establish(&channel).await?;
            let source = Source { channel, queue: self.topology.intake.clone(), generation };
            let consumer =
                source.consume(1, window.width()).await.map_err(|error| classify("cannot consume", &error))?;
            Ok((source, consumer))
        };
        let (source, consumer) = timeout(PATIENCE, prepare)
            .await
            .map_err(|_| BrokerError::Unavailable("the broker does not answer while declaring queues".into()))??;
        let shelf = Arc::new(Shelf::new(window));
        let channel = source.channel.clone();
        tokio::spawn(pump(source, consumer, Arc::clone(&shelf), wire.broken().clone()));
        Ok(Consuming { wire, channel, shelf, generation })
    }
}

/// A connection that consumes.
pub(super) struct Consuming {
    wire: Wire,
    channel: Channel,
    shelf: Arc<Shelf>,
    generation: u64,
}

impl Session for Consuming {
    fn wire(&self) -> &Wire {
        &self.wire
    }
}

/// What has come and is not acknowledged.
struct Shelf {
    stock: Mutex<Stock>,
    /// Something came, or nothing will come any more.
    arrived: Notify,
    /// Something was acknowledged that may change the window.
    relieved: Notify,
    /// Nothing more is wanted.
    stopping: CancellationToken,
    /// Nothing more will come.
    ended: CancellationToken,
}

struct Stock {
    window: Window,
    /// Not handed out yet, in order.
    ready: VecDeque<Delivery>,
    /// What each tag handed out, and not acknowledged, weighs.
    outstanding: BTreeMap<u64, usize>,
}

impl Shelf {
    fn new(window: Window) -> Self {
        let stock = Stock { window, ready: VecDeque::new(), outstanding: BTreeMap::new() };
        Self {
            stock: Mutex::new(stock),
            arrived: Notify::new(),
            relieved: Notify::new(),
            stopping: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is too much now.
    fn put(&self, delivery: Delivery) -> bool {
        let mut stock = self.stock();
        let too_much = stock.window.arrived(weight(delivery.body.len()));
        stock.ready.push_back(delivery);
        drop(stock);
        self.arrived.notify_one();
        too_much
    }

    /// The next ones, at most `max`; none if none are there.
    fn hand_out(&self, max: usize) -> Vec<Delivery> {
        let mut stock = self.stock();
        let count = max.min(stock.ready.len());
        let batch: Vec<Delivery> = stock.ready.drain(..count).collect();
        stock.outstanding.extend(batch.iter().map(|delivery| (delivery.tag, weight(delivery.body.len()))));
        batch
    }

    /// Forgets those of `ours` that are outstanding; the frames that acknowledge them.
    fn settle(&self, ours: &BTreeSet<u64>) -> Vec<(u64, bool)> {
        let mut stock = self.stock();
        let acks = fewest_acks(&stock.outstanding, ours);
        let weights: Vec<usize> = ours.iter().filter_map(|tag| stock.outstanding.remove(tag)).collect();
        if stock.window.acknowledged(weights.len(), weights.iter().sum()) || stock.window.has_room() {
            self.relieved.notify_one();
        }
        acks
    }

    /// Takes back what was not handed out.
    fn clear(&self) -> Vec<u64> {
        self.stock().ready.drain(..).map(|delivery| delivery.tag).collect()
    }
}

impl Consuming {
    /// Waits for a message and takes those behind it that are here already. Safe to cancel: between the first message
    /// and the return there is no waiting.
    pub(super) async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BrokerError> {
        loop {
            let batch = self.shelf.hand_out(max);
            if !batch.is_empty() {
                return Ok(batch);
            }
            tokio::select! {
                () = self.shelf.arrived.notified() => {}
                () = self.shelf.ended.cancelled() => {
                    return Err(BrokerError::Unavailable("the broker ended consuming".into()));
                }
            }
        }
    }

    /// Acknowledges those of `deliveries` that came over this connection.
    pub(super) async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let ours: BTreeSet<u64> =
            deliveries.iter().filter(|d| d.generation == self.generation).map(|delivery| delivery.tag).collect();
        let acks = self.shelf.settle(&ours);
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
        self.shelf.stopping.cancel();
        // Failing to give back politely, closing the connection does it.
        if timeout(PATIENCE, self.shelf.ended.cancelled()).await.is_err() {
            self.wire.broken().cancel();
        }
    }

    fn lost(&self, error: BrokerError) -> BrokerError {
        self.wire.broken().cancel();
        error
    }
}

/// Takes deliveries off the connection until it breaks, or told to stop.
async fn pump(source: Source, consumer: Consumer, shelf: Arc<Shelf>, broken: CancellationToken) {
    let flow = source.flow(consumer, &shelf);
    let stopped = tokio::select! {
        ended = flow => ended,
        () = broken.cancelled() => Err(BrokerError::Unavailable("the connection is lost".into())),
    };
    if let Err(error) = stopped {
        tracing::debug!(%error, "no more deliveries over this connection");
        // They will come again over the next one.
        shelf.clear();
        broken.cancel();
    }
    shelf.ended.cancel();
}

/// Where deliveries come from.
struct Source {
    channel: Channel,
    queue: ShortString,
    generation: u64,
}

/// Why a consumer is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The window may be wider: what still comes is welcome.
    Widen,
    /// Too much came: what still comes goes back.
    Narrow,
    /// All that was not handed out goes back.
    Stop,
}

impl Source {
    /// Begins consumer number `number` with a window of so many deliveries. Each has a name of its own: a quorum queue of
    /// RabbitMQ 3.10 ends the connection (INTERNAL_ERROR) when a cancelled one with unacknowledged deliveries comes back
    /// under its old name.
    async fn consume(&self, number: u64, width: u16) -> lapin::Result<Consumer> {
        self.channel.basic_qos(width, BasicQosOptions::default()).await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let tag = format!("registrard-{number}");
        self.channel.basic_consume(self.queue.clone(), tag.into(), options, none).await
    }

    /// Fills the shelf until told to stop.
    async fn flow(&self, mut consumer: Consumer, shelf: &Shelf) -> Result<(), BrokerError> {
        for number in 2.. {
            let change = self.fill(&mut consumer, shelf).await?;
            let lost = |error| classify("cannot change how much may come", &error);
            timeout(PATIENCE, self.cancel(&mut consumer, shelf, change)).await.map_err(|_| silent())?.map_err(lost)?;
            match change {
                Change::Stop => return Ok(()),
                Change::Widen => {}
                // A new consumer has a whole window of its own, whatever is still unacknowledged of the old one.
                Change::Narrow => {
                    tracing::debug!(width = shelf.stock().window.width(), "deliveries are large, fewer at once");
                    while !shelf.stock().window.has_room() {
                        tokio::select! {
                            () = shelf.relieved.notified() => {}
                            () = shelf.stopping.cancelled() => {
                                let back = self.give_back(shelf.clear());
                                return timeout(PATIENCE, back).await.map_err(|_| silent())?.map_err(lost);
                            }
                        }
                    }
                }
            }
            let width = shelf.stock().window.width();
            consumer = timeout(PATIENCE, self.consume(number, width)).await.map_err(|_| silent())?.map_err(lost)?;
        }
        Ok(())
    }

    /// Takes what comes until the window has to change.
    async fn fill(&self, consumer: &mut Consumer, shelf: &Shelf) -> Result<Change, BrokerError> {
        loop {
            tokio::select! {
                () = shelf.stopping.cancelled() => return Ok(Change::Stop),
                () = shelf.relieved.notified() => if shelf.stock().window.widen() {
                    return Ok(Change::Widen);
                },
                next = consumer.next() => match next {
                    Some(Ok(delivery)) => if shelf.put(self.deliver(delivery)) {
                        shelf.stock().window.narrow();
                        return Ok(Change::Narrow);
                    },
                    Some(Err(error)) => return Err(classify("consuming ended", &error)),
                    None => return Err(BrokerError::Unavailable("the broker ended consuming".into())),
                },
            }
        }
    }

    /// Ends the consumer. What goes back is dropped as it comes: that is what bounds memory.
    async fn cancel(&self, consumer: &mut Consumer, shelf: &Shelf, change: Change) -> lapin::Result<()> {
        let cancel = self.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
        let mut back = if change == Change::Stop { shelf.clear() } else { Vec::new() };
        let drain = async {
            while let Some(delivery) = consumer.next().await {
                match (delivery?, change) {
                    (delivery, Change::Widen) => drop(shelf.put(self.deliver(delivery))),
                    (delivery, Change::Narrow | Change::Stop) => back.push(delivery.delivery_tag),
                }
            }
            lapin::Result::Ok(())
        };
        let (cancelled, drained) = tokio::join!(cancel, drain);
        cancelled.and(drained)?;
        // In front of the next consumer's deliveries, or an acknowledgement of several of those would cover these.
        self.give_back(back).await
    }

    async fn give_back(&self, tags: Vec<u64>) -> lapin::Result<()> {
        for tag in tags {
            self.channel.basic_nack(tag, BasicNackOptions { requeue: true, multiple: false }).await?;
        }
        Ok(())
    }

    fn deliver(&self, delivery: lapin::message::Delivery) -> Delivery {
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
}

fn silent() -> BrokerError {
    BrokerError::Unavailable("the broker does not answer while the window is changed".into())
}

/// The frames that acknowledge `ours` and nothing else of what is `outstanding`: one for the unbroken run of the oldest
/// (`multiple`), one for each other.
fn fewest_acks(outstanding: &BTreeMap<u64, usize>, ours: &BTreeSet<u64>) -> Vec<(u64, bool)> {
    let run = outstanding.keys().take_while(|tag| ours.contains(tag)).last().copied();
    let rest = ours.iter().filter(|tag| outstanding.contains_key(tag) && run.is_none_or(|end| **tag > end));
    run.map(|end| (end, true)).into_iter().chain(rest.map(|tag| (*tag, false))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_batch_is_one_frame() {
        let outstanding: BTreeMap<u64, usize> = (5..900).map(|tag| (tag, 1)).collect();
        assert_eq!(fewest_acks(&outstanding, &(5..505).collect()), [(504, true)]);
        assert_eq!(fewest_acks(&outstanding, &BTreeSet::from([5, 6, 8])), [(6, true), (8, false)]);
    }

    proptest! {
        #[test]
        fn exactly_ours_are_acknowledged(outstanding in btree_set(1u64..60, 0..40), ours in btree_set(1u64..60, 0..40)) {
            let mut left = outstanding.clone();
            let weights = outstanding.iter().map(|tag| (*tag, 1)).collect();
            for (tag, multiple) in fewest_acks(&weights, &ours) {
                prop_assert!(left.contains(&tag), "tag {tag} would close the channel");
                left.retain(|other| if multiple { *other > tag } else { *other != tag });
            }
            let expected: BTreeSet<u64> = outstanding.difference(&ours).copied().collect();
            prop_assert_eq!(left, expected);
        }
    }
}
