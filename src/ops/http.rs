//! `/metrics`, `/healthz` and `/readyz`, bounded so that no scanner and no stuck scraper costs the daemon anything:
//! few connections, each with a short life, no bodies, small headers.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use super::metrics::Metrics;
use super::stop::Stop;

/// Connections at once; further ones wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 64;

/// How long a connection lives at most: the time for headers to arrive and an answer to be read. Each carries one
/// request, so that no scrape ever meets the end of a connection it wanted to use again.
const LIFETIME: Duration = Duration::from_secs(30);

/// What the daemon can do right now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// The store.
    pub store: Check,
    /// The broker; `None` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<Check>,
    /// Each account. One that is suspended or worked elsewhere does not make the daemon unready.
    pub accounts: Vec<AccountReadiness>,
}

impl Readiness {
    /// Whether jobs can be taken in and events sent.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.store.up && self.broker.as_ref().is_none_or(|broker| broker.up)
    }
}

/// One check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it answers.
    pub up: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Check {
    /// It answers.
    #[must_use]
    pub fn up() -> Self {
        Self { up: true, reason: None }
    }

    /// It does not, and this is why.
    #[must_use]
    pub fn down(reason: impl Into<String>) -> Self {
        Self { up: false, reason: Some(reason.into()) }
    }
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountReadiness {
    /// Its name.
    pub account: String,
    /// Whether this daemon works it (or another does, or none).
    pub owned_here: bool,
    /// Why it is suspended, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
    /// Open sessions.
    pub sessions: usize,
}

/// Who knows how the daemon stands. Must answer at once, from memory: it is asked by every probe.
pub trait Health: Send + Sync + 'static {
    /// How it stands now.
    fn report(&self) -> Readiness;
}

#[derive(Clone)]
struct Shared {
    metrics: Arc<Metrics>,
    health: Arc<dyn Health>,
}

/// A bound server that does not serve yet, so that an address in use is an error at start and not a line in a log.
pub struct Server {
    listener: Bounded,
    address: SocketAddr,
    shared: Shared,
}

impl Server {
    /// Binds the address.
    ///
    /// # Errors
    /// It is in use or not ours.
    pub async fn bind(listen: SocketAddr, metrics: Arc<Metrics>, health: Arc<dyn Health>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let listener = Bounded { listener, permits: Arc::new(Semaphore::new(MOST_CONNECTIONS)), lifetime: LIFETIME };
        Ok(Self { listener, address, shared: Shared { metrics, health } })
    }

    /// With another longest life of a connection.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.listener.lifetime = lifetime;
        self
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the hard stop: health and metrics matter most while a daemon drains.
    ///
    /// # Errors
    /// The listener broke.
    pub async fn serve(self, stop: &Stop) -> io::Result<()> {
        tokio::select! {
            served = axum::serve(self.listener, router(self.shared)).into_future() => served,
            () = stop.finally() => Ok(()),
        }
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .layer(DefaultBodyLimit::max(0))
        .layer(axum::middleware::map_response(async |mut response: Response| {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }))
        .with_state(shared)
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
    }
}

async fn ready(State(shared): State<Shared>) -> Response {
    #[derive(Serialize)]
    struct Report {
        ready: bool,
        #[serde(flatten)]
        readiness: Readiness,
    }
    let readiness = shared.health.report();
    let ready = readiness.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Report { ready, readiness })).into_response()
}

/// A listener that hands out few connections at once, each with an end.
struct Bounded {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    lifetime: Duration,
}

impl axum::serve::Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The permit comes first: what cannot be served stays with the kernel, whose queue is bounded too.
        let permit = self.permits.clone().acquire_owned().await.ok();
        let (stream, address) = axum::serve::Listener::accept(&mut self.listener).await;
        let end = Box::pin(tokio::time::sleep(self.lifetime));
        (Connection { stream, end, _permit: permit }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails all reading and writing after its time.
struct Connection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Fails once the time is over; otherwise sees that the task is woken then.
    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
