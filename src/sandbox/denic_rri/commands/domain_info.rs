//! Domain INFO: all data of an own domain, and what everybody may know of another.

use super::super::super::clock::Clock;
use super::super::codes;
use super::super::rules::names;
use super::super::shapes::contact::ContactView;
use super::super::shapes::domain::{DomainInfo, RegAcc};
use super::super::state::{Domain, State};
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, value};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "domain.info",
    action: "INFO",
    object: Object::Domain,
    writes: false,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "info",
        attributes: &[("recursive", "recursive")],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, value("domain", "authInfo", 0, "authinfo")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let name = names::of_request(&context.request.fields)?;
    let is_recursive = recursive(context)?;
    let domain = context.state.domains.get(&name.ace).ok_or_else(|| codes::DOMAIN_UNKNOWN.with([name.unicode]))?;
    if context.request.fields.first("authinfo").is_some() {
        // No command of this sandbox stores one, so none can match.
        return Err(codes::AUTHINFO_MISMATCH.message().into());
    }
    let view =
        View { state: context.state, clock: context.clock, is_own: domain.account == context.account, is_recursive };
    Ok(Answer::data(view.of(domain)))
}

fn recursive(context: &Context<'_>) -> Result<bool, Message> {
    let fields = &context.request.fields;
    match (fields.first("recursive"), fields.once("recursive")) {
        (None, _) => Ok(false),
        (Some(_), None) => Err(codes::RECURSIVE_ONCE.message()),
        (_, Some(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        (_, Some(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(codes::RECURSIVE_VALUE.message()),
    }
}

/// Who asks, and how deep.
struct View<'a> {
    state: &'a State,
    clock: &'a Clock,
    is_own: bool,
    is_recursive: bool,
}

impl View<'_> {
    fn of(&self, domain: &Domain) -> DomainInfo {
        let time = |at| self.clock.wire(at);
        DomainInfo {
            name: domain.name.clone(),
            status: domain.status,
            dns: domain.dns.clone(),
            registered: time(domain.registered),
            dedelegation: domain.dedelegation.filter(|_| self.is_own).map(time),
            deletion: domain.deletion.filter(|_| self.is_own).map(time),
            changed: time(domain.changed),
            expire: domain.expire.map(time),
            general_request: domain.general_request.as_ref().map(|handle| self.contact(handle)),
            abuse_contact: domain.abuse_contact.as_ref().map(|handle| self.contact(handle)),
            holders: domain.holders.iter().map(|handle| self.contact(handle)).collect(),
            regacc: self.regacc(&domain.account),
        }
    }

    fn contact(&self, handle: &str) -> ContactView {
        match self.state.contacts.get(handle).filter(|_| self.is_recursive) {
            Some(contact) if self.is_own => ContactView::own(contact, self.clock),
            Some(contact) => ContactView::foreign(contact, self.clock),
            None if self.is_own => ContactView::Handle(handle.to_owned()),
            None => ContactView::Nothing,
        }
    }

    fn regacc(&self, id: &str) -> RegAcc {
        let changed = "2026-01-01T00:00:00+01:00";
        let details = ["registrar@example.net", "+49 69 000000", changed].map(str::to_owned);
        RegAcc {
            id: id.to_owned(),
            name: self.state.accounts.get(id).map(|account| account.name.clone()).unwrap_or_default(),
            details: self.is_recursive.then_some(details),
        }
    }
}
