//! What the registry's answers and messages mean for the calendar of deadlines: one table. Dates it names are believed
//! (`outcome` and `mailbox` read them); dates it only has rules for are worked out by German local time.

mod words;

use crate::model::deadline::DeadlineKind::{
    self, AuthInfo1Expiry, AuthInfo2Expiry, ContactRetention, ContactVerification, FailedDomainExpiry, RedemptionEnd,
    RegistryLockConfirmation, TransactionIdReuse, VerificationBeforeDedelegation, VerificationBeforeDeletion,
};
use crate::model::deadline::rules::On::{self, ByHand, Done, Foreign, GaveUp, Refused, Settled, Taken, Told};
use crate::model::deadline::rules::Then::{Clears, Leaves, Meets, Misses, Passes, Shows, Starts, Tells};
use crate::model::deadline::rules::{self, Heard, Rule, rule, rule_if};
use crate::model::deadline::{Says, Word};
use serde_json::Value;

use super::dialect::Rri;
use super::limits;
use super::outcome::{CLAIMED, CONNECT, LOCKED, NO_CONTACT, NO_SUCH_DOMAIN, PENDING_CREATE, SERVER_HOLD};
use crate::model::Operation;
use crate::model::Operation::{
    ContactCreate, ContactInfo, ContactUpdate, DomainAuthcodeCheck, DomainAuthcodeCreate, DomainAuthcodeDelete,
    DomainAuthcodeRequest, DomainChangeHolder, DomainCreate, DomainDelete, DomainInfo, DomainRestore, DomainTransfer,
    DomainTransit, DomainUpdate,
};
use crate::model::civil::Span;

/// Life of an AuthInfo whose end the registry does not tell (DENIC-29 6.5).
const AUTH_INFO: Span = Span::Days(30);
/// A contact that was never used (DENIC-29 6.5).
const UNUSED_CONTACT: Span = Span::Months(6);
/// The lock contact's time to answer (DENIC-29 9.2).
const LOCK_CONTACT: Span = Span::WorkingDays(7);
/// No transaction id may be used again before (DENIC-29 2.6, 6.5).
const TRANSACTION_ID: Span = Span::Months(24);

/// What goes with the registration itself.
const OF_REGISTRATION: &[DeadlineKind] =
    &[VerificationBeforeDedelegation, VerificationBeforeDeletion, FailedDomainExpiry];
const VERIFICATION: &[DeadlineKind] = &[VerificationBeforeDedelegation, VerificationBeforeDeletion];
const DEDELEGATION: &[DeadlineKind] = &[VerificationBeforeDedelegation];
const DELETION: &[DeadlineKind] = &[VerificationBeforeDeletion];
const FAILED: &[DeadlineKind] = &[FailedDomainExpiry];
const AUTH_INFO1: &[DeadlineKind] = &[AuthInfo1Expiry];
const AUTH_INFO2: &[DeadlineKind] = &[AuthInfo2Expiry];
const AUTH_INFOS: &[DeadlineKind] = &[AuthInfo1Expiry, AuthInfo2Expiry];
const REDEMPTION: &[DeadlineKind] = &[RedemptionEnd];
const LOCK: &[DeadlineKind] = &[RegistryLockConfirmation];
const CONTACT: &[DeadlineKind] = &[ContactVerification];
const RETENTION: &[DeadlineKind] = &[ContactRetention];
/// All that INFO shows of a domain of ours where there is any of it (DENIC-29 4.14).
const SHOWN: &[DeadlineKind] =
    &[VerificationBeforeDedelegation, VerificationBeforeDeletion, FailedDomainExpiry, AuthInfo1Expiry, AuthInfo2Expiry];
/// What only a domain's registrar has to do with; anybody may order an AuthInfo2 for any domain, and for one that rests.
const OF_REGISTRAR: &[DeadlineKind] = &[
    VerificationBeforeDedelegation,
    VerificationBeforeDeletion,
    FailedDomainExpiry,
    AuthInfo1Expiry,
    RegistryLockConfirmation,
];

