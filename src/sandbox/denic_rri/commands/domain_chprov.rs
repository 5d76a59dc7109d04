//! Domain CHPROV: a foreign domain comes to the own account, or any domain out of its grace period, with an AuthInfo.

use super::super::codes;
use super::super::notice::Notice;
use super::super::rules::dns;
use super::super::state::{AuthInfo, Domain, Status};
use super::super::wire::request::Fields;
use super::roles::{Roles, need_phones, same_persons};
use super::{
    Answer, Command, Context, DNS_ENTRIES, DOMAIN_ACE, DOMAIN_CONTACTS, DOMAIN_HANDLE, Object, Refusal, XmlForm,
    settle, target, value,
};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "domain.chprov",
    action: "CHPROV",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "chprov",
        attributes: &[],
        // Keys stand behind the password in DENIC's samples, and before it elsewhere.
        children: &[
            DOMAIN_HANDLE,
            DOMAIN_ACE,
            DOMAIN_CONTACTS,
            DNS_ENTRIES,
            value("domain", "authInfo", 1, "authinfo"),
            DNS_ENTRIES,
        ],
    },
    run,
};

/// Which of the two passwords was given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    One,
    Two,
}

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    let mut domain = target::existing(context)?;
    let password = fields.once("authinfo").ok_or_else(|| codes::AUTHINFO_MISSING.message())?;
    if domain.account == context.account && domain.status != Status::RedemptionPeriod {
        return Err(codes::OWN_DOMAIN.message().into());
    }
    target::unlocked(&domain)?;
    target::allows(&domain, &[Status::Connect, Status::Failed, Status::RedemptionPeriod])?;
    let used = authenticate(&domain, password, context)?;
    is_complete(fields)?;
    let roles = Roles::read(context.state, context.account, fields)?;
    let dns = dns::read(&domain.name.ace, fields).map_err(as_of_chprov)?;
    need_phones(context.state, &roles.holders)?;
    let is_same_holder = same_persons(context.state, &roles.holders, &domain.holders);
    if domain.dispute.is_some() && !is_same_holder {
        return Err(codes::DISPUTE.message().into());
    }
    let loser = std::mem::replace(&mut domain.account, context.account.to_owned());
    domain.authinfo1 = None;
    if used == Used::Two || !is_same_holder {
        domain.authinfo2 = None;
    }
    (domain.release, domain.dedelegation, domain.deletion) = (None, None, None);
    domain.dns = dns;
    roles.take(&mut domain);
    let ace = domain.name.ace.clone();
    let answer = settle::write(context, domain)?;
    if loser != context.account {
        let notice = Notice {
            domain: Some(ace),
            chprov_to: Some(context.account.to_owned()),
            chprov_from: Some(loser.clone()),
            ..Notice::new("chprovAuthInfo")
        };
        context.state.tell(&loser, notice, context.now, context.clock);
    }
    Ok(answer)
}

/// Out of the grace period only the password from the letter leads.
fn authenticate(domain: &Domain, password: &str, context: &Context<'_>) -> Result<Used, Message> {
    let fits = |authinfo: &Option<AuthInfo>| authinfo.as_ref().is_some_and(|a| a.fits(password, context.now));
    let is_deleted = domain.status == Status::RedemptionPeriod;
    if fits(&domain.authinfo2) {
        Ok(Used::Two)
    } else if fits(&domain.authinfo1) && !is_deleted {
        Ok(Used::One)
    } else if is_deleted && domain.authinfo2.is_none() {
        Err(codes::AUTHINFO2_MISSING.message())
    } else {
        Err(codes::AUTHINFO_MISMATCH.message())
    }
}

fn is_complete(fields: &Fields) -> Result<(), Message> {
    let is_there = |keyword| fields.first(keyword).is_some();
    if is_there("holder") && (is_there("nserver") || is_there("nsentry")) {
        Ok(())
    } else {
        Err(codes::CHPROV_DATA_MISSING.message())
    }
}

/// One complaint has a number of its own here.
fn as_of_chprov(message: Message) -> Message {
    if message.code == codes::NSENTRY_VALUE.number { codes::NSENTRY_VALUE_CHPROV.message() } else { message }
}
