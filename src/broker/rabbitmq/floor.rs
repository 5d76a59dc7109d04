//! The raw floor for benchmarks: what consuming and acknowledging costs when nothing else is done. Never used at work.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ExchangeDeleteOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;

use super::connection::{Endpoint, PATIENCE};
use super::error::classify;
use super::topology::{Names, short};
use crate::broker::BrokerError;
use crate::config;

/// Consumes `count` messages from the intake queue with a prefetch of twice `group`, and acknowledges them `group` at a
/// time; returns how long it took.
///
/// # Errors
/// The broker is away, or the messages do not come.
pub async fn consume(
    config: &config::Broker,
    names: &Names,
    count: usize,
    group: u16,
) -> Result<Duration, BrokerError> {
    let lost = |error: lapin::Error| classify("the floor cannot be measured", &error);
    let wire = Endpoint::new(config)?.open("floor").await?;
    let channel = wire.channel().await.map_err(lost)?;
    channel.basic_qos(group.saturating_mul(2), BasicQosOptions::default()).await.map_err(lost)?;
    let begun = Instant::now();
    let mut consumer = channel
        .basic_consume(short(&names.intake())?, short("floor")?, BasicConsumeOptions::default(), FieldTable::default())
        .await
        .map_err(lost)?;
    for taken in 1..=count {
        let delivery = match tokio::time::timeout(PATIENCE, consumer.next()).await {
            Ok(Some(delivery)) => delivery.map_err(lost)?,
            _ => return Err(BrokerError::Unavailable(format!("only {} of {count} messages came", taken - 1))),
        };
        if taken % usize::from(group) == 0 || taken == count {
            delivery.acker.ack(BasicAckOptions { multiple: true }).await.map_err(lost)?;
        }
    }
    let took = begun.elapsed();
    wire.close().await;
    Ok(took)
}

/// Removes the queues and exchanges of `names`.
///
/// # Errors
/// The broker is away or refuses.
pub async fn remove(config: &config::Broker, names: &Names) -> Result<(), BrokerError> {
    let lost = |error: lapin::Error| classify("the benchmark's queues cannot be removed", &error);
    let wire = Endpoint::new(config)?.open("floor").await?;
    let channel = wire.channel().await.map_err(lost)?;
    for queue in [names.intake(), names.rejected()] {
        channel.queue_delete(short(&queue)?, QueueDeleteOptions::default()).await.map_err(lost)?;
    }
    for exchange in [names.jobs(), names.rejected(), names.events()] {
        channel.exchange_delete(short(&exchange)?, ExchangeDeleteOptions::default()).await.map_err(lost)?;
    }
    wire.close().await;
    Ok(())
}
