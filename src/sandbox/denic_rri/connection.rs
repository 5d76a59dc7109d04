//! One connection: TLS unless it is one within the process, then frame by frame until it ends. Every wait is bounded, and nothing that arrives can do more
//! than end its own connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::super::faults::FaultKind;
use super::server::{Pending, Server, Session};
use super::wire::frame::{self, Frame};

/// Connections served at a time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// For the TLS handshake, and for writing an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is still read from a connection that is given up, so that it can read our last answer.
const DRAINED: u64 = 1024 * 1024;

/// Whether a connection goes on after a request.
#[derive(PartialEq, Eq)]
enum Next {
    Request,
    /// Ends in good order.
    Close,
    /// Is cut: no notice, no farewell.
    Cut,
}

/// A connection as far as its faults go.
trait Wire: AsyncRead + AsyncWrite + Unpin {
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

impl Wire for DuplexStream {
    fn alarm(&mut self) {}
}

/// Application data of TLS 1.2 or 1.3 that no key has sealed.
const FORGED: [u8; 37] = {
    let mut record = [0; 37];
    (record[0], record[1], record[2], record[4]) = (23, 3, 3, 32);
    record
};

/// Accepts connections until the sandbox stops.
pub(in super::super) async fn listen(server: Arc<Server>, listener: TcpListener, acceptor: TlsAcceptor) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let stop = server.shared.stop.clone();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: those that end free some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (server, acceptor, stop) = (Arc::clone(&server), acceptor.clone(), stop.clone());
        let tasks = server.shared.tasks.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = serve(server, acceptor, stream) => {}
            }
            drop(place);
        });
    }
}

async fn serve(server: Arc<Server>, acceptor: TlsAcceptor, stream: TcpStream) {
    // Answers are small: waiting to fill a packet would only slow the sandbox down.
    let _ = stream.set_nodelay(true);
    if server.refuses_connection() {
        return;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    attend(&server, stream).await;
}

/// A connection within the process: everything but TLS. Returns the client's end.
pub(in super::super) fn connect(server: &Arc<Server>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(frame::LONGEST);
    if server.refuses_connection() {
        return near;
    }
    let (server, stop) = (Arc::clone(server), server.shared.stop.clone());
    server.shared.tasks.clone().spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = attend(&server, far) => {}
        }
    });
    near
}

/// One conversation from its beginning to its end.
async fn attend(server: &Arc<Server>, mut stream: impl Wire) {
    let mut session = server.connect();
    let next = converse(server, &mut session, &mut stream).await;
    server.disconnect(session);
    if next == Next::Close {
        farewell(&mut stream).await;
    }
}

async fn converse(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Next {
    loop {
        let payload = match timeout(server.options.idle, frame::read(stream)).await {
            Ok(Frame::Payload(payload)) => payload,
            Ok(Frame::BadLength(length)) => {
                let payload = server.refuse_frame(session, length);
                send(stream, &frame::wrap(payload.as_bytes())).await;
                return Next::Close;
            }
            Ok(Frame::End) => return Next::Cut,
            Err(_) => return Next::Close,
        };
        let pending = server.receive(session, &payload);
        match answer(server, session, stream, pending).await {
            Next::Request => {}
            next => return next,
        }
    }
}

/// Works on a request and answers it, or lets go wrong what is meant to.
async fn answer(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire, pending: Pending) -> Next {
    let fault = pending.fate.fault.clone();
    match fault {
        Some(FaultKind::CutBefore) => return Next::Cut,
        Some(FaultKind::Stall) => {
            // The request keeps its objects until the client gives up.
            let _ = timeout(server.options.idle, stream.read_u8()).await;
            return Next::Cut;
        }
        Some(FaultKind::DropSession { answers: false }) => return Next::Request,
        Some(FaultKind::TlsAlert { effect: false }) => return alarm(stream).await,
        _ => {}
    }
    if !pending.work.is_zero() {
        tokio::time::sleep(pending.work).await;
    }
    let answered = server.carry_out(session, pending);
    let frame = frame::wrap(answered.payload.as_bytes());
    let last = std::mem::replace(&mut session.last_answer, frame.clone());
    let sent = match fault {
        Some(FaultKind::CutAfter) => return Next::Cut,
        Some(FaultKind::TlsAlert { .. }) => return alarm(stream).await,
        Some(FaultKind::PreviousAnswer) if !last.is_empty() => send(stream, &last).await,
        Some(FaultKind::SlowDrip(time)) => drip(stream, &frame, time).await,
        Some(FaultKind::HalfFrame) => {
            send(stream, &frame[..frame.len() / 2]).await;
            return Next::Cut;
        }
        Some(FaultKind::Garbage) => send(stream, &frame::wrap(&scrambled(answered.payload.as_bytes()))).await,
        Some(FaultKind::DuplicateAnswer) => send(stream, &[frame.as_slice(), &frame].concat()).await,
        _ => send(stream, &frame).await,
    };
    match (sent, answered.ends_session) {
        (false, _) => Next::Cut,
        (true, true) => Next::Close,
        (true, false) => Next::Request,
    }
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
fn scrambled(payload: &[u8]) -> Vec<u8> {
    payload.iter().map(|byte| byte ^ 0x95).collect()
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    let write = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    matches!(timeout(PATIENCE, write).await, Ok(Ok(())))
}

/// Closes in good order. What the client still sends is read away for a while: closing over unread bytes would reset
/// the connection, and with it an answer on its way.
async fn farewell(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let close = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(DRAINED), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(2), close).await;
}
