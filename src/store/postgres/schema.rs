//! The schema: bringing it up to date, and refusing one that is not ours.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::{Migrated, Result, StoreError};

/// All migrations of this release.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// How long migrations may take, waiting for another process that runs them included.
const WITHIN: Duration = Duration::from_secs(15 * 60);

/// Brings the schema up to date, on a connection of its own: a migration may take longer than any statement of a daemon.
pub(super) async fn migrate(pool: &PgPool) -> Result<Migrated> {
    let work = async {
        let patient = (*pool.connect_options()).clone().options([("statement_timeout", "0"), ("lock_timeout", "0")]);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(patient).await?;
        let from = version(&mut *pool.acquire().await?).await?;
        refuse_newer(from)?;
        // The migrator holds an advisory lock of the database; a second process waits and then finds nothing to do.
        MIGRATIONS.run(&pool).await.map_err(sqlx::Error::from)?;
        let to = version(&mut *pool.acquire().await?).await?;
        pool.close().await;
        Ok(Migrated { from, to })
    };
    match tokio::time::timeout(WITHIN, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable(format!("migrations did not end within {} s", WITHIN.as_secs()))),
    }
}

/// Refuses a schema that is newer or older than this release.
pub(super) async fn check(pool: &PgPool) -> Result<()> {
    let found = version(&mut *pool.acquire().await?).await?;
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
async fn version(connection: &mut PgConnection) -> Result<i64> {
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(0);
    }
    let highest: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(connection).await?;
    Ok(highest.unwrap_or(0))
}
