//! Turns: who gets one, who has the first ones, and who is put out of the way.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::claim::job_columns;
use super::{Lease, Result, begin, key, lease};
use crate::model::Job;
use crate::store::Aside;
use crate::store::rows::{self, JobRow, instant, json, micros, text, text_if};

/// Ripe jobs: what the index of turns holds.
macro_rules! ripe {
    ($jobs:literal) => {
        concat!($jobs, ".state = 'waiting' AND ", $jobs, ".blockers = 0 AND ", $jobs, ".turn IS NOT NULL")
    };
}

/// The first ripe jobs of every line. Each line is found by one look into the index behind the line before it, so that
/// the cost depends on how many publishers wait, and not on how many jobs. (`INDEXED BY`: without this index the
/// statement must fail at once, and not slowly.)
pub(super) async fn heads(readers: &SqlitePool, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> = sqlx::query_as(concat!(
        "WITH RECURSIVE line (q, c, p) AS (
             SELECT queues.value, classes.value,
                    (SELECT publisher FROM jobs INDEXED BY jobs_turn
                      WHERE queue = queues.value AND class = classes.value AND ",
        ripe!("jobs"),
        "             ORDER BY publisher LIMIT 1)
               FROM json_each($1) AS queues CROSS JOIN json_each('[0,1,2]') AS classes
             UNION ALL
             SELECT q, c,
                    (SELECT publisher FROM jobs INDEXED BY jobs_turn
                      WHERE queue = q AND class = c AND publisher > p AND ",
        ripe!("jobs"),
        "             ORDER BY publisher LIMIT 1)
               FROM line WHERE p IS NOT NULL)
         SELECT ",
        job_columns!(),
        " FROM line CROSS JOIN jobs
          WHERE p IS NOT NULL AND jobs.seq IN (
                SELECT head.seq FROM jobs AS head INDEXED BY jobs_turn
                 WHERE head.queue = q AND head.class = c AND head.publisher = p AND ",
        ripe!("head"),
        "          AND (head.start_by IS NULL OR head.start_by > $2 OR head.lost)
                 ORDER BY head.turn, head.seq LIMIT $3)
          ORDER BY class, turn, seq"
    ))
    .bind(json(&queues)?)
    .bind(micros(now))
    .bind(i64::from(each))
    .fetch_all(readers)
    .await?;
    rows::jobs(rows)
}

/// Puts ripe jobs out of the way. One that is paused keeps the time it was due at.
pub(super) async fn set_aside(writer: &SqlitePool, owner: &Lease, aside: &[Aside]) -> Result<u64> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let mut done = 0;
    for job in aside {
        done += put_aside(&mut transaction, job).await?;
    }
    transaction.commit().await?;
    Ok(done)
}

async fn put_aside(transaction: &mut SqliteConnection, job: &Aside) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE jobs
            SET turn = NULL, waiting_for = $3, held_by = CASE WHEN $3 = 'paused' THEN $5 END,
                due_at = CASE WHEN $3 = 'paused' THEN due_at ELSE $4 END
          WHERE id = $1 AND attempt = $2 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL",
    )
    .bind(key(job.job))
    .bind(i64::from(job.attempt))
    .bind(job.waiting_for.word())
    .bind(micros(job.due_at))
    .bind(text_if(job.held_by.as_deref()))
    .execute(transaction)
    .await?;
    Ok(done.rows_affected())
}

/// When something was last done on these objects.
pub(super) async fn last_on(
    readers: &SqlitePool,
    lane: &str,
    objects: &[&str],
    since: Timestamp,
) -> Result<Vec<(String, Timestamp)>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT object, max(updated_at) FROM jobs INDEXED BY jobs_object
          WHERE object IN (SELECT value FROM json_each($2)) AND lane = $1 AND attempt > 0 AND updated_at > $3
          GROUP BY object ORDER BY object",
    )
    .bind(text(lane))
    .bind(json(&objects)?)
    .bind(micros(since))
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(|(object, at)| Ok((object, instant(at)?))).collect()
}
