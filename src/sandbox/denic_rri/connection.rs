//! One connection: TLS unless it is one within the process, then frame by frame until it ends. Every wait is bounded, and nothing that arrives can do more
//! than end its own connection.

use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::link::{self, Next, Outgoing, PATIENCE, Wire, farewell, send};
use super::server::{Pending, Server, Session};
use super::wire::frame::{self, Frame};

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
    if let Some(next) = link::before(stream, fault.as_ref(), server.options.idle).await {
        return next;
    }
    if !pending.work.is_zero() {
        tokio::time::sleep(pending.work).await;
    }
    let answered = server.carry_out(session, pending);
    let frame = frame::wrap(answered.payload.as_bytes());
    let garbage = frame::wrap(&link::scrambled(answered.payload.as_bytes()));
    let last = std::mem::replace(&mut session.last_answer, frame.clone());
    let outgoing = Outgoing { frame: &frame, garbage: &garbage, last: &last };
    match link::deliver(stream, fault.as_ref(), &outgoing).await {
        Next::Request if answered.ends_session => Next::Close,
        next => next,
    }
}
