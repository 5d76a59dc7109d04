//! What the registry's answers mean for the calendar of deadlines: one table. RRP itself tells of one date, the end of a
//! registration; all others are the policy of the registries that used it (reference 11.2).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::answer::{self, CREATED, DELETED, EXPIRY, PENDING_DELETE, STATUS, TRANSFERRED, UPDATED, UPDATED_BY};
use super::dates;
use super::dialect::Rrp;
use super::outcome::{FOREIGN, FREE, NOT_FOUND};
use crate::model::civil::Span;
use crate::model::deadline::DeadlineKind::{
    self, AddGraceEnd, AutoRenewGraceEnd, DomainExpiry, PendingDelete, RedemptionEnd, RenewGraceEnd, TransferDecision,
    TransferGraceEnd,
};
use crate::model::deadline::rules::On::{self, Done, Refused, Taken};
use crate::model::deadline::rules::Then::{Clears, Leaves, Meets, Misses, Passes, Shows, Starts, Tells};
use crate::model::deadline::rules::{self, Heard, Rule, rule, rule_if};
use crate::model::deadline::{Basis, Says, Word};
use crate::model::{ObjectKey, ObjectKind, Operation};
use Operation::{
    DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainTransfer, DomainTransferApprove, DomainTransferReject,
    OrderCancel,
};

/// How long the registry's policy gives for what (RRP 11.2).
mod spans {
    use super::Span;

    /// From the registration: a deletion brings the fee back, and the name is free at once.
    pub const ADD_GRACE: Span = Span::Days(5);
    /// From a renewal that was ordered.
    pub const RENEW_GRACE: Span = Span::Days(5);
    /// From the date of expiry, where the registry renews by itself.
    pub const AUTO_RENEW_GRACE: Span = Span::Days(45);
    /// For how long it renews then.
    pub const AUTO_RENEWAL: i64 = 1;
    /// From when the domain came to its registrar.
    pub const TRANSFER_GRACE: Span = Span::Days(5);
    /// From the request; an account may say otherwise (`transfer_days`).
    pub const TRANSFER: Span = Span::Days(5);
    /// From the deletion.
    pub const REDEMPTION: Span = Span::Days(30);
    /// From the deletion, too: five days after the redemption period.
    pub const PENDING_DELETE: Span = Span::Days(30 + 5);
}

/// What the registration of a name has.
const OF_REGISTRATION: &[DeadlineKind] =
    &[DomainExpiry, AddGraceEnd, RenewGraceEnd, AutoRenewGraceEnd, TransferGraceEnd];
const EXPIRES: &[DeadlineKind] = &[DomainExpiry];
const TRANSFER: &[DeadlineKind] = &[TransferDecision];
const OF_DELETION: &[DeadlineKind] = &[RedemptionEnd, PendingDelete];

const DELETION: &str = "the domain was deleted";

/// The table. Of rows about one object and kind those come first that end what is open.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // ADD: what there was of an earlier registration of the name is over.
    rule(Done(DomainCreate), Shows(OF_DELETION), "RRP 11.2"),
    rule(Done(DomainCreate), Tells(&[AddGraceEnd], add_grace), "RRP 11.2"),

    // RENEW: a date that is not named ends none.
    rule_if(Done(DomainRenew), names_the_expiry, Meets(EXPIRES), "RRP 11.1"),
    rule(Done(DomainRenew), Starts(RenewGraceEnd, spans::RENEW_GRACE), "RRP 11.2"),

    // TRANSFER.
    rule(Taken(DomainTransfer), Starts(TransferDecision, spans::TRANSFER), "RRP 11.2"),
    rule(Done(DomainTransfer), Meets(TRANSFER), "RRP 10.3"),
    rule(Done(DomainTransfer), Tells(&[TransferGraceEnd], transfer_grace), "RRP 11.2"),
    rule(Refused(DomainTransfer), Clears(TRANSFER, "the transfer was refused"), "RRP 10.3"),
    rule(Done(OrderCancel), Tells(TRANSFER, taken_back), "RRP 5.1"),
    rule(Done(DomainTransferApprove), Meets(TRANSFER), "RRP 5.1"),
    rule(Done(DomainTransferApprove), Leaves("the domain went to another registrar"), "RRP 10.1"),
    rule(Done(DomainTransferReject), Meets(TRANSFER), "RRP 5.1"),

    // DEL: whether it was in the add grace, so that the name is free at once, no answer tells. It is taken to rest until
    // STATUS shows that it does not exist.
    rule_if(Done(DomainDelete), is_free, Leaves("the domain is free"), "RRP 11.2"),
    rule_if(Done(DomainDelete), rests, Clears(OF_REGISTRATION, DELETION), "RRP 11.2"),
    rule_if(Done(DomainDelete), rests, Starts(RedemptionEnd, spans::REDEMPTION), "RRP 11.2"),
    rule_if(Done(DomainDelete), rests, Starts(PendingDelete, spans::PENDING_DELETE), "RRP 11.2"),

    // STATUS, which only who has the domain is answered. CHECK is asked about names that are nobody's, day in, day out: it
    // says nothing.
    // Where the registry does not renew by itself it deletes what nobody renewed.
    rule_if(Done(DomainInfo), is_deleted, Passes(EXPIRES, "it ended unrenewed, and the domain is deleted"), "RRP 11.2"),
    rule_if(Done(DomainInfo), is_deleted, Clears(OF_REGISTRATION, DELETION), "RRP 11.1"),
    rule_if(Done(DomainInfo), is_lost, Misses(&[RedemptionEnd], "nothing brings the domain back any more"), "RRP 11.2"),
    rule_if(Done(DomainInfo), is_alive, Meets(OF_DELETION), "RRP 11.1"),
    rule_if(Done(DomainInfo), is_alive, Shows(EXPIRES), "RRP 11.1"),
    rule_if(Done(DomainInfo), is_alive, Tells(&[AddGraceEnd], add_grace), "RRP 11.2"),
    rule_if(Done(DomainInfo), is_alive, Tells(&[TransferGraceEnd], transfer_grace), "RRP 11.2"),
    rule_if(Done(DomainInfo), is_alive, Tells(&[AutoRenewGraceEnd], auto_renew_grace), "RRP 11.2"),
    rule_if(Refused(DomainInfo), is_unknown, Leaves("the registry has no such domain"), "RRP 10.1"),
    rule_if(Refused(DomainInfo), is_foreign, Leaves("the domain is another registrar's"), "RRP 10.1"),
];

