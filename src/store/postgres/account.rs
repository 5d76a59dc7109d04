//! What was sent for an account, and whether it is silent.

use jiff::Timestamp;
use sqlx::postgres::PgPool;

use super::{AccountState, Failure, Lease, Result, SendBlock, lease, outbox};
use crate::model::Event;
use crate::store::rows::{AccountRow, SendRow, micros, text, text_if};

/// Reserves a block. Saying it twice is the same as once: the caller may not know whether the first time was heard.
pub(super) async fn reserve(pool: &PgPool, owner: &Lease, block: &SendBlock) -> Result<()> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await.map_err(|failure| match failure {
        Failure::Collision(error) | Failure::Final(error) => error,
    })?;
    sqlx::query(
        "INSERT INTO sends (account, number, slots, reserved_at, closed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, number) DO UPDATE
            SET slots = excluded.slots, reserved_at = excluded.reserved_at, closed_at = excluded.closed_at",
    )
    .bind(text(&block.account))
    .bind(block.number)
    .bind(i64::from(block.slots))
    .bind(micros(block.reserved_at))
    .bind(block.closed_at.map(micros))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Closes a block; the latest end counts.
pub(super) async fn close_block(pool: &PgPool, account: &str, number: i64, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE sends SET closed_at = GREATEST(closed_at, $3) WHERE account = $1 AND number = $2")
        .bind(text(account))
        .bind(number)
        .bind(micros(at))
        .execute(pool)
        .await?;
    Ok(())
}

/// The blocks that still count; the others go.
pub(super) async fn blocks(pool: &PgPool, account: &str, since: Timestamp) -> Result<Vec<SendBlock>> {
    sqlx::query("DELETE FROM sends WHERE account = $1 AND closed_at <= $2")
        .bind(text(account))
        .bind(micros(since))
        .execute(pool)
        .await?;
    let rows: Vec<SendRow> = sqlx::query_as(
        "SELECT account, number, slots, reserved_at, closed_at FROM sends WHERE account = $1 ORDER BY number",
    )
    .bind(text(account))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(SendRow::read).collect()
}

/// The state of one account; nothing is known of most.
pub(super) async fn one(pool: &PgPool, account: &str) -> Result<AccountState> {
    let row: Option<AccountRow> = sqlx::query_as("SELECT * FROM account_state WHERE account = $1")
        .bind(text(account))
        .fetch_optional(pool)
        .await?;
    row.map_or_else(|| Ok(AccountState { account: account.to_owned(), ..AccountState::default() }), AccountRow::read)
}

/// The state of all accounts that have one.
pub(super) async fn all(pool: &PgPool) -> Result<Vec<AccountState>> {
    let rows: Vec<AccountRow> = sqlx::query_as("SELECT * FROM account_state ORDER BY account").fetch_all(pool).await?;
    rows.into_iter().map(AccountRow::read).collect()
}

/// Suspends, or lifts a suspension. The first instant of a suspension stays, its reason is the latest.
pub(super) async fn suspend(pool: &PgPool, account: &str, reason: Option<&str>, event: &Event) -> Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query(
        "INSERT INTO account_state AS now (account, suspended, suspended_at) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE
            SET suspended = excluded.suspended,
                suspended_at = CASE WHEN excluded.suspended IS NULL THEN NULL
                                    ELSE COALESCE(now.suspended_at, excluded.suspended_at) END",
    )
    .bind(text(account))
    .bind(text_if(reason))
    .bind(reason.map(|_| micros(event.time)))
    .execute(&mut *transaction)
    .await?;
    outbox::insert(&mut transaction, &[event]).await?;
    Ok(transaction.commit().await?)
}

/// Keeps an account silent; a longer silence stays, with its reason.
pub(super) async fn cool_down(pool: &PgPool, account: &str, until: Timestamp, reason: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO account_state AS now (account, cooldown_until, cooldown_reason) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE
            SET cooldown_until = excluded.cooldown_until, cooldown_reason = excluded.cooldown_reason
          WHERE now.cooldown_until IS NULL OR now.cooldown_until < excluded.cooldown_until",
    )
    .bind(text(account))
    .bind(micros(until))
    .bind(text(reason))
    .execute(pool)
    .await?;
    Ok(())
}
