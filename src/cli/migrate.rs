//! `registrard migrate`: the database's schema.

use super::exit::Failure;
use super::output::Out;
use crate::store::Store;

/// Brings the schema up to date.
///
/// # Errors
/// See [`Failure`].
pub async fn run(store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    let migrated = store.migrate().await?;
    store.check_schema().await?;
    out.one(&migrated, |migrated| match (migrated.from, migrated.to) {
        (from, to) if from == to => format!("the schema is up to date (version {to})\n"),
        (from, to) => format!("the schema went from version {from} to {to}\n"),
    })
}
