//! Domain TRANSIT: an own domain goes to the registry's own administration.

use super::super::codes;
use super::super::objects::DENIC;
use super::super::rules::dns::Dns;
use super::super::state::Status;
use super::super::wire::request::Fields;
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, optional, target};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "domain.transit",
    action: "TRANSIT",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "transit",
        attributes: &[optional("disconnect", "disconnect")],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE],
    },
    run,
};

/// The address of the registry's page for domains that are disconnected.
const PAGE: &str = "192.0.2.80";

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let is_disconnected = disconnect(&context.request.fields)?;
    let mut domain = target::own(context)?;
    target::unlocked(&domain)?;
    if domain.status == Status::Failed {
        return Err(codes::STATUS_FAILED.message().into());
    }
    target::allows(&domain, &[Status::Connect])?;
    let ace = domain.name.ace.clone();
    domain.account = DENIC.to_owned();
    domain.dns.dnskey.clear();
    (domain.general_request, domain.abuse_contact) = (None, None);
    if is_disconnected {
        domain.dns = Dns { nsentry: vec![format!("{ace}. IN A {PAGE}")], ..Dns::default() };
    }
    domain.changed = context.now;
    // The AuthInfo2 the holder has in a letter goes on to work.
    let had_authinfo = domain.authinfo1.take().is_some_and(|authinfo| authinfo.is_live(context.now));
    context.state.put_domain(domain, context.now);
    let messages = if had_authinfo { vec![codes::AUTHINFO_REMOVED.message()] } else { Vec::new() };
    Ok(Answer { messages, ..Answer::effect(ace) })
}

/// Without the keyword the domain stays connected: the manual says so of a misspelt one, which is none.
fn disconnect(fields: &Fields) -> Result<bool, Message> {
    match (fields.first("disconnect"), fields.once("disconnect")) {
        (None, _) => Ok(false),
        (_, Some(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        (_, Some(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(codes::DISCONNECT_VALUE.message()),
    }
}
