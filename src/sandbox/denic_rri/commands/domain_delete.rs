//! Domain DELETE: an own domain goes into its redemption grace period.

use super::super::codes;
use super::super::lifecycle;
use super::super::objects::DENIC;
use super::super::state::{Domain, Status};
use super::roles::same_handles;
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm, target,
};

pub(super) const COMMAND: Command = Command {
    name: "domain.delete",
    action: "DELETE",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "delete",
        attributes: &[],
        // What is not needed is ignored.
        children: &[DOMAIN_HANDLE, DOMAIN_ACE, DOMAIN_CONTACTS, DNS_ENTRIES],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = target::own(context)?;
    target::unlocked(&domain)?;
    if domain.status == Status::RedemptionPeriod {
        return Err(codes::DELETE_IN_REDEMPTION.message().into());
    }
    let given: Vec<String> = context.request.fields.all("holder").map(str::to_ascii_uppercase).collect();
    if !given.is_empty() && !same_handles(&given, &domain.holders) {
        return Err(codes::HOLDER_DIFFERS.message().into());
    }
    let (now, ace) = (context.now, domain.name.ace.clone());
    if let Some(successor) = domain.dispute {
        // No grace period: the domain is registered anew, for the one who disputed it, at the registry itself.
        let successor = Domain { holders: vec![successor], ..Domain::new(domain.name, DENIC, now) };
        context.state.put_domain(successor, now);
        let messages = vec![codes::DISPUTE_HOLDER_TAKES_OVER.message()];
        return Ok(Answer { messages, ..Answer::effect(ace) });
    }
    domain.status = Status::RedemptionPeriod;
    domain.changed = now;
    domain.release =
        Some(lifecycle::release(context.options.environment, context.state.seed, &ace, now, context.clock));
    (domain.expire, domain.dedelegation, domain.deletion) = (None, None, None);
    (domain.authinfo1, domain.authinfo2) = (None, None);
    context.state.put_domain(domain, now);
    Ok(Answer::effect(ace))
}
