//! What the registry's answers and events mean for the calendar of deadlines: its table of rules (reference, 8), and who and
//! what they are about.

mod listed;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::limits::zone;
use super::outcome;
use crate::model::Operation;
use crate::model::civil::Span;
use crate::model::deadline::rules::{self, Heard, On, Rule, Then, rule, rule_if};
use crate::model::deadline::{Basis, Deadline, DeadlineKind, Says, Word};
use DeadlineKind::{DomainExpiry, RedemptionEnd, RegistrantVerification, RenewalGraceEnd, TransferDecision};
use On::{Anything, Done, Refused, Settled, Taken, Told};
use Operation::{
    AccountInfo, DomainCheck, DomainDelete, DomainInfo, DomainRenew, DomainRestore, DomainTransfer, OrderCancel,
};
use Then::{Clears, Follows, Leaves, Meets, Misses, Passes, Shows, Since, Starts};

// How long the rules last: the registry's policy (reference, 8), which no answer tells.

/// After the expiry a domain can be renewed at the normal price.
const GRACE: Span = Span::Days(40);
/// The same of .ca, by a document of 2002.
const GRACE_OF_CA: Span = Span::Days(30);
/// From a deletion on a domain can be redeemed.
const REDEMPTION: Span = Span::Days(30);
/// [`GRACE`] and [`REDEMPTION`].
const UNTIL_REDEEMED: Span = Span::Days(70);
/// [`GRACE_OF_CA`] and [`REDEMPTION`].
const UNTIL_REDEEMED_OF_CA: Span = Span::Days(60);
/// A registrant answers the mail that asks whether the address is right.
const VERIFICATION: Span = Span::Days(15);
/// A registry decides on a transfer. How long the owner may take to approve it stands nowhere.
const TRANSFER: Span = Span::Days(5);

/// What runs out when nobody renews.
const LIFE: &[DeadlineKind] = &[DomainExpiry, RenewalGraceEnd, RedemptionEnd];
/// What a name has that is registered. Its redemption begins when it is no more.
const REGISTERED: &[DeadlineKind] = &[DomainExpiry, RenewalGraceEnd];
/// What ends with a deletion.
const ALIVE: &[DeadlineKind] = &[DomainExpiry, RenewalGraceEnd, RegistrantVerification];

/// Top-level domains whose registries renew by themselves: nothing runs out after the expiry (reference, 5.4).
const RENEW_THEMSELVES: &[&str] = &["de", "dk", "za", "at", "fr"];
const CA: &str = "ca";

const VERIFICATIONS: &str = "OpenSRS reference 5.27: registrant verification";
const TRANSFERS: &str = "OpenSRS reference 8: transfers";
const CANCELLED: &str = "the transfer was cancelled or declined: not approved in time, refused, or withdrawn";

