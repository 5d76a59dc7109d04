//! Which daemons are at work, by the database's clock, and which accounts they have trouble with.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgPool;

use super::{Result, lease};
use crate::store::RollCall;
use crate::store::rows::{micros, text, text_if};

/// Says that a daemon is at work, and forgets those that have not said so for long.
pub(super) async fn report(pool: &PgPool, daemon: &str, ttl: Duration) -> Result<RollCall> {
    sqlx::query(
        "INSERT INTO daemons (name, expires_at) VALUES ($1, clock_micros() + $2)
         ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(text(daemon))
    .bind(lease::micros(ttl))
    .execute(pool)
    .await?;
    sqlx::query("DELETE FROM daemons WHERE expires_at < clock_micros() - 3600000000").execute(pool).await?;
    roll_call(pool).await
}

/// Says that a daemon is no longer at work.
pub(super) async fn leave(pool: &PgPool, daemon: &str) -> Result<()> {
    sqlx::query("DELETE FROM daemons WHERE name = $1").bind(text(daemon)).execute(pool).await?;
    Ok(())
}

/// Who is at work, and who owns what.
pub(super) async fn roll_call(pool: &PgPool) -> Result<RollCall> {
    let mut daemons: Vec<String> =
        sqlx::query_scalar("SELECT name FROM daemons WHERE expires_at > clock_micros()").fetch_all(pool).await?;
    let mut leases: Vec<(String, String, bool)> =
        sqlx::query_as("SELECT name, owner, expires_at > clock_micros() FROM leases").fetch_all(pool).await?;
    // In the order every daemon sorts by, whatever the database's language: all must come to the same share.
    daemons.sort_unstable();
    leases.sort_unstable();
    Ok(RollCall { daemons, leases })
}

/// Notes why an account has no session, or that it has one again.
pub(super) async fn trouble(pool: &PgPool, account: &str, why: Option<&str>, at: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO account_state AS now (account, trouble, trouble_since) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE
            SET trouble = excluded.trouble,
                trouble_since = CASE WHEN excluded.trouble IS NULL THEN NULL
                                     ELSE COALESCE(now.trouble_since, excluded.trouble_since) END",
    )
    .bind(text(account))
    .bind(text_if(why))
    .bind(why.map(|_| micros(at)))
    .execute(pool)
    .await?;
    Ok(())
}
