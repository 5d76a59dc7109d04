//! Taking jobs in: facts, plan, rows; one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::{Acceptance, Result, StoreError, begin, key, keys, links, outbox, queue, stored};
use crate::model::{Event, JobId, NewJob, State};
use crate::store::plan::{self, Facts, Growth, Link, Place, Planned, came_at, place};
use crate::store::rows::{instant, json, micros, state, text, text_if};

/// Takes in jobs. See [`crate::store::Store::accept`].
pub(super) async fn accept(
    writer: &SqlitePool,
    jobs: &[NewJob],
    events: &[Event],
    now: Timestamp,
) -> Result<Vec<Acceptance>> {
    let mut transaction = begin(writer).await?;
    let facts = facts(&mut transaction, jobs).await?;
    let mut plan = plan::plan(jobs, facts, now);
    let mut turns = queue::stands(&mut transaction, &plan.lines()).await?;
    plan.take_turns(&mut turns);
    queue::remember(&mut transaction, &turns).await?;
    for new in &plan.jobs {
        insert_job(&mut transaction, new, now).await?;
        insert_links(&mut transaction, new).await?;
    }
    for (name, growth) in plan.batches() {
        grow_batch(&mut transaction, name, growth, now).await?;
    }
    links::shift(&mut transaction, &plan.shifts, now).await?;
    outbox::resend(&mut transaction, &plan.resend).await?;
    outbox::insert(&mut transaction, &events.iter().chain(&plan.warned).collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(plan.answers)
}

async fn facts<'a>(transaction: &mut SqliteConnection, jobs: &'a [NewJob]) -> Result<Facts<'a>> {
    let mut facts = Facts { known: known(transaction, jobs).await?, ..Facts::default() };
    let fresh: Vec<&NewJob> = jobs.iter().filter(|job| !facts.known.contains_key(&job.id)).collect();
    if fresh.is_empty() {
        return Ok(facts);
    }
    let named: BTreeSet<JobId> = fresh.iter().flat_map(|job| job.after.iter().copied()).collect();
    let places: BTreeSet<Place<'a>> = fresh.iter().map(|job| place(job)).collect();
    facts.tails = tails(transaction, &places).await?;
    facts.needed = states(transaction, &named).await?;
    facts.awaited = awaited(transaction, &fresh).await?;
    if plan::is_out_of_order(jobs, &facts) {
        let from = keys(named.iter().chain(facts.tails.values()).copied());
        facts.order.extend(waits(transaction, &from).await?);
        came(transaction, &mut facts).await?;
    }
    Ok(facts)
}

/// When the stored jobs came that somebody waits for, or who wait.
async fn came(transaction: &mut SqliteConnection, facts: &mut Facts<'_>) -> Result<()> {
    let rows: Vec<(Hyphenated, i64)> =
        sqlx::query_as("SELECT id, created_at FROM jobs WHERE id IN (SELECT value FROM json_each($1))")
            .bind(keys(facts.order.jobs()))
            .fetch_all(transaction)
            .await?;
    for (id, came) in rows {
        facts.order.note(stored(id), instant(came)?);
    }
    Ok(())
}

/// Those of these jobs whose ids are there. See [`crate::store::Store::known`].
pub(super) async fn known(
    transaction: &mut SqliteConnection,
    jobs: &[NewJob],
) -> Result<HashMap<JobId, ([u8; 32], State)>> {
    let rows: Vec<(Hyphenated, Vec<u8>, String)> =
        sqlx::query_as("SELECT id, digest, state FROM jobs WHERE id IN (SELECT value FROM json_each($1))")
            .bind(keys(jobs.iter().map(|job| job.id)))
            .fetch_all(transaction)
            .await?;
    rows.into_iter()
        .map(|(id, digest, word)| {
            let unreadable = |_| StoreError::Broken(format!("job {id}: its digest cannot be read"));
            Ok((stored(id), (digest.try_into().map_err(unreadable)?, state(&word)?)))
        })
        .collect()
}

/// The unfinished job of each place behind which nobody stands.
async fn tails<'a>(
    transaction: &mut SqliteConnection,
    places: &BTreeSet<Place<'a>>,
) -> Result<HashMap<Place<'a>, JobId>> {
    let mut tails = HashMap::new();
    for &(lane, object) in places {
        let tail: Option<Hyphenated> = sqlx::query_scalar(
            "SELECT id FROM jobs INDEXED BY jobs_open WHERE lane = $1 AND object = $2 AND finished_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM job_links WHERE needs_id = jobs.id AND kind = 'object')
              ORDER BY seq DESC LIMIT 1",
        )
        .bind(text(lane))
        .bind(text(object))
        .fetch_optional(&mut *transaction)
        .await?;
        tails.extend(tail.map(|id| ((lane, object), stored(id))));
    }
    Ok(tails)
}

