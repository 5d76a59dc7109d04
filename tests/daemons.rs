//! Three daemons, each a process of its own, and ten accounts: the accounts are spread evenly, also after daemons have come
//! and gone; and whatever becomes of a daemon, all accounts are worked again within ten seconds and every job happens
//! exactly once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "support/process.rs"]
mod process;
#[path = "engine/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use database::Kind;
use jiff::{SignedDuration, Timestamp};
use process::{Plan, Process};
use registrard::config::Config;
use registrard::daemon;
use registrard::job::intake::{DefaultId, Origin, Publisher};
use registrard::model::{JobId, NewJob, ObjectKey, State};
use registrard::sandbox::Ledger;
use serde_json::{Value, json};
use uuid::Uuid;
use world::{Setup, World, play};

/// Three daemons at a time are what a small machine carries within the times that are asserted.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const ACCOUNTS: usize = 10;
const SESSIONS: usize = 3;
/// What the registry lets an account send in a window.
const REQUESTS: usize = 300;
const WINDOW: Duration = Duration::from_secs(5);
/// What the daemons keep to.
const LIMITS: &str = "requests = 300\nwindow_seconds = 5\ngrace_seconds = 2";
const NAMES: [&str; 3] = ["first", "second", "third"];
const PUBLISHERS: [&str; 4] = ["billing", "shop", "portal", "archive"];
/// Of so many jobs one creates something.
const WRITES_ONE_IN: usize = 4;
/// Time until all accounts are worked again.
const WORKED_AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// Longest wait for one thing, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(600);

/// The sessions of each account, by account.
type Sessions = BTreeSet<(String, u64)>;

fn accounts() -> Vec<String> {
    (1..=ACCOUNTS).map(|number| format!("DENIC-10000{number:02}")).collect()
}

fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.denic.accounts = ACCOUNTS;
    setup.denic.requests_per_window = Some(REQUESTS);
    setup.denic.window = WINDOW;
    // The registry keeps the sessions of one that sleeps.
    setup.denic.sessions = 2 * SESSIONS;
    setup
}

