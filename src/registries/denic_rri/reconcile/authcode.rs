//! Lost orders about AuthInfos. INFO on an own domain shows when each of the two ends, and never what it is.

use super::super::outcome::{self, Heard};
use super::{Case, Next, Owner, Status, applied, foreign, nothing, text};
use crate::model::{Answer, Operation};

/// There is at most one AuthInfo1. If there is one, the registry tells whether it is the password of this order.
pub fn create(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("there is no such domain") };
    if let Owner::Other(owner) = case.owner(data)? {
        return case.elsewhere(owner, data);
    }
    if text(data, "auth_info1").is_none() {
        return nothing("INFO: no AuthInfo1");
    }
    let check = Operation::DomainAuthcodeCheck;
    let Some(tested) = rest.first() else { return case.ask(check, &["domain", "auth_info"]) };
    if outcome::heard(check, tested) == Heard::WrongAuthInfo {
        return foreign("the domain has another AuthInfo1");
    }
    match case.seen(check, tested)? {
        // The own INFO is the answer: it shows the end of the password.
        Some(_) => applied(info),
        None => Err("the domain is gone since the first question".into()),
    }
}

/// No AuthInfo1 is what was ordered.
pub fn delete(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("there is no such domain") };
    match (case.owner(data)?, text(data, "auth_info1")) {
        (Owner::Other(owner), _) => case.elsewhere(owner, data),
        (Owner::Us, None) => applied(info),
        (Owner::Us, Some(end)) => nothing(format!("INFO: an AuthInfo1 until {end}")),
    }
}

/// Of another registrar's domain INFO only says that there is an AuthInfo.
pub fn request(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match case.status(rest)? {
            Status::Ask(step) => Ok(step),
            Status::Is("free" | "invalid") => foreign("there is no such domain"),
            Status::Is(status) => Err(format!("the domain is {status}, and INFO does not show its AuthInfos")),
        };
    };
    let exists = match case.owner(data)? {
        Owner::Us => text(data, "auth_info2").is_some(),
        Owner::Other(_) => data.get("auth_info").is_some_and(|exists| exists == true),
    };
    if exists { applied(info) } else { nothing("INFO: no AuthInfo2") }
}
