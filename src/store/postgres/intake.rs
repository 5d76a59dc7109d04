//! Taking jobs in: facts, plan, rows; one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::{Acceptance, Failure, Result, StoreError, links, outbox, queue};
use crate::model::{Event, JobId, NewJob, State};
use crate::store::plan::{self, Facts, Link, Place, Plan, Planned, came_at, place};
use crate::store::rows::{STATEMENT, instant, json, micros, text, text_if};

/// How often the tails of objects are read again because their jobs finished meanwhile.
const LOOKS: u32 = 20;

/// Takes in jobs. See [`crate::store::Store::accept`].
pub(super) async fn accept(
    pool: &PgPool,
    jobs: &[NewJob],
    events: &[Event],
    now: Timestamp,
) -> std::result::Result<Vec<Acceptance>, Failure> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction, jobs).await?;
    let facts = facts(&mut transaction, jobs).await?;
    let mut plan = plan::plan(jobs, facts, now);
    take_turns(&mut transaction, &mut plan).await?;
    insert_jobs(&mut transaction, &plan.jobs, now).await?;
    insert_links(&mut transaction, plan.jobs.iter().flat_map(|job| job.links.iter().copied())).await?;
    links::shift(&mut transaction, &plan.shifts, now).await?;
    outbox::resend(&mut transaction, &plan.resend).await?;
    grow_batches(&mut transaction, &plan, now).await?;
    outbox::insert(&mut transaction, &events.iter().chain(&plan.warned).collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(plan.answers)
}

/// New jobs that are ripe at once join their lines.
async fn take_turns(transaction: &mut PgConnection, plan: &mut Plan<'_>) -> Result<()> {
    let lines = plan.lines();
    if lines.is_empty() {
        return Ok(());
    }
    let mut turns = queue::hold_turns(transaction, &lines).await?;
    plan.take_turns(&mut turns);
    queue::keep_turns(transaction, &turns).await
}

/// Intakes of one lane follow each other, or two would append to the same tail. An intake with dependencies meets no
/// other at all: two that name each other's jobs would both find them unknown, and close a cycle.
async fn lock(transaction: &mut PgConnection, jobs: &[NewJob]) -> Result<()> {
    let graph = if jobs.iter().any(|job| !job.after.is_empty()) {
        "SELECT pg_advisory_xact_lock(hashtextextended('registrard.graph', 'job_links'::regclass::oid::bigint))"
    } else {
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('registrard.graph', 'job_links'::regclass::oid::bigint))"
    };
    sqlx::query(graph).execute(&mut *transaction).await?;
    let lanes: BTreeSet<&str> = jobs.iter().map(NewJob::lane).collect();
    sqlx::query(
        "SELECT pg_advisory_xact_lock(key)
           FROM (SELECT DISTINCT hashtextextended(lane, 'jobs'::regclass::oid::bigint) AS key
                   FROM UNNEST($1::text[]) AS l (lane) ORDER BY key) AS keys",
    )
    .bind(lanes.into_iter().map(text).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

async fn facts<'a>(transaction: &mut PgConnection, jobs: &'a [NewJob]) -> Result<Facts<'a>> {
    let mut facts = Facts { known: known(transaction, jobs).await?, ..Facts::default() };
    let fresh: Vec<&NewJob> = jobs.iter().filter(|job| !facts.known.contains_key(&job.id)).collect();
    if fresh.is_empty() {
        return Ok(facts);
    }
    let named: BTreeSet<JobId> = fresh.iter().flat_map(|job| job.after.iter().copied()).collect();
    let places: Vec<Place<'a>> = fresh.iter().map(|job| place(job)).collect::<BTreeSet<_>>().into_iter().collect();
    facts.tails = hold_needed(transaction, &places, &named).await?;
    facts.needed = states(transaction, &named).await?;
    facts.awaited = awaited(transaction, &fresh).await?;
    if plan::is_out_of_order(jobs, &facts) {
        if !facts.awaited.is_empty() {
            // Stored jobs may have to let one pass: their links change only while their rows are locked.
            links::hold_orders(transaction, &places).await?;
            facts.tails = tails(transaction, &places).await?;
        }
        let from: Vec<Uuid> = named.iter().chain(facts.tails.values()).map(|id| id.0).collect();
        let links = if facts.awaited.is_empty() || named.is_empty() {
            waits(transaction, &from).await?
        } else {
            // And those of other objects may, because of what an arrival names. No other intake goes on beside this one.
            hold_waits(transaction, &from).await?
        };
        facts.order.extend(links);
        came(transaction, &mut facts).await?;
    }
    Ok(facts)
}

