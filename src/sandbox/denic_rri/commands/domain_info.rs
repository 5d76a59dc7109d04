//! Domain INFO: all data of an own domain, and what everybody may know of another.

use jiff::Timestamp;

use super::super::super::clock::Clock;
use super::super::codes;
use super::super::rules::regacc;
use super::super::shapes::contact::ContactView;
use super::super::shapes::domain::{DomainInfo, RegAcc};
use super::super::state::{AuthInfo, Domain, State};
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, optional, target, value};
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
        attributes: &[optional("recursive", "recursive")],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, value("domain", "authInfo", 0, "authinfo")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let is_recursive = recursive(context)?;
    let domain = target::existing(context)?;
    let fits = |password: &str| {
        domain.authinfo1.iter().chain(&domain.authinfo2).any(|authinfo| authinfo.fits(password, context.now))
    };
    let (password, passwords) = (context.request.fields.once("authinfo"), context.request.fields.all("authinfo"));
    if passwords.count() > 0 && !password.is_some_and(fits) {
        return Err(codes::AUTHINFO_MISMATCH.message().into());
    }
    let asker = match password {
        _ if domain.account == context.account => Asker::Owner,
        Some(_) => Asker::Trusted,
        None => Asker::Anybody,
    };
    let view = View { state: context.state, clock: context.clock, now: context.now, asker, is_recursive };
    Ok(Answer::data(view.of(&domain)))
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

/// Who asks: how much of a domain may be seen depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// The account that administers it.
    Owner,
    /// Somebody who knows an AuthInfo.
    Trusted,
    Anybody,
}

/// Who asks, and how deep.
struct View<'a> {
    state: &'a State,
    clock: &'a Clock,
    now: Timestamp,
    asker: Asker,
    is_recursive: bool,
}

impl View<'_> {
    fn of(&self, domain: &Domain) -> DomainInfo {
        let time = |at| self.clock.wire(at);
        let is_owner = self.asker == Asker::Owner;
        let knows_deadlines = self.asker != Asker::Anybody;
        let lives = |authinfo: &&AuthInfo| authinfo.is_live(self.now);
        let ends = |authinfo: &Option<AuthInfo>| authinfo.as_ref().filter(lives).map(|authinfo| time(authinfo.expire));
        let (authinfo1, authinfo2) = (ends(&domain.authinfo1), ends(&domain.authinfo2));
        DomainInfo {
            name: domain.name.clone(),
            status: domain.status,
            is_locked: domain.is_locked,
            has_authinfo: !is_owner && (authinfo1.is_some() || authinfo2.is_some()),
            authinfo1: authinfo1.filter(|_| is_owner),
            authinfo2: authinfo2.filter(|_| is_owner),
            is_disputed: is_owner && domain.dispute.is_some(),
            dns: domain.dns.clone(),
            registered: time(domain.registered),
            dedelegation: domain.dedelegation.filter(|_| knows_deadlines).map(time),
            deletion: domain.deletion.filter(|_| knows_deadlines).map(time),
            changed: time(domain.changed),
            expire: domain.expire.map(time),
            general_request: domain.general_request.as_ref().map(|handle| self.contact(handle)),
            abuse_contact: domain.abuse_contact.as_ref().map(|handle| self.contact(handle)),
            holders: domain.holders.iter().map(|handle| self.contact(handle)).collect(),
            regacc: self.regacc(&domain.account),
        }
    }

    fn contact(&self, handle: &str) -> ContactView {
        match (self.state.contacts.get(handle).filter(|_| self.is_recursive), self.asker) {
            (Some(contact), Asker::Owner) => ContactView::own(contact, self.clock),
            (Some(contact), Asker::Trusted) => ContactView::trusted(contact, self.clock),
            (Some(contact), Asker::Anybody) => ContactView::foreign(contact, self.clock),
            (None, Asker::Owner) => ContactView::Handle(handle.to_owned()),
            (None, _) => ContactView::Nothing,
        }
    }

    fn regacc(&self, id: &str) -> RegAcc {
        let profile = regacc::profile(self.state, id);
        let details = profile.as_ref().map(|p| [p.email, p.phone, p.changed].map(str::to_owned));
        RegAcc {
            id: id.to_owned(),
            name: profile.map(|profile| profile.name).unwrap_or_default(),
            details: details.filter(|_| self.is_recursive),
        }
    }
}
