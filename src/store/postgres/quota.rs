//! Points of the registries' daily quotas, and what counts against budgets.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::postgres::PgPool;

use super::{Failure, Lease, Result, lease};
use crate::store::rows::{self, QuotaRow, amount_to_store, micros, minute, text};
use crate::store::{BudgetKind, QuotaUse};

/// Minutes that are remembered of a budget: the longest one is a week.
const REMEMBERED: i64 = 8 * 24 * 60;

/// The points of a day.
pub(super) async fn used(pool: &PgPool, account: &str, day: Date) -> Result<QuotaUse> {
    let row: Option<QuotaRow> =
        sqlx::query_as("SELECT used, heard, exhausted_until FROM quota WHERE account = $1 AND day = $2")
            .bind(text(account))
            .bind(day.to_string())
            .fetch_optional(pool)
            .await?;
    row.map_or_else(|| Ok(QuotaUse::default()), QuotaRow::read)
}

/// Charges points, or gives some back; never below what the registry has said is used.
pub(super) async fn charge(
    pool: &PgPool,
    owner: &Lease,
    day: Date,
    points: i64,
) -> std::result::Result<QuotaUse, Failure> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let row: QuotaRow = sqlx::query_as(
        "INSERT INTO quota AS now (account, day, used) VALUES ($1, $2, GREATEST($3, 0))
         ON CONFLICT (account, day) DO UPDATE SET used = GREATEST(now.used + $3, now.heard, 0)
         RETURNING used, heard, exhausted_until",
    )
    .bind(text(&owner.name))
    .bind(day.to_string())
    .bind(points)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(row.read()?)
}

/// Notes the registry's word; it raises and prolongs only.
pub(super) async fn heard(
    pool: &PgPool,
    owner: &Lease,
    day: Date,
    at_least: Option<u64>,
    exhausted_until: Option<Timestamp>,
) -> std::result::Result<QuotaUse, Failure> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let row: QuotaRow = sqlx::query_as(
        "INSERT INTO quota AS now (account, day, used, heard, exhausted_until) VALUES ($1, $2, COALESCE($3, 0), $3, $4)
         ON CONFLICT (account, day) DO UPDATE
            SET used = GREATEST(now.used, excluded.used), heard = GREATEST(now.heard, excluded.heard),
                exhausted_until = GREATEST(now.exhausted_until, excluded.exhausted_until)
         RETURNING used, heard, exhausted_until",
    )
    .bind(text(&owner.name))
    .bind(day.to_string())
    .bind(at_least.map(amount_to_store))
    .bind(exhausted_until.map(micros))
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(row.read()?)
}

/// Counts against a budget, and forgets what is more than a day old.
pub(super) async fn note(
    pool: &PgPool,
    owner: &Lease,
    kind: BudgetKind,
    at: Timestamp,
    count: u32,
) -> std::result::Result<(), Failure> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    sqlx::query(
        "INSERT INTO noted AS now (account, kind, minute, count) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, kind, minute) DO UPDATE SET count = now.count + excluded.count",
    )
    .bind(text(&owner.name))
    .bind(kind.word())
    .bind(minute(at))
    .bind(i64::from(count))
    .execute(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM noted WHERE account = $1 AND kind = $2 AND minute < $3")
        .bind(text(&owner.name))
        .bind(kind.word())
        .bind(minute(at) - REMEMBERED)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// What was counted since.
pub(super) async fn noted(
    pool: &PgPool,
    account: &str,
    kind: BudgetKind,
    since: Timestamp,
) -> Result<Vec<(Timestamp, u32)>> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT minute, count FROM noted WHERE account = $1 AND kind = $2 AND minute >= $3 ORDER BY minute",
    )
    .bind(text(account))
    .bind(kind.word())
    .bind(minute(since))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(rows::noted).collect()
}
