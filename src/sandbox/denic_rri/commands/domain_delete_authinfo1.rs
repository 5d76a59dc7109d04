//! DELETE-AUTHINFO1: the registrar's own password for a transfer ends. One in a letter of the registry does not.

use super::super::codes;
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, target};

pub(super) const COMMAND: Command = Command {
    name: "domain.delete_authinfo1",
    action: "DELETE-AUTHINFO1",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "deleteAuthInfo1",
        attributes: &[],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = target::own(context)?;
    if domain.authinfo1.take().is_none_or(|authinfo| !authinfo.is_live(context.now)) {
        return Err(codes::AUTHINFO1_MISSING.message().into());
    }
    let ace = domain.name.ace.clone();
    context.state.put_domain(domain, context.now);
    Ok(Answer::effect(ace))
}
