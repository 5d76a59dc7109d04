//! Whose turn it is: what has fallen due gets a turn, the first of each line are read, and some step aside.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use uuid::fmt::Hyphenated;

use super::claim::job_columns;
use super::{Lease, Result, begin, key, lease};
use crate::model::{Job, Operation};
use crate::store::Aside;
use crate::store::rows::{self, JobRow, LineRow, UnripeRow, holder, instant, json, micros, text};
use crate::store::turns::{FRONT, Line, Turns};

/// How many of the last jobs on an object are looked at for when it was worked on: jobs of one object run one at a time,
/// so the one that moved last is among the last that started.
const RECENT: i64 = 8;

/// Names for `json_each`.
fn names(given: &[&str]) -> Result<String> {
    json(&given.iter().map(|given| text(given)).collect::<Vec<_>>())
}

/// Ripe jobs: what the index of turns holds.
macro_rules! ripe {
    ($jobs:literal) => {
        concat!($jobs, ".state = 'waiting' AND ", $jobs, ".blockers = 0 AND ", $jobs, ".turn IS NOT NULL")
    };
}

/// The first ripe jobs of every publisher, who are found one behind the other in the index `jobs_turn`, so that nothing is
/// read but what is returned, however many wait. (`INDEXED BY`: without the index this must fail at once, and not work
/// slowly.)
const HEADS: &str = concat!(
    "WITH RECURSIVE party (place, q, c, p) AS (
             SELECT queues.key, queues.value, classes.value,
                    (SELECT publisher FROM jobs INDEXED BY jobs_turn
                      WHERE queue = queues.value AND class = classes.value AND ",
    ripe!("jobs"),
    "             ORDER BY publisher LIMIT 1)
               FROM json_each($1) AS queues CROSS JOIN json_each('[0,1,2]') AS classes
             UNION ALL
             SELECT place, q, c,
                    (SELECT publisher FROM jobs INDEXED BY jobs_turn
                      WHERE queue = q AND class = c AND publisher > p AND ",
    ripe!("jobs"),
    "             ORDER BY publisher LIMIT 1)
               FROM party WHERE p IS NOT NULL)
         SELECT ",
    job_columns!(),
    " FROM party CROSS JOIN jobs
          WHERE p IS NOT NULL AND jobs.seq IN (
                SELECT head.seq FROM jobs AS head INDEXED BY jobs_turn
                 WHERE head.queue = q AND head.class = c AND head.publisher = p AND ",
    ripe!("head"),
    "          AND (head.start_by IS NULL OR head.start_by > $2 OR head.lost)
                 ORDER BY head.turn, head.seq LIMIT $3)
          ORDER BY place, class, publisher, turn, seq"
);

/// See [`HEADS`].
pub(super) async fn heads(readers: &SqlitePool, queues: &[&str], now: Timestamp, each: u32) -> Result<Vec<Job>> {
    let rows: Vec<JobRow<Hyphenated>> =
        sqlx::query_as(HEADS).bind(names(queues)?).bind(micros(now)).bind(i64::from(each)).fetch_all(readers).await?;
    rows::jobs(rows)
}

/// Puts ripe jobs out of the way. When they last moved stays as it is: stepping aside is no work on the object.
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
            SET turn = NULL, waiting_for = $3, held_by = $5, due_at = CASE WHEN $5 IS NULL THEN $4 ELSE due_at END
          WHERE id = $1 AND attempt = $2 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL",
    )
    .bind(key(job.job))
    .bind(i64::from(job.attempt))
    .bind(job.waiting_for.word())
    .bind(micros(job.due_at))
    .bind(holder(job))
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
        "SELECT object, at FROM (
             SELECT wanted.value AS object,
                    (SELECT max(updated_at) FROM (
                         SELECT updated_at FROM jobs INDEXED BY jobs_object
                          WHERE object = wanted.value AND lane = $1 AND attempt > 0
                          ORDER BY seq DESC LIMIT $4)) AS at
               FROM (SELECT DISTINCT value FROM json_each($2)) AS wanted)
          WHERE at > $3 ORDER BY object",
    )
    .bind(text(lane))
    .bind(names(objects)?)
    .bind(micros(since))
    .bind(RECENT)
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(|(object, at)| Ok((object, instant(at)?))).collect()
}

/// The last of these operations that succeeded on an object.
pub(super) async fn last_done(
    readers: &SqlitePool,
    lane: &str,
    object: &str,
    among: &[Operation],
    until: Timestamp,
) -> Result<Option<(Operation, Timestamp)>> {
    let operations: Vec<&str> = among.iter().map(|operation| operation.name()).collect();
    let row: Option<(String, i64)> = sqlx::query_as(
        "SELECT operation, finished_at FROM jobs INDEXED BY jobs_object
          WHERE object = $2 AND lane = $1 AND state = 'succeeded'
            AND operation IN (SELECT value FROM json_each($3)) AND finished_at <= $4
          ORDER BY finished_at DESC, seq DESC LIMIT 1",
    )
    .bind(text(lane))
    .bind(text(object))
    .bind(names(&operations)?)
    .bind(micros(until))
    .fetch_optional(readers)
    .await?;
    row.map(|(operation, at)| Ok((rows::operation(&operation)?, instant(at)?))).transpose()
}

/// The first jobs that are due and have no turn: earliest class, then earliest due.
const UNRIPE: &str = "
    SELECT jobs.id, queue, class, publisher, batch, waiting_for
      FROM json_each($1) AS queues CROSS JOIN json_each('[0,1,2]') AS classes CROSS JOIN jobs
     WHERE jobs.seq IN (
           SELECT due.seq FROM jobs AS due INDEXED BY jobs_unripe
            WHERE due.queue = queues.value AND due.class = classes.value AND due.due_at <= $2
              AND due.state = 'waiting' AND due.blockers = 0 AND due.turn IS NULL AND due.waiting_for <> 'paused'
            ORDER BY due.due_at, due.seq LIMIT $3)
     ORDER BY class, due_at, seq LIMIT $3";

