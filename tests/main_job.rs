//! The main job, end to end: a billing system's jobs happen at the registry exactly once and their events come back,
//! while the daemon is killed and the broker restarted at the worst moments a seed can find.
//!
//! ```text
//!  billing (this test, plain AMQP) ──► RabbitMQ ──► registrard serve ──► sandbox (DENIC RRI over TLS)
//!        ▲                                │              │                   │
//!        └──────────── events ◄───────────┘         PostgreSQL            ledger: the referee
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
#[path = "support/plain_amqp.rs"]
mod plain_amqp;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use house::{Daemon, PATIENCE, Sandbox, until};
use plain_amqp::Collector;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

/// The whole story takes at most this long.
const WHOLE_STORY: Duration = Duration::from_secs(240);

const CONTACTS: usize = 400;
const DOMAINS: usize = 800;
const KILLS: usize = 3;

/// Jobs of a bulk message, messages published at once, and how many jobs the publisher may be ahead of the events: it is
/// still at work when the daemon dies and the broker restarts.
const BULK: usize = 100;
const WAVE: usize = 100;
const AHEAD: usize = 500;

/// What the sandbox does wrong on purpose; all of it is survivable.
const FAULTS: &[&str] = &[
    "cut_before:action=domain.*,p=0.01",
    "cut_after:action=domain.*,p=0.02",
    "cut_after:action=contact.*,p=0.02",
    "half_frame:action=domain.*,p=0.005",
    "garbage:action=domain.create,p=0.005",
    "wrong_ctid:action=domain.create,p=0.005",
    "busy:action=domain.*,p=0.01",
    "unavailable:action=contact.*,p=0.01",
];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this test with `./dev test --test main_job`"))
}

/// A seed of the caller's choice repeats a run, as far as the scheduler of the machine lets it.
fn seed() -> u64 {
    let seed = match std::env::var("REGISTRARD_TEST_SEED") {
        Ok(text) => text.parse().expect("REGISTRARD_TEST_SEED is a number"),
        Err(_) => rand::random(),
    };
    println!("REGISTRARD_TEST_SEED={seed}");
    seed
}

/// What billing wants: messages in order of publication, jobs by id, and the effects they must have at the registry.
struct Plan {
    messages: Vec<Value>,
    jobs: BTreeSet<String>,
    effects: BTreeMap<(String, String), usize>,
}

impl Plan {
    /// Contacts in bulk messages, then domains that need them, some of which are asked about and deleted again.
    fn new(account: &str, ids: &mut impl FnMut() -> Uuid) -> Self {
        let mut plan = Self { messages: Vec::new(), jobs: BTreeSet::new(), effects: BTreeMap::new() };
        let handle = |n: usize| format!("{account}-C{n:04}");
        let mut contacts = Vec::new();
        for n in 0..CONTACTS {
            let params = json!({
                "handle": handle(n), "type": "PERSON", "name": "Max Mustermann", "address": ["Musterweg 1"],
                "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
                "email": ["max@example.de"], "phone": "+49.6927235",
            });
            contacts.push(plan.job(account, "contact.create", params, &[], ids));
            plan.expect("contact.create", &handle(n));
        }
        let contact_ids: Vec<Value> = contacts.iter().map(|contact| contact["id"].clone()).collect();
        for bulk in contacts.chunks(BULK) {
            plan.messages.push(json!({ "batch": "contacts", "jobs": bulk }));
        }
        // A wave is confirmed before the next is published, but within one, what the broker returns is published again
        // later. So what is done to a domain comes in a wave after the one that registers it.
        let mut later = Vec::new();
        for n in 0..DOMAINS {
            let (domain, contact) = (format!("example-{n:04}.de"), n % CONTACTS);
            let params = json!({
                "domain": domain, "holder": [handle(contact)],
                "nserver": ["ns1.example.net", "ns2.example.net"],
            });
            let create = plan.job(account, "domain.create", params, &[contact_ids[contact].clone()], ids);
            plan.expect("domain.create", &domain);
            let created = create["id"].clone();
            plan.messages.push(create);
            if n % 2 == 0 {
                let check = plan.job(account, "domain.check", json!({ "domain": domain }), &[], ids);
                let delete = plan.job(account, "domain.delete", json!({ "domain": domain }), &[created], ids);
                plan.expect("domain.delete", &domain);
                later.extend([check, delete]);
            }
        }
        plan.messages.append(&mut later);
        plan
    }

