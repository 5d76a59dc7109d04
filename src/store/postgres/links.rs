//! Who waits for whom: letting go, dooming, repairing.
//!
//! The links *of* a job change only under its row lock, and a job gets a new dependant only while its own row is held
//! (intake) or while the dependant's is (inheritance). So whoever has locked a finished job and all its dependants sees
//! every link there is, and nobody is left waiting for a job that is over.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::claim::job_columns;
use super::{Failure, Result, StoreError};
use crate::model::{Job, JobId, Move};
use crate::store::plan::{Link, LinkKind, Place, Shift};
use crate::store::rows::{JobRow, micros, text};
use crate::store::rules;

/// How many links one repair looks at.
const SWEEP: i64 = 1000;
/// How often dependants are looked for that appeared while others were being locked.
const LOOKS: u32 = 20;

/// Lets go whoever waited for the jobs that these moves ended; their rows are locked.
pub(super) async fn release(transaction: &mut PgConnection, ended: &[&Move]) -> Result<()> {
    let Some(now) = ended.iter().map(|step| step.at).max() else { return Ok(()) };
    let ended = ended.iter().map(|step| (step.job(), step.to() == crate::model::State::Succeeded)).collect();
    release_all(transaction, &ended, now).await.map(drop)
}

async fn release_all(transaction: &mut PgConnection, ended: &HashMap<JobId, bool>, now: Timestamp) -> Result<u64> {
    let links = hold_links(transaction, ended).await?;
    if links.is_empty() {
        return Ok(0);
    }
    let release = rules::release(ended, &links);
    let removed = remove(transaction, &release.remove).await?;
    let inherited = inherit(transaction, &release.inherit).await?;
    let freed = removed.iter().copied().filter(|id| !ended.contains_key(id));
    unblock(transaction, freed, now).await?;
    let doomed = doom(transaction, &release.doom).await?;
    Ok(removed.len() as u64 + inherited + doomed)
}

