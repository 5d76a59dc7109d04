//! `registrard demo` as it is run: on SQLite in a directory that is kept, and on PostgreSQL and RabbitMQ. Its summary says of every
//! registry that what was ordered happened, and the store says the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use registrard::model::Operation;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::process::Command;
use tokio::sync::Mutex;

const PROGRAM: &str = env!("CARGO_BIN_EXE_registrard");

/// Longest wait for a command; the demo gives up by itself after less than that.
const PATIENCE: Duration = Duration::from_secs(240);

/// Two demos at once would take each other's time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The registries, and how the names of the demo's accounts there begin.
const ACCOUNTS: [(&str, &str); 4] =
    [("denic-rri", "DENIC-"), ("opensrs", "reseller-"), ("nz-srs", "nz"), ("rrp", "registrar")];

/// Orders that failed because their names were taken, one of each reseller: they stay behind at OpenSRS, and their jobs say so.
const LEFT_BEHIND: (&str, usize) = ("opensrs", 2);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this test with `./dev test --test demo`"))
}

/// Runs the program to its end; what it puts away for a while goes into a directory of its own.
async fn registrard(arguments: &[&str], temporary: &Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("TMPDIR", temporary).env_remove("REGISTRARD_CONFIG").stdin(Stdio::null());
    command.kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output()).await.expect("the command does not end").unwrap()
}

/// What it printed, if it ended well.
fn printed(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{printed}\n{told}");
    assert!(!told.contains("NOT IN ORDER"), "{told}");
    printed
}

/// The number in front of a word.
fn number(line: &str, word: &str) -> usize {
    let before = line.split(word).next().unwrap_or_default();
    before.split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{word}: {line}"))
}

/// Effects by registry, from the end of what the demo prints: each registry is there, all that happened was ordered and all
/// that was ordered happened, and the proof counts the same.
fn effects(printed: &str) -> BTreeMap<String, usize> {
    let mut effects = BTreeMap::new();
    for line in printed.lines() {
        let Some((name, figures)) = line.strip_prefix("ledger of ").and_then(|rest| rest.split_once(':')) else {
            continue;
        };
        let (happened, proven) = (number(figures, " effects ordered"), number(figures, " of them as they say"));
        assert_eq!(happened, proven, "{line}");
        assert!(happened >= 20 && number(figures, " requests") > happened, "{line}");
        assert_eq!(effects.insert(name.to_owned(), happened), None, "{line}");
    }
    let names: BTreeSet<&str> = effects.keys().map(String::as_str).collect();
    assert_eq!(names, ACCOUNTS.map(|(registry, _)| registry).into(), "{printed}");
    let last = printed.lines().last().unwrap();
    assert!(last.starts_with("proof: ") && last.contains("nothing else happened"), "{last}");
    assert_eq!(number(last, " effects happened exactly once"), effects.values().sum::<usize>());
    // It is about trouble.
    let summary = printed.lines().find(|line| line.starts_with("retries: ")).expect("a summary");
    assert!(summary.contains("found applied") && summary.contains("turned away: "), "{summary}");
    effects
}

/// What the table of states counts: succeeded, by registry and operation.
fn succeeded(printed: &str) -> BTreeMap<(String, String), usize> {
    let mut lines = printed.lines().skip_while(|line| !line.trim_start().starts_with("registry "));
    let heading: Vec<&str> = lines.next().expect("a table of states").split_whitespace().collect();
    let column = heading.iter().position(|word| *word == "succeeded").unwrap();
    let rows =
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>()).take_while(|row| row.len() == heading.len());
    rows.map(|row| ((row[0].to_owned(), row[1].to_owned()), row[column].parse().unwrap())).collect()
}

