//! The registry at work: every request is received (limits, faults, holds), perhaps worked on for a while, carried out
//! and answered. The state is locked for each of these steps and between them for nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::clock::later;
use super::super::faults::{CONNECT, Fate, FaultKind};
use super::super::holds::Access;
use super::super::ledger::{EffectRecord, RequestRecord};
use super::super::{Shared, lock};
use super::admission::Gate;
use super::codes::{self, Code};
use super::commands::{Answer, Context, Refusal};
use super::state::State;
use super::wire::request::{self, Request};
use super::wire::{Dice, Format, Outcome, Reply, Version};
use super::{DenicOptions, Environment, Manner, span};
use crate::model::{Level, Message};

/// The name in `--registry` and in the ledger.
pub(in super::super) const NAME: &str = "denic-rri";

/// The registry and everything its connections share.
pub(in super::super) struct Server {
    pub(super) options: DenicOptions,
    pub(super) shared: Arc<Shared>,
    pub(super) state: Mutex<State>,
    pub(super) address: SocketAddr,
}

/// What the server keeps about one connection.
pub(super) struct Session {
    id: u64,
    account: Option<String>,
    /// The fault that made the registry forget it, which befalls everything that still comes.
    dropped: Option<FaultKind>,
    /// The id of the last answer.
    last_stid: Option<String>,
    /// The frame of the last answer.
    pub(super) last_answer: Vec<u8>,
}

/// A request on its way through the server.
pub(super) struct Pending {
    seq: u64,
    format: Format,
    version: Version,
    request: Option<Request>,
    /// The answer, if it is clear without carrying anything out.
    decided: Option<Answer>,
    /// Quota notices that go with whatever answer.
    notices: Vec<Message>,
    hold: Option<Hold>,
    /// What goes wrong.
    pub(super) fate: Fate,
    /// How long it is worked on.
    pub(super) work: Duration,
}

/// An answer ready to be framed.
pub(super) struct Answered {
    pub(super) payload: String,
    pub(super) ends_session: bool,
}

