//! One AMQP connection: address, TLS, bounded opening, and a way to be rid of it for certain.

use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream, RustlsConnector, TLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio_util::sync::CancellationToken;

use super::error::classify;
use crate::broker::BrokerError;
use crate::config;
use crate::net::{secret_ref, tls};

/// Opening a connection, or any single answer of the broker, takes at most this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Offered heartbeat in seconds; the broker may want it shorter. A peer silent for twice as long is gone.
const HEARTBEAT: u16 = 20;

/// Where the broker is and how to log in. Holds the password, therefore not `Debug`.
pub(super) struct Endpoint {
    uri: AMQPUri,
    tls: Option<RustlsConnector>,
}

impl Endpoint {
    /// Reads URL, password and CA. Opens nothing.
    ///
    /// # Errors
    /// [`BrokerError::Misconfigured`], without the URL: it may hold a password.
    pub(super) fn new(config: &config::Broker) -> Result<Self, BrokerError> {
        let wrong = BrokerError::Misconfigured;
        // The parser's own error would show the URL, password included.
        let mut uri: AMQPUri = config.url.parse().map_err(|_| {
            wrong(
                "`broker.url` is not of the form amqp://user@host:port/vhost or amqps://… (`%2f` is vhost `/`)".into(),
            )
        })?;
        if let Some(file) = &config.password_file {
            let password = secret_ref::from_file(file).map_err(wrong)?;
            uri.authority.userinfo.password = password.expose().to_owned();
        }
        // lapin panics on longer ones.
        if [&uri.vhost, &uri.authority.userinfo.username].iter().any(|name| name.len() > 255) {
            return Err(wrong("user and virtual host in `broker.url` may have 255 bytes each".into()));
        }
        if uri.query.heartbeat.unwrap_or(0) == 0 {
            uri.query.heartbeat = Some(HEARTBEAT);
        }
        let tls = match uri.scheme {
            AMQPScheme::AMQP => None,
            AMQPScheme::AMQPS => Some(tls::client(config.ca_file.as_deref()).map_err(wrong)?.into()),
        };
        Ok(Self { uri, tls })
    }

    /// The user the broker knows us as.
    pub(super) fn user(&self) -> &str {
        &self.uri.authority.userinfo.username
    }

    /// `host:port`, for logs.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }

    /// Opens a connection and logs in, within [`PATIENCE`]. The broker shows it as `registrard/<role>`.
    pub(super) async fn open(&self, role: &str) -> Result<Wire, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(format!("registrard/{role}").into());
        let socket = Socket::new();
        let (slot, tls) = (Arc::clone(&socket.0), self.tls.clone());
        let connect = Connection::connector(
            self.uri.clone(),
            lapin::runtime::default_runtime().map_err(|error| classify("cannot run", &error))?,
            async move |uri: AMQPUri, runtime| {
                // Plain TCP first, TLS by our own configuration on top: lapin's would trust the system's roots as well.
                let plain = AMQPUri { scheme: AMQPScheme::AMQP, ..uri };
                let stream = plain.connect_with_config_async(TLSConfig::default(), &runtime).await?;
                if let AsyncTcpStream::Plain(stream) = &stream {
                    keep(&slot, TcpStream::from(stream.get_ref().as_fd().try_clone_to_owned()?));
                }
                Ok(match &tls {
                    None => stream,
                    Some(connector) => stream.into_rustls(connector, &plain.authority.host).await?,
                })
            },
            properties,
        );
        let doing = format!("cannot connect to {}", self.address());
        match tokio::time::timeout(PATIENCE, connect).await {
            Ok(Ok(connection)) => Ok(Wire::new(connection, socket)),
            Ok(Err(error)) => Err(classify(&doing, &error)),
            Err(_) => Err(BrokerError::Unavailable(format!("{doing}: no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

/// A second handle on a connection's socket, which shuts it down when dropped. lapin has no way to give up a connection
/// whose peer is silent: its I/O thread would wait for ever, one more with each reconnect.
struct Socket(Arc<Mutex<Slot>>);

enum Slot {
    /// The TCP connection is still being made.
    Awaited,
    Open(TcpStream),
    /// Nobody wants it any more, even if it should open yet.
    Cut,
}

impl Socket {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Slot::Awaited)))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Open(stream) = std::mem::replace(&mut *slot, Slot::Cut) {
            // Fails only if the connection is closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Puts a fresh connection where its [`Socket`] can shut it down.
fn keep(slot: &Mutex<Slot>, stream: TcpStream) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    match *slot {
        Slot::Cut => drop(stream.shutdown(Shutdown::Both)),
        Slot::Awaited | Slot::Open(_) => *slot = Slot::Open(stream),
    }
}

/// An open connection.
pub(super) struct Wire {
    connection: Connection,
    _socket: Socket,
    broken: CancellationToken,
}

impl Wire {
    fn new(connection: Connection, socket: Socket) -> Self {
        let broken = CancellationToken::new();
        let mut events = connection.events_listener();
        let signal = broken.clone();
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    biased;
                    () = signal.cancelled() => return,
                    event = events.next() => event,
                };
                match event {
                    Some(Event::Error(error)) => tracing::warn!(%error, "the connection to the broker is lost"),
                    Some(Event::ConnectionBlocked(reason)) => {
                        tracing::warn!(reason, "the broker accepts no messages for now");
                        continue;
                    }
                    Some(Event::ConnectionUnblocked) => {
                        tracing::info!("the broker accepts messages again");
                        continue;
                    }
                    Some(_) => continue,
                    None => {}
                }
                signal.cancel();
                return;
            }
        });
        Self { connection, _socket: socket, broken }
    }

    /// A new channel.
    pub(super) async fn channel(&self) -> Result<Channel, lapin::Error> {
        self.connection.create_channel().await
    }

    /// Fires when the connection, or something on it that we cannot do without, is lost.
    pub(super) fn broken(&self) -> &CancellationToken {
        &self.broken
    }

    /// Says goodbye to the broker, within a bounded time.
    pub(super) async fn close(&self) {
        self.broken.cancel();
        let goodbye = self.connection.close(200, "OK".into());
        let _ = tokio::time::timeout(Duration::from_secs(3), goodbye).await;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.broken.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn config(url: &str) -> config::Broker {
        serde_json::from_value(serde_json::json!({ "url": url })).unwrap()
    }

    #[test]
    fn wrong_settings_are_refused_without_showing_the_password() {
        for url in ["http://u:hunter2@h/", "amqp://u:hunter2@h:port/", "amqp:u:hunter2", "u:hunter2@h"] {
            let error = Endpoint::new(&config(url)).err().expect(url).to_string();
            assert!(error.contains("broker.url") && !error.contains("hunter2"), "{error}");
        }
        let missing = config::Broker { ca_file: Some("/nowhere/ca.pem".into()), ..config("amqps://u@h/") };
        assert!(Endpoint::new(&missing).err().unwrap().to_string().contains("/nowhere/ca.pem"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_given_up_and_its_socket_closed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint = Endpoint::new(&config(&format!("amqp://u@127.0.0.1:{port}/"))).unwrap();
        let error = endpoint.open("test").await.err().unwrap();
        assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
        // The paused clock may run out before the connection is even made; it is closed all the same.
        // Waiting for that must not hold up the runtime, on which the connection may still be in the making.
        let heard = tokio::task::spawn_blocking(move || {
            let (mut peer, _) = listener.accept().unwrap();
            peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).expect("the end of the stream within 30 s");
            heard
        });
        let heard = heard.await.unwrap();
        assert!(b"AMQP\x00\x00\x09\x01".starts_with(&heard), "{heard:?}");
    }
}