/// Looks four times a second, and fails the test, naming what was awaited.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(250));
        loop {
            looks.tick().await;
            if let Some(seen) = look().await {
                return seen;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: never seen"))
}

/// The daemons' common ground.
struct Fleet {
    world: World,
    accounts: Vec<String>,
}

impl Fleet {
    fn new(world: World) -> Self {
        Self { world, accounts: accounts() }
    }

    fn start(&self, name: &'static str) -> Process {
        Process::start(&self.world, name, &self.plan())
    }

    fn plan(&self) -> Plan<'_> {
        // The lease is what it is by default.
        Plan { accounts: &self.accounts, sessions: SESSIONS, limits: LIMITS, lease: None, poll: 200 }
    }

    /// Takes in so many jobs: of all publishers and for all accounts, one after the other; mostly questions, and every few
    /// something that must not happen twice. Returns how many effects they are to have.
    async fn submit(&self, from: usize, jobs: usize) -> usize {
        let config = Config::load(Some(&self.plan().write(&self.world, "intake"))).unwrap();
        let gate = daemon::gate(&config, &daemon::accounts(&config).unwrap()).unwrap();
        let admitted = |account: &String, job: fn(&str) -> Value| {
            let origin = Origin {
                publisher: Publisher::Local,
                id: DefaultId::InBulk,
                batch: None,
                reply_to: None,
                correlation_id: None,
            };
            gate.admit(&origin, &job(account)).unwrap()
        };
        // One of each kind passes the gate, and the others are like it: twenty thousand would take their time.
        let models: Vec<_> =
            self.accounts.iter().map(|account| (admitted(account, create), admitted(account, check))).collect();
        let mut effects = 0;
        let numbers: Vec<usize> = (from..from + jobs).collect();
        for some in numbers.chunks(1000) {
            let jobs = some.iter().map(|number| {
                let (create, check) = &models[number % ACCOUNTS];
                let writes = (number / ACCOUNTS).is_multiple_of(WRITES_ONE_IN);
                effects += usize::from(writes);
                another(if writes { create } else { check }, *number)
            });
            let jobs: Vec<NewJob> = jobs.collect();
            self.world.database.store.accept(&jobs, &[], Timestamp::now()).await.unwrap();
        }
        effects
    }

    fn ledger(&self) -> Ledger {
        self.world.sandbox.ledger()
    }

    /// Who owns each account that has an owner.
    async fn owners(&self) -> BTreeMap<String, &'static str> {
        let roll = self.world.database.store.roll_call().await.unwrap();
        let owned = roll.leases.into_iter().filter(|(name, _, held)| *held && self.accounts.contains(name));
        owned
            .map(|(account, owner, _)| {
                let called = owner.split('/').next().unwrap();
                (account, *NAMES.iter().find(|name| **name == called).unwrap())
            })
            .collect()
    }

    /// Waits until each of these accounts has an owner.
    async fn owned(&self, accounts: &[String]) {
        until("an owner for each", async || {
            let owners = self.owners().await;
            accounts.iter().all(|account| owners.contains_key(account)).then_some(())
        })
        .await;
    }

    async fn accounts_of(&self, name: &str) -> Vec<String> {
        let owners = self.owners().await.into_iter();
        owners.filter(|(_, owner)| *owner == name).map(|(account, _)| account).collect()
    }

    /// Waits until so many daemons own all accounts, none two more than another.
    async fn even(&self, daemons: usize) {
        until("an even spread", async || {
            let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
            for owner in self.owners().await.into_values() {
                *loads.entry(owner).or_default() += 1;
            }
            let (least, most) = (loads.values().min()?, loads.values().max()?);
            (loads.len() == daemons && loads.values().sum::<usize>() == ACCOUNTS && most - least <= 1).then_some(())
        })
        .await;
    }

    /// Jobs that are over, and all.
    async fn over(&self) -> (u64, u64) {
        let counts = self.world.database.store.counts().await.unwrap();
        let of = |over: bool| {
            let some = counts.iter().filter(|count| count.state.is_final() || !over);
            some.map(|count| count.jobs).sum::<u64>()
        };
        (of(true), of(false))
    }

    async fn until_over(&self, share: f64) {
        until("jobs that are over", async || {
            let (over, all) = self.over().await;
            (over as f64 >= all as f64 * share).then_some(())
        })
        .await;
    }

    fn sessions(&self) -> Sessions {
        let requests = self.ledger().requests.into_iter();
        requests.filter_map(|request| Some((request.account?, request.session))).collect()
    }

    /// Waits until each of these accounts has had a request of a job answered on a session opened since; returns when
    /// that was for the last of them.
    async fn worked_again(&self, accounts: &[String], old: &Sessions) -> Timestamp {
        until("all accounts worked again", async || {
            let ledger = self.ledger();
            let first = |account: &String| {
                let mut new = ledger.requests.iter().filter(|request| {
                    let is_new = |name: &String| name == account && !old.contains(&(name.clone(), request.session));
                    request.account.as_ref().is_some_and(is_new)
                });
                let of_jobs = new.find(|request| {
                    let action = request.action.as_str();
                    request.answer.is_some() && (action.starts_with("contact.") || action.starts_with("domain."))
                });
                of_jobs.map(|request| request.arrived)
            };
            accounts.iter().map(first).collect::<Option<Vec<_>>>()?.into_iter().max()
        })
        .await
    }

    /// Every job succeeded, said so once, and happened once; and no rule was broken.
    async fn assert_exactly_once(&self, effects: usize) {
        let counts = self.world.database.store.counts().await.unwrap();
        let not_done: Vec<_> =
            counts.iter().filter(|count| count.jobs > 0 && count.state != State::Succeeded).collect();
        assert!(not_done.is_empty(), "{not_done:?}");
        let (_, all) = self.over().await;
        let all = i64::try_from(all).unwrap();
        let number = async |what: &str| self.world.database.number(what).await;
        assert_eq!(number("SELECT count(*) FROM outbox WHERE is_final").await, all, "one final event of each");
        assert_eq!(number("SELECT count(DISTINCT job_id) FROM outbox WHERE is_final").await, all);
        assert_eq!(number("SELECT count(*) FROM attempts WHERE cause IS NULL").await, 0, "no attempt was left open");
        let ledger = self.ledger();
        let happened: BTreeSet<_> = ledger.effects.iter().map(|effect| (&effect.account, &effect.object)).collect();
        assert_eq!((happened.len(), ledger.effects.len()), (effects, effects), "each effect once");
        assert_eq!(ledger.violations, BTreeMap::new());
    }
}

/// The part of the models' names that is each job's own.
const OWN: &str = "NUMBER";

fn create(account: &str) -> Value {
    let params = json!({
        "handle": format!("{account}-{OWN}"), "type": "PERSON", "name": "Max Mustermann",
        "address": ["Musterweg 1"], "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": ["max@example.de"], "phone": "+49.6927235",
    });
    json!({ "id": Uuid::now_v7(), "account": account, "operation": "contact.create", "params": params })
}

