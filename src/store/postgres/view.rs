//! What people and metrics look at.

use sqlx::postgres::PgPool;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::claim::job_columns;
use super::outbox::event_columns;
use super::{BatchView, JobDetail, JobFilter, Result, StateCount, inquiries};
use crate::model::{Job, JobId};
use crate::store::rows::{self, AttemptRow, EventRow, FlowRow, JobRow, amount, text};
use crate::store::{Ahead, Flow, Progress};

/// Rows of one kind that are shown for one job.
const SHOWN: i64 = 1000;

/// Everything about one job.
pub(super) async fn job(pool: &PgPool, id: JobId) -> Result<Option<JobDetail>> {
    let job: Option<JobRow<Uuid>> = sqlx::query_as(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
        .bind(id.0)
        .fetch_optional(pool)
        .await?;
    let Some(job) = job else { return Ok(None) };
    let attempts: Vec<AttemptRow> = sqlx::query_as(
        "SELECT attempt, transaction_id, digest, fence, started_at, ended_at, cause, code, reason,
                whole::text AS whole
           FROM attempts WHERE job_id = $1 ORDER BY attempt LIMIT $2",
    )
    .bind(id.0)
    .bind(SHOWN)
    .fetch_all(pool)
    .await?;
    let links: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT needs_id, kind FROM job_links WHERE job_id = $1 ORDER BY kind, needs_id LIMIT $2")
            .bind(id.0)
            .bind(SHOWN)
            .fetch_all(pool)
            .await?;
    let events: Vec<EventRow<Uuid>> =
        sqlx::query_as(concat!("SELECT ", event_columns!(), " FROM outbox WHERE job_id = $1 ORDER BY seq LIMIT $2"))
            .bind(id.0)
            .bind(SHOWN)
            .fetch_all(pool)
            .await?;
    Ok(Some(JobDetail {
        job: job.read()?,
        attempts: attempts.into_iter().map(AttemptRow::read).collect::<Result<_>>()?,
        inquiries: inquiries::of_job(pool, id, SHOWN).await?,
        waits_for: links.into_iter().map(|(needs, kind)| (JobId(needs), kind)).collect(),
        events: rows::events(events)?,
    }))
}

/// Jobs by filter, newest first. Only the conditions asked for stand in the statement, so that each can use its index.
pub(super) async fn jobs(pool: &PgPool, filter: &JobFilter) -> Result<Vec<Job>> {
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new(concat!("SELECT ", job_columns!(), " FROM jobs WHERE true"));
    if !filter.states.is_empty() {
        let words: Vec<&str> = filter.states.iter().map(|state| state.word()).collect();
        query.push(" AND state = ANY(").push_bind(words).push(")");
        if filter.states.iter().all(|state| !state.is_final()) {
            query.push(" AND finished_at IS NULL");
        }
    }
    if let Some(account) = &filter.account {
        query.push(" AND account = ").push_bind(text(account));
    }
    if let Some(batch) = &filter.batch {
        query.push(" AND batch = ").push_bind(text(batch));
    }
    if let Some(object) = &filter.object {
        query.push(" AND object = ").push_bind(text(object));
    }
    if let Some(seq) = filter.before_seq {
        query.push(" AND seq < ").push_bind(seq);
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows: Vec<JobRow<Uuid>> = query.build_query_as().fetch_all(pool).await?;
    rows::jobs(rows)
}

/// Batches with their counts, which come from the index `jobs_batch` alone.
pub(super) async fn batches(pool: &PgPool, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT name, publisher, created_at FROM batches WHERE $1::text IS NULL OR name = $1
          ORDER BY created_at DESC, name DESC LIMIT $2",
    )
    .bind(name.map(text))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    let names: Vec<&str> = rows.iter().map(|(name, _, _)| name.as_str()).collect();
    let counts: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT batch, state, count(*) FROM jobs WHERE batch = ANY($1) GROUP BY batch, state")
            .bind(names)
            .fetch_all(pool)
            .await?;
    rows::batches(rows, counts)
}

/// Jobs by account and state: open ones counted in the index `jobs_open`, ended ones as they were counted.
///
/// "Oldest" is what an operator must worry about. Of waiting jobs: those that could start, since they could; one that waits
/// for another job, for tomorrow or for an operator is not late. Of doubts, which are few: since the doubt began; the
/// questions asked since then move the job, but settle nothing. Of all others: since they arrived.
pub(super) async fn counts(pool: &PgPool) -> Result<Vec<StateCount>> {
    let rows: Vec<(String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT open.account, open.state, count(*),
                CASE open.state
                    WHEN 'waiting' THEN min(open.due_at) FILTER (WHERE open.blockers = 0 AND open.held_by IS NULL)
                    WHEN 'in_doubt' THEN (
                        SELECT min(coalesce(attempts.ended_at, doubt.updated_at)) FROM jobs AS doubt
                          LEFT JOIN attempts ON attempts.job_id = doubt.id AND attempts.attempt = doubt.attempt
                         WHERE doubt.account = open.account AND doubt.state = 'in_doubt')
                    ELSE min(open.created_at)
                END
           FROM jobs AS open WHERE open.finished_at IS NULL GROUP BY open.account, open.state
         UNION ALL
         SELECT account, state, jobs, NULL FROM finished
         ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(rows::state_count).collect()
}

/// Waiting jobs by what they take turns in.
pub(super) async fn flows(pool: &PgPool, queue: Option<&str>) -> Result<Vec<Flow>> {
    let rows: Vec<FlowRow> = sqlx::query_as(
        "SELECT queue, class, publisher, batch,
                count(*) FILTER (WHERE blockers = 0 AND turn IS NOT NULL) AS ripe,
                count(*) FILTER (WHERE blockers > 0 OR turn IS NULL) AS unripe
           FROM jobs WHERE finished_at IS NULL AND state = 'waiting' AND ($1::text IS NULL OR queue = $1)
          GROUP BY queue, class, publisher, batch ORDER BY queue, class, publisher, batch NULLS FIRST",
    )
    .bind(queue.map(text))
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(FlowRow::read).collect())
}

/// What is before a job. Three counts in the index `jobs_turn`; all ripe jobs are before one that is not ripe.
pub(super) async fn ahead(pool: &PgPool, job: &Job) -> Result<Ahead> {
    let turn: Option<i64> = sqlx::query_scalar(
        "SELECT turn FROM jobs WHERE id = $1 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL",
    )
    .bind(job.id.0)
    .fetch_optional(pool)
    .await?;
    let (more_urgent, same_publisher, other_publishers): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM jobs
                  WHERE queue = $1 AND class < $2 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL),
                (SELECT count(*) FROM jobs
                  WHERE queue = $1 AND class = $2 AND publisher = $3 AND state = 'waiting' AND blockers = 0
                    AND turn <= $4 AND (turn, seq) < ($4, $5)),
                (SELECT count(*) FROM jobs
                  WHERE queue = $1 AND class = $2 AND publisher <> $3 AND state = 'waiting' AND blockers = 0
                    AND turn IS NOT NULL)",
    )
    .bind(text(&job.queue))
    .bind(job.class.rank())
    .bind(text(&job.publisher))
    .bind(turn.unwrap_or(i64::MAX))
    .bind(job.seq)
    .fetch_one(pool)
    .await?;
    Ok(Ahead {
        more_urgent: amount(more_urgent),
        same_publisher: amount(same_publisher),
        other_publishers: amount(other_publishers),
    })
}

/// How far a batch is, from what was counted; only jobs at work are looked at, in the index `jobs_batch`.
pub(super) async fn progress(pool: &PgPool, batch: &str) -> Result<Option<Progress>> {
    let name = text(batch);
    let Some(whole) = sqlx::query_as("SELECT jobs, destructive, released FROM batches WHERE name = $1")
        .bind(&name)
        .fetch_optional(pool)
        .await?
    else {
        return Ok(None);
    };
    let ended =
        sqlx::query_as("SELECT state, code, jobs FROM batch_ends WHERE batch = $1").bind(&name).fetch_all(pool).await?;
    let open = sqlx::query_as(
        "SELECT state, count(*) FROM jobs
          WHERE batch = $1 AND state IN ('running', 'in_doubt', 'pending', 'needs_attention') GROUP BY state",
    )
    .bind(&name)
    .fetch_all(pool)
    .await?;
    rows::progress(whole, ended, open).map(Some)
}