/// When the stored jobs came that somebody waits for, or who wait.
async fn came(transaction: &mut PgConnection, facts: &mut Facts<'_>) -> Result<()> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, created_at FROM jobs WHERE id = ANY($1)")
        .bind(facts.order.jobs().map(|id| id.0).collect::<Vec<Uuid>>())
        .fetch_all(transaction)
        .await?;
    for (id, came) in rows {
        facts.order.note(JobId(id), instant(came)?);
    }
    Ok(())
}

/// Those of these jobs whose ids are there. See [`crate::store::Store::known`].
pub(super) async fn known(
    transaction: &mut PgConnection,
    jobs: &[NewJob],
) -> Result<HashMap<JobId, ([u8; 32], State)>> {
    let rows: Vec<(Uuid, Vec<u8>, String)> = sqlx::query_as("SELECT id, digest, state FROM jobs WHERE id = ANY($1)")
        .bind(jobs.iter().map(|job| job.id.0).collect::<Vec<Uuid>>())
        .fetch_all(transaction)
        .await?;
    rows.into_iter()
        .map(|(id, digest, state)| {
            let unreadable = || StoreError::Broken(format!("job {id}: its digest or state cannot be read"));
            let digest = digest.try_into().map_err(|_| unreadable())?;
            Ok((JobId(id), (digest, state.parse().map_err(|_| unreadable())?)))
        })
        .collect()
}

/// Finds the last unfinished job of each place, and holds it and the unfinished ones of `named` until the end of the
/// transaction: whoever finishes one of them then waits, and sees the links that are written here.
async fn hold_needed<'a>(
    transaction: &mut PgConnection,
    places: &[Place<'a>],
    named: &BTreeSet<JobId>,
) -> Result<HashMap<Place<'a>, JobId>> {
    for _ in 0..LOOKS {
        let tails = tails(transaction, places).await?;
        let wanted: BTreeSet<JobId> = tails.values().chain(named).copied().collect();
        if wanted.is_empty() {
            return Ok(tails);
        }
        // A job that finished while we waited for its row is not among those that come back.
        let held: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM jobs WHERE id = ANY($1) AND finished_at IS NULL ORDER BY id FOR SHARE")
                .bind(wanted.iter().map(|id| id.0).collect::<Vec<Uuid>>())
                .fetch_all(&mut *transaction)
                .await?;
        let held: HashSet<JobId> = held.into_iter().map(JobId).collect();
        if tails.values().all(|tail| held.contains(tail)) {
            return Ok(tails);
        }
    }
    Err(StoreError::Unavailable("the jobs to wait for finish faster than they can be linked to".into()))
}

/// The unfinished job of each place behind which nobody stands.
async fn tails<'a>(transaction: &mut PgConnection, places: &[Place<'a>]) -> Result<HashMap<Place<'a>, JobId>> {
    let rows: Vec<(i64, Uuid)> = sqlx::query_as(
        "SELECT wanted.place, tail.id
           FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS wanted (lane, object, place),
                LATERAL (SELECT id FROM jobs
                          WHERE jobs.lane = wanted.lane AND jobs.object = wanted.object AND finished_at IS NULL
                            AND NOT EXISTS (SELECT 1 FROM job_links WHERE needs_id = jobs.id AND kind = 'object')
                          ORDER BY seq DESC LIMIT 1) AS tail",
    )
    .bind(places.iter().map(|(lane, _)| text(lane)).collect::<Vec<_>>())
    .bind(places.iter().map(|(_, object)| text(object)).collect::<Vec<_>>())
    .fetch_all(transaction)
    .await?;
    let tail = |(at, id): (i64, Uuid)| Some((*places.get(usize::try_from(at - 1).ok()?)?, JobId(id)));
    Ok(rows.into_iter().filter_map(tail).collect())
}

