//! Whose turn it is: what has fallen due gets a turn, the first of each line are read, and some step aside.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::claim::job_columns;
use super::{Failure, Lease, Result, lease};
use crate::model::{Class, Job, Operation};
use crate::store::Aside;
use crate::store::rows::{self, JobRow, LineRow, UnripeRow, holder, instant, micros, text};
use crate::store::turns::{FRONT, Line, Turns};

/// How many of the last jobs on an object are looked at for when it was worked on: jobs of one object run one at a time,
/// so the one that moved last is among the last that started.
const RECENT: i64 = 8;

fn texts<'a>(given: &[&'a str]) -> Vec<std::borrow::Cow<'a, str>> {
    given.iter().map(|given| text(given)).collect()
}

fn ranks() -> Vec<i16> {
    Class::ALL.iter().map(|class| class.rank()).collect()
}

/// Gives a turn to what has fallen due. Looks without a lock first: mostly there is nothing. Rows that somebody else holds
/// are passed over: either they get their turn there, or they are here again next time.
pub(super) async fn ripen(
    pool: &PgPool,
    queues: &[&str],
    now: Timestamp,
    limit: u32,
) -> std::result::Result<u64, Failure> {
    let due: Vec<Uuid> = sqlx::query_scalar(
        "SELECT first.id
           FROM UNNEST($1::text[]) AS q (queue), UNNEST($2::smallint[]) AS c (class),
                LATERAL (SELECT id, due_at, seq FROM jobs
                          WHERE jobs.queue = q.queue AND jobs.class = c.class AND state = 'waiting' AND blockers = 0
                            AND turn IS NULL AND waiting_for <> 'paused' AND due_at <= $3
                          ORDER BY due_at, seq LIMIT $4) AS first
          ORDER BY c.class, first.due_at, first.seq LIMIT $4",
    )
    .bind(texts(queues))
    .bind(ranks())
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut transaction = pool.begin().await?;
    let rows: Vec<UnripeRow<Uuid>> = sqlx::query_as(
        "SELECT id, queue, class, publisher, batch, waiting_for FROM jobs
          WHERE id = ANY($1) AND state = 'waiting' AND blockers = 0 AND turn IS NULL AND waiting_for <> 'paused'
            AND due_at <= $2
          ORDER BY class, due_at, seq FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(due)
    .bind(micros(now))
    .fetch_all(&mut *transaction)
    .await?;
    let ripe = rows.into_iter().map(UnripeRow::read).collect::<Result<Vec<(Uuid, Option<Line>)>>>()?;
    let lines: BTreeSet<Line> = ripe.iter().filter_map(|(_, line)| line.clone()).collect();
    let mut turns = hold_turns(&mut transaction, &lines).await?;
    let given: Vec<i64> = ripe.iter().map(|(_, line)| line.as_ref().map_or(FRONT, |line| turns.give(line))).collect();
    keep_turns(&mut transaction, &turns).await?;
    let done = sqlx::query(
        "UPDATE jobs SET turn = given.turn, waiting_for = 'turn'
           FROM UNNEST($1::uuid[], $2::bigint[]) AS given (id, turn) WHERE jobs.id = given.id",
    )
    .bind(ripe.iter().map(|(id, _)| *id).collect::<Vec<Uuid>>())
    .bind(given)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}

/// Locks the lines in their order, and reads how they stand: nobody else gives turns in them until we are done. A line that
/// is new is written, since what is not there cannot be locked.
pub(super) async fn hold_turns(transaction: &mut PgConnection, lines: &BTreeSet<Line>) -> Result<Turns> {
    if lines.is_empty() {
        return Ok(Turns::default());
    }
    let held: Vec<(String, i16, String, String, i64)> = sqlx::query_as(
        "INSERT INTO turns (queue, class, publisher, batch, last)
         SELECT queue, class, publisher, batch, 0
           FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[]) WITH ORDINALITY
             AS line (queue, class, publisher, batch, place) ORDER BY place
         ON CONFLICT (queue, class, publisher, batch) DO UPDATE SET last = turns.last
         RETURNING queue, class, publisher, batch, last",
    )
    .bind(lines.iter().map(|line| line.queue.as_str()).collect::<Vec<&str>>())
    .bind(lines.iter().map(|line| line.class).collect::<Vec<i16>>())
    .bind(lines.iter().map(|line| line.publisher.as_str()).collect::<Vec<&str>>())
    .bind(lines.iter().map(|line| line.batch.as_str()).collect::<Vec<&str>>())
    .fetch_all(&mut *transaction)
    .await?;
    let stands: Vec<LineRow> = sqlx::query_as(
        "WITH line AS (
             SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::bigint[])
                 AS line (queue, class, publisher, batch, last)),
         party AS (SELECT DISTINCT queue, class, publisher FROM line)
         SELECT line.queue, line.class, line.publisher, line.batch, line.last, COALESCE(
                    (SELECT turn FROM jobs
                      WHERE jobs.queue = party.queue AND jobs.class = party.class AND jobs.publisher = party.publisher
                        AND state = 'waiting' AND blockers = 0 AND turn > 0
                      ORDER BY turn LIMIT 1),
                    (SELECT max(turns.last) FROM turns
                      WHERE turns.queue = party.queue AND turns.class = party.class
                        AND turns.publisher = party.publisher), 0) AS now
           FROM party JOIN line USING (queue, class, publisher)",
    )
    .bind(held.iter().map(|(queue, ..)| queue.as_str()).collect::<Vec<&str>>())
    .bind(held.iter().map(|(_, class, ..)| *class).collect::<Vec<i16>>())
    .bind(held.iter().map(|(_, _, publisher, ..)| publisher.as_str()).collect::<Vec<&str>>())
    .bind(held.iter().map(|(_, _, _, batch, _)| batch.as_str()).collect::<Vec<&str>>())
    .bind(held.iter().map(|(.., last)| *last).collect::<Vec<i64>>())
    .fetch_all(transaction)
    .await?;
    Ok(Turns::new(stands.into_iter().map(LineRow::read)))
}

