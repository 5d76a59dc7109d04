//! TRANSFER: asked for by the gaining registrar, approved or refused by the losing one, from version 2 on withdrawn by
//! whoever asked; otherwise the registry decides.

use super::super::super::Manner;
use super::super::RrpVersion;
use super::super::dates;
use super::super::objects::{Domain, Transfer};
use super::super::patterns;
use super::super::reply::{Attribute, Outcome, Reply};
use super::{Context, done};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let domain = context.state.domains.get(&context.request.name).cloned().ok_or(545_u16)?;
    match context.request.approve {
        None => request(context, domain),
        Some(true) => answer(context, domain, true),
        Some(false) => answer(context, domain, false),
    }
}

fn request(context: &mut Context<'_>, mut domain: Domain) -> Outcome {
    if domain.registrar == context.account {
        return Err(531);
    }
    if domain.transfer.is_some() {
        return Err(536);
    }
    if domain.is_held() {
        return Err(544);
    }
    if domain.is_locked() || domain.is_deleted() {
        return Err(552);
    }
    let cents = context.options.price * i64::from(context.options.transfer_years);
    if !context.state.affords(context.account, cents) {
        return Err(546);
    }
    context.state.spend(context.account, cents);
    // Whatever is due happens before the next request is looked at.
    let days = if patterns::is_decided(&domain.name) { 0 } else { context.options.days.transfer };
    let until = dates::days_later(context.now, days);
    domain.transfer = Some(Transfer { by: context.account.to_owned(), requested: context.now, until });
    context.effect(format!("from {}", domain.registrar));
    context.state.put(domain);
    done()
}

fn answer(context: &mut Context<'_>, domain: Domain, is_approved: bool) -> Outcome {
    let is_ours = domain.registrar == context.account;
    let may_cancel = !is_approved && context.options.version >= RrpVersion::V200;
    let Some(by) = domain.transfer.as_ref().map(|transfer| transfer.by.clone()) else {
        return Err(if is_ours || may_cancel { 534 } else { 531 });
    };
    if is_ours {
        context.effect(format!("to {by}"));
    } else if may_cancel && by == context.account {
        context.effect_as("domain.transfer_cancel", format!("from {}", domain.registrar));
    } else {
        return Err(531);
    }
    let account = context.account.to_owned();
    context.state.decide(domain, is_approved, &account, context.now);
    let domain = context.state.domains.get(&context.request.name);
    // The samples say nothing here; the grammar has the date.
    match domain.filter(|_| context.options.manner == Manner::Odd) {
        Some(domain) => Ok(Reply::done().time(Attribute::Expires, domain.expires)),
        None => done(),
    }
}
