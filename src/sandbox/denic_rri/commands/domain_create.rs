//! Domain CREATE: the contract starts even if the name servers do not answer; then the domain is `failed`.

use super::super::codes;
use super::super::rules::{dns, names};
use super::super::state::{Domain, Status};
use super::roles::Roles;
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm, settle,
};

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
    let mut domain = Domain { dns, ..Domain::new(name, context.account, context.now) };
    roles.take(&mut domain);
    settle::write(context, domain)
}
