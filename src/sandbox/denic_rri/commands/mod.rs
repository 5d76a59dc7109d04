//! The commands: one file each, one line here.

mod contact_check;
mod contact_create;
mod contact_info;
mod contact_update;
mod domain_check;
mod domain_chholder;
mod domain_chprov;
mod domain_create;
mod domain_create_authinfo1;
mod domain_create_authinfo2;
mod domain_delete;
mod domain_delete_authinfo1;
mod domain_info;
mod domain_restore;
mod domain_transit;
mod domain_update;
mod login;
mod logout;
mod queue_delete;
mod queue_read;
mod regacc_info;
mod roles;
mod settle;
mod target;

use jiff::Timestamp;

use super::super::clock::Clock;
use super::super::holds::Access;
use super::DenicOptions;
use super::rules::names;
use super::state::{Account, State};
use super::wire::request::Request;
use super::wire::{Attribute, Map, Outcome, Rule, Shape, XmlForm};
use crate::model::Message;

/// Every request the sandbox understands.
pub(super) const COMMANDS: &[&Command] = &[
    &login::COMMAND,
    &logout::COMMAND,
    &contact_check::COMMAND,
    &contact_info::COMMAND,
    &contact_create::COMMAND,
    &contact_update::COMMAND,
    &domain_check::COMMAND,
    &domain_info::COMMAND,
    &domain_create::COMMAND,
    &domain_update::COMMAND,
    &domain_chholder::COMMAND,
    &domain_delete::COMMAND,
    &domain_restore::COMMAND,
    &domain_transit::COMMAND,
    &domain_create_authinfo1::COMMAND,
    &domain_delete_authinfo1::COMMAND,
    &domain_create_authinfo2::COMMAND,
    &domain_chprov::COMMAND,
    &regacc_info::COMMAND,
    &queue_read::COMMAND,
    &queue_delete::COMMAND,
];

/// What a command works on. In key/value text the keyword that is there tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Session,
    Contact,
    Domain,
    RegAcc,
    Queue,
}

/// A request type.
#[derive(Debug)]
pub(super) struct Command {
    /// The name in ledger and faults: `domain.create`.
    pub(super) name: &'static str,
    /// The value of `Action`.
    pub(super) action: &'static str,
    pub(super) object: Object,
    /// Whether it changes anything, and so may carry a CTID.
    pub(super) writes: bool,
    /// Whether it costs no quota point.
    pub(super) is_free: bool,
    /// Its element and schema.
    pub(super) xml: XmlForm,
    /// Carries it out.
    pub(super) run: fn(&mut Context<'_>) -> Result<Answer, Refusal>,
}

impl Command {
    /// The object a request names, in canonical spelling as far as it has one.
    pub(super) fn object_of(&self, request: &Request) -> Option<String> {
        let fields = &request.fields;
        match self.object {
            Object::Session => fields.first("user").map(str::to_owned),
            Object::Queue => fields.first("msgid").map(str::to_owned),
            Object::RegAcc => fields.first("regacc").map(str::to_ascii_uppercase),
            Object::Contact => fields.first("handle").map(str::to_ascii_uppercase),
            Object::Domain => names::of_request(fields)
                .map(|name| name.ace)
                .ok()
                .or_else(|| fields.first("domain").map(str::to_lowercase)),
        }
    }

    /// What has to be held while it is carried out: its object for itself, contacts it refers to together with others.
    pub(super) fn holds(&self, request: &Request) -> Vec<(String, Access)> {
        if !self.writes || !matches!(self.object, Object::Contact | Object::Domain) {
            return Vec::new();
        }
        let mut holds: Vec<_> = self.object_of(request).map(|name| (name, Access::Exclusive)).into_iter().collect();
        if self.object == Object::Domain {
            let mut handles: Vec<String> = ["holder", "generalrequest", "abusecontact"]
                .into_iter()
                .flat_map(|role| request.fields.all(role))
                .map(str::to_ascii_uppercase)
                .collect();
            handles.sort_unstable();
            handles.dedup();
            holds.extend(handles.into_iter().map(|handle| (handle, Access::Shared)));
        }
        holds
    }
}

/// What a command has to work with.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    /// The number of the connection.
    pub(super) session: u64,
    /// The account logged in to; empty before LOGIN.
    pub(super) account: &'a str,
    pub(super) request: &'a Request,
    pub(super) now: Timestamp,
    pub(super) options: &'a DenicOptions,
    pub(super) clock: &'a Clock,
}

impl Context<'_> {
    /// The account logged in to. It was there at LOGIN, and accounts never go.
    fn own_account(&mut self) -> Result<&mut Account, Refusal> {
        self.state.accounts.get_mut(self.account).ok_or_else(|| Refusal::from(super::codes::LOGIN_FAILED.message()))
    }
}

/// What a command came to.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) messages: Vec<Message>,
    pub(super) data: Option<Box<dyn Shape>>,
    /// The object that was changed.
    pub(super) effect: Option<String>,
    /// What is sent by other ways because of it.
    pub(super) detail: Option<String>,
    /// The account that is logged in from now on.
    pub(super) login: Option<String>,
    /// Whether the connection ends with it.
    pub(super) ends_session: bool,
}

impl Answer {
    /// Success and nothing else to say.
    pub(super) fn success() -> Self {
        Self {
            outcome: Outcome::Success,
            messages: Vec::new(),
            data: None,
            effect: None,
            detail: None,
            login: None,
            ends_session: false,
        }
    }

    /// Success with data.
    pub(super) fn data(data: impl Shape + 'static) -> Self {
        Self { data: Some(Box::new(data)), ..Self::success() }
    }

    /// Success that changed an object.
    pub(super) fn effect(object: String) -> Self {
        Self { effect: Some(object), ..Self::success() }
    }

    /// A refusal or malfunction: nothing was done.
    pub(super) fn refused(outcome: Outcome, messages: Vec<Message>) -> Self {
        Self { outcome, messages, ..Self::success() }
    }
}

/// Why a request is refused; may be more than one reason.
pub(super) struct Refusal(pub(super) Vec<Message>);

impl From<Message> for Refusal {
    fn from(message: Message) -> Self {
        Self(vec![message])
    }
}

impl From<Vec<Message>> for Refusal {
    fn from(messages: Vec<Message>) -> Self {
        Self(messages)
    }
}

/// An attribute that may be there.
const fn optional(name: &'static str, keyword: &'static str) -> Attribute {
    Attribute { name, keyword, is_required: false }
}

/// An attribute that has to be there.
const fn required(name: &'static str, keyword: &'static str) -> Attribute {
    Attribute { name, keyword, is_required: true }
}

/// A child element that holds one value.
const fn value(namespace: &'static str, name: &'static str, least: usize, keyword: &'static str) -> Rule {
    Rule { namespace, name, least, most: 1, map: Map::Field(keyword) }
}

/// A child element that holds one of many values.
const fn values(namespace: &'static str, name: &'static str, keyword: &'static str) -> Rule {
    Rule { namespace, name, least: 0, most: usize::MAX, map: Map::Field(keyword) }
}

const DOMAIN_HANDLE: Rule = value("domain", "handle", 1, "domain");
const DOMAIN_ACE: Rule = value("domain", "ace", 0, "domain-ace");
const DOMAIN_CONTACTS: Rule = Rule { namespace: "domain", name: "contact", least: 0, most: usize::MAX, map: Map::Role };
const DNS_ENTRIES: Rule =
    Rule { namespace: "dnsentry", name: "dnsentry", least: 0, most: usize::MAX, map: Map::DnsEntry };
