//! Lost orders about transfers. Nobody can ask whether one is pending: only what a repetition is told says so (536, 534).

use super::super::answer::TRANSFERRED;
use super::super::outcome::Refusal;
use super::{Age, Case, Next, Seen, applied, cannot, foreign, nothing, taken};
use crate::model::Answer;

/// TRANSFER: ours since the order, or asked for.
pub fn request(case: &mut Case<'_>) -> Next {
    match case.status()? {
        Seen::Here(info) => ours(case, info),
        Seen::Absent(_) => foreign("STATUS: not registered"),
        // Perhaps another registrar's request; then it ends as ours does that is refused.
        Seen::Foreign(info) if case.refusal == Some(Refusal::Flagged) => {
            taken(info, "STATUS: another registrar's, and the repetition was told that a transfer is pending (536)")
        }
        Seen::Foreign(_) => {
            nothing("STATUS: another registrar's; whether a transfer is pending, only a repetition tells")
        }
    }
}

/// Ours: since the order?
fn ours(case: &Case<'_>, info: &Answer) -> Next {
    match case.age(info, TRANSFERRED) {
        Some(Age::Newer) => case.applied_by_us(info, "STATUS: ours since this order (registrar transfer date)"),
        Some(Age::AtTheEdge) => cannot("STATUS: ours since shortly before this order (registrar transfer date)"),
        Some(Age::Older) => foreign("STATUS: ours before this order (registrar transfer date)"),
        None => foreign("STATUS: ours, and it never was another registrar's (no registrar transfer date)"),
    }
}

/// A transfer the registry took. What is not ours yet may still be undecided.
pub fn follow_up(case: &mut Case<'_>) -> Next {
    match case.status()? {
        Seen::Here(info) => match ours(case, info) {
            Err(_) => applied(info, "STATUS: ours (registrar transfer date)"),
            next => next,
        },
        Seen::Absent(_) => foreign("STATUS: not registered any more"),
        Seen::Foreign(_) => nothing("STATUS: another registrar's, so the transfer is undecided or was refused"),
    }
}

/// TRANSFER -Approve:Yes: not ours any more.
pub fn approve(case: &mut Case<'_>) -> Next {
    match case.status()? {
        Seen::Foreign(info) => case.applied_by_us(info, "STATUS: another registrar's, so it was let go"),
        Seen::Here(_) if case.refusal == Some(Refusal::NotFlagged) => foreign(
            "STATUS: still ours, and the repetition was told that no transfer is pending (534): refused or withdrawn",
        ),
        Seen::Here(_) => nothing("STATUS: still ours"),
        Seen::Absent(_) => cannot("STATUS: not registered any more"),
    }
}

/// TRANSFER -Approve:No from whoever asked.
pub fn cancel(case: &mut Case<'_>) -> Next {
    match (case.status()?, case.refusal) {
        (Seen::Here(_), _) => foreign("STATUS: ours, so the transfer was carried out"),
        (Seen::Foreign(info), Some(Refusal::NotFlagged)) => {
            applied(info, "STATUS: another registrar's, and the repetition was told that no transfer is pending (534)")
        }
        (Seen::Foreign(_), Some(Refusal::Foreign)) => {
            foreign("STATUS: another registrar's, and the repetition was told that the request is another's (531)")
        }
        (Seen::Foreign(_), _) => {
            nothing("STATUS: another registrar's; whether a transfer is pending, only a repetition tells")
        }
        (Seen::Absent(_), _) => cannot("STATUS: not registered any more"),
    }
}

/// TRANSFER -Approve:No from whoever has the domain; in one's own words perhaps from whoever asked for it.
pub fn reject(case: &mut Case<'_>) -> Next {
    match (case.status()?, case.refusal) {
        // Whether it was asked for again in between, nobody shows.
        (Seen::Here(_), Some(Refusal::NotFlagged)) if case.was_so_just_now() => {
            cannot("the repetition was told that no transfer is pending (534), and an earlier job has just refused one")
        }
        (Seen::Here(info), Some(Refusal::NotFlagged)) => {
            applied(info, "STATUS: still ours, and the repetition was told that no transfer is pending (534)")
        }
        (Seen::Here(_), _) => nothing("STATUS: still ours; whether the transfer is pending, only a repetition tells"),
        (Seen::Foreign(_), Some(Refusal::Foreign)) => {
            foreign("STATUS: another registrar's, and the repetition was told so (531): it was transferred")
        }
        (Seen::Foreign(_), Some(_)) => cannot(
            "STATUS: another registrar's, and the repetition was told that no transfer is pending (534): withdrawn, if the \
             request was ours; transferred, if the domain was",
        ),
        (Seen::Foreign(_), None) => {
            nothing("STATUS: another registrar's; whether a transfer is pending, only a repetition tells")
        }
        (Seen::Absent(_), _) => cannot("STATUS: not registered any more"),
    }
}
