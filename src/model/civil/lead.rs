//! How long before a date something is to be said.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest lead in days: two years, earlier than anybody wants to be told of anything.
const MOST_DAYS: u16 = 730;
/// The longest lead in hours, which is as long.
const MOST_HOURS: u16 = MOST_DAYS * 24;
/// The longest lead in weeks that is not longer.
const MOST_WEEKS: u16 = MOST_DAYS / 7;

/// How long before a date something is to be said, as in `30d`, `2w` or `6h`. Days go by the calendar, hours by the clock.
/// Weeks are another word for 7 days: `2w` is `14d`, and is written so. A day is not the same as 24 hours.
///
/// Ordered by length, days of 24 hours taken; of two that are as long then, the one in days is the longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lead {
    unit: Unit,
    count: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Unit {
    Hours,
    Days,
}

/// Why a text is no [`Lead`]; says what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadError {
    /// It has another form.
    #[error("write a number and its unit h, d or w, such as 6h, 30d or 2w")]
    Malformed,
    /// The number is too small or too large.
    #[error("write 1h to {MOST_HOURS}h, 1d to {MOST_DAYS}d or 1w to {MOST_WEEKS}w")]
    OutOfRange,
}

impl Lead {
    /// So many days, held between 1 and 730.
    #[must_use]
    pub const fn days(count: u16) -> Self {
        Self { unit: Unit::Days, count: held(count, MOST_DAYS) }
    }

    /// So many hours, held between 1 and 17,520.
    #[must_use]
    pub const fn hours(count: u16) -> Self {
        Self { unit: Unit::Hours, count: held(count, MOST_HOURS) }
    }

    /// The instant that lies so long before a date. Days before it keep its local time.
    #[must_use]
    pub fn before(self, due: Timestamp, zone: &TimeZone) -> Timestamp {
        match self.unit {
            Unit::Hours => due.checked_sub(SignedDuration::from_hours(self.count.into())).unwrap_or(Timestamp::MIN),
            Unit::Days => {
                let days = jiff::Span::new().days(i32::from(self.count));
                due.to_zoned(zone.clone()).saturating_sub(days).timestamp()
            }
        }
    }

    /// The instant that lies so long after another. Days after it keep its local time.
    #[must_use]
    pub fn after(self, from: Timestamp, zone: &TimeZone) -> Timestamp {
        match self.unit {
            Unit::Hours => from.checked_add(SignedDuration::from_hours(self.count.into())).unwrap_or(Timestamp::MAX),
            Unit::Days => {
                let days = jiff::Span::new().days(i32::from(self.count));
                from.to_zoned(zone.clone()).saturating_add(days).timestamp()
            }
        }
    }

    /// In hours, days of 24 hours taken.
    fn length(self) -> u32 {
        let hours = match self.unit {
            Unit::Hours => 1,
            Unit::Days => 24,
        };
        hours * u32::from(self.count)
    }
}

const fn held(count: u16, most: u16) -> u16 {
    match count {
        0 => 1,
        count if count > most => most,
        count => count,
    }
}

impl FromStr for Lead {
    type Err = LeadError;

    fn from_str(text: &str) -> Result<Self, LeadError> {
        let unit = text.chars().next_back().ok_or(LeadError::Malformed)?;
        let (most, each, lead): (_, _, fn(u16) -> Self) = match unit {
            'h' => (MOST_HOURS, 1, Self::hours),
            'd' => (MOST_DAYS, 1, Self::days),
            'w' => (MOST_WEEKS, 7, Self::days),
            _ => return Err(LeadError::Malformed),
        };
        let digits = text.trim_end_matches(unit);
        // A letter of one byte was cut off, unless it came more than once; a sign is no part of the form.
        if digits.is_empty() || digits.len() + 1 != text.len() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LeadError::Malformed);
        }
        let count: u16 = digits.parse().map_err(|_| LeadError::OutOfRange)?;
        if (1..=most).contains(&count) { Ok(lead(count * each)) } else { Err(LeadError::OutOfRange) }
    }
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Hours => 'h',
            Unit::Days => 'd',
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl Ord for Lead {
    fn cmp(&self, other: &Self) -> Ordering {
        self.length().cmp(&other.length()).then(self.unit.cmp(&other.unit))
    }
}

impl PartialOrd for Lead {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Lead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Lead {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Lead".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+[hdw]$" })
    }
}
