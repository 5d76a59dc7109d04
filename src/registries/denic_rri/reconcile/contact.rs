//! Lost orders about contacts.

use super::{Age, Case, Next, applied, compare, foreign, nothing, text, was_so_just_now};
use crate::model::{Answer, Operation};

/// CHECK first: which code an INFO on a missing handle answers with cannot be read in the manual, a status can. Handles
/// begin with our own id, so whatever is there is ours; the question is whether it is this order's.
pub fn create(case: &Case<'_>, heard: &[Answer]) -> Next {
    let [checked, rest @ ..] = heard else { return case.ask(Operation::ContactCheck, &["handle"]) };
    let shown = case.seen(Operation::ContactCheck, checked)?.ok_or("CHECK was answered with: no such domain")?;
    match (text(shown, "status"), rest) {
        (Some(status @ ("free" | "invalid")), _) => nothing(format!("CHECK: {status}")),
        (Some("exist"), []) => case.ask(Operation::ContactInfo, &["handle"]),
        (Some("exist"), [info, ..]) => compare_created(case, info),
        (status, _) => Err(format!("CHECK shows the status {status:?}")),
    }
}

/// An equal contact is what was ordered, whoever ordered it. A different one that is older than the order is another;
/// a different one as new as the order may be ours after a normalisation nobody told us of: a human must look.
fn compare_created(case: &Case<'_>, info: &Answer) -> Next {
    let data = case.seen(Operation::ContactInfo, info)?.ok_or("INFO shows no contact although CHECK says it exists")?;
    let differences = compare::contact(case, data);
    if differences.is_empty() {
        return applied(info, case.equals(data, &compare::contact_fields(case)));
    }
    let (fields, dates) = (differences.join(", "), case.dates(data, "changed"));
    match case.age(data, "changed") {
        Some(Age::Older) => {
            foreign(format!("INFO: the handle exists since before this order, with other data ({fields}; {dates})"))
        }
        _ if was_so_just_now(case.doubt) => foreign(format!(
            "INFO: an earlier job of this account has created the handle, with other data ({fields}; {dates})"
        )),
        _ => Err(format!("the handle exists, as new as this order, with other data ({fields}; {dates})")),
    }
}

/// As [`super::registration::update`].
pub fn update(case: &Case<'_>, heard: &[Answer]) -> Next {
    let Some(info) = heard.first() else { return case.ask(Operation::ContactInfo, &["handle"]) };
    let data = case.seen(Operation::ContactInfo, info)?.ok_or("INFO was answered with: no such domain")?;
    match compare::contact(case, data).as_slice() {
        [] => applied(info, case.equals(data, &compare::contact_fields(case))),
        differences => case.differs(data, differences),
    }
}
