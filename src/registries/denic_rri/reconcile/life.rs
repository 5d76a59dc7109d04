//! Lost orders about the life of a domain: its end, its return, its way to the registry.

use super::{Age, Case, Next, Owner, Status, applied, foreign, nothing, text};
use crate::model::{Answer, Operation};

/// What a TRANSIT removes, whole or as far as INFO shows it of a domain that is not ours.
const REMOVED: [&str; 5] =
    ["dnskey", "general_request", "general_request_details", "abuse_contact", "abuse_contact_details"];

/// INFO first, since CHECK does not say whose a domain is.
pub fn delete(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match (case.status(rest)?, rest) {
            (Status::Ask(step), _) => Ok(step),
            // Whose it was is not shown. Only its registrar can have put it there, and jobs on one domain run one at a
            // time; and if it never was ours, what was ordered is the case all the same.
            (Status::Is("redemptionPeriod"), [check, ..]) => {
                applied(check, "INFO: no such domain; CHECK: redemptionPeriod")
            }
            // A deletion leads into the redemption period of 30 days, not to a free name: there was nothing to delete,
            // and sending it again would fare no better.
            (Status::Is("free" | "invalid"), _) => {
                foreign("INFO and CHECK: there is no such domain; a deletion would have left it in redemption")
            }
            (Status::Is(status), _) => Err(format!("INFO shows no domain although CHECK shows the status {status}")),
        };
    };
    match (case.owner(data)?, text(data, "status")) {
        (Owner::Us, Some("redemptionPeriod")) => {
            applied(info, format!("INFO: ours, redemptionPeriod, {}", case.dates(data, "changed")))
        }
        (Owner::Us, Some(status)) => case.untouched(data, &format!("still ours, status {status}")),
        // Under a DISPUTE a deleted domain is registered anew at once, for the claimant. So somebody else's new
        // registration may be the effect of our deletion; somebody else's old one cannot be.
        (Owner::Other(owner), Some(_)) => match case.age(data, "registration_date") {
            Some(Age::Older) => {
                let dates = case.dates(data, "registration_date");
                foreign(format!("INFO: the domain is at {owner} since before this order ({dates})"))
            }
            _ => Err(format!("the domain is at {owner}, perhaps after our deletion")),
        },
        (_, None) => Err("INFO does not show the status".into()),
    }
}

/// Ours and out of the redemption period is what was ordered.
pub fn restore(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match case.status(rest)? {
            Status::Ask(step) => Ok(step),
            Status::Is("redemptionPeriod") => nothing("CHECK: redemptionPeriod"),
            Status::Is("free" | "invalid") => {
                foreign("INFO and CHECK: the domain is gone; its redemption period is over")
            }
            Status::Is(status) => Err(format!("INFO shows no domain although CHECK shows the status {status}")),
        };
    };
    match (case.owner(data)?, text(data, "status")) {
        (Owner::Other(owner), _) => case.elsewhere(owner, data),
        (Owner::Us, Some("redemptionPeriod")) => case.untouched(data, "redemptionPeriod"),
        (Owner::Us, Some(status)) => {
            case.there(info, format!("INFO: ours, status {status}, {}", case.dates(data, "changed")))
        }
        (Owner::Us, None) => Err("INFO does not show the status".into()),
    }
}

/// Gone from us since the order, and in the state in which a TRANSIT leaves a domain: without keys and contacts for
/// requests, and with name servers only if they were to stay. Under which account the registry keeps such domains is not
/// stated, so whatever else is there may be the doing of a registrar that took it over.
pub fn transit(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return Err("INFO shows no such domain".into()) };
    let Owner::Other(owner) = case.owner(data)? else { return case.untouched(data, "still ours") };
    let dates = case.dates(data, "changed");
    let disconnected = case.doubt.params.get("disconnect").is_some_and(|value| value == true);
    let gone: &[&str] = if disconnected { &[&REMOVED[..], &["nserver"]].concat() } else { &REMOVED };
    let kept = gone.iter().find(|name| data.get(**name).is_some());
    match (case.age(data, "changed"), kept) {
        (Some(Age::Older), _) => foreign(format!("INFO: the domain is at {owner} since before this order ({dates})")),
        (Some(_), Some(name)) => Err(format!("the domain is at {owner}, with {name}: perhaps it was taken over")),
        (Some(Age::Newer | Age::Same), None) => {
            applied(info, format!("INFO: the domain is at {owner}, without {}; {dates}", gone.join(", ")))
        }
        (Some(Age::AtTheEdge), None) => {
            Err(format!("the domain is at {owner}, since too close to the order to tell ({dates})"))
        }
        (None, _) => Err(format!("the domain is at {owner}, and INFO does not show since when")),
    }
}
