//! What the registry was asked about jobs in doubt and pending orders, with what proves each decision.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use super::{Result, key};
use crate::model::{JobId, Move};
use crate::store::rows::{InquiryRow, json, micros, text};
use crate::store::rules::OPEN_INQUIRIES_KEPT;
use crate::store::types::InquiryView;

/// Writes the inquiry of a move, if it has one.
pub(super) async fn insert(transaction: &mut SqliteConnection, step: &Move) -> Result<()> {
    let Some(inquiry) = &step.inquiry else { return Ok(()) };
    sqlx::query(
        "INSERT INTO inquiries (job_id, number, attempt, about, asked_at, questions, finding, evidence, cause)
         VALUES ($1, coalesce((SELECT max(number) FROM inquiries WHERE job_id = $1), 0) + 1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(key(step.job()))
    .bind(i64::from(step.attempt()))
    .bind(step.from().word())
    .bind(micros(step.at))
    .bind(json(&inquiry.questions)?)
    .bind(inquiry.finding)
    .bind(text(&inquiry.evidence))
    .bind(step.cause().word())
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "DELETE FROM inquiries
          WHERE job_id = $1 AND number <= (SELECT max(number) - $2 FROM inquiries WHERE job_id = $1)
            AND cause IN ('still_unknown', 'still_pending')
            AND EXISTS (SELECT 1 FROM inquiries AS first
                         WHERE first.job_id = $1 AND first.attempt = inquiries.attempt AND first.number < inquiries.number)",
    )
    .bind(key(step.job()))
    .bind(OPEN_INQUIRIES_KEPT)
    .execute(transaction)
    .await?;
    Ok(())
}

/// The inquiries about a job, oldest first.
pub(super) async fn of_job(readers: &SqlitePool, id: JobId, limit: i64) -> Result<Vec<InquiryView>> {
    let rows: Vec<InquiryRow> = sqlx::query_as(
        "SELECT number, attempt, about, asked_at, questions, finding, evidence, cause
           FROM inquiries WHERE job_id = $1 ORDER BY number LIMIT $2",
    )
    .bind(key(id))
    .bind(limit)
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(|row| row.read(id)).collect()
}
