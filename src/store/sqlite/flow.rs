//! How much is before whom.

use sqlx::sqlite::SqlitePool;

use super::{Result, key};
use crate::model::Job;
use crate::store::rows::{self, FlowRow, amount, text};
use crate::store::{Ahead, Flow, Progress};

/// Waiting jobs by queue, class, publisher and batch.
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

/// Ripe jobs before a ripe job, counted in the index of turns.
pub(super) async fn ahead(readers: &SqlitePool, job: &Job) -> Result<Ahead> {
    let counts: Option<(i64, i64, i64)> = sqlx::query_as(
        "SELECT (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = mine.queue AND class < mine.class
                    AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL),
                (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = mine.queue AND class = mine.class AND publisher = mine.publisher
                    AND (turn, seq) < (mine.turn, mine.seq)
                    AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL),
                (SELECT count(*) FROM jobs INDEXED BY jobs_turn
                  WHERE queue = mine.queue AND class = mine.class AND publisher <> mine.publisher
                    AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL)
           FROM jobs AS mine WHERE mine.id = $1",
    )
    .bind(key(job.id))
    .fetch_optional(readers)
    .await?;
    Ok(counts.map_or_else(Ahead::default, |(more_urgent, same, others)| Ahead {
        more_urgent: amount(more_urgent),
        same_publisher: amount(same),
        other_publishers: amount(others),
    }))
}

/// How far a batch is: what was counted, and the few jobs that are at work.
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
