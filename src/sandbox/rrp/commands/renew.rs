//! RENEW: longer by some years, guarded by the year of the expiration date, or longer by the default period without any guard.

use super::super::super::Manner;
use super::super::dates;
use super::super::lifecycle::MOST_YEARS;
use super::super::objects::Fee;
use super::super::reply::{Attribute, Outcome, Reply};
use super::Context;

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let (request, options, now) = (context.request, context.options, context.now);
    let mut domain = context.living()?;
    if domain.is_notified() {
        return Err(552);
    }
    if domain.transfer.is_some() {
        return Err(553);
    }
    // Before the maximum: what was done already is always said to be done.
    if request.year.is_some_and(|year| year != dates::year(&options.zone, domain.expires)) {
        return Err(555);
    }
    if options.renewal_window.is_some_and(|days| dates::days_later(now, days) < domain.expires) {
        return Err(548);
    }
    let years = request.period.unwrap_or(options.default_period);
    let expires = dates::years_later(&options.zone, domain.expires, years);
    if expires > dates::years_later(&options.zone, now, MOST_YEARS) {
        return Err(556);
    }
    let cents = options.price * i64::from(years);
    if !context.state.affords(context.account, cents) {
        return Err(546);
    }
    context.state.spend(context.account, cents);
    let guard = request.year.map_or_else(String::new, |year| format!(" from {year}"));
    context.effect(format!("{years} years{guard}"));
    domain.expires = expires;
    domain.touch(context.account, now);
    domain.fees.retain(|fee| now < fee.until);
    domain.fees.push(Fee { kind: "renew", until: dates::days_later(now, options.days.renew_grace), cents });
    let words = domain.words(options.shows_transfer).into_iter().filter(|_| options.manner == Manner::Odd);
    let reply = Reply::done().time(Attribute::Expires, expires);
    let reply = words.fold(reply, |reply, word| reply.text(Attribute::Status, word));
    context.state.put(domain);
    Ok(reply)
}