/// Writes the last turns; the rows are locked.
pub(super) async fn keep_turns(transaction: &mut PgConnection, turns: &Turns) -> Result<()> {
    let (mut queues, mut classes, mut publishers, mut batches, mut lasts) = (vec![], vec![], vec![], vec![], vec![]);
    for (line, last) in turns.lasts() {
        queues.push(line.queue.as_str());
        classes.push(line.class);
        publishers.push(line.publisher.as_str());
        batches.push(line.batch.as_str());
        lasts.push(last);
    }
    if lasts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE turns SET last = line.last
           FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::bigint[])
             AS line (queue, class, publisher, batch, last)
          WHERE turns.queue = line.queue AND turns.class = line.class AND turns.publisher = line.publisher
            AND turns.batch = line.batch",
    )
    .bind(queues)
    .bind(classes)
    .bind(publishers)
    .bind(batches)
    .bind(lasts)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Forgets lines that are as good as new: their last turn is not above the publisher's turn now. The greatest of each
/// publisher stays, so that its turn never goes back when it has no ripe job. Held lines are left for another time.
pub(super) async fn forget_turns(pool: &PgPool) -> Result<u64> {
    let done = sqlx::query(
        "WITH party AS (
             SELECT queue, class, publisher, max(last) AS greatest FROM turns
              GROUP BY queue, class, publisher HAVING count(*) > 1),
         old AS (
             SELECT turns.ctid AS place FROM party JOIN turns USING (queue, class, publisher)
              WHERE turns.last < party.greatest AND turns.last <= COALESCE(
                        (SELECT turn FROM jobs
                          WHERE jobs.queue = party.queue AND jobs.class = party.class
                            AND jobs.publisher = party.publisher AND state = 'waiting' AND blockers = 0 AND turn > 0
                          ORDER BY turn LIMIT 1), party.greatest)
                FOR NO KEY UPDATE OF turns SKIP LOCKED)
         DELETE FROM turns USING old WHERE turns.ctid = old.place",
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// The first of every line of publishers. The publishers are found one behind the other in the index `jobs_turn`, so that
/// nothing is read but what is returned, however many wait.
pub(super) async fn heads(pool: &PgPool, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Uuid>> = sqlx::query_as(concat!(
        "WITH RECURSIVE party (place, queue, class, publisher) AS (
             SELECT q.place, q.queue, c.class, (
                        SELECT publisher FROM jobs
                         WHERE jobs.queue = q.queue AND jobs.class = c.class
                           AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL
                         ORDER BY publisher LIMIT 1)
               FROM UNNEST($1::text[]) WITH ORDINALITY AS q (queue, place), UNNEST($2::smallint[]) AS c (class)
             UNION ALL
             SELECT party.place, party.queue, party.class, (
                        SELECT publisher FROM jobs
                         WHERE jobs.queue = party.queue AND jobs.class = party.class
                           AND jobs.publisher > party.publisher
                           AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL
                         ORDER BY publisher LIMIT 1)
               FROM party WHERE party.publisher IS NOT NULL)
         SELECT head.* FROM party, LATERAL (
             SELECT turn, ",
        job_columns!(),
        " FROM jobs
              WHERE jobs.queue = party.queue AND jobs.class = party.class AND jobs.publisher = party.publisher
                AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL
                AND (start_by IS NULL OR start_by > $3 OR lost)
              ORDER BY turn, seq LIMIT $4) AS head
          ORDER BY party.place, head.class, head.publisher, head.turn, head.seq"
    ))
    .bind(texts(queues))
    .bind(ranks())
    .bind(micros(now))
    .bind(i64::from(each))
    .fetch_all(pool)
    .await?;
    rows::jobs(rows)
}

