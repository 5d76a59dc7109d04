//! Lost orders about name servers.

use super::super::answer::{self, ADDRESSES, CREATED, CREATED_BY};
use super::super::difference::{has, is_same};
use super::domain::{Part, part, whole};
use super::{Age, Case, Next, Seen, applied, cannot, foreign, nothing};
use crate::model::Operation;

/// ADD: ours, with the addresses ordered, registered since the order.
pub fn create(case: &mut Case<'_>) -> Next {
    let info = match case.look(Operation::HostInfo, "host")? {
        Seen::Absent(_) => return nothing("STATUS: not registered"),
        Seen::Foreign(_) => return foreign("STATUS: another registrar's"),
        Seen::Here(info) => info,
    };
    let (wanted, there) = (case.list("address"), answer::texts(&info.data, ADDRESSES));
    let equal = wanted.iter().all(|one| has(&there, one)) && there.iter().all(|one| has(&wanted, one));
    match (case.names_us(info, CREATED_BY), case.age(info, CREATED)) {
        (Some(false), _) => foreign("STATUS: ours, and registered by another registrar (created by)"),
        (_, Some(Age::Older)) => foreign("STATUS: there before this order (created date)"),
        _ if !equal => foreign("STATUS: there, differs in ipAddress"),
        (_, Some(Age::AtTheEdge)) if !case.was_so_just_now() => {
            cannot("STATUS: there with the addresses ordered since shortly before this order (created date)")
        }
        _ => case.applied_by_us(info, "STATUS: there since this order, equals it in ipAddress"),
    }
}

/// MOD: there under the name it was to have, with the addresses it was to have.
pub fn update(case: &mut Case<'_>) -> Next {
    let Some(old) = case.text("host") else { return cannot("the job names no name server") };
    let new = case.text("new_name").filter(|new| !is_same(new, old));
    let info = match (case.ask(Operation::HostInfo, "host", new.unwrap_or(old))?, new) {
        (Seen::Absent(_), None) => return foreign("STATUS: not registered any more"),
        (Seen::Absent(_), Some(_)) => return nothing("STATUS: no name server of the new name"),
        (Seen::Foreign(_), None) => return foreign("STATUS: another registrar's"),
        (Seen::Foreign(_), Some(_)) => return foreign("STATUS: a name server of the new name is another registrar's"),
        (Seen::Here(info), _) => info,
    };
    let there = answer::texts(&info.data, ADDRESSES);
    let is_whole = case.doubt.params.get("address").is_some_and(|list| !list.is_null());
    let done = if is_whole {
        let wanted = case.list("address");
        let equal = wanted.iter().all(|one| has(&there, one)) && there.iter().all(|one| has(&wanted, one));
        if equal { Part::All } else { Part::None }
    } else {
        let lists = [part(&case.list("add_address"), &there, true), part(&case.list("remove_address"), &there, false)];
        // A new name alone.
        if lists == [None, None] { Part::All } else { whole(lists) }
    };
    match (done, new) {
        (Part::All, _) => applied(info, "STATUS: equals the order in name, ipAddress"),
        (_, Some(_)) => cannot("STATUS: a name server of the new name is there, with other addresses"),
        (Part::None, None) => nothing("STATUS: differs in ipAddress"),
        (Part::Some, None) => cannot(
            "STATUS: as ordered in part, and the registry does all or nothing: somebody else has changed it, too; state all \
             addresses (`address`) in a new job instead",
        ),
    }
}

/// DEL: gone.
pub fn delete(case: &mut Case<'_>) -> Next {
    if let Seen::Absent(answer) = case.look(Operation::HostCheck, "host")? {
        return case.applied_by_us(answer, "CHECK: not registered");
    }
    match case.look(Operation::HostInfo, "host")? {
        Seen::Absent(_) => cannot("CHECK: registered, and STATUS: not registered"),
        Seen::Foreign(_) => cannot("STATUS: another registrar's, perhaps registered since it was deleted"),
        Seen::Here(info) => match case.age(info, CREATED) {
            // One that is older by less than clocks may be apart is most likely what this order is about.
            Some(Age::Newer) => cannot("STATUS: ours, registered since this order was written"),
            _ => nothing("STATUS: still there"),
        },
    }
}
