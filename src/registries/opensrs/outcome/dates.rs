//! The registry's dates. Most have no zone. Whether they are always those of Toronto, where OpenSRS is, stands nowhere: one
//! known pair of a date and an instant says so. This is the one place that believes it.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::limits::zone;
use crate::model::deadline::{Deadline, DeadlineKind};

/// The instant of a date: `2027-12-12 21:27:25`, a day (its beginning), or with a zone as events have it. In the hour that
/// comes twice in autumn it is the first of the two.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(jiff::civil::time(0, 0, 0, 0))))?;
    zone().to_ambiguous_timestamp(local).compatible().ok()
}

/// How much later than [`instant`] a date may be meant: the hour that comes twice.
pub fn slack(text: &str) -> SignedDuration {
    let twice = |local: DateTime| zone().to_ambiguous_timestamp(local).is_ambiguous();
    match text.trim().parse::<DateTime>() {
        Ok(local) if text.trim().parse::<Timestamp>().is_err() && twice(local) => SignedDuration::from_hours(1),
        _ => SignedDuration::ZERO,
    }
}

/// The day it is in Toronto at this instant.
pub fn toronto_date(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// Where answers and events show dates, the better one of a kind first: what the registry says before what OpenSRS
/// believes.
const FIELDS: &[(&str, DeadlineKind)] = &[
    ("registry_expiredate", DeadlineKind::DomainExpiry),
    ("registration expiration date", DeadlineKind::DomainExpiry),
    ("expiredate", DeadlineKind::DomainExpiry),
    ("domain_expdate", DeadlineKind::DomainExpiry),
    ("expiration_date", DeadlineKind::DomainExpiry),
    // Shown only as long as the registrant is not verified.
    ("verification_deadline", DeadlineKind::RegistrantVerification),
];

/// The dates that data name.
pub fn deadlines(data: &Value) -> Vec<Deadline> {
    let mut found: Vec<Deadline> = Vec::new();
    for (field, kind) in FIELDS {
        let due = data.get(*field).and_then(Value::as_str).and_then(instant);
        if let Some(due) = due.filter(|_| found.iter().all(|deadline| deadline.kind != *kind)) {
            found.push(Deadline { kind: *kind, due });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_without_a_zone_are_those_of_toronto() {
        for (text, expected) in [
            ("2005-05-04 09:36:06", "2005-05-04T13:36:06Z"),
            (" 2027-12-12 21:27:25 ", "2027-12-13T02:27:25Z"),
            ("2026-01-30", "2026-01-30T05:00:00Z"),
            ("2015-04-01T04:00:00Z", "2015-04-01T04:00:00Z"),
            ("2026-11-01 01:30:00", "2026-11-01T05:30:00Z"),
        ] {
            assert_eq!(instant(text), expected.parse().ok(), "{text}");
        }
        for text in ["", "undef", "2027", "Wed May 4 09:36:06 2005", "2026-13-01"] {
            assert_eq!(instant(text), None, "{text}");
        }
        assert_eq!(slack("2026-11-01 01:30:00").as_secs(), 3600);
        assert_eq!(slack("2026-11-01 03:30:00"), SignedDuration::ZERO);
        assert_eq!(slack("2026-11-01T01:30:00Z"), SignedDuration::ZERO);
        assert_eq!(toronto_date("2026-01-15T04:59:59Z".parse().unwrap()).to_string(), "2026-01-14");
    }

    #[test]
    fn dates_become_deadlines_once_each() {
        let data = json!({
            "expiredate": "2027-12-12 21:27:25", "registry_expiredate": "2028-12-12 21:27:25",
            "verification_deadline": "2026-01-30", "registry_createdate": "2025-12-12 21:27:25",
        });
        let due = |text: &str| text.parse().unwrap();
        let expected = [
            Deadline { kind: DeadlineKind::DomainExpiry, due: due("2028-12-13T02:27:25Z") },
            Deadline { kind: DeadlineKind::RegistrantVerification, due: due("2026-01-30T05:00:00Z") },
        ];
        assert_eq!(deadlines(&data), expected);
        for field in ["expiredate", "domain_expdate", "registration expiration date", "expiration_date"] {
            assert_eq!(deadlines(&json!({ (field): "2027-12-12 21:27:25" })).len(), 1, "{field}");
        }
        assert_eq!(deadlines(&json!({ "expiredate": "" })), []);
        assert_eq!(deadlines(&Value::Null), []);
    }
}
