//! STATUS: everything about an object, for its registrar.

use super::super::reply::{Attribute, Outcome, Reply};
use super::Context;

pub(super) fn domain(context: &mut Context<'_>) -> Outcome {
    let domain = context.domain()?;
    let servers = domain.servers.iter();
    let reply = servers.fold(Reply::done(), |reply, server| reply.name(Attribute::NameServer, server));
    let reply = reply.time(Attribute::Expires, domain.expires).text(Attribute::Registrar, &domain.registrar);
    let reply = domain.transferred.into_iter().fold(reply, |reply, at| reply.time(Attribute::Transferred, at));
    let words = domain.words(context.options.shows_transfer).into_iter();
    let reply = words.fold(reply, |reply, word| reply.text(Attribute::Status, word));
    Ok(reply
        .time(Attribute::Created, domain.created)
        .text(Attribute::CreatedBy, &domain.created_by)
        .time(Attribute::Updated, domain.updated)
        .text(Attribute::UpdatedBy, &domain.updated_by))
}

pub(super) fn host(context: &mut Context<'_>) -> Outcome {
    let host = context.host()?;
    let addresses = host.addresses.iter();
    let reply = addresses.fold(Reply::done(), |reply, address| reply.text(Attribute::IpAddress, &address.text));
    let reply = reply.text(Attribute::Registrar, &host.registrar);
    let reply = host.transferred.into_iter().fold(reply, |reply, at| reply.time(Attribute::Transferred, at));
    Ok(reply
        .time(Attribute::Created, host.created)
        .text(Attribute::CreatedBy, &host.created_by)
        .time(Attribute::Updated, host.updated)
        .text(Attribute::UpdatedBy, &host.updated_by))
}