/// At every registry as much happened as succeeded of what changes something.
fn assert_as_ordered(printed: &str) {
    let mut ordered: BTreeMap<String, usize> = BTreeMap::from([(LEFT_BEHIND.0.to_owned(), LEFT_BEHIND.1)]);
    for ((registry, operation), jobs) in succeeded(printed) {
        let writes = operation.parse::<Operation>().unwrap().writes();
        *ordered.entry(registry).or_default() += usize::from(writes) * jobs;
    }
    assert_eq!(ordered, effects(printed), "{printed}");
}

/// Names in a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn what_is_kept_shows_what_happened() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (place, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let kept = place.path().join("kept");
    let keep = ["demo", "--keep", kept.to_str().unwrap()];
    let output = registrard(&keep, temporary.path()).await;
    let printed = printed(&output);
    assert_as_ordered(&printed);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("the sandbox plays denic-rri, opensrs, nz-srs, rrp, kept in ") && told.contains("into the store")
    );

    // The other commands go on where it ended.
    let config = kept.join("registrard.toml");
    let list = ["jobs", "list", "--limit", "10000", "--output", "json", "--config", config.to_str().unwrap()];
    let listed = registrard(&list, temporary.path()).await;
    assert_eq!(listed.status.code(), Some(0), "{}", String::from_utf8_lossy(&listed.stderr));
    let jobs: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let mut counted = BTreeMap::new();
    for job in &jobs {
        let (account, operation) = (job["account"].as_str().unwrap(), job["operation"].as_str().unwrap());
        let (registry, _) =
            ACCOUNTS.iter().find(|(_, begins)| account.starts_with(begins)).expect("an account of the demo");
        let is_done = usize::from(job["state"] == "succeeded");
        *counted.entry(((*registry).to_owned(), operation.to_owned())).or_default() += is_done;
    }
    assert_eq!(counted, succeeded(&printed));

    // What is there is not written over.
    let before = names(&kept);
    let again = registrard(&keep, temporary.path()).await;
    let told = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2), "{told}");
    assert!(told.contains("is not empty") && told.contains("name a new directory"), "{told}");
    assert_eq!(names(&kept), before);
    assert_eq!(names(temporary.path()), BTreeSet::new(), "something was left behind");
}

/// Schemas of a database that are not PostgreSQL's own.
async fn schemas(url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let sql =
        "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";
    let schemas = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    schemas
}

/// Tells `./dev` to do something to the broker.
async fn broker(arguments: &[&str]) {
    let mut command = Command::new(variable("REGISTRARD_TEST_AMQP_CONTROL"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let status = tokio::time::timeout(PATIENCE, command.status()).await.expect("the broker takes too long").unwrap();
    assert!(status.success(), "{arguments:?}: {status}");
}

/// The same URL with another path: a database, or a virtual host.
fn within(url: &str, name: &str) -> String {
    let (base, _) = url.rsplit_once('/').expect("a URL with a path");
    format!("{base}/{name}")
}

async fn with_services(database: &str, amqp: &str) {
    let temporary = tempfile::tempdir().unwrap();
    let before = schemas(database).await;
    let output = registrard(&["demo", "--database", database, "--amqp", amqp], temporary.path()).await;
    assert_as_ordered(&printed(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("through RabbitMQ"));
    assert_eq!(schemas(database).await, before, "a schema was left behind");
    assert_eq!(names(temporary.path()), BTreeSet::new(), "something was left behind");
}

#[tokio::test]
async fn on_postgres_and_rabbitmq_the_same_happens_and_nothing_is_left() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (server, amqp) = (variable("REGISTRARD_TEST_DATABASE_URL"), variable("REGISTRARD_TEST_AMQP_URL"));
    let name = format!("demo_{}", uuid::Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    broker(&["add-vhost", &name]).await;
    let (database, vhost) = (within(&server, &name), within(&amqp, &name));
    let played = tokio::spawn(async move { with_services(&database, &vhost).await }).await;
    broker(&["delete-vhost", &name]).await;
    connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(broken) = played {
        std::panic::resume_unwind(broken.into_panic());
    }
}