/// The states of jobs, read after their rows are held: a final state stays, an open one cannot end before we do.
async fn states(transaction: &mut PgConnection, ids: &BTreeSet<JobId>) -> Result<HashMap<JobId, State>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, state FROM jobs WHERE id = ANY($1)")
        .bind(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .fetch_all(transaction)
        .await?;
    rows.into_iter()
        .map(|(id, state)| {
            let state = state.parse().map_err(|_| StoreError::Broken(format!("job {id}: its state cannot be read")))?;
            Ok((JobId(id), state))
        })
        .collect()
}

/// Which of these jobs somebody waits for already.
async fn awaited(transaction: &mut PgConnection, fresh: &[&NewJob]) -> Result<HashSet<JobId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT DISTINCT needs_id FROM job_links WHERE needs_id = ANY($1)")
        .bind(fresh.iter().map(|job| job.id.0).collect::<Vec<Uuid>>())
        .fetch_all(transaction)
        .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// The links of these jobs, of those they wait for and of those that stand behind any of them on an object, as far as it
/// goes.
async fn waits(transaction: &mut PgConnection, from: &[Uuid]) -> Result<Vec<Link>> {
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "WITH RECURSIVE near (id) AS (
             SELECT * FROM UNNEST($1::uuid[])
             UNION
             SELECT other.id
               FROM near, LATERAL (SELECT needs_id AS id FROM job_links WHERE job_id = near.id
                                   UNION ALL
                                   SELECT job_id FROM job_links WHERE needs_id = near.id AND kind = 'object') AS other)
         SELECT job_id, needs_id, kind FROM near JOIN job_links ON job_id = near.id",
    )
    .bind(from)
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(links::link).collect())
}

/// The same, with the rows of all these jobs locked: none of the links changes until we are done.
async fn hold_waits(transaction: &mut PgConnection, from: &[Uuid]) -> Result<Vec<Link>> {
    let mut held: BTreeSet<Uuid> = BTreeSet::new();
    for _ in 0..LOOKS {
        let links = waits(transaction, from).await?;
        let ends = links.iter().flat_map(|link| [link.job.0, link.needs.0]);
        let missing: BTreeSet<Uuid> = ends.filter(|id| !held.contains(id)).collect();
        if missing.is_empty() {
            return Ok(links);
        }
        links::hold(transaction, &missing).await?;
        held.extend(missing);
    }
    Err(StoreError::Unavailable("those ahead of a job change faster than they can be locked".into()))
}

