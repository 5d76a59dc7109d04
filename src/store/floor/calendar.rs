//! A calendar of any length, written as fast as the database can, and what it costs to read so many of its rows by their
//! numbers: what looks for due reminders are measured on.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::queue::{ACCOUNT, run, run_on_file, signed};
use super::{Scratch, broken};
use crate::store::Result;

/// Rows written in one transaction.
const GROUP: u64 = 100_000;

/// What both databases write: one open entry for each of so many domains, all due after `now`, with something to do at one
/// instant of the year each. `n` counts from 0.
macro_rules! entries {
    ($numbers:literal, $note:literal) => {
        concat!(
            "INSERT INTO deadlines (account, object, kind, due_at, basis, evidence, note, opened_at, heard_at, seen_until,
                                    next_at, asked) ",
            $numbers,
            " SELECT $3, 'domain:bench-' || n || '.de', 'domain_expiry', $4 + (n % 365 + 31) * CAST(86400 AS bigint) * 1000000 + n, 'answer',
                     'job 00000000-0000-7000-8000-000000000000', ",
            $note,
            ", $4, $4, $4, $4 + (n % 365 + 1) * CAST(86400 AS bigint) * 1000000 + n, 0 FROM numbers"
        )
    };
}

impl Scratch {
    /// Fills the calendar in a schema that has been migrated with so many open entries of [`ACCOUNT`], nothing of them due
    /// within a day of `now` (microseconds); tells now and then how many it has written.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn fill_calendar(&self, entries: u64, now: i64, tell: impl Fn(u64)) -> Result<()> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(broken)?;
        run(&mut connection, "SET synchronous_commit = off").await?;
        for from in (0..entries).step_by(GROUP as usize) {
            let to = (from + GROUP).min(entries);
            sqlx::query(entries!(
                "WITH numbers AS (SELECT n FROM generate_series($1::bigint, $2::bigint - 1) AS n)",
                "'{}'::json"
            ))
            .bind(signed(from))
            .bind(signed(to))
            .bind(ACCOUNT)
            .bind(now)
            .execute(&mut connection)
            .await
            .map_err(broken)?;
            tell(to);
        }
        run(&mut connection, "VACUUM (ANALYZE) deadlines").await?;
        // Not everybody may ask for one.
        let _ = run(&mut connection, "CHECKPOINT").await;
        connection.close().await.map_err(broken)
    }
}

/// [`Scratch::fill_calendar`] for an `SQLite` file that has been migrated.
///
/// # Errors
/// The database refuses.
pub async fn fill_file(url: &str, entries: u64, now: i64, tell: impl Fn(u64)) -> Result<()> {
    let options: SqliteConnectOptions = url.parse().map_err(broken)?;
    let options = options.synchronous(SqliteSynchronous::Off).pragma("cache_size", "-262144");
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(broken)?;
    for from in (0..entries).step_by(GROUP as usize) {
        let to = (from + GROUP).min(entries);
        sqlx::query(entries!(
            "WITH RECURSIVE numbers (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2)",
            "'{}'"
        ))
        .bind(signed(from))
        .bind(signed(to))
        .bind(ACCOUNT)
        .bind(now)
        .execute(&mut connection)
        .await
        .map_err(broken)?;
        tell(to);
    }
    run_on_file(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.close().await.map_err(broken)
}

/// A connection that reads rows and does nothing with them.
pub enum Raw {
    /// To PostgreSQL.
    Postgres(PgConnection),
    /// To a file.
    File(SqliteConnection),
}

/// So many rows by their numbers.
const BY_NUMBER: &str = "SELECT * FROM deadlines WHERE id <= $1";

impl Raw {
    /// Opens one.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        Ok(match url.starts_with("sqlite:") {
            true => Self::File(SqliteConnection::connect(url).await.map_err(broken)?),
            false => Self::Postgres(PgConnection::connect(url).await.map_err(broken)?),
        })
    }

    /// How long one round trip takes that brings so many rows; with none, a bare one.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn read(&mut self, rows: u32) -> Result<Duration> {
        let begun = Instant::now();
        let (sql, number) = if rows == 0 { ("SELECT $1", 1) } else { (BY_NUMBER, i64::from(rows)) };
        let count = match self {
            Self::Postgres(connection) => {
                let sql = if rows == 0 { "SELECT $1::bigint" } else { sql };
                sqlx::query(sql).bind(number).fetch_all(connection).await.map(|rows| rows.len())
            }
            Self::File(connection) => sqlx::query(sql).bind(number).fetch_all(connection).await.map(|rows| rows.len()),
        };
        let took = begun.elapsed();
        match count.map_err(broken)? {
            count if count == rows.max(1) as usize => Ok(took),
            count => Err(broken(format_args!("{count} rows are there, and not {rows}"))),
        }
    }
}
