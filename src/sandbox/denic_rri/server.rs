//! The registry at work: every request is received (limits, faults, holds), perhaps worked on for a while, carried out
//! and answered. The state is locked for each of these steps and between them for nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::clock::later;
use super::super::faults::{Fate, FaultKind};
use super::super::ledger::{EffectRecord, RequestRecord};
use super::super::limits::Point;
use super::super::{Shared, lock};
use super::codes::{self, Code};
use super::commands::{Answer, Context, Refusal};
use super::state::{Access, State};
use super::wire::request::{self, Request, Unreadable};
use super::wire::{Format, Outcome, Reply, Version};
use super::{DenicOptions, Environment, span};
use crate::model::Message;

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
        lock(&self.server.state).release(&self.objects);
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
        Session { id: self.shared.next_session(), account: None }
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
    pub(super) fn receive(self: &Arc<Self>, session: &Session, payload: &[u8]) -> Pending {
        let now = self.shared.clock.now();
        let parsed = request::parse(payload);
        let mut state = lock(&self.state);
        state.sweep(now, &self.shared.clock);
        let user = parsed.as_ref().ok().filter(|r| r.command.name == "login").and_then(|r| r.fields.first("user"));
        let account = session.account.clone().or_else(|| state.account_of_user(user?));
        let action = parsed.as_ref().map_or("unreadable", |request| request.command.name);
        let object = parsed.as_ref().ok().and_then(|request| request.command.object_of(request));
        let fate = lock(&self.shared.faults).decide(action, object.as_deref());
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            seq: 0,
            arrived: now,
            registry: NAME.into(),
            account: account.clone(),
            session: session.id,
            action: action.into(),
            object,
            ctid: parsed.as_ref().ok().and_then(|request| request.ctid.clone()),
            digest: (action != "login").then(|| hex(payload)),
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
        let admitted = self.admit(&mut state, session, account.as_deref(), &parsed, &mut pending, now);
        drop(state);
        match admitted {
            Err(answer) => pending.decided = Some(*answer),
            Ok(objects) if !objects.is_empty() => {
                pending.hold = Some(Hold { server: Arc::clone(self), objects });
                pending.work = self.options.processing;
            }
            Ok(_) => {}
        }
        pending.work += pending.fate.delay;
        pending.request = parsed.ok();
        pending
    }

    /// Whether a request may be carried out; if so, which objects are held for it now. The order is the registry's:
    /// limits of the line first, then the session, then form, then what it costs, then the objects.
    fn admit(
        &self,
        state: &mut State,
        session: &Session,
        account: Option<&str>,
        parsed: &Result<Request, Unreadable>,
        pending: &mut Pending,
        now: Timestamp,
    ) -> Result<Vec<(String, Access)>, Box<Answer>> {
        let violation = |rule: &str| lock(&self.shared.ledger).violation(account, rule);
        let refuse = |message: Message| Box::new(Answer::refused(Outcome::Failed, vec![message]));
        let limit = self.request_limit(now);
        if let Some(account) = account.and_then(|id| state.accounts.get_mut(id)) {
            let was_blocked = account.throttle.is_blocked(now);
            if !account.throttle.arrive(now, limit) {
                violation(if was_blocked { "sent_while_blocked" } else { "acl_exceeded" });
                return Err(refuse(codes::ACL_EXCEEDED.message()));
            }
        }
        let request = match parsed {
            Ok(request) => request,
            Err(unreadable) => {
                violation("unreadable");
                return Err(Box::new(Answer::refused(Outcome::Failed, unreadable.messages.clone())));
            }
        };
        let command = request.command;
        if session.account.is_none() && command.name != "login" {
            violation("not_logged_in");
            return Err(refuse(codes::LOGIN_FAILED.with(["Please login first"])));
        }
        if request.ctid.is_some() && !command.writes {
            violation("ctid_on_read");
            let text = format!("Client transaction ID not allowed with {} command", command.action);
            return Err(refuse(codes::SEMANTICS.with([text])));
        }
        if let Some(answer) = injected(pending.fate.fault.as_ref()) {
            return Err(Box::new(answer));
        }
        let Some(account) = session.account.as_deref() else { return Ok(Vec::new()) };
        if !command.is_free {
            pending.notices = self.charge(state, account, now).map_err(|message| {
                violation("quota_exceeded");
                refuse(message)
            })?;
        }
        let objects = command.holds(request);
        if !state.hold(&objects) {
            violation("concurrent_write");
            let names: Vec<_> = objects.into_iter().map(|(name, _)| name).take(1).collect();
            return Err(refuse(codes::CONCURRENT_WRITE.with(names)));
        }
        // From here on the id is used up, whatever becomes of the write; what was refused before is as if never sent.
        if let Some(ctid) = &request.ctid {
            let is_usable = (3..=64).contains(&ctid.chars().count()) && !ctid.chars().any(char::is_control);
            let account = state.accounts.get_mut(account);
            if !is_usable || (!account.is_some_and(|a| a.spend_ctid(ctid, now)) && self.options.unique_ctid) {
                state.release(&objects);
                violation(if is_usable { "ctid_used_twice" } else { "ctid_unusable" });
                return Err(refuse(codes::CTID_VALUE.message()));
            }
        }
        Ok(objects)
    }

    /// Requests that may arrive in one window now.
    fn request_limit(&self, now: Timestamp) -> usize {
        let is_purge = (2..4).contains(&self.shared.clock.local(now).hour());
        self.options.requests_per_window.unwrap_or(match self.options.environment {
            Environment::Live if is_purge => 200,
            Environment::Live => 2000,
            Environment::Test => 100,
        })
    }

    /// Takes a quota point and says which notices go with the answer.
    fn charge(&self, state: &mut State, account: &str, now: Timestamp) -> Result<Vec<Message>, Message> {
        let Some(account) = state.accounts.get_mut(account) else { return Ok(Vec::new()) };
        match account.quota.take(self.shared.clock.day(now), self.options.quota_per_day) {
            Point::Taken => Ok(Vec::new()),
            Point::Reached(60) => Ok(vec![codes::QUOTA_NOTICE.with(["60%"])]),
            Point::Reached(share) => Ok(vec![codes::QUOTA_WARNING.with([format!("{share}%")])]),
            Point::Exhausted => Err(codes::QUOTA_EXCEEDED.message()),
        }
    }

    /// Carries a request out and writes its answer. Effect and ledger change under one lock.
    pub(super) fn carry_out(&self, session: &mut Session, mut pending: Pending) -> Answered {
        let now = self.shared.clock.now();
        let mut state = lock(&self.state);
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
        let stid = state.next_id();
        drop(state);
        let lie = match &pending.fate.fault {
            Some(FaultKind::Lie { code, effect: true, exception }) => {
                let outcome = if *exception { Outcome::Exception } else { Outcome::Failed };
                Some(Answer::refused(outcome, vec![codes::any(code)]))
            }
            _ => None,
        };
        let mut answer = lie.unwrap_or(answer);
        answer.messages.append(&mut pending.notices);
        if self.options.environment == Environment::Test {
            answer.messages.push(codes::TEST_ENVIRONMENT.with(["testing platform"]));
        }
        let ctid =
            pending.request.as_ref().and_then(|request| request.ctid.clone()).map(|ctid| {
                if pending.fate.fault == Some(FaultKind::WrongCtid) { format!("not-{ctid}") } else { ctid }
            });
        let code = answer.messages.iter().max_by_key(|message| message.level).map(|message| message.code.as_str());
        let word = answer.outcome.word();
        lock(&self.shared.ledger)
            .answered(pending.seq, code.map_or_else(|| word.to_owned(), |code| format!("{word} {code}")));
        let reply = Reply {
            outcome: answer.outcome,
            stid: &stid,
            ctid: ctid.as_deref(),
            messages: &answer.messages,
            data: answer.data.as_deref(),
        };
        Answered { payload: reply.encode(pending.format, pending.version), ends_session: answer.ends_session }
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

/// Refusals that are injected before anything is done.
fn injected(fault: Option<&FaultKind>) -> Option<Answer> {
    let (outcome, message) = match fault? {
        FaultKind::Busy => (Outcome::Failed, codes::CONCURRENT_WRITE.message()),
        FaultKind::Unavailable => (Outcome::Failed, codes::UNAVAILABLE.message()),
        FaultKind::RefuseLogin => (Outcome::Failed, codes::LOGIN_FAILED.message()),
        FaultKind::Lie { code, effect: false, exception: true } => (Outcome::Exception, codes::any(code)),
        FaultKind::Lie { code, effect: false, exception: false } => (Outcome::Failed, codes::any(code)),
        _ => return None,
    };
    Some(Answer::refused(outcome, vec![message]))
}

fn hex(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect()
}
