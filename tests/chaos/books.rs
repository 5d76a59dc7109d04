//! Reads the store beside the daemons, with SQL of its own.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::referee::{AttemptRow, Books, InboxRow, JobRow};

const JOBS: &str = "SELECT CAST(id AS text) || '|' || state || '|' || coalesce(CAST(finished_at AS text), '') || '|' || \
     coalesce(cause, '') || ', waits for ' || waiting_for || ': ' || coalesce(reason, '') FROM jobs";
const ATTEMPTS: &str = "SELECT CAST(job_id AS text) || '|' || transaction_id || '|' || CAST(started_at AS text) || '|' || \
     coalesce(CAST(ended_at AS text), '') || '|' || coalesce(cause, '') FROM attempts";
const INBOX: &str =
    "SELECT account || '|' || message_id || '|' || CASE WHEN removed_at IS NULL THEN '' ELSE 'removed' END FROM inbox";
const UNSENT: &str = "SELECT CAST(seq AS text) FROM outbox WHERE sent_at IS NULL";
/// Jobs that are not over.
const OPEN: &str = "SELECT CAST(id AS text) FROM jobs WHERE finished_at IS NULL";
const OPEN_MESSAGES: &str = "SELECT message_id FROM inbox WHERE removed_at IS NULL";

/// A connection of the reader's own.
enum Reader {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Reader {
    async fn connect(url: &str) -> sqlx::Result<Self> {
        if url.starts_with("sqlite:") {
            return Ok(Self::Sqlite(url.parse::<sqlx::sqlite::SqliteConnectOptions>()?.connect().await?));
        }
        Ok(Self::Postgres(url.parse::<sqlx::postgres::PgConnectOptions>()?.connect().await?))
    }

    /// One text of each row.
    async fn texts(&mut self, sql: &str) -> sqlx::Result<Vec<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
    }

    async fn close(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

fn instant(micros: &str) -> Option<Timestamp> {
    micros.parse().ok().map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

/// Everything the referee wants to know.
pub async fn read(url: &str) -> sqlx::Result<Books> {
    let mut reader = Reader::connect(url).await?;
    let unsent = reader.texts(UNSENT).await?.len();
    let mut books = Books { unsent: i64::try_from(unsent).unwrap(), ..Books::default() };
    for row in reader.texts(JOBS).await? {
        let [id, state, finished, why] = split(&row);
        let job = JobRow { state: state.into(), why: why.into(), finished: instant(finished) };
        books.jobs.insert(id.parse().unwrap(), job);
    }
    for row in reader.texts(ATTEMPTS).await? {
        let [job, transaction, started, ended, cause] = split(&row);
        books.attempts.push(AttemptRow {
            job: job.parse().unwrap(),
            transaction: transaction.into(),
            started: instant(started).unwrap(),
            ended: instant(ended),
            cause: Some(cause.to_owned()).filter(|cause| !cause.is_empty()),
        });
    }
    for row in reader.texts(INBOX).await? {
        let [account, id, removed] = split(&row);
        books.inbox.push(InboxRow { account: account.into(), id: id.into(), is_removed: !removed.is_empty() });
    }
    reader.close().await?;
    Ok(books)
}

/// What is left to be done: jobs that are not over, events not sent, messages not removed.
pub async fn open(url: &str) -> sqlx::Result<[usize; 3]> {
    let mut reader = Reader::connect(url).await?;
    let mut left = [0; 3];
    for (count, sql) in left.iter_mut().zip([OPEN, UNSENT, OPEN_MESSAGES]) {
        *count = reader.texts(sql).await?.len();
    }
    reader.close().await?;
    Ok(left)
}

/// Jobs that wait for a human.
pub async fn at_a_human(url: &str) -> sqlx::Result<Vec<uuid::Uuid>> {
    let mut reader = Reader::connect(url).await?;
    let jobs = reader.texts("SELECT CAST(id AS text) FROM jobs WHERE state = 'needs_attention'").await?;
    reader.close().await?;
    Ok(jobs.iter().map(|id| id.parse().unwrap()).collect())
}

/// Accounts of which a registry said that their money does not last.
pub async fn out_of_funds(url: &str) -> sqlx::Result<Vec<String>> {
    let mut reader = Reader::connect(url).await?;
    let accounts = reader.texts("SELECT name FROM pauses WHERE kind = 'funds'").await?;
    reader.close().await?;
    Ok(accounts)
}

/// Accounts somebody works.
pub async fn owned(url: &str, accounts: &[String]) -> sqlx::Result<usize> {
    let mut reader = Reader::connect(url).await?;
    let leases = reader.texts("SELECT name FROM leases WHERE expires_at > 0").await?;
    reader.close().await?;
    Ok(leases.iter().filter(|name| accounts.contains(name)).count())
}

fn split<const N: usize>(row: &str) -> [&str; N] {
    row.splitn(N, '|').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{row}"))
}
