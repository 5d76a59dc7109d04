//! A real RabbitMQ for tests: the URL, names of one's own, a plain client beside the code under test, and a proxy that
//! can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::StreamExt;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use registrard::broker::rabbitmq::Names;
use registrard::config;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// The broker to test with.
pub fn url() -> String {
    std::env::var("REGISTRARD_TEST_AMQP_URL")
        .expect("REGISTRARD_TEST_AMQP_URL is not set: run `./dev test`, which starts a RabbitMQ for the tests")
}

/// The user in its URL.
pub fn user() -> String {
    let uri: lapin::uri::AMQPUri = url().parse().expect("REGISTRARD_TEST_AMQP_URL is an AMQP URL");
    uri.authority.userinfo.username
}

/// One test's corner of the broker: names nobody else uses, removed by [`Corner::clean`].
pub struct Corner {
    pub names: Names,
    pub config: config::Broker,
    pub client: Channel,
    _connection: Connection,
}

impl Corner {
    /// Names made of the test's name and this process, so that runs side by side do not meet.
    pub async fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        registrard::net::tls::install_provider();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test-{test}-{}-{count}", std::process::id());
        let names = Names::with_prefix(&prefix);
        let connection = Connection::connect(&url(), ConnectionProperties::default()).await.expect("RabbitMQ answers");
        let client = connection.create_channel().await.unwrap();
        client.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let config =
            serde_json::from_value(serde_json::json!({ "url": url(), "events_queue": names.events() })).unwrap();
        Self { names, config, client, _connection: connection }
    }

    /// Publishes one message to the jobs exchange, as a publisher would.
    pub async fn publish(&self, body: &[u8], properties: BasicProperties) {
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let exchange = self.names.jobs().as_str().into();
        let confirm = self.client.basic_publish(exchange, "order.new".into(), options, body, properties).await;
        let confirmation = confirm.unwrap().await.unwrap();
        assert!(confirmation.is_ack() && confirmation.take_message().is_none(), "the job reached no queue");
    }

    /// Takes the next `count` messages of a queue, acknowledged.
    pub async fn take(&self, queue: &str, count: usize) -> Vec<lapin::message::Delivery> {
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let tag = format!("take-{}", uuid::Uuid::now_v7());
        let consumer = self.client.basic_consume(queue.into(), tag.as_str().into(), options, FieldTable::default());
        let consumer = consumer.await.unwrap();
        let taken = consumer.take(count).map(|delivery| delivery.unwrap()).collect().await;
        self.client.basic_cancel(tag.as_str().into(), BasicCancelOptions::default()).await.unwrap();
        taken
    }

    /// Messages in a queue that nobody has been given.
    pub async fn depth(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions::durable().passive();
        self.client.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap().message_count()
    }

    /// Removes everything the test declared.
    pub async fn clean(&self) {
        for queue in [self.names.intake(), self.names.rejected(), self.names.events()] {
            let _ = self.client.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await;
        }
        for exchange in [self.names.jobs(), self.names.rejected(), self.names.events()] {
            let _ = self.client.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await;
        }
    }
}

/// The text of a header.
pub fn header(delivery: &lapin::message::Delivery, name: &str) -> Option<String> {
    match delivery.properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}

/// A TCP proxy in front of the broker. Cutting it ends every connection there is; new ones are welcome.
pub struct Proxy {
    pub url: String,
    cuts: Arc<watch::Sender<u32>>,
}

impl Proxy {
    pub async fn start() -> Self {
        Self::serve("amqp", None).await
    }

    /// One that speaks TLS to the client, with a certificate for 127.0.0.1 of a throw-away CA; with the CA as PEM.
    pub async fn start_tls() -> (Self, String) {
        registrard::net::tls::install_provider();
        let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut ca = CertificateParams::new(vec![]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = ca.self_signed(&ca_key).unwrap().pem();
        let leaf = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap();
        (Self::serve("amqps", Some(Arc::new(config).into())).await, pem)
    }

    async fn serve(scheme: &str, tls: Option<TlsAcceptor>) -> Self {
        let url = url();
        let (head, rest) = url.split_once('@').expect("a user in the URL");
        let (_, user) = head.split_once("://").expect("a scheme in the URL");
        let (target, tail) = rest.split_once('/').unwrap_or((rest, ""));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("{scheme}://{user}@127.0.0.1:{port}/{tail}");
        let (cuts, target) = (Arc::new(watch::channel(0).0), target.to_owned());
        let sender = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mut cut, target, tls) = (sender.subscribe(), target.clone(), tls.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = forward(client, &target, tls) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url, cuts }
    }

    /// Cuts all connections there are now.
    pub fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

async fn forward(mut client: TcpStream, target: &str, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    match tls {
        None => copy_bidirectional(&mut client, &mut server).await?,
        Some(tls) => copy_bidirectional(&mut tls.accept(client).await?, &mut server).await?,
    };
    Ok(())
}