async fn states(transaction: &mut SqliteConnection, ids: &BTreeSet<JobId>) -> Result<HashMap<JobId, State>> {
    let rows: Vec<(Hyphenated, String)> =
        sqlx::query_as("SELECT id, state FROM jobs WHERE id IN (SELECT value FROM json_each($1))")
            .bind(keys(ids.iter().copied()))
            .fetch_all(transaction)
            .await?;
    rows.into_iter().map(|(id, word)| Ok((stored(id), state(&word)?))).collect()
}

/// Which of these jobs somebody waits for already.
async fn awaited(transaction: &mut SqliteConnection, fresh: &[&NewJob]) -> Result<HashSet<JobId>> {
    let ids: Vec<Hyphenated> = sqlx::query_scalar(
        "SELECT DISTINCT needs_id FROM job_links WHERE needs_id IN (SELECT value FROM json_each($1))",
    )
    .bind(keys(fresh.iter().map(|job| job.id)))
    .fetch_all(transaction)
    .await?;
    Ok(ids.into_iter().map(stored).collect())
}

/// The links of these jobs, of those they wait for and of those that stand behind any of them on an object, as far as it
/// goes.
async fn waits(transaction: &mut SqliteConnection, from: &str) -> Result<Vec<Link>> {
    let rows: Vec<(Hyphenated, Hyphenated, String)> = sqlx::query_as(
        "WITH RECURSIVE near (id) AS (
             SELECT value FROM json_each($1)
             UNION
             SELECT needs_id FROM near JOIN job_links ON job_id = near.id
             UNION
             SELECT job_id FROM near JOIN job_links ON needs_id = near.id AND kind = 'object')
         SELECT job_id, needs_id, kind FROM near JOIN job_links ON job_id = near.id",
    )
    .bind(from)
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(links::link).collect())
}

async fn insert_job(transaction: &mut SqliteConnection, new: &Planned<'_>, now: Timestamp) -> Result<()> {
    let job = new.job;
    let context = if job.context.is_null() { None } else { Some(json(&job.context)?) };
    sqlx::query(
        "INSERT INTO jobs (id, digest, publisher, account, queue, operation, object, params, class, state, waiting_for,
                           due_at, start_by, batch, max_attempts, blockers, doomed_by, context, reply_to,
                           correlation_id, created_at, updated_at, lane, turn)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, 'waiting', $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $22, $19,
                 $20, $21)",
    )
    .bind(key(job.id))
    .bind(new.digest.to_vec())
    .bind(text(&job.publisher))
    .bind(text(&job.account))
    .bind(job.operation.name())
    .bind(text(job.object.as_str()))
    .bind(json(&job.params)?)
    .bind(job.class.rank())
    .bind(new.waiting_for.word())
    .bind(micros(new.due_at))
    .bind(job.start_by.map(micros))
    .bind(text_if(job.batch.as_deref()))
    .bind(i64::from(job.max_attempts))
    .bind(i64::try_from(new.links.len()).unwrap_or(i64::MAX))
    .bind(new.doomed_by.map(key))
    .bind(context)
    .bind(text_if(job.reply_to.as_deref()))
    .bind(text_if(job.correlation_id.as_deref()))
    .bind(micros(now))
    .bind(text(job.lane()))
    .bind(new.turn)
    .bind(micros(came_at(job, now)))
    .execute(transaction)
    .await?;
    Ok(())
}

async fn insert_links(transaction: &mut SqliteConnection, new: &Planned<'_>) -> Result<()> {
    for link in &new.links {
        sqlx::query("INSERT INTO job_links (job_id, needs_id, kind) VALUES ($1, $2, $3)")
            .bind(key(link.job))
            .bind(key(link.needs))
            .bind(link.kind.word())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

async fn grow_batch(transaction: &mut SqliteConnection, name: &str, growth: Growth<'_>, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO batches (name, publisher, created_at, jobs, destructive) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE
            SET jobs = batches.jobs + excluded.jobs, destructive = batches.destructive + excluded.destructive",
    )
    .bind(text(name))
    .bind(text(growth.publisher))
    .bind(micros(now))
    .bind(growth.jobs)
    .bind(growth.destructive)
    .execute(transaction)
    .await?;
    Ok(())
}
