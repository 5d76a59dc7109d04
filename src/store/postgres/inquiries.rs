//! What the registry was asked about jobs in doubt and pending orders, with what proves each decision.

use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::Result;
use crate::model::{Inquiry, JobId, Move};
use crate::store::rows::{InquiryRow, json, micros, text};
use crate::store::rules::OPEN_INQUIRIES_KEPT;
use crate::store::types::InquiryView;

/// Writes the inquiries of moves of different jobs, whose rows are locked: so nobody else takes their next numbers.
pub(super) async fn insert(transaction: &mut PgConnection, moves: &[&Move]) -> Result<()> {
    let asked: Vec<(&Move, &Inquiry)> = moves.iter().filter_map(|step| Some((*step, step.inquiry.as_ref()?))).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = asked.iter().map(|(step, _)| step.job().0).collect();
    sqlx::query(
        "INSERT INTO inquiries (job_id, number, attempt, about, asked_at, questions, finding, evidence, cause)
         SELECT m.id, coalesce((SELECT max(number) FROM inquiries WHERE job_id = m.id), 0) + 1, m.attempt, m.about, m.at,
                m.questions::json, m.finding, m.evidence, m.cause
           FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
             AS m (id, attempt, about, at, questions, finding, evidence, cause)",
    )
    .bind(&ids)
    .bind(asked.iter().map(|(step, _)| i64::from(step.attempt())).collect::<Vec<i64>>())
    .bind(asked.iter().map(|(step, _)| step.from().word()).collect::<Vec<&str>>())
    .bind(asked.iter().map(|(step, _)| micros(step.at)).collect::<Vec<i64>>())
    .bind(asked.iter().map(|(_, inquiry)| json(&inquiry.questions)).collect::<Result<Vec<String>>>()?)
    .bind(asked.iter().map(|(_, inquiry)| inquiry.finding).collect::<Vec<&str>>())
    .bind(asked.iter().map(|(_, inquiry)| text(&inquiry.evidence)).collect::<Vec<_>>())
    .bind(asked.iter().map(|(step, _)| step.cause().word()).collect::<Vec<&str>>())
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "DELETE FROM inquiries AS old
          USING (SELECT job_id, max(number) - $2 AS upto FROM inquiries WHERE job_id = ANY($1) GROUP BY job_id) AS last
          WHERE old.job_id = last.job_id AND old.number <= last.upto AND old.cause IN ('still_unknown', 'still_pending')
            AND EXISTS (SELECT 1 FROM inquiries AS first
                         WHERE first.job_id = old.job_id AND first.attempt = old.attempt AND first.number < old.number)",
    )
    .bind(&ids)
    .bind(OPEN_INQUIRIES_KEPT)
    .execute(transaction)
    .await?;
    Ok(())
}

/// The inquiries about a job, oldest first.
pub(super) async fn of_job(pool: &PgPool, id: JobId, limit: i64) -> Result<Vec<InquiryView>> {
    let rows: Vec<InquiryRow> = sqlx::query_as(
        "SELECT number, attempt, about, asked_at, questions::text AS questions, finding, evidence, cause
           FROM inquiries WHERE job_id = $1 ORDER BY number LIMIT $2",
    )
    .bind(id.0)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| row.read(id)).collect()
}
