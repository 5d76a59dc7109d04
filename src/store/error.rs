//! What went wrong, by what the caller does next; and how a driver's error becomes that.

use sqlx::migrate::MigrateError;

/// What went wrong, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away or busy; nothing is known of the call but that it happened as a whole or not at all. Try
    /// again with back-off.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The database was written by a newer release; starting would corrupt it.
    #[error(
        "the database has schema version {found}, this release knows up to {known}: install the newer release again \
         (a schema is never taken back)"
    )]
    SchemaTooNew {
        /// In the database.
        found: i64,
        /// In this binary.
        known: i64,
    },
    /// The database lacks migrations: run `registrard migrate`.
    #[error("the database has schema version {found}, this release needs {needed}: run `registrard migrate`")]
    SchemaTooOld {
        /// In the database.
        found: i64,
        /// By this binary.
        needed: i64,
    },
    /// The caller's lease is over; it must stop working the account.
    #[error("the lease on {0} was taken over by another daemon")]
    Fenced(String),
    /// Wrong configuration or a row that cannot be read: a human must look.
    #[error("store: {0}")]
    Broken(String),
}

impl From<sqlx::Error> for StoreError {
    /// Keeps the database's words and never its data: no bound value is part of any text made here.
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let error = match error {
            E::Migrate(error) => return of_migration(*error),
            other => other,
        };
        match &error {
            E::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                let text = format!("{} ({code})", refusal.message());
                if is_passing(&code) { Self::Unavailable(text) } else { Self::Broken(text) }
            }
            E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::BeginFailed => Self::Unavailable(error.to_string()),
            // The source of a column that cannot be decoded may quote it.
            E::ColumnDecode { index, .. } => Self::Broken(format!("column {index} cannot be read")),
            E::Decode(_) => Self::Broken("a value cannot be read".into()),
            E::Encode(_) => Self::Broken("a value cannot be written".into()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// A database that goes away while the schema is brought up to date is away, not broken.
fn of_migration(error: MigrateError) -> StoreError {
    let text = error.to_string();
    match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => match StoreError::from(cause) {
            StoreError::Unavailable(_) => StoreError::Unavailable(text),
            _ => StoreError::Broken(text),
        },
        _ => StoreError::Broken(text),
    }
}

/// Whether a database's error code stands for something that passes without a human. `PostgreSQL` has five characters
/// (the first two are the class), `SQLite` a number whose low byte is the primary code.
fn is_passing(code: &str) -> bool {
    if code.len() == 5 {
        // Connection, rollback (deadlock, serialisation), resources, operator intervention (shutdown, time-out), locks,
        // the system under it (a failing disk); a server that is read-only while another takes over; and one that ended a
        // transaction whose client stood still in the middle of it.
        const CLASSES: [&str; 6] = ["08", "40", "53", "57", "55", "58"];
        const READ_ONLY: &str = "25006";
        const STOOD_STILL: [&str; 2] = ["25P03", "25P04"];
        code == READ_ONLY || STOOD_STILL.contains(&code) || CLASSES.iter().any(|class| code.starts_with(class))
    } else {
        const BUSY: i64 = 5;
        const LOCKED: i64 = 6;
        const NOMEM: i64 = 7;
        const READONLY: i64 = 8;
        const INTERRUPT: i64 = 9;
        const IOERR: i64 = 10;
        const FULL: i64 = 13;
        const CANTOPEN: i64 = 14;
        let primary = code.parse::<i64>().map(|number| number & 0xff);
        primary
            .is_ok_and(|primary| [BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN].contains(&primary))
    }
}

#[cfg(test)]
mod tests {
    use super::{MigrateError, StoreError, is_passing};

    #[test]
    fn a_connection_lost_in_a_migration_is_a_database_that_is_away() {
        let lost = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        for error in [MigrateError::Execute(lost()), MigrateError::ExecuteMigration(lost(), 7)] {
            assert!(matches!(StoreError::from(sqlx::Error::from(error)), StoreError::Unavailable(_)));
        }
        let strange = [MigrateError::VersionMismatch(7), MigrateError::Execute(sqlx::Error::RowNotFound)];
        for error in strange {
            assert!(matches!(StoreError::from(sqlx::Error::from(error)), StoreError::Broken(_)));
        }
    }

    #[test]
    fn what_passes_and_what_does_not() {
        for code in [
            "40P01", "40001", "57P01", "57014", "53300", "08006", "55P03", "58030", "25006", "25P03", "25P04", "5",
            "261", "517", "13",
        ] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["25P01", "28P01", "3D000", "42P01", "23505", "23514", "1555", "2067", "1", "11", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
