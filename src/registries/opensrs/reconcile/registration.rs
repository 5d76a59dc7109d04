//! Lost orders that cost money: registrations, transfers, renewals.

use serde_json::json;

use super::super::outcome::{self, Name};
use super::orders::{self, Mark, NEW, Order, RENEWAL, Rest, Search, Status, TRANSFER};
use super::{Age, Case, Next, applied, cannot, foreign, nothing, number, said, taken};
use crate::model::{Answer, Operation};

/// By our order; if there is none, by whether the name is with us, and then whether it is free.
pub fn create(case: &mut Case<'_>) -> Next {
    let saved = case.is_saved();
    let rest = match orders::search(case, NEW)? {
        Search::Ours(order, shown, by) => return orders::fate(&order, shown, by, saved, outcome::FINISHED),
        Search::None(rest) => rest,
    };
    if saved {
        return nothing("GET_ORDERS_BY_DOMAIN: no order of this job");
    }
    if case.belongs_to_us()?.0 {
        return ours_without_order(case);
    }
    let lookup = case.ask(Operation::DomainCheck, json!({ "domain": case.domain()? }))?;
    match outcome::name(lookup) {
        Name::Free => nothing("no order of this job; BELONGS_TO_RSP: 0; LOOKUP: free"),
        Name::OnItsWay => cannot("no order of this job is listed, and LOOKUP says that one for the name is on its way"),
        Name::Unanswered(reason) => cannot(format!("LOOKUP was not answered: {reason}")),
        // The request may have arrived between the questions: then its order is there now.
        Name::Taken if orders::is_there_more(case, &rest)? => cannot("an order for the name has appeared just now"),
        Name::Taken => foreign("no order of this job; BELONGS_TO_RSP: 0; LOOKUP: taken by somebody else"),
    }
}

/// The name is with us, and no order of this job is listed.
fn ours_without_order(case: &mut Case<'_>) -> Next {
    let Some(info) = case.get("all_info")? else { return cannot("BELONGS_TO_RSP: 1, and GET shows nothing") };
    if said(&info.data, "affiliate_id").is_some_and(|mark| case.is_ours(mark)) {
        return applied(info, "GET all_info: ours, by this job (affiliate_id)");
    }
    let created = said(&info.data, "registry_createdate");
    match (case.age(created), said(&info.data, "affiliate_id")) {
        (Some(Age::Older), _) => foreign("GET all_info: already ours before this order (registry_createdate)"),
        (Some(_), Some(_)) => foreign("GET all_info: registered for us by another order (affiliate_id)"),
        _ => cannot("the name is ours, and neither an order nor GET says by whose order"),
    }
}

/// By our order; if there is none, by the transfer under way, whose order bears a mark, too.
pub fn transfer(case: &mut Case<'_>) -> Next {
    let saved = case.is_saved();
    let rest = match orders::search(case, TRANSFER)? {
        Search::Ours(order, shown, by) => {
            let fate = orders::fate(&order, shown, by, saved, outcome::TRANSFERRED);
            return if orders::is_under_way(&fate) { under_way(case, &order, shown) } else { fate };
        }
        Search::None(rest) => rest,
    };
    if saved {
        return nothing("GET_ORDERS_BY_DOMAIN: no order of this job");
    }
    let params = json!({ "domain": case.domain()?, "question": "transfer" });
    let check = case.shown("CHECK_TRANSFER", Operation::DomainCheck, params)?;
    match check.and_then(|check| said(&check.data, "status")) {
        None | Some("cancelled" | "canceled") => nothing("no order of this job; CHECK_TRANSFER: no transfer under way"),
        Some("completed") => completed(case, check),
        Some(status) if status.starts_with("pending_") => of_another(case, status, &rest),
        Some(status) => cannot(format!("CHECK_TRANSFER shows the status {}", status.escape_default())),
    }
}

/// CHECK_TRANSFER says more of an order under way; where only OpenSRS has not noticed yet that the name has arrived, asking
/// makes it look.
fn under_way(case: &mut Case<'_>, order: &Order, shown: &Answer) -> Next {
    let params = json!({ "domain": case.domain()?, "question": "transfer" });
    let check = case.shown("CHECK_TRANSFER", Operation::DomainCheck, params)?;
    let id = &order.id;
    match check.and_then(|check| said(&check.data, "status")) {
        // Not before the order says so itself: it may be another transfer, an earlier one.
        Some("cancelled" | "canceled" | "completed") | None => {
            taken(shown, outcome::TRANSFERRED, format!("order {id} is this job's and under way"))
        }
        Some(status) => {
            let status = status.escape_default();
            let until = format!("{} (now {status})", outcome::TRANSFERRED);
            taken(shown, &until, format!("order {id} is this job's and under way; CHECK_TRANSFER: {status}"))
        }
    }
}