/// Gives turns. A worker asks at every look, so whether there is anything to do is found out without the writer's lock.
pub(super) async fn ripen(
    writer: &SqlitePool,
    readers: &SqlitePool,
    queues: &[&str],
    now: Timestamp,
    limit: u32,
) -> Result<u64> {
    let queues = names(queues)?;
    let some = unripe(&mut *readers.acquire().await?, &queues, now, limit.min(1)).await?;
    if some.is_empty() {
        return Ok(0);
    }
    let mut transaction = begin(writer).await?;
    let unripe = unripe(&mut transaction, &queues, now, limit).await?;
    let mut turns = stands(&mut transaction, unripe.iter().filter_map(|(_, line)| line.as_ref())).await?;
    for (id, line) in &unripe {
        sqlx::query("UPDATE jobs SET turn = $2, waiting_for = 'turn' WHERE id = $1")
            .bind(id)
            .bind(line.as_ref().map_or(FRONT, |line| turns.give(line)))
            .execute(&mut *transaction)
            .await?;
    }
    remember(&mut transaction, &turns).await?;
    transaction.commit().await?;
    Ok(unripe.len() as u64)
}

async fn unripe(
    connection: &mut SqliteConnection,
    queues: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(Hyphenated, Option<Line>)>> {
    let rows: Vec<UnripeRow<Hyphenated>> =
        sqlx::query_as(UNRIPE).bind(queues).bind(micros(now)).bind(i64::from(limit)).fetch_all(connection).await?;
    rows.into_iter().map(UnripeRow::read).collect()
}

/// How these lines stand.
pub(super) async fn stands(
    transaction: &mut SqliteConnection,
    lines: impl IntoIterator<Item = &Line>,
) -> Result<Turns> {
    let mut stands = Vec::new();
    for line in lines.into_iter().collect::<BTreeSet<_>>() {
        let stand: LineRow = sqlx::query_as(
            "SELECT $1 AS queue, $2 AS class, $3 AS publisher, $4 AS batch,
                    coalesce((SELECT last FROM turns
                               WHERE queue = $1 AND class = $2 AND publisher = $3 AND batch = $4), 0) AS last,
                    coalesce((SELECT min(turn) FROM jobs INDEXED BY jobs_turn
                               WHERE queue = $1 AND class = $2 AND publisher = $3 AND turn > 0
                                 AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL),
                             (SELECT max(last) FROM turns WHERE queue = $1 AND class = $2 AND publisher = $3), 0) AS now",
        )
        .bind(&line.queue)
        .bind(line.class)
        .bind(&line.publisher)
        .bind(&line.batch)
        .fetch_one(&mut *transaction)
        .await?;
        stands.push(stand.read());
    }
    Ok(Turns::new(stands))
}

/// Keeps the last turn of each line.
pub(super) async fn remember(transaction: &mut SqliteConnection, turns: &Turns) -> Result<()> {
    for (line, last) in turns.lasts() {
        sqlx::query(
            "INSERT INTO turns (queue, class, publisher, batch, last) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (queue, class, publisher, batch) DO UPDATE SET last = excluded.last",
        )
        .bind(&line.queue)
        .bind(line.class)
        .bind(&line.publisher)
        .bind(&line.batch)
        .bind(last)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Forgets lines that are as good as new: their last turn is not above the publisher's turn now. The greatest of each
/// publisher stays, so that its turn never goes back when it has no ripe job.
pub(super) async fn forget_turns(writer: &SqlitePool) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM turns
          WHERE last < (SELECT max(last) FROM turns AS other
                         WHERE other.queue = turns.queue AND other.class = turns.class
                           AND other.publisher = turns.publisher)
            AND last <= coalesce((SELECT min(turn) FROM jobs INDEXED BY jobs_turn
                                   WHERE jobs.queue = turns.queue AND jobs.class = turns.class
                                     AND jobs.publisher = turns.publisher AND turn > 0
                                     AND state = 'waiting' AND blockers = 0 AND turn IS NOT NULL), last)",
    )
    .execute(writer)
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::store::Store as _;
    use crate::store::sqlite::SqliteStore;

    /// How `SQLite` will go about a statement, line by line.
    async fn way(store: &SqliteStore, sql: &str) -> Vec<String> {
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&store.readers).await.unwrap();
        rows.into_iter().map(|(.., line)| line).collect()
    }

    /// Whoever looks for work reads what it takes and nothing else: no walk over all jobs, and no sorting of more than is
    /// returned.
    #[tokio::test]
    async fn looking_for_work_reads_no_job_in_vain() {
        let store = SqliteStore::connect("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        for (sql, index, by) in [
            (HEADS, "jobs_turn", "(queue=? AND class=? AND publisher=? AND turn>?)"),
            (UNRIPE, "jobs_unripe", "(queue=? AND class=? AND due_at<?)"),
        ] {
            let way = way(&store, sql).await;
            let job_lines: Vec<&String> = way
                .iter()
                .filter(|line| [" jobs ", " head ", " due "].iter().any(|table| line.contains(table)))
                .collect();
            assert!(job_lines.iter().all(|line| line.starts_with("SEARCH ")), "{way:#?}");
            assert!(job_lines.iter().any(|line| line.ends_with(&format!("INDEX {index} {by}"))), "{way:#?}");
            assert_eq!(way.iter().filter(|line| line.contains("TEMP B-TREE")).count(), 1, "only the result: {way:#?}");
        }
    }
}
