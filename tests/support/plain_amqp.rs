//! A billing system as registrard meets it: plain AMQP, no code of registrard. It publishes with confirms, consumes
//! events, and outlives a restart of the broker.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind};
use serde_json::Value;
use uuid::Uuid;

/// Pause before a lost connection is opened again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long nothing may be heard before whoever listens connects anew: a connection that a broker left behind when it was
/// restarted may stay silent for ever, and so may an attempt to connect.
const SILENCE: Duration = Duration::from_secs(15);

/// The queue the events are collected in.
const EVENTS: &str = "billing.events";

async fn channel(url: &str) -> lapin::Result<(Connection, Channel)> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    Ok((connection, channel))
}

/// Removes what earlier runs left at the broker, and makes the queue for the events.
pub async fn prepare(url: &str) -> lapin::Result<()> {
    let (connection, channel) = channel(url).await?;
    for queue in ["registrard.intake", "registrard.rejected", "registrard.events", EVENTS] {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in ["registrard.jobs", "registrard.rejected", "registrard.events"] {
        channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await?;
    }
    collect(&channel).await?;
    connection.close(200, "OK".into()).await
}

/// Makes the queue for the events at a broker nobody has used.
pub async fn attach(url: &str) -> lapin::Result<()> {
    let (connection, channel) = channel(url).await?;
    collect(&channel).await?;
    connection.close(200, "OK".into()).await
}

async fn collect(channel: &Channel) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel.exchange_declare("registrard.events".into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    channel.queue_declare(EVENTS.into(), QueueDeclareOptions::durable(), FieldTable::default()).await?;
    let (bind, none) = (QueueBindOptions::default(), FieldTable::default());
    channel.queue_bind(EVENTS.into(), "registrard.events".into(), "#".into(), bind, none).await
}

/// Messages in the queue of what was turned away.
pub async fn rejected(url: &str) -> lapin::Result<u64> {
    let (connection, channel) = channel(url).await?;
    let passive = QueueDeclareOptions::durable().passive();
    let queue = channel.queue_declare("registrard.rejected".into(), passive, FieldTable::default()).await?;
    connection.close(200, "OK".into()).await?;
    Ok(queue.message_count().into())
}

/// Publishes messages in order, each until the broker has confirmed it. A message whose confirm was lost goes out again:
/// that is what the ids in it are for.
pub async fn publish(url: &str, user: &str, messages: &[Value]) {
    let mut open: Vec<&Value> = messages.iter().collect();
    while !open.is_empty() {
        let confirmed = publish_once(url, user, &open).await;
        let done: BTreeSet<usize> = confirmed.into_iter().collect();
        let numbered = open.into_iter().enumerate();
        open = numbered.filter(|(number, _)| !done.contains(number)).map(|(_, message)| message).collect();
        if !open.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The numbers of those messages that were confirmed before something went wrong.
async fn publish_once(url: &str, user: &str, messages: &[&Value]) -> Vec<usize> {
    let mut confirmed = Vec::new();
    let Ok((_connection, channel)) = channel(url).await else { return confirmed };
    if channel.confirm_select(ConfirmSelectOptions::default()).await.is_err() {
        return confirmed;
    }
    let mut on_the_way = Vec::new();
    for (number, message) in messages.iter().enumerate() {
        let account = message["account"].as_str().unwrap_or("many");
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_user_id(user.into())
            .with_content_type("application/json".into());
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let (body, key) = (message.to_string(), format!("job.{account}"));
        let sent = channel.basic_publish("registrard.jobs".into(), key.into(), options, body.as_bytes(), properties);
        match sent.await {
            Ok(confirm) => on_the_way.push((number, confirm)),
            Err(_) => break,
        }
    }
    for (number, confirm) in on_the_way {
        // Returned messages are confirmed too: nobody is bound yet.
        if let Ok(Confirmation::Ack(None)) = confirm.await {
            confirmed.push(number);
        }
    }
    confirmed
}

/// Events by job: how often each event of each kind came.
#[derive(Default)]
pub struct Heard {
    /// Job, and the ids of the events that ended its life.
    pub finals: BTreeMap<String, BTreeSet<Uuid>>,
    /// Kinds of final events by job.
    pub kinds: BTreeMap<String, BTreeSet<String>>,
    /// What the registry answered, as events told it: by job and kind of event.
    pub answers: BTreeMap<(Uuid, String), Value>,
    /// Submissions that were turned away, with the reason.
    pub rejected: Vec<String>,
    /// A registry's message by its id: the kind, and the ids of its events.
    pub messages: BTreeMap<String, (String, BTreeSet<Uuid>)>,
    /// Deliveries, repeated ones included.
    pub deliveries: usize,
}

impl Heard {
    /// Takes note of an event.
    pub fn note(&mut self, body: &[u8]) {
        let event: Value = serde_json::from_slice(body).expect("events are JSON");
        self.deliveries += 1;
        let kind = event["type"].as_str().expect("a CloudEvent has a type");
        let id: Uuid = event["id"].as_str().and_then(|id| id.parse().ok()).expect("a CloudEvent has an id");
        let job = event["data"]["job"].as_str().and_then(|job| job.parse().ok());
        if let (Some(job), answer @ Value::Object(_)) = (job, &event["data"]["answer"]) {
            self.answers.insert((job, kind.to_owned()), answer.clone());
        }
        match kind {
            "job.succeeded" | "job.failed" | "job.cancelled" | "job.expired" => {
                let job = event["data"]["job"].as_str().expect("a job's event names it").to_owned();
                self.finals.entry(job.clone()).or_default().insert(id);
                self.kinds.entry(job).or_default().insert(kind.to_owned());
            }
            "job.rejected" => self.rejected.push(event["data"].to_string()),
            _ => {
                if let (Some(kind), Some(message)) = (kind.strip_prefix("message."), event["data"]["id"].as_str()) {
                    let told = self.messages.entry(message.to_owned()).or_default();
                    told.0 = kind.to_owned();
                    told.1.insert(id);
                }
            }
        }
    }
}

/// Collects events until it is dropped, through every loss of the connection.
pub struct Collector {
    pub heard: Arc<Mutex<Heard>>,
    task: tokio::task::JoinHandle<()>,
}

impl Collector {
    pub fn start(url: &str) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (url, ears) = (url.to_owned(), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            loop {
                // An error is a lost connection; what was not acknowledged comes again.
                let _ = listen(&url, &ears).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { heard, task }
    }

    /// How many jobs' final events have come.
    pub fn finished(&self) -> usize {
        self.heard.lock().unwrap().finals.len()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(url: &str, heard: &Mutex<Heard>) -> lapin::Result<()> {
    let beginning = async {
        let (connection, channel) = channel(url).await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(EVENTS.into(), "billing".into(), options, none).await?;
        lapin::Result::Ok((connection, channel, consumer))
    };
    let Ok(begun) = tokio::time::timeout(SILENCE, beginning).await else { return Ok(()) };
    let (_connection, _channel, mut consumer) = begun?;
    while let Ok(Some(delivery)) = tokio::time::timeout(SILENCE, consumer.next()).await {
        let delivery = delivery?;
        heard.lock().unwrap().note(&delivery.data);
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
