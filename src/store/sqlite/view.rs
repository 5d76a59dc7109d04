//! What people and metrics look at.

use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Sqlite};
use uuid::fmt::Hyphenated;

use super::claim::job_columns;
use super::outbox::event_columns;
use super::{BatchView, JobDetail, JobFilter, Result, StateCount, inquiries, key, stored};
use crate::model::{Job, JobId};
use crate::store::rows::{self, AttemptRow, EventRow, FlowRow, JobRow, amount, json, text};
use crate::store::{Ahead, Flow, Progress};

/// Rows of one kind that are shown for one job.
const SHOWN: i64 = 1000;

/// Everything about one job.
pub(super) async fn job(readers: &SqlitePool, id: JobId) -> Result<Option<JobDetail>> {
    let job: Option<JobRow<Hyphenated>> =
        sqlx::query_as(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(key(id))
            .fetch_optional(readers)
            .await?;
    let Some(job) = job else { return Ok(None) };
    let attempts: Vec<AttemptRow> = sqlx::query_as(
        "SELECT attempt, transaction_id, digest, fence, started_at, ended_at, cause, code, reason,
                whole
           FROM attempts WHERE job_id = $1 ORDER BY attempt LIMIT $2",
    )
    .bind(key(id))
    .bind(SHOWN)
    .fetch_all(readers)
    .await?;
    let links: Vec<(Hyphenated, String)> =
        sqlx::query_as("SELECT needs_id, kind FROM job_links WHERE job_id = $1 ORDER BY kind, needs_id LIMIT $2")
            .bind(key(id))
            .bind(SHOWN)
            .fetch_all(readers)
            .await?;
    let events: Vec<EventRow<Hyphenated>> =
        sqlx::query_as(concat!("SELECT ", event_columns!(), " FROM outbox WHERE job_id = $1 ORDER BY seq LIMIT $2"))
            .bind(key(id))
            .bind(SHOWN)
            .fetch_all(readers)
            .await?;
    Ok(Some(JobDetail {
        job: job.read()?,
        attempts: attempts.into_iter().map(AttemptRow::read).collect::<Result<_>>()?,
        inquiries: inquiries::of_job(readers, id, SHOWN).await?,
        waits_for: links.into_iter().map(|(needs, kind)| (stored(needs), kind)).collect(),
        events: rows::events(events)?,
    }))
}

/// Jobs by filter, newest first. Only the conditions asked for stand in the statement, so that each can use its index.
pub(super) async fn jobs(readers: &SqlitePool, filter: &JobFilter) -> Result<Vec<Job>> {
    let mut query: QueryBuilder<Sqlite> =
        QueryBuilder::new(concat!("SELECT ", job_columns!(), " FROM jobs WHERE true"));
    if !filter.states.is_empty() {
        let mut words = query.push(" AND state IN (").separated(", ");
        for state in &filter.states {
            words.push_bind(state.word());
        }
        query.push(")");
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
    let rows: Vec<JobRow<Hyphenated>> = query.build_query_as().fetch_all(readers).await?;
    rows::jobs(rows)
}

/// Batches with their counts, which come from the index `jobs_batch` alone.
pub(super) async fn batches(readers: &SqlitePool, name: Option<&str>, limit: u32) -> Result<Vec<BatchView>> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT name, publisher, created_at FROM batches WHERE $1 IS NULL OR name = $1
          ORDER BY created_at DESC, name DESC LIMIT $2",
    )
    .bind(name.map(text))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    let names: Vec<&str> = rows.iter().map(|(name, _, _)| name.as_str()).collect();
    let counts: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT batch, state, count(*) FROM jobs WHERE batch IN (SELECT value FROM json_each($1)) GROUP BY batch, state")
            .bind(json(&names)?)
            .fetch_all(readers)
            .await?;
    rows::batches(rows, counts)
}

/// Jobs by account and state: open ones counted in the index `jobs_open`, ended ones as they were counted.
///
/// "Oldest" is what an operator must worry about. Of waiting jobs: those that could start, since they could; one that waits
/// for another job, for tomorrow or for an operator is not late. Of doubts, which are few: since the doubt began; the
/// questions asked since then move the job, but settle nothing. Of all others: since they arrived.
pub(super) async fn counts(readers: &SqlitePool) -> Result<Vec<StateCount>> {
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
           FROM jobs AS open INDEXED BY jobs_open WHERE open.finished_at IS NULL GROUP BY open.account, open.state
         UNION ALL
         SELECT account, state, jobs, NULL FROM finished
         ORDER BY 1, 2",
    )
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(rows::state_count).collect()
}

/// Waiting jobs by what they take turns in.
pub(super) async fn flows(readers: &SqlitePool, queue: Option<&str>) -> Result<Vec<Flow>> {
    let rows: Vec<FlowRow> = sqlx::query_as(
        "SELECT queue, class, publisher, batch,
                sum(blockers = 0 AND turn IS NOT NULL) AS ripe, sum(blockers > 0 OR turn IS NULL) AS unripe
           FROM jobs WHERE state = 'waiting' AND finished_at IS NULL AND ($1 IS NULL OR queue = $1)
          GROUP BY queue, class, publisher, batch ORDER BY queue, class, publisher, batch",
    )
    .bind(queue.map(text))
    .fetch_all(readers)
    .await?;
    Ok(rows.into_iter().map(FlowRow::read).collect())
}

/// What is before a job. Three counts in the index `jobs_turn`; all ripe jobs are before one that is not ripe.
pub(super) async fn ahead(readers: &SqlitePool, job: &Job) -> Result<Ahead> {
    let (more_urgent, same_publisher, other_publishers): (i64, i64, i64) = sqlx::query_as(
        "WITH me (turn) AS (
             SELECT coalesce(max(turn) FILTER (WHERE state = 'waiting' AND blockers = 0), $5) FROM jobs WHERE id = $1)
         SELECT (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = $2 AND class < $3 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL),
                (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = $2 AND class = $3 AND publisher = $4 AND state = 'waiting' AND blockers = 0
                    AND turn IS NOT NULL AND (turn, seq) < (me.turn, $6)),
                (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = $2 AND class = $3 AND publisher <> $4 AND state = 'waiting' AND blockers = 0
                    AND turn IS NOT NULL)
           FROM me",
    )
    .bind(key(job.id))
    .bind(text(&job.queue))
    .bind(job.class.rank())
    .bind(text(&job.publisher))
    .bind(i64::MAX)
    .bind(job.seq)
    .fetch_one(readers)
    .await?;
    Ok(Ahead {
        more_urgent: amount(more_urgent),
        same_publisher: amount(same_publisher),
        other_publishers: amount(other_publishers),
    })
}

/// How far a batch is, from what was counted; only jobs at work are looked at, in the index `jobs_batch`.
pub(super) async fn progress(readers: &SqlitePool, batch: &str) -> Result<Option<Progress>> {
    let row: Option<(i64, i64, bool)> =
        sqlx::query_as("SELECT jobs, destructive, released FROM batches WHERE name = $1")
            .bind(text(batch))
            .fetch_optional(readers)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let ended: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT state, code, jobs FROM batch_ends WHERE batch = $1 ORDER BY state, code")
            .bind(text(batch))
            .fetch_all(readers)
            .await?;
    let open: Vec<(String, i64)> = sqlx::query_as(
        "SELECT state, count(*) FROM jobs INDEXED BY jobs_batch
          WHERE batch = $1 AND state IN ('running', 'in_doubt', 'pending', 'needs_attention') GROUP BY state",
    )
    .bind(text(batch))
    .fetch_all(readers)
    .await?;
    rows::progress(row, ended, open).map(Some)
}
