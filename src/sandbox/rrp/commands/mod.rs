//! The commands, one file each for domains and for name servers where they differ, and what they have in common.

mod add_domain;
mod add_host;
mod check;
mod del;
mod describe;
mod mod_domain;
mod mod_host;
mod quit;
mod renew;
mod session;
mod status;
mod transfer;

use jiff::Timestamp;

use super::RrpOptions;
use super::objects::{Domain, Host};
use super::reply::{Outcome, Reply};
use super::rules;
use super::session::Session;
use super::state::State;
use super::wire::request::{Change, Entity, Request, Verb};

/// A command about an entity, what it is in the ledger, and what carries it out.
type Row = (Verb, Entity, &'static str, fn(&mut Context<'_>) -> Outcome);

/// Every command there is.
const COMMANDS: &[Row] = &[
    (Verb::Session, Entity::Nothing, "login", session::run),
    (Verb::Quit, Entity::Nothing, "logout", quit::run),
    (Verb::Describe, Entity::Nothing, "describe", describe::run),
    (Verb::Check, Entity::Domain, "domain.check", check::domain),
    (Verb::Check, Entity::Host, "host.check", check::host),
    (Verb::Status, Entity::Domain, "domain.info", status::domain),
    (Verb::Status, Entity::Host, "host.info", status::host),
    (Verb::Add, Entity::Domain, "domain.create", add_domain::run),
    (Verb::Add, Entity::Host, "host.create", add_host::run),
    (Verb::Mod, Entity::Domain, "domain.update", mod_domain::run),
    (Verb::Mod, Entity::Host, "host.update", mod_host::run),
    (Verb::Renew, Entity::Domain, "domain.renew", renew::run),
    (Verb::Del, Entity::Domain, "domain.delete", del::domain),
    (Verb::Del, Entity::Host, "host.delete", del::host),
    (Verb::Transfer, Entity::Domain, "domain.transfer", transfer::run),
];

fn row(request: &Request) -> Option<&'static Row> {
    COMMANDS.iter().find(|(verb, entity, ..)| *verb == request.verb && *entity == request.entity)
}

/// What a request is in the ledger.
pub(super) fn name(request: &Request) -> &'static str {
    match request.approve {
        Some(true) => "domain.transfer_approve",
        Some(false) => "domain.transfer_reject",
        None => row(request).map_or("unreadable", |(_, _, name, _)| name),
    }
}

/// Carries a request out.
pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let (.., run) = row(context.request).ok_or(502_u16)?;
    run(context)
}

/// Something that was changed, for the ledger.
pub(super) struct Effect {
    pub(super) kind: &'static str,
    pub(super) object: String,
    /// The values of it: RRP has nothing else by which an effect could be told from another.
    pub(super) detail: Option<String>,
}

/// What a command works with.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    pub(super) session: &'a mut Session,
    /// Who is logged in, or wants to.
    pub(super) account: &'a str,
    pub(super) request: &'a Request,
    pub(super) now: Timestamp,
    pub(super) options: &'a RrpOptions,
    pub(super) effects: Vec<Effect>,
}

impl Context<'_> {
    /// The domain the request is about, if it is the account's.
    fn domain(&self) -> Result<Domain, u16> {
        let domain = self.state.domains.get(&self.request.name).ok_or(545_u16)?;
        if domain.registrar == self.account { Ok(domain.clone()) } else { Err(531) }
    }

    /// The same, unless it is deleted already.
    fn living(&self) -> Result<Domain, u16> {
        let domain = self.domain()?;
        if domain.is_deleted() { Err(552) } else { Ok(domain) }
    }

    /// The host the request is about, if it is the account's.
    fn host(&self) -> Result<Host, u16> {
        let host = self.state.hosts.get(&self.request.name).ok_or(545_u16)?;
        if host.registrar == self.account { Ok(host.clone()) } else { Err(531) }
    }

    /// The domain a host lies in, if it lies in this registry.
    fn parent(&self, host: &str) -> Option<Result<&Domain, u16>> {
        let is_inside = rules::is_inside(host, &self.options.tlds);
        is_inside.then(|| self.state.domains.get(&rules::parent(host)).ok_or(550_u16))
    }

    /// Refuses what the status of a host's domain does not allow.
    fn pass_parent(&self, host: &str) -> Result<(), u16> {
        match self.parent(host) {
            Some(Ok(parent)) if parent.is_locked() || parent.is_held() || parent.is_deleted() => Err(551),
            Some(Ok(_) | Err(_)) | None => Ok(()),
        }
    }

    /// Refuses addresses that another host has.
    fn pass_addresses(&self) -> Result<(), u16> {
        let new: Vec<_> = self.request.addresses.iter().filter_map(|change| change.new.as_ref()).collect();
        let others = self.state.hosts.values().filter(|host| host.name != self.request.name);
        let is_taken = others.flat_map(|host| &host.addresses).any(|address| new.contains(&address));
        if is_taken { Err(540) } else { Ok(()) }
    }

    /// Writes down that something was changed.
    fn effect(&mut self, detail: String) {
        self.effect_as(name(self.request), detail);
    }

    /// The same under another name.
    fn effect_as(&mut self, kind: &'static str, detail: String) {
        let detail = Some(detail).filter(|detail| !detail.is_empty());
        self.effects.push(Effect { kind, object: self.request.name.clone(), detail });
    }
}

/// Applies changes to a list: what comes must not be there, what goes must be there.
fn apply<T: Clone + PartialEq>(list: &mut Vec<T>, changes: &[Change<T>]) -> Result<(), u16> {
    for change in changes {
        if let Some(old) = &change.old {
            let at = list.iter().position(|value| value == old).ok_or(542_u16)?;
            list.remove(at);
        }
        if let Some(new) = &change.new {
            if list.contains(new) {
                return Err(540);
            }
            list.push(new.clone());
        }
    }
    Ok(())
}

/// Changes as `+new -old`, for the ledger.
fn described<T>(changes: &[Change<T>], text: impl Fn(&T) -> &str) -> String {
    let signed = |sign, value: &Option<T>| value.as_ref().map(|value| format!("{sign}{}", text(value)));
    let words = changes.iter().flat_map(|change| [signed('-', &change.old), signed('+', &change.new)]);
    words.flatten().collect::<Vec<_>>().join(" ")
}

/// A yes without more.
fn done() -> Outcome {
    Ok(Reply::done())
}
