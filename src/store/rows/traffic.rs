//! Rows of turns, pauses, quota, budgets and the progress of batches.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{amount, count, instant, instant_if, state, text, unreadable};
use crate::model::{Class, State, WaitingFor};
use crate::store::turns::{Line, Stand, had_its_turn};
use crate::store::{Aside, Flow, Pause, PauseKind, Progress, QuotaUse, Result, StoreError};

/// A row of `pauses`.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct PauseRow {
    kind: String,
    name: String,
    reason: String,
    since: i64,
}

impl PauseRow {
    /// The pause of this row.
    pub(in crate::store) fn read(self) -> Result<Pause> {
        let kind = PauseKind::of(&self.kind).ok_or_else(|| unreadable(&format_args!("pause {}", self.name), "kind"))?;
        Ok(Pause { kind, name: self.name, reason: self.reason, since: instant(self.since)? })
    }
}

/// A row of `quota`.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct QuotaRow {
    used: i64,
    heard: Option<i64>,
    exhausted_until: Option<i64>,
}

impl QuotaRow {
    /// The points of this row.
    pub(in crate::store) fn read(self) -> Result<QuotaUse> {
        Ok(QuotaUse {
            used: amount(self.used),
            heard: self.heard.map(amount),
            exhausted_until: instant_if(self.exhausted_until)?,
        })
    }
}

/// Waiting jobs of one line, ripe and unripe.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct FlowRow {
    queue: String,
    class: i16,
    publisher: String,
    batch: Option<String>,
    ripe: i64,
    unripe: i64,
}

impl FlowRow {
    /// The flow of this row.
    pub(in crate::store) fn read(self) -> Flow {
        Flow {
            queue: self.queue,
            class: Class::from_rank(self.class),
            publisher: self.publisher,
            batch: self.batch,
            ripe: amount(self.ripe),
            unripe: amount(self.unripe),
        }
    }
}

/// A line and how it stands.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct LineRow {
    queue: String,
    class: i16,
    publisher: String,
    batch: String,
    last: i64,
    now: i64,
}

impl LineRow {
    /// The line of this row.
    pub(in crate::store) fn read(self) -> (Line, Stand) {
        let line = Line { queue: self.queue, class: self.class, publisher: self.publisher, batch: self.batch };
        (line, Stand { last: self.last, now: self.now })
    }
}

/// An unripe job that has fallen due; `I` is how the database keeps ids.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct UnripeRow<I> {
    pub(in crate::store) id: I,
    queue: String,
    class: i16,
    publisher: String,
    batch: Option<String>,
    waiting_for: String,
}

impl<I> UnripeRow<I> {
    /// The job's id, and the line it goes to; none if it goes to the front.
    pub(in crate::store) fn read(self) -> Result<(I, Option<Line>)> {
        let waiting_for = self.waiting_for.parse().map_err(StoreError::Broken)?;
        let batch = self.batch.unwrap_or_default();
        let line = Line { queue: self.queue, class: self.class, publisher: self.publisher, batch };
        Ok((self.id, (!had_its_turn(waiting_for)).then_some(line)))
    }
}

/// How far a batch is: jobs, destructive ones, whether it was released; ended ones by state and code; open ones by state.
pub(in crate::store) fn progress(
    (total, destructive, released): (i64, i64, bool),
    ended: Vec<(String, String, i64)>,
    open: Vec<(String, i64)>,
) -> Result<Progress> {
    let mut ended: Vec<(State, String, u64)> =
        ended.into_iter().map(|(word, code, jobs)| Ok((state(&word)?, code, amount(jobs)))).collect::<Result<_>>()?;
    let mut open: Vec<(State, u64)> =
        open.into_iter().map(|(word, jobs)| Ok((state(&word)?, amount(jobs)))).collect::<Result<_>>()?;
    ended.sort_unstable();
    open.sort_unstable();
    Ok(Progress { total: amount(total), destructive: amount(destructive), released, ended, open })
}

/// The minute an instant lies in, counted from 1970.
pub(in crate::store) fn minute(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(60)
}

/// A stored minute and what was counted in it.
pub(in crate::store) fn noted((minute, counted): (i64, i64)) -> Result<(Timestamp, u32)> {
    Ok((instant(minute.saturating_mul(60_000_000))?, count(counted)))
}

/// The key that a job set aside is held by: that of a pause, or none. One that belongs to no pause lets the job go at the
/// next look.
pub(in crate::store) fn holder(aside: &Aside) -> Option<Cow<'_, str>> {
    (aside.waiting_for == WaitingFor::Paused).then(|| text(aside.held_by.as_deref().unwrap_or_default()))
}
