//! Lost changes of a domain's data. They state what shall be, so what is there tells, and a repetition does no
//! harm.

use serde_json::{Value, json};

use super::super::outcome::{self, Heard};
use super::compare::{self, names};
use super::{Age, Case, Next, applied, cannot, flag, foreign, mail_again, nothing, said, shown, taken};
use crate::model::{Answer, Finding, Operation, Verdict};

/// How the doubt about a change is settled.
type Change = fn(&mut Case<'_>) -> Next;

/// Which change a job makes, by the parameter that states it.
const CHANGES: &[(&str, Change)] = &[
    ("contacts", contacts),
    ("nserver", assigned),
    ("add_nserver", delta),
    ("remove_nserver", delta),
    ("auto_renew", expire_action),
    ("let_expire", expire_action),
    ("lock", lock),
    ("privacy", privacy),
    ("parked", parked),
    (MAIL, |case| mail_again(case)),
];

/// The change that is an e-mail.
const MAIL: &str = "resend_verification";

/// A domain that is not with us any more cannot be changed again.
const GONE: &str = "GET: there is no such domain with us";

/// One change per job.
pub fn update(case: &mut Case<'_>) -> Next {
    let stated = |name: &str| case.doubt.params.get(name).is_some_and(|value| !value.is_null());
    match CHANGES.iter().find(|(name, _)| stated(name)) {
        // It leaves nothing to look at, and nothing that waits.
        Some((MAIL, change)) => change(case),
        Some((_, change)) => settled(case, *change),
        None => cannot("no question is known about this domain.update"),
    }
}

/// A change of the owner.
pub fn holder(case: &mut Case<'_>) -> Next {
    settled(case, contacts)
}

/// Another code.
pub fn code(case: &mut Case<'_>) -> Next {
    settled(case, auth_code)
}

/// What an asynchronous registry has not carried out yet looks as if it had never been ordered. So before that is believed
/// the registry is asked what waits for the domain. Whose that is, it does not say; but while anything waits the change
/// would only be refused (437), and once nothing does, what is there tells.
fn settled(case: &mut Case<'_>, change: Change) -> Next {
    let found = change(case);
    let Ok(Finding::Nothing { .. }) = &found else { return found };
    let params = json!({ "domain": case.domain()?, "type": "waiting_history" });
    let answer = case.ask(Operation::DomainInfo, params)?;
    let history = match outcome::heard(Operation::DomainInfo, answer) {
        Heard::Shown => answer.data.as_object().and_then(|data| data.values().find_map(Value::as_array)),
        Heard::Absent => None,
        // Not every registry need have one: that it is refused says that nothing waits.
        Heard::Unanswered(_)
            if matches!(case.dialect.judge(Operation::DomainInfo, answer).verdict, Verdict::Refused(_)) =>
        {
            None
        }
        Heard::Unanswered(reason) => return cannot(format!("GET waiting_history was not answered: {reason}")),
    };
    let is_over = |entry: &&Value| {
        let done = ["completed", "declined", "cancelled", "canceled"];
        said(entry, "status").is_some_and(|status| done.contains(&status.to_ascii_lowercase().as_str()))
            || case.age(said(entry, "completion_date")) == Some(Age::Older)
    };
    let open: Vec<&Value> = history.into_iter().flatten().filter(|entry| !is_over(entry)).collect();
    match open.first() {
        None => found,
        Some(entry) if said(entry, "status").or(said(entry, "completion_date")).is_some() => taken(
            answer,
            outcome::CHANGED,
            "GET waiting_history: a change waits at its registry; GET shows the old data",
        ),
        Some(_) => cannot("GET waiting_history shows something, and not whether it still waits"),
    }
}

/// Contacts are replaced as a whole: those of the order beside those shown.
fn contacts(case: &mut Case<'_>) -> Next {
    let Some(Value::Object(ordered)) = case.doubt.params.get("contacts") else {
        return cannot("the job names no contacts");
    };
    let Some(info) = case.get("all_info")? else { return foreign(GONE) };
    let (mut differences, mut last) = (Vec::new(), info);
    for (role, contact) in ordered.iter().filter(|(_, contact)| !contact.is_null()) {
        let of = |answer: &'_ Answer| answer.data.pointer(&format!("/contact_set/{role}")).cloned();
        let theirs = match of(info) {
            Some(contact) => contact,
            // It may show the owner only.
            None => match case.get(role)? {
                None => return foreign(GONE),
                Some(answer) => {
                    last = answer;
                    match of(answer) {
                        Some(contact) => contact,
                        None => return cannot(format!("GET does not show the contact {role}")),
                    }
                }
            },
        };
        differences.extend(compare::contact(contact, &theirs).into_iter().map(|field| format!("{role}.{field}")));
    }
    if differences.is_empty() {
        let roles: Vec<&str> = ordered.keys().map(String::as_str).collect();
        return applied(last, format!("GET: equals the order in all fields of {}", roles.join(", ")));
    }
    // `registry_updatedate` tells nothing here: other orders on the domain, minutes or seconds before, have changed it, too.
    nothing(format!("GET: differs in {}", differences.join(", ")))
}

/// All name servers.
fn assigned(case: &mut Case<'_>) -> Next {
    let ordered = names(case.doubt.params.get("nserver"));
    let Some(info) = case.get("nameservers")? else { return foreign(GONE) };
    match hosts(info)? == ordered {
        true => applied(info, "GET nameservers: equals the order in nameserver_list"),
        false => nothing("GET nameservers: differs in nameserver_list"),
    }
}

/// Some come, some go. A part of it done is nobody's order.
fn delta(case: &mut Case<'_>) -> Next {
    let [add, remove] = ["add_nserver", "remove_nserver"].map(|name| names(case.doubt.params.get(name)));
    let Some(info) = case.get("nameservers")? else { return foreign(GONE) };
    let there = hosts(info)?;
    let (added, removed) =
        (add.iter().filter(|host| there.contains(*host)), remove.iter().filter(|host| !there.contains(*host)));
    match (added.count(), removed.count()) {
        (added, removed) if (added, removed) == (add.len(), remove.len()) => {
            applied(info, "GET nameservers: those added are there, those removed are not")
        }
        (0, 0) => nothing("GET nameservers: none of those added is there, all of those removed are"),
        _ => cannot("GET nameservers: the order is done in part; state all name servers (`nserver`) instead"),
    }
}

fn hosts(info: &Answer) -> Result<std::collections::BTreeSet<String>, super::Halt> {
    match info.data.get("nameserver_list") {
        Some(list @ Value::Array(_)) => Ok(names(Some(list))),
        Some(Value::Null) => Ok(Default::default()),
        _ => cannot("GET nameservers does not show nameserver_list"),
    }
}

fn expire_action(case: &mut Case<'_>) -> Next {
    let wanted = ["auto_renew", "let_expire"]
        .map(|name| (name, case.doubt.params.get(name).is_some_and(|value| *value == true)));
    let Some(info) = case.get("expire_action")? else { return foreign(GONE) };
    let shown = wanted.map(|(name, _)| flag(&info.data, name));
    match shown {
        [None, _] | [_, None] => cannot("GET expire_action does not show auto_renew and let_expire"),
        shown if shown == wanted.map(|(_, value)| Some(value)) => {
            applied(info, "GET expire_action: equals the order in auto_renew, let_expire")
        }
        _ => nothing("GET expire_action: differs in auto_renew, let_expire"),
    }
}

fn lock(case: &mut Case<'_>) -> Next {
    switch(case, "lock", "status", "lock_state")
}

fn privacy(case: &mut Case<'_>) -> Next {
    switch(case, "privacy", "whois_privacy_state", "state")
}

fn parked(case: &mut Case<'_>) -> Next {
    switch(case, "parked", "status", "parkp_status")
}

/// Something that is on or off.
fn switch(case: &mut Case<'_>, param: &str, kind: &str, field: &str) -> Next {
    let wanted = case.doubt.params.get(param).is_some_and(|value| *value == true);
    let Some(info) = case.get(kind)? else { return foreign(GONE) };
    // A domain that is not parked shows an empty item.
    let empty = matches!(info.data.get(field), Some(Value::Null)) && field == "parkp_status";
    match flag(&info.data, field).or(empty.then_some(false)) {
        Some(is) if is == wanted => applied(info, format!("GET {kind}: equals the order in {field}")),
        Some(_) => nothing(format!("GET {kind}: differs in {field}")),
        None => cannot(format!("GET {kind} does not show {field}")),
    }
}

/// The code itself is compared, and goes no further.
fn auth_code(case: &mut Case<'_>) -> Next {
    const KIND: &str = "domain_auth_info";
    let params = json!({ "domain": case.domain()?, "type": KIND });
    let answer = case.ask_as(Operation::DomainInfo, Operation::DomainAuthcodeCheck, params)?;
    let Some(info) = shown("GET domain_auth_info", Operation::DomainAuthcodeCheck, answer)? else {
        return foreign(GONE);
    };
    let ordered = case.doubt.params.get("auth_info").and_then(Value::as_str);
    match (info.data.get(KIND).and_then(Value::as_str), ordered) {
        (Some(code), Some(ordered)) if code == ordered || code.trim() == ordered.trim() => {
            let mut shown = info.clone();
            shown.data[KIND] = "***".into();
            applied(&shown, "GET domain_auth_info: the code is the one ordered")
        }
        (Some(_), Some(_)) => nothing("GET domain_auth_info: the code is another one than that ordered"),
        _ => cannot("GET domain_auth_info does not show the code"),
    }
}
