//! The exchanges and queues of the contract.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use super::error::classify;
use crate::broker::BrokerError;
use crate::config;

/// The names everything has at the broker. Another prefix keeps two installations apart in one virtual host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names beginning with `prefix` instead of `registrard`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Topic exchange publishers send jobs to.
    #[must_use]
    pub fn jobs(&self) -> String {
        format!("{}.jobs", self.prefix)
    }

    /// Queue jobs are taken from.
    #[must_use]
    pub fn intake(&self) -> String {
        format!("{}.intake", self.prefix)
    }

    /// Exchange and queue of what was turned away.
    #[must_use]
    pub fn rejected(&self) -> String {
        format!("{}.rejected", self.prefix)
    }

    /// Topic exchange of the events.
    #[must_use]
    pub fn events(&self) -> String {
        format!("{}.events", self.prefix)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::with_prefix("registrard")
    }
}

/// A text as AMQP's short string, which holds 255 bytes at most.
pub(super) fn short(text: &str) -> Result<ShortString, BrokerError> {
    ShortString::try_new(text)
        .map_err(|_| BrokerError::Misconfigured(format!("a name of {} bytes is longer than AMQP's 255", text.len())))
}

/// What is declared, or looked for, on every connection.
pub(super) struct Topology {
    pub(super) jobs: ShortString,
    pub(super) intake: ShortString,
    pub(super) rejected: ShortString,
    pub(super) events: ShortString,
    events_queue: Option<ShortString>,
    declare: bool,
    delivery_limit: u32,
}

impl Topology {
    pub(super) fn new(names: &Names, config: &config::Broker) -> Result<Self, BrokerError> {
        let events_queue = match config.events_queue.as_str() {
            "" => None,
            name => Some(short(name)?),
        };
        Ok(Self {
            jobs: short(&names.jobs())?,
            intake: short(&names.intake())?,
            rejected: short(&names.rejected())?,
            events: short(&names.events())?,
            events_queue,
            declare: config.declare,
            delivery_limit: config.delivery_limit,
        })
    }

    /// Whether a direct reply to this queue would come back to ourselves.
    pub(super) fn is_ours(&self, queue: &str) -> bool {
        [Some(&self.intake), Some(&self.rejected), self.events_queue.as_ref()]
            .into_iter()
            .flatten()
            .any(|name| name.as_str() == queue)
    }

    /// Declares everything, or, if that is not wanted, checks that it is there. Safe to repeat.
    pub(super) async fn establish(&self, channel: &Channel) -> Result<(), BrokerError> {
        use ExchangeKind::{Fanout, Topic};
        // What dead-letters goes to a fanout: the broker keeps the routing key a job came with.
        for (name, kind) in [(&self.jobs, Topic), (&self.rejected, Fanout), (&self.events, Topic)] {
            self.exchange(channel, name, kind).await?;
        }
        self.queue(channel, &self.rejected, quorum(&[]), &self.rejected).await?;
        let intake = quorum(&[
            ("x-delivery-limit", AMQPValue::LongLongInt(self.delivery_limit.into())),
            ("x-dead-letter-exchange", text(self.rejected.as_str())),
            // Dead-lettering confirmed from queue to queue; the broker wants the overflow setting with it.
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
        ]);
        self.queue(channel, &self.intake, intake, &self.jobs).await?;
        if let Some(queue) = &self.events_queue {
            self.queue(channel, queue, quorum(&[]), &self.events).await?;
        }
        Ok(())
    }

    async fn exchange(&self, channel: &Channel, name: &ShortString, kind: ExchangeKind) -> Result<(), BrokerError> {
        let options = ExchangeDeclareOptions { passive: !self.declare, durable: true, ..Default::default() };
        channel
            .exchange_declare(name.clone(), kind, options, FieldTable::default())
            .await
            .map_err(|error| classify(&format!("exchange {name}"), &error))
    }

    async fn queue(
        &self,
        channel: &Channel,
        name: &ShortString,
        arguments: FieldTable,
        exchange: &ShortString,
    ) -> Result<(), BrokerError> {
        let failed = |error| classify(&format!("queue {name}"), &error);
        let options = QueueDeclareOptions { passive: !self.declare, ..QueueDeclareOptions::durable() };
        channel.queue_declare(name.clone(), options, arguments).await.map_err(failed)?;
        if self.declare {
            channel
                .queue_bind(
                    name.clone(),
                    exchange.clone(),
                    "#".into(),
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Arguments of a replicated queue.
fn quorum(more: &[(&str, AMQPValue)]) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    for (name, value) in more {
        arguments.insert((*name).into(), value.clone());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_contract_and_replies_never_come_back() {
        let names = Names::default();
        assert_eq!(names.jobs(), "registrard.jobs");
        let config = serde_json::from_value(serde_json::json!({ "url": "amqp://h", "events_queue": "e" })).unwrap();
        let topology = Topology::new(&names, &config).unwrap();
        for queue in ["registrard.intake", "registrard.rejected", "e"] {
            assert!(topology.is_ours(queue), "{queue}");
        }
        assert!(!topology.is_ours("billing.replies"));
    }

    #[test]
    fn over_long_names_are_refused() {
        let config: config::Broker = serde_json::from_value(serde_json::json!({ "url": "amqp://h" })).unwrap();
        assert!(Topology::new(&Names::with_prefix(&"x".repeat(250)), &config).is_err());
        assert!(Topology::new(&Names::default(), &config::Broker { events_queue: "x".repeat(256), ..config }).is_err());
    }
}
