//! Lost orders about the end of a domain, and its return. Neither is repeated by itself: what is deleted twice may have
//! been somebody's new registration in between, and a redemption costs more than a year.

use super::{Case, Next, cannot};

/// REVOKE: GET shows nothing of a deleted name, and it belongs to us no more.
pub fn delete(case: &mut Case<'_>) -> Next {
    if case.get("all_info")?.is_some() {
        return cannot(
            "GET all_info: still ours, so it was not deleted; it is not repeated by itself: `registrard jobs dismiss` this job \
             and order the deletion anew",
        );
    }
    match case.belongs_to_us()? {
        (false, answer) => case.applied_by_us(answer, "GET: no such domain with us; BELONGS_TO_RSP: not ours".into()),
        (true, _) => cannot("GET shows no such domain, and BELONGS_TO_RSP says that it is ours"),
    }
}

/// REDEEM: GET answers again.
pub fn restore(case: &mut Case<'_>) -> Next {
    match case.get("all_info")? {
        Some(info) => case.applied_by_us(info, "GET all_info: ours, and shown again".into()),
        None => cannot(
            "GET still shows no such domain; a redemption costs money and is not repeated by itself: if it stays so, \
             `registrard jobs dismiss` this job and order it anew",
        ),
    }
}
