//! A connection over HTTPS: one signed request after the other, as long as the client keeps it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::faults::FaultKind;
use super::super::http::{self, HttpRequest, Read};
use super::super::link::{self, Next, Outgoing, PATIENCE, Wire, farewell, send};
use super::server::{Proof, Server, Session};

/// What an answer is.
const MIME: &str = "text/xml";
/// Bytes that are on their way at most on a connection within the process.
const WITHIN: usize = 64 * 1024;

/// Accepts connections until the sandbox stops.
pub(in super::super) async fn listen(server: Arc<Server>, listener: TcpListener, acceptor: TlsAcceptor) {
    let shared = Arc::clone(&server.shared);
    let serve = |stream, peer: std::net::SocketAddr| serve(Arc::clone(&server), acceptor.clone(), stream, peer.ip());
    link::accept(&shared, listener, serve).await;
}

async fn serve(server: Arc<Server>, acceptor: TlsAcceptor, stream: TcpStream, peer: IpAddr) {
    if server.refuses_connection() {
        return;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    attend(&server, peer, stream).await;
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
            () = attend(&server, IpAddr::V4(Ipv4Addr::LOCALHOST), far) => {}
        }
    });
    near
}

/// One conversation from its beginning to its end.
async fn attend(server: &Arc<Server>, peer: IpAddr, mut stream: impl Wire) {
    let mut session = server.connect(peer);
    let next = converse(server, &mut session, &mut stream).await;
    server.disconnect(&session);
    if next == Next::Close {
        farewell(&mut stream).await;
    }
}

async fn converse(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Next {
    let mut ahead = Vec::new();
    loop {
        let request = match timeout(server.options.idle, http::read(stream, &mut ahead)).await {
            Ok(Read::Request(request)) => request,
            Ok(Read::Bad(status)) => {
                send(stream, &http::wrap(status, MIME, b"", false)).await;
                return Next::Close;
            }
            Ok(Read::End) => return Next::Cut,
            Err(_) => return Next::Close,
        };
        let next = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/") => answer(server, session, stream, &request).await,
            (method, _) => {
                let status = if method == "POST" { 404 } else { 405 };
                let is_sent = send(stream, &http::wrap(status, MIME, b"", request.keeps)).await;
                if is_sent { Next::Request } else { Next::Cut }
            }
        };
        match next {
            Next::Request if request.keeps => {}
            Next::Request => return Next::Close,
            next => return next,
        }
    }
}

/// Works on a request and answers it, or lets go wrong what is meant to.
async fn answer(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire, request: &HttpRequest) -> Next {
    let header = |name: &str| request.header(name).unwrap_or_default();
    let proof = Proof::Signed { username: header("x-username"), signature: header("x-signature") };
    let mut pending = server.receive(session, &request.body, &proof);
    let fault = pending.fate.fault.clone();
    if let Some(next) = link::before(stream, fault.as_ref(), server.options.idle).await {
        return next;
    }
    if !pending.work.is_zero() {
        tokio::time::sleep(pending.work).await;
    }
    if let Some(FaultKind::Http { status, effect }) = fault {
        if effect {
            server.carry_out(&mut pending);
        }
        drop(pending);
        let is_sent = send(stream, &http::page(status, "/", request.keeps)).await;
        return if is_sent { Next::Request } else { Next::Cut };
    }
    let payload = server.carry_out(&mut pending);
    let keeps = request.keeps && !pending.ends;
    let ends = pending.ends;
    // The object is let go before the answer leaves, so that the next request never meets this one.
    drop(pending);
    let frame = http::wrap(200, MIME, payload.as_bytes(), keeps);
    let garbage = http::wrap(200, MIME, &link::scrambled(payload.as_bytes()), keeps);
    let last = std::mem::replace(&mut session.last_answer, frame.clone());
    let outgoing = Outgoing { frame: &frame, garbage: &garbage, last: &last };
    match link::deliver(stream, fault.as_ref(), &outgoing).await {
        Next::Request if ends => Next::Close,
        next => next,
    }
}