/// The table. `Anything` stands for whatever names a date or a status; dates are those that [`outcome::deadlines`] finds.
pub const RULES: &[Rule] = &[
    // The life of a registration. A renewal that was only stored, or whose new date is not told, ends nothing yet.
    rule_if(Done(DomainRenew), is_renewed, Meets(LIFE), "OpenSRS reference 5.4: RENEW"),
    rule_if(
        Anything,
        is_usual,
        Follows(RenewalGraceEnd, DomainExpiry, GRACE),
        "OpenSRS reference 8: end of grace, day 40",
    ),
    rule_if(Anything, is_ca, Follows(RenewalGraceEnd, DomainExpiry, GRACE_OF_CA), "OpenSRS reference 8: .ca, day 30"),
    rule_if(
        Anything,
        is_usual,
        Follows(RedemptionEnd, DomainExpiry, UNTIL_REDEEMED),
        "OpenSRS reference 8: redemption, days 40 to 70",
    ),
    rule_if(
        Anything,
        is_ca,
        Follows(RedemptionEnd, DomainExpiry, UNTIL_REDEEMED_OF_CA),
        "OpenSRS reference 8: redemption, 30 days after the grace of .ca",
    ),
    // It stops resolving, and can be renewed as before.
    rule(
        Told("domain_expired"),
        Passes(&[DomainExpiry], "the name expired and stopped resolving"),
        "OpenSRS reference 5.22",
    ),
    // An order may have deleted it as well, and its answer be recorded after this: what lay ahead no longer matters.
    rule(Told("domain_deleted"), Passes(REGISTERED, "the domain was deleted"), "OpenSRS reference 5.22"),
    rule(Told("domain_deleted"), Clears(ALIVE, "the domain was deleted"), "OpenSRS reference 5.22"),
    rule_if(
        Told("domain_deleted"),
        is_redeemable,
        Starts(RedemptionEnd, REDEMPTION),
        "OpenSRS reference 8: redemption",
    ),
    rule(Done(DomainRestore), Meets(LIFE), "OpenSRS reference 5.21: REDEEM"),
    rule(Done(DomainDelete), Leaves("it was deleted by order (REVOKE)"), "OpenSRS reference 5.20: REVOKE"),
    rule_if(
        Done(DomainCheck),
        is_free,
        Leaves("the name is free: anybody may register it"),
        "OpenSRS reference 5.1: LOOKUP",
    ),
    // GET shows what lives, also in its grace period, and nothing of a name that is being redeemed (5.6): that it is not shown
    // does not say that nothing can be done.
    rule_if(Done(DomainInfo), is_whole, Shows(&[DomainExpiry]), "OpenSRS reference 5.6: GET all_info"),
    rule_if(Refused(DomainInfo), is_unknown, Shows(REGISTERED), "OpenSRS reference 5.6: GET, 480"),
    rule_if(
        Refused(DomainInfo),
        is_unknown,
        Clears(&[RegistrantVerification], "no such domain with us any more"),
        "OpenSRS reference 5.6: GET, 480",
    ),
    rule_if(Done(DomainCheck), is_elsewhere, Shows(REGISTERED), "OpenSRS reference 5.25: BELONGS_TO_RSP 0"),
    rule_if(
        Done(DomainCheck),
        is_elsewhere,
        Clears(&[RegistrantVerification], "no such domain with us any more"),
        "OpenSRS reference 5.25: BELONGS_TO_RSP 0",
    ),
    // Each domain of the list of those that were deleted.
    rule_if(Done(AccountInfo), is_deleted, Passes(REGISTERED, "the domain was deleted"), "OpenSRS reference 5.28"),
    rule_if(Done(AccountInfo), is_deleted, Clears(REGISTERED, "the domain was deleted"), "OpenSRS reference 5.28"),
    rule_if(Done(AccountInfo), is_deleted, Since(RedemptionEnd, listed::DELETED, REDEMPTION), "OpenSRS reference 5.28"),
    // Transfers. Each step is a status of its own, and has its time.
    rule_if(Taken(DomainTransfer), is_not_kept, Starts(TransferDecision, TRANSFER), TRANSFERS),
    rule(Done(DomainTransfer), Meets(&[TransferDecision]), TRANSFERS),
    rule_if(Refused(DomainTransfer), came_to_nothing, Misses(&[TransferDecision], CANCELLED), TRANSFERS),
    rule_if(Told("transfer_status_change"), is_under_way, Starts(TransferDecision, TRANSFER), TRANSFERS),
    rule_if(Told("transfer_status_change"), is_completed, Meets(&[TransferDecision]), TRANSFERS),
    rule_if(Told("transfer_status_change"), is_cancelled, Misses(&[TransferDecision], CANCELLED), TRANSFERS),
    rule_if(
        Told("transfer_status_change"),
        is_moved_away,
        Leaves("it was transferred to another registrar"),
        TRANSFERS,
    ),
    rule_if(Told("order_status_change"), is_transfer_done, Meets(&[TransferDecision]), TRANSFERS),
    rule_if(Told("order_status_change"), is_transfer_off, Misses(&[TransferDecision], CANCELLED), TRANSFERS),
    rule_if(
        Done(OrderCancel),
        is_of_transfer,
        Clears(&[TransferDecision], "the transfer was withdrawn by order"),
        TRANSFERS,
    ),
    rule_if(
        Done(DomainCheck),
        is_check_completed,
        Meets(&[TransferDecision]),
        "OpenSRS reference 5.10: CHECK_TRANSFER",
    ),
    rule_if(
        Done(DomainCheck),
        is_check_cancelled,
        Misses(&[TransferDecision], CANCELLED),
        "OpenSRS reference 5.10: CHECK_TRANSFER",
    ),
    // What a list of transfers shows of one domain.
    rule_if(Anything, is_listed_open, Since(TransferDecision, listed::ASKED, TRANSFER), "OpenSRS reference 5.13"),
    rule_if(Anything, is_listed_completed, Meets(&[TransferDecision]), "OpenSRS reference 5.13"),
    rule_if(Anything, is_listed_cancelled, Misses(&[TransferDecision], CANCELLED), "OpenSRS reference 5.13"),
    // Verification of the registrant's address.
    rule_if(Anything, is_asked_to_verify, Starts(RegistrantVerification, VERIFICATION), VERIFICATIONS),
    rule_if(Anything, is_verified, Meets(&[RegistrantVerification]), VERIFICATIONS),
    rule_if(
        Anything,
        is_suspended,
        Misses(&[RegistrantVerification], "the domain is suspended: web and mail stop"),
        VERIFICATIONS,
    ),
    rule_if(
        Anything,
        needs_no_verification,
        Clears(&[RegistrantVerification], "no verification is needed"),
        VERIFICATIONS,
    ),
];

