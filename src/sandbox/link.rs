//! What the connections of all registries have in common: they are accepted as long as there are places, and what is meant
//! to go wrong on them goes wrong in the same way. Every wait is bounded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_rustls::server::TlsStream;

use super::Shared;
use super::faults::FaultKind;

/// Connections served at a time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// For the TLS handshake, and for writing an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How much is still read from a connection that is given up, so that it can read our last answer.
const DRAINED: u64 = 1024 * 1024;

/// Whether a connection goes on after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Request,
    /// Ends in good order.
    Close,
    /// Is cut: no notice, no farewell.
    Cut,
}

/// A connection as far as its faults go.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Puts a fatal alert among what is to be sent; nothing where there is no TLS.
    fn alarm(&mut self);
}

impl Wire for TlsStream<TcpStream> {
    fn alarm(&mut self) {
        // There is no call for it: TLS sends an alert when it has cause to, so it is shown a record nobody sealed.
        let tls = self.get_mut().1;
        let _ = tls.read_tls(&mut &FORGED[..]);
        let _ = tls.process_new_packets();
    }
}

impl Wire for TcpStream {
    fn alarm(&mut self) {}
}

impl Wire for DuplexStream {
    fn alarm(&mut self) {}
}

/// Application data of TLS 1.2 or 1.3 that no key has sealed.
const FORGED: [u8; 37] = {
    let mut record = [0; 37];
    (record[0], record[1], record[2], record[4]) = (23, 3, 3, 32);
    record
};

/// Accepts connections and serves each until it ends or the sandbox stops.
pub(crate) async fn accept<F>(shared: &Shared, listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, most likely: those that end free some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Answers are small: waiting to fill a packet would only slow the sandbox down.
        let _ = stream.set_nodelay(true);
        let (stop, serving) = (shared.stop.clone(), serve(stream, peer));
        shared.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = serving => {}
            }
            drop(place);
        });
    }
}

/// What goes wrong before a request has any effect; none if it is worked on.
pub(crate) async fn before(stream: &mut impl Wire, fault: Option<&FaultKind>, idle: Duration) -> Option<Next> {
    match fault? {
        FaultKind::CutBefore => Some(Next::Cut),
        FaultKind::Stall => {
            // The request keeps its objects until the client gives up.
            let _ = timeout(idle, stream.read_u8()).await;
            Some(Next::Cut)
        }
        FaultKind::DropSession { answers: false } => Some(Next::Request),
        FaultKind::TlsAlert { effect: false } => Some(alarm(stream).await),
        _ => None,
    }
}

/// An answer about to be sent.
pub(crate) struct Outgoing<'a> {
    /// As it should be on the wire.
    pub(crate) frame: &'a [u8],
    /// The same with a payload that means nothing.
    pub(crate) garbage: &'a [u8],
    /// The one before it on this connection; empty if there was none.
    pub(crate) last: &'a [u8],
}

/// Sends an answer, or lets go wrong what is meant to.
pub(crate) async fn deliver(stream: &mut impl Wire, fault: Option<&FaultKind>, answer: &Outgoing<'_>) -> Next {
    let frame = answer.frame;
    let is_sent = match fault {
        Some(FaultKind::CutAfter) => return Next::Cut,
        Some(FaultKind::TlsAlert { .. }) => return alarm(stream).await,
        Some(FaultKind::PreviousAnswer) if !answer.last.is_empty() => send(stream, answer.last).await,
        Some(FaultKind::SlowDrip(time)) => drip(stream, frame, *time).await,
        Some(FaultKind::HalfFrame) => {
            send(stream, &frame[..frame.len() / 2]).await;
            return Next::Cut;
        }
        Some(FaultKind::Garbage) => send(stream, answer.garbage).await,
        Some(FaultKind::DuplicateAnswer) => send(stream, &[frame, frame].concat()).await,
        _ => send(stream, frame).await,
    };
    if is_sent { Next::Request } else { Next::Cut }
}

/// Ends the connection by a fatal alert.
async fn alarm(stream: &mut impl Wire) -> Next {
    stream.alarm();
    // A flush would only say again that TLS has failed; the shutdown sends what is left to be sent.
    let _ = timeout(PATIENCE, stream.shutdown()).await;
    Next::Cut
}

/// Sends byte by byte, evenly, so that the last one leaves after that time.
async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], time: Duration) -> bool {
    let begun = Instant::now();
    for (sent, byte) in (1..).zip(bytes) {
        let share = f64::from(sent) / bytes.len() as f64;
        tokio::time::sleep_until(begun + time.mul_f64(share.min(1.0))).await;
        if !send(stream, std::slice::from_ref(byte)).await {
            return false;
        }
    }
    true
}

/// Bytes of the same length that are neither text nor XML.
pub(crate) fn scrambled(payload: &[u8]) -> Vec<u8> {
    payload.iter().map(|byte| byte ^ 0x95).collect()
}

/// Sends all of it; false if the connection would not take it.
pub(crate) async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    let write = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    matches!(timeout(PATIENCE, write).await, Ok(Ok(())))
}

/// Closes in good order. What the client still sends is read away for a while: closing over unread bytes would reset
/// the connection, and with it an answer on its way.
pub(crate) async fn farewell(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let close = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(DRAINED), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(2), close).await;
}
