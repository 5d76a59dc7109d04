//! Rows of the calendar.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::super::{DeadlineCount, KeptAccount, Result, StoreError};
use super::{amount, count, instant, instant_if, json, micros, parsed, text, text_if};
use crate::model::deadline::{Basis, Closed, DeadlineKind, Ending, Entry, Word};
use crate::model::{JobId, ObjectKey};

/// The columns of a row of `deadlines`, `note` as text.
macro_rules! entry_columns {
    () => {
        "id, account, object, kind, due_at, basis, evidence, CAST(note AS text) AS note, opened_at, heard_at, seen_until, \
         next_at, asked, CAST(job_id AS text) AS job_id, ending, closed_at, why"
    };
}
pub(in crate::store) use entry_columns;

/// A row of `deadlines`.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct EntryRow {
    id: i64,
    account: String,
    object: String,
    kind: String,
    due_at: i64,
    basis: String,
    evidence: String,
    note: String,
    opened_at: i64,
    heard_at: i64,
    seen_until: i64,
    next_at: Option<i64>,
    asked: i64,
    job_id: Option<String>,
    ending: Option<String>,
    closed_at: Option<i64>,
    why: Option<String>,
}

impl EntryRow {
    /// The entry of this row.
    pub(in crate::store) fn read(self) -> Result<Entry> {
        let broken = |what: &str| StoreError::Broken(format!("deadline {}: {what} cannot be read", self.id));
        let closed = match (self.ending, self.closed_at) {
            (Some(word), Some(at)) => Some(Closed {
                how: *Ending::ALL.iter().find(|how| how.word() == word).ok_or_else(|| broken("its end"))?,
                at: instant(at)?,
                why: self.why.unwrap_or_default(),
            }),
            _ => None,
        };
        let job = self.job_id.map(|id| Uuid::parse_str(&id)).transpose().map_err(|_| broken("its job"))?;
        Ok(Entry {
            kind: kind(&self.kind)?,
            basis: *Basis::ALL.iter().find(|basis| basis.word() == self.basis).ok_or_else(|| broken("its basis"))?,
            note: parsed(&self.note, &format_args!("deadline {}", self.id), "note")?,
            due: instant(self.due_at)?,
            opened_at: instant(self.opened_at)?,
            heard_at: instant(self.heard_at)?,
            seen_until: instant(self.seen_until)?,
            next_at: instant_if(self.next_at)?,
            id: self.id,
            account: self.account,
            object: ObjectKey::stored(self.object),
            evidence: self.evidence,
            asked: count(self.asked),
            job: job.map(JobId),
            closed,
        })
    }
}

fn kind(word: &str) -> Result<DeadlineKind> {
    word.parse().map_err(|_| StoreError::Broken(format!("there is no kind of deadline `{}`", word.escape_default())))
}

/// An entry as it is written: one object of a JSON array, so that one parameter takes any number of them.
#[derive(Serialize)]
struct Record<'a> {
    id: i64,
    account: std::borrow::Cow<'a, str>,
    object: std::borrow::Cow<'a, str>,
    kind: &'static str,
    due_at: i64,
    basis: &'static str,
    evidence: std::borrow::Cow<'a, str>,
    note: String,
    opened_at: i64,
    heard_at: i64,
    seen_until: i64,
    next_at: Option<i64>,
    asked: u32,
    job_id: Option<JobId>,
    ending: Option<&'static str>,
    closed_at: Option<i64>,
    why: Option<std::borrow::Cow<'a, str>>,
}

