//! Lost orders about the life of a domain: its end, its return, its way to the registry.

use super::{Age, Case, Next, Owner, Status, applied, foreign, nothing, text};
use crate::model::{Answer, Operation};

/// INFO first, since CHECK does not say whose a domain is.
pub fn delete(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match (case.status(rest)?, rest) {
            (Status::Ask(step), _) => Ok(step),
            // Whose it was is not shown. Only its registrar can have put it there, and jobs on one domain run one at a
            // time; and if it never was ours, what was ordered is the case all the same.
            (Status::Is("redemptionPeriod"), [check, ..]) => applied(check),
            // A deletion leads into the redemption period of 30 days, not to a free name: there was nothing to delete,
            // and sending it again would fare no better.
            (Status::Is("free" | "invalid"), _) => {
                foreign("there is no such domain; a deletion would have left it in redemption")
            }
            (Status::Is(status), _) => Err(format!("INFO shows no domain although CHECK shows the status {status}")),
        };
    };
    match (case.owner(data)?, text(data, "status")) {
        (Owner::Us, Some("redemptionPeriod")) => applied(info),
        (Owner::Us, Some(status)) => nothing(format!("INFO: still ours, status {status}")),
        // Under a DISPUTE a deleted domain is registered anew at once, for the claimant. So somebody else's new
        // registration may be the effect of our deletion; somebody else's old one cannot be.
        (Owner::Other(owner), Some(_)) => match case.age(data, "registration_date") {
            Some(Age::Older) => foreign(format!("the domain is at {owner}")),
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
            Status::Is("free" | "invalid") => foreign("the domain is gone; its redemption period is over"),
            Status::Is(status) => Err(format!("INFO shows no domain although CHECK shows the status {status}")),
        };
    };
    match (case.owner(data)?, text(data, "status")) {
        (Owner::Other(owner), _) => case.elsewhere(owner, data),
        (Owner::Us, Some("redemptionPeriod")) => nothing("INFO: redemptionPeriod"),
        (Owner::Us, Some(_)) => case.there(info),
        (Owner::Us, None) => Err("INFO does not show the status".into()),
    }
}

/// Gone from us since the order, and in the state in which a TRANSIT leaves a domain: without keys, and with name servers
/// only if they were to stay. Under which account the registry keeps such domains is not stated.
pub fn transit(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return Err("INFO shows no such domain".into()) };
    let Owner::Other(owner) = case.owner(data)? else { return nothing("INFO: still ours") };
    let disconnected = case.doubt.params.get("disconnect").is_some_and(|value| value == true);
    let kept = |name: &str| data.get(name).is_some();
    match case.age(data, "changed") {
        Some(Age::Older) => foreign(format!("the domain is at {owner} since before this order")),
        Some(_) if kept("dnskey") => foreign(format!("the domain is at {owner}, with keys: it was taken over")),
        Some(_) if disconnected && kept("nserver") => {
            foreign(format!("the domain is at {owner}, with name servers: it was taken over"))
        }
        Some(Age::Newer | Age::Same) => applied(info),
        Some(Age::AtTheEdge) => Err(format!("the domain is at {owner}, since too close to the order to tell")),
        None => Err(format!("the domain is at {owner}, and INFO does not show since when")),
    }
}