fn check(account: &str) -> Value {
    let params = json!({ "domain": format!("example-{}.de", OWN.to_lowercase()) });
    json!({ "id": Uuid::now_v7(), "account": account, "operation": "domain.check", "params": params })
}

/// A job like the model, on an object of its own.
fn another(model: &NewJob, number: usize) -> NewJob {
    let own = |text: &str| text.replace(OWN, &format!("C{number}")).replace(&OWN.to_lowercase(), &format!("c{number}"));
    let mut job = model.clone();
    job.id = JobId(Uuid::now_v7());
    job.publisher = PUBLISHERS[number % PUBLISHERS.len()].to_owned();
    job.object = ObjectKey::stored(own(job.object.as_str()));
    for key in ["handle", "domain"] {
        if let Some(Value::String(name)) = job.params.get_mut(key) {
            *name = own(name);
        }
    }
    job
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_daemons_is_killed_and_one_sleeps_in_the_middle_of_20_000_jobs() {
    let _alone = ONE_AT_A_TIME.lock().await;
    play(Kind::Postgres, setup(), async |world: World| {
        let fleet = Fleet::new(world);
        let [mut killed, sleeper, third] = NAMES.map(|name| fleet.start(name));
        let effects = fleet.submit(0, 20_000).await;
        fleet.even(3).await;
        fleet.until_over(0.1).await;

        let orphans = fleet.accounts_of(killed.name).await;
        let at = Timestamp::now();
        killed.child.kill().await.unwrap();
        let old = fleet.sessions();
        let took = fleet.worked_again(&orphans, &old).await.duration_since(at);
        assert!(orphans.len() >= 3 && took <= WORKED_AGAIN, "{orphans:?} worked again after {took:#}");

        fleet.even(2).await;
        let orphans = fleet.accounts_of(sleeper.name).await;
        let at = Timestamp::now();
        sleeper.signal("STOP").await;
        let old = fleet.sessions();
        let took = fleet.worked_again(&orphans, &old).await.duration_since(at);
        assert!(orphans.len() == 5 && took <= WORKED_AGAIN, "{orphans:?} worked again after {took:#}");
        assert!(fleet.over().await.0 < 20_000, "too late");

        let heard = fleet.ledger().requests.back().map_or(0, |request| request.seq);
        sleeper.signal("CONT").await;
        // It gets a share again, and works it under new leases.
        fleet.even(2).await;
        fleet.until_over(1.0).await;
        sleeper.terminate().await;
        third.terminate().await;
        fleet.assert_exactly_once(effects).await;
        // What it sends over the sessions it had was on its way when it was stopped: at most one request each.
        let ledger = fleet.ledger();
        let late = ledger.requests.iter().filter(|request| request.seq > heard).filter_map(|request| {
            let account = request.account.clone().filter(|account| orphans.contains(account))?;
            old.contains(&(account, request.session)).then_some(request.session)
        });
        let late: Vec<u64> = late.collect();
        let sessions: BTreeSet<u64> = late.iter().copied().collect();
        assert!(late.len() == sessions.len() && late.len() <= orphans.len() * SESSIONS, "{late:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daemons_that_come_and_go_share_the_accounts_and_lose_nothing() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let mut setup = setup();
    // Enough for accounts to change hands in the middle of it.
    setup.denic.processing = Duration::from_millis(20);
    play(Kind::Postgres, setup, async |world: World| {
        let fleet = Fleet::new(world);
        let first = fleet.start("first");
        let mut effects = fleet.submit(0, 1000).await;
        fleet.even(1).await;
        let second = fleet.start("second");
        fleet.even(2).await;
        effects += fleet.submit(1000, 1000).await;
        let third = fleet.start("third");
        fleet.even(3).await;
        effects += fleet.submit(2000, 1000).await;

        // One that stops says so: nobody waits for the end of its leases.
        let accounts = fleet.accounts_of("first").await;
        first.terminate().await;
        let at = Timestamp::now();
        fleet.owned(&accounts).await;
        let took = Timestamp::now().duration_since(at);
        assert!(accounts.len() >= 3 && took <= SignedDuration::from_secs(4), "given away within {took:#}");
        // Evenly spread they may be later: nothing is given back for half a minute for the sake of one that let an offer pass.
        fleet.even(2).await;

        fleet.until_over(1.0).await;
        second.terminate().await;
        third.terminate().await;
        fleet.assert_exactly_once(effects).await;
    })
    .await;
}
