//! The registry at work: every request is received (faults, signature, limits, holds), perhaps worked on for a while, carried
//! out and answered. The state is locked for each of these steps and between them for nobody.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::dice::Dice;
use super::super::faults::{CONNECT, Fate, FaultKind};
use super::super::holds::Access;
use super::super::ledger::{EffectRecord, RequestRecord};
use super::super::{Manner, Shared, lock};
use super::OpensrsOptions;
use super::admission::Arrival;
use super::codes;
use super::commands::{Context, Request};
use super::patterns::{self, Asked};
use super::reply::Reply;
use super::state::State;
use super::wire::{odd, read, write};

/// The name in `--registry` and in the ledger.
pub(in super::super) const NAME: &str = "opensrs";

/// The registry and everything its connections share.
pub(in super::super) struct Server {
    pub(super) options: OpensrsOptions,
    pub(super) shared: Arc<Shared>,
    pub(super) state: Mutex<State>,
    pub(super) https: SocketAddr,
    pub(super) tcp: SocketAddr,
}

/// What the server keeps about one connection.
pub(super) struct Session {
    pub(super) id: u64,
    pub(super) peer: IpAddr,
    /// The account it speaks for: over TCP since the handshake, over HTTPS since the first signature.
    pub(super) account: Option<String>,
    /// The fault that made the registry forget it, which befalls everything that still comes.
    pub(super) dropped: Option<FaultKind>,
    /// The frame of the last answer.
    pub(super) last_answer: Vec<u8>,
    /// Commands it has sent.
    pub(super) commands: usize,
}

/// How a request proves who sent it.
pub(super) enum Proof<'a> {
    /// By a signature of its own.
    Signed { username: &'a str, signature: &'a str },
    /// By the handshake of its connection.
    Session,
}

/// A request on its way through the server.
pub(super) struct Pending {
    seq: u64,
    pub(super) account: Option<String>,
    request: Option<Request>,
    /// The answer, if it is clear without carrying anything out.
    decided: Option<Reply>,
    /// Whether that answer is the connection's last.
    pub(super) ends: bool,
    hold: Option<Hold>,
    /// What goes wrong.
    pub(super) fate: Fate,
    /// How long it is worked on.
    pub(super) work: Duration,
}

/// An object held for a write; let go when dropped, however the request ends.
struct Hold {
    server: Arc<Server>,
    objects: Vec<(String, Access)>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.server.state).held.release(&self.objects);
    }
}

impl Server {
    /// A registry without any data.
    pub(in super::super) fn new(
        options: OpensrsOptions,
        shared: Arc<Shared>,
        https: SocketAddr,
        tcp: SocketAddr,
    ) -> Self {
        let state = Mutex::new(State::new(&options, shared.seed));
        Self { options, shared, state, https, tcp }
    }

    /// A connection begins.
    pub(super) fn connect(&self, peer: IpAddr) -> Session {
        let id = self.shared.next_session();
        Session { id, peer, account: None, dropped: None, last_answer: Vec::new(), commands: 0 }
    }

    /// A connection ended.
    pub(super) fn disconnect(&self, session: &Session) {
        let mut state = lock(&self.state);
        if let Some(account) = session.account.as_ref().and_then(|name| state.accounts.get_mut(name)) {
            account.connections.remove(&session.id);
        }
    }

    /// Whether a connection that begins is closed at once. Such a one is in the ledger as a request without content.
    pub(super) fn refuses_connection(&self) -> bool {
        let fate = lock(&self.shared.faults).decide(CONNECT, None);
        let refused = fate.fault.is_some();
        if refused {
            let (arrived, session) = (self.shared.clock.now(), self.shared.next_session());
            let record = RequestRecord { fault: fate.describe(), ..blank(arrived, session, CONNECT, 0) };
            lock(&self.shared.ledger).arrive(record);
        }
        refused
    }

