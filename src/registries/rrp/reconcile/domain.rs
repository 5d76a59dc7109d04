//! Lost orders about domains, transfers aside.

use super::super::answer::{self, CREATED, CREATED_BY, DELETED, EXPIRY, HOSTS, STATUS, UPDATED, UPDATED_BY};
use super::super::check;
use super::super::difference::has;
use super::{Age, Case, Next, Seen, applied, cannot, foreign, nothing};
use crate::model::{Answer, Operation};

/// A domain that is not ours any more cannot be changed again.
const GONE: &str = "STATUS: not registered any more";
/// As [`GONE`].
const AWAY: &str = "STATUS: another registrar's";

/// ADD: ours, registered by us since the order, for as many years.
pub fn create(case: &mut Case<'_>) -> Next {
    let info = match case.status()? {
        Seen::Absent(_) => return nothing("STATUS: not registered"),
        Seen::Foreign(_) => return foreign("STATUS: registered by another registrar"),
        Seen::Here(info) => info,
    };
    match (case.names_us(info, CREATED_BY), case.age(info, CREATED)) {
        (Some(false), _) => foreign("STATUS: ours, and registered by another registrar (created by)"),
        (_, Some(Age::Older)) => foreign("STATUS: ours before this order (created date)"),
        (_, Some(Age::AtTheEdge)) if case.was_so_just_now() => {
            foreign("by an earlier job of this account, and not by this one: STATUS: ours (created date)")
        }
        (_, Some(Age::AtTheEdge)) => cannot("STATUS: ours, registered shortly before this order (created date)"),
        (Some(true), Some(Age::Newer)) if years_differ(case, info) && !case.was_so_just_now() => {
            cannot("STATUS: registered by us since this order, for other years (registration expiration date)")
        }
        (Some(true), Some(Age::Newer)) => {
            case.applied_by_us(info, "STATUS: ours, registered since this order (created by, created date)")
        }
        _ => cannot("STATUS does not show by whom and when the domain was registered"),
    }
}

/// Whether the domain expires in another year than the order makes it. What is not shown does not count.
fn years_differ(case: &Case<'_>, info: &Answer) -> bool {
    let year = |field| answer::text(&info.data, field).and_then(check::year_of)?.parse::<u64>().ok();
    match (year(CREATED), year(EXPIRY), case.doubt.params.get("years").and_then(serde_json::Value::as_u64)) {
        (Some(from), Some(to), Some(years)) => from + years != to,
        _ => false,
    }
}

/// MOD: values as wished. Done in part it is nobody's order: the registry does all of one or nothing.
pub fn update(case: &mut Case<'_>) -> Next {
    let info = match case.status()? {
        Seen::Absent(_) => return foreign(GONE),
        Seen::Foreign(_) => return foreign(AWAY),
        Seen::Here(info) => info,
    };
    let (hosts, statuses) = (answer::texts(&info.data, HOSTS), answer::texts(&info.data, STATUS));
    if case.doubt.params.get("nserver").is_some_and(|list| !list.is_null()) {
        let wanted = case.list("nserver");
        let equal = wanted.iter().all(|host| has(&hosts, host)) && hosts.iter().all(|host| has(&wanted, host));
        return match equal {
            true => applied(info, "STATUS: equals the order in nameserver"),
            // The request is made anew of what the registry has then.
            false => nothing("STATUS: differs in nameserver"),
        };
    }
    let parts = [
        part(&case.list("add_nserver"), &hosts, true),
        part(&case.list("remove_nserver"), &hosts, false),
        part(&case.list("add_status"), &statuses, true),
        part(&case.list("remove_status"), &statuses, false),
    ];
    match whole(parts) {
        Part::All => applied(info, "STATUS: what was added is there, what was removed is not"),
        Part::None => nothing("STATUS: nothing of what was added is there, all of what was removed is"),
        Part::Some => cannot(
            "STATUS: as ordered in part, and the registry does all or nothing: somebody else has changed it, too; state all \
             name servers (`nserver`) in a new job instead",
        ),
    }
}

