//! Events: written with what they tell, read by the publisher, followed by people. Numbers become visible in the order in
//! which they are given out, because one transaction writes at a time.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::{Backlog, OutboxRow, Result, key, keys};
use crate::model::{Event, JobId};
use crate::store::rows::{self, EventRow, instant_if, json, micros, text, text_if};

macro_rules! event_columns {
    () => {
        "seq, event_id, kind, account, job_id, happened_at, body, is_final, reply_to, correlation_id, sent_at, tries"
    };
}
pub(super) use event_columns;

/// Writes events in order; one that is there already stays as it is.
pub(super) async fn insert(transaction: &mut SqliteConnection, events: &[&Event]) -> Result<()> {
    for event in events {
        sqlx::query(
            "INSERT INTO outbox (event_id, kind, account, job_id, happened_at, body, is_final, reply_to, correlation_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (event_id) DO NOTHING",
        )
        .bind(event.id.0.hyphenated())
        .bind(text(&event.kind))
        .bind(text(&event.account))
        .bind(event.job.map(key))
        .bind(micros(event.time))
        .bind(json(&event.body)?)
        .bind(event.is_final)
        .bind(text_if(event.reply_to.as_deref()))
        .bind(text_if(event.correlation_id.as_deref()))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Has the final events of these jobs sent once more, under their old ids.
pub(super) async fn resend(transaction: &mut SqliteConnection, jobs: &[JobId]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE outbox SET sent_at = NULL, due_at = 0, tries = 0, why = NULL
          WHERE job_id IN (SELECT value FROM json_each($1)) AND is_final AND sent_at IS NOT NULL",
    )
    .bind(keys(jobs.iter().copied()))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Fresh events, and those whose delivery failed and that are due again: each an index range, so that a long list of
/// postponed events costs nothing before its time. Where both are many, a fifth is for the second kind: events that
/// nobody receives hold up no others, nor the reverse. No more than [`rows::LOOK_BYTES`] of them, but always the first.
pub(super) async fn unsent(readers: &SqlitePool, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
    let rows: Vec<EventRow<Hyphenated>> = sqlx::query_as(concat!(
        "WITH fresh AS MATERIALIZED (SELECT 1 AS kind_of_try, * FROM outbox WHERE sent_at IS NULL AND due_at = 0
                                      ORDER BY due_at, seq LIMIT $2),
              again AS (SELECT 0 AS kind_of_try, * FROM outbox WHERE sent_at IS NULL AND due_at > 0 AND due_at <= $1
                         ORDER BY due_at, seq LIMIT max($2 - (SELECT count(*) FROM fresh), $2 / 5, 1)),
              chosen AS (SELECT * FROM (SELECT * FROM again UNION ALL SELECT * FROM fresh)
                          ORDER BY kind_of_try, seq LIMIT $2),
              weighed AS (SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before
                            FROM chosen)
         SELECT ",
        event_columns!(),
        " FROM weighed WHERE before < $3 ORDER BY seq"
    ))
    .bind(micros(now))
    .bind(i64::from(limit))
    .bind(rows::LOOK_BYTES)
    .fetch_all(readers)
    .await?;
    rows::events(rows)
}

/// Notes the broker's confirmation.
pub(super) async fn mark_sent(writer: &SqlitePool, seqs: &[i64], now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET sent_at = $2, why = NULL
          WHERE seq IN (SELECT value FROM json_each($1)) AND sent_at IS NULL",
    )
    .bind(json(&seqs)?)
    .bind(micros(now))
    .execute(writer)
    .await?;
    Ok(())
}

/// Puts the next try off.
pub(super) async fn postpone(writer: &SqlitePool, seqs: &[i64], until: Timestamp, why: &str) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET due_at = $2, tries = tries + 1, why = $3
          WHERE seq IN (SELECT value FROM json_each($1)) AND sent_at IS NULL",
    )
    .bind(json(&seqs)?)
    .bind(micros(until).max(1))
    .bind(text(why))
    .execute(writer)
    .await?;
    Ok(())
}

/// Events behind a number.
pub(super) async fn after(readers: &SqlitePool, seq: i64, limit: u32) -> Result<Vec<OutboxRow>> {
    let rows: Vec<EventRow<Hyphenated>> =
        sqlx::query_as(concat!("SELECT ", event_columns!(), " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2"))
            .bind(seq)
            .bind(i64::from(limit))
            .fetch_all(readers)
            .await?;
    rows::events(rows)
}

/// The highest number.
pub(super) async fn last(readers: &SqlitePool) -> Result<i64> {
    let seq: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM outbox").fetch_one(readers).await?;
    Ok(seq.unwrap_or(0))
}

/// How many wait, and since when.
pub(super) async fn backlog(readers: &SqlitePool) -> Result<Backlog> {
    let (unsent, oldest): (i64, Option<i64>) =
        sqlx::query_as("SELECT count(*), min(happened_at) FROM outbox WHERE sent_at IS NULL")
            .fetch_one(readers)
            .await?;
    Ok(Backlog { unsent: u64::try_from(unsent).unwrap_or(0), oldest: instant_if(oldest)? })
}
