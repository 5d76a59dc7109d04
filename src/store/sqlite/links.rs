//! Who waits for whom: letting go, dooming, repairing.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::claim::job_columns;
use super::{Result, begin, key, keys, stored};
use crate::model::{Job, JobId, Move, State};
use crate::store::plan::{Link, LinkKind, Shift};
use crate::store::rows::{JobRow, instant, micros};
use crate::store::rules;

/// How many links one repair looks at.
const SWEEP: i64 = 1000;

/// Lets go whoever waited for the jobs that these moves ended.
pub(super) async fn release(transaction: &mut SqliteConnection, ended: &[&Move]) -> Result<()> {
    let Some(now) = ended.iter().map(|step| step.at).max() else { return Ok(()) };
    let ended = ended.iter().map(|step| (step.job(), step.to() == State::Succeeded)).collect();
    release_all(transaction, &ended, now).await.map(drop)
}

async fn release_all(transaction: &mut SqliteConnection, ended: &HashMap<JobId, bool>, now: Timestamp) -> Result<u64> {
    let links = links(transaction, ended).await?;
    let release = rules::release(ended, &links);
    let mut changed = 0;
    for link in &release.remove {
        changed += remove(transaction, link).await?;
    }
    for (link, heir) in &release.inherit {
        changed += inherit(transaction, link, *heir).await?;
    }
    for link in release.remove.iter().filter(|link| !ended.contains_key(&link.job)) {
        unblock(transaction, link.job, now).await?;
    }
    for (job, by) in &release.doom {
        changed += doom(transaction, *job, *by).await?;
    }
    Ok(changed)
}

/// Jobs stand elsewhere on their object from now on.
pub(super) async fn shift(transaction: &mut SqliteConnection, shifts: &[Shift], now: Timestamp) -> Result<()> {
    for shift in shifts {
        let link = |needs| Link { job: shift.job, needs, kind: LinkKind::Object };
        match (shift.behind.map(link), shift.now_behind) {
            (Some(link), Some(now_behind)) => drop(inherit(transaction, &link, now_behind).await?),
            (Some(link), None) => {
                remove(transaction, &link).await?;
                unblock(transaction, shift.job, now).await?;
            }
            (None, Some(now_behind)) => block(transaction, link(now_behind)).await?,
            (None, None) => {}
        }
    }
    Ok(())
}

async fn block(transaction: &mut SqliteConnection, link: Link) -> Result<()> {
    sqlx::query("INSERT INTO job_links (job_id, needs_id, kind) VALUES ($1, $2, $3)")
        .bind(key(link.job))
        .bind(key(link.needs))
        .bind(link.kind.word())
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE jobs SET blockers = blockers + 1 WHERE id = $1")
        .bind(key(link.job))
        .execute(transaction)
        .await?;
    Ok(())
}

/// All links to and from these jobs.
async fn links(transaction: &mut SqliteConnection, ended: &HashMap<JobId, bool>) -> Result<Vec<Link>> {
    let rows: Vec<(Hyphenated, Hyphenated, String)> = sqlx::query_as(
        "SELECT job_id, needs_id, kind FROM job_links WHERE needs_id IN (SELECT value FROM json_each($1))
         UNION
         SELECT job_id, needs_id, kind FROM job_links WHERE job_id IN (SELECT value FROM json_each($1))",
    )
    .bind(keys(ended.keys().copied()))
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(link).collect())
}

/// A row of `job_links`.
pub(super) fn link((job, needs, kind): (Hyphenated, Hyphenated, String)) -> Link {
    Link { job: stored(job), needs: stored(needs), kind: LinkKind::of(&kind) }
}

async fn remove(transaction: &mut SqliteConnection, link: &Link) -> Result<u64> {
    let done = sqlx::query("DELETE FROM job_links WHERE job_id = $1 AND needs_id = $2 AND kind = $3")
        .bind(key(link.job))
        .bind(key(link.needs))
        .bind(link.kind.word())
        .execute(transaction)
        .await?;
    Ok(done.rows_affected())
}

async fn inherit(transaction: &mut SqliteConnection, link: &Link, heir: JobId) -> Result<u64> {
    let done =
        sqlx::query("UPDATE job_links SET needs_id = $3 WHERE job_id = $1 AND needs_id = $2 AND kind = 'object'")
            .bind(key(link.job))
            .bind(key(link.needs))
            .bind(key(heir))
            .execute(transaction)
            .await?;
    Ok(done.rows_affected())
}

/// Counts a blocker down, and says what the job waits for now.
async fn unblock(transaction: &mut SqliteConnection, job: JobId, now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE jobs
            SET blockers = blockers - 1,
                waiting_for = CASE
                    WHEN blockers > 1 AND EXISTS (
                        SELECT 1 FROM job_links WHERE job_links.job_id = jobs.id AND kind = 'after') THEN 'dependency'
                    WHEN blockers > 1 THEN 'predecessor'
                    WHEN due_at > $2 THEN 'time'
                    ELSE 'turn' END
          WHERE id = $1 AND state = 'waiting'",
    )
    .bind(key(job))
    .bind(micros(now))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes that a job can never start. Its links stay, and so does what blocks it; the first reason counts.
async fn doom(transaction: &mut SqliteConnection, job: JobId, by: JobId) -> Result<u64> {
    let done = sqlx::query("UPDATE jobs SET doomed_by = $2 WHERE id = $1 AND state = 'waiting' AND doomed_by IS NULL")
        .bind(key(job))
        .bind(key(by))
        .execute(transaction)
        .await?;
    Ok(done.rows_affected())
}

/// Jobs that can never start, with the job that made sure of it.
pub(super) async fn doomed(readers: &SqlitePool, limit: u32) -> Result<Vec<(Job, JobId)>> {
    #[derive(sqlx::FromRow)]
    struct Doomed {
        #[sqlx(flatten)]
        job: JobRow<Hyphenated>,
        doomed_by: Hyphenated,
    }
    let rows: Vec<Doomed> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        ", doomed_by FROM jobs WHERE state = 'waiting' AND doomed_by IS NOT NULL ORDER BY seq LIMIT $1"
    ))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(|row| Ok((row.job.read()?, stored(row.doomed_by)))).collect()
}

/// Repairs links to jobs that are over. There are none; this is for the day there is one.
pub(super) async fn sweep(writer: &SqlitePool) -> Result<u64> {
    let mut transaction = begin(writer).await?;
    let rows: Vec<(Hyphenated, bool, i64)> = sqlx::query_as(
        "SELECT DISTINCT needed.id, needed.state = 'succeeded', needed.finished_at
           FROM job_links JOIN jobs AS needed ON needed.id = job_links.needs_id
                          JOIN jobs AS waiting ON waiting.id = job_links.job_id
          WHERE needed.finished_at IS NOT NULL
            AND (job_links.kind = 'object' OR needed.state = 'succeeded' OR waiting.doomed_by IS NULL)
          LIMIT $1",
    )
    .bind(SWEEP)
    .fetch_all(&mut *transaction)
    .await?;
    let now = rows.iter().map(|(_, _, finished)| *finished).max().unwrap_or(0);
    let ended: HashMap<JobId, bool> = rows.into_iter().map(|(id, succeeded, _)| (stored(id), succeeded)).collect();
    let repaired = release_all(&mut transaction, &ended, instant(now)?).await?;
    transaction.commit().await?;
    Ok(repaired)
}
