//! Ownership, by the system's clock: all processes that share the file share the machine.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use super::{Lease, Result, StoreError};
use crate::store::rows::{micros, text};

/// When a span that begins now ends.
pub(super) fn end(ttl: Duration) -> i64 {
    micros(Timestamp::now()).saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX / 4))
}

/// Takes the lease if it is free; each holder gets a higher fence.
pub(super) async fn acquire(writer: &SqlitePool, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
    let mut transaction = super::begin(writer).await?;
    let fence: Option<i64> = sqlx::query_scalar(
        "INSERT INTO leases (name, owner, fence, expires_at) VALUES ($1, $2, 1, $3)
         ON CONFLICT (name) DO UPDATE
            SET owner = excluded.owner, fence = leases.fence + 1, expires_at = excluded.expires_at
          WHERE leases.expires_at <= $4
         RETURNING fence",
    )
    .bind(text(name))
    .bind(text(owner))
    .bind(end(ttl))
    .bind(micros(Timestamp::now()))
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(fence.map(|fence| Lease { name: name.to_owned(), owner: owner.to_owned(), fence }))
}

/// Prolongs the lease. One that ran out but that nobody took is still ours: nobody else can have written under it.
pub(super) async fn renew(writer: &SqlitePool, lease: &Lease, ttl: Duration) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE leases SET expires_at = $4 WHERE name = $1 AND owner = $2 AND fence = $3 AND expires_at > 0",
    )
    .bind(text(&lease.name))
    .bind(text(&lease.owner))
    .bind(lease.fence)
    .bind(end(ttl))
    .execute(writer)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back; the fence stays, so that the next owner's is higher.
pub(super) async fn release(writer: &SqlitePool, lease: &Lease) -> Result<()> {
    sqlx::query("UPDATE leases SET expires_at = 0 WHERE name = $1 AND owner = $2 AND fence = $3")
        .bind(text(&lease.name))
        .bind(text(&lease.owner))
        .bind(lease.fence)
        .execute(writer)
        .await?;
    Ok(())
}

/// Makes sure that the lease is held; in a writing transaction nobody can take it over.
pub(super) async fn hold(transaction: &mut SqliteConnection, lease: &Lease) -> Result<()> {
    let held: Option<i64> = sqlx::query_scalar(
        "SELECT fence FROM leases WHERE name = $1 AND owner = $2 AND fence = $3 AND expires_at > $4",
    )
    .bind(text(&lease.name))
    .bind(text(&lease.owner))
    .bind(lease.fence)
    .bind(micros(Timestamp::now()))
    .fetch_optional(transaction)
    .await?;
    held.map(drop).ok_or_else(|| StoreError::Fenced(lease.name.clone()))
}