/// What was heard means this for the calendar.
///
/// Words are about domains. A list (`account.info`, the domains of a profile) says something of each domain in it; an answer
/// about an order, of the domain it names, if any.
pub fn calendar(heard: &Heard<'_>) -> Vec<Word> {
    if heard.what == Settled {
        // It says no more than what was done or refused with it.
        return Vec::new();
    }
    let parts = listed::parts(heard);
    parts.iter().flat_map(|part| of_domain(&part.heard(heard))).collect()
}

fn of_domain(heard: &Heard<'_>) -> Vec<Word> {
    let named = named(heard);
    let heard = &Heard { named: &named, ..*heard };
    let words = rules::words(RULES, &zone(), heard);
    words.into_iter().chain(expected(heard)).filter_map(|word| past(word, heard.at)).collect()
}

/// The dates that count. The registry extends a name that nobody renewed by a year of its own accord, while OpenSRS still
/// expires it (reference, 5.4): the earlier date is the one by which something is to be done. A deadline for a verification
/// that is over is none.
fn named(heard: &Heard<'_>) -> Vec<Deadline> {
    let ours = heard.text("/expiredate").and_then(outcome::instant);
    let earlier = |deadline: &Deadline| match ours {
        Some(ours) if deadline.kind == DomainExpiry => Deadline { due: deadline.due.min(ours), ..deadline.clone() },
        _ => deadline.clone(),
    };
    let counts = |deadline: &&Deadline| deadline.kind != RegistrantVerification || !is_suspended(heard);
    heard.named.iter().filter(counts).map(earlier).collect()
}

/// The answer to a registration tells no date (reference, 5.3): until one is told, the years that were ordered count.
fn expected(heard: &Heard<'_>) -> Option<Word> {
    let is_registered = heard.what == Done(Operation::DomainCreate) && is_not_kept(heard) && !heard.names(DomainExpiry);
    let years = heard.params.get("years").and_then(Value::as_u64).and_then(|years| u16::try_from(years).ok());
    let due = Span::Years(years.filter(|_| is_registered)?).after(heard.at, &zone());
    let mut word = heard.word(Says::Due { kind: DomainExpiry, due }, Basis::Rule);
    word.note.insert("rule".into(), "OpenSRS reference 5.3: the years ordered".into());
    Some(word)
}

/// What a date that has passed says: a name that is still shown then has expired, or is past its grace period. A list that
/// is late says nothing of a date that was moved since.
fn past(mut word: Word, at: Timestamp) -> Option<Word> {
    let why = match word.says {
        Says::Due { kind: DomainExpiry, due } if due <= at => {
            "the registry shows a date that has passed: it no longer resolves"
        }
        Says::Due { kind: RenewalGraceEnd, due } if due <= at => "the time after the expiry has passed",
        Says::Due { kind: RedemptionEnd, due } if due <= at => return None,
        _ => return Some(word),
    };
    if let Says::Due { kind, .. } = word.says {
        word.says = Says::Passed { kind, why: why.into() };
    }
    Some(word)
}

/// The last label of the name.
fn zone_of<'a>(heard: &Heard<'a>) -> &'a str {
    heard.object.name().rsplit('.').next().unwrap_or_default()
}

fn is_ca(heard: &Heard<'_>) -> bool {
    zone_of(heard) == CA
}

fn is_redeemable(heard: &Heard<'_>) -> bool {
    !RENEW_THEMSELVES.contains(&zone_of(heard))
}

/// What is not known of a top-level domain is taken to be as it is with the generic ones.
fn is_usual(heard: &Heard<'_>) -> bool {
    is_redeemable(heard) && !is_ca(heard)
}

/// Whether an order was carried out, and not kept for later.
fn is_not_kept(heard: &Heard<'_>) -> bool {
    !heard.states("save")
}

fn is_renewed(heard: &Heard<'_>) -> bool {
    is_not_kept(heard) && heard.names(DomainExpiry)
}

fn asks(heard: &Heard<'_>, question: &str) -> bool {
    heard.params.get("question").and_then(Value::as_str) == Some(question)
}

/// Whether everything about a domain was asked, as whoever manages it.
fn is_whole(heard: &Heard<'_>) -> bool {
    let kind = heard.params.get("type").and_then(Value::as_str).unwrap_or("all_info");
    kind == "all_info" && !heard.states("question")
}

/// 480 to a plain question: no such domain of ours. With a cookie it may be that one which is not known.
fn is_unknown(heard: &Heard<'_>) -> bool {
    heard.code == Some(outcome::NOT_FOUND) && is_whole(heard) && !heard.states("cookie") && !heard.states("username")
}