/// What a domain has while it rests.
const OF_REST: &[DeadlineKind] = &[RedemptionEnd, AuthInfo2Expiry];

const HELD: &str = "the domain is on hold (serverHold)";
const DELETED: &str = "the domain was deleted";
const NO_DOMAIN: &str = "the registry has no such domain";
const ELSEWHERE: &str = "the domain is another registrar's";

/// The table. Of rows about one object and kind those come first that end what is open.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // An order that registers or changes. Its answer names the dates of verification (16350000040, 041) and of repair
    // (33300102900); that it names none of verification does not prove that there is none, INFO and the message do.
    rule(Done(DomainCreate), Shows(REDEMPTION), "DENIC-29 6.1"),
    rule(Done(DomainCreate), Tells(RETENTION, words::contacts_in_use), "DENIC-29 6.5"),
    rule_if(Done(DomainUpdate), is_on_hold, Misses(DEDELEGATION, HELD), "DENIC-29 6.4"),
    rule_if(Done(DomainUpdate), is_mended, Shows(FAILED), "DENIC-29 6.5"),
    rule(Done(DomainUpdate), Meets(LOCK), "DENIC-29 9.2"),
    rule(Done(DomainUpdate), Tells(RETENTION, words::contacts_in_use), "DENIC-29 6.5"),
    // Assessed after its name servers were found good.
    rule(Taken(DomainUpdate), Shows(FAILED), "DENIC-29 6.1"),
    rule_if(Done(DomainChangeHolder), is_on_hold, Misses(DEDELEGATION, HELD), "DENIC-29 6.4"),
    rule_if(Done(DomainChangeHolder), is_mended, Shows(FAILED), "DENIC-29 6.5"),
    rule(Done(DomainChangeHolder), Clears(AUTH_INFOS, "the holder was changed"), "DENIC-29 6.5"),
    rule(Done(DomainChangeHolder), Meets(LOCK), "DENIC-29 9.2"),
    rule(Done(DomainChangeHolder), Tells(RETENTION, words::contacts_in_use), "DENIC-29 6.5"),
    rule(Taken(DomainChangeHolder), Shows(FAILED), "DENIC-29 6.1"),
    rule(Taken(DomainChangeHolder), Clears(AUTH_INFOS, "the holder was changed"), "DENIC-29 6.5"),

    // CHPROV to us. Which AuthInfo it used is not said: one that outlives it is named by INFO.
    rule(Done(DomainTransfer), Meets(AUTH_INFO2), "DENIC-29 4.18"),
    rule(Done(DomainTransfer), Meets(REDEMPTION), "DENIC-29 6.5"),
    rule(Done(DomainTransfer), Clears(AUTH_INFO1, "the domain has changed its registrar"), "DENIC-29 4.18"),
    rule(Done(DomainTransfer), Tells(RETENTION, words::contacts_in_use), "DENIC-29 6.5"),
    rule(Taken(DomainTransfer), Meets(AUTH_INFO2), "DENIC-29 4.18"),
    rule(Taken(DomainTransfer), Meets(REDEMPTION), "DENIC-29 6.1"),
    rule(Told("transferred_away"), Leaves("the domain went to another registrar"), "DENIC-29 7.3 chprovAuthInfo"),
    rule(Done(DomainTransit), Meets(LOCK), "DENIC-29 9.2"),
    rule(Done(DomainTransit), Leaves("the domain went to the registry's own administration"), "DENIC-29 4.12"),

    // Deletion. Under a DISPUTE entry there is no redemption period: the claimant holds the domain at once.
    rule(Done(DomainDelete), Meets(LOCK), "DENIC-29 9.2"),
    rule_if(Done(DomainDelete), is_claimed, Leaves("the domain went to who disputes it"), "DENIC-29 9.1"),
    rule_if(Done(DomainDelete), rests, Clears(OF_REGISTRATION, DELETED), "DENIC-29 6.1"),
    rule_if(Done(DomainDelete), rests, Clears(AUTH_INFOS, DELETED), "DENIC-29 6.5"),
    rule_if(Done(DomainDelete), rests, Tells(REDEMPTION, words::redemption), "DENIC-29 6.5"),
    rule_if(Done(DomainDelete), rests, Tells(RETENTION, words::contacts_left), "DENIC-29 6.5"),
    rule(Done(DomainRestore), Meets(REDEMPTION), "DENIC-29 4.11"),
    rule(Taken(DomainRestore), Meets(REDEMPTION), "DENIC-29 6.1"),
    rule_if(Told("domain_delete"), is_unverified, Misses(DELETION, "deleted: the holders were not verified"), "DENIC-29 7.4"),
    rule(Told("domain_delete"), Leaves("the registry has deleted the domain"), "DENIC-29 7.3 domainDelete"),
    rule(Told("expire"), Misses(FAILED, "the failed domain was deleted"), "DENIC-29 7.3 expire"),
    rule(Told("expire"), Leaves("the registry has deleted the domain"), "DENIC-29 6.1"),

    // AuthInfos. The message of their expiry does not say which: it is the one whose date has passed.
    rule_if(Done(DomainAuthcodeCreate), has_no_end, Starts(AuthInfo1Expiry, AUTH_INFO), "DENIC-29 4.15"),
    rule(Done(DomainAuthcodeCreate), Tells(AUTH_INFO1, words::chosen_end), "DENIC-29 4.15"),
    rule(Done(DomainAuthcodeDelete), Clears(AUTH_INFO1, "AuthInfo1 was deleted by order"), "DENIC-29 4.16"),
    rule(Done(DomainAuthcodeRequest), Starts(AuthInfo2Expiry, AUTH_INFO), "DENIC-29 4.17"),
    // That the domain rests is told by no answer, so this moves a period that is known, and begins none: that of
    // somebody else's domain is not ours to watch. A status in the answer says that it does not rest any more.
    rule_if(Done(DomainAuthcodeRequest), may_rest, Tells(REDEMPTION, words::redemption_anew), "DENIC-29 4.17"),
    rule(Told("authinfo2_notify"), Starts(AuthInfo2Expiry, AUTH_INFO), "DENIC-29 7.3 authInfo2Notify"),
    rule(Told("authinfo2_notify"), Tells(REDEMPTION, words::redemption_anew), "DENIC-29 4.17"),
    rule(Told("authinfo2_delete"), Clears(AUTH_INFO2, "the registry deleted it: its letter could not be delivered"), "DENIC-29 7.3"),
    rule(Told("authinfo_expire"), Passes(AUTH_INFOS, "it ended unused"), "DENIC-29 7.3 authInfoExpire"),

    // Questions. INFO does not tell until when a domain rests, and perhaps does not show it at all while it does: then
    // only a date that has passed is over. CHECK is asked about names that are nobody's, day in, day out: it says nothing.
    rule_if(Done(DomainInfo), is_on_hold, Misses(DEDELEGATION, HELD), "DENIC-29 6.1"),
    rule(Done(DomainInfo), Shows(SHOWN), "DENIC-29 4.14"),
    rule_if(Done(DomainInfo), is_registered, Meets(REDEMPTION), "DENIC-29 6.1"),
    rule_if(Done(DomainInfo), is_unlocked, Clears(LOCK, "the domain is not locked any more"), "DENIC-29 9.2"),
    rule_if(Done(DomainInfo), is_registered, Tells(RETENTION, words::contacts_in_use), "DENIC-29 6.5"),
    rule(Foreign(DomainInfo), Passes(OF_REGISTRAR, ELSEWHERE), "DENIC-29 4.14"),
    rule(Foreign(DomainInfo), Passes(REDEMPTION, ELSEWHERE), "DENIC-29 4.14"),
    rule(Foreign(DomainInfo), Clears(OF_REGISTRAR, ELSEWHERE), "DENIC-29 4.14"),
    rule_if(Foreign(DomainInfo), is_registered, Clears(REDEMPTION, ELSEWHERE), "DENIC-29 4.14"),
    rule_if(Refused(DomainInfo), knows_no_domain, Passes(OF_REGISTRAR, NO_DOMAIN), "DENIC-29 4.14"),
    rule_if(Refused(DomainInfo), knows_no_domain, Clears(OF_REGISTRAR, NO_DOMAIN), "DENIC-29 4.14"),
    rule_if(Refused(DomainInfo), knows_no_domain, Passes(OF_REST, NO_DOMAIN), "DENIC-29 6.5"),

    // The assessment of a domain, and of a contact.
    rule_if(Told("domain_status_update"), is_on_hold, Misses(DEDELEGATION, HELD), "DENIC-29 7.4"),
    rule_if(Told("domain_status_update"), is_assessed, Shows(VERIFICATION), "DENIC-29 7.4"),
    rule_if(Told("domain_status_update"), is_assessed, Shows(FAILED), "DENIC-29 6.1"),
    rule(Told("contact_verification_required"), Tells(&[ContactVerification, VerificationBeforeDedelegation, VerificationBeforeDeletion], words::verification_required), "DENIC-29 7.4"),
    rule_if(Done(ContactUpdate), words::is_verified, Meets(CONTACT), "DENIC-29 6.4"),
    rule_if(Done(ContactInfo), words::is_wholly_verified, Meets(CONTACT), "DENIC-29 6.4"),

    // How long a contact is kept.
    rule(Done(ContactCreate), Starts(ContactRetention, UNUSED_CONTACT), "DENIC-29 6.5"),
    rule(Told("contact_delete"), Tells(RETENTION, words::contacts_deleted), "DENIC-29 7.3 contactDelete"),
    rule_if(Refused(ContactInfo), knows_no_contact, Leaves("the registry has no such contact"), "DENIC-29 8.3"),

    // A Registry Lock: the order goes by signed e-mail, and its lock contact must answer. CHPROV and TRANSIT cannot go.
    rule_if(ByHand(DomainUpdate), is_locked, Starts(RegistryLockConfirmation, LOCK_CONTACT), "DENIC-29 9.2"),
    rule_if(ByHand(DomainChangeHolder), is_locked, Starts(RegistryLockConfirmation, LOCK_CONTACT), "DENIC-29 9.2"),
    rule_if(ByHand(DomainDelete), is_locked, Starts(RegistryLockConfirmation, LOCK_CONTACT), "DENIC-29 9.2"),
    rule_if(ByHand(ContactUpdate), is_locked, Starts(RegistryLockConfirmation, LOCK_CONTACT), "DENIC-29 9.2"),
    rule(Done(ContactUpdate), Meets(LOCK), "DENIC-29 9.2"),

    // An order that was given up is protected by its transaction id as long as the registry remembers that.
    rule(GaveUp, Starts(TransactionIdReuse, TRANSACTION_ID), "DENIC-29 6.5"),
    rule(Settled, Clears(&[TransactionIdReuse], "the order is settled"), "DENIC-29 10.1"),
];

