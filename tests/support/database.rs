//! A database of its own for each test: a schema on the PostgreSQL server of `REGISTRARD_TEST_DATABASE_URL`, or a file.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use registrard::store::{self, Store};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

/// The two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in a temporary directory.
    Sqlite,
    /// A schema of its own.
    Postgres,
}

/// A database with an up-to-date schema.
pub struct Database {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Which of the two it is.
    pub kind: Kind,
    /// Where it is.
    pub url: String,
    place: Place,
}

enum Place {
    Directory(tempfile::TempDir),
    Schema(String),
}

/// The server for tests; without it a test fails instead of passing unseen.
pub fn server() -> String {
    std::env::var("REGISTRARD_TEST_DATABASE_URL").expect(
        "REGISTRARD_TEST_DATABASE_URL is not set: these tests need a PostgreSQL server; run `./dev test`, which starts one",
    )
}

impl Database {
    /// A database without any table.
    pub async fn empty(kind: Kind) -> Self {
        let (url, place) = match kind {
            Kind::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                (format!("sqlite://{}/registrard.db", directory.path().display()), Place::Directory(directory))
            }
            Kind::Postgres => {
                let schema = format!("t_{}", uuid::Uuid::now_v7().simple());
                on_server(&format!("CREATE SCHEMA {schema}")).await;
                let server = server();
                let joint = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{joint}application_name={schema}&options=-c%20search_path%3D{schema}");
                (url, Place::Schema(schema))
            }
        };
        match store::open(&url).await {
            Ok(store) => Self { store, kind, url, place },
            Err(error) => {
                place.remove().await;
                panic!("{error}");
            }
        }
    }

    /// A database with the schema of this release.
    pub async fn migrated(kind: Kind) -> Self {
        let database = Self::empty(kind).await;
        database.store.migrate().await.unwrap();
        database
    }

    /// A second store on the same database: another daemon.
    pub async fn another(&self) -> Arc<dyn Store> {
        store::open(&self.url).await.unwrap()
    }

    /// Runs SQL beside the store.
    pub async fn execute(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => {
                let options: sqlx::sqlite::SqliteConnectOptions = self.url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Kind::Postgres => {
                let options: sqlx::postgres::PgConnectOptions = self.url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Keeps everybody from writing to a table of PostgreSQL until the lock is dropped.
    pub async fn lock(&self, table: &str) -> sqlx::PgConnection {
        let options: sqlx::postgres::PgConnectOptions = self.url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let sql = format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection
    }

    /// Reads one number beside the store.
    pub async fn number(&self, sql: &str) -> i64 {
        match self.kind {
            Kind::Sqlite => {
                let options: sqlx::sqlite::SqliteConnectOptions = self.url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
            }
            Kind::Postgres => {
                let options: sqlx::postgres::PgConnectOptions = self.url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Cuts every connection to this database that is open now, wherever its transaction stands. A file has none.
    pub async fn cut_connections(&self) {
        if let Place::Schema(schema) = &self.place {
            on_server(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{schema}'"
            ))
            .await;
        }
    }
}

impl Place {
    async fn remove(&self) {
        if let Self::Schema(schema) = self {
            on_server(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }
}

async fn on_server(sql: &str) {
    let options: sqlx::postgres::PgConnectOptions = server().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Runs a test on a database and removes that afterwards, whatever became of the test.
pub async fn with<F: Future<Output = ()>>(database: Database, test: impl FnOnce(Arc<Database>) -> F) {
    let database = Arc::new(database);
    let outcome = AssertUnwindSafe(test(database.clone())).catch_unwind().await;
    database.place.remove().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
