//! A connection: one signed request after the other, as long as the client keeps it. On the same port both TLS and plain HTTP are
//! understood, because the registry answers a Whois over either.

use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::faults::FaultKind;
use super::super::http::{self, HttpRequest, Read};
use super::super::link::{self, Next, Outgoing, PATIENCE, Wire, farewell, send};
use super::server::{Server, Session};
use super::wire::form::MIME;

/// Where requests are posted to.
pub(super) const PATH: &str = "/srs/registrar";
/// Bytes that are on their way at most on a connection within the process.
const WITHIN: usize = 64 * 1024;
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 22;

/// Accepts connections until the sandbox stops.
pub(in super::super) async fn listen(server: Arc<Server>, listener: TcpListener, acceptor: TlsAcceptor) {
    let shared = Arc::clone(&server.shared);
    link::accept(&shared, listener, |stream, _| serve(Arc::clone(&server), acceptor.clone(), stream)).await;
}

async fn serve(server: Arc<Server>, acceptor: TlsAcceptor, stream: TcpStream) {
    if server.refuses_connection() {
        return;
    }
    let mut first = [0; 1];
    let Ok(Ok(1)) = timeout(PATIENCE, stream.peek(&mut first)).await else { return };
    if first != [HANDSHAKE] {
        attend(&server, false, stream).await;
        return;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    attend(&server, true, stream).await;
}

/// A connection within the process: everything but TLS, and yet secure. Returns the client's end.
pub(in super::super) fn connect(server: &Arc<Server>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(WITHIN);
    if server.refuses_connection() {
        return near;
    }
    let (server, stop) = (Arc::clone(server), server.shared.stop.clone());
    server.shared.tasks.clone().spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = attend(&server, true, far) => {}
        }
    });
    near
}

/// One conversation from its beginning to its end.
async fn attend(server: &Arc<Server>, is_secure: bool, mut stream: impl Wire) {
    let mut session = server.connect(is_secure);
    if converse(server, &mut session, &mut stream).await == Next::Close {
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
            ("POST", PATH) => answer(server, session, stream, &request).await,
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
    let keeps = request.keeps;
    let mut request = server.receive(session, request);
    let fault = request.fate.fault.clone();
    if let Some(next) = link::before(stream, fault.as_ref(), server.options.idle).await {
        return next;
    }
    if !request.work.is_zero() {
        tokio::time::sleep(request.work).await;
    }
    if let Some(FaultKind::Http { status, effect }) = fault {
        if effect {
            server.carry_out(session, &mut request);
        }
        drop(request);
        let is_sent = send(stream, &http::page(status, PATH, keeps)).await;
        return if is_sent { Next::Request } else { Next::Cut };
    }
    let body = server.carry_out(session, &mut request);
    // The domains are let go before the answer leaves, so that the next request never meets this one.
    drop(request);
    let frame = http::wrap(200, MIME, body.as_bytes(), keeps);
    let garbage = http::wrap(200, MIME, &link::scrambled(body.as_bytes()), keeps);
    let last = std::mem::replace(&mut session.last_answer, frame.clone());
    let outgoing = Outgoing { frame: &frame, garbage: &garbage, last: &last };
    link::deliver(stream, fault.as_ref(), &outgoing).await
}
