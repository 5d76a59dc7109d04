//! The actions, one file for each group of them, and what they have in common.

mod account;
mod actions;
mod contacts;
mod create;
mod details;
mod filters;
mod handles;
mod messages;
mod registrar;
mod servers;
mod transfer;
mod update;
mod view;
mod whois;

use jiff::Timestamp;

use super::NzOptions;
use super::objects::{Audit, Message};
use super::reply::{Outcome, Refusal, refuse};
use super::state::State;
use super::wire::tree::Element;

pub(super) use view::full;

/// An action that registrars may send.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) action: &'static str,
    pub(super) is_write: bool,
    /// The role it needs.
    pub(super) role: &'static str,
    /// What it is in the ledger.
    name: &'static str,
    pub(super) run: fn(&mut Context<'_>) -> Outcome,
}

const fn read(
    action: &'static str,
    name: &'static str,
    role: &'static str,
    run: fn(&mut Context<'_>) -> Outcome,
) -> Command {
    Command { action, is_write: false, role, name, run }
}

const fn write(
    action: &'static str,
    name: &'static str,
    role: &'static str,
    run: fn(&mut Context<'_>) -> Outcome,
) -> Command {
    Command { is_write: true, ..read(action, name, role, run) }
}

/// Every action of a registrar. Those of the registry alone are known to the DTD and refused.
const COMMANDS: &[Command] = &[
    read("Whois", "domain.info", "Whois", whois::run),
    write("DomainCreate", "domain.create", "CreateDomain", create::run),
    write("DomainUpdate", "domain.update", "UpdateDomain", update::run),
    read("DomainDetailsQry", "domain.info", "Query", details::run),
    read("UDAIValidQry", "domain.authcode_check", "Query", whois::udai_valid),
    read("ActionDetailsQry", "action.info", "Query", actions::run),
    write("HandleCreate", "contact.create", "UpdateDomain", handles::create),
    write("HandleUpdate", "contact.update", "UpdateDomain", handles::update),
    read("HandleDetailsQry", "contact.info", "Query", handles::query),
    read("GetMessages", "message.read", "Query", messages::get),
    write("AckMessage", "message.delete", "Registrar", messages::acknowledge),
    write("ResetMsgQ", "message.reset", "Registrar", messages::reset),
    write("RegistrarUpdate", "account.update", "UpdateRegistrar", registrar::update),
    read("RegistrarDetailsQry", "account.info", "Registrar", registrar::query),
    read("RegistrarAccountQry", "account.bills", "Registrar", account::run),
];

/// The command for an action; none if it is the registry's.
pub(super) fn find(action: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.action == action)
}

/// What an action is in the ledger.
pub(super) fn name(action: &Element) -> &'static str {
    let Some(command) = find(&action.name) else { return "registry.only" };
    match action.name.as_str() {
        "Whois" if action.flag("FullResult") == Some(false) => "domain.check",
        "DomainUpdate" => update::name(action),
        "HandleUpdate" if action.flag("Delete") == Some(true) => "contact.delete",
        _ => command.name,
    }
}

/// What an action is about: names of domains or patterns for them, or the id of a handle.
pub(super) fn objects(action: &Element) -> Vec<String> {
    let filters = action.each("DomainNameFilter").map(|filter| super::names::canonical(&filter.text));
    let named = action.attribute("DomainName").map(super::names::canonical);
    let handle = action.attribute("HandleId").map(str::to_owned);
    filters.chain(named).chain(handle).collect()
}

/// Something that was changed, for the ledger.
pub(super) struct Effect {
    pub(super) kind: &'static str,
    pub(super) object: String,
}

/// What a command works with.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    pub(super) registrar: &'a str,
    pub(super) action: &'a Element,
    pub(super) now: Timestamp,
    pub(super) options: &'a NzOptions,
    /// Number of the document at the front end.
    pub(super) front_end: u64,
    pub(super) effects: Vec<Effect>,
    /// Domains that were written to.
    pub(super) taken: Vec<String>,
    /// What others are told.
    pub(super) told: Vec<Message>,
    /// Whether the registry made data for the answer.
    pub(super) is_generated: bool,
    /// A rule that was broken.
    pub(super) violation: Option<&'static str>,
}

impl Context<'_> {
    /// Writes down that something was changed.
    fn effect(&mut self, object: &str) {
        let kind = name(self.action);
        self.effects.push(Effect { kind, object: object.to_owned() });
    }

    /// Gains the lock on a domain, if nobody wrote to it just now.
    fn take(&mut self, name: &str) -> Result<(), Box<Refusal>> {
        let window = jiff::SignedDuration::try_from(self.options.lock).unwrap_or(jiff::SignedDuration::MAX);
        let is_fresh = |at: &Timestamp| self.now < super::super::clock::later(*at, window);
        if self.state.written.get(name).is_some_and(is_fresh) {
            self.violation = Some("concurrent_write");
            return refuse("LOCK_ERROR", &[name]);
        }
        self.taken.push(name.to_owned());
        Ok(())
    }

    /// Refuses an account without this role.
    fn needs(&self, role: &str) -> Result<(), Box<Refusal>> {
        let registrar = self.state.registrars.get(self.registrar);
        if registrar.is_some_and(|known| known.roles.contains(role)) {
            Ok(())
        } else {
            refuse("PERMISSION_DENIED", &[role])
        }
    }

    /// Who changes something by this action.
    fn audit(&self) -> Audit {
        Audit {
            registrar: self.registrar.to_owned(),
            action: self.action.value("ActionId").to_owned(),
            from: self.now,
            text: self.action.find("AuditText").map(|text| text.text.trim().to_owned()).unwrap_or_default(),
        }
    }

    /// A number of months.
    ///
    /// # Errors
    /// It is none, or more than any domain may be billed for.
    fn months(&self, text: &str) -> Result<u32, Box<Refusal>> {
        let Ok(months) = text.trim().parse::<u32>() else { return refuse("INVALID_FIELD", &[text, "Term"]) };
        let most = super::objects::MOST_MONTHS;
        if months > most { refuse("TERM_EXCEEDS_MAX", &[&most.to_string()]) } else { Ok(months) }
    }
}
