//! One connection: TLS unless it is one within the process, a greeting, then one message after the other until it ends. A
//! session's time is the sandbox's, so that moving the clock lets sessions time out. Nothing that arrives can do more than
//! end its own connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::link::{self, Next, Outgoing, PATIENCE, Wire, farewell, send};
use super::server::{Answered, Server};
use super::session::{Late, Session};
use super::wire::lines::{Heard, Message, Reader};

/// Bytes that are on their way at most on a connection within the process.
const WITHIN: usize = 64 * 1024;

/// Accepts connections until the sandbox stops.
pub(in super::super) async fn listen(server: Arc<Server>, listener: TcpListener, acceptor: TlsAcceptor) {
    let shared = Arc::clone(&server.shared);
    link::accept(&shared, listener, |stream, _| serve(Arc::clone(&server), acceptor.clone(), stream)).await;
}

async fn serve(server: Arc<Server>, acceptor: TlsAcceptor, stream: TcpStream) {
    if server.refuses_connection() {
        return;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    attend(&server, stream).await;
}

/// A connection within the process: everything but TLS. Returns the client's end.
pub(in super::super) fn connect(server: &Arc<Server>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(WITHIN);
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
    let mut next = greet(server, &mut stream).await;
    if next == Next::Request {
        let mut session = server.connect();
        next = converse(server, &mut session, &mut stream).await;
        server.disconnect(&session);
    }
    if next == Next::Close {
        farewell(&mut stream).await;
    }
}

/// The server speaks first.
async fn greet(server: &Server, stream: &mut impl Wire) -> Next {
    let (greeting, fate) = server.greet();
    let fault = fate.fault.as_ref();
    if let Some(next) = link::before(stream, fault, server.options.idle).await {
        return next;
    }
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let garbage = link::scrambled(&greeting);
    let next = link::deliver(stream, fault, &Outgoing { frame: &greeting, garbage: &garbage, last: &[] }).await;
    match next {
        // A code in the place of the greeting is all there is.
        Next::Request if fault.is_some_and(|fault| super::admission::injected(fault).is_some()) => Next::Close,
        next => next,
    }
}

/// What a session waits for.
enum Event {
    Message(Message),
    TooLong,
    End,
    Late(Late),
}

async fn converse(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Next {
    let mut reader = Reader::default();
    let mut moved = server.moved.subscribe();
    loop {
        match wait(server, session, &mut reader, stream, &mut moved).await {
            Event::Message(message) => match answer(server, session, stream, &message).await {
                Next::Request => {}
                next => return next,
            },
            Event::TooLong => {
                send(stream, &server.refuse_flood(session)).await;
                return Next::Close;
            }
            Event::Late(late) => {
                if let Some(bytes) = server.time_out(session, late) {
                    send(stream, &bytes).await;
                }
                return Next::Close;
            }
            Event::End => return Next::Cut,
        }
    }
}

/// Waits for a message, as long as the session may be without one.
async fn wait(
    server: &Server,
    session: &Session,
    reader: &mut Reader,
    stream: &mut impl Wire,
    moved: &mut watch::Receiver<u64>,
) -> Event {
    let (end, late) = session.deadline(&server.options);
    loop {
        // Marked as seen before the clock is read: a move after that wakes us up again.
        moved.borrow_and_update();
        let left = Duration::try_from(end.duration_since(server.shared.clock.now())).unwrap_or_default();
        if left.is_zero() {
            return Event::Late(late);
        }
        tokio::select! {
            biased;
            heard = reader.next(stream) => return match heard {
                Heard::Message(message) => Event::Message(message),
                Heard::TooLong => Event::TooLong,
                Heard::End => Event::End,
            },
            () = tokio::time::sleep(left) => {}
            _ = moved.changed() => {}
        }
    }
}

/// Works on a request and answers it, or lets go wrong what is meant to.
async fn answer(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire, message: &Message) -> Next {
    let pending = server.receive(session, message);
    let fault = pending.fate.fault.clone();
    if let Some(next) = link::before(stream, fault.as_ref(), server.options.idle).await {
        return next;
    }
    if !pending.work.is_zero() {
        tokio::time::sleep(pending.work).await;
    }
    let Answered { bytes, garbage, ends, behind } = server.carry_out(session, pending);
    let last = std::mem::replace(&mut session.last_answer, bytes.clone());
    let outgoing = Outgoing { frame: &bytes, garbage: &garbage, last: &last };
    match link::deliver(stream, fault.as_ref(), &outgoing).await {
        Next::Request if ends => {
            if let Some(behind) = behind {
                send(stream, &behind).await;
            }
            Next::Close
        }
        next => next,
    }
}
