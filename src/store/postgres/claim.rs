//! What may be worked on, and the intent to do it.

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::{Failure, Lease, Result, Start, lease};
use crate::model::{Class, Job, JobId};
use crate::store::rows::{self, JobRow, instant_if, json, micros, text};

macro_rules! job_columns {
    () => {
        "id, seq, publisher, account, queue, operation, object, params::text AS params, class, state, waiting_for, reason, \
         due_at, start_by, batch, max_attempts, attempt, spent, asked, transaction_id, keep_transaction, lost, intent_at, \
         blockers, answer::text AS answer, context::text AS context, reply_to, correlation_id, created_at, updated_at, \
         finished_at, fence"
    };
}
pub(super) use job_columns;

/// Jobs in doubt to ask about.
pub(super) async fn doubts(pool: &PgPool, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'in_doubt' AND due_at <= $2 ORDER BY due_at, seq LIMIT $3"
    ))
    .bind(text(account))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}

/// Pending orders to ask about.
pub(super) async fn follow_ups(pool: &PgPool, account: &str, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'pending' AND due_at <= $2 ORDER BY due_at, seq LIMIT $3"
    ))
    .bind(text(account))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}

/// Pending orders on an object, oldest first.
pub(super) async fn pending_on(pool: &PgPool, account: &str, object: &str) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND object = $2 AND state = 'pending' ORDER BY seq"
    ))
    .bind(text(account))
    .bind(text(object))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}

/// When something falls due next: the first entry behind now of each index range. What is ripe already has no time to wait
/// for.
pub(super) async fn next_due(
    pool: &PgPool,
    account: &str,
    queues: &[&str],
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let next: Option<i64> = sqlx::query_scalar(
        "SELECT LEAST(
            (SELECT min(first.due_at)
               FROM UNNEST($3::text[]) AS q (queue), UNNEST($4::smallint[]) AS c (class),
                    LATERAL (SELECT due_at FROM jobs
                              WHERE jobs.queue = q.queue AND jobs.class = c.class AND state = 'waiting' AND blockers = 0
                                AND turn IS NULL AND waiting_for <> 'paused' AND due_at > $2
                              ORDER BY due_at LIMIT 1) AS first),
            (SELECT min(due_at) FROM jobs WHERE account = $1 AND state = 'in_doubt' AND due_at > $2),
            (SELECT min(due_at) FROM jobs WHERE account = $1 AND state = 'pending' AND due_at > $2))",
    )
    .bind(text(account))
    .bind(micros(now))
    .bind(queues.iter().map(|queue| text(queue)).collect::<Vec<_>>())
    .bind(Class::ALL.iter().map(|class| class.rank()).collect::<Vec<i16>>())
    .fetch_one(pool)
    .await?;
    instant_if(next)
}

/// Claims jobs and writes their intents, in one statement behind the check of the lease. Rows are asked for in the order
/// of their ids, as everywhere.
pub(super) async fn start(
    pool: &PgPool,
    owner: &Lease,
    starts: &[Start],
    now: Timestamp,
) -> std::result::Result<Vec<JobId>, Failure> {
    let mut starts: Vec<&Start> = starts.iter().collect();
    starts.sort_unstable_by_key(|start| start.job);
    starts.dedup_by_key(|start| start.job);
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let started: Vec<Uuid> = sqlx::query_scalar(
        "WITH started AS (
             UPDATE jobs
                SET state = 'running', account = $7, waiting_for = 'turn', turn = NULL, cause = 'claimed', reason = NULL,
                    attempt = jobs.attempt + 1, transaction_id = s.transaction_id, keep_transaction = false,
                    intent_at = COALESCE(jobs.intent_at, $6), asked = 0, fence = $5, updated_at = $6
               FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $8::text[])
                 AS s (id, attempt, transaction_id, digest, queue)
              WHERE jobs.id = s.id AND jobs.attempt = s.attempt AND jobs.state = 'waiting' AND jobs.blockers = 0
                AND jobs.queue = s.queue AND jobs.held_by IS NULL AND NOT EXISTS (
                        SELECT 1 FROM pauses
                         WHERE (kind = 'batch' AND name = jobs.batch) OR (kind = 'publisher' AND name = jobs.publisher)
                            OR (kind = 'operation' AND name = jobs.operation) OR (kind = 'account' AND name = $7))
                AND (jobs.start_by IS NULL OR jobs.start_by > $6 OR jobs.lost)
             RETURNING jobs.id, jobs.attempt, s.transaction_id, s.digest)
         INSERT INTO attempts (job_id, attempt, transaction_id, digest, fence, started_at)
         SELECT id, attempt, transaction_id, digest, $5, $6 FROM started
         RETURNING job_id",
    )
    .bind(starts.iter().map(|start| start.job.0).collect::<Vec<Uuid>>())
    .bind(starts.iter().map(|start| i64::from(start.attempt)).collect::<Vec<i64>>())
    .bind(starts.iter().map(|start| text(&start.transaction)).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.digest.to_vec()).collect::<Vec<Vec<u8>>>())
    .bind(owner.fence)
    .bind(micros(now))
    .bind(text(&owner.name))
    .bind(starts.iter().map(|start| text(&start.queue)).collect::<Vec<_>>())
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(started.into_iter().map(JobId).collect())
}

/// The digest of a request that could only be written after a question was answered, and what it states.
pub(super) async fn resolve(
    pool: &PgPool,
    owner: &Lease,
    job: JobId,
    attempt: u32,
    digest: [u8; 32],
    whole: &Map<String, Value>,
) -> std::result::Result<bool, Failure> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let done = sqlx::query(
        "UPDATE attempts SET digest = $3, whole = $5::json
           FROM (SELECT id FROM jobs
                  WHERE id = $1 AND attempt = $2 AND state = 'running' AND fence = $4 FOR NO KEY UPDATE) AS running
          WHERE attempts.job_id = running.id AND attempts.attempt = $2",
    )
    .bind(job.0)
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
pub(super) async fn abandoned(pool: &PgPool, owner: &Lease, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE account = $1 AND state = 'running' AND fence < $2 ORDER BY fence, seq LIMIT $3"
    ))
    .bind(text(&owner.name))
    .bind(owner.fence)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}

/// Waiting jobs that are too late, blocked or not.
pub(super) async fn overdue(pool: &PgPool, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE state = 'waiting' AND start_by IS NOT NULL AND start_by <= $1 AND NOT lost ORDER BY start_by LIMIT $2"
    ))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}
