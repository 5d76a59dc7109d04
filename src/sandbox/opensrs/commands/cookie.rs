//! Cookies: a registrant's profile, by its password.

use super::super::dates;
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, fields};

pub(super) fn set(context: &mut Context<'_>) -> Outcome {
    let name = super::name(&context.required("domain")?);
    let username = fields::credential("reg_username", context.attributes().text("reg_username"))?;
    let password = fields::credential("reg_password", context.attributes().text("reg_password"))?;
    let domain = context.state.domains.get(&name);
    let domain = domain.filter(|domain| domain.account == context.account && domain.profile == username).cloned();
    let Some(domain) = domain else { return refuse_as(415, "Authentication Error.") };
    let of_profile = |other: &&super::Domain| other.account == domain.account && other.profile == username;
    let count = context.state.domains.values().filter(of_profile).count();
    let waiting = usize::from(domain.waiting.is_some());
    let cookie = format!("{}:{}", context.state.next_id() + 20_000_000, context.state.next_id());
    let Some(account) = context.state.accounts.get_mut(context.account) else {
        return refuse_as(410, "Reseller authentication error");
    };
    if account.profiles.get(&username).is_none_or(|known| known.expose() != password) {
        return refuse_as(415, "Invalid Password supplied.");
    }
    account.cookies.insert(cookie.clone(), (name, username));
    let attributes = Node::none()
        .with("cookie", cookie)
        .with("domain_count", count)
        .with("f_owner", true)
        .with("permission", "")
        .with("waiting_requests_no", waiting)
        .with("encoding_type", "")
        .with("last_access_time", context.now.as_second().unsigned_abs())
        .with("last_ip", "192.0.2.10")
        .with("redirect_url", "")
        .with("expiredate", dates::text(domain.expires));
    Ok(Reply::ok("Command Successful").with(attributes))
}

pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let Some(cookie) =
        context.request.cookie.clone().or_else(|| context.attributes().text("cookie").map(str::to_owned))
    else {
        return refuse_as(460, "No Cookie Supplied");
    };
    let account = context.state.accounts.get_mut(context.account);
    match account.and_then(|account| account.cookies.remove(cookie.trim())) {
        Some(_) => Ok(Reply::ok("Command Successful")),
        None => refuse_as(480, "Cookie not found"),
    }
}

pub(super) fn quit(_: &mut Context<'_>) -> Outcome {
    Ok(Reply::ok("Closing connection"))
}
