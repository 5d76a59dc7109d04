//! The raw floor for benchmarks: what the database does when it is only asked to keep rows. Never used at work.

pub mod calendar;
pub mod queue;

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::{Result, StoreError};

/// A schema of its own in a PostgreSQL database, so that a benchmark meets no other rows and leaves none.
pub struct Scratch {
    pool: PgPool,
    schema: String,
    /// URL of the database with the schema as search path.
    pub url: String,
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(error.to_string())
}

impl Scratch {
    /// Creates the schema.
    ///
    /// # Errors
    /// The database cannot be reached, or the user may not create schemas.
    pub async fn create(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(broken)?;
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(broken)?;
        let schema = format!("bench_{}", Uuid::now_v7().simple());
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&pool).await.map_err(broken)?;
        let joint = if url.contains('?') { '&' } else { '?' };
        Ok(Self { pool, url: format!("{url}{joint}options=-c%20search_path%3D{schema}"), schema })
    }

    /// Inserts rows of id and body, `group` at a time, each group one transaction; returns how long it took.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn insert_floor(&self, bodies: &[String], group: usize) -> Result<Duration> {
        let table = format!("{}.floor", self.schema);
        let create = format!("CREATE TABLE {table} (id uuid PRIMARY KEY, body jsonb NOT NULL)");
        sqlx::query(AssertSqlSafe(create)).execute(&self.pool).await.map_err(broken)?;
        let insert = format!("INSERT INTO {table} SELECT * FROM UNNEST($1::uuid[], $2::jsonb[])");
        let ids: Vec<Uuid> = bodies.iter().map(|_| Uuid::now_v7()).collect();
        let bodies: Vec<serde_json::Value> =
            bodies.iter().map(|body| serde_json::from_str(body).map_err(broken)).collect::<Result<_>>()?;
        let begun = Instant::now();
        for (ids, bodies) in ids.chunks(group.max(1)).zip(bodies.chunks(group.max(1))) {
            sqlx::query(AssertSqlSafe(insert.clone()))
                .bind(ids)
                .bind(bodies)
                .execute(&self.pool)
                .await
                .map_err(broken)?;
        }
        let took = begun.elapsed();
        sqlx::query(AssertSqlSafe(format!("DROP TABLE {table}"))).execute(&self.pool).await.map_err(broken)?;
        Ok(took)
    }

    /// Removes the schema with everything in it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn remove(self) -> Result<()> {
        sqlx::query(AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", self.schema)))
            .execute(&self.pool)
            .await
            .map_err(broken)?;
        Ok(())
    }
}
