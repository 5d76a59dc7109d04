//! What a request has to pass before it is carried out: the session, the limit of requests, being readable.

use jiff::Timestamp;

use super::super::faults::FaultKind;
use super::super::lock;
use super::codes;
use super::reply::Reply;
use super::server::Server;
use super::session::{Session, Stage};
use super::state::State;
use super::wire::request::{Request, Verb};

/// A request as it arrives.
pub(super) struct Arrival<'a> {
    /// The command it begins with, even if the rest cannot be read.
    pub(super) verb: Option<Verb>,
    pub(super) parsed: &'a Result<Request, u16>,
    pub(super) account: Option<&'a str>,
    pub(super) fault: Option<&'a FaultKind>,
    pub(super) now: Timestamp,
}

impl Server {
    /// Admits a request or refuses it.
    pub(super) fn admit(
        &self,
        state: &mut State,
        session: &mut Session,
        arrival: &Arrival<'_>,
    ) -> Result<(), Box<Reply>> {
        let refuse = |rule: &str, code: u16| {
            lock(&self.shared.ledger).violation(arrival.account, rule);
            Box::new(Reply::plain(code))
        };
        if matches!(arrival.fault, Some(FaultKind::DropSession { .. })) {
            // Not the client's fault, so it breaks no rule.
            return Err(Box::new(Reply::plain(547)));
        }
        match (&session.stage, arrival.verb) {
            (Stage::Fresh | Stage::Retry, Some(Verb::Session | Verb::Quit)) => {}
            (Stage::Fresh | Stage::Retry, _) => {
                // As in the server of Net-RRP: it takes the place of the first try.
                session.stage = Stage::Retry;
                return Err(refuse("not_logged_in", 547));
            }
            (Stage::Open(_), Some(Verb::Session)) => return Err(refuse("logged_in_twice", 547)),
            (Stage::Open(_) | Stage::Over, _) => {}
        }
        if arrival.fault == Some(&FaultKind::RefuseLogin) {
            return Err(Box::new(session.refuse_login()));
        }
        if let (Some(account), Some(limit)) = (session.account(), self.options.requests_per_window) {
            let account = state.accounts.get_mut(account);
            if !account.is_none_or(|account| account.throttle.arrive(arrival.now, limit)) {
                return Err(refuse("rate_exceeded", codes::FAULT));
            }
        }
        if let Err(code) = arrival.parsed {
            return Err(refuse("unreadable", *code));
        }
        match arrival.fault.and_then(injected) {
            Some(reply) => Err(Box::new(reply)),
            None => Ok(()),
        }
    }
}

impl Session {
    /// A login fails: there is a second try, and no third.
    pub(super) fn refuse_login(&mut self) -> Reply {
        if self.stage == Stage::Fresh {
            self.stage = Stage::Retry;
            return Reply::plain(530);
        }
        self.stage = Stage::Over;
        Reply::closing("too many failed logins")
    }
}

/// Refusals that are injected before anything is done.
pub(super) fn injected(fault: &FaultKind) -> Option<Reply> {
    match fault {
        FaultKind::Busy => Some(Reply::plain(codes::FAULT)),
        FaultKind::Unavailable => Some(Reply::plain(codes::FAULT_CLOSING)),
        FaultKind::Lie { code, effect: false, .. } => Some(lie(code)),
        _ => None,
    }
}

/// The answer of a lie.
pub(super) fn lie(code: &str) -> Reply {
    Reply::plain(code.parse().ok().filter(|code| (100..1000).contains(code)).unwrap_or(549))
}
