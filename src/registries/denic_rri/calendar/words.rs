//! Words that take more than a row of the table: about the contacts and domains an answer or a message names, and about the
//! end of the redemption period.

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::super::check::names;
use crate::model::civil::Span;
use crate::model::deadline::rules::Heard;
use crate::model::deadline::{Basis, DeadlineKind, Says, Word};
use crate::model::{ObjectKey, ObjectKind};

/// How long a deleted domain rests (DENIC-29 6.5).
const REDEMPTION: Span = Span::Days(30);
/// When it becomes free on the day after, at some moment in between.
const RELEASE: [Time; 2] = [time(2, 0, 0, 0), time(4, 0, 0, 0)];
/// How long a contact is kept after no domain refers to it any more (DENIC-29 6.5).
const RETENTION: Span = Span::FullYears(6);
/// The parameters of orders, and fields of INFO, that name contacts.
const CONTACTS: [&str; 3] = ["holder", "general_request", "abuse_contact"];
/// What a verification that is whole has proved.
const CLAIMS: [&str; 2] = ["name", "address"];

/// The end of the redemption period, and when the name is free after it.
pub fn redemption(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    let due = REDEMPTION.after(heard.at, zone);
    vec![released(heard.word(Says::Due { kind: DeadlineKind::RedemptionEnd, due }, Basis::Rule), due, zone)]
}

/// The same anew, if the domain is known to rest.
pub fn redemption_anew(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    let due = REDEMPTION.after(heard.at, zone);
    vec![released(heard.word(Says::Moves { kind: DeadlineKind::RedemptionEnd, due }, Basis::Rule), due, zone)]
}

fn released(mut word: Word, due: Timestamp, zone: &TimeZone) -> Word {
    let Some(day) = day_after(due, zone) else { return word };
    for (name, at) in [("released_from", RELEASE[0]), ("released_until", RELEASE[1])] {
        if let Ok(instant) = zone.to_ambiguous_timestamp(day.to_datetime(at)).compatible() {
            word.note.insert(name.into(), json!(instant));
        }
    }
    word
}

fn day_after(due: Timestamp, zone: &TimeZone) -> Option<Date> {
    due.to_zoned(zone.clone()).date().checked_add(1.day()).ok()
}

/// The end that was chosen for an AuthInfo1, where the answer names none: the first moment of the day.
pub fn chosen_end(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    let kind = DeadlineKind::AuthInfo1Expiry;
    let chosen = heard.params.get("expire").and_then(Value::as_str).filter(|_| heard.named(kind).is_none());
    let digits = chosen.map(|text| text.trim().replace('-', ""));
    let day = digits.and_then(|digits| Date::strptime("%Y%m%d", digits).ok());
    let due = day.and_then(|day| zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible().ok());
    due.map(|due| heard.word(Says::Due { kind, due }, Basis::Rule)).into_iter().collect()
}

/// The contacts an order or INFO names are in use: they are kept.
pub fn contacts_in_use(heard: &Heard<'_>, _: &TimeZone) -> Vec<Word> {
    let why = format!("in use by {}", heard.object.name());
    let handles = CONTACTS.iter().flat_map(|name| texts(heard.params.get(*name).or_else(|| heard.data.get(*name))));
    handles
        .filter_map(contact)
        .map(|object| {
            let says = Says::Cleared { kind: DeadlineKind::ContactRetention, why: why.clone() };
            heard.word_on(object, says, Basis::Answer)
        })
        .collect()
}

/// The holders that the deletion of a domain names are kept for six full years more, counted from when the domain is
/// free, if it was the last that refers to them. No answer tells that: another domain of theirs takes it back as soon as
/// it is seen.
pub fn contacts_left(heard: &Heard<'_>, zone: &TimeZone) -> Vec<Word> {
    let free = REDEMPTION.after(heard.at, zone);
    let due = RETENTION.after(Span::Days(1).after(free, zone), zone);
    let says = || Says::Due { kind: DeadlineKind::ContactRetention, due };
    let left = texts(heard.params.get("holder")).filter_map(contact).map(|object| {
        let mut word = heard.word_on(object, says(), Basis::Rule);
        word.note.insert("if_last_of".into(), json!(heard.object.as_str()));
        word
    });
    left.collect()
}

