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

/// One text of each row.
async fn texts(url: &str, sql: &str) -> sqlx::Result<Vec<String>> {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse()?;
        let mut connection = options.connect().await?;
        let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await?;
        connection.close().await?;
        return Ok(rows);
    }
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let mut connection = options.connect().await?;
    let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows)
}

fn instant(micros: &str) -> Option<Timestamp> {
    micros.parse().ok().map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

/// Everything the referee wants to know.
pub async fn read(url: &str) -> sqlx::Result<Books> {
    let mut books = Books { unsent: i64::try_from(texts(url, UNSENT).await?.len()).unwrap(), ..Books::default() };
    for row in texts(url, JOBS).await? {
        let [id, state, finished, why] = split(&row);
        let job = JobRow { state: state.into(), why: why.into(), finished: instant(finished) };
        books.jobs.insert(id.parse().unwrap(), job);
    }
    for row in texts(url, ATTEMPTS).await? {
        let [job, transaction, started, ended, cause] = split(&row);
        books.attempts.push(AttemptRow {
            job: job.parse().unwrap(),
            transaction: transaction.into(),
            started: instant(started).unwrap(),
            ended: instant(ended),
            cause: Some(cause.to_owned()).filter(|cause| !cause.is_empty()),
        });
    }
    for row in texts(url, INBOX).await? {
        let [account, id, removed] = split(&row);
        books.inbox.push(InboxRow { account: account.into(), id: id.into(), is_removed: !removed.is_empty() });
    }
    Ok(books)
}

/// What is left to be done: jobs that are not over, events not sent, messages not removed.
pub async fn open(url: &str) -> sqlx::Result<[usize; 3]> {
    Ok([texts(url, OPEN).await?.len(), texts(url, UNSENT).await?.len(), texts(url, OPEN_MESSAGES).await?.len()])
}

/// Accounts somebody works.
pub async fn owned(url: &str, accounts: &[String]) -> sqlx::Result<usize> {
    let leases = texts(url, "SELECT name FROM leases WHERE expires_at > 0").await?;
    Ok(leases.iter().filter(|name| accounts.contains(name)).count())
}

fn split<const N: usize>(row: &str) -> [&str; N] {
    row.splitn(N, '|').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{row}"))
}