/// What was heard means this for the calendar.
pub fn calendar(rri: &Rri, heard: &Heard<'_>) -> Vec<Word> {
    let Some(what) = happened(rri, heard) else { return Vec::new() };
    let named: Vec<_> = heard.named.iter().filter(|date| is_believed(what, heard, date.kind)).cloned().collect();
    let mut words = rules::words(RULES, &limits::zone(), &Heard { what, named: &named, ..*heard });
    if !rri.is_current() {
        // Earlier protocols have no words for it.
        words.retain(|word| !matches!(&word.says, Says::Absent { kind } if VERIFICATION.contains(kind)));
    }
    words
}

/// Whether a date that was named is one of the object, and of ours.
fn is_believed(what: On, heard: &Heard<'_>, kind: DeadlineKind) -> bool {
    match what {
        // The date is over, or somebody else's.
        Told("expire") | Foreign(_) => false,
        // Anybody may order it for any domain, and is told until when that one must be verified.
        Done(DomainAuthcodeRequest) => kind == AuthInfo2Expiry,
        // The registry names dates of domains; where the object is none, they are those of others.
        _ => heard.object.as_str().starts_with("domain:"),
    }
}

/// What happened, of a request in the registry's own words what it is; nothing where INFO does not say whose domain it shows.
fn happened(rri: &Rri, heard: &Heard<'_>) -> Option<On> {
    let known = |operation| if operation == Operation::Raw { rri.understood(heard.params) } else { operation };
    Some(match heard.what {
        Done(operation) => match known(operation) {
            DomainInfo | DomainAuthcodeCheck if !is_ours(rri, heard.data)? => Foreign(DomainInfo),
            operation => Done(operation),
        },
        Taken(operation) => Taken(known(operation)),
        Refused(operation) => Refused(known(operation)),
        ByHand(operation) => ByHand(known(operation)),
        what => what,
    })
}

