//! What the registry's answers and messages mean for the calendar of deadlines: its table of rules (reference, 11), and which
//! domains they are about.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::dates::zone;
use super::{mailbox, outcome};
use crate::model::civil::Span;
use crate::model::deadline::rules::{self, Heard, On, Rule, Then, rule, rule_if};
use crate::model::deadline::{Deadline, DeadlineKind, Word};
use crate::model::{ObjectKey, ObjectKind, Operation};
use DeadlineKind::{AddGraceEnd, AutoRenewGraceEnd, DomainExpiry, PendingDelete, RenewGraceEnd, UdaiExpiry};
use On::{Anything, Done, Refused, Told};
use Operation::{
    DomainAuthcodeCreate, DomainChangeHolder, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew,
    DomainRestore, DomainTransfer, DomainUpdate,
};
use Then::{Clears, Leaves, Meets, Misses, Shows, Since, Starts};

// How long the rules last: the registry's parameters, which registrars cannot read (reference, 11.2).

/// "Registration Grace Period": a cancellation frees the name at once and takes the charge back.
const REGISTRATION_GRACE: Span = Span::Days(5);
/// "Renewal Grace Period": a cancellation takes the charge of the renewal back.
const RENEWAL_GRACE: Span = Span::Days(5);
/// "Pending Release Period": a cancelled domain can be taken back.
const PENDING_RELEASE: Span = Span::Days(90);
/// A UDAI is valid from its making.
const UDAI: Span = Span::Days(30);

/// What a domain has that is in use. When it is cancelled, this is over.
const IN_USE: &[DeadlineKind] = &[DomainExpiry, AddGraceEnd, RenewGraceEnd, AutoRenewGraceEnd, UdaiExpiry];

const REGISTERED: &str = "/Domain/RegisteredDate";
const CANCELLED: &str = "/Domain/CancelledDate";

const GONE: &str = "the domain is not ours, or does not exist";