    fn job(
        &mut self,
        account: &str,
        operation: &str,
        params: Value,
        after: &[Value],
        ids: &mut impl FnMut() -> Uuid,
    ) -> Value {
        let id = ids().to_string();
        self.jobs.insert(id.clone());
        json!({ "id": id, "account": account, "operation": operation, "params": params, "after": after })
    }

    fn expect(&mut self, kind: &str, object: &str) {
        *self.effects.entry((kind.to_owned(), object.to_owned())).or_default() += 1;
    }
}

/// What befalls the house, and after how many jobs whose end was told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Blow {
    KillDaemon,
    RestartBroker,
}

fn blows(rng: &mut StdRng, jobs: usize) -> Vec<(usize, Blow)> {
    let mut moment = || rng.random_range(jobs / 20..jobs * 19 / 20);
    let mut blows: Vec<_> = (0..KILLS).map(|_| (moment(), Blow::KillDaemon)).collect();
    blows.push((moment(), Blow::RestartBroker));
    blows.sort_by_key(|(moment, _)| *moment);
    blows
}

/// A database of this test's own beside the one of the URL; returns its URL.
async fn own_database(url: &str) -> String {
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let name = format!("main_job_{}", std::process::id());
    let mut server = sqlx::PgConnection::connect(url).await.expect("PostgreSQL is there");
    server.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await.unwrap();
    server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (server, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

/// Publishes the plan wave by wave, never far ahead of the jobs whose end was told.
async fn publish(url: String, user: String, messages: Vec<Value>, mut finished: watch::Receiver<usize>) {
    let mut published = 0;
    for wave in messages.chunks(WAVE) {
        finished.wait_for(|now| now + AHEAD >= published).await.expect("the test goes on");
        plain_amqp::publish(&url, &user, wave).await;
        published += wave.iter().map(|message| message["jobs"].as_array().map_or(1, Vec::len)).sum::<usize>();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_job_happens_exactly_once_through_kills_and_a_broker_restart() {
    let started = Instant::now();
    let (database, broker) = (variable("REGISTRARD_TEST_DATABASE_URL"), variable("REGISTRARD_TEST_AMQP_URL"));
    let control = variable("REGISTRARD_TEST_AMQP_CONTROL");
    let user = broker.parse::<lapin::uri::AMQPUri>().unwrap().authority.userinfo.username;
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let directory = TempDir::new().unwrap();
    let database = own_database(&database).await;
    plain_amqp::prepare(&broker).await.expect("RabbitMQ is there");

    let sandbox = Sandbox::start(&directory.path().join("sandbox"), seed, FAULTS).await;
    let rest = format!(
        "[store]\nurl = '{database}'\n\n[broker]\nurl = '{broker}'\n\n[publishers.'{user}']\naccounts = ['*']\n"
    );
    let mut daemon = Daemon::new(directory.path(), &sandbox, &rest);
    daemon.start();

    let plan = Plan::new(&sandbox.account[0], &mut || uuid::Builder::from_random_bytes(rng.random()).into_uuid());
    let mut blows = blows(&mut rng, plan.jobs.len());
    println!("{} jobs, {} effects, blows: {blows:?}", plan.jobs.len(), plan.effects.len());
    let collector = Collector::start(&broker);
    let (progress, seen) = watch::channel(0);
    let publisher = tokio::spawn(publish(broker.clone(), user, plan.messages.clone(), seen));

    loop {
        let finished = collector.finished();
        progress.send_replace(finished);
        if blows.first().is_some_and(|(moment, _)| finished >= *moment) {
            match blows.remove(0).1 {
                Blow::KillDaemon => {
                    daemon.kill().await;
                    daemon.start();
                }
                Blow::RestartBroker => {
                    let restart = tokio::process::Command::new(&control).arg("restart").kill_on_drop(true).status();
                    let status = tokio::time::timeout(2 * PATIENCE, restart).await.expect("the broker restarts");
                    assert!(status.unwrap().success(), "the broker did not come back");
                }
            }
        }
        if let Some(status) = daemon.has_died() {
            panic!("the daemon ended by itself with {status}:\n{}", daemon.log_tail());
        }
        if started.elapsed() > WHOLE_STORY {
            let (jobs, effects) = (plan.jobs.len(), sandbox.effects().await.len());
            panic!("too slow: {finished} of {jobs} jobs, {effects} effects:\n{}", daemon.log_tail());
        }
        if let Some(reason) = collector.heard.lock().unwrap().rejected.first() {
            panic!("a job was rejected: {reason}");
        }
        if finished == plan.jobs.len() && blows.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    publisher.await.unwrap();

    // Everything is over. Stop the daemon, so that nothing can still be under way, and let the referee speak.
    let status = daemon.terminate().await;
    assert!(status.success(), "the daemon ended with {status}:\n{}", daemon.log_tail());
    assert_effects(&plan, sandbox.effects().await);
    assert_states(&plan, &daemon.command(&["jobs", "list", "--output", "jsonl", "--limit", "10000"]).await);
    assert_events(&plan, &collector);
}

/// Each intended effect exactly once, and no other.
fn assert_effects(plan: &Plan, effects: Vec<(String, String)>) {
    let mut found: BTreeMap<_, usize> = BTreeMap::new();
    for effect in effects {
        *found.entry(effect).or_default() += 1;
    }
    let wrong: Vec<_> = found.iter().filter(|(effect, count)| plan.effects.get(*effect) != Some(count)).collect();
    assert!(wrong.is_empty(), "effects that happened more often than wanted, or were not wanted: {wrong:?}");
    let missing: Vec<_> = plan.effects.keys().filter(|effect| !found.contains_key(*effect)).collect();
    assert!(missing.is_empty(), "effects that never happened: {missing:?}");
}

/// Each job once in the store, and succeeded.
fn assert_states(plan: &Plan, listing: &str) {
    let rows: Vec<Value> = listing.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: BTreeSet<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, plan.jobs, "the store knows other jobs than were published");
    assert_eq!(rows.len(), plan.jobs.len(), "a job is listed twice");
    let wrong: Vec<_> = rows.iter().filter(|row| row["state"] != "succeeded").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Each job's end told at least once, always as the same event.
fn assert_events(plan: &Plan, collector: &Collector) {
    let heard = collector.heard.lock().unwrap();
    println!("{} events delivered", heard.deliveries);
    let told: BTreeSet<String> = heard.finals.keys().cloned().collect();
    assert_eq!(told, plan.jobs, "final events of other jobs than were published");
    let ambiguous: Vec<_> = heard.finals.iter().filter(|(_, ids)| ids.len() != 1).collect();
    assert!(ambiguous.is_empty(), "jobs with more than one final event: {ambiguous:?}");
    let wrong: Vec<_> = heard.kinds.iter().filter(|(_, kinds)| !kinds.contains("job.succeeded")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn told_to_stop_it_finishes_says_goodbye_to_the_registry_and_exits_with_zero() {
    let directory = TempDir::new().unwrap();
    let sandbox = Sandbox::start(&directory.path().join("sandbox"), 1, &[]).await;
    let database = directory.path().join("registrard.db");
    let mut daemon =
        Daemon::new(directory.path(), &sandbox, &format!("[store]\nurl = 'sqlite://{}'\n", database.display()));

    let jobs: Vec<String> = (0..20)
        .map(|n| json!({ "account": sandbox.account[0], "operation": "domain.check", "params": { "domain": format!("example-{n}.de") } }))
        .map(|job| job.to_string())
        .collect();
    let file = directory.path().join("jobs.jsonl");
    std::fs::write(&file, jobs.join("\n")).unwrap();
    daemon.command(&["migrate"]).await;
    daemon.command(&["submit", &file.to_string_lossy()]).await;

    daemon.start();
    until("the first checks", PATIENCE, async || (sandbox.requests("domain.check").await >= 5).then_some(())).await;
    let status = daemon.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", daemon.log_tail());
    let (logins, logouts) = (sandbox.requests("login").await, sandbox.requests("logout").await);
    assert!(logins > 0 && logouts == logins, "{logins} logins, {logouts} logouts");

    // What was answered is recorded; nothing is left half done.
    let listing = daemon.command(&["jobs", "list", "--output", "jsonl"]).await;
    let states: BTreeSet<String> = listing
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["state"].as_str().unwrap().to_owned())
        .collect();
    assert!(states.is_subset(&BTreeSet::from(["succeeded".to_owned(), "waiting".to_owned()])), "{states:?}");
}
