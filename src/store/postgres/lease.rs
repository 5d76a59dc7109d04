//! Ownership, by the database's clock.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgPool;

use super::{Lease, Result, StoreError};
use crate::store::rows::text;

/// A duration as stored.
pub(super) fn micros(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX / 4)
}

/// Takes the lease if it is free; each holder gets a higher fence. The conflicting row is locked before its end is read,
/// so of two that come at once one sees the other's lease.
pub(super) async fn acquire(pool: &PgPool, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
    let fence: Option<i64> = sqlx::query_scalar(
        "INSERT INTO leases AS held (name, owner, fence, expires_at) VALUES ($1, $2, 1, clock_micros() + $3)
         ON CONFLICT (name) DO UPDATE
            SET owner = excluded.owner, fence = held.fence + 1, expires_at = clock_micros() + $3
          WHERE held.expires_at <= clock_micros()
         RETURNING fence",
    )
    .bind(text(name))
    .bind(text(owner))
    .bind(micros(ttl))
    .fetch_optional(pool)
    .await?;
    Ok(fence.map(|fence| Lease { name: name.to_owned(), owner: owner.to_owned(), fence }))
}

/// Prolongs the lease. One that ran out but that nobody took is still ours: nobody else can have written under it.
pub(super) async fn renew(pool: &PgPool, lease: &Lease, ttl: Duration) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE leases SET expires_at = clock_micros() + $4
          WHERE name = $1 AND owner = $2 AND fence = $3 AND expires_at > 0",
    )
    .bind(text(&lease.name))
    .bind(text(&lease.owner))
    .bind(lease.fence)
    .bind(micros(ttl))
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back; the fence stays, so that the next owner's is higher.
pub(super) async fn release(pool: &PgPool, lease: &Lease) -> Result<()> {
    sqlx::query("UPDATE leases SET expires_at = 0 WHERE name = $1 AND owner = $2 AND fence = $3")
        .bind(text(&lease.name))
        .bind(text(&lease.owner))
        .bind(lease.fence)
        .execute(pool)
        .await?;
    Ok(())
}

/// Makes sure that the lease is held until the end of the transaction: a take-over waits for the row.
pub(super) async fn hold(transaction: &mut PgConnection, lease: &Lease) -> std::result::Result<(), super::Failure> {
    let held: Option<i64> = sqlx::query_scalar(
        "SELECT fence FROM leases
          WHERE name = $1 AND owner = $2 AND fence = $3 AND expires_at > clock_micros() FOR SHARE",
    )
    .bind(text(&lease.name))
    .bind(text(&lease.owner))
    .bind(lease.fence)
    .fetch_optional(transaction)
    .await?;
    held.map(drop).ok_or_else(|| StoreError::Fenced(lease.name.clone()).into())
}