/// The contacts of a message that the registry has deleted.
pub fn contacts_deleted(heard: &Heard<'_>, _: &TimeZone) -> Vec<Word> {
    let why = || "the registry has deleted the contact".to_owned();
    let both = [Says::Missed { kind: DeadlineKind::ContactRetention, why: why() }, Says::Gone { why: why() }];
    let handles = texts(heard.data.get("handle")).filter_map(contact);
    handles.flat_map(|object| both.clone().map(|says| heard.word_on(object.clone(), says, Basis::Message))).collect()
}

/// A contact that must be verified: by the earliest of its domains' dates. Only the domains of these are named.
pub fn verification_required(heard: &Heard<'_>, _: &TimeZone) -> Vec<Word> {
    let Some(contact) = texts(heard.data.get("handle")).find_map(contact) else { return Vec::new() };
    let mut note: Map<String, Value> = Map::new();
    let told = ["claims", "domains_total"].map(|name| (name, heard.data.get(name)));
    note.extend(told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))));
    let about = |object: ObjectKey, kind, due, more: (&str, Value)| {
        let mut word = heard.word_on(object, Says::Due { kind, due }, Basis::Message);
        word.note = note.clone();
        word.note.insert(more.0.into(), more.1);
        word
    };
    let earliest: Vec<_> = [
        ("earliest_for_dedelegation", DeadlineKind::VerificationBeforeDedelegation),
        ("earliest_for_deletion", DeadlineKind::VerificationBeforeDeletion),
    ]
    .into_iter()
    .filter_map(|(field, kind)| {
        let part = heard.data.get(field)?;
        let name = part.get("ace").or_else(|| part.get("domain"))?.as_str()?;
        let domain = ObjectKey::new(ObjectKind::Domain, &names::domain(field, name).ok()?.ace);
        Some((part.get("deadline")?.as_str()?.parse::<Timestamp>().ok()?, kind, domain))
    })
    .collect();
    let first = earliest.iter().min_by_key(|(due, ..)| *due);
    let of_contact = first.map(|(due, _, domain)| {
        let more = ("earliest_domain", json!(domain.name()));
        about(contact.clone(), DeadlineKind::ContactVerification, *due, more)
    });
    let of_domains = earliest
        .iter()
        .map(|(due, kind, domain)| about(domain.clone(), *kind, *due, ("contact", json!(contact.name()))));
    of_contact.into_iter().chain(of_domains).collect()
}

/// Whether an order states that a contact was verified with success.
pub fn is_verified(heard: &Heard<'_>) -> bool {
    let blocks: Vec<_> = blocks(heard.params.get("verification")).collect();
    !blocks.is_empty() && blocks.iter().all(|block| is_success(block))
}

/// Whether a contact is shown as verified in name and address: which claims were wanted is not told here.
pub fn is_wholly_verified(heard: &Heard<'_>) -> bool {
    let proved = |claim: &str| {
        let mut with_success = blocks(heard.data.get("verification")).filter(|block| is_success(block));
        with_success.any(|block| texts(block.get("claims")).any(|text| text.eq_ignore_ascii_case(claim)))
    };
    blocks(heard.data.get("verification")).all(is_success) && CLAIMS.iter().all(|claim| proved(claim))
}

fn is_success(block: &Value) -> bool {
    block.get("result").and_then(Value::as_str).is_some_and(|result| result.trim().eq_ignore_ascii_case("success"))
}

fn blocks(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.map_or(&[][..], |value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)).iter()
}

/// A text, or the texts of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    blocks(value).filter_map(Value::as_str).map(str::trim)
}

/// The key of a contact: its handle in upper case, as jobs have it.
fn contact(handle: &str) -> Option<ObjectKey> {
    (!handle.is_empty()).then(|| ObjectKey::new(ObjectKind::Contact, &handle.to_uppercase()))
}