async fn insert_jobs(
    transaction: &mut PgConnection,
    jobs: &[Planned<'_>],
    now: Timestamp,
) -> std::result::Result<(), Failure> {
    for jobs in jobs.chunks(STATEMENT) {
        insert_some(transaction, jobs, now).await?;
    }
    Ok(())
}

async fn insert_some(
    transaction: &mut PgConnection,
    jobs: &[Planned<'_>],
    now: Timestamp,
) -> std::result::Result<(), Failure> {
    let params = jobs.iter().map(|new| json(&new.job.params)).collect::<Result<Vec<_>>>()?;
    let contexts = jobs
        .iter()
        .map(|new| if new.job.context.is_null() { Ok(None) } else { json(&new.job.context).map(Some) })
        .collect::<Result<Vec<_>>>()?;
    let done = sqlx::query(
        "INSERT INTO jobs (id, digest, publisher, account, queue, lane, turn, operation, object, params, class, state, waiting_for,
                           due_at, start_by, batch, max_attempts, blockers, doomed_by, context, reply_to,
                           correlation_id, created_at, updated_at)
         SELECT id, digest, publisher, account, account, lane, turn, operation, object, params::json, class, 'waiting', waiting_for,
                due_at, start_by, batch, max_attempts, blockers, doomed_by, context::json, reply_to,
                correlation_id, came_at, $19
           FROM UNNEST($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::smallint[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[],
                       $14::bigint[], $15::uuid[], $16::text[], $17::text[], $18::text[], $20::text[], $21::bigint[],
                       $22::bigint[]) WITH ORDINALITY
             AS n (id, digest, publisher, account, operation, object, params, class, waiting_for, due_at, start_by,
                   batch, max_attempts, blockers, doomed_by, context, reply_to, correlation_id, lane, turn,
                   came_at, place)
          ORDER BY place
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(jobs.iter().map(|new| new.job.id.0).collect::<Vec<Uuid>>())
    .bind(jobs.iter().map(|new| new.digest.to_vec()).collect::<Vec<Vec<u8>>>())
    .bind(jobs.iter().map(|new| text(&new.job.publisher)).collect::<Vec<_>>())
    .bind(jobs.iter().map(|new| text(&new.job.account)).collect::<Vec<_>>())
    .bind(jobs.iter().map(|new| new.job.operation.name()).collect::<Vec<&str>>())
    .bind(jobs.iter().map(|new| text(new.job.object.as_str())).collect::<Vec<_>>())
    .bind(params)
    .bind(jobs.iter().map(|new| new.job.class.rank()).collect::<Vec<i16>>())
    .bind(jobs.iter().map(|new| new.waiting_for.word()).collect::<Vec<&str>>())
    .bind(jobs.iter().map(|new| micros(new.due_at)).collect::<Vec<i64>>())
    .bind(jobs.iter().map(|new| new.job.start_by.map(micros)).collect::<Vec<Option<i64>>>())
    .bind(jobs.iter().map(|new| text_if(new.job.batch.as_deref())).collect::<Vec<_>>())
    .bind(jobs.iter().map(|new| i64::from(new.job.max_attempts)).collect::<Vec<i64>>())
    .bind(jobs.iter().map(|new| i64::try_from(new.links.len()).unwrap_or(i64::MAX)).collect::<Vec<i64>>())
    .bind(jobs.iter().map(|new| new.doomed_by.map(|id| id.0)).collect::<Vec<Option<Uuid>>>())
    .bind(contexts)
    .bind(jobs.iter().map(|new| text_if(new.job.reply_to.as_deref())).collect::<Vec<_>>())
    .bind(jobs.iter().map(|new| text_if(new.job.correlation_id.as_deref())).collect::<Vec<_>>())
    .bind(micros(now))
    .bind(jobs.iter().map(|new| text(new.job.lane())).collect::<Vec<_>>())
    .bind(jobs.iter().map(|new| new.turn).collect::<Vec<Option<i64>>>())
    .bind(jobs.iter().map(|new| micros(came_at(new.job, now))).collect::<Vec<i64>>())
    .execute(transaction)
    .await?;
    if done.rows_affected() == jobs.len() as u64 {
        Ok(())
    } else {
        // The same id came in for another account since we looked: the plan is void.
        Err(Failure::Collision(StoreError::Unavailable("another intake brought the same ids".into())))
    }
}

async fn insert_links(transaction: &mut PgConnection, links: impl Iterator<Item = Link>) -> Result<()> {
    let links: Vec<Link> = links.collect();
    if links.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO job_links (job_id, needs_id, kind) SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[])",
    )
    .bind(links.iter().map(|link| link.job.0).collect::<Vec<Uuid>>())
    .bind(links.iter().map(|link| link.needs.0).collect::<Vec<Uuid>>())
    .bind(links.iter().map(|link| link.kind.word()).collect::<Vec<&str>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes what batches have grown by. Their rows come last of all: whoever holds them waits for nobody.
async fn grow_batches(transaction: &mut PgConnection, plan: &Plan<'_>, now: Timestamp) -> Result<()> {
    let batches = plan.batches();
    if batches.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO batches (name, publisher, created_at, jobs, destructive)
         SELECT name, publisher, $3, jobs, destructive
           FROM UNNEST($1::text[], $2::text[], $4::bigint[], $5::bigint[]) AS b (name, publisher, jobs, destructive)
         ON CONFLICT (name) DO UPDATE
            SET jobs = batches.jobs + excluded.jobs, destructive = batches.destructive + excluded.destructive",
    )
    .bind(batches.keys().map(|name| text(name)).collect::<Vec<_>>())
    .bind(batches.values().map(|growth| text(growth.publisher)).collect::<Vec<_>>())
    .bind(micros(now))
    .bind(batches.values().map(|growth| growth.jobs).collect::<Vec<i64>>())
    .bind(batches.values().map(|growth| growth.destructive).collect::<Vec<i64>>())
    .execute(transaction)
    .await?;
    Ok(())
}
