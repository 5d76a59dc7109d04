//! Domain CHHOLDER: an UPDATE that may change the holders too. A new holder ends all AuthInfos.

use super::super::codes;
use super::super::rules::dns;
use super::domain_update::changeable;
use super::roles::{Roles, need_phones, same_handles};
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm, settle,
};

pub(super) const COMMAND: Command = Command {
    name: "domain.chholder",
    action: "CHHOLDER",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "chholder",
        attributes: &[],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, DOMAIN_CONTACTS, DNS_ENTRIES],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = changeable(context)?;
    // Whatever it says: the manual has it both ways, and this is the one to expect.
    if domain.dispute.is_some() {
        return Err(codes::DISPUTE.message().into());
    }
    let roles = Roles::read(context.state, context.account, &context.request.fields)?;
    let dns = dns::read(&domain.name.ace, &context.request.fields)?;
    let mut had_authinfo = false;
    if !same_handles(&roles.holders, &domain.holders) {
        // With one new holder all of them need a phone number.
        if roles.holders.iter().any(|handle| !domain.holders.contains(handle)) {
            need_phones(context.state, &roles.holders)?;
        }
        let (one, two) = (domain.authinfo1.take(), domain.authinfo2.take());
        had_authinfo = one.or(two).is_some_and(|authinfo| authinfo.is_live(context.now));
        // Whoever is new gets deadlines of his own.
        (domain.dedelegation, domain.deletion) = (None, None);
    }
    domain.dns = dns;
    roles.take(&mut domain);
    let mut answer = settle::write(context, domain)?;
    if had_authinfo {
        answer.messages.insert(0, codes::AUTHINFO_REMOVED.message());
    }
    Ok(answer)
}
