//! Rows as both databases give them, and how they become the model's types; the values both are given.

pub(super) mod calendar;
mod inquiries;
mod traffic;

use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes of events read from the outbox at once. An event carries its job's context and the registry's answer, so their
/// number alone bounds nothing.
pub(super) const LOOK_BYTES: i64 = 2 * 1024 * 1024;

/// Rows written by one statement. What is bound to a statement is held twice while it is sent, and one transaction may
/// take in twenty thousand jobs.
pub(super) const STATEMENT: usize = 1000;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{AccountState, AttemptView, BatchView, InboxRow, OutboxRow, Result, SendBlock, StateCount, StoreError};
use crate::model::{Class, Event, EventId, Job, JobId, ObjectKey, Operation, State};

pub(super) use inquiries::InquiryRow;
pub(super) use traffic::{FlowRow, LineRow, PauseRow, QuotaRow, UnripeRow, holder, minute, noted, progress};

/// An instant as stored.
pub(super) fn micros(instant: Timestamp) -> i64 {
    instant.as_microsecond()
}

/// A stored instant.
pub(super) fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Broken(format!("{micros} is no instant")))
}

/// A stored instant that may be missing.
pub(super) fn instant_if(micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(instant).transpose()
}

/// A stored count; one that is out of range was not written by us and counts as the nearest.
pub(super) fn count(stored: i64) -> u32 {
    u32::try_from(stored.max(0)).unwrap_or(u32::MAX)
}

/// Text as it may be stored: `PostgreSQL` has no NUL in its texts, and one such text must not stop a whole transaction.
pub(super) fn text(given: &str) -> Cow<'_, str> {
    if given.contains('\0') { Cow::Owned(given.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(given) }
}

/// [`text`] where there may be none.
pub(super) fn text_if(given: Option<&str>) -> Option<Cow<'_, str>> {
    given.map(text)
}

/// A value as JSON text.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| StoreError::Broken("a value cannot be written as JSON".into()))
}

/// JSON of a column. The parser's own words could quote what it read, so they are left out.
fn parsed<T: DeserializeOwned>(text: &str, row: &dyn std::fmt::Display, column: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| unreadable(row, column))
}

fn unreadable(row: &dyn std::fmt::Display, column: &str) -> StoreError {
    StoreError::Broken(format!("{row}: column `{column}` cannot be read"))
}

/// A row of `jobs`; `I` is how the database keeps ids.
#[derive(sqlx::FromRow)]
pub(super) struct JobRow<I> {
    id: I,
    seq: i64,
    publisher: String,
    account: String,
    queue: String,
    operation: String,
    object: String,
    params: String,
    class: i16,
    state: String,
    waiting_for: String,
    reason: Option<String>,
    due_at: i64,
    start_by: Option<i64>,
    batch: Option<String>,
    max_attempts: i64,
    attempt: i64,
    spent: i64,
    asked: i64,
    transaction_id: Option<String>,
    keep_transaction: bool,
    lost: bool,
    intent_at: Option<i64>,
    blockers: i64,
    answer: Option<String>,
    context: Option<String>,
    reply_to: Option<String>,
    correlation_id: Option<String>,
    created_at: i64,
    updated_at: i64,
    finished_at: Option<i64>,
    fence: i64,
}

impl<I: Into<Uuid>> JobRow<I> {
    /// The job of this row.
    pub(super) fn read(self) -> Result<Job> {
        let id = JobId(self.id.into());
        let row = format_args!("job {id}");
        Ok(Job {
            id,
            seq: self.seq,
            publisher: self.publisher,
            queue: self.queue,
            account: self.account,
            operation: self.operation.parse().map_err(|_| unreadable(&row, "operation"))?,
            object: ObjectKey::stored(self.object),
            params: parsed(&self.params, &row, "params")?,
            class: Class::from_rank(self.class),
            state: self.state.parse().map_err(|_| unreadable(&row, "state"))?,
            waiting_for: self.waiting_for.parse().map_err(|_| unreadable(&row, "waiting_for"))?,
            reason: self.reason,
            due_at: instant(self.due_at)?,
            start_by: instant_if(self.start_by)?,
            batch: self.batch,
            max_attempts: count(self.max_attempts),
            attempt: count(self.attempt),
            spent: count(self.spent),
            asked: count(self.asked),
            transaction: self.transaction_id,
            keep_transaction: self.keep_transaction,
            lost: self.lost,
            intent_at: instant_if(self.intent_at)?,
            blockers: count(self.blockers),
            answer: self.answer.map(|answer| parsed(&answer, &row, "answer")).transpose()?,
            context: self.context.map_or(Ok(Value::Null), |context| parsed(&context, &row, "context"))?,
            reply_to: self.reply_to,
            correlation_id: self.correlation_id,
            created_at: instant(self.created_at)?,
            updated_at: instant(self.updated_at)?,
            finished_at: instant_if(self.finished_at)?,
            fence: self.fence,
        })
    }
}

/// Reads all rows.
pub(super) fn jobs<I: Into<Uuid>>(rows: Vec<JobRow<I>>) -> Result<Vec<Job>> {
    rows.into_iter().map(JobRow::read).collect()
}

/// A row of `outbox`.
#[derive(sqlx::FromRow)]
pub(super) struct EventRow<I> {
    seq: i64,
    event_id: I,
    kind: String,
    account: String,
    job_id: Option<I>,
    happened_at: i64,
    body: String,
    is_final: bool,
    reply_to: Option<String>,
    correlation_id: Option<String>,
    sent_at: Option<i64>,
    tries: i64,
}

