//! The response codes and what each means for a job: one row per code, in the order of the reference (§6.1, with what §6.3
//! says to do), then the codes that stand in no document and that clients have seen. A code says little by itself: what
//! its text decides (§6.4) is in the second table.

use super::classes::Class::{
    self, Already, Ask, Async, Backoff, ByHand, Funds, Refused, Soon, Success, Suspend, Throttle, Wait,
};
use crate::model::Operation::{self, DomainDelete, DomainRenew, DomainRestore, DomainUpdate, HostCreate, HostDelete};
use crate::registries::Explained;

/// A code.
pub struct Row {
    /// Decimal digits.
    pub code: &'static str,
    /// What it means in the answer to a question.
    pub read: Class,
    /// What it means in the answer to an order.
    pub write: Class,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

/// A code whose text decides. Before the code's own row, the first that fits counts.
pub struct Text {
    /// Decimal digits; empty for any code.
    pub code: &'static str,
    /// The operations it is for; empty for all.
    pub of: &'static [Operation],
    /// A part of the text: lower case, single blanks.
    pub fragment: &'static str,
    /// What it means in the answer to a question.
    pub read: Class,
    /// What it means in the answer to an order.
    pub write: Class,
    /// What to know about it.
    pub remark: &'static str,
}

/// A code with many texts: one that is in no table is told to people.
pub const GRAB_BAG: &str = "400";
/// Registered or ordered by somebody, perhaps by an earlier request of ours.
pub const TAKEN: &str = "485";
/// No such thing, or not ours.
pub const NOT_FOUND: &str = "480";
/// Answers of LOOKUP.
pub const FREE: &str = "210";
/// As [`FREE`].
pub const REGISTERED: &str = "211";
/// As [`FREE`]: somebody's order for it waits for its registry.
pub const AWAITED: &str = "221";
/// It exists, and is being made or changed.
pub const IN_PROCESS: &str = "486";
/// The connection had its hundred commands.
pub const SPENT: &str = "350";
/// Of an order for a renewal: renewed already. Before anything was ordered: this address may not.
pub const RENEWED: &str = "555";

const fn row(code: &'static str, read: Class, write: Class, remark: &'static str) -> Row {
    Row { code, read, write, remark }
}

/// All codes.
pub const CODES: &[Row] = &[
    row("200", Success, Success, "done; of a transfer: begun"),
    row(FREE, Success, Ask, "the name is free; no answer to an order"),
    row(REGISTERED, Success, Already, "the name is taken; to an order: perhaps by an earlier request of ours"),
    row(AWAITED, Success, Ask, "taken: a registration waits at an asynchronous registry, perhaps ours"),
    row("250", Success, Async, "given to an asynchronous registry, which takes its time"),
    // Rate, deferral or consent: by text. What is none of them was taken all the same.
    row("300", Async, Async, "deferred"),
    row("310", Throttle, Throttle, "too many connections at once"),
    // Refused before it is carried out, so the next connection may send it again.
    row(SPENT, Soon, Soon, "a hundred commands over one connection: the next one takes it"),
    row(GRAB_BAG, Refused, Ask, "many things; this text is not known"),
    row("404", Backoff, Ask, "internal error over there"),
    row("405", Backoff, Ask, "the registry refused or broke off a change of name servers: what is there tells"),
    row("410", Suspend, Suspend, "the reseller was not recognised"),
    row("415", Refused, Refused, "user name or password of the profile are wrong, not the reseller's"),
    row("420", Refused, Refused, "a contact's data are out of range, often the form of a telephone number"),
    row("430", Refused, Refused, "no such command, or not for this account"),
    row("435", Refused, Refused, "not allowed, or a name server its registry does not know: create that first"),
    row("436", Backoff, Ask, "OpenSRS does not understand its registry; only its support can mend that"),
    row("437", Wait, Wait, "another request for this domain still waits at its registry"),
    row("440", Refused, Funds, "not enough money in the account"),
    row("445", Refused, Refused, "quota of name servers used up"),
    row("447", Refused, Refused, "limit of sub-users used up"),
    row("460", Refused, Refused, "a field is missing; ours to mend"),
    row("465", Refused, Refused, "a value is not accepted"),
    row(
        "470",
        Refused,
        Refused,
        "a contact in a wrong form, of a type this TLD has not, or not to be changed with others",
    ),
    row(NOT_FOUND, Refused, Refused, "no such thing, not ours, or not supported"),
    row(TAKEN, Refused, Already, "exists already: perhaps by an earlier request of ours"),
    row(IN_PROCESS, Wait, Wait, "being processed, usually a registration: perhaps ours"),
    row("487", Success, Already, "not transferable; perhaps because a transfer of ours is under way"),
    row("541", Refused, Ask, "the registry's year of expiry is another one: moved by us, or the order was wrong"),
    row("552", Refused, Refused, "younger than 60 days, locked, in dispute or deleted"),
    // That a renewal from this year succeeded does not say whose it was.
    row(RENEWED, Refused, Ask, "a renewal from this year of expiry has succeeded already: ours, or another"),
    row("557", Refused, ByHand, "a name server of the root zone, changed by its registry only"),
    row("599", Refused, Refused, "this TLD does not take a contact's data, often the form of a telephone number"),
    row("702", Backoff, Ask, "no word from the registry"),
    row("703", Backoff, Ask, "the command could not be passed on"),
    row("704", Backoff, Ask, "an empty message from the registry"),
    row("705", Backoff, Ask, "no answer from the registry in time; it may have acted all the same"),
    // In no document.
    row("401", Suspend, Suspend, "the reseller was not recognised"),
    row("212", Success, Success, "the name server exists"),
    row("701", Refused, Refused, "no such TLD; the quick lookup's code"),
    row("500", Backoff, Ask, "a part of the answer failed for now"),
    row("0", Success, Ask, "a part of the answer is good; no code of a whole answer"),
    row("3001", Refused, Funds, "over quota: not enough money in the account"),
];

const fn text(code: &'static str, fragment: &'static str, read: Class, write: Class, remark: &'static str) -> Text {
    Text { code, of: &[], fragment, read, write, remark }
}

const fn of(
    of: &'static [Operation],
    code: &'static str,
    fragment: &'static str,
    [read, write]: [Class; 2],
    remark: &'static str,
) -> Text {
    Text { code, of, fragment, read, write, remark }
}

const CONSENT: &str = "the order waits for a contact's consent to share its data";
const SAME_HOST: &str = "what is there tells whether it is the one ordered";
const HOST_GONE: &str = "gone is what was ordered";

/// What texts decide.
pub const TEXTS: &[Text] = &[
    // A socket's minute was over before all had arrived; comes with no code of its own.
    text("", "timeout reading client request", Soon, Ask, "the connection's 60 seconds were over"),
    text("300", "command rate", Throttle, Throttle, "too many commands; not carried out"),
    text("300", "gdpr", Async, Async, CONSENT),
    text("300", "agree", Async, Async, CONSENT),
    text("300", "pending contact", Async, Async, CONSENT),
    text("300", "request deferred", Async, Async, "given to an asynchronous registry, which takes its time"),
    text(GRAB_BAG, "invalid ip address", Suspend, Suspend, "this address may not send"),
    text(GRAB_BAG, "invalid encryption method", Suspend, Suspend, "the account is set to another cipher"),
    text(GRAB_BAG, "invalid command", Refused, Refused, "no such command; ours to mend"),
    text(GRAB_BAG, "another renewal cannot be applied", Wait, Wait, "a renewal is under way, perhaps ours"),
    text(GRAB_BAG, "unable to complete registration. please retry", Backoff, Ask, "failed for now; perhaps in part"),
    text(GRAB_BAG, "unable to change nameserver hostname", Refused, Ask, "what is there tells"),
    text(GRAB_BAG, "internal server error", Backoff, Ask, "internal error over there"),
    text(GRAB_BAG, "fatal server error", Backoff, Ask, "internal error over there"),
    of(&[DomainRestore], GRAB_BAG, "cannot be redeemed", [Refused, Already], "perhaps redeemed already, by us"),
    // Each attempt of a job has a cookie of its own.
    text("415", "cookie", Soon, Soon, "the cookie is not known any more; the next attempt gets a new one"),
    // The test system's word for 555.
    text("465", "already renewed", Refused, Ask, "a renewal from this year of expiry has succeeded already"),
    text("465", "invalid domain syntax", Refused, Refused, "no admissible domain name"),
    text("465", "invalid syntax on domain", Refused, Refused, "no admissible domain name"),
    text(
        NOT_FOUND,
        "cookie not found",
        Soon,
        Soon,
        "the cookie is not known any more; the next attempt gets a new one",
    ),
    of(&[DomainRenew], NOT_FOUND, "renewals not supported", [Refused; 2], "this registry renews by itself"),
    of(&[DomainRenew], NOT_FOUND, "capability is not enabled", [Refused; 2], "this registry renews by itself"),
    of(&[DomainUpdate], NOT_FOUND, "not mapped", [Refused, Ask], HOST_GONE),
    of(&[HostDelete], NOT_FOUND, "not exist", [Refused, Ask], HOST_GONE),
    of(&[HostDelete], NOT_FOUND, "not in local database", [Refused, Ask], HOST_GONE),
    of(&[HostDelete], NOT_FOUND, "not mapped", [Refused, Ask], HOST_GONE),
    of(&[HostDelete], NOT_FOUND, "not found", [Refused, Ask], HOST_GONE),
    of(&[HostDelete], NOT_FOUND, "not in registry", [Refused, Ask], HOST_GONE),
    // A name that never was ours is not deleted by trying; one that a lost request of this job deleted is.
    of(&[DomainDelete], NOT_FOUND, "not owned", [Refused, Already], "not ours: perhaps because we deleted it"),
    of(&[DomainDelete], NOT_FOUND, "unable to find domain", [Refused, Already], "gone: perhaps deleted by us"),
    text(TAKEN, "in use", Refused, Refused, "a name server that serves a domain stays"),
    of(&[HostCreate], TAKEN, "already exists", [Refused, Ask], SAME_HOST),
    of(&[DomainUpdate, HostCreate], TAKEN, "already mapped", [Refused, Ask], SAME_HOST),
    text(TAKEN, "domain taken", Refused, Already, "registered: perhaps by an earlier request of ours"),
];

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Row> {
    CODES.iter().find(|row| row.code == code)
}

/// The row of a text in the answer to an operation.
pub fn find_text(operation: Operation, code: &str, text: &str) -> Option<&'static Text> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // A request in the registry's own words may be any of them.
    let fits = |row: &Text| row.of.is_empty() || row.of.contains(&operation) || operation == Operation::Raw;
    TEXTS.iter().find(|row| (row.code.is_empty() || row.code == code) && fits(row) && text.contains(row.fragment))
}

/// The tables in words.
pub fn explained() -> Vec<Explained> {
    let text = |row: &Text| Explained {
        operations: row.of.to_vec(),
        text: row.fragment,
        ..Explained::of(row.code, row.read.words(), row.write.words(), row.remark)
    };
    let general = |row: &Row| Explained::of(row.code, row.read.words(), row.write.words(), row.remark);
    TEXTS.iter().map(text).chain(CODES.iter().map(general)).collect()
}
