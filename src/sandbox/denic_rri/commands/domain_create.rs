//! Domain CREATE: the contract starts even if the name servers do not answer; then the domain is `failed`.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::lifecycle::{self, verification};
use super::super::notice::Notice;
use super::super::rules::{assess, dns, names};
use super::super::state::{Contact, ContactKind, Domain, State, Status};
use super::super::wire::Version;
use super::super::wire::request::Fields;
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm,
};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "domain.create",
    action: "CREATE",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "create",
        attributes: &[],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, DOMAIN_CONTACTS, DNS_ENTRIES],
    },
    run,
};

/// Most holders of one domain.
const MOST_HOLDERS: usize = 5;

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    let name = names::of_request(fields)?;
    match context.state.domains.get(&name.ace).map(|domain| domain.status) {
        None => {}
        Some(Status::RedemptionPeriod) => return Err(codes::CREATE_IN_REDEMPTION.message().into()),
        Some(_) => return Err(codes::DOMAIN_EXISTS.with([name.unicode]).into()),
    }
    let roles = Roles::read(context.state, context.account, fields)?;
    let dns = dns::read(&name.ace, fields)?;
    let mut domain = Domain {
        holders: roles.holders,
        general_request: roles.general_request,
        abuse_contact: roles.abuse_contact,
        dns,
        ..Domain::new(name, context.account, context.now)
    };
    let messages = settle(context, &mut domain);
    let ace = domain.name.ace.clone();
    context.state.put_domain(domain, context.now);
    verification::ask(context.state, &ace, context.now, context.clock);
    Ok(Answer { messages, ..Answer::effect(ace) })
}

/// Gives a new domain its status, and says what the answer tells of it.
fn settle(context: &mut Context<'_>, domain: &mut Domain) -> Vec<Message> {
    let (now, clock) = (context.now, context.clock);
    let mut messages = Vec::new();
    if domain.dns.lacks_entry_point() {
        messages.push(codes::SEP_MISSING.message());
    }
    if domain.dns.fails_check(&context.options.failing_label) {
        let expire = lifecycle::expiry(context.options.environment, now);
        domain.status = Status::Failed;
        domain.expire = Some(expire);
        messages.push(codes::NAMESERVER_ERROR.with(["ERROR: 901 Unexpected RCODE (1)"]));
        messages.push(codes::DNS_NOT_ACCEPTABLE.with([clock.wire(expire)]));
        return messages;
    }
    let holders: Vec<&Contact> = domain.holders.iter().filter_map(|h| context.state.contacts.get(h)).collect();
    let assessment = assess::assess(&domain.name.unicode, &holders, now);
    domain.status = assessment.status;
    domain.dedelegation = assessment.dedelegation;
    domain.deletion = assessment.deletion;
    if assessment.is_told {
        context.state.tell(context.account, Notice::status_update(domain), now, clock);
    }
    // Protocols before 5.0 do not know these statuses.
    if context.request.version >= Version::V5 {
        messages.push(match domain.status {
            Status::PendingCreate => codes::STATUS_PENDING.message(),
            Status::ServerHold => codes::STATUS_HOLD.message(),
            _ => codes::STATUS_CONNECT.message(),
        });
        messages.extend(domain.dedelegation.map(|date| codes::DEDELEGATION_DEADLINE.with([clock.wire(date)])));
        messages.extend(domain.deletion.map(|date| codes::DELETION_DEADLINE.with([clock.wire(date)])));
    }
    messages
}

/// The contacts of a domain: known, own, of the right type, none twice.
struct Roles {
    holders: Vec<String>,
    general_request: Option<String>,
    abuse_contact: Option<String>,
}

impl Roles {
    fn read(state: &State, account: &str, fields: &Fields) -> Result<Self, Message> {
        let holders = contacts(state, account, fields, "holder", false)?;
        if holders.is_empty() {
            return Err(codes::HOLDER_ONCE.message());
        }
        let requests = |role| match contacts(state, account, fields, role, true)?.as_slice() {
            [] => Ok(None),
            [handle] => Ok(Some(handle.clone())),
            _ => Err(codes::TOO_MANY_CONTACTS.message()),
        };
        if holders.len() > MOST_HOLDERS {
            return Err(codes::TOO_MANY_CONTACTS.message());
        }
        Ok(Self { holders, general_request: requests("generalrequest")?, abuse_contact: requests("abusecontact")? })
    }
}

fn contacts(
    state: &State,
    account: &str,
    fields: &Fields,
    role: &str,
    is_request: bool,
) -> Result<Vec<String>, Message> {
    let handles: Vec<String> = fields.all(role).map(str::to_ascii_uppercase).collect();
    if handles.iter().collect::<BTreeSet<_>>().len() != handles.len() {
        return Err(codes::CONTACT_TWICE.message());
    }
    for handle in &handles {
        let contact = state.contacts.get(handle).ok_or_else(|| codes::CONTACT_UNKNOWN.message())?;
        if contact.account != account {
            return Err(codes::FOREIGN_CONTACT.with([handle]));
        }
        if (contact.kind == ContactKind::Request) != is_request {
            return Err(codes::CONTACT_TYPE.with([format!("\"{handle}\"")]));
        }
    }
    Ok(handles)
}