/// Whether INFO shows a domain of ours: it names its registrar, and the handles of no others (DENIC-29 4.14).
fn is_ours(rri: &Rri, data: &Value) -> Option<bool> {
    match data.pointer("/reg_acc/id").and_then(Value::as_str) {
        Some(id) if !rri.reg_acc().is_empty() => Some(id.eq_ignore_ascii_case(rri.reg_acc())),
        _ => data.get("holder").map(|_| true),
    }
}

fn status<'a>(heard: &Heard<'a>) -> &'a str {
    heard.data.get("status").and_then(Value::as_str).unwrap_or_default()
}

fn is_on_hold(heard: &Heard<'_>) -> bool {
    status(heard) == "serverHold" || heard.code == Some(SERVER_HOLD)
}

/// Not by an answer that shows another state than the one it is in by now.
fn is_mended(heard: &Heard<'_>) -> bool {
    status(heard) != "failed"
}

fn is_assessed(heard: &Heard<'_>) -> bool {
    matches!(status(heard), "connect" | "serverHold")
}

fn is_registered(heard: &Heard<'_>) -> bool {
    matches!(status(heard), "connect" | "failed" | "pendingCreate" | "serverHold")
}

fn is_unlocked(heard: &Heard<'_>) -> bool {
    heard.data.get("registry_lock") != Some(&Value::Bool(true))
}

