//! A connection over TCP: the handshake in clear text, then one encrypted frame after the other, for a minute at most.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::super::link::{self, Next, Outgoing, Wire, farewell, send};
use super::super::lock;
use super::codes;
use super::reply::Reply;
use super::server::{Proof, Server, Session};
use super::wire::crypt::{self, Cipher};
use super::wire::frame::{self, Frame};
use super::wire::tree::Node;
use super::wire::{read, write};

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

/// What one side says of itself.
fn greeting(sender: &str) -> String {
    let attributes = Node::assoc([("sender", sender.into()), ("version", "XML:0.1".into()), ("state", "ready".into())]);
    write::message(&Node::assoc([
        ("protocol", "XCP".into()),
        ("action", "check".into()),
        ("object", "version".into()),
        ("attributes", attributes),
    ]))
}

async fn clear(stream: &mut impl Wire) -> Option<Node> {
    match frame::read(stream, false).await {
        Frame::Payload(payload) => read::message(std::str::from_utf8(&payload).ok()?).ok(),
        Frame::Bad | Frame::End => None,
    }
}

async fn converse(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Next {
    let Some(cipher) = handshake(server, session, stream).await else { return Next::Close };
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

/// Both sides say who they are; the client proves that it has the key. None if it could not.
async fn handshake(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Option<Cipher> {
    if !is_allowed(server, session) {
        lock(&server.shared.ledger).violation(None, "address_not_allowed");
        let reply = Reply::refused_as(555, "Access denied: invalid IP address");
        send(stream, &frame::wrap(write::message(&reply.message(None)).as_bytes())).await;
        return None;
    }
    send(stream, &frame::wrap(greeting("OpenSRS SERVER").as_bytes())).await;
    let hello = clear(stream).await?;
    hello.get("attributes")?.text("version").filter(|version| version.starts_with("XML"))?;
    let login = clear(stream).await?;
    let is_login = login.text("action").is_some_and(|action| action.eq_ignore_ascii_case("authenticate"));
    let attributes = login.get("attributes").filter(|_| is_login)?;
    let (username, kind) = (attributes.text("username")?.to_owned(), attributes.text("crypt_type")?.to_owned());
    let key = lock(&server.state).accounts.get(&username).map(|account| account.key.expose().to_owned());
    let fate = server.logs_in(session, &username);
    if let Some(next) = link::before(stream, fate.fault.as_ref(), server.options.life).await {
        let _ = next;
        return None;
    }
    tokio::time::sleep(fate.delay).await;
    let Some(cipher) = Cipher::new(&kind, &key.clone().unwrap_or_default()) else {
        let reply = Reply::refused_as(400, "Invalid encryption method; try -des");
        send(stream, &frame::wrap(write::message(&reply.message(None)).as_bytes())).await;
        return None;
    };
    let challenge = server.challenge();
    send(stream, &frame::wrap(&challenge)).await;
    let Frame::Payload(sealed) = frame::read(stream, true).await else { return None };
    let is_right = cipher.open(&sealed).is_some_and(|answer| answer == crypt::challenged(&challenge));
    if key.is_none() || !is_right || server.refuses_login(&fate) {
        lock(&server.shared.ledger).violation(key.map(|_| username).as_deref(), "wrong_challenge");
        return None;
    }
    let has_place = {
        let mut state = lock(&server.state);
        server.joins(&mut state, session, &username)
    };
    let reply = if has_place { Reply::ok("Authentication Successful") } else { Reply::refused(310) };
    if !has_place {
        lock(&server.shared.ledger).violation(Some(&username), "too_many_connections");
    }
    let sealed = cipher.seal(write::message(&reply.message(None)).as_bytes(), server.vector());
    let is_sent = send(stream, &frame::wrap(&sealed)).await;
    (is_sent && has_place).then_some(cipher)
}

/// Whether any account may be used from there; which one it will be is not said yet.
fn is_allowed(server: &Server, session: &Session) -> bool {
    lock(&server.state).accounts.values().any(|account| account.allowed.contains(&session.peer))
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