/// Objects held for a write; let go when dropped, however the request ends.
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
    pub(in super::super) fn new(options: DenicOptions, shared: Arc<Shared>, address: SocketAddr) -> Self {
        let state = Mutex::new(State::new(&options, shared.seed));
        Self { options, shared, state, address }
    }

    /// A connection begins.
    pub(super) fn connect(&self) -> Session {
        Session {
            id: self.shared.next_session(),
            account: None,
            dropped: None,
            last_stid: None,
            last_answer: Vec::new(),
        }
    }

    /// Whether a connection that begins is closed at once. Such a one is in the ledger as a request without content.
    pub(super) fn refuses_connection(&self) -> bool {
        let fate = lock(&self.shared.faults).decide(CONNECT, None);
        let refused = fate.fault.is_some();
        if refused {
            let now = self.shared.clock.now();
            lock(&self.shared.ledger).arrive(RequestRecord {
                seq: 0,
                arrived: now,
                registry: NAME.into(),
                account: None,
                session: self.shared.next_session(),
                action: CONNECT.into(),
                object: None,
                ctid: None,
                digest: None,
                bytes: 0,
                answer: None,
                fault: fate.describe(),
            });
        }
        refused
    }

    /// A connection ended. Without LOGOUT its session goes on as a ghost.
    pub(super) fn disconnect(&self, session: Session) {
        let until = later(self.shared.clock.now(), span(self.options.ghost));
        let mut state = lock(&self.state);
        if let Some(account) = session.account.and_then(|id| state.accounts.get_mut(&id)) {
            account.sessions.lose(session.id, until);
        }
    }

    /// Takes a request in: writes it down, applies the limits, decides what goes wrong and takes hold of its objects.
    pub(super) fn receive(self: &Arc<Self>, session: &mut Session, payload: &[u8]) -> Pending {
        let parsed = request::parse(payload);
        let is_login = parsed.as_ref().is_ok_and(|request| request.command.name == "login");
        if is_login && session.dropped == Some(FaultKind::DropSession { answers: true }) {
            (session.dropped, session.account) = (None, None);
        }
        let mut state = lock(&self.state);
        // Under the lock, so that arrival times follow the order of the ledger.
        let now = self.shared.clock.now();
        state.sweep(now, &self.shared.clock);
        let user = parsed.as_ref().ok().filter(|r| r.command.name == "login").and_then(|r| r.fields.first("user"));
        let account = session.account.clone().or_else(|| state.account_of_user(user?));
        let action = parsed.as_ref().map_or("unreadable", |request| request.command.name);
        let object = parsed.as_ref().ok().and_then(|request| request.command.object_of(request));
        let fate = match session.dropped.clone() {
            Some(fault) => Fate { fault: Some(fault), ..Fate::default() },
            None => lock(&self.shared.faults).decide(action, object.as_deref()),
        };
        if let Some(dropped @ FaultKind::DropSession { .. }) = &fate.fault {
            Self::forget(&mut state, session, dropped);
        }
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            seq: 0,
            arrived: now,
            registry: NAME.into(),
            account: account.clone(),
            session: session.id,
            action: action.into(),
            object,
            ctid: parsed.as_ref().ok().and_then(|request| request.ctid.clone()),
            digest: (session.account.is_some() && !matches!(action, "login" | "unreadable")).then(|| hex(payload)),
            bytes: payload.len(),
            answer: None,
            fault: fate.describe(),
        });
        let (format, version) = match &parsed {
            Ok(request) => (request.format, request.version),
            Err(unreadable) => (unreadable.format, unreadable.version),
        };
        let mut pending = Pending {
            seq,
            format,
            version,
            request: None,
            decided: None,
            notices: Vec::new(),
            hold: None,
            fate,
            work: Duration::ZERO,
        };
        let gate = Gate {
            server: self,
            session_account: session.account.as_deref(),
            account: account.as_deref(),
            fault: pending.fate.fault.as_ref(),
            now,
        };
        let admitted = gate.admit(&mut state, &parsed);
        drop(state);
        match admitted {
            Err(answer) => pending.decided = Some(*answer),
            Ok(admitted) => {
                pending.notices = admitted.notices;
                if !admitted.objects.is_empty() {
                    pending.hold = Some(Hold { server: Arc::clone(self), objects: admitted.objects });
                    pending.work = self.options.processing;
                }
            }
        }
        pending.work += pending.fate.delay;
        pending.request = parsed.ok();
        pending
    }

    /// A session whose connection stays and whose place is free.
    fn forget(state: &mut State, session: &mut Session, fault: &FaultKind) {
        session.dropped = Some(fault.clone());
        if let Some(account) = session.account.as_ref().and_then(|id| state.accounts.get_mut(id)) {
            account.sessions.close(session.id);
        }
    }

    /// Carries a request out and writes its answer. Effect and ledger change under one lock.
    pub(super) fn carry_out(&self, session: &mut Session, mut pending: Pending) -> Answered {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now, &self.shared.clock);
        let mut answer = match (pending.decided.take(), &pending.request) {
            (None, Some(request)) => self.run(&mut state, session, request, pending.seq, now),
            (Some(answer), _) => answer,
            (None, None) => Answer::refused(Outcome::Exception, Vec::new()),
        };
        if let Some(account) = answer.login.take() {
            session.account = Some(account);
        }
        if answer.ends_session {
            session.account = None;
        }
        let fresh = state.next_id();
        let stid = match (&pending.fate.fault, session.last_stid.take()) {
            (Some(FaultKind::WrongStid), Some(last)) => last,
            _ => fresh,
        };
        session.last_stid = Some(stid.clone());
        drop(state);
        if let Some(FaultKind::Lie { code, effect: true, exception }) = &pending.fate.fault {
            let outcome = if *exception { Outcome::Exception } else { Outcome::Failed };
            answer = Answer::refused(outcome, vec![codes::any(code)]);
        }
        if self.options.manner == Manner::Odd && is_checked(&answer, pending.request.as_ref()) {
            answer.messages.push(codes::DNS_ACCEPTED.message());
        }
        answer.messages.append(&mut pending.notices);
        if self.options.environment == Environment::Test {
            answer.messages.push(codes::TEST_ENVIRONMENT.with(["testing platform"]));
        }
        self.write(&pending, &answer, &stid)
    }

    /// Writes an answer, in the ledger and for the wire.
    fn write(&self, pending: &Pending, answer: &Answer, stid: &str) -> Answered {
        // Of equal levels the first decides.
        let decisive = answer.messages.iter().rev().max_by_key(|message| message.level);
        let word = answer.outcome.word();
        let line = decisive.map_or_else(|| word.to_owned(), |message| format!("{word} {}", message.code));
        lock(&self.shared.ledger).answered(pending.seq, line);
        let ctid = pending.request.as_ref().and_then(|request| request.ctid.clone());
        let is_wrong = pending.fate.fault == Some(FaultKind::WrongCtid);
        let ctid = ctid.map(|ctid| if is_wrong { format!("not-{ctid}") } else { ctid });
        let reply = Reply {
            outcome: answer.outcome,
            stid,
            ctid: ctid.as_deref(),
            messages: &answer.messages,
            data: answer.data.as_deref(),
        };
        let payload = match self.options.manner {
            Manner::Plain => reply.encode(pending.format, pending.version),
            Manner::Odd => {
                let mut dice = Dice::new(self.shared.seed, pending.seq);
                reply.encode_oddly(pending.format, pending.version, &mut dice)
            }
        };
        Answered { payload, ends_session: answer.ends_session }
    }

    fn run(&self, state: &mut State, session: &Session, request: &Request, seq: u64, now: Timestamp) -> Answer {
        let account = session.account.clone().unwrap_or_default();
        let mut context = Context {
            state,
            session: session.id,
            account: &account,
            request,
            now,
            options: &self.options,
            clock: &self.shared.clock,
        };
        let answer = match (request.command.run)(&mut context) {
            Ok(answer) => answer,
            Err(Refusal(messages)) => Answer::refused(Outcome::Failed, messages),
        };
        if let Some((_, rule)) =
            LOGIN_RULES.iter().find(|(code, _)| answer.messages.iter().any(|m| m.code == code.number))
        {
            let wanted = request.fields.first("user").and_then(|user| state.account_of_user(user));
            lock(&self.shared.ledger).violation(wanted.as_deref(), rule);
        }
        if let Some(object) = answer.effect.clone() {
            lock(&self.shared.ledger).effect(EffectRecord {
                seq: 0,
                time: now,
                registry: NAME.into(),
                account: account.clone(),
                kind: request.command.name.into(),
                object,
                ctid: request.ctid.clone(),
                request: seq,
                detail: answer.detail.clone(),
            });
        }
        answer
    }

    /// The answer to a frame whose length cannot be. In key/value text, because nobody knows better.
    pub(super) fn refuse_frame(&self, session: &Session, length: u32) -> String {
        let account = session.account.as_deref();
        lock(&self.shared.ledger).violation(account, "bad_frame_length");
        let stid = lock(&self.state).next_id();
        let messages = [codes::REQUEST_TOO_LONG.with([length.to_string()])];
        let reply = Reply { outcome: Outcome::Failed, stid: &stid, ctid: None, messages: &messages, data: None };
        reply.encode(Format::Kv, Version::V5)
    }
}

/// Refusals of a LOGIN that a careful client does not collect.
const LOGIN_RULES: &[(Code, &str)] = &[
    (codes::LOGIN_FAILED, "wrong_login"),
    (codes::LOGIN_BLOCKED, "login_while_blocked"),
    (codes::TOO_MANY_SESSIONS, "too_many_sessions"),
];

/// Whether a write was done whose name servers were looked at and found in order. The manual's table has a message for
/// that, and no sample.
fn is_checked(answer: &Answer, request: Option<&Request>) -> bool {
    let writes_dns =
        |request: &Request| ["domain.create", "domain.update", "domain.chholder"].contains(&request.command.name);
    let complains = |message: &Message| message.level > Level::Info;
    answer.outcome == Outcome::Success && request.is_some_and(writes_dns) && !answer.messages.iter().any(complains)
}

fn hex(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect()
}