/// The table. `Anything` stands for whatever shows a domain; the one date that is named is `BilledUntil` of an active one.
pub const RULES: &[Rule] = &[
    // The paid period. Every answer that shows a new BilledUntil moves its end, and so does the automatic renewal.
    rule_if(Done(DomainRenew), is_paid, Meets(&[DomainExpiry]), "NZ SRS reference 5.3.2: Renew"),
    rule_if(Done(DomainInfo), is_of_ours, Shows(&[DomainExpiry]), "NZ SRS reference 5.4: DomainDetailsQry"),
    // Grace periods: a cancellation in them takes a charge back.
    rule(
        Done(DomainCreate),
        Since(AddGraceEnd, REGISTERED, REGISTRATION_GRACE),
        "NZ SRS reference 11.2: registration grace",
    ),
    rule(Done(DomainRenew), Starts(RenewGraceEnd, RENEWAL_GRACE), "NZ SRS reference 11.2: renewal grace"),
    rule_if(
        Done(DomainRestore),
        is_renewed_too,
        Starts(RenewGraceEnd, RENEWAL_GRACE),
        "NZ SRS reference 5.3.3: Cancel and Renew",
    ),
    rule_if(
        Done(DomainTransfer),
        is_renewed_too,
        Starts(RenewGraceEnd, RENEWAL_GRACE),
        "NZ SRS reference 11.2: renewal grace",
    ),
    rule(
        Told("domain_renewed"),
        Starts(AutoRenewGraceEnd, RENEWAL_GRACE),
        "NZ SRS reference 8.2, 11.2: automatic renewal",
    ),
    // Cancelled, and taken back or released.
    rule_if(
        Done(DomainDelete),
        is_free,
        Leaves("it was given up within its first days, and is free"),
        "NZ SRS reference 11.3",
    ),
    rule(Done(DomainDelete), Clears(IN_USE, "the domain was cancelled"), "NZ SRS reference 5.3.3: Cancel"),
    rule_if(
        Done(DomainDelete),
        is_undated,
        Starts(PendingDelete, PENDING_RELEASE),
        "NZ SRS reference 11.2: pending release",
    ),
    rule(Told("domain_cancelled"), Clears(IN_USE, "the registry cancelled the domain"), "NZ SRS reference 8.2"),
    rule_if(
        Told("domain_cancelled"),
        is_undated,
        Starts(PendingDelete, PENDING_RELEASE),
        "NZ SRS reference 11.2: pending release",
    ),
    rule_if(
        Anything,
        is_cancelled,
        Since(PendingDelete, CANCELLED, PENDING_RELEASE),
        "NZ SRS reference 11.2: pending release",
    ),
    rule(Done(DomainRestore), Meets(&[PendingDelete]), "NZ SRS reference 5.3.3: uncancel"),
    rule_if(Done(DomainTransfer), is_active, Meets(&[PendingDelete]), "NZ SRS reference 5.3.4: transfer with uncancel"),
    rule_if(Done(DomainInfo), is_active, Shows(&[PendingDelete]), "NZ SRS reference 5.4: DomainDetailsQry"),
    rule_if(Told("domain_updated"), is_active, Shows(&[PendingDelete]), "NZ SRS reference 8.2"),
    rule(Told("domain_released"), Misses(&[PendingDelete], "the registry released the domain"), "NZ SRS reference 8.2"),
    rule(Told("domain_released"), Leaves("the registry released the domain"), "NZ SRS reference 8.2"),
    // Any answer may hold a new UDAI; only its maker sees it.
    rule_if(Anything, has_udai, Starts(UdaiExpiry, UDAI), "NZ SRS reference 11.2: UDAI validity"),
    rule(Done(DomainTransfer), Clears(&[AddGraceEnd], "the domain was transferred to us"), "NZ SRS reference 5.3.4"),
    // Not ours any more.
    rule(
        Told("transferred_away"),
        Leaves("it was transferred to another registrar"),
        "NZ SRS reference 8.2: DomainTransfer",
    ),
    rule_if(
        Done(DomainCheck),
        is_free,
        Leaves("the name is free: anybody may register it"),
        "NZ SRS reference 5.1: Whois",
    ),
    rule_if(
        Done(DomainInfo),
        is_free,
        Leaves("the name is free: anybody may register it"),
        "NZ SRS reference 5.1: Whois",
    ),
    rule_if(Refused(DomainInfo), is_nothing, Leaves(GONE), "NZ SRS reference 5.4: no row"),
    rule_if(Refused(DomainUpdate), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
    rule_if(Refused(DomainChangeHolder), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
    rule_if(Refused(DomainRenew), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
    rule_if(Refused(DomainDelete), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
    rule_if(Refused(DomainRestore), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
    rule_if(Refused(DomainAuthcodeCreate), is_nothing, Leaves(GONE), "NZ SRS reference 5.3: no row"),
];

/// What was heard means this for the calendar.
///
/// Words are about domains: an answer or a message that shows several says something of each.
pub fn calendar(heard: &Heard<'_>) -> Vec<Word> {
    let of_part = |part: &Part<'_>| {
        let heard = Heard { object: &part.object, data: &part.data, named: &part.named, ..*heard };
        rules::words(RULES, &zone(), &heard)
    };
    parts(heard).iter().flat_map(of_part).collect()
}

/// What was heard of one domain: `data` shows at most that one.
struct Part<'a> {
    object: ObjectKey,
    data: Cow<'a, Value>,
    named: Vec<Deadline>,
}

fn parts<'a>(heard: &Heard<'a>) -> Vec<Part<'a>> {
    let kind = heard.object.as_str().split_once(':').map(|(kind, _)| kind);
    if kind == Some(ObjectKind::Domain.name()) {
        // A public question shows other registrars' domains, too.
        let named = if is_public(heard) { Vec::new() } else { heard.named.to_vec() };
        return vec![Part { object: heard.object.clone(), data: Cow::Borrowed(heard.data), named }];
    }
    if kind == Some(ObjectKind::Contact.name()) {
        return Vec::new();
    }
    let shown = match heard.data.get("Domain") {
        Some(Value::Array(domains)) => domains.iter().collect(),
        one => Vec::from_iter(one),
    };
    let gone = heard.data.pointer("/DomainTransfer/TransferredDomain").and_then(Value::as_array);
    let gone = gone.into_iter().flatten().filter_map(|name| part(name.as_str()?, Value::Null));
    let of_one = |domain: &Value| part(domain.get("DomainName")?.as_str()?, json!({ "Domain": domain }));
    shown.into_iter().filter_map(of_one).chain(gone).collect()
}

fn part<'a>(name: &str, data: Value) -> Option<Part<'a>> {
    let object = ObjectKey::new(ObjectKind::Domain, &mailbox::ace(name));
    Some(Part { object, named: outcome::deadlines(&data), data: Cow::Owned(data) })
}

fn is_public(heard: &Heard<'_>) -> bool {
    heard.what == Done(DomainCheck) || heard.params.get("question").and_then(Value::as_str) == Some("public")
}

fn status<'a>(heard: &'a Heard<'_>) -> &'a str {
    heard.text("/Domain/Status").unwrap_or_default()
}

fn is_free(heard: &Heard<'_>) -> bool {
    status(heard) == "Available"
}

fn is_active(heard: &Heard<'_>) -> bool {
    status(heard) == "Active" && !is_public(heard)
}

fn is_of_ours(heard: &Heard<'_>) -> bool {
    !is_public(heard) && heard.text("/Domain/DomainName").is_some()
}

/// A `CancelledDate` may stay on a domain that was taken back: the status decides (reference, 6.1).
fn is_cancelled(heard: &Heard<'_>) -> bool {
    status(heard) == "PendingRelease" && heard.instant(CANCELLED).is_some() && !is_public(heard)
}

/// Cancelled, without a word of when.
fn is_undated(heard: &Heard<'_>) -> bool {
    !is_free(heard) && !is_cancelled(heard)
}

fn is_paid(heard: &Heard<'_>) -> bool {
    heard.names(DomainExpiry)
}

fn is_renewed_too(heard: &Heard<'_>) -> bool {
    heard.states("term") || heard.states("years")
}

/// The answer to the order for one is kept without it where it cannot be sealed.
fn has_udai(heard: &Heard<'_>) -> bool {
    heard.what == Done(DomainAuthcodeCreate) || heard.data.pointer("/Domain/UDAI").is_some_and(|udai| !udai.is_null())
}

/// Refused without an error: nothing matched (reference, 5.3).
fn is_nothing(heard: &Heard<'_>) -> bool {
    heard.code.is_none() && !is_public(heard)
}

#[cfg(test)]
#[path = "calendar/tests.rs"]
mod tests;