fn is_locked(heard: &Heard<'_>) -> bool {
    heard.code == Some(LOCKED)
}

fn is_claimed(heard: &Heard<'_>) -> bool {
    heard.code == Some(CLAIMED)
}

fn rests(heard: &Heard<'_>) -> bool {
    !is_claimed(heard)
}

fn may_rest(heard: &Heard<'_>) -> bool {
    !matches!(heard.code, Some(CONNECT | PENDING_CREATE | SERVER_HOLD))
}

fn has_no_end(heard: &Heard<'_>) -> bool {
    !heard.states("expire")
}

fn knows_no_domain(heard: &Heard<'_>) -> bool {
    heard.code == Some(NO_SUCH_DOMAIN)
}

fn knows_no_contact(heard: &Heard<'_>) -> bool {
    heard.code == Some(NO_CONTACT)
}

/// The reason is an argument, and stands nowhere else.
fn is_unverified(heard: &Heard<'_>) -> bool {
    let messages = heard.data.get("messages").and_then(Value::as_array).into_iter().flatten();
    let mut arguments = messages.filter_map(|message| message.get("arguments")?.as_array()).flatten();
    arguments.any(|argument| argument.as_str().is_some_and(|text| text.contains("no verification information")))
}

#[cfg(test)]
mod tests;
