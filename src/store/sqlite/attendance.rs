//! Which daemons are at work, by the system's clock, and which accounts they have trouble with.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use super::{Result, begin, lease};
use crate::store::RollCall;
use crate::store::rows::{micros, text, text_if};

/// Says that a daemon is at work, and forgets those that have not said so in time.
pub(super) async fn report(writer: &SqlitePool, daemon: &str, ttl: Duration) -> Result<RollCall> {
    let mut transaction = begin(writer).await?;
    sqlx::query("DELETE FROM daemons WHERE expires_at <= $1")
        .bind(micros(Timestamp::now()))
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO daemons (name, expires_at) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(text(daemon))
    .bind(lease::end(ttl))
    .execute(&mut *transaction)
    .await?;
    let present = call(&mut transaction).await?;
    transaction.commit().await?;
    Ok(present)
}

/// Says that a daemon is no longer at work.
pub(super) async fn leave(writer: &SqlitePool, daemon: &str) -> Result<()> {
    sqlx::query("DELETE FROM daemons WHERE name = $1").bind(text(daemon)).execute(writer).await?;
    Ok(())
}

/// Who is at work, and who owns what.
pub(super) async fn roll_call(readers: &SqlitePool) -> Result<RollCall> {
    call(&mut *readers.acquire().await?).await
}

async fn call(connection: &mut SqliteConnection) -> Result<RollCall> {
    let now = micros(Timestamp::now());
    let daemons = sqlx::query_scalar("SELECT name FROM daemons WHERE expires_at > $1 ORDER BY name")
        .bind(now)
        .fetch_all(&mut *connection)
        .await?;
    let leases = sqlx::query_as("SELECT name, owner, expires_at > $1 FROM leases ORDER BY name")
        .bind(now)
        .fetch_all(connection)
        .await?;
    Ok(RollCall { daemons, leases })
}

/// Notes why an account has no session, or that it has one again.
pub(super) async fn trouble(writer: &SqlitePool, account: &str, why: Option<&str>, at: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO account_state (account, trouble, trouble_since) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE
            SET trouble = excluded.trouble,
                trouble_since = CASE WHEN excluded.trouble IS NOT NULL
                                     THEN coalesce(account_state.trouble_since, excluded.trouble_since) END",
    )
    .bind(text(account))
    .bind(text_if(why))
    .bind(why.map(|_| micros(at)))
    .execute(writer)
    .await?;
    Ok(())
}
