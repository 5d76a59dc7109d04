//! Points of the registries' days, and what counts against budgets.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use super::{Lease, Result, begin, lease};
use crate::store::rows::{QuotaRow, amount_to_store, micros, minute, noted as counted, text};
use crate::store::{BudgetKind, QuotaUse};

/// How long minutes are kept: the longest budget is a week.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The points of a day.
pub(super) async fn used(readers: &SqlitePool, account: &str, day: Date) -> Result<QuotaUse> {
    read(&mut *readers.acquire().await?, account, day).await
}

async fn read(connection: &mut SqliteConnection, account: &str, day: Date) -> Result<QuotaUse> {
    let row: Option<QuotaRow> =
        sqlx::query_as("SELECT used, heard, exhausted_until FROM quota WHERE account = $1 AND day = $2")
            .bind(text(account))
            .bind(day.to_string())
            .fetch_optional(connection)
            .await?;
    row.map_or_else(|| Ok(QuotaUse::default()), QuotaRow::read)
}

/// Charges points, or gives some back; never below what the registry has said is used.
pub(super) async fn charge(writer: &SqlitePool, owner: &Lease, day: Date, points: i64) -> Result<QuotaUse> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    sqlx::query(
        "INSERT INTO quota (account, day, used) VALUES ($1, $2, max($3, 0))
         ON CONFLICT (account, day) DO UPDATE SET used = max(quota.used + $3, coalesce(quota.heard, 0), 0)",
    )
    .bind(text(&owner.name))
    .bind(day.to_string())
    .bind(points)
    .execute(&mut *transaction)
    .await?;
    let sum = read(&mut transaction, &owner.name, day).await?;
    transaction.commit().await?;
    Ok(sum)
}

/// Notes the registry's own word, which only ever raises.
pub(super) async fn heard(
    writer: &SqlitePool,
    owner: &Lease,
    day: Date,
    at_least: Option<u64>,
    exhausted_until: Option<Timestamp>,
) -> Result<QuotaUse> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    sqlx::query(
        "INSERT INTO quota (account, day, used, heard, exhausted_until) VALUES ($1, $2, coalesce($3, 0), $3, $4)
         ON CONFLICT (account, day) DO UPDATE
            SET used = max(quota.used, excluded.used),
                heard = coalesce(max(quota.heard, excluded.heard), quota.heard, excluded.heard),
                exhausted_until = coalesce(max(quota.exhausted_until, excluded.exhausted_until),
                                           quota.exhausted_until, excluded.exhausted_until)",
    )
    .bind(text(&owner.name))
    .bind(day.to_string())
    .bind(at_least.map(amount_to_store))
    .bind(exhausted_until.map(micros))
    .execute(&mut *transaction)
    .await?;
    let sum = read(&mut transaction, &owner.name, day).await?;
    transaction.commit().await?;
    Ok(sum)
}

/// Counts in a minute, and forgets those that no budget looks at.
pub(super) async fn note(
    writer: &SqlitePool,
    owner: &Lease,
    kind: BudgetKind,
    at: Timestamp,
    count: u32,
) -> Result<()> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    sqlx::query(
        "INSERT INTO noted (account, kind, minute, count) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, kind, minute) DO UPDATE SET count = noted.count + excluded.count",
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
        .bind(minute(at - KEPT))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// What was counted since, by the minute.
pub(super) async fn noted(
    readers: &SqlitePool,
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
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(counted).collect()
}
