//! Domain DELETE: an own domain goes into its redemption grace period.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::lifecycle;
use super::super::rules::names;
use super::super::state::Status;
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm,
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
    let fields = &context.request.fields;
    let name = names::of_request(fields)?;
    let release =
        lifecycle::release(context.options.environment, context.state.seed, &name.ace, context.now, context.clock);
    let domain =
        context.state.domains.get_mut(&name.ace).ok_or_else(|| codes::DOMAIN_UNKNOWN.with([name.unicode.as_str()]))?;
    if domain.account != context.account {
        return Err(codes::FOREIGN_DOMAIN.with([name.unicode]).into());
    }
    if domain.status == Status::RedemptionPeriod {
        return Err(codes::DELETE_IN_REDEMPTION.message().into());
    }
    let given: BTreeSet<String> = fields.all("holder").map(str::to_ascii_uppercase).collect();
    if !given.is_empty() && given != domain.holders.iter().cloned().collect() {
        return Err(codes::HOLDER_DIFFERS.message().into());
    }
    domain.status = Status::RedemptionPeriod;
    domain.changed = context.now;
    domain.release = Some(release);
    (domain.expire, domain.dedelegation, domain.deletion) = (None, None, None);
    context.state.schedule(&name.ace);
    Ok(Answer::effect(name.ace))
}
