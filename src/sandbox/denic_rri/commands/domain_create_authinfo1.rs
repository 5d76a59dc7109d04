//! CREATE-AUTHINFO1: the registrar's own password for a transfer, of which the registry gets the hash.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::super::codes;
use super::super::shapes::authinfo::AuthInfoCreated;
use super::super::state::{AuthInfo, Status};
use super::{
    Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, optional, required, target,
};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "domain.create_authinfo1",
    action: "CREATE-AUTHINFO1",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "createAuthInfo1",
        attributes: &[required("hash", "authinfohash"), optional("expire", "authinfoexpire")],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE],
    },
    run,
};

/// Longest life of an AuthInfo, and how long it lives if nothing is said.
const DAYS: i64 = 30;

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let authinfo = AuthInfo { hash: hash(context)?, expire: expire(context)? };
    let mut domain = target::own(context)?;
    target::allows(&domain, &[Status::Connect, Status::Failed])?;
    if domain.authinfo1.as_ref().is_some_and(|authinfo| authinfo.is_live(context.now)) {
        return Err(codes::AUTHINFO1_EXISTS.message().into());
    }
    let ace = domain.name.ace.clone();
    let created = AuthInfoCreated { expire: context.clock.wire(authinfo.expire) };
    domain.authinfo1 = Some(authinfo);
    context.state.put_domain(domain, context.now);
    Ok(Answer { effect: Some(ace), ..Answer::data(created) })
}

/// The midnight some days from now; as the samples show, AuthInfos end at the beginning of their last date.
pub(super) fn in_days(context: &Context<'_>, days: i64) -> Timestamp {
    let day = context.clock.day(context.now).checked_add(days.days()).unwrap_or(Date::MAX);
    context.clock.at(day, 0)
}

fn hash(context: &Context<'_>) -> Result<String, Message> {
    let text = context.request.fields.once("authinfohash").ok_or_else(|| codes::AUTHINFO_HASH_ONCE.message())?;
    let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { Ok(text.to_ascii_lowercase()) } else { Err(codes::AUTHINFO_HASH_FORMAT.message()) }
}

fn expire(context: &Context<'_>) -> Result<Timestamp, Message> {
    let fields = &context.request.fields;
    let text = match (fields.first("authinfoexpire"), fields.once("authinfoexpire")) {
        (None, _) => return Ok(in_days(context, DAYS)),
        (Some(_), None) => return Err(codes::AUTHINFO_EXPIRE_ONCE.message()),
        (_, Some(text)) => text,
    };
    let is_digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let date = Date::strptime("%Y%m%d", text).ok().filter(|_| is_digits);
    let expire = date.map(|date| context.clock.at(date, 0));
    expire
        .filter(|expire| (context.now..=in_days(context, DAYS)).contains(expire))
        .ok_or_else(|| codes::AUTHINFO_EXPIRE_FORMAT.message())
}
