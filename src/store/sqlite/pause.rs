//! Pauses, and the jobs they hold.

use sqlx::sqlite::SqlitePool;

use super::{Result, begin as writing, outbox};
use crate::model::Event;
use crate::store::rows::{PauseRow, micros, text};
use crate::store::{Pause, PauseKind};

/// All pauses.
pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<Pause>> {
    let rows: Vec<PauseRow> =
        sqlx::query_as("SELECT kind, name, reason, since FROM pauses ORDER BY kind, name").fetch_all(readers).await?;
    rows.into_iter().map(PauseRow::read).collect()
}

/// Begins a pause, unless there is one.
pub(super) async fn begin(writer: &SqlitePool, pause: &Pause, event: &Event) -> Result<bool> {
    let mut transaction = writing(writer).await?;
    let done = sqlx::query(
        "INSERT INTO pauses (kind, name, reason, since) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, name) DO NOTHING",
    )
    .bind(pause.kind.word())
    .bind(text(&pause.name))
    .bind(text(&pause.reason))
    .bind(micros(pause.since))
    .execute(&mut *transaction)
    .await?;
    let new = done.rows_affected() == 1;
    if new {
        outbox::insert(&mut transaction, &[event]).await?;
    }
    transaction.commit().await?;
    Ok(new)
}

/// Ends a pause. Whoever resumes a batch has looked at what the brake saw, so the brake lets it run from then on.
pub(super) async fn end(writer: &SqlitePool, kind: PauseKind, name: &str, event: &Event) -> Result<Option<Pause>> {
    let mut transaction = writing(writer).await?;
    let ended: Option<PauseRow> =
        sqlx::query_as("DELETE FROM pauses WHERE kind = $1 AND name = $2 RETURNING kind, name, reason, since")
            .bind(kind.word())
            .bind(text(name))
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(ended) = ended else { return Ok(None) };
    if kind == PauseKind::Batch {
        // The others went on meanwhile: it takes turns with them from where they are, not from where it was held.
        sqlx::query("UPDATE turns SET last = 0 WHERE batch = $1").bind(text(name)).execute(&mut *transaction).await?;
        sqlx::query("UPDATE batches SET released = 1 WHERE name = $1")
            .bind(text(name))
            .execute(&mut *transaction)
            .await?;
    }
    outbox::insert(&mut transaction, &[event]).await?;
    transaction.commit().await?;
    ended.read().map(Some)
}

/// What jobs are held by and nothing holds them with: one look into the index per key.
const GONE: &str = "
    WITH RECURSIVE keys (key) AS (
        SELECT min(held_by) FROM jobs INDEXED BY jobs_held WHERE held_by IS NOT NULL
        UNION ALL
        SELECT (SELECT min(held_by) FROM jobs INDEXED BY jobs_held WHERE held_by > key) FROM keys WHERE key IS NOT NULL)
    SELECT key FROM keys WHERE key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pauses WHERE kind || ':' || name = key)";

/// Lets go of jobs that nothing holds any more. They have no turn then and ripen like new ones.
pub(super) async fn let_go(writer: &SqlitePool, readers: &SqlitePool, limit: u32) -> Result<u64> {
    let gone: Vec<String> = sqlx::query_scalar(GONE).fetch_all(readers).await?;
    if gone.is_empty() {
        return Ok(0);
    }
    let mut transaction = writing(writer).await?;
    let gone: Vec<String> = sqlx::query_scalar(GONE).fetch_all(&mut *transaction).await?;
    let mut freed = 0;
    for key in gone {
        let left = i64::from(limit).saturating_sub(i64::try_from(freed).unwrap_or(i64::MAX));
        let done = sqlx::query(
            "UPDATE jobs SET waiting_for = 'turn', held_by = NULL
              WHERE seq IN (SELECT seq FROM jobs INDEXED BY jobs_held WHERE held_by = $1 ORDER BY seq LIMIT $2)",
        )
        .bind(key)
        .bind(left)
        .execute(&mut *transaction)
        .await?;
        freed += done.rows_affected();
    }
    transaction.commit().await?;
    Ok(freed)
}