    /// Takes a request in: writes it down, decides what goes wrong, looks at proof and limits, takes hold of its object.
    pub(super) fn receive(self: &Arc<Self>, session: &mut Session, payload: &[u8], proof: &Proof<'_>) -> Pending {
        let parsed = std::str::from_utf8(payload).map_err(|error| error.to_string());
        let parsed = parsed.and_then(|text| read::message(text).and_then(Request::read));
        let mut state = lock(&self.state);
        // Under the lock, so that arrival times follow the order of the ledger.
        let now = self.shared.clock.now();
        state.sweep(now);
        let account = match proof {
            Proof::Signed { username, .. } => {
                Some((*username).to_owned()).filter(|name| state.accounts.contains_key(name))
            }
            Proof::Session => session.account.clone(),
        };
        let name = account.as_deref().unwrap_or_default();
        let action = parsed.as_ref().map_or("unreadable", Request::name);
        let object = parsed.as_ref().ok().and_then(|request| request.object(&state, name));
        let fate = match session.dropped.clone() {
            Some(fault) => Fate { fault: Some(fault), ..Fate::default() },
            None => {
                let logs_in = matches!(proof, Proof::Signed { .. });
                lock(&self.shared.faults).decide_of(action, object.as_deref(), logs_in)
            }
        };
        if let Some(dropped @ FaultKind::DropSession { .. }) = &fate.fault {
            session.dropped = Some(dropped.clone());
        }
        let is_secret = parsed.as_ref().is_ok_and(|request| request.command.action == "SET");
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            account: account.clone(),
            object: object.clone(),
            ctid: parsed.as_ref().ok().and_then(|r| r.attributes.text("affiliate_id")).map(str::to_owned),
            digest: (!is_secret).then(|| hex(payload)),
            fault: fate.describe(),
            ..blank(now, session.id, action, payload.len())
        });
        let mut pending =
            Pending { seq, account, request: None, decided: None, ends: false, hold: None, work: fate.delay, fate };
        let arrival = Arrival { payload, proof, parsed: &parsed, pending: &pending, now };
        match self.admit(&mut state, session, &arrival) {
            Err(refused) => (pending.decided, pending.ends) = (Some(refused.reply), refused.ends),
            Ok(()) => {
                let is_write = parsed.as_ref().is_ok_and(|request| request.command.is_write);
                let objects: Vec<_> =
                    object.filter(|_| is_write).map(|name| (name, Access::Exclusive)).into_iter().collect();
                if !state.held.hold(&objects) {
                    self.violation(&pending, "concurrent_write");
                    pending.decided = Some(Reply::refused(437));
                } else if !objects.is_empty() {
                    pending.hold = Some(Hold { server: Arc::clone(self), objects });
                    pending.work += self.options.processing;
                }
            }
        }
        drop(state);
        pending.request = parsed.ok();
        pending
    }

    /// Carries a request out and writes its answer. Effect and ledger change under one lock.
    pub(super) fn carry_out(&self, pending: &mut Pending) -> String {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        let mut reply = match (pending.decided.take(), &pending.request) {
            (None, Some(request)) => self.run(&mut state, pending, request, now),
            (Some(reply), _) => reply,
            (None, None) => Reply::refused(400),
        };
        let salt = state.next_hex(5);
        drop(state);
        if let Some(FaultKind::Lie { code, effect: true, .. }) = &pending.fate.fault {
            reply = lie(code);
        }
        lock(&self.shared.ledger).answered(pending.seq, reply.line());
        let object = pending.request.as_ref().map(|request| request.object.as_str());
        let transaction = format!("{} {} 101", super::dates::text(now), u32::from_str_radix(&salt, 16).unwrap_or(1));
        reply.beside.push(("transaction_id".into(), transaction.into()));
        let message = reply.message(object);
        match self.options.manner {
            Manner::Plain => write::message(&message),
            Manner::Odd => odd::message(&message, &mut Dice::new(self.shared.seed, pending.seq)),
        }
    }

    fn run(&self, state: &mut State, pending: &Pending, request: &Request, now: Timestamp) -> Reply {
        let account = pending.account.clone().unwrap_or_default();
        let name = request.object(state, &account).unwrap_or_default();
        let asked = Asked { action: &request.action, is_write: request.command.is_write };
        let treatment = patterns::treatment(&name, asked);
        let treatment = treatment.filter(|asked| !asked.is_once || state.met.insert(name.clone(), now).is_none());
        if let Some(treatment) = treatment.as_ref().filter(|treatment| !treatment.is_done) {
            return treatment.reply.clone();
        }
        let transaction = request.attributes.text("affiliate_id").map(str::to_owned);
        let mut context = Context {
            state,
            account: &account,
            request,
            now,
            options: &self.options,
            effects: Vec::new(),
            transaction,
        };
        let reply = (request.command.run)(&mut context).unwrap_or_else(|refused| *refused);
        for effect in context.effects {
            lock(&self.shared.ledger).effect(EffectRecord {
                seq: 0,
                time: now,
                registry: NAME.into(),
                account: account.clone(),
                kind: effect.kind.into(),
                object: effect.object,
                ctid: effect.transaction,
                request: pending.seq,
                detail: effect.detail,
            });
        }
        treatment.map_or(reply, |treatment| treatment.reply)
    }

    /// Counts a broken rule.
    pub(super) fn violation(&self, pending: &Pending, rule: &str) {
        lock(&self.shared.ledger).violation(pending.account.as_deref(), rule);
    }
}

impl Server {
    /// A login over TCP arrives: writes it down and decides what goes wrong with it.
    pub(super) fn logs_in(&self, session: &Session, username: &str) -> (u64, Fate) {
        let fate = lock(&self.shared.faults).decide("login", None);
        let is_known = lock(&self.state).accounts.contains_key(username);
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            account: is_known.then(|| username.to_owned()),
            fault: fate.describe(),
            ..blank(self.shared.clock.now(), session.id, "login", 0)
        });
        (seq, fate)
    }

    /// Bytes for a client to prove itself with.
    pub(super) fn challenge(&self) -> [u8; 32] {
        lock(&self.state).next_digest()
    }

    /// An initial vector.
    pub(super) fn vector(&self) -> [u8; 8] {
        let digest = self.challenge();
        std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
    }
}

impl Pending {
    /// Whether the client says that it is done.
    pub(super) fn quits(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.action == "QUIT")
    }
}

/// The answer of a lie.
pub(super) fn lie(code: &str) -> Reply {
    let number = code.parse().unwrap_or(400);
    Reply::refused_as(number, codes::text(number))
}

/// What is known of every request.
fn blank(arrived: Timestamp, session: u64, action: &str, bytes: usize) -> RequestRecord {
    RequestRecord {
        seq: 0,
        arrived,
        registry: NAME.into(),
        account: None,
        session,
        action: action.into(),
        object: None,
        ctid: None,
        digest: None,
        bytes,
        answer: None,
        fault: None,
    }
}

fn hex(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect()
}
