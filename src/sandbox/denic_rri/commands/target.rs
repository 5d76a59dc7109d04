//! The domain a request is about: is it there, is it one's own, and may it be touched.

use super::super::codes;
use super::super::rules::names;
use super::super::state::{Domain, Status};
use super::Context;
use crate::model::Message;

/// The domain as it is now, whoever has it.
pub(super) fn existing(context: &Context<'_>) -> Result<Domain, Message> {
    let name = names::of_request(&context.request.fields)?;
    context.state.domains.get(&name.ace).cloned().ok_or_else(|| codes::DOMAIN_UNKNOWN.with([name.unicode]))
}

/// The domain as it is now, if it is the asker's own.
pub(super) fn own(context: &Context<'_>) -> Result<Domain, Message> {
    let domain = existing(context)?;
    if domain.account == context.account { Ok(domain) } else { Err(codes::FOREIGN_DOMAIN.with([domain.name.unicode])) }
}

/// The registry lock refuses every change that is not ordered in writing.
pub(super) fn unlocked(domain: &Domain) -> Result<(), Message> {
    if domain.is_locked { Err(codes::LOCKED.message()) } else { Ok(()) }
}

/// Requests are possible in the statuses the manual lists for them. What it does not say of `pendingCreate` and
/// `serverHold` is no for everything but DELETE, which is the only way to give such a domain up.
pub(super) fn allows(domain: &Domain, statuses: &[Status]) -> Result<(), Message> {
    if statuses.contains(&domain.status) { Ok(()) } else { Err(codes::STATUS_FORBIDS.with([domain.status.word()])) }
}
