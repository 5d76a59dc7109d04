use std::collections::BTreeSet;
use std::sync::Arc;

use registrard::model::{Finding, State, WaitingFor};
use registrard::store::{self, BudgetKind, Migrated, PauseKind, StoreError, postgres, sqlite};

use crate::database::{Database, Kind, with};
use crate::steps::{accept_new, due, job};

fn known() -> i64 {
    sqlite::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap()
}

pub async fn an_older_schema_is_refused(db: Arc<Database>) {
    db.store.check_schema().await.unwrap();
    db.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    let refused = db.store.check_schema().await;
    assert!(matches!(refused, Err(StoreError::SchemaTooOld { found: 1, needed }) if needed == known()));
    db.execute("DROP TABLE _sqlx_migrations").await;
    assert!(matches!(db.store.check_schema().await, Err(StoreError::SchemaTooOld { found: 0, .. })));
}

pub async fn a_newer_schema_is_refused(db: Arc<Database>) {
    let checksum = if db.kind == Kind::Sqlite { "x'00'" } else { "'\\x00'" };
    db.execute(&format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of a later release', true, {checksum}, 0)"
    ))
    .await;
    for refused in [db.store.check_schema().await.err(), db.store.migrate().await.err()] {
        assert!(matches!(refused, Some(StoreError::SchemaTooNew { found: 9999, known: newest }) if newest == known()));
    }
}

pub async fn migrating_again_changes_nothing(db: Arc<Database>) {
    assert_eq!(db.store.migrate().await.unwrap(), Migrated { from: known(), to: known() });
    db.store.check_schema().await.unwrap();
}

/// Twenty processes start on an empty database.
pub async fn many_migrate_at_once(migrated: Arc<Database>) {
    let test = |db: Arc<Database>| async move {
        let starts: Vec<_> = (0..20)
            .map(|_| {
                let url = db.url.clone();
                tokio::spawn(async move { store::open(&url).await?.migrate().await })
            })
            .collect();
        let mut fresh = 0;
        for start in starts {
            let done = start.await.unwrap().unwrap();
            assert_eq!(done.to, known());
            fresh += usize::from(done.from == 0);
        }
        assert!(fresh >= 1);
        db.store.check_schema().await.unwrap();
    };
    with(Database::empty(migrated.kind).await, test).await;
}

#[tokio::test]
async fn a_database_in_memory_lives_as_long_as_its_store() {
    let one = store::open("sqlite::memory:").await.unwrap();
    one.migrate().await.unwrap();
    accept_new(&*one, &[job(1)]).await;
    assert_eq!(due(&*one).await, [1]);
    let other = store::open("sqlite::memory:").await.unwrap();
    assert!(matches!(other.check_schema().await, Err(StoreError::SchemaTooOld { found: 0, .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registrard.db");
    let store = store::open(&format!("sqlite://{}", path.display())).await.unwrap();
    store.migrate().await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", file.path().display());
    }
}

#[tokio::test]
async fn a_wrong_url_is_told_without_its_password() {
    let urls = ["mysql://u:hunter2@localhost/x", "postgres://u:hunter2@localhost:port/x", "sqlite:x.db?hunter2=y"];
    for url in urls {
        let Err(StoreError::Broken(text)) = store::open(url).await else { panic!("{url} was opened") };
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let list = |migrator: &'static sqlx::migrate::Migrator| -> Vec<_> {
        migrator.iter().map(|migration| (migration.version, migration.description.clone())).collect()
    };
    assert_eq!(list(&postgres::MIGRATIONS), list(&sqlite::MIGRATIONS));
    let numbers: Vec<i64> = postgres::MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(numbers, (1..=known()).collect::<Vec<_>>(), "no number is left out");
}

/// The lists of words that CHECKs of the migrations allow for columns of this name, in order.
fn allowed(migrator: &sqlx::migrate::Migrator, column: &str) -> Vec<BTreeSet<String>> {
    let check = format!("CHECK ({column} IN (");
    let lists = migrator.iter().flat_map(|migration| migration.sql.as_str().split(&check).skip(1));
    lists
        .map(|rest| {
            rest.split(')').next().unwrap().split(',').map(|word| word.trim().trim_matches('\'').to_owned()).collect()
        })
        .collect()
}

#[test]
fn the_words_in_the_schema_are_those_of_the_model() {
    let words = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let states: BTreeSet<_> = State::ALL.iter().map(|state| state.word().to_owned()).collect();
    let finals: BTreeSet<_> =
        State::ALL.iter().filter(|state| state.is_final()).map(|state| state.word().to_owned()).collect();
    let waits: BTreeSet<_> = WaitingFor::ALL.iter().map(|word| word.word().to_owned()).collect();
    let pauses: BTreeSet<_> = PauseKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
    for migrator in [&postgres::MIGRATIONS, &sqlite::MIGRATIONS] {
        let of_state = allowed(migrator, "state");
        assert!(of_state.contains(&states) && of_state.contains(&finals), "{of_state:?}");
        assert!(of_state.iter().all(|list| *list == states || *list == finals), "{of_state:?}");
        assert_eq!(allowed(migrator, "waiting_for").last(), Some(&waits));
        assert_eq!(allowed(migrator, "finding"), [words(Finding::WORDS)]);
        assert_eq!(allowed(migrator, "about"), [words(&[State::InDoubt.word(), State::Pending.word()])]);
        let of_kind = allowed(migrator, "kind");
        assert!(of_kind.contains(&pauses), "{of_kind:?}");
        assert!(of_kind.contains(&words(&[BudgetKind::Logins.word(), BudgetKind::Errors.word()])), "{of_kind:?}");
    }
}