/// Puts ripe jobs out of the way. When they last moved stays as it is: stepping aside is no work on the object.
pub(super) async fn set_aside(pool: &PgPool, owner: &Lease, aside: &[Aside]) -> std::result::Result<u64, Failure> {
    let mut aside: Vec<&Aside> = aside.iter().collect();
    aside.sort_unstable_by_key(|aside| aside.job);
    aside.dedup_by_key(|aside| aside.job);
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let done = sqlx::query(
        "UPDATE jobs
            SET turn = NULL, waiting_for = aside.waiting_for, held_by = aside.held_by,
                due_at = CASE WHEN aside.held_by IS NULL THEN aside.due_at ELSE jobs.due_at END
           FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[])
             AS aside (id, attempt, waiting_for, due_at, held_by)
          WHERE jobs.id = aside.id AND jobs.attempt = aside.attempt AND jobs.state = 'waiting' AND jobs.blockers = 0
            AND jobs.turn IS NOT NULL",
    )
    .bind(aside.iter().map(|aside| aside.job.0).collect::<Vec<Uuid>>())
    .bind(aside.iter().map(|aside| i64::from(aside.attempt)).collect::<Vec<i64>>())
    .bind(aside.iter().map(|aside| aside.waiting_for.word()).collect::<Vec<&str>>())
    .bind(aside.iter().map(|aside| micros(aside.due_at)).collect::<Vec<i64>>())
    .bind(aside.iter().map(|aside| holder(aside)).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}

/// When objects were last worked on.
pub(super) async fn last_on(
    pool: &PgPool,
    lane: &str,
    objects: &[&str],
    since: Timestamp,
) -> Result<Vec<(String, Timestamp)>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT wanted.object, max(recent.updated_at)
           FROM (SELECT DISTINCT object FROM UNNEST($2::text[]) AS w (object)) AS wanted,
                LATERAL (SELECT updated_at FROM jobs
                          WHERE jobs.object = wanted.object AND jobs.lane = $1 AND attempt > 0
                          ORDER BY seq DESC LIMIT $4) AS recent
          WHERE recent.updated_at > $3 GROUP BY wanted.object ORDER BY wanted.object",
    )
    .bind(text(lane))
    .bind(texts(objects))
    .bind(micros(since))
    .bind(RECENT)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(object, at)| Ok((object, instant(at)?))).collect()
}

/// The last of these operations that succeeded on an object.
pub(super) async fn last_done(
    pool: &PgPool,
    lane: &str,
    object: &str,
    among: &[Operation],
    until: Timestamp,
) -> Result<Option<(Operation, Timestamp)>> {
    let names: Vec<&str> = among.iter().map(|operation| operation.name()).collect();
    let row: Option<(String, i64)> = sqlx::query_as(
        "SELECT operation, finished_at FROM jobs
          WHERE object = $2 AND lane = $1 AND state = 'succeeded' AND operation = ANY($3) AND finished_at <= $4
          ORDER BY finished_at DESC, seq DESC LIMIT 1",
    )
    .bind(text(lane))
    .bind(text(object))
    .bind(texts(&names))
    .bind(micros(until))
    .fetch_optional(pool)
    .await?;
    row.map(|(operation, at)| Ok((rows::operation(&operation)?, instant(at)?))).transpose()
}
