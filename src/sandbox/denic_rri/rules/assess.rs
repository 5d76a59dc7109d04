//! The risk assessment, as the mock-up of the registry's test environment does it: by words in the data. A
//! `VerificationResult` counts more than a word in an address, and that more than a word in the domain name.

use jiff::{SignedDuration, Timestamp};

use super::super::super::clock::later;
use super::super::state::{Contact, Status};
use super::verification;

/// What a registration comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Assessment {
    pub(in super::super) status: Status,
    pub(in super::super) dedelegation: Option<Timestamp>,
    pub(in super::super) deletion: Option<Timestamp>,
    /// Whether a `domainStatusUpdate` tells it.
    pub(in super::super) is_told: bool,
}

/// How much the registry trusts a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Risk {
    /// Delegated, nothing to do.
    Low,
    /// Delegated, and the holders are to be verified.
    Suspicious,
    /// Not delegated until the holders are verified.
    High,
    /// Not known yet.
    Pending,
}

/// What makes the registry assess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// A domain is registered, connected or gets other holders.
    Registration,
    /// The assessment of a pending domain ends.
    Outcome,
    /// A holder is changed.
    ContactUpdate,
}

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Address,
    Name,
}

const REGISTRATION: &[Occasion] = &[Occasion::Registration];
const DOMAIN: &[Occasion] = &[Occasion::Registration, Occasion::Outcome];
const ALWAYS: &[Occasion] = &[Occasion::Registration, Occasion::Outcome, Occasion::ContactUpdate];

/// Words, and what they cause where and when; the first that fits counts. `NISserverHold` is this sandbox's own; the
/// registry's list is not completely known, nor what `NISverificationRequired` does in a CREATE.
const WORDS: &[(Place, &str, &[Occasion], Risk)] = &[
    (Place::Address, "nispendingcreate", REGISTRATION, Risk::Pending),
    (Place::Address, "nisverificationrequired", ALWAYS, Risk::Suspicious),
    (Place::Address, "nisserverhold", ALWAYS, Risk::High),
    (Place::Address, "nisconnect", ALWAYS, Risk::Low),
    (Place::Name, "nispendingcreate", REGISTRATION, Risk::Pending),
    (Place::Name, "nisverificationrequired", DOMAIN, Risk::Suspicious),
    (Place::Name, "nisserverhold", DOMAIN, Risk::High),
    (Place::Name, "nisconnect", DOMAIN, Risk::Low),
];

/// Days until de-delegation of a suspicious domain.
const DEDELEGATION_DAYS: i64 = 14;
/// Days until deletion; the registry's figure is not known.
const DELETION_DAYS: i64 = 28;

/// Assesses a domain whose name servers are in order.
pub(in super::super) fn assess(domain: &str, holders: &[&Contact], now: Timestamp) -> Assessment {
    let risk = results(holders).or_else(|| word(Occasion::Registration, domain, holders));
    risk.unwrap_or(Risk::Low).assessment(now)
}

/// What the assessment of a pending domain comes to in the end.
pub(in super::super) fn outcome(domain: &str, holders: &[&Contact], now: Timestamp) -> Assessment {
    let risk = results(holders).or_else(|| word(Occasion::Outcome, domain, holders));
    risk.unwrap_or(Risk::Low).assessment(now)
}

/// What an UPDATE of one of its holders does to a domain; none if nothing.
pub(in super::super) fn after_contact_update(
    updated: &Contact,
    holders: &[&Contact],
    now: Timestamp,
) -> Option<Assessment> {
    // What the contact proves or fails to prove goes before its address; only then the others count.
    let has_result = !updated.verification.is_empty();
    let risk = results(holders).filter(|risk| has_result || *risk == Risk::High);
    let by_word = || word(Occasion::ContactUpdate, "", &[updated]).filter(|_| !has_result);
    risk.or_else(by_word).map(|risk| risk.assessment(now))
}

/// What the verification of the holders says: one that failed is enough for the worst, and all have to succeed.
fn results(holders: &[&Contact]) -> Option<Risk> {
    if holders.iter().any(|holder| holder.verification.iter().any(|block| !block.success)) {
        return Some(Risk::High);
    }
    let all = !holders.is_empty() && holders.iter().all(|h| verification::missing(&h.verification).is_empty());
    all.then_some(Risk::Low)
}

/// What the words in the addresses say, or else those in the name.
fn word(occasion: Occasion, domain: &str, holders: &[&Contact]) -> Option<Risk> {
    let addresses: String =
        holders.iter().flat_map(|holder| &holder.address).map(|line| line.to_lowercase() + "\n").collect();
    let name = domain.to_lowercase();
    let fits = |place: Place, word: &str| match place {
        Place::Address => addresses.contains(word),
        Place::Name => name.contains(word),
    };
    let row = WORDS.iter().find(|(place, word, occasions, _)| occasions.contains(&occasion) && fits(*place, word));
    row.map(|(.., risk)| *risk)
}

impl Risk {
    fn assessment(self, now: Timestamp) -> Assessment {
        let days = |days: i64| later(now, SignedDuration::from_hours(24 * days));
        let status = match self {
            Self::Low | Self::Suspicious => Status::Connect,
            Self::High => Status::ServerHold,
            Self::Pending => Status::PendingCreate,
        };
        Assessment {
            status,
            dedelegation: (self == Self::Suspicious).then(|| days(DEDELEGATION_DAYS)),
            deletion: matches!(self, Self::Suspicious | Self::High).then(|| days(DELETION_DAYS)),
            is_told: self != Self::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_name_every_word() {
        let table = include_str!("../../../../docs/testing.md").to_lowercase();
        for (_, word, ..) in WORDS {
            assert!(table.contains(&format!("`{word}`")), "{word}");
        }
        for days in [DEDELEGATION_DAYS, DELETION_DAYS] {
            assert!(table.contains(&format!("{days} days")), "{days}");
        }
    }

    #[test]
    fn an_address_counts_more_than_a_name_and_the_first_word_counts() {
        for (name, status) in [
            ("example.de", Status::Connect),
            ("NISconnect.de", Status::Connect),
            ("my-nisServerHold-example.de", Status::ServerHold),
            ("nispendingcreate-nisserverhold.de", Status::PendingCreate),
        ] {
            assert_eq!(assess(name, &[], Timestamp::UNIX_EPOCH).status, status, "{name}");
        }
        let later = |name| outcome(name, &[], Timestamp::UNIX_EPOCH);
        assert_eq!(later("nispendingcreate-nisserverhold.de").status, Status::ServerHold);
        assert_eq!(later("nispendingcreate.de").status, Status::Connect);
        let suspicious = later("nispendingcreate-nisverificationrequired.de");
        assert!(suspicious.status == Status::Connect && suspicious.dedelegation < suspicious.deletion);
    }
}
