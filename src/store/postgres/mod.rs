//! Postgres
