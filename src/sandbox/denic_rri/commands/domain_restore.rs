//! Domain RESTORE: the one who deleted a domain takes it back out of its grace period, with the data it had.

use super::super::codes;
use super::super::state::Status;
use super::roles::need_phones;
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm,
    settle, target,
};

pub(super) const COMMAND: Command = Command {
    name: "domain.restore",
    action: "RESTORE",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "restore",
        attributes: &[],
        // What is not needed is ignored.
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, DOMAIN_CONTACTS, DNS_ENTRIES],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = target::own(context)?;
    if domain.status != Status::RedemptionPeriod {
        return Err(codes::NOT_IN_REDEMPTION.message().into());
    }
    if domain.authinfo2.as_ref().is_some_and(|authinfo| authinfo.is_live(context.now)) {
        need_phones(context.state, &domain.holders)?;
    }
    // The check may find it `failed`, again or newly; its time to be repaired begins now.
    (domain.release, domain.expire) = (None, None);
    settle::write(context, domain)
}
