//! The beginning of a connection over TCP: both sides say in clear text who they are, the client proves that it has the key,
//! and from then on everything is sealed.

use std::sync::Arc;

use super::super::faults::FaultKind;
use super::super::link::{self, Next, Outgoing, Wire, send};
use super::super::lock;
use super::admission::injected;
use super::reply::Reply;
use super::server::{Server, Session};
use super::wire::crypt::{self, Cipher};
use super::wire::frame::{self, Frame};
use super::wire::tree::Node;
use super::wire::{read, write};

/// Who a client says it is.
struct Claim {
    username: String,
    /// The name of a cipher.
    cipher: String,
}

/// Carries the conversation out. None if the connection ends with it.
pub(super) async fn shake(server: &Arc<Server>, session: &mut Session, stream: &mut impl Wire) -> Option<Cipher> {
    let claim = greet(server, session, stream).await?;
    let (seq, fate) = server.logs_in(session, &claim.username);
    let fault = fate.fault.as_ref();
    if link::before(stream, fault, server.options.life).await.is_some() {
        return None;
    }
    tokio::time::sleep(fate.delay).await;
    let cipher = prove(server, session, stream, &claim).await?;
    let reply = match fault {
        Some(FaultKind::RefuseLogin) => return None,
        fault => fault.and_then(injected).unwrap_or_else(|| admit(server, session, &claim.username)),
    };
    lock(&server.shared.ledger).answered(seq, reply.line());
    let text = write::message(&reply.message(None));
    let frame = frame::wrap(&cipher.seal(text.as_bytes(), server.vector()));
    let garbage = frame::wrap(&link::scrambled(text.as_bytes()));
    let next = link::deliver(stream, fault, &Outgoing { frame: &frame, garbage: &garbage, last: &[] }).await;
    (next == Next::Request && reply.is_success).then_some(cipher)
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

/// A message in clear text.
async fn clear(stream: &mut impl Wire) -> Option<Node> {
    match frame::read(stream, false).await {
        Frame::Payload(payload) => read::message(std::str::from_utf8(&payload).ok()?).ok(),
        Frame::Bad | Frame::End => None,
    }
}

/// Refuses in clear text.
async fn turn_away(stream: &mut impl Wire, code: u16, text: &str) {
    let reply = write::message(&Reply::refused_as(code, text).message(None));
    send(stream, &frame::wrap(reply.as_bytes())).await;
}

/// Steps 2 to 4: the server's version, the client's version, the client's name.
async fn greet(server: &Server, session: &Session, stream: &mut impl Wire) -> Option<Claim> {
    // Which account it will be is not said yet, so the address only has to be somebody's.
    let is_allowed = lock(&server.state).accounts.values().any(|account| account.allowed.contains(&session.peer));
    if !is_allowed {
        lock(&server.shared.ledger).violation(None, "address_not_allowed");
        turn_away(stream, 555, "Access denied: invalid IP address").await;
        return None;
    }
    send(stream, &frame::wrap(greeting("OpenSRS SERVER").as_bytes())).await;
    let hello = clear(stream).await?;
    hello.get("attributes")?.text("version").filter(|version| version.starts_with("XML"))?;
    let login = clear(stream).await?;
    let is_login = login.text("action").is_some_and(|action| action.eq_ignore_ascii_case("authenticate"));
    let attributes = login.get("attributes").filter(|_| is_login)?;
    Some(Claim { username: attributes.text("username")?.to_owned(), cipher: attributes.text("crypt_type")?.to_owned() })
}

/// Steps 5 and 6: a challenge, and its digest sealed with the account's key.
async fn prove(server: &Server, session: &Session, stream: &mut impl Wire, claim: &Claim) -> Option<Cipher> {
    let key = {
        let state = lock(&server.state);
        let account = state.accounts.get(&claim.username);
        account.filter(|account| account.allowed.contains(&session.peer)).map(|account| account.key.clone())
    };
    // Whoever is unknown hears no sooner of it than whoever has another key.
    let text = key.as_ref().map_or("", |key| key.expose());
    let Some(cipher) = Cipher::new(&claim.cipher, text) else {
        turn_away(stream, 400, "Invalid encryption method; try -des").await;
        return None;
    };
    let challenge = server.challenge();
    send(stream, &frame::wrap(&challenge)).await;
    let Frame::Payload(sealed) = frame::read(stream, true).await else { return None };
    let is_right = cipher.open(&sealed).is_some_and(|answer| answer == crypt::challenged(&challenge));
    if key.is_some() && is_right {
        return Some(cipher);
    }
    let account = key.is_some().then_some(claim.username.as_str());
    lock(&server.shared.ledger).violation(account, "wrong_challenge");
    None
}

/// Step 7: a place for the connection, if there is one.
fn admit(server: &Server, session: &mut Session, username: &str) -> Reply {
    if server.joins(&mut lock(&server.state), session, username) {
        return Reply::ok("Authentication Successful");
    }
    lock(&server.shared.ledger).violation(Some(username), "too_many_connections");
    Reply::refused(310)
}
