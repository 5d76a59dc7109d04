//! What operators and the brake keep from starting.

use sqlx::postgres::PgPool;

use super::{Failure, Result, outbox};
use crate::model::Event;
use crate::store::rows::{PauseRow, micros, text};
use crate::store::{Pause, PauseKind};

/// All pauses.
pub(super) async fn all(pool: &PgPool) -> Result<Vec<Pause>> {
    let rows: Vec<PauseRow> =
        sqlx::query_as("SELECT kind, name, reason, since FROM pauses ORDER BY kind, name").fetch_all(pool).await?;
    rows.into_iter().map(PauseRow::read).collect()
}

/// Adds a pause, unless there is one.
pub(super) async fn begin(pool: &PgPool, pause: &Pause, event: &Event) -> Result<bool> {
    let mut transaction = pool.begin().await?;
    let done = sqlx::query(
        "INSERT INTO pauses (kind, name, reason, since) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, name) DO NOTHING",
    )
    .bind(pause.kind.word())
    .bind(text(&pause.name))
    .bind(text(&pause.reason))
    .bind(micros(pause.since))
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    outbox::insert(&mut transaction, &[event]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Ends a pause. A batch that was let go by an operator is marked, so that the brake does not stop it again.
pub(super) async fn end(
    pool: &PgPool,
    kind: PauseKind,
    name: &str,
    event: &Event,
) -> std::result::Result<Option<Pause>, Failure> {
    let mut transaction = pool.begin().await?;
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
        sqlx::query("UPDATE batches SET released = true WHERE name = $1")
            .bind(text(name))
            .execute(&mut *transaction)
            .await?;
    }
    outbox::insert(&mut transaction, &[event]).await?;
    transaction.commit().await?;
    Ok(Some(ended.read()?))
}

/// Lets go of jobs whose pause is no more, oldest first. The keys are found one behind the other in the index `jobs_held`, so
/// that a million jobs of a batch that stays paused cost nothing. Rows that somebody holds are left for the next time.
pub(super) async fn let_go(pool: &PgPool, limit: u32) -> std::result::Result<u64, Failure> {
    let gone: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE held (key) AS (
             (SELECT held_by FROM jobs WHERE held_by IS NOT NULL ORDER BY held_by LIMIT 1)
             UNION ALL
             SELECT (SELECT held_by FROM jobs WHERE held_by IS NOT NULL AND held_by > held.key ORDER BY held_by LIMIT 1)
               FROM held WHERE held.key IS NOT NULL)
         SELECT key FROM held
          WHERE key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pauses WHERE kind || ':' || name = held.key)",
    )
    .fetch_all(pool)
    .await?;
    let mut freed = 0;
    for key in gone {
        let done = sqlx::query(
            "WITH held AS (
                 SELECT id FROM jobs WHERE held_by = $1 ORDER BY seq LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
             UPDATE jobs SET held_by = NULL, waiting_for = 'turn' FROM held WHERE jobs.id = held.id",
        )
        .bind(&key)
        .bind(i64::from(limit) - i64::try_from(freed).unwrap_or(i64::MAX))
        .execute(pool)
        .await?;
        freed += done.rows_affected();
        if freed >= u64::from(limit) {
            break;
        }
    }
    Ok(freed)
}
