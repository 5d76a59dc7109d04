//! The risk assessment, as the mock-up of the registry's test environment does it: by words in the data. A
//! `VerificationResult` counts more than a word in an address, and that more than a word in the domain name.

use jiff::{SignedDuration, Timestamp};

use super::super::super::clock::later;
use super::super::state::{Contact, Status};

/// What a registration comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Assessment {
    pub(in super::super) status: Status,
    pub(in super::super) dedelegation: Option<Timestamp>,
    pub(in super::super) deletion: Option<Timestamp>,
    /// Whether a `domainStatusUpdate` tells it.
    pub(in super::super) is_told: bool,
}

/// Words and what they cause. `NISserverHold` is this sandbox's own; the registry's list is not completely known, nor
/// what `NISverificationRequired` does in a CREATE: here it is a delegated domain with both deadlines.
const WORDS: &[(&str, Status, bool, bool, bool)] = &[
    ("nispendingcreate", Status::PendingCreate, false, false, false),
    ("nisverificationrequired", Status::Connect, true, true, true),
    ("nisserverhold", Status::ServerHold, false, true, true),
    ("nisconnect", Status::Connect, false, false, true),
];

/// Days until de-delegation of a suspicious domain.
const DEDELEGATION_DAYS: i64 = 14;
/// Days until deletion; the registry's figure is not known.
const DELETION_DAYS: i64 = 28;

/// Assesses a domain whose name servers are in order.
pub(in super::super) fn assess(domain: &str, holders: &[&Contact], now: Timestamp) -> Assessment {
    let by_name = || by_word(&domain.to_lowercase(), now);
    by_holders(holders, now).or_else(by_name).unwrap_or_else(|| outcome(now, (Status::Connect, false, false, true)))
}

/// What the holders of a domain alone decide, if they decide anything.
pub(in super::super) fn by_holders(holders: &[&Contact], now: Timestamp) -> Option<Assessment> {
    if holders.iter().any(|holder| holder.verification.iter().any(|block| !block.success)) {
        return Some(outcome(now, (Status::ServerHold, false, true, true)));
    }
    if !holders.is_empty() && holders.iter().all(|holder| !holder.verification.is_empty()) {
        return Some(outcome(now, (Status::Connect, false, false, true)));
    }
    let addresses: String =
        holders.iter().flat_map(|holder| &holder.address).map(|line| line.to_lowercase() + "\n").collect();
    by_word(&addresses, now)
}

fn by_word(text: &str, now: Timestamp) -> Option<Assessment> {
    let (_, status, dedelegation, deletion, is_told) = WORDS.iter().find(|(word, ..)| text.contains(word))?;
    Some(outcome(now, (*status, *dedelegation, *deletion, *is_told)))
}

fn outcome(now: Timestamp, (status, dedelegation, deletion, is_told): (Status, bool, bool, bool)) -> Assessment {
    let days = |days: i64| later(now, SignedDuration::from_hours(24 * days));
    Assessment {
        status,
        dedelegation: dedelegation.then(|| days(DEDELEGATION_DAYS)),
        deletion: deletion.then(|| days(DELETION_DAYS)),
        is_told,
    }
}
