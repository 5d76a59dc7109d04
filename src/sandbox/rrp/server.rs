//! The registry at work: every request is received (faults, session, limits), perhaps worked on for a while, carried out and
//! answered. The state is locked for each of these steps and between them for nobody. Writes on one object wait for each
//! other: RRP has no code for meeting another.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::super::dice::Dice;
use super::super::faults::{CONNECT, Fate, FaultKind, GREETING};
use super::super::ledger::{EffectRecord, RequestRecord};
use super::super::{Manner, Shared, link, lock};
use super::admission::{Arrival, lie};
use super::commands::{self, Context};
use super::patterns::{self, Treatment};
use super::reply::Reply;
use super::session::{Late, Session, Stage};
use super::state::State;
use super::wire::lines::Message;
use super::wire::request::{self, Request, Verb};
use super::wire::write::Hand;
use super::{RrpOptions, codes};

/// The name in `--registry` and in the ledger.
pub(in super::super) const NAME: &str = "rrp";

/// The registry and everything its connections share.
pub(in super::super) struct Server {
    pub(super) options: RrpOptions,
    pub(super) shared: Arc<Shared>,
    pub(super) state: Mutex<State>,
    pub(super) address: SocketAddr,
    /// Changes whenever the clock is moved: sessions that wait look at it again.
    pub(super) moved: watch::Sender<u64>,
}

/// A request on its way through the server.
pub(super) struct Pending {
    seq: u64,
    account: Option<String>,
    request: Option<Request>,
    /// The answer, if it is clear without carrying anything out.
    decided: Option<Reply>,
    /// What goes wrong.
    pub(super) fate: Fate,
    /// How long it is worked on.
    pub(super) work: Duration,
}

/// An answer to be sent.
pub(super) struct Answered {
    pub(super) bytes: Vec<u8>,
    pub(super) garbage: Vec<u8>,
    /// Whether the connection ends with it.
    pub(super) ends: bool,
    /// What follows unasked.
    pub(super) behind: Option<Vec<u8>>,
}

impl Server {
    /// A registry without any data.
    pub(in super::super) fn new(options: RrpOptions, shared: Arc<Shared>, address: SocketAddr) -> Self {
        let state = Mutex::new(State::new(&options, shared.seed));
        Self { options, shared, state, address, moved: watch::Sender::new(0) }
    }

    /// A connection begins.
    pub(super) fn connect(&self) -> Session {
        Session::new(self.shared.next_session(), self.shared.clock.now())
    }

    /// A connection ended.
    pub(super) fn disconnect(&self, session: &Session) {
        for account in lock(&self.state).accounts.values_mut() {
            account.sessions.remove(&session.id);
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

    /// What the server says first, and what goes wrong with that.
    pub(super) fn greet(&self) -> (Vec<u8>, Fate) {
        let fate = lock(&self.shared.faults).decide(GREETING, None);
        let hand = Hand::plain(&self.options.styles, &self.options.zone);
        match fate.fault.as_ref().and_then(super::admission::injected) {
            Some(reply) => (hand.reply(&reply), fate),
            None => (hand.greeting(self.options.version), fate),
        }
    }

    /// Takes a request in: writes it down, decides what goes wrong, looks at session and limits.
    pub(super) fn receive(&self, session: &mut Session, message: &Message) -> Pending {
        let verb = request::verb(message);
        let parsed = Request::read(message, &self.options);
        let mut state = lock(&self.state);
        // Under the lock, so that arrival times follow the order of the ledger.
        let now = self.shared.clock.now();
        state.sweep(now);
        let logs_in = verb == Some(Verb::Session);
        let wanted = parsed.as_ref().ok().filter(|_| logs_in).map(|request| request.name.clone());
        let wanted = wanted.filter(|id| state.accounts.contains_key(id));
        let account = session.account().map(str::to_owned).or(wanted);
        let action = parsed.as_ref().map_or("unreadable", commands::name);
        let named = |request: &&Request| !request.name.is_empty() && !logs_in;
        let object = parsed.as_ref().ok().filter(named).map(|request| request.name.clone());
        if logs_in {
            // Whoever logs in anew is known again.
            session.dropped = None;
        }
        let fate = match session.dropped.clone() {
            Some(fault) => Fate { fault: Some(fault), ..Fate::default() },
            None => lock(&self.shared.faults).decide_of(action, object.as_deref(), logs_in),
        };
        if let Some(dropped @ FaultKind::DropSession { .. }) = &fate.fault {
            session.dropped = Some(dropped.clone());
            self.forget(&mut state, session);
        }
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            account: account.clone(),
            object,
            digest: (!logs_in).then(|| hex(&message.bytes)),
            fault: fate.describe(),
            ..blank(now, session.id, action, message.bytes.len())
        });
        self.count_habits(account.as_deref(), message, &parsed);
        let arrival = Arrival { verb, parsed: &parsed, account: account.as_deref(), fault: fate.fault.as_ref(), now };
        let decided = self.admit(&mut state, session, &arrival).err().map(|reply| *reply);
        drop(state);
        let mut work = fate.delay;
        if decided.is_none() && parsed.as_ref().is_ok_and(Request::is_write) {
            work += self.options.processing;
        }
        Pending { seq, account, request: parsed.ok(), decided, fate, work }
    }

