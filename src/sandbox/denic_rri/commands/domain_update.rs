//! Domain UPDATE: everything of an own domain is replaced but its holders, which have to be given as they are.

use super::super::codes;
use super::super::rules::dns;
use super::super::state::{Domain, Status};
use super::roles::{Roles, same_handles};
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm,
    settle, target,
};

pub(super) const COMMAND: Command = Command {
    name: "domain.update",
    action: "UPDATE",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "update",
        attributes: &[],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, DOMAIN_CONTACTS, DNS_ENTRIES],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = changeable(context)?;
    let roles = Roles::read(context.state, context.account, &context.request.fields)?;
    if !same_handles(&roles.holders, &domain.holders) {
        return Err(codes::HOLDER_DIFFERS.message().into());
    }
    domain.dns = dns::read(&domain.name.ace, &context.request.fields)?;
    roles.take(&mut domain);
    settle::write(context, domain)
}

/// The domain of an UPDATE or CHHOLDER, if it may be changed.
pub(super) fn changeable(context: &Context<'_>) -> Result<Domain, Refusal> {
    let domain = target::own(context)?;
    target::unlocked(&domain)?;
    target::allows(&domain, &[Status::Connect, Status::Failed])?;
    Ok(domain)
}