fn is_elsewhere(heard: &Heard<'_>) -> bool {
    asks(heard, "ours") && heard.text("/belongs_to_rsp") == Some("0")
}

fn is_free(heard: &Heard<'_>) -> bool {
    heard.code == Some(outcome::FREE) && heard.text("/status") == Some("available") && !heard.states("cached")
}

/// Whether a list of deletions shows it, and it can still be redeemed.
fn is_deleted(heard: &Heard<'_>) -> bool {
    heard.instant(listed::DELETED).is_some_and(|deleted| REDEMPTION.after(deleted, &zone()) > heard.at)
}

/// How far a transfer or an order is, in the registry's word.
fn status(heard: &Heard<'_>) -> String {
    let places = ["/transfer_status", "/order_status", "/status"];
    places.iter().find_map(|place| heard.text(place)).unwrap_or_default().to_ascii_lowercase()
}

fn is_under_way(heard: &Heard<'_>) -> bool {
    status(heard).starts_with("pending_")
}

fn is_completed(heard: &Heard<'_>) -> bool {
    status(heard) == "completed"
}

fn is_cancelled(heard: &Heard<'_>) -> bool {
    // One l in events, two in lists.
    ["cancelled", "canceled", "declined", "deleted"].contains(&status(heard).as_str())
}

/// Of a transfer to another registrar it is said who gains the name; of one to us, who loses it (reference, 5.13).
fn is_moved_away(heard: &Heard<'_>) -> bool {
    is_completed(heard) && heard.text("/gaining_registrar").is_some() && heard.text("/losing_registrar").is_none()
}

fn is_transfer_order(heard: &Heard<'_>) -> bool {
    heard.text("/order_reg_type").is_some_and(|kind| kind.eq_ignore_ascii_case("transfer"))
}

fn is_transfer_done(heard: &Heard<'_>) -> bool {
    is_transfer_order(heard) && is_completed(heard)
}

fn is_transfer_off(heard: &Heard<'_>) -> bool {
    is_transfer_order(heard) && is_cancelled(heard)
}

/// Whether an order ended after it was taken: one that is turned down at once has a code, and began nothing.
fn came_to_nothing(heard: &Heard<'_>) -> bool {
    heard.code.is_none()
}

fn is_of_transfer(heard: &Heard<'_>) -> bool {
    heard.states("transfer")
}

fn is_check_completed(heard: &Heard<'_>) -> bool {
    asks(heard, "transfer") && is_completed(heard)
}

fn is_check_cancelled(heard: &Heard<'_>) -> bool {
    asks(heard, "transfer") && is_cancelled(heard)
}

fn is_listed(heard: &Heard<'_>) -> bool {
    matches!(heard.what, Done(DomainInfo | AccountInfo))
        && (asks(heard, "transfers_in") || asks(heard, "transfers_away"))
}

fn is_listed_open(heard: &Heard<'_>) -> bool {
    is_listed(heard) && is_under_way(heard) && heard.instant(listed::ASKED).is_some()
}

fn is_listed_completed(heard: &Heard<'_>) -> bool {
    is_listed(heard) && is_completed(heard)
}

fn is_listed_cancelled(heard: &Heard<'_>) -> bool {
    is_listed(heard) && is_cancelled(heard)
}

/// How far the verification of a registrant is, in the registry's word.
fn verification<'a>(heard: &'a Heard<'_>) -> Option<&'a str> {
    heard.text("/verification_status").or_else(|| heard.text("/registrant_verification_status"))
}

/// The mail is on its way, or out. A question is answered with the date itself; without one, when it began is not known.
fn is_asked_to_verify(heard: &Heard<'_>) -> bool {
    let is_question = heard.what == Done(DomainInfo);
    matches!(verification(heard), Some("pending" | "verifying")) && !is_question && !heard.names(RegistrantVerification)
}

fn is_verified(heard: &Heard<'_>) -> bool {
    verification(heard) == Some("verified")
}

fn is_suspended(heard: &Heard<'_>) -> bool {
    verification(heard) == Some("suspended")
}

fn needs_no_verification(heard: &Heard<'_>) -> bool {
    matches!(verification(heard), Some("unverified" | "not_applicable"))
}

#[cfg(test)]
#[path = "calendar/tests.rs"]
mod tests;

/// What a question whether a date was met has to ask for: GET does not show how far a registrant's verification has come.
pub fn asks_about(kind: DeadlineKind) -> Map<String, Value> {
    let question = (kind == RegistrantVerification).then(|| ("question".to_owned(), "verification".into()));
    question.into_iter().collect()
}
