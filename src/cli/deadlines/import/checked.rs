//! From a record to a word for the calendar, or what is wrong with it.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use serde_json::{Map, Value};

use super::Bad;
use super::records::{COLUMNS, Record};
use crate::cli::deadlines::objects::Tongues;
use crate::cli::deadlines::when::Zones;
use crate::config::Config;
use crate::job::intake::nearest;
use crate::model::deadline::{Basis, Says, Word};

/// No registration is paid further ahead: a date beyond is a mistake.
const MOST_YEARS_AHEAD: i16 = 12;
/// What is over longer than this harms nobody any more.
const MOST_YEARS_PAST: i16 = 1;
/// Most characters of a note.
const LONGEST_NOTE: usize = 2000;
/// Characters of a value that are told.
const TOLD: usize = 80;

/// Checks records by accounts, kinds and the time.
pub struct Checker<'a> {
    config: &'a Config,
    tongues: Tongues<'a>,
    zones: Zones,
    /// The first and the last date that make sense.
    within: (Timestamp, Timestamp),
    file: &'a str,
    at: Timestamp,
}

/// The rule that is broken, as a word and for people.
type Broken = (&'static str, String);

impl<'a> Checker<'a> {
    /// For a file of this name, whose words were true at `at`.
    #[must_use]
    pub fn new(config: &'a Config, now: Timestamp, file: &'a str, at: Timestamp) -> Self {
        let today = now.to_zoned(TimeZone::UTC);
        let first = today.saturating_sub(Span::new().years(MOST_YEARS_PAST)).timestamp();
        let last = today.saturating_add(Span::new().years(MOST_YEARS_AHEAD)).timestamp();
        let (tongues, zones) = (Tongues::new(config), Zones::of(config));
        Self { config, tongues, zones, within: (first, last), file, at }
    }

    /// The word of a record.
    ///
    /// # Errors
    /// What is wrong with it; of several things the first column's.
    pub fn word(&mut self, record: &Record) -> Result<Word, Bad> {
        let [account, object, kind, due, note] = &record.texts;
        let bad = |place: usize, (rule, reason): Broken| Bad {
            line: record.line,
            column: COLUMNS.get(place).copied(),
            value: record.texts.get(place).map_or("", |text| text).chars().take(TOLD).collect(),
            rule,
            reason,
        };
        for (place, text) in [account, object, kind, due].into_iter().enumerate() {
            if text.is_empty() {
                return Err(bad(place, ("missing", "is missing".into())));
            }
        }
        if !self.config.accounts.contains_key(account) {
            return Err(bad(0, self.unknown_account(account)));
        }
        let object = self.tongues.key(account, object).map_err(|why| bad(1, ("object", why)))?;
        let kind = kind.parse().map_err(|why| bad(2, ("unknown_kind", why)))?;
        let due = self.due(due, &self.zones.zone(account)).map_err(|broken| bad(3, broken))?;
        if note.chars().count() > LONGEST_NOTE
            || Value::Object(record.note.clone()).to_string().len() > 4 * LONGEST_NOTE
        {
            return Err(bad(4, ("too_long", format!("has more than {LONGEST_NOTE} characters"))));
        }
        let mut notes: Map<String, Value> = record.note.clone();
        if !note.is_empty() {
            notes.insert("note".into(), Value::String(note.clone()));
        }
        Ok(Word {
            account: account.clone(),
            object,
            says: Says::Due { kind, due },
            basis: Basis::Import,
            evidence: format!("{}:{}", self.file, record.line),
            at: self.at,
            note: notes,
        })
    }

    fn unknown_account(&self, account: &str) -> Broken {
        let known: Vec<&str> = self.config.accounts.keys().map(String::as_str).collect();
        let meant = nearest(account, &known).map_or_else(
            || "`registrard accounts list` shows all".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        ("unknown_account", format!("there is no such account; {meant}"))
    }

    /// An instant with its offset, or local time of the account. A day alone begins at its first moment: rather early than
    /// late.
    fn due(&self, text: &str, zone: &TimeZone) -> Result<Timestamp, Broken> {
        let due = match text.parse::<Timestamp>() {
            Ok(due) => due,
            Err(error) => {
                let has_offset =
                    text.ends_with(['Z', 'z']) || text.get(11..).is_some_and(|time| time.contains(['+', '-']));
                let civil = if has_offset { Err(error) } else { text.parse::<DateTime>() };
                let civil = civil.map_err(|error| impossible(&error))?;
                local(civil, zone, !text.contains([':', 'T', 't']))?
            }
        };
        let (first, last) = self.within;
        match due {
            due if due > last => Err((
                "too_far",
                format!("lies more than {MOST_YEARS_AHEAD} years ahead; no registration lasts so long"),
            )),
            due if due < first => Err(("too_long_past", "lies more than a year in the past".into())),
            due => Ok(due),
        }
    }
}

fn impossible(error: &jiff::Error) -> Broken {
    let form = "write 2026-12-01T09:30:00Z, or local time of the account as 2026-12-01 09:30 or 2026-12-01";
    ("impossible_date", format!("there is no such date ({error}); {form}"))
}

/// Of a time that comes twice the first is taken. One that the clocks pass over does not exist, unless only the day was named.
fn local(civil: DateTime, zone: &TimeZone, day_only: bool) -> Result<Timestamp, Broken> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) && !day_only {
        let name = zone.iana_name().unwrap_or("this zone");
        return Err((
            "no_such_local_time",
            format!("the clocks of {name} pass this time over; write it with its offset"),
        ));
    }
    ambiguous.compatible().map_err(|error| impossible(&error))
}
