//! The schema: bringing it up to date, and refusing one that is not ours.

use sqlx::SqliteConnection;
use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::sqlite::SqlitePool;

use super::{Migrated, Result, StoreError, begin};

/// All migrations of this release.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// The migrator's own table.
const TABLE: &str = "_sqlx_migrations";

/// Brings the schema up to date, all migrations in one transaction. `sqlx` has no lock between processes here; the
/// transaction is the lock, and whoever waited for it finds nothing left to do.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<Migrated> {
    let mut transaction = begin(writer).await?;
    let from = version(&mut transaction).await?;
    refuse_newer(from)?;
    let wrong = |error: sqlx::migrate::MigrateError| StoreError::from(sqlx::Error::from(error));
    transaction.ensure_migrations_table(TABLE).await.map_err(wrong)?;
    let applied = transaction.list_applied_migrations(TABLE).await.map_err(wrong)?;
    for migration in MIGRATIONS.iter() {
        match applied.iter().find(|done| done.version == migration.version) {
            Some(done) if done.checksum != migration.checksum => {
                return Err(wrong(sqlx::migrate::MigrateError::VersionMismatch(migration.version)));
            }
            Some(_) => {}
            None => transaction.apply(TABLE, migration).await.map(drop).map_err(wrong)?,
        }
    }
    let to = version(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Migrated { from, to })
}

/// Refuses a schema that is newer or older than this release.
pub(super) async fn check(readers: &SqlitePool) -> Result<()> {
    let found = version(&mut *readers.acquire().await?).await?;
    refuse_newer(found)?;
    if found < newest() { Err(StoreError::SchemaTooOld { found, needed: newest() }) } else { Ok(()) }
}

fn refuse_newer(found: i64) -> Result<()> {
    if found > newest() { Err(StoreError::SchemaTooNew { found, known: newest() }) } else { Ok(()) }
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The highest migration that was applied; 0 for an empty database.
async fn version(connection: &mut SqliteConnection) -> Result<i64> {
    let exists: bool = sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(0);
    }
    let highest: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(connection).await?;
    Ok(highest.unwrap_or(0))
}
