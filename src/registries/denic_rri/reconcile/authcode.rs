//! Lost orders about AuthInfos. INFO on an own domain shows when each of the two ends, and never what it is.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::super::check;
use super::super::limits;
use super::super::outcome::{self, Heard};
use super::{Case, Next, Owner, Status, applied, foreign, nothing, text, was_so_just_now};
use crate::model::{Answer, Operation};

/// An AuthInfo2 of this order ends 30 days after it; a day of slack, since whether the first day counts is not stated.
const NEW_AUTH_INFO2: SignedDuration = SignedDuration::from_hours(29 * 24);
/// How many days an AuthInfo1 holds if the order does not say.
const AUTH_INFO1_DAYS: i64 = 30;

/// There is at most one AuthInfo1. If there is one and it ends when this order said, the registry tells whether it is the
/// password of this order; that INFO takes a password of one's own domain means something only if it says so.
pub fn create(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("INFO: there is no such domain") };
    if let Owner::Other(owner) = case.owner(data)? {
        return case.elsewhere(owner, data);
    }
    let Some(end) = text(data, "auth_info1") else { return nothing("INFO: no AuthInfo1") };
    let end: Timestamp = end.parse().map_err(|_| "INFO shows an AuthInfo1, and not when it ends")?;
    if !ends_as_ordered(case, end) {
        return foreign(format!("INFO: the domain has another AuthInfo1, until {end}"));
    }
    let check = Operation::DomainAuthcodeCheck;
    let Some(tested) = rest.first() else { return case.ask(check, &["domain", "auth_info"]) };
    if outcome::heard(check, tested) == Heard::WrongAuthInfo {
        return foreign("INFO: the domain has an AuthInfo1, and another password than the ordered one");
    }
    match case.seen(check, tested)? {
        // The first INFO is the answer: it shows the end of the password.
        Some(data) if is_confirmed(data) => {
            applied(info, format!("INFO: an AuthInfo1 until {end}; asked with the ordered password, INFO confirms it"))
        }
        Some(_) if stated_end(case).is_some() => {
            applied(info, format!("INFO: an AuthInfo1 until {end}, as stated; INFO takes the ordered password"))
        }
        Some(_) if was_so_just_now(case.doubt) => {
            foreign("INFO: an AuthInfo1, which an earlier job of this account has set")
        }
        Some(_) => Err("the domain has an AuthInfo1, and INFO does not say whose password it is".into()),
        None => Err("the domain is gone since the first question".into()),
    }
}

fn is_confirmed(data: &Value) -> bool {
    data.get("auth_info").is_some_and(|right| right == true)
}

/// The last day the order states.
fn stated_end(case: &Case<'_>) -> Option<Date> {
    let digits = check::auth_info_expire("expire", case.doubt.params.get("expire")?.as_str()?.trim()).ok()?;
    Date::strptime("%Y%m%d", digits).ok()
}

/// Whether an AuthInfo1 ends on the day this order said, or would have been given; a day of slack, since it may end with
/// its last day or with the beginning of it, and the order may have arrived after midnight.
fn ends_as_ordered(case: &Case<'_>, end: Timestamp) -> bool {
    let ordered =
        stated_end(case).or_else(|| limits::german_date(case.doubt.since).checked_add(AUTH_INFO1_DAYS.days()).ok());
    ordered.is_some_and(|ordered| {
        let apart = ordered.duration_until(limits::german_date(end)).abs();
        apart <= SignedDuration::from_hours(24)
    })
}

/// No AuthInfo1 is what was ordered.
pub fn delete(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("INFO: there is no such domain") };
    match (case.owner(data)?, text(data, "auth_info1")) {
        (Owner::Other(owner), _) => case.elsewhere(owner, data),
        (Owner::Us, None) => applied(info, "INFO: ours, no AuthInfo1"),
        (Owner::Us, Some(end)) => nothing(format!("INFO: an AuthInfo1 until {end}")),
    }
}

/// Of an own domain INFO shows until when there is an AuthInfo2, and so whether it is as new as the order. Of another
/// registrar's it at most says that there is an AuthInfo, which may be its AuthInfo1, and perhaps nothing. Letters cost, so
/// they are ordered again only where they certainly were not.
pub fn request(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match case.status(rest)? {
            Status::Ask(step) => Ok(step),
            Status::Is("free" | "invalid") => foreign("INFO and CHECK: there is no such domain"),
            Status::Is(status) => Err(format!("the domain is {status}, and INFO does not show its AuthInfos")),
        };
    };
    let exists = is_confirmed(data);
    match case.owner(data)? {
        Owner::Us => requested_of_own(case, info, data),
        // DELETE has removed whatever AuthInfo there was, so this one was ordered since.
        Owner::Other(owner) if exists && text(data, "status") == Some("redemptionPeriod") => {
            applied(info, format!("INFO: the domain is at {owner}, redemptionPeriod, and has an AuthInfo"))
        }
        Owner::Other(owner) if exists => {
            Err(format!("the domain is at {owner} and has an AuthInfo; whose is not shown"))
        }
        Owner::Other(owner) => Err(format!("the domain is at {owner}, and INFO shows no AuthInfo, which it need not")),
    }
}

fn requested_of_own(case: &Case<'_>, info: &Answer, data: &Value) -> Next {
    let Some(end) = text(data, "auth_info2") else { return nothing("INFO: no AuthInfo2") };
    let end: Timestamp = end.parse().map_err(|_| "INFO shows an AuthInfo2, and not when it ends")?;
    match end.duration_since(case.doubt.since) >= NEW_AUTH_INFO2 {
        true => applied(info, format!("INFO: an AuthInfo2 until {end}, ordered {:.0}", case.doubt.since)),
        false => foreign(format!("INFO: an older AuthInfo2 exists, until {end}")),
    }
}
