//! What may be worked on, and the intent to do it.

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::{Lease, Result, Start, begin, key, lease};
use crate::model::{Job, JobId};
use crate::store::rows::{self, JobRow, instant_if, json, micros, text};

macro_rules! job_columns {
    () => {
        "id, seq, publisher, account, queue, operation, object, params, class, state, waiting_for, reason, due_at, start_by, \
         batch, max_attempts, attempt, spent, asked, transaction_id, keep_transaction, lost, intent_at, blockers, answer, \
         context, reply_to, correlation_id, created_at, updated_at, finished_at, fence"
    };
}
pub(super) use job_columns;

/// Jobs in doubt to ask about.
pub(super) async fn doubts(readers: &SqlitePool, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'in_doubt' AND due_at <= $2 ORDER BY due_at, seq LIMIT $3"
    ))
    .bind(text(account))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}

/// Pending orders to ask about.
pub(super) async fn follow_ups(readers: &SqlitePool, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'pending' AND due_at <= $2 ORDER BY due_at, seq LIMIT $3"
    ))
    .bind(text(account))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}

/// Pending orders on an object, oldest first.
pub(super) async fn pending_on(readers: &SqlitePool, account: &str, object: &str) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs INDEXED BY jobs_pending_on WHERE account = $1 AND object = $2 AND state = 'pending' ORDER BY seq"
    ))
    .bind(text(account))
    .bind(text(object))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}

/// When something falls due next: the first entry behind now of each index range. What is ripe already has no time to wait
/// for.
pub(super) async fn next_due(
    readers: &SqlitePool,
    account: &str,
    queues: &[&str],
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let next: Option<i64> = sqlx::query_scalar(
        "SELECT min(next) FROM (
             SELECT (SELECT min(due_at) FROM jobs INDEXED BY jobs_unripe
                      WHERE queue = queues.value AND class = classes.value AND due_at > $2
                        AND state = 'waiting' AND blockers = 0 AND turn IS NULL AND waiting_for <> 'paused') AS next
               FROM json_each($3) AS queues CROSS JOIN json_each('[0,1,2]') AS classes
             UNION ALL
             SELECT min(due_at) FROM jobs WHERE account = $1 AND state = 'in_doubt' AND due_at > $2
             UNION ALL
             SELECT min(due_at) FROM jobs WHERE account = $1 AND state = 'pending' AND due_at > $2)",
    )
    .bind(text(account))
    .bind(micros(now))
    .bind(json(&queues)?)
    .fetch_one(readers)
    .await?;
    instant_if(next)
}

/// Claims jobs and writes their intents, behind the check of the lease.
pub(super) async fn start(writer: &SqlitePool, owner: &Lease, starts: &[Start], now: Timestamp) -> Result<Vec<JobId>> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let mut started = Vec::with_capacity(starts.len());
    for start in starts {
        let claimed = sqlx::query(
            "UPDATE jobs
                SET state = 'running', waiting_for = 'turn', cause = 'claimed', reason = NULL, attempt = attempt + 1,
                    transaction_id = $3, keep_transaction = 0, account = $6, turn = NULL,
                    intent_at = coalesce(intent_at, $4), asked = 0, fence = $5, updated_at = $4
              WHERE id = $1 AND attempt = $2 AND state = 'waiting' AND blockers = 0 AND queue = $7 AND held_by IS NULL AND NOT EXISTS (
                        SELECT 1 FROM pauses
                         WHERE (kind = 'batch' AND name = jobs.batch) OR (kind = 'publisher' AND name = jobs.publisher)
                            OR (kind = 'operation' AND name = jobs.operation) OR (kind = 'account' AND name = $6))
                AND (start_by IS NULL OR start_by > $4 OR lost)",
        )
        .bind(key(start.job))
        .bind(i64::from(start.attempt))
        .bind(text(&start.transaction))
        .bind(micros(now))
        .bind(owner.fence)
        .bind(text(&owner.name))
        .bind(text(&start.queue))
        .execute(&mut *transaction)
        .await?;
        if claimed.rows_affected() == 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO attempts (job_id, attempt, transaction_id, digest, fence, started_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(key(start.job))
        .bind(i64::from(start.attempt) + 1)
        .bind(text(&start.transaction))
        .bind(start.digest.to_vec())
        .bind(owner.fence)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        started.push(start.job);
    }
    transaction.commit().await?;
    Ok(started)
}

/// The digest of a request that could only be written after a question was answered, and what it states.
pub(super) async fn resolve(
    writer: &SqlitePool,
    owner: &Lease,
    job: JobId,
    attempt: u32,
    digest: [u8; 32],
    whole: &Map<String, Value>,
) -> Result<bool> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let done = sqlx::query(
        "UPDATE attempts SET digest = $3, whole = $5
          WHERE job_id = $1 AND attempt = $2
            AND EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND attempt = $2 AND state = 'running' AND fence = $4)",
    )
    .bind(key(job))
    .bind(i64::from(attempt))
    .bind(digest.to_vec())
    .bind(owner.fence)
    .bind(json(whole)?)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Running jobs whose owner is gone.
pub(super) async fn abandoned(readers: &SqlitePool, owner: &Lease, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'running' AND fence < $2 ORDER BY fence, seq LIMIT $3"
    ))
    .bind(text(&owner.name))
    .bind(owner.fence)
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}

/// Waiting jobs that are too late, blocked or not.
pub(super) async fn overdue(readers: &SqlitePool, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE state = 'waiting' AND start_by IS NOT NULL AND start_by <= $1 AND NOT lost ORDER BY start_by LIMIT $2"
    ))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}
