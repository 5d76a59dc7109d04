//! A publisher that outruns everybody, a look at queues, and a way to the broker that can be closed.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use lapin::options::*;
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Messages on the way to the broker at once.
const AHEAD: usize = 8;

pub struct Amqp {
    pub url: String,
    pub user: String,
    pub channel: Channel,
    connection: Connection,
}

impl Amqp {
    pub async fn connect() -> Self {
        let url = std::env::var("REGISTRARD_TEST_AMQP_URL")
            .expect("REGISTRARD_TEST_AMQP_URL is not set: run this test with `./dev test --test bounds`");
        let user = url.parse::<lapin::uri::AMQPUri>().unwrap().authority.userinfo.username;
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.expect("RabbitMQ answers");
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { url, user, channel, connection }
    }

    /// Publishes bodies in order, made as they are needed, until all are confirmed.
    pub async fn publish(&self, bodies: impl Iterator<Item = Vec<u8>>) {
        #[allow(clippy::async_yields_async, reason = "a confirm is awaited while the next messages are on their way")]
        let send = async |body: Vec<u8>| {
            let properties = BasicProperties::default().with_delivery_mode(2).with_user_id(self.user.as_str().into());
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let exchange = "registrard.jobs".into();
            self.channel.basic_publish(exchange, "flood".into(), options, &body, properties).await.unwrap()
        };
        let mut confirms = stream::iter(bodies).map(send).buffered(AHEAD).buffered(AHEAD);
        while let Some(confirm) = confirms.next().await {
            assert!(matches!(confirm.unwrap(), Confirmation::Ack(None)), "the message reached no queue");
        }
    }

    /// Messages in a queue that nobody has been given.
    pub async fn depth(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions::durable().passive();
        self.channel.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap().message_count()
    }

    /// Whether there is such a queue. On a channel of its own: a no closes it.
    pub async fn exists(&self, queue: &str) -> bool {
        let channel = self.connection.create_channel().await.unwrap();
        let options = QueueDeclareOptions::durable().passive();
        channel.queue_declare(queue.into(), options, FieldTable::default()).await.is_ok()
    }

    /// Takes messages of a queue and shows each, as long as `look` wants more.
    pub async fn take(&self, queue: &str, mut look: impl FnMut(&lapin::message::Delivery) -> bool) {
        let tag = format!("take-{}", uuid::Uuid::now_v7());
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let consume = self.channel.basic_consume(queue.into(), tag.as_str().into(), options, FieldTable::default());
        let mut consumer = consume.await.unwrap();
        while look(&consumer.next().await.expect("a consumer that goes on").unwrap()) {}
        self.channel.basic_cancel(tag.as_str().into(), BasicCancelOptions::default()).await.unwrap();
    }

    /// Leaves nothing behind.
    pub async fn clean(&self) {
        for queue in ["registrard.intake", "registrard.rejected", "billing.events"] {
            self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
    }
}

/// A TCP connection to the broker that can be closed: there is nobody then.
pub struct Gate {
    pub url: String,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    pub async fn new(url: &str, open: bool) -> Self {
        let (head, rest) = url.split_once('@').expect("a user in the URL");
        let (target, tail) = rest.split_once('/').unwrap_or((rest, ""));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{head}@{}/{tail}", listener.local_addr().unwrap());
        let (open, target) = (Arc::new(watch::channel(open).0), target.to_owned());
        let gate = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut open, target) = (gate.subscribe(), target.clone());
                tokio::spawn(async move {
                    if !*open.borrow() {
                        return;
                    }
                    let Ok(mut server) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = open.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { url, open }
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }
}
