//! The response codes and what each means for a job: one row per code, in the order of the reference (section 8), then what
//! some of them mean in the answer to certain commands.
//!
//! A failed command leaves the registry as it was, they say (3.2). Yet what is worth repeating is looked for first where it
//! writes (8.1: RETRY and RECONNECT): one question is cheap, and a second effect is not.

use super::classes::Class::{self, Already, Ask, Backoff, ByHand, Funds, Refused, Soon, Success, Suspend, Throttle};
use crate::model::Operation::{
    self, DomainCheck, DomainCreate, DomainDelete, DomainTransfer, DomainTransferApprove, DomainTransferReject,
    DomainUpdate, HostCheck, HostCreate, HostDelete, HostUpdate, OrderCancel,
};
use crate::registries::Explained;

/// A code.
pub struct Row {
    /// Three digits.
    pub code: &'static str,
    /// What it means in the answer to a question.
    pub read: Class,
    /// What it means in the answer to an order.
    pub write: Class,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

/// What a code means in the answer to certain commands.
pub struct Special {
    /// Three digits.
    pub code: &'static str,
    /// The commands.
    pub of: &'static [Operation],
    /// What it means there.
    pub class: Class,
    /// What to know about it there.
    pub remark: &'static str,
}

/// Done.
pub const DONE: &str = "200";
/// Answers of CHECK.
pub const FREE: &[&str] = &["210", "212"];
/// As [`FREE`].
pub const TAKEN: &[&str] = &["211", "213"];
/// Codes after which the connection is closed by the server.
pub const CLOSING: &[&str] = &["220", "420", "520", "521"];
/// The order of commands is wrong: of a session that is open, the registry does not know it any more.
pub const SEQUENCE: &str = "547";
/// Id or password are wrong.
pub const WRONG_PASSWORD: &str = "530";
/// Somebody else's.
pub const FOREIGN: &str = "531";
/// Nothing to decide.
pub const NOT_FLAGGED: &str = "534";
/// A transfer is pending, whosever.
pub const FLAGGED: &str = "536";
/// No such thing.
pub const NOT_FOUND: &str = "545";
/// Too many sessions.
pub const SESSIONS: &str = "521";

const fn row(code: &'static str, read: Class, write: Class, remark: &'static str) -> Row {
    Row { code, read, write, remark }
}

/// All codes.
pub const CODES: &[Row] = &[
    row(DONE, Success, Success, "done; of a transfer: asked for"),
    row("210", Soon, Ask, "an answer to another question"),
    row("211", Soon, Ask, "an answer to another question"),
    row("212", Soon, Ask, "an answer to another question"),
    row("213", Soon, Ask, "an answer to another question"),
    row("220", Success, Success, "done, and the connection is closed"),
    row("420", Backoff, Ask, "a fault over there; the connection is closed"),
    row("421", Backoff, Ask, "a fault over there"),
    row("500", Refused, Refused, "no such command; ours to mend"),
    row("501", Refused, Refused, "no such option; ours to mend"),
    row("502", Refused, Refused, "neither a domain nor a name server; ours to mend"),
    row("503", Refused, Refused, "no such attribute, or not here: a name server of another registry has no address"),
    row("504", Refused, Refused, "an attribute is missing: a name server of this registry needs an address"),
    row("505", Refused, Refused, "a value is malformed"),
    row("506", Refused, Refused, "an option is out of its range"),
    row("507", Refused, Refused, "malformed; ours to mend"),
    row("508", Refused, Refused, "no entity is named; ours to mend"),
    row("509", Refused, Refused, "an option is missing; ours to mend"),
    row("510", Refused, Refused, "2.0.0: an internationalised name is not encoded as it must be"),
    // Idle, too slow or too long a session: whether the command was carried out before, nobody says.
    row("520", Soon, Ask, "the session's time is over; the connection is closed"),
    row(SESSIONS, Throttle, Throttle, "too many sessions; the connection is closed"),
    row(WRONG_PASSWORD, Suspend, Suspend, "id or password are wrong"),
    row(FOREIGN, Refused, Refused, "another registrar's or the registry's: perhaps transferred away"),
    row("532", Refused, Refused, "the name server still serves domains: give them others first"),
    row("533", Refused, Refused, "a name server below the domain serves other domains: rename or free it first"),
    row(NOT_FLAGGED, Refused, Refused, "no transfer is pending"),
    row("535", Refused, Refused, "the address is in a reserved range"),
    row(FLAGGED, Refused, Refused, "a transfer is pending"),
    row("540", Refused, Refused, "it exists already: taken by another, in use or set"),
    row("541", Refused, Refused, "a value is not possible: address, name or years"),
    row("542", Refused, Refused, "what is to be removed is not there"),
    row("543", Refused, Refused, "a value that only the registry sets"),
    row("544", Refused, Refused, "on hold: take REGISTRAR-HOLD off first; REGISTRY-HOLD is the registry's"),
    row(NOT_FOUND, Refused, Refused, "not registered: register a name server before domains use it"),
    row("546", Refused, Funds, "not enough money"),
    row(SEQUENCE, Soon, Ask, "the registry does not know the session any more"),
    row("548", Refused, Refused, "not yet to be renewed: the registry takes renewals near the expiry only"),
    row("549", Backoff, Ask, "failed over there"),
    row("550", Refused, Refused, "the domain of the name server is not registered"),
    row("551", Refused, Refused, "the domain of the name server is locked or on hold"),
    row(
        "552",
        Refused,
        Refused,
        "locked or on hold: take the status off first, in a job of its own, or ask the registry",
    ),
    row("553", Refused, Refused, "a transfer is pending: decide it first"),
    row("554", Refused, Already, "registered, and ours already: perhaps by an earlier request of this job"),
    // That a renewal from this year counted does not say whose: the expiry is compared with the order's.
    row(
        "555",
        Refused,
        Already,
        "the domain expires in another year than the order says: renewed already, perhaps by us",
    ),
    row("556", Refused, Refused, "further ahead than domains may be registered: order fewer years"),
    row("557", Refused, ByHand, "2.0.0: serves a top-level domain; changed by the registry's operator only"),
];

const fn of(code: &'static str, of: &'static [Operation], class: Class, remark: &'static str) -> Special {
    Special { code, of, class, remark }
}

/// What some codes mean in the answer to certain commands.
pub const SPECIAL: &[Special] = &[
    of("210", &[DomainCheck], Success, "the name is free, for this moment"),
    of("211", &[DomainCheck], Success, "the name is registered"),
    of("212", &[HostCheck], Success, "the name server is not registered"),
    of("213", &[HostCheck], Success, "the name server is registered, with these addresses"),
    // Listed among the failures of CHECK: it was carried out, and said nothing.
    of("220", &[DomainCheck, HostCheck], Soon, "closed without an answer to the question"),
    of(DONE, &[DomainCheck, HostCheck], Soon, "no answer to the question"),
    of(FOREIGN, &[DomainTransferApprove], Already, "not ours: perhaps let go already"),
    of(FOREIGN, &[DomainDelete], Already, "not ours: perhaps deleted by us, and registered by another since"),
    of(FOREIGN, &[DomainTransfer], Already, "not to be transferred: perhaps it came to us already"),
    of(
        NOT_FLAGGED,
        &[DomainTransferApprove, DomainTransferReject, OrderCancel],
        Already,
        "decided already, by us or by time",
    ),
    of(
        FLAGGED,
        &[DomainTransfer],
        Already,
        "a transfer is pending: perhaps an earlier request of this job, or another's",
    ),
    of("540", &[DomainCreate], Already, "taken"),
    of("540", &[HostCreate], Already, "the name server or its address is registered: perhaps by an earlier request"),
    of("540", &[DomainUpdate, HostUpdate], Already, "something to be added is there already; nothing was done"),
    of("542", &[DomainUpdate, HostUpdate], Already, "something to be removed is not there; nothing was done"),
    of(NOT_FOUND, &[DomainDelete, HostDelete], Already, "no such thing: perhaps deleted by an earlier request"),
    of(NOT_FOUND, &[HostUpdate], Already, "no such name server: perhaps renamed by an earlier request"),
];

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Row> {
    CODES.iter().find(|row| row.code == code)
}

/// What a code means in the answer to an operation, and what to know about it; `None` for a code in no table.
pub fn meaning(operation: Operation, code: &str) -> Option<(Class, &'static str)> {
    let row = find(code)?;
    let special = SPECIAL.iter().find(|special| special.code == code && special.of.contains(&operation));
    let general = (if operation.writes() { row.write } else { row.read }, row.remark);
    Some(special.map_or(general, |special| (special.class, special.remark)))
}

/// The tables in words.
pub fn explained() -> Vec<Explained> {
    let special = |row: &Special| Explained {
        operations: row.of.to_vec(),
        ..Explained::of(row.code, row.class.words(), row.class.words(), row.remark)
    };
    let general = |row: &Row| Explained::of(row.code, row.read.words(), row.write.words(), row.remark);
    SPECIAL.iter().map(special).chain(CODES.iter().map(general)).collect()
}