/// Entries as a JSON array of [`Record`]s.
pub(in crate::store) fn records<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<String> {
    let record = |entry: &'a Entry| -> Result<Record<'a>> {
        Ok(Record {
            id: entry.id,
            account: text(&entry.account),
            object: text(entry.object.as_str()),
            kind: entry.kind.word(),
            due_at: micros(entry.due),
            basis: entry.basis.word(),
            evidence: text(&entry.evidence),
            note: json(&entry.note)?,
            opened_at: micros(entry.opened_at),
            heard_at: micros(entry.heard_at),
            seen_until: micros(entry.seen_until),
            next_at: entry.next_at.map(micros),
            asked: entry.asked,
            job_id: entry.job,
            ending: entry.closed.as_ref().map(|closed| closed.how.word()),
            closed_at: entry.closed.as_ref().map(|closed| micros(closed.at)),
            why: text_if(entry.closed.as_ref().map(|closed| &*closed.why)),
        })
    };
    json(&entries.into_iter().map(record).collect::<Result<Vec<_>>>()?)
}

/// A row of `calendar_words`.
pub(in crate::store) fn word((seq, body): (i64, String)) -> Result<(i64, Word)> {
    Ok((seq, parsed(&body, &format_args!("word {seq} for the calendar"), "body")?))
}

/// Open entries by account and kind: [`CountRow`]s for now and the ends of the [`spans`].
pub(in crate::store) const COUNTS: &str =
    "SELECT account, kind, count(*) FILTER (WHERE due_at < $1), count(*) FILTER (WHERE due_at >= $1 AND due_at < $2),
            count(*) FILTER (WHERE due_at >= $2 AND due_at < $3), count(*) FILTER (WHERE due_at >= $3 AND due_at < $4),
            count(*) FILTER (WHERE due_at >= $4), min(due_at)
       FROM deadlines WHERE closed_at IS NULL GROUP BY account, kind ORDER BY account, kind";

/// Account, kind, overdue, within a day, a week, 30 days, later, the earliest.
pub(in crate::store) type CountRow = (String, String, i64, i64, i64, i64, i64, i64);

/// A count of open entries.
pub(in crate::store) fn counted(
    (account, word, overdue, day, week, month, later, next): CountRow,
) -> Result<DeadlineCount> {
    Ok(DeadlineCount {
        account,
        kind: kind(&word)?,
        overdue: amount(overdue),
        ahead: [day, week, month, later].map(amount),
        next: instant(next)?,
    })
}

/// The ends of the spans that entries are counted by: a day, a week and 30 days from now.
pub(in crate::store) fn spans(now: Timestamp) -> [i64; 3] {
    [24, 7 * 24, 30 * 24].map(|hours: i64| micros(now).saturating_add(hours * 3_600_000_000))
}

/// The names of an account's domains after one, so many: `domain:` objects of what it did, and of its calendar. A job that only
/// asked whether a name is free tells nothing. Names are compared by their bytes, so that pages fit together in every database.
macro_rules! known_domains {
    ($collate:literal) => {
        concat!(
            "SELECT object FROM (
               SELECT object FROM jobs
                WHERE account = $1 AND state = 'succeeded' AND operation LIKE 'domain.%' AND operation <> 'domain.check'
               UNION
               SELECT object FROM deadlines WHERE account = $1) AS known
              WHERE object LIKE 'domain:%' AND object ",
            $collate,
            " > $2 ORDER BY object ",
            $collate,
            " LIMIT $3"
        )
    };
}
pub(in crate::store) use known_domains;

/// How far accounts are kept: [`KeptRow`]s.
pub(in crate::store) const KEPT: &str =
    "SELECT account, plan, digest_day, risk_day FROM calendar_accounts ORDER BY account";

/// Writes one.
pub(in crate::store) const REMEMBER: &str =
    "INSERT INTO calendar_accounts (account, plan, digest_day, risk_day) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE
        SET plan = excluded.plan, digest_day = excluded.digest_day, risk_day = excluded.risk_day";

/// Account, plan, day of the last digest, day of the last alarm.
pub(in crate::store) type KeptRow = (String, String, Option<String>, Option<String>);

/// How far an account is kept.
pub(in crate::store) fn kept((account, plan, digest, risk): KeptRow) -> KeptAccount {
    // A day that cannot be read is told once more.
    let day = |text: Option<String>| text.and_then(|text| text.parse().ok());
    KeptAccount { account, plan, digest_day: day(digest), risk_day: day(risk) }
}
