//! What a request has to pass before it is carried out: the address it comes from, the signature, the limits, being readable.

use jiff::Timestamp;

use super::super::faults::FaultKind;
use super::commands::Request;
use super::reply::Reply;
use super::server::{Pending, Proof, Server, Session, lie};
use super::state::State;
use super::wire::crypt;

/// A refusal before anything is done.
pub(super) struct Refused {
    pub(super) reply: Reply,
    /// Whether the connection ends with it.
    pub(super) ends: bool,
}

/// A request as it arrives.
pub(super) struct Arrival<'a> {
    pub(super) payload: &'a [u8],
    pub(super) proof: &'a Proof<'a>,
    pub(super) parsed: &'a Result<Request, String>,
    pub(super) pending: &'a Pending,
    pub(super) now: Timestamp,
}

impl Server {
    /// Admits a request or refuses it.
    pub(super) fn admit(&self, state: &mut State, session: &mut Session, arrival: &Arrival<'_>) -> Result<(), Refused> {
        let Arrival { payload, proof, parsed, pending, now } = *arrival;
        let fault = pending.fate.fault.as_ref();
        let refuse = |rule: &str, reply: Reply| {
            self.violation(pending, rule);
            Refused { reply, ends: false }
        };
        let is_signed = matches!(proof, Proof::Signed { .. });
        if let Proof::Signed { signature, .. } = proof {
            if fault == Some(&FaultKind::RefuseLogin) {
                // Not the client's fault, so it breaks no rule.
                return Err(Refused { reply: Reply::refused(401), ends: false });
            }
            let account = pending.account.as_ref().and_then(|name| state.accounts.get(name));
            let account = account.ok_or_else(|| refuse("wrong_signature", Reply::refused(401)))?;
            if !account.allowed.contains(&session.peer) {
                let reply = Reply::refused_as(400, "Access denied: invalid IP address");
                return Err(refuse("address_not_allowed", reply));
            }
            if *signature != crypt::signature(payload, account.key.expose()) {
                return Err(refuse("wrong_signature", Reply::refused(401)));
            }
        }
        if matches!(fault, Some(FaultKind::DropSession { .. })) {
            return Err(Refused { reply: Reply::refused(410), ends: false });
        }
        let name = pending.account.clone().unwrap_or_default();
        if is_signed && session.account.as_ref() != Some(&name) && !self.joins(state, session, &name) {
            return Err(Refused { ends: true, ..refuse("too_many_connections", Reply::refused(310)) });
        }
        let limit = self.options.requests_per_window.unwrap_or(usize::MAX);
        let passes = state.accounts.get_mut(&name).is_none_or(|account| account.throttle.arrive(now, limit));
        if !passes && self.options.requests_per_window.is_some() {
            return Err(refuse("rate_exceeded", Reply::refused(300)));
        }
        session.commands += 1;
        if !is_signed && session.commands > self.options.commands {
            return Err(Refused { ends: true, ..refuse("too_many_commands", Reply::refused(350)) });
        }
        if let Err(error) = parsed {
            let reply = Reply::refused_as(400, &format!("Invalid Command: {error}"));
            return Err(refuse("unreadable", reply));
        }
        match fault.and_then(injected) {
            Some(reply) => Err(Refused { reply, ends: false }),
            None => Ok(()),
        }
    }

    /// Counts a connection among those of an account; false if it has too many.
    pub(super) fn joins(&self, state: &mut State, session: &mut Session, name: &str) -> bool {
        let former = session.account.take().and_then(|former| state.accounts.get_mut(&former));
        if let Some(former) = former {
            former.connections.remove(&session.id);
        }
        let Some(account) = state.accounts.get_mut(name) else { return false };
        let is_free = account.connections.len() < self.options.connections;
        if is_free {
            account.connections.insert(session.id);
            session.account = Some(name.to_owned());
        }
        is_free
    }
}

/// Refusals that are injected before anything is done.
pub(super) fn injected(fault: &FaultKind) -> Option<Reply> {
    match fault {
        FaultKind::Busy => Some(Reply::refused(300)),
        FaultKind::Unavailable => Some(Reply::refused(310)),
        FaultKind::Lie { code, effect: false, .. } => Some(lie(code)),
        _ => None,
    }
}
