//! A queue of any length, written as fast as the database can: what claims are measured on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use super::{Scratch, broken};
use crate::store::sqlite::SqliteStore;
use crate::store::{Result, Store};

/// Rows written in one transaction.
const GROUP: u64 = 100_000;

/// The account whose queue is filled.
pub const ACCOUNT: &str = "BENCH";
/// The queue has three classes, so many publishers, and of each publisher so many batches.
pub const PUBLISHERS: u64 = 4;
/// Batches of a publisher.
pub const BATCHES: u64 = 3;

/// What both databases write: as intake would, with random ids, one `domain.create` each; every line of jobs that take
/// turns gets every 36th of them. `n` counts from 0.
macro_rules! columns {
    () => {
        "INSERT INTO jobs (id, digest, publisher, account, queue, lane, operation, object, params, class, state,
                           waiting_for, turn, due_at, batch, max_attempts, context, created_at, updated_at)"
    };
}

/// The last turn of each line, and how large the batches are.
const SUMS: &str = "
    INSERT INTO turns (queue, class, publisher, batch, last)
    SELECT queue, class, publisher, batch, max(turn) FROM jobs GROUP BY queue, class, publisher, batch;
    INSERT INTO batches (name, publisher, created_at, jobs)
    SELECT batch, publisher, min(created_at), count(*) FROM jobs GROUP BY batch, publisher;";

/// The indexes are taken off and built again over all rows.
struct Index {
    name: String,
    create: String,
}

impl Scratch {
    /// Fills the queue of [`ACCOUNT`] in a schema that has been migrated with so many ripe jobs due at `now`
    /// (microseconds); tells now and then how many it has written. Returns how long it took.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn fill(&self, jobs: u64, now: i64, tell: impl Fn(u64)) -> Result<Duration> {
        let begun = Instant::now();
        let mut connection = PgConnection::connect(&self.url).await.map_err(broken)?;
        run(&mut connection, "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'").await?;
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "SELECT indexname, indexdef FROM pg_indexes
              WHERE schemaname = $1 AND tablename = 'jobs' AND indexname <> 'jobs_pkey' ORDER BY indexname",
        )
        .bind(&self.schema)
        .fetch_all(&mut connection)
        .await
        .map_err(broken)?;
        let indexes: Vec<Index> = indexes.into_iter().map(|(name, create)| Index { name, create }).collect();
        for index in &indexes {
            run(&mut connection, &format!("DROP INDEX {}", index.name)).await?;
        }
        for from in (0..jobs).step_by(GROUP as usize) {
            let to = (from + GROUP).min(jobs);
            sqlx::query(concat!(
                columns!(),
                " SELECT gen_random_uuid(), sha256(n::text::bytea), 'publisher-' || n / 3 % $4, $3, $3, $3,
                         'domain.create', 'domain:bench-' || n || '.de',
                         json_build_object('domain', 'bench-' || n || '.de', 'holder', json_build_array('BENCH-HOLDER'),
                                           'nserver', json_build_array('ns1.example.net', 'ns2.example.net')),
                         n % 3, 'waiting', 'turn', n / (3 * $4 * $5) + 1, $6,
                         'batch-' || n / 3 % $4 || '-' || n / (3 * $4) % $5, 10,
                         json_build_object('order', 'A-' || n), $6, $6
                    FROM generate_series($1, $2 - 1) AS n"
            ))
            .bind(signed(from))
            .bind(signed(to))
            .bind(ACCOUNT)
            .bind(signed(PUBLISHERS))
            .bind(signed(BATCHES))
            .bind(now)
            .execute(&mut connection)
            .await
            .map_err(broken)?;
            tell(to);
        }
        for index in &indexes {
            run(&mut connection, &index.create).await?;
        }
        run(&mut connection, SUMS).await?;
        // What autovacuum and the checkpointer would do soon anyway, they shall not do while somebody measures.
        for upkeep in ["VACUUM (ANALYZE) jobs", "ANALYZE turns"] {
            run(&mut connection, upkeep).await?;
        }
        // Not everybody may ask for one.
        let _ = run(&mut connection, "CHECKPOINT").await;
        connection.close().await.map_err(broken)?;
        Ok(begun.elapsed())
    }

    /// What the server does to keep a commit.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn durability(&self) -> Result<String> {
        sqlx::query_scalar(
            "SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) FROM pg_settings
              WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(broken)
    }
}

/// Opens an `SQLite` file as at work; also says what is done to keep a commit.
///
/// # Errors
/// The file cannot be opened.
pub async fn open_file(url: &str) -> Result<(Arc<dyn Store>, String)> {
    let store = SqliteStore::connect(url).await?;
    let durability = store.durability().await?;
    Ok((Arc::new(store), durability))
}

/// [`Scratch::fill`] for an `SQLite` file that has been migrated.
///
/// # Errors
/// The database refuses.
pub async fn fill_file(url: &str, jobs: u64, now: i64, tell: impl Fn(u64)) -> Result<Duration> {
    let begun = Instant::now();
    let options: SqliteConnectOptions = url.parse().map_err(broken)?;
    let options = options.synchronous(SqliteSynchronous::Off).pragma("cache_size", "-262144");
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(broken)?;
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs' AND sql IS NOT NULL",
    )
    .fetch_all(&mut connection)
    .await
    .map_err(broken)?;
    let indexes: Vec<Index> = indexes.into_iter().map(|(name, create)| Index { name, create }).collect();
    for index in &indexes {
        run_on_file(&mut connection, &format!("DROP INDEX {}", index.name)).await?;
    }
    for from in (0..jobs).step_by(GROUP as usize) {
        let to = (from + GROUP).min(jobs);
        sqlx::query(concat!(
            "WITH RECURSIVE numbers (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2),
                  numbered (n, hex) AS (SELECT n, lower(hex(randomblob(16))) FROM numbers) ",
            columns!(),
            " SELECT substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-4' || substr(hex, 14, 3) || '-a'
                     || substr(hex, 18, 3) || '-' || substr(hex, 21, 12),
                     randomblob(32), 'publisher-' || n / 3 % $4, $3, $3, $3,
                     'domain.create', 'domain:bench-' || n || '.de',
                     json_object('domain', 'bench-' || n || '.de', 'holder', json_array('BENCH-HOLDER'),
                                 'nserver', json_array('ns1.example.net', 'ns2.example.net')),
                     n % 3, 'waiting', 'turn', n / (3 * $4 * $5) + 1, $6,
                     'batch-' || n / 3 % $4 || '-' || n / (3 * $4) % $5, 10,
                     json_object('order', 'A-' || n), $6, $6
                FROM numbered"
        ))
        .bind(signed(from))
        .bind(signed(to))
        .bind(ACCOUNT)
        .bind(signed(PUBLISHERS))
        .bind(signed(BATCHES))
        .bind(now)
        .execute(&mut connection)
        .await
        .map_err(broken)?;
        tell(to);
    }
    for index in &indexes {
        run_on_file(&mut connection, &index.create).await?;
    }
    run_on_file(&mut connection, SUMS).await?;
    // No ANALYZE: at work nobody runs it either, and the statements name their indexes.
    run_on_file(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.close().await.map_err(broken)?;
    Ok(begun.elapsed())
}

pub(super) async fn run(connection: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop).map_err(broken)
}

pub(super) async fn run_on_file(connection: &mut SqliteConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop).map_err(broken)
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
