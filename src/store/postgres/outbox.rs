//! Events: written with what they tell, read by the publisher, followed by people.

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::{Backlog, OutboxRow, Result};
use crate::model::{Event, JobId};
use crate::store::rows::{self, EventRow, instant_if, json, micros, text, text_if};

macro_rules! event_columns {
    () => {
        "seq, event_id, kind, account, job_id, happened_at, body::text AS body, is_final, reply_to, correlation_id, \
         sent_at, tries"
    };
}
pub(super) use event_columns;

/// The lock of the outbox's numbers, one per schema.
macro_rules! numbers_lock {
    () => {
        "hashtextextended('registrard.outbox', 'outbox'::regclass::oid::bigint)"
    };
}

/// Writes events in order; one that is there already stays as it is. The last statement of its transaction.
///
/// Numbers are given out before their rows become visible. Writers therefore share a lock from here to their commit, and
/// whoever follows by number ([`after`], [`last`]) waits for those under way; nobody who holds the lock waits for anything.
pub(super) async fn insert(transaction: &mut PgConnection, events: &[&Event]) -> Result<()> {
    for events in events.chunks(rows::STATEMENT) {
        insert_some(transaction, events).await?;
    }
    Ok(())
}

async fn insert_some(transaction: &mut PgConnection, events: &[&Event]) -> Result<()> {
    let bodies = events.iter().map(|event| json(&event.body)).collect::<Result<Vec<_>>>()?;
    sqlx::query(concat!(
        "WITH numbers AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(",
        numbers_lock!(),
        "))
         INSERT INTO outbox (event_id, kind, account, job_id, happened_at, body, is_final, reply_to, correlation_id)
         SELECT event_id, kind, account, job_id, happened_at, body::json, is_final, reply_to, correlation_id
           FROM numbers, UNNEST($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::boolean[],
                       $8::text[], $9::text[]) WITH ORDINALITY
             AS e (event_id, kind, account, job_id, happened_at, body, is_final, reply_to, correlation_id, place)
          ORDER BY place
         ON CONFLICT (event_id) DO NOTHING"
    ))
    .bind(events.iter().map(|event| event.id.0).collect::<Vec<Uuid>>())
    .bind(events.iter().map(|event| text(&event.kind)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| text(&event.account)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.job.map(|id| id.0)).collect::<Vec<Option<Uuid>>>())
    .bind(events.iter().map(|event| micros(event.time)).collect::<Vec<i64>>())
    .bind(bodies)
    .bind(events.iter().map(|event| event.is_final).collect::<Vec<bool>>())
    .bind(events.iter().map(|event| text_if(event.reply_to.as_deref())).collect::<Vec<_>>())
    .bind(events.iter().map(|event| text_if(event.correlation_id.as_deref())).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Has the final events of these jobs sent once more, under their old ids. Locked in the order in which the publisher
/// marks them.
pub(super) async fn resend(transaction: &mut PgConnection, jobs: &[JobId]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "WITH again AS (SELECT seq FROM outbox WHERE job_id = ANY($1) AND is_final AND sent_at IS NOT NULL
                         ORDER BY seq FOR UPDATE)
         UPDATE outbox SET sent_at = NULL, due_at = 0, tries = 0, why = NULL FROM again WHERE outbox.seq = again.seq",
    )
    .bind(jobs.iter().map(|id| id.0).collect::<Vec<Uuid>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Fresh events, and those whose delivery failed and that are due again: each an index range, so that a long list of
/// postponed events costs nothing before its time. Where both are many, a fifth is for the second kind: events that
/// nobody receives hold up no others, nor the reverse. No more than [`rows::LOOK_BYTES`] of them, but always the first.
pub(super) async fn unsent(pool: &PgPool, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
    let rows: Vec<EventRow<Uuid>> = sqlx::query_as(concat!(
        "WITH fresh AS (SELECT 1 AS kind_of_try, outbox.* FROM outbox WHERE sent_at IS NULL AND due_at = 0
                         ORDER BY due_at, seq LIMIT $2),
              again AS (SELECT 0 AS kind_of_try, outbox.* FROM outbox WHERE sent_at IS NULL AND due_at > 0 AND due_at <= $1
                         ORDER BY due_at, seq LIMIT greatest($2 - (SELECT count(*) FROM fresh), $2 / 5, 1)),
              chosen AS (SELECT * FROM (SELECT * FROM again UNION ALL SELECT * FROM fresh) AS both_kinds
                          ORDER BY kind_of_try, seq LIMIT $2),
              weighed AS (SELECT chosen.*, sum(octet_length(body::text)) OVER (ORDER BY seq)
                                           - octet_length(body::text) AS before FROM chosen)
         SELECT ",
        event_columns!(),
        " FROM weighed WHERE before < $3 ORDER BY seq"
    ))
    .bind(micros(now))
    .bind(i64::from(limit))
    .bind(rows::LOOK_BYTES)
    .fetch_all(pool)
    .await?;
    rows::events(rows)
}

/// Notes the broker's confirmation.
pub(super) async fn mark_sent(pool: &PgPool, seqs: &[i64], now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE outbox SET sent_at = $2, why = NULL WHERE seq = ANY($1) AND sent_at IS NULL")
        .bind(sorted(seqs))
        .bind(micros(now))
        .execute(pool)
        .await?;
    Ok(())
}

/// Puts the next try off.
pub(super) async fn postpone(pool: &PgPool, seqs: &[i64], until: Timestamp, why: &str) -> Result<()> {
    sqlx::query("UPDATE outbox SET due_at = $2, tries = tries + 1, why = $3 WHERE seq = ANY($1) AND sent_at IS NULL")
        .bind(sorted(seqs))
        .bind(micros(until).max(1))
        .bind(text(why))
        .execute(pool)
        .await?;
    Ok(())
}

fn sorted(seqs: &[i64]) -> Vec<i64> {
    let mut seqs = seqs.to_vec();
    seqs.sort_unstable();
    seqs
}

/// Events behind a number.
pub(super) async fn after(pool: &PgPool, seq: i64, limit: u32) -> Result<Vec<OutboxRow>> {
    let mut transaction = pool.begin().await?;
    settle(&mut transaction).await?;
    let rows: Vec<EventRow<Uuid>> =
        sqlx::query_as(concat!("SELECT ", event_columns!(), " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2"))
            .bind(seq)
            .bind(i64::from(limit))
            .fetch_all(&mut *transaction)
            .await?;
    transaction.commit().await?;
    rows::events(rows)
}

/// The highest number; none below it is still to appear.
pub(super) async fn last(pool: &PgPool) -> Result<i64> {
    let mut transaction = pool.begin().await?;
    settle(&mut transaction).await?;
    let seq: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM outbox").fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(seq.unwrap_or(0))
}

/// Waits for the writers under way. The next statement sees their rows.
async fn settle(transaction: &mut PgConnection) -> Result<()> {
    sqlx::query(concat!("SELECT pg_advisory_xact_lock(", numbers_lock!(), ")")).execute(transaction).await?;
    Ok(())
}

/// How many wait, and since when.
pub(super) async fn backlog(pool: &PgPool) -> Result<Backlog> {
    let (unsent, oldest): (i64, Option<i64>) =
        sqlx::query_as("SELECT count(*), min(happened_at) FROM outbox WHERE sent_at IS NULL").fetch_one(pool).await?;
    Ok(Backlog { unsent: u64::try_from(unsent).unwrap_or(0), oldest: instant_if(oldest)? })
}
