//! Sqlite