/// What was heard means this for the calendar.
pub fn calendar(rrp: &Rrp, heard: &Heard<'_>) -> Vec<Word> {
    let raw = match heard.what {
        Done(Operation::Raw) | Taken(Operation::Raw) | Refused(Operation::Raw) => rrp.understood(heard.params),
        _ => None,
    };
    let (what, params) = match &raw {
        Some((operation, params)) => (of_kind(heard.what, *operation), params),
        None => (heard.what, heard.params),
    };
    // A domain that was deleted still shows its date.
    let named = if is_deleted(heard) { &[] } else { heard.named };
    let mut words = rules::words(RULES, rrp.zone(), &Heard { what, params, named, ..*heard });
    for word in &mut words {
        if let Says::Due { kind: TransferDecision, due } = &mut word.says {
            *due = Span::Days(rrp.transfer_days()).after(heard.at, rrp.zone());
        }
    }
    words
}

const fn of_kind(what: On, operation: Operation) -> On {
    match what {
        Done(_) => Done(operation),
        Taken(_) => Taken(operation),
        Refused(_) => Refused(operation),
        other => other,
    }
}

/// A date that STATUS shows.
fn shown(heard: &Heard<'_>, field: &str, zone: &TimeZone) -> Option<Timestamp> {
    dates::instant(answer::text(heard.data, field)?, zone)
}

/// The end of a grace period, unless that is over.
fn grace(heard: &Heard<'_>, kind: DeadlineKind, due: Option<Timestamp>) -> Vec<Word> {
    let due = due.filter(|due| *due > heard.at);
    due.map(|due| heard.word(Says::Due { kind, due }, Basis::Rule)).into_iter().collect()
}

/// From the date STATUS shows; where there is none, an order that was just done begins it.
fn since(heard: &Heard<'_>, field: &str, zone: &TimeZone) -> Option<Timestamp> {
    shown(heard, field, zone).or_else(|| Some(heard.at).filter(|_| heard.what != Done(DomainInfo)))
}

fn add_grace(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    grace(heard, AddGraceEnd, since(heard, CREATED, zone).map(|at| spans::ADD_GRACE.after(at, zone)))
}

fn transfer_grace(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    grace(heard, TransferGraceEnd, since(heard, TRANSFERRED, zone).map(|at| spans::TRANSFER_GRACE.after(at, zone)))
}

/// Nothing announces that the registry has renewed. It has where the domain was changed last when its registration would
/// have ended a year before the date it has now, or since, and not by its registrar.
fn auto_renew_grace(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    let year = jiff::Span::new().years(spans::AUTO_RENEWAL);
    let before = answer::text(heard.data, EXPIRY).and_then(dates::local).and_then(|date| date.checked_sub(year).ok());
    let ended = before.and_then(|date| zone.to_ambiguous_timestamp(date).compatible().ok());
    let by = answer::text(heard.data, UPDATED_BY).zip(answer::text(heard.data, answer::REGISTRAR));
    let is_renewed = |at: &Timestamp| {
        let changed = shown(heard, UPDATED, zone).is_some_and(|changed| changed >= *at);
        changed && *at <= heard.at && by.is_some_and(|(by, registrar)| !by.eq_ignore_ascii_case(registrar))
    };
    let from = ended.filter(is_renewed);
    grace(heard, AutoRenewGraceEnd, from.map(|at| spans::AUTO_RENEW_GRACE.after(at, zone)))
}

/// The order that takes a request back is about the request; what was due is the domain's.
fn taken_back(heard: &Heard<'_>, _: &TimeZone) -> Vec<Word> {
    let domain = ObjectKey::new(ObjectKind::Domain, heard.object.name());
    let says = Says::Cleared { kind: TransferDecision, why: "the request was taken back".into() };
    vec![heard.word_on(domain, says, Basis::Answer)]
}

fn names_the_expiry(heard: &Heard<'_>) -> bool {
    heard.named(DomainExpiry).is_some()
}

fn has_status(heard: &Heard<'_>, known: &[&str]) -> bool {
    let shown = answer::texts(heard.data, STATUS);
    shown.iter().any(|word| known.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

fn is_deleted(heard: &Heard<'_>) -> bool {
    has_status(heard, DELETED)
}

fn is_lost(heard: &Heard<'_>) -> bool {
    has_status(heard, &[PENDING_DELETE])
}

fn is_alive(heard: &Heard<'_>) -> bool {
    !answer::texts(heard.data, STATUS).is_empty() && !is_deleted(heard)
}

fn is_free(heard: &Heard<'_>) -> bool {
    heard.code.is_some_and(|code| FREE.contains(&code))
}

fn rests(heard: &Heard<'_>) -> bool {
    !is_free(heard)
}

fn is_unknown(heard: &Heard<'_>) -> bool {
    heard.code == Some(NOT_FOUND)
}

fn is_foreign(heard: &Heard<'_>) -> bool {
    heard.code == Some(FOREIGN)
}

#[cfg(test)]
mod tests;
