//! One HTTP/1.1 connection, driven by whoever speaks on it: dropped, it is gone, and no task goes on writing.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop::unconstrained;

use crate::net::dial::Stream;

/// Largest head of a response, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// A connection.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// What reads and writes; gone once it is over.
    driver: Option<BoxFuture<'static, hyper::Result<()>>>,
    has_begun: Arc<AtomicBool>,
}

impl Link {
    /// Takes over an open stream. Nothing is said yet.
    ///
    /// # Errors
    /// Says why it cannot be used.
    pub async fn new(stream: Box<dyn Stream>) -> Result<Self, String> {
        let has_begun = Arc::new(AtomicBool::new(false));
        let wire = Wire { stream, has_begun: Arc::clone(&has_begun) };
        let mut builder = http1::Builder::new();
        let handshake = builder.max_header_size(LONGEST_HEAD).handshake(wire).await;
        let (sender, driver) = handshake.map_err(|error| causes(&error))?;
        Ok(Self { sender, driver: Some(Box::pin(driver)), has_begun })
    }

    /// Looks, without waiting, whether the registry closed the idle connection or said something unasked: then nothing
    /// more is said on it.
    pub async fn is_usable(&mut self) -> bool {
        // A task that has used up its share of the thread would be told "nothing there yet" whatever there is.
        unconstrained(poll_fn(|context| {
            drive(&mut self.driver, context);
            Poll::Ready(self.driver.is_some() && matches!(self.sender.poll_ready(context), Poll::Ready(Ok(()))))
        }))
        .await
    }

    /// Sends a request and lets `hear` make of the response what it is for.
    ///
    /// # Errors
    /// What broke; [`Self::has_begun`] tells whether anything went out.
    pub async fn say<T, F: Future<Output = Result<T, String>>>(
        &mut self,
        request: Request<Full<Bytes>>,
        hear: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, String> {
        self.has_begun.store(false, Ordering::Release);
        let response = self.sender.send_request(request);
        let talking = async { hear(response.await.map_err(|error| causes(&error))?).await };
        let mut talking = pin!(talking);
        poll_fn(|context| {
            drive(&mut self.driver, context);
            talking.as_mut().poll(context)
        })
        .await
    }

    /// Whether a byte of the last request may have left.
    pub fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }
}

fn drive(driver: &mut Option<BoxFuture<'static, hyper::Result<()>>>, context: &mut Context<'_>) {
    // What it ends with is told to whoever waits for a response.
    if driver.as_mut().is_some_and(|driving| driving.as_mut().poll(context).is_ready()) {
        *driver = None;
    }
}

/// An error with what caused it.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// A stream as hyper wants it, that remembers whether anything was written.
struct Wire {
    stream: Box<dyn Stream>,
    has_begun: Arc<AtomicBool>,
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; 8192];
        let room = bytes.len().min(into.remaining());
        let mut read = ReadBuf::new(&mut bytes[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        into.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Before it is tried: what a stream below has taken over, it may still send when it says that it could not.
        self.has_begun.store(true, Ordering::Release);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
