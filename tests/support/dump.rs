//! All that a database holds, as text: what whoever steals it would read.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _};

/// Every row of every table of a PostgreSQL schema, or the bytes of an SQLite file with its journal.
pub async fn everything(url: &str) -> Vec<u8> {
    match url.strip_prefix("sqlite://") {
        Some(path) => ["", "-wal", "-shm"].iter().flat_map(|end| file(Path::new(&format!("{path}{end}")))).collect(),
        None => rows(url).await.into_bytes(),
    }
}

fn file(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

async fn rows(url: &str) -> String {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let tables = "SELECT format('%I', table_name) FROM information_schema.tables
                  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    assert!(tables.iter().any(|table| table == "jobs"), "{tables:?}");
    let mut text = String::new();
    for table in tables {
        let sql = format!("SELECT t::text FROM {table} AS t");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        text.push_str(&format!("{table}\n{}\n", rows.join("\n")));
    }
    connection.close().await.unwrap();
    text
}
