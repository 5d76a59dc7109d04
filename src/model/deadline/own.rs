//! Dates of an account's own: keys, certificates and credentials.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Map;

use super::{Basis, Deadline, DeadlineKind, Says, Word};
use crate::model::command::{ObjectKey, ObjectKind};

/// Kinds that are known at any time: where there is no date, nothing ends. Of a certificate nothing is known before a server
/// was seen.
const ALWAYS_KNOWN: &[DeadlineKind] = &[DeadlineKind::SigningKeyExpiry, DeadlineKind::CredentialExpiry];

/// The end of a credential's last day, in the account's time zone.
#[must_use]
pub fn credential(last: Date, zone: &TimeZone) -> Deadline {
    let next = last.tomorrow().ok().and_then(|day| day.to_zoned(zone.clone()).ok());
    Deadline { kind: DeadlineKind::CredentialExpiry, due: next.map_or(Timestamp::MAX, |day| day.timestamp()) }
}

/// What an account's own dates say for the calendar: each is due, or has passed; and of those that are always known what is
/// not there is nothing to wait for any more. It may be said again and again.
#[must_use]
pub fn words(account: &str, dates: &[Deadline], at: Timestamp) -> Vec<Word> {
    let word = |says, from: &str| Word {
        account: account.to_owned(),
        object: ObjectKey::new(ObjectKind::Account, account),
        says,
        basis: Basis::Credential,
        evidence: from.to_owned(),
        at,
        note: Map::new(),
    };
    let source = |kind| match kind {
        DeadlineKind::SigningKeyExpiry => "the account's signing keys",
        DeadlineKind::CertificateExpiry => "the TLS certificates its connections depend on",
        _ => "credential_expires in the configuration",
    };
    let due = |&Deadline { kind, due }: &Deadline| {
        // What has passed is not opened anew each time it is said.
        let says = match due > at {
            true => Says::Due { kind, due },
            false => Says::Missed { kind, why: format!("it has passed: {}", kind.harm()) },
        };
        word(says, source(kind))
    };
    let is_missing = |kind: &&DeadlineKind| dates.iter().all(|date| date.kind != **kind);
    let cleared = |kind: &DeadlineKind| {
        let says = Says::Cleared { kind: *kind, why: "no date is set any more".into() };
        word(says, source(*kind))
    };
    let missing = ALWAYS_KNOWN.iter().filter(is_missing).map(cleared);
    missing.chain(dates.iter().map(due)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use DeadlineKind::{CertificateExpiry, CredentialExpiry, SigningKeyExpiry};

    #[test]
    fn a_credential_is_good_to_the_end_of_its_day() {
        for (zone, last, due) in [
            ("Europe/Berlin", date(2027, 1, 31), "2027-01-31T23:00:00Z"),
            // The days on which the clocks change, a leap day, and the end of a year.
            ("Europe/Berlin", date(2027, 3, 27), "2027-03-27T23:00:00Z"),
            ("Europe/Berlin", date(2027, 3, 28), "2027-03-28T22:00:00Z"),
            ("Europe/Berlin", date(2027, 10, 31), "2027-10-31T23:00:00Z"),
            ("Pacific/Auckland", date(2026, 4, 5), "2026-04-05T12:00:00Z"),
            ("Pacific/Auckland", date(2028, 2, 29), "2028-02-29T11:00:00Z"),
            ("America/Toronto", date(2026, 12, 31), "2027-01-01T05:00:00Z"),
            // A day that begins at one o'clock.
            ("America/Sao_Paulo", date(2017, 10, 14), "2017-10-15T03:00:00Z"),
        ] {
            let found = credential(last, &TimeZone::get(zone).unwrap());
            assert_eq!(found, Deadline { kind: CredentialExpiry, due: due.parse().unwrap() }, "{zone} {last}");
        }
        assert_eq!(credential(Date::MAX, &TimeZone::UTC).due, Timestamp::MAX);
    }

    #[test]
    fn own_dates_are_the_accounts() {
        let (at, due): (Timestamp, Timestamp) = ("2026-01-01T00:00:00Z".parse().unwrap(), Timestamp::MAX);
        let said = |dates: &[DeadlineKind]| -> Vec<(DeadlineKind, bool)> {
            let dates: Vec<Deadline> = dates.iter().map(|kind| Deadline { kind: *kind, due }).collect();
            let words = words("DENIC-1000022", &dates, at);
            assert!(words.iter().all(|word| word.object.as_str() == "account:DENIC-1000022" && word.at == at));
            assert!(words.iter().all(|word| word.basis == Basis::Credential && word.account == "DENIC-1000022"));
            let says = |word: Word| match word.says {
                Says::Due { kind, .. } => (kind, true),
                Says::Cleared { kind, .. } => (kind, false),
                other => panic!("{other:?}"),
            };
            words.into_iter().map(says).collect()
        };
        let ended = [Deadline { kind: CertificateExpiry, due: at }];
        let ended = words("DENIC-1000022", &ended, at);
        assert!(matches!(ended.last().map(|word| &word.says), Some(Says::Missed { kind: CertificateExpiry, .. })));
        assert_eq!(said(&[]), [(SigningKeyExpiry, false), (CredentialExpiry, false)]);
        assert_eq!(
            said(&[CertificateExpiry, CredentialExpiry]),
            [(SigningKeyExpiry, false), (CertificateExpiry, true), (CredentialExpiry, true)]
        );
    }
}
