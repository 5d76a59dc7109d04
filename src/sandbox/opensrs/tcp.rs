//! A connection over TCP: the handshake in clear text, then one encrypted frame after the other, for a minute at most.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::super::link::{self, Next, Outgoing, Wire, farewell, send};
use super::codes;
use super::handshake;
use super::reply::Reply;
use super::server::{Proof, Server, Session};
use super::wire::crypt::Cipher;
use super::wire::frame::{self, Frame};
use super::wire::write;

/// Accepts connections until the sandbox stops.
pub(in super::super) async fn listen(server: Arc<Server>, listener: TcpListener) {
    let shared = Arc::clone(&server.shared);
    let serve = |stream, peer: std::net::SocketAddr| serve(Arc::clone(&server), stream, peer.ip());
    link::accept(&shared, listener, serve).await;
}

async fn serve(server: Arc<Server>, mut stream: TcpStream, peer: IpAddr) {
    if server.refuses_connection() {
        return;
    }
    let mut session = server.connect(peer);
    let until = Instant::now() + server.options.life;
    let next = match timeout_at(until, converse(&server, &mut session, &mut stream)).await {
        Ok(next) => next,
        Err(_) => late(&server, &session, &mut stream).await,
    };
    server.disconnect(&session);
    if next == Next::Close {
        farewell(&mut stream).await;
    }
}

/// The connection's life is over. What it says of that is in clear text before the handshake is done, and nothing after it:
/// a sealed half of something could not be read.
async fn late(server: &Server, session: &Session, stream: &mut TcpStream) -> Next {
    if session.account.is_none() {
        let reply = Reply { code: None, ..Reply::refused_as(0, codes::TIMEOUT_TEXT) };
        let text = write::message(&reply.message(None));
        let _ = timeout(server.options.life, send(stream, &frame::wrap(text.as_bytes()))).await;
    }
    Next::Close
}

async fn converse(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Next {
    let Some(cipher) = handshake::shake(server, session, stream).await else { return Next::Close };
    loop {
        let sealed = match frame::read(stream, true).await {
            Frame::Payload(sealed) => sealed,
            Frame::Bad => return Next::Close,
            Frame::End => return Next::Cut,
        };
        // What was sealed with another key is no request at all.
        let Some(payload) = cipher.open(&sealed) else { return Next::Close };
        match answer(server, session, stream, &cipher, &payload).await {
            Next::Request => {}
            next => return next,
        }
    }
}

/// Works on a request and answers it, or lets go wrong what is meant to.
async fn answer(
    server: &Arc<Server>,
    session: &mut Session,
    stream: &mut impl Wire,
    cipher: &Cipher,
    payload: &[u8],
) -> Next {
    let mut pending = server.receive(session, payload, &Proof::Session);
    let fault = pending.fate.fault.clone();
    if let Some(next) = link::before(stream, fault.as_ref(), server.options.life).await {
        return next;
    }
    if !pending.work.is_zero() {
        tokio::time::sleep(pending.work).await;
    }
    let text = server.carry_out(&mut pending);
    let ends = pending.ends || pending.quits();
    drop(pending);
    let frame = frame::wrap(&cipher.seal(text.as_bytes(), server.vector()));
    let garbage = frame::wrap(&link::scrambled(text.as_bytes()));
    let last = std::mem::replace(&mut session.last_answer, frame.clone());
    let outgoing = Outgoing { frame: &frame, garbage: &garbage, last: &last };
    match link::deliver(stream, fault.as_ref(), &outgoing).await {
        Next::Request if ends => Next::Close,
        next => next,
    }
}