impl<I: Into<Uuid>> EventRow<I> {
    fn read(self) -> Result<OutboxRow> {
        let row = format_args!("event {}", self.seq);
        Ok(OutboxRow {
            seq: self.seq,
            event: Event {
                id: EventId(self.event_id.into()),
                kind: self.kind,
                account: self.account,
                job: self.job_id.map(|id| JobId(id.into())),
                time: instant(self.happened_at)?,
                body: parsed(&self.body, &row, "body")?,
                is_final: self.is_final,
                reply_to: self.reply_to,
                correlation_id: self.correlation_id,
            },
            sent_at: instant_if(self.sent_at)?,
            tries: count(self.tries),
        })
    }
}

/// Reads all rows.
pub(super) fn events<I: Into<Uuid>>(rows: Vec<EventRow<I>>) -> Result<Vec<OutboxRow>> {
    rows.into_iter().map(EventRow::read).collect()
}

/// A row of `attempts`.
#[derive(sqlx::FromRow)]
pub(super) struct AttemptRow {
    attempt: i64,
    transaction_id: String,
    digest: Vec<u8>,
    fence: i64,
    started_at: i64,
    ended_at: Option<i64>,
    cause: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    whole: Option<String>,
}

impl AttemptRow {
    /// The attempt of this row.
    pub(super) fn read(self) -> Result<AttemptView> {
        let row = format!("attempt {}", self.transaction_id);
        Ok(AttemptView {
            attempt: count(self.attempt),
            transaction: self.transaction_id,
            digest: self.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            fence: self.fence,
            started_at: instant(self.started_at)?,
            ended_at: instant_if(self.ended_at)?,
            cause: self.cause,
            code: self.code,
            reason: self.reason,
            whole: self.whole.map(|whole| parsed(&whole, &row, "whole")).transpose()?,
        })
    }
}

/// A row of `sends`.
#[derive(sqlx::FromRow)]
pub(super) struct SendRow {
    account: String,
    number: i64,
    slots: i64,
    reserved_at: i64,
    closed_at: Option<i64>,
}

impl SendRow {
    /// The block of this row.
    pub(super) fn read(self) -> Result<SendBlock> {
        Ok(SendBlock {
            account: self.account,
            number: self.number,
            slots: count(self.slots),
            reserved_at: instant(self.reserved_at)?,
            closed_at: instant_if(self.closed_at)?,
        })
    }
}

/// A row of `account_state`.
#[derive(sqlx::FromRow)]
pub(super) struct AccountRow {
    account: String,
    suspended: Option<String>,
    suspended_at: Option<i64>,
    cooldown_until: Option<i64>,
    cooldown_reason: Option<String>,
    trouble: Option<String>,
    trouble_since: Option<i64>,
}

impl AccountRow {
    /// The state of this row.
    pub(super) fn read(self) -> Result<AccountState> {
        Ok(AccountState {
            account: self.account,
            suspended: self.suspended,
            suspended_at: instant_if(self.suspended_at)?,
            cooldown_until: instant_if(self.cooldown_until)?,
            cooldown_reason: self.cooldown_reason,
            trouble: self.trouble,
            trouble_since: instant_if(self.trouble_since)?,
        })
    }
}

/// A row of `inbox`.
#[derive(sqlx::FromRow)]
pub(super) struct MessageRow {
    seq: i64,
    account: String,
    message_id: String,
    native_kind: String,
    kind: String,
    object: Option<String>,
    written_at: Option<i64>,
    received_at: i64,
    body: String,
    tries: i64,
    removed_at: Option<i64>,
    why: Option<String>,
}

impl MessageRow {
    /// The message of this row.
    pub(super) fn read(self) -> Result<InboxRow> {
        Ok(InboxRow {
            body: parsed(&self.body, &format_args!("message {}", self.seq), "body")?,
            seq: self.seq,
            account: self.account,
            id: self.message_id,
            native_kind: self.native_kind,
            kind: self.kind,
            object: self.object,
            written_at: instant_if(self.written_at)?,
            received_at: instant(self.received_at)?,
            tries: count(self.tries),
            removed_at: instant_if(self.removed_at)?,
            why: self.why,
        })
    }
}

/// A stored amount; one below zero was not written by us.
pub(super) fn amount(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// An amount as stored.
pub(super) fn amount_to_store(given: u64) -> i64 {
    i64::try_from(given).unwrap_or(i64::MAX)
}

/// A name and how many there are of it.
pub(super) fn counted((name, count): (String, i64)) -> (String, u64) {
    (name, amount(count))
}

/// A stored state.
pub(super) fn state(word: &str) -> Result<State> {
    word.parse().map_err(StoreError::Broken)
}

/// Account, state, how many, arrival of the oldest.
pub(super) fn state_count((account, word, jobs, oldest): (String, String, i64, Option<i64>)) -> Result<StateCount> {
    Ok(StateCount { account, state: state(&word)?, jobs: amount(jobs), oldest: instant_if(oldest)? })
}

/// Batches (name, publisher, first arrival) and their counts (name, state, how many).
pub(super) fn batches(
    batches: Vec<(String, String, i64)>,
    counts: Vec<(String, String, i64)>,
) -> Result<Vec<BatchView>> {
    let mut by_name: HashMap<String, Vec<(State, u64)>> = HashMap::new();
    for (name, word, jobs) in counts {
        by_name.entry(name).or_default().push((state(&word)?, amount(jobs)));
    }
    batches
        .into_iter()
        .map(|(name, publisher, created_at)| {
            let mut by_state = by_name.remove(&name).unwrap_or_default();
            by_state.sort_unstable();
            let total = by_state.iter().map(|(_, jobs)| jobs).sum();
            Ok(BatchView { name, publisher, created_at: instant(created_at)?, total, by_state })
        })
        .collect()
}

/// An operation as it is stored.
pub(super) fn operation(name: &str) -> Result<Operation> {
    name.parse().map_err(|_| unreadable(&"a job", "operation"))
}