/// Locks all unfinished jobs of these places: nobody finishes, and no link of theirs changes, until we are done.
pub(super) async fn hold_orders(transaction: &mut PgConnection, places: &[Place<'_>]) -> Result<()> {
    sqlx::query(
        "SELECT id FROM jobs
          WHERE finished_at IS NULL AND (lane, object) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))
          ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(places.iter().map(|(lane, _)| text(lane)).collect::<Vec<_>>())
    .bind(places.iter().map(|(_, object)| text(object)).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Jobs stand elsewhere on their object from now on; their rows are locked.
pub(super) async fn shift(transaction: &mut PgConnection, shifts: &[Shift], now: Timestamp) -> Result<()> {
    for shift in shifts {
        let link = |needs| Link { job: shift.job, needs, kind: LinkKind::Object };
        match (shift.behind.map(link), shift.now_behind) {
            (Some(link), Some(now_behind)) => drop(inherit(transaction, &[(link, now_behind)]).await?),
            (Some(link), None) => {
                let freed = remove(transaction, &[link]).await?;
                unblock(transaction, freed.into_iter(), now).await?;
            }
            (None, Some(now_behind)) => block(transaction, link(now_behind)).await?,
            (None, None) => {}
        }
    }
    Ok(())
}

async fn block(transaction: &mut PgConnection, link: Link) -> Result<()> {
    sqlx::query(
        "WITH link AS (INSERT INTO job_links (job_id, needs_id, kind) VALUES ($1, $2, $3))
         UPDATE jobs SET blockers = blockers + 1 WHERE id = $1",
    )
    .bind(link.job.0)
    .bind(link.needs.0)
    .bind(link.kind.word())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Locks jobs, in the order of their ids.
pub(super) async fn hold(transaction: &mut PgConnection, jobs: &BTreeSet<Uuid>) -> Result<()> {
    sqlx::query("SELECT id FROM jobs WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE")
        .bind(jobs.iter().copied().collect::<Vec<Uuid>>())
        .execute(transaction)
        .await?;
    Ok(())
}

/// A row of `job_links`.
pub(super) fn link((job, needs, kind): (Uuid, Uuid, String)) -> Link {
    Link { job: JobId(job), needs: JobId(needs), kind: LinkKind::of(&kind) }
}

/// All links to and from these jobs, with the rows of all dependants locked.
async fn hold_links(transaction: &mut PgConnection, ended: &HashMap<JobId, bool>) -> Result<Vec<Link>> {
    let mut held: HashSet<JobId> = ended.keys().copied().collect();
    let ids: Vec<Uuid> = ended.keys().map(|id| id.0).collect();
    for _ in 0..LOOKS {
        let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
            "SELECT job_id, needs_id, kind FROM job_links WHERE needs_id = ANY($1)
             UNION
             SELECT job_id, needs_id, kind FROM job_links WHERE job_id = ANY($1)",
        )
        .bind(&ids)
        .fetch_all(&mut *transaction)
        .await?;
        let missing: BTreeSet<Uuid> =
            rows.iter().map(|(job, _, _)| *job).filter(|job| !held.contains(&JobId(*job))).collect();
        if missing.is_empty() {
            return Ok(rows.into_iter().map(link).collect());
        }
        hold(transaction, &missing).await?;
        held.extend(missing.into_iter().map(JobId));
    }
    Err(StoreError::Unavailable("dependants arrive faster than they can be locked".into()))
}

/// Removes links; returns whose, as often as one of theirs went.
async fn remove(transaction: &mut PgConnection, links: &[Link]) -> Result<Vec<JobId>> {
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let jobs: Vec<Uuid> = sqlx::query_scalar(
        "DELETE FROM job_links USING UNNEST($1::uuid[], $2::uuid[], $3::text[]) AS gone (job_id, needs_id, kind)
          WHERE job_links.job_id = gone.job_id AND job_links.needs_id = gone.needs_id AND job_links.kind = gone.kind
         RETURNING job_links.job_id",
    )
    .bind(links.iter().map(|link| link.job.0).collect::<Vec<Uuid>>())
    .bind(links.iter().map(|link| link.needs.0).collect::<Vec<Uuid>>())
    .bind(links.iter().map(|link| link.kind.word()).collect::<Vec<&str>>())
    .fetch_all(transaction)
    .await?;
    Ok(jobs.into_iter().map(JobId).collect())
}

/// Has jobs stand behind the heirs of those they stood behind.
async fn inherit(transaction: &mut PgConnection, heirs: &[(Link, JobId)]) -> Result<u64> {
    if heirs.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(
        "UPDATE job_links SET needs_id = new.heir
           FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[]) AS new (job_id, needs_id, heir)
          WHERE job_links.job_id = new.job_id AND job_links.needs_id = new.needs_id AND job_links.kind = 'object'",
    )
    .bind(heirs.iter().map(|(link, _)| link.job.0).collect::<Vec<Uuid>>())
    .bind(heirs.iter().map(|(link, _)| link.needs.0).collect::<Vec<Uuid>>())
    .bind(heirs.iter().map(|(_, heir)| heir.0).collect::<Vec<Uuid>>())
    .execute(transaction)
    .await?;
    Ok(done.rows_affected())
}

/// Counts down the blockers, and says what each job waits for now. A statement of its own, after the links are gone. The
/// job is given no turn here: that would need the lines of all its like, after rows of jobs that others wait for.
async fn unblock(transaction: &mut PgConnection, freed: impl Iterator<Item = JobId>, now: Timestamp) -> Result<()> {
    let mut links: HashMap<Uuid, i64> = HashMap::new();
    for id in freed {
        *links.entry(id.0).or_default() += 1;
    }
    if links.is_empty() {
        return Ok(());
    }
    let (ids, counts): (Vec<Uuid>, Vec<i64>) = links.into_iter().unzip();
    sqlx::query(
        "UPDATE jobs
            SET blockers = jobs.blockers - freed.links,
                waiting_for = CASE
                    WHEN jobs.blockers > freed.links AND EXISTS (
                        SELECT 1 FROM job_links WHERE job_links.job_id = jobs.id AND kind = 'after') THEN 'dependency'
                    WHEN jobs.blockers > freed.links THEN 'predecessor'
                    WHEN jobs.due_at > $3 THEN 'time'
                    ELSE 'turn' END
           FROM UNNEST($1::uuid[], $2::bigint[]) AS freed (id, links)
          WHERE jobs.id = freed.id AND jobs.state = 'waiting'",
    )
    .bind(ids)
    .bind(counts)
    .bind(micros(now))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes that jobs can never start. Their links stay, and so does what blocks them; the first reason counts.
async fn doom(transaction: &mut PgConnection, doomed: &[(JobId, JobId)]) -> Result<u64> {
    if doomed.is_empty() {
        return Ok(0);
    }
    let mut doomed: HashMap<Uuid, Uuid> = doomed.iter().rev().map(|(job, by)| (job.0, by.0)).collect();
    let (ids, by): (Vec<Uuid>, Vec<Uuid>) = doomed.drain().unzip();
    let done = sqlx::query(
        "UPDATE jobs SET doomed_by = doomed.doomed_by
           FROM UNNEST($1::uuid[], $2::uuid[]) AS doomed (id, doomed_by)
          WHERE jobs.id = doomed.id AND jobs.state = 'waiting' AND jobs.doomed_by IS NULL",
    )
    .bind(ids)
    .bind(by)
    .execute(transaction)
    .await?;
    Ok(done.rows_affected())
}

/// Jobs that can never start, with the job that made sure of it.
pub(super) async fn doomed(pool: &PgPool, limit: u32) -> Result<Vec<(Job, JobId)>> {
    #[derive(sqlx::FromRow)]
    struct Doomed {
        #[sqlx(flatten)]
        job: JobRow<Uuid>,
        doomed_by: Uuid,
    }
    let rows: Vec<Doomed> = sqlx::query_as(concat!(
        "SELECT ",
        job_columns!(),
        ", doomed_by FROM jobs WHERE state = 'waiting' AND doomed_by IS NOT NULL ORDER BY seq LIMIT $1"
    ))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| Ok((row.job.read()?, JobId(row.doomed_by)))).collect()
}

/// Repairs links to jobs that are over. The locks make sure that there are none; this is for the day they do not.
pub(super) async fn sweep(pool: &PgPool) -> std::result::Result<u64, Failure> {
    let mut transaction = pool.begin().await?;
    let rows: Vec<(Uuid, bool, i64)> = sqlx::query_as(
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
    let ended: HashMap<JobId, bool> = rows.into_iter().map(|(id, succeeded, _)| (JobId(id), succeeded)).collect();
    if ended.is_empty() {
        return Ok(0);
    }
    let repaired = release_all(&mut transaction, &ended, crate::store::rows::instant(now)?).await?;
    transaction.commit().await?;
    Ok(repaired)
}
