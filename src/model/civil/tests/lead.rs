//! How long before a date.

use serde_json::json;

use super::super::LeadError::{Malformed, OutOfRange};
use super::super::{Lead, LeadError, Span};
use super::*;

fn lead(text: &str) -> Lead {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Zone, due, lead, and when that is as clocks there show it.
const TABLE: &[(&str, &str, &str, &str)] = &[
    // The local time is kept over a change of clocks; hours are hours.
    (BERLIN, "2026-04-26T01:30+02:00", "30d", "2026-03-27 01:30:00 +01:00"),
    (BERLIN, "2026-11-15T01:30+01:00", "30d", "2026-10-16 01:30:00 +02:00"),
    (BERLIN, "2026-03-30T12:00+02:00", "1d", "2026-03-29 12:00:00 +02:00"),
    (BERLIN, "2026-03-29T12:00+02:00", "1d", "2026-03-28 12:00:00 +01:00"),
    (BERLIN, "2026-03-29T12:00+02:00", "24h", "2026-03-28 11:00:00 +01:00"),
    (BERLIN, "2026-03-29T06:00+02:00", "6h", "2026-03-28 23:00:00 +01:00"),
    (BERLIN, "2026-10-25T06:00+01:00", "6h", "2026-10-25 01:00:00 +02:00"),
    // A time that does not exist, one that comes twice, and from each of the two.
    (BERLIN, "2026-03-30T02:30+02:00", "1d", "2026-03-29 03:30:00 +02:00"),
    (BERLIN, "2026-03-30T02:30+02:00", "24h", "2026-03-29 01:30:00 +01:00"),
    (BERLIN, "2026-10-26T02:30+01:00", "1d", "2026-10-25 02:30:00 +02:00"),
    (BERLIN, "2026-10-26T02:30+01:00", "24h", "2026-10-25 02:30:00 +01:00"),
    (BERLIN, "2026-10-25T02:30+02:00", "1d", "2026-10-24 02:30:00 +02:00"),
    (BERLIN, "2026-10-25T02:30+01:00", "1d", "2026-10-24 02:30:00 +02:00"),
    (BERLIN, "2026-10-25T02:30+01:00", "1h", "2026-10-25 02:30:00 +02:00"),
    // Years' ends and leap days.
    (BERLIN, "2027-01-01T00:00+01:00", "1w", "2026-12-25 00:00:00 +01:00"),
    (BERLIN, "2027-01-01T00:00+01:00", "1h", "2026-12-31 23:00:00 +01:00"),
    (BERLIN, "2028-03-30T12:00+02:00", "30d", "2028-02-29 12:00:00 +01:00"),
    (BERLIN, "2029-02-28T12:00+01:00", "365d", "2028-02-29 12:00:00 +01:00"),
    (BERLIN, "2029-02-28T12:00+01:00", "730d", "2027-03-01 12:00:00 +01:00"),
    (AUCKLAND, "2026-04-30T02:30+12:00", "30d", "2026-03-31 02:30:00 +13:00"),
    (AUCKLAND, "2026-04-06T02:30+12:00", "1d", "2026-04-05 02:30:00 +13:00"),
    (AUCKLAND, "2026-04-06T02:30+12:00", "24h", "2026-04-05 02:30:00 +12:00"),
    (AUCKLAND, "2026-04-05T06:00+12:00", "6h", "2026-04-05 01:00:00 +13:00"),
    (AUCKLAND, "2026-09-28T02:30+13:00", "1d", "2026-09-27 03:30:00 +13:00"),
    (AUCKLAND, "2026-09-27T06:00+13:00", "6h", "2026-09-26 23:00:00 +12:00"),
    (AUCKLAND, "2026-10-11T00:00+13:00", "2w", "2026-09-27 00:00:00 +12:00"),
    (AUCKLAND, "2026-12-31T11:00:00Z", "30d", "2026-12-02 00:00:00 +13:00"),
    (AUCKLAND, "2029-02-28T00:00+13:00", "365d", "2028-02-29 00:00:00 +13:00"),
];

#[test]
fn instants_are_those_of_the_table() {
    for (name, due, text, then) in TABLE {
        let zone = zone(name);
        assert_eq!(shown(lead(text).before(at(due), &zone), &zone), *then, "{text} before {due} in {name}");
    }
}

#[test]
fn texts_are_read_and_written() {
    for (text, written) in [
        ("1h", "1h"),
        ("6h", "6h"),
        ("24h", "24h"),
        ("17520h", "17520h"),
        ("1d", "1d"),
        ("730d", "730d"),
        ("030d", "30d"),
        ("1w", "7d"),
        ("2w", "14d"),
        ("104w", "728d"),
    ] {
        assert_eq!(lead(text).to_string(), written);
        assert_eq!(serde_json::from_value::<Lead>(json!(text)).unwrap(), lead(text));
        assert_eq!(serde_json::to_value(lead(text)).unwrap(), json!(written));
    }
    assert_eq!((Lead::days(30), Lead::hours(6)), (lead("30d"), lead("6h")));
    assert_eq!((Lead::days(0), Lead::days(u16::MAX)), (lead("1d"), lead("730d")));
    assert_eq!((Lead::hours(0), Lead::hours(u16::MAX)), (lead("1h"), lead("17520h")));
}

#[test]
fn other_texts_are_refused_and_what_is_allowed_is_said() {
    let bad: [(&[&str], LeadError, &str); 2] = [
        (
            &[
                "",
                "d",
                "dd",
                "30",
                "30dd",
                "d30",
                "30 d",
                " 30d",
                "30d ",
                "+30d",
                "-1d",
                "1.5d",
                "1_0d",
                "0x1d",
                "30D",
                "30days",
                "45m",
                "1M",
                "1y",
                "P30D",
                "1d6h",
                "\u{663}d",
                "30\u{434}",
                "h6h",
            ],
            Malformed,
            "write a number and its unit h, d or w, such as 6h, 30d or 2w",
        ),
        (
            &["0h", "0d", "0w", "000d", "731d", "17521h", "105w", "65536d", "99999999999999999999h"],
            OutOfRange,
            "write 1h to 17520h, 1d to 730d or 1w to 104w",
        ),
    ];
    for (texts, error, said) in bad {
        assert_eq!(error.to_string(), said);
        for text in texts {
            assert_eq!(text.parse::<Lead>(), Err(error), "{text:?}");
            assert_eq!(serde_json::from_value::<Lead>(json!(text)).unwrap_err().to_string(), said);
        }
    }
    assert!(serde_json::from_value::<Lead>(json!(30)).is_err());
}

#[test]
fn longer_ones_come_later() {
    let order = ["1h", "6h", "23h", "24h", "1d", "25h", "47h", "48h", "2d", "1w", "169h", "30d", "17520h", "730d"];
    let mut sorted = order.map(lead);
    sorted.reverse();
    sorted.sort();
    assert_eq!(sorted, order.map(lead));
    assert!(sorted.windows(2).all(|pair| pair[0] < pair[1] && pair[0] != pair[1]));
    assert_eq!(lead("1w").cmp(&lead("7d")), std::cmp::Ordering::Equal);
}

#[test]
fn its_schema_is_text() {
    let schema = schemars::schema_for!(Vec<Lead>).to_value();
    assert_eq!(schema["items"], json!({ "type": "string", "pattern": "^[0-9]+[hdw]$" }));
}

fn any_lead() -> impl Strategy<Value = Lead> {
    prop_oneof![(1..=730_u16).prop_map(Lead::days), (1..=17_520_u16).prop_map(Lead::hours)]
}

proptest! {
    #[test]
    fn a_text_says_it_all(lead in any_lead()) {
        prop_assert_eq!(lead.to_string().parse(), Ok(lead));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,12}", number in "[0-9]{0,6}[hdwm]?") {
        for text in [text, number] {
            // What is read is written in one way, which is read again.
            if let Ok(lead) = text.parse::<Lead>() {
                prop_assert_eq!(lead.to_string().parse(), Ok(lead));
            }
        }
    }

    /// There and back: days keep the local time, unless there is no such time on the earlier day.
    #[test]
    fn as_many_days_later_it_is_due((zone, due) in any_moment(), days in 1..=730_u16) {
        let back = Lead::days(days).before(due, &zone);
        let local = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
        let wanted = local(due).checked_sub(jiff::Span::new().days(i32::from(days))).unwrap();
        if local(back) == wanted {
            let there = Span::Days(days).after(back, &zone);
            prop_assert_eq!(local(there), local(due));
            // Of a time that comes twice it is the first.
            prop_assert!(there == due || there < due && due - CHANGE < there);
        } else {
            prop_assert!(zone.to_ambiguous_timestamp(wanted).is_ambiguous());
            prop_assert!(local(back) > wanted);
        }
    }

    #[test]
    fn hours_are_hours((zone, due) in any_moment(), hours in 1..=17_520_u16) {
        prop_assert_eq!((due - Lead::hours(hours).before(due, &zone)).get_seconds(), i64::from(hours) * 3600);
    }

    #[test]
    fn longer_ones_begin_earlier((zone, due) in any_moment(), one in any_lead(), other in any_lead()) {
        let (short, long) = (one.min(other), one.max(other));
        // A day of 23 hours is shorter than 24 of them, and days in Samoa may have none.
        let most = if zone.iana_name() == Some("Pacific/Apia") { CHANGE * 13 } else { CHANGE };
        prop_assert!(long.before(due, &zone) <= short.before(due, &zone) + most);
    }

    #[test]
    fn no_instant_is_too_far_out(due in any_instant(), lead in any_lead(), zone in any_zone()) {
        prop_assert!(lead.before(due, &zone) <= due);
    }
}
