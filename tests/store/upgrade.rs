//! A database of an earlier release, with jobs in it, goes on where it was.

use std::sync::Arc;

use registrard::model::{Cause, State};
use registrard::store::{Migrated, postgres, sqlite};
use sqlx::ConnectOptions as _;
use sqlx::migrate::{Migration, Migrator};

use crate::database::{Database, Kind, with};
use crate::steps::*;

/// The last schema without queues.
const BEFORE: i64 = 5;

async fn migrate_to(db: &Database, version: i64) {
    let upto = |all: &Migrator| -> Migrator {
        Migrator::with_migrations(all.iter().filter(|one| one.version <= version).cloned().collect::<Vec<Migration>>())
    };
    match db.kind {
        Kind::Sqlite => {
            let options: sqlx::sqlite::SqliteConnectOptions = db.url.parse().unwrap();
            upto(&sqlite::MIGRATIONS).run(&mut options.connect().await.unwrap()).await.unwrap();
        }
        Kind::Postgres => {
            let options: sqlx::postgres::PgConnectOptions = db.url.parse().unwrap();
            upto(&postgres::MIGRATIONS).run(&mut options.connect().await.unwrap()).await.unwrap();
        }
    }
}

/// As an earlier release wrote it: job 1 may start, 2 waits for it, 3 backs off for ten seconds, 4 and 5 have ended.
fn rows(kind: Kind) -> String {
    let digest =
        if kind == Kind::Sqlite { format!("x'{}'", "07".repeat(32)) } else { format!("'\\x{}'", "07".repeat(32)) };
    let now = at(0).as_microsecond();
    let job = |number: u128, object: &str, state: &str, waiting_for: &str, attempt: u32, blockers: u32| {
        let due = if waiting_for == "backoff" { at(10).as_microsecond() } else { now };
        let (cause, finished) = match state {
            "succeeded" => ("'done'", now.to_string()),
            "failed" => ("'refused'", now.to_string()),
            _ => ("NULL", "NULL".to_owned()),
        };
        format!(
            "INSERT INTO jobs (id, digest, publisher, account, operation, object, params, class, state, waiting_for, cause,
                               due_at, batch, max_attempts, attempt, blockers, created_at, updated_at, finished_at)
             VALUES ('{}', {digest}, 'billing', '{ACCOUNT}', 'domain.update', 'domain:{object}', '{{\"domain\":\"{object}\"}}',
                     1, '{state}', '{waiting_for}', {cause}, {due}, 'autumn', 10, {attempt}, {blockers}, {now}, {now},
                     {finished});",
            id(number)
        )
    };
    [
        job(1, "example.de", "waiting", "turn", 0, 0),
        job(2, "example.de", "waiting", "predecessor", 0, 1),
        job(3, "example.net", "waiting", "backoff", 1, 0),
        job(4, "example.org", "succeeded", "turn", 1, 0),
        job(5, "example.org", "failed", "turn", 0, 0),
        format!("INSERT INTO job_links (job_id, needs_id, kind) VALUES ('{}', '{}', 'object');", id(2), id(1)),
        format!(
            "INSERT INTO attempts (job_id, attempt, transaction_id, digest, fence, started_at, ended_at, cause, whole)
             VALUES ('{}', 1, 'rd-4-1', {digest}, 3, {now}, {now}, 'done', '{{\"domain\":\"example.org\"}}');",
            id(4)
        ),
        format!("INSERT INTO batches (name, publisher, created_at) VALUES ('autumn', 'billing', {now});"),
        format!("INSERT INTO leases (name, owner, fence, expires_at) VALUES ('{ACCOUNT}', 'daemon-0', 3, 0);"),
    ]
    .concat()
}

pub async fn what_an_earlier_release_took_in_goes_on(migrated: Arc<Database>) {
    let test = |db: Arc<Database>| async move {
        let store = &*db.store;
        migrate_to(&db, BEFORE).await;
        db.execute(&rows(db.kind)).await;
        let newest = sqlite::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap();
        assert_eq!(store.migrate().await.unwrap(), Migrated { from: BEFORE, to: newest });
        store.check_schema().await.unwrap();

        let progress = store.progress("autumn").await.unwrap().unwrap();
        assert_eq!(progress.total, 5);
        assert_eq!(progress.ended, [(State::Succeeded, "done".into(), 1), (State::Failed, "refused".into(), 1)]);
        let fourth = detail(store, 4).await;
        assert_eq!((fourth.attempts[0].transaction.as_str(), fourth.attempts[0].fence), ("rd-4-1", 3));
        assert_eq!(fourth.attempts[0].whole.as_ref().unwrap()["domain"], "example.org");

        assert_eq!(fourth.inquiries, [], "what nobody kept is not made up");

        accept_new(store, &[on(6, "example.net")]).await;
        let sixth = stored(store, 6).await;
        assert!(sixth.seq > fourth.job.seq, "numbers go on");
        assert_eq!(detail(store, 6).await.waits_for, [(id(3), "object".to_owned())], "places go on");
        assert_eq!(due(store).await, [1]);
        assert_eq!(turns(store, at(10)).await, [3, 1], "what backed off stands at the front");
        let lease = lease(store).await;
        assert_eq!(lease.fence, 4);
        run(store, &lease, 1, Cause::Done).await;
        assert_eq!(turns(store, at(10)).await, [3, 2]);
        assert_eq!(store.progress("autumn").await.unwrap().unwrap().over(), 3);
        if db.kind == Kind::Sqlite {
            let references = "SELECT count(*) FROM (SELECT * FROM pragma_foreign_key_list('attempts')
                              UNION ALL SELECT * FROM pragma_foreign_key_list('job_links')
                              UNION ALL SELECT * FROM pragma_foreign_key_list('inquiries')) WHERE \"table\" = 'jobs'";
            assert_eq!(db.number(references).await, 3);
            assert_eq!(db.number("SELECT count(*) FROM pragma_foreign_key_check").await, 0);
            assert_eq!(db.number("SELECT count(*) FROM jobs_readable").await, 6);
        }
    };
    with(Database::empty(migrated.kind).await, test).await;
}