    /// Counts what is not refused and not right either.
    fn count_habits(&self, account: Option<&str>, message: &Message, parsed: &Result<Request, u16>) {
        let habits = [
            (message.has_successor, "pipelined"),
            (parsed.as_ref().is_ok_and(|request| !request.is_in_order), "lines_out_of_order"),
        ];
        for (_, rule) in habits.iter().filter(|(is_broken, _)| *is_broken) {
            lock(&self.shared.ledger).violation(account, rule);
        }
    }

    /// The session is forgotten, its connection stays.
    fn forget(&self, state: &mut State, session: &mut Session) {
        let account = session.account().and_then(|id| state.accounts.get_mut(id));
        if let Some(account) = account {
            account.sessions.remove(&session.id);
        }
        session.stage = Stage::Fresh;
    }

    /// Carries a request out and writes its answer. Effect and ledger change under one lock.
    pub(super) fn carry_out(&self, session: &mut Session, mut pending: Pending) -> Answered {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        let (mut reply, then) = match (pending.decided.take(), &pending.request) {
            (None, Some(request)) => self.run(&mut state, session, &pending, request, now),
            (Some(reply), _) => (reply, None),
            (None, None) => (Reply::plain(500), None),
        };
        drop(state);
        if let Some(FaultKind::Lie { code, effect: true, .. }) = &pending.fate.fault {
            reply = lie(code);
        }
        lock(&self.shared.ledger).answered(pending.seq, reply.line());
        session.answered = self.shared.clock.now();
        let bytes = self.hand(pending.seq).reply(&reply);
        let garbage = [link::scrambled(&bytes), b"\r\n.\r\n".to_vec()].concat();
        let ends = codes::closes(reply.code) || session.stage == Stage::Over || then.is_some();
        let behind = then.flatten().map(|code| self.hand(pending.seq).reply(&Reply::plain(code)));
        Answered { bytes, garbage, ends, behind }
    }

    /// How the answer to a request is written.
    fn hand(&self, seq: u64) -> Hand<'_> {
        match self.options.manner {
            Manner::Plain => Hand::plain(&self.options.styles, &self.options.zone),
            Manner::Odd => Hand::odd(&self.options.zone, Dice::new(self.shared.seed, seq)),
        }
    }

    /// The answer, and with which code the connection ends behind it, if it does.
    fn run(
        &self,
        state: &mut State,
        session: &mut Session,
        pending: &Pending,
        request: &Request,
        now: Timestamp,
    ) -> (Reply, Option<Option<u16>>) {
        let treatment = patterns::treatment(request);
        let treatment = treatment.filter(|treatment| match treatment {
            Treatment::Once(_) | Treatment::Done(_) => state.met.insert(request.name.clone()),
            Treatment::Refuse(_) | Treatment::Then(_) => true,
        });
        if let Some(Treatment::Refuse(code) | Treatment::Once(code)) = treatment {
            return (Reply::plain(code), None);
        }
        let account = pending.account.clone().unwrap_or_default();
        let mut context =
            Context { state, session, account: &account, request, now, options: &self.options, effects: Vec::new() };
        let reply = commands::run(&mut context).unwrap_or_else(Reply::plain);
        for effect in context.effects {
            lock(&self.shared.ledger).effect(EffectRecord {
                seq: 0,
                time: now,
                registry: NAME.into(),
                account: account.clone(),
                kind: effect.kind.into(),
                object: effect.object,
                ctid: None,
                request: pending.seq,
                detail: effect.detail,
            });
        }
        if reply.code == 530 || session.stage == Stage::Over && request.verb == Verb::Session {
            lock(&self.shared.ledger).violation(pending.account.as_deref(), "wrong_password");
        }
        match treatment {
            Some(Treatment::Done(code)) => (Reply::plain(code), None),
            Some(Treatment::Then(code)) => (reply, Some(code)),
            _ => (reply, None),
        }
    }

    /// A session's time is up: writes that down. What is said of it, if anything.
    pub(super) fn time_out(&self, session: &Session, late: Late) -> Option<Vec<u8>> {
        let mut ledger = lock(&self.shared.ledger);
        let account = session.account().map(str::to_owned);
        let seq = ledger.arrive(RequestRecord { account, ..blank(self.shared.clock.now(), session.id, "timeout", 0) });
        let reply = Reply::closing(late.why());
        self.options.says_timeout.then(|| {
            ledger.answered(seq, reply.line());
            self.hand(seq).reply(&reply)
        })
    }

    /// What comes is too long to be a request.
    pub(super) fn refuse_flood(&self, session: &Session) -> Vec<u8> {
        let mut ledger = lock(&self.shared.ledger);
        let account = session.account().map(str::to_owned);
        ledger.violation(account.as_deref(), "unreadable");
        let reply = Reply::plain(507);
        let record = RequestRecord { account, ..blank(self.shared.clock.now(), session.id, "unreadable", 0) };
        let seq = ledger.arrive(record);
        ledger.answered(seq, reply.line());
        self.hand(seq).reply(&reply)
    }
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
