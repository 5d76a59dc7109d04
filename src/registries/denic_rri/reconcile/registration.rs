//! Lost orders about the data of a registration, and orders the registry still works on.

use serde_json::Value;

use super::super::{commands, outcome};
use super::{Age, Case, Next, Owner, Status, applied, compare, foreign, nothing, taken, text, was_so_just_now};
use crate::model::{Answer, Operation};

/// Ours if it is in our account, was registered no earlier than the order was written, and has its holders.
pub fn create(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return nothing("INFO: no such domain") };
    let dates = case.dates(data, "registration_date");
    if let Owner::Other(owner) = case.owner(data)? {
        return foreign(format!("INFO: registered by {owner} ({dates})"));
    }
    let holders = holders(data)?;
    let ordered = commands::holders(case.doubt.params.get("holder"));
    let age = case.age(data, "registration_date").ok_or("INFO does not show when it was registered")?;
    let before = data["registration_date_is_before"] == true;
    match age {
        _ if before => foreign(format!("INFO: already ours since before the date it shows ({dates})")),
        Age::Older => foreign(format!("INFO: already ours before this order ({dates})")),
        _ if holders != ordered => foreign(format!("INFO: already ours, with other holders ({dates})")),
        Age::Newer | Age::Same => {
            case.there(info, format!("INFO: at {}, with the ordered holders, {dates}", case.reg_acc))
        }
        Age::AtTheEdge if was_so_just_now(case.doubt) => {
            foreign(format!("INFO: registered by an earlier job of this account ({dates})"))
        }
        Age::AtTheEdge => Err(format!("ours, too close to the order to tell by the clock ({dates})")),
    }
}

/// Equal data is what was ordered, whenever it came to be. Of a job that states only what shall change, only that counts.
pub fn update(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("INFO: there is no such domain") };
    if let Owner::Other(owner) = case.owner(data)? {
        return case.elsewhere(owner, data);
    }
    match compare::domain(case, data).as_slice() {
        [] => case.there(info, case.equals(data, &compare::domain_fields(case))),
        differences => case.differs(data, differences),
    }
}

/// Ours with the ordered holders is what was ordered; anybody else's was not taken over. INFO may not show a domain in
/// the redemption period, which can be taken over too.
pub fn transfer(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [info, rest @ ..] = heard else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else {
        return match case.status(rest)? {
            Status::Ask(step) => Ok(step),
            Status::Is("redemptionPeriod") => nothing("CHECK: redemptionPeriod"),
            Status::Is("free" | "invalid") => foreign("INFO and CHECK: there is no such domain"),
            Status::Is(status) => Err(format!("INFO shows no domain although CHECK shows the status {status}")),
        };
    };
    if let Owner::Other(owner) = case.owner(data)? {
        return nothing(format!("INFO: the domain is at {owner}"));
    }
    let dates = case.dates(data, "changed");
    let same_holders = holders(data)? == commands::holders(case.doubt.params.get("holder"));
    // A transfer leads out of the redemption period.
    if text(data, "status") == Some("redemptionPeriod") {
        return case.untouched(data, "redemptionPeriod");
    }
    match (case.age(data, "changed"), same_holders) {
        (Some(Age::Older), false) => {
            foreign(format!("INFO: already ours since before this order, with other holders ({dates})"))
        }
        (Some(Age::Older), true) => {
            Err(format!("ours with these holders, and not changed since before this order ({dates})"))
        }
        (Some(Age::Newer | Age::Same), true) => {
            case.there(info, format!("INFO: at {}, with the ordered holders, {dates}", case.reg_acc))
        }
        (Some(Age::AtTheEdge), true) => {
            Err(format!("ours with these holders, too close to the order to tell since when ({dates})"))
        }
        (None, true) => Err("ours with these holders, and INFO does not show since when".into()),
        (_, false) => Err(format!("ours, and not certainly since before this order, with other holders ({dates})")),
    }
}

/// An order under assessment: finished with whatever status follows. A domain that is gone, or somebody else's, came to
/// nothing.
pub fn follow_up(case: &Case<'_>, heard: &[Answer]) -> Next {
    if !outcome::ASSESSED.contains(&case.doubt.operation) {
        return Err(format!("no question is known about a pending {}", case.doubt.operation));
    }
    let Some(info) = heard.first() else { return case.ask(Operation::DomainInfo, &["domain"]) };
    let Some(data) = case.seen(Operation::DomainInfo, info)? else { return foreign("INFO: there is no such domain") };
    if let Owner::Other(owner) = case.owner(data)? {
        return foreign(format!("INFO: the domain is at {owner}"));
    }
    if case.is_assessed(data) {
        return taken(info, "INFO: the domain is ours and still being assessed");
    }
    match text(data, "status") {
        Some(status @ ("connect" | "failed" | "serverHold")) => {
            applied(info, format!("INFO: the domain is ours, assessed, status {status}"))
        }
        Some("redemptionPeriod") => foreign("INFO: the domain was deleted (redemptionPeriod)"),
        status => Err(format!("INFO shows the status {status:?}")),
    }
}

fn holders(data: &Value) -> Result<Vec<String>, String> {
    let holders = commands::holders(data.get("holder"));
    if holders.is_empty() { Err("INFO does not show the holders".into()) } else { Ok(holders) }
}
