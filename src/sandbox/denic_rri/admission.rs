//! What a request has to pass before it is carried out, in the registry's order: the limit of requests, being readable,
//! the session, the quota, the objects, the transaction id.

use jiff::Timestamp;

use super::super::faults::FaultKind;
use super::super::holds::Access;
use super::super::limits::Point;
use super::super::lock;
use super::Environment;
use super::codes;
use super::commands::Answer;
use super::server::Server;
use super::state::State;
use super::wire::Outcome;
use super::wire::request::{Request, Unreadable};
use crate::model::Message;

/// A request that may be carried out.
#[derive(Default)]
pub(super) struct Admitted {
    /// Objects that are held for it from now on.
    pub(super) objects: Vec<(String, Access)>,
    /// Quota notices that go with its answer.
    pub(super) notices: Vec<Message>,
}

/// Who asks, and when.
pub(super) struct Gate<'a> {
    pub(super) server: &'a Server,
    /// The account logged in to.
    pub(super) session_account: Option<&'a str>,
    /// The same, or the one a LOGIN wants.
    pub(super) account: Option<&'a str>,
    /// The fault that befalls the request.
    pub(super) fault: Option<&'a FaultKind>,
    pub(super) now: Timestamp,
}

/// A refusal; boxed because it is much larger than what it stands in for.
type Refused = Box<Answer>;

impl Gate<'_> {
    /// Admits a request or refuses it.
    pub(super) fn admit(&self, state: &mut State, parsed: &Result<Request, Unreadable>) -> Result<Admitted, Refused> {
        self.pass_throttle(state)?;
        let request = parsed.as_ref().map_err(|unreadable| {
            self.violation("unreadable");
            Box::new(Answer::refused(Outcome::Failed, unreadable.messages.clone()))
        })?;
        if matches!(self.fault, Some(FaultKind::DropSession { .. })) {
            // Not the client's fault, so it breaks no rule.
            return Err(Box::new(Answer::refused(Outcome::Failed, vec![not_logged_in()])));
        }
        self.pass_session(request)?;
        if let Some(answer) = self.fault.and_then(injected) {
            return Err(Box::new(answer));
        }
        let Some(account) = self.session_account else { return Ok(Admitted::default()) };
        let notices = if request.command.is_free { Vec::new() } else { self.charge(state, account)? };
        let objects = request.command.holds(request);
        if !state.held.hold(&objects) {
            let names: Vec<_> = objects.into_iter().map(|(name, _)| name).take(1).collect();
            return Err(self.refuse("concurrent_write", codes::CONCURRENT_WRITE.with(names)));
        }
        // The id is spent here and not before: what was refused until now is as if never sent. From here on it is used
        // up whatever becomes of the write.
        if let Err(refused) = self.spend_ctid(state, account, request) {
            state.held.release(&objects);
            return Err(refused);
        }
        Ok(Admitted { objects, notices })
    }

    fn violation(&self, rule: &str) {
        lock(&self.server.shared.ledger).violation(self.account, rule);
    }

    fn refuse(&self, rule: &str, message: Message) -> Refused {
        self.violation(rule);
        Box::new(Answer::refused(Outcome::Failed, vec![message]))
    }

    fn pass_throttle(&self, state: &mut State) -> Result<(), Refused> {
        let Some(account) = self.account.and_then(|id| state.accounts.get_mut(id)) else { return Ok(()) };
        let was_blocked = account.throttle.is_blocked(self.now);
        if account.throttle.arrive(self.now, self.request_limit()) {
            return Ok(());
        }
        let rule = if was_blocked { "sent_while_blocked" } else { "acl_exceeded" };
        Err(self.refuse(rule, codes::ACL_EXCEEDED.message()))
    }

    /// Requests that may arrive in one window now.
    fn request_limit(&self) -> usize {
        let is_purge = (2..4).contains(&self.server.shared.clock.local(self.now).hour());
        let options = &self.server.options;
        let at_purge = options.requests_at_purge.filter(|_| is_purge);
        at_purge.or(options.requests_per_window).unwrap_or(match options.environment {
            Environment::Live if is_purge => 200,
            Environment::Live => 2000,
            Environment::Test => 100,
        })
    }

    fn pass_session(&self, request: &Request) -> Result<(), Refused> {
        let command = request.command;
        if self.session_account.is_none() && command.name != "login" {
            return Err(self.refuse("not_logged_in", not_logged_in()));
        }
        if request.ctid.is_some() && !command.writes {
            let text = format!("Client transaction ID not allowed with {} command", command.action);
            return Err(self.refuse("ctid_on_read", codes::SEMANTICS.with([text])));
        }
        Ok(())
    }

    /// Takes a quota point and says which notices go with the answer.
    fn charge(&self, state: &mut State, account: &str) -> Result<Vec<Message>, Refused> {
        let Some(account) = state.accounts.get_mut(account) else { return Ok(Vec::new()) };
        let day = self.server.shared.clock.day(self.now);
        match account.quota.take(day, self.server.options.quota_per_day) {
            Point::Taken => Ok(Vec::new()),
            Point::Reached(60) => Ok(vec![codes::QUOTA_NOTICE.with(["60%"])]),
            Point::Reached(share) => Ok(vec![codes::QUOTA_WARNING.with([format!("{share}%")])]),
            Point::Exhausted => Err(self.refuse("quota_exceeded", codes::QUOTA_EXCEEDED.message())),
        }
    }

    fn spend_ctid(&self, state: &mut State, account: &str, request: &Request) -> Result<(), Refused> {
        let Some(ctid) = request.ctid.as_deref() else { return Ok(()) };
        if !(3..=64).contains(&ctid.chars().count()) || ctid.chars().any(char::is_control) {
            return Err(self.refuse("ctid_unusable", codes::CTID_VALUE.message()));
        }
        let is_fresh = state.accounts.get_mut(account).is_some_and(|account| account.spend_ctid(ctid, self.now));
        if is_fresh || !self.server.options.unique_ctid {
            return Ok(());
        }
        Err(self.refuse("ctid_used_twice", codes::CTID_VALUE.message()))
    }
}

fn not_logged_in() -> Message {
    codes::LOGIN_FAILED.with(["Please login first"])
}

/// Refusals that are injected before anything is done.
fn injected(fault: &FaultKind) -> Option<Answer> {
    let (outcome, message) = match fault {
        FaultKind::Busy => (Outcome::Failed, codes::CONCURRENT_WRITE.message()),
        FaultKind::Unavailable => (Outcome::Failed, codes::UNAVAILABLE.message()),
        FaultKind::RefuseLogin => (Outcome::Failed, codes::LOGIN_FAILED.message()),
        FaultKind::Lie { code, effect: false, exception: true } => (Outcome::Exception, codes::any(code)),
        FaultKind::Lie { code, effect: false, exception: false } => (Outcome::Failed, codes::any(code)),
        _ => return None,
    };
    Some(Answer::refused(outcome, vec![message]))
}