/// How much of something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    All,
    Some,
    None,
}

/// How much of a list is there, or is gone; nothing where there is no list.
pub fn part(list: &[&str], there: &[&str], comes: bool) -> Option<Part> {
    let done = list.iter().filter(|value| has(there, value) == comes).count();
    match (list.len(), done) {
        (0, _) => None,
        (all, done) if all == done => Some(Part::All),
        (_, 0) => Some(Part::None),
        _ => Some(Part::Some),
    }
}

/// How much of all lists together is done.
pub fn whole(parts: impl IntoIterator<Item = Option<Part>>) -> Part {
    let mut parts = parts.into_iter().flatten();
    let first = parts.next().unwrap_or(Part::Some);
    if parts.all(|part| part == first) { first } else { Part::Some }
}

/// RENEW: the year of expiry tells. As long as it is that of the order, the same request may go out again: it counts once.
/// Is it the year ordered, who has changed the domain last tells who renewed it: the registry may have, by itself
/// (reference 10.2).
pub fn renew(case: &mut Case<'_>) -> Next {
    let params = case.doubt.params;
    let number =
        |name: &str| params.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let year = number("expires").as_deref().and_then(check::year_of).and_then(|year| year.parse::<u64>().ok());
    let (Some(year), Some(years)) = (year, params.get("years").and_then(serde_json::Value::as_u64)) else {
        return cannot("the job does not say which year it renews from, and for how long");
    };
    let info = match case.status()? {
        Seen::Absent(_) => return foreign(GONE),
        Seen::Foreign(_) => return foreign(AWAY),
        Seen::Here(info) => info,
    };
    let Some(shown) =
        answer::text(&info.data, EXPIRY).and_then(check::year_of).and_then(|year| year.parse::<u64>().ok())
    else {
        return cannot("STATUS does not show the registration expiration date");
    };
    match (case.age(info, UPDATED), case.names_us(info, UPDATED_BY)) {
        _ if shown == year => nothing(format!("STATUS: still expires in {year}")),
        _ if shown != year + years => foreign(format!(
            "STATUS: expires in {shown}, and a renewal from {year} would be refused: order anew with the right year in \
             `expires`, if it is to be renewed once more"
        )),
        (Some(Age::Older), _) => foreign(format!("STATUS: expires in {shown} since before this order (updated date)")),
        (Some(Age::Newer), Some(true)) => applied(info, "STATUS: expires as ordered, changed by us since this order"),
        (Some(Age::AtTheEdge), _) => {
            cannot("STATUS: expires as ordered, changed shortly before this order (updated date)")
        }
        (Some(Age::Newer), Some(false)) => cannot("STATUS: expires as ordered, and somebody else has changed it last"),
        _ => cannot("STATUS: expires as ordered, and does not show by whom and when it was renewed"),
    }
}

/// DEL: free, or on its way there.
pub fn delete(case: &mut Case<'_>) -> Next {
    if let Seen::Absent(answer) = case.look(Operation::DomainCheck, "domain")? {
        return case.applied_by_us(answer, "CHECK: not registered");
    }
    let info = match case.status()? {
        Seen::Absent(_) => return cannot("CHECK: registered, and STATUS: not registered"),
        Seen::Foreign(_) => {
            return cannot("STATUS: another registrar's, by transfer, or registered since it was deleted");
        }
        Seen::Here(info) => info,
    };
    // Whether a deletion counts as an update, no document says; so the dates prove nothing here.
    if answer::texts(&info.data, STATUS).iter().any(|status| has(DELETED, status)) {
        return case.applied_by_us(info, "STATUS: deleted (status)");
    }
    match case.age(info, CREATED) {
        // One that is older by less than clocks may be apart is most likely what this order is about.
        Some(Age::Newer) => cannot("STATUS: ours, registered since this order was written"),
        _ => nothing("STATUS: still ours, and not deleted"),
    }
}