/// The last transfer is complete, and none of this job is listed.
fn completed(case: &Case<'_>, check: Option<&Answer>) -> Next {
    let seconds = check.and_then(|check| said(&check.data, "unixtime")?.parse().ok());
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).map(|time| time.to_string());
    match case.age(time.as_deref()) {
        Some(Age::Older) => foreign("CHECK_TRANSFER: transferred to us before this order (unixtime)"),
        _ => cannot("CHECK_TRANSFER: transferred to us, and no order of this job is listed"),
    }
}

/// A transfer is under way whose order is not among those seen.
fn of_another(case: &mut Case<'_>, status: &str, rest: &Rest) -> Next {
    let domain = case.domain()?;
    let params = json!({ "domain": domain, "question": "transfers_in" });
    let answer = case.shown("GET_TRANSFERS_IN", Operation::DomainInfo, params)?;
    let transfers = answer.and_then(|answer| answer.data.get("transfers")?.as_array());
    let live = |item: &&serde_json::Value| said(item, "status").is_some_and(|status| status.starts_with("pending_"));
    let order = transfers.into_iter().flatten().filter(live).find_map(|item| said(item, "order_id"));
    let Some(order) = order else {
        return cannot(format!("CHECK_TRANSFER: {status}; GET_TRANSFERS_IN does not show by which order"));
    };
    if rest.others.iter().any(|other| other.id == order) {
        return foreign(format!("CHECK_TRANSFER: {status}, by order {order}, which is not this job's"));
    }
    match orders::mark(case, order, &domain)? {
        (Mark::Is(mark), shown) if case.is_ours(&mark) => {
            taken(shown, outcome::TRANSFERRED, format!("order {order} is this job's (affiliate_id); {status}"))
        }
        (Mark::Is(_) | Mark::None, _) => {
            foreign(format!("CHECK_TRANSFER: {status}, by order {order}, which is not this job's (affiliate_id)"))
        }
        (Mark::NotShown, _) => cannot(format!("CHECK_TRANSFER: {status}, by order {order}; whose is not shown")),
    }
}

/// By our order; if there is none, the year of expiry tells. It is the registry's year that a renewal is compared with, so
/// as long as that is the one of the order, the same request may go out again: it can count only once. The year of the
/// order is never replaced by another one, for that would be a second renewal.
pub fn renew(case: &mut Case<'_>) -> Next {
    let rest = match orders::search(case, RENEWAL)? {
        Search::Ours(order, shown, by) => {
            let fate = orders::fate(&order, shown, by, case.is_saved(), outcome::FINISHED);
            if order.status != Status::Completed {
                return fate;
            }
            // Its expiry is what a renewal is about; without it the order is answer enough.
            let info = case.get("all_info")?;
            return applied(info.unwrap_or(shown), format!("order {} is this job's ({by}) and completed", order.id));
        }
        Search::None(rest) => rest,
    };
    let year = number(case.doubt.params, "expires").and_then(|date| date.get(..4)?.parse::<u32>().ok());
    let years = number(case.doubt.params, "years").map_or(Some(1), |years| years.parse::<u32>().ok());
    let (Some(year), Some(years)) = (year, years) else {
        return cannot("the job does not say which year it renews from");
    };
    let Some(info) = case.get("all_info")? else { return cannot("GET shows no such domain with us") };
    let date = said(&info.data, "registry_expiredate").or_else(|| said(&info.data, "expiredate"));
    // From the text, never from the instant: at New Year they may differ.
    let Some(shown) = date.and_then(|date| date.get(..4)?.parse::<u32>().ok()) else {
        return cannot("GET all_info does not show the expiry");
    };
    let other = rest.others.iter().find(|order| order.status == Status::Completed);
    match other {
        _ if shown == year => nothing(format!("no order of this job; GET all_info: still expires in {year}")),
        Some(other) => foreign(format!("renewed by order {}, which is not this job's; expires in {shown}", other.id)),
        None if shown == year + years => {
            cannot(format!("expires in {shown} as ordered, and no order of this job is listed"))
        }
        None => foreign(format!(
            "no order of this job; GET all_info: expires in {shown}, and a renewal from {year} would be refused: order \
             anew with the right year in `expires`, if it is to be renewed once more"
        )),
    }
}
