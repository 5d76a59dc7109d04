//! Lost orders about orders: carrying out one that was kept, or withdrawing it.

use serde_json::json;

use super::super::outcome;
use super::orders::{self, NEW, Order, RENEWAL, Status, TRANSFER};
use super::{Case, Halt, Next, applied, cannot, nothing, number, refused, said, taken};
use crate::model::{Answer, Operation};

/// An order with its name's other orders.
struct Kept<'a> {
    id: String,
    status: Status,
    shown: &'a Answer,
    /// Newer ones, as new as this job, the newest first: of a declined or cancelled order the registry makes a new one.
    newer: Vec<Order>,
}

fn look<'a>(case: &mut Case<'a>, kinds: &[&str]) -> Result<Kept<'a>, Halt> {
    let Some(id) = number(case.doubt.params, "order") else { return cannot("the job names no order") };
    let (fields, shown) = orders::info(case, &id)?;
    let Some(domain) = said(fields, "domain") else { return cannot("GET_ORDER_INFO does not show the order's name") };
    let listed = orders::list(case, domain, true)?;
    let status = listed.find(&id).map_or_else(|| Status::of(said(fields, "status")), |order| order.status);
    let mine = id.parse::<u64>().unwrap_or(u64::MAX);
    let is_newer = |order: &Order| order.number() > mine && order.is_recent(case);
    Ok(Kept { status, shown, newer: listed.of(kinds).into_iter().filter(is_newer).collect(), id })
}

fn says(case: &Case<'_>, param: &str) -> bool {
    case.doubt.params.get(param).is_some_and(|value| *value == true)
}

/// The order has left the state of being kept, or a newer one has taken its place.
pub fn process(case: &mut Case<'_>) -> Next {
    let is_transfer = says(case, "transfer");
    let every = [NEW, TRANSFER, RENEWAL].concat();
    let kept = look(case, if is_transfer { TRANSFER } else { every.as_slice() })?;
    let Kept { id, shown, .. } = &kept;
    let until = if is_transfer { outcome::TRANSFERRED } else { outcome::FINISHED };
    match (kept.status, kept.newer.first()) {
        (Status::Completed, _) => applied(shown, format!("order {id}: completed")),
        (Status::UnderWay, _) => taken(shown, until, format!("order {id}: under way")),
        (Status::Pending, None) => nothing(format!("order {id}: still pending, and none newer for its name")),
        (Status::Ended, Some(newer)) => replaced(&kept, newer, until),
        // A transfer that is resubmitted was cancelled before.
        (Status::Ended, None) if is_transfer => nothing(format!("order {id}: cancelled, and no newer transfer")),
        (Status::Ended, None) => cannot(format!("order {id}: declined or cancelled, before this job or since")),
        (Status::Pending, Some(newer)) => cannot(format!("order {id}: still pending, and order {} is newer", newer.id)),
        (Status::Strange, _) => cannot(format!("order {id} is in a status that is not known")),
    }
}

fn replaced(kept: &Kept<'_>, newer: &Order, until: &str) -> Next {
    let what = format!("order {}: ended, and order {} in its place", kept.id, newer.id);
    match newer.status {
        Status::Completed => applied(kept.shown, format!("{what} is completed")),
        Status::UnderWay => taken(kept.shown, until, format!("{what} is under way")),
        Status::Ended => refused(format!("{what} came to nothing: declined or cancelled")),
        Status::Pending | Status::Strange => cannot(format!("{what} is pending, or in a status that is not known")),
    }
}

/// The order is withdrawn.
pub fn cancel(case: &mut Case<'_>) -> Next {
    if case.doubt.params.contains_key("all_until") {
        // The same moment again: what came later is not touched, and what is withdrawn stays so.
        return nothing("withdrawing all orders up to the same moment once more changes nothing else");
    }
    if !case.doubt.params.contains_key("order") {
        return cancel_transfer(case);
    }
    let Kept { id, status, shown, .. } = look(case, &[])?;
    match status {
        Status::Ended => applied(shown, format!("order {id}: cancelled or declined")),
        Status::Pending | Status::UnderWay => nothing(format!("order {id}: not cancelled")),
        Status::Completed => refused(format!("order {id}: completed before it could be cancelled")),
        Status::Strange => cannot(format!("order {id} is in a status that is not known")),
    }
}

/// A transfer named by its domain.
fn cancel_transfer(case: &mut Case<'_>) -> Next {
    let params = json!({ "domain": case.domain()?, "question": "transfer" });
    let Some(check) = case.shown("CHECK_TRANSFER", Operation::DomainCheck, params)? else {
        return cannot("CHECK_TRANSFER knows nothing of the domain");
    };
    match said(&check.data, "status") {
        Some("cancelled" | "canceled") => applied(check, "CHECK_TRANSFER: cancelled"),
        Some("completed") => refused("CHECK_TRANSFER: completed before it could be cancelled"),
        Some(status) if status.starts_with("pending_") => {
            nothing(format!("CHECK_TRANSFER: {}", status.escape_default()))
        }
        _ => cannot("CHECK_TRANSFER shows no transfer"),
    }
}
