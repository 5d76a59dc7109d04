//! The house to be broken: PostgreSQL, RabbitMQ, a sandbox that keeps real limits, and daemons that reach each of the three
//! through a proxy of their own. Whoever includes this also has `blows`, `control`, `house`, `plan`, `proxy` and `registries` at
//! its root.
#![allow(dead_code, reason = "each test binary uses its part of this")]

#[path = "daemons.rs"]
mod daemons;
#[path = "services.rs"]
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::Duration;

use registrard::failpoint::Point;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use daemons::{Actor, SESSIONS};
use daemons::{Addresses, Scenery};
use services::{Broker, Database};

use crate::control;
use crate::house::{Sandbox, until};
use crate::proxy::{Mode, Proxy};
use crate::registries::{Faults, Registry};

/// One stage at a time: the services are shared, and restarted.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How long services and daemons may take for one thing.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pause between looks at what takes a process to look at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

/// Requests an account may send in a minute: little enough to bind.
const REQUESTS_PER_MINUTE: usize = 1200;

/// What to set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Decides what chance decides in the sandbox.
    pub seed: u64,
    /// Who is played.
    pub registries: Vec<&'static dyn Registry>,
    /// Accounts at each of them.
    pub accounts: usize,
    pub daemons: usize,
    /// A flaw to plant in every daemon, by its name in `REGISTRARD_FLAW`.
    pub flaw: Option<&'static str>,
    /// Whether daemons are made to crash, hang and fail at failpoints, too.
    pub failpoints: bool,
}

/// What a daemon is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Database,
    Broker,
    Registry,
}

/// All of them.
pub const LINKS: [Link; 3] = [Link::Database, Link::Broker, Link::Registry];

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "database",
            Self::Broker => "broker",
            Self::Registry => "registry",
        })
    }
}

/// Everything, running. Dropping it ends every process it started.
pub struct Stage {
    setup: Setup,
    scenery: Scenery,
    /// Locked by the blow that is at them.
    actors: Vec<tokio::sync::Mutex<Actor>>,
    /// The proxies of each daemon, by link in the order of [`LINKS`]: of the registries one for each address.
    proxies: Vec<[Vec<Proxy>; 3]>,
    sandbox: tokio::sync::Mutex<Sandbox>,
    control: String,
    pub database: Database,
    pub broker: Broker,
    /// Held by the blow that is at the proxies of that link, or at the sandbox's faults.
    pub links: [tokio::sync::Mutex<()>; 3],
    pub faults: tokio::sync::Mutex<()>,
    deaths: Mutex<Vec<String>>,
    /// Accounts that faults may have had suspended.
    blameless: Mutex<BTreeSet<String>>,
    /// Configuration for commands.
    watcher: PathBuf,
    directory: TempDir,
    _alone: tokio::sync::MutexGuard<'static, ()>,
}

impl Stage {
    /// Starts everything; the daemons may still be connecting when it returns.
    pub async fn open(setup: &Setup) -> Self {
        let alone = ONE_AT_A_TIME.lock().await;
        let directory = TempDir::new().unwrap();
        let (database, broker) = (Database::create().await, Broker::create().await);
        let log = std::fs::File::create(directory.path().join("sandbox.log")).unwrap();
        // Those of daemons that are dead to the registry only after a while, or asleep, beside those of their successors.
        let connections = 4 * SESSIONS * (setup.daemons + 1);
        let common = [("--accounts", setup.accounts), ("--requests-per-minute", REQUESTS_PER_MINUTE)];
        let own = setup.registries.iter().flat_map(|registry| registry.sandbox(connections));
        // What two registries need alike is said once.
        let arguments: BTreeMap<&str, usize> = common.into_iter().chain(own).collect();
        let arguments: Vec<String> =
            arguments.into_iter().flat_map(|(name, n)| [name.to_owned(), n.to_string()]).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let names: Vec<&str> = setup.registries.iter().map(|registry| registry.name()).collect();
        let sandbox = Sandbox::start_with(&directory.path().join("sandbox"), setup.seed, &names, &arguments, log).await;
        let places = setup.registries.iter().map(|registry| (*registry, registry.place(&sandbox.ready))).collect();
        let scenery = Scenery { places, ca: sandbox.ca.clone() };
        let addresses = Addresses {
            database: database.url.clone(),
            broker: broker.url.clone(),
            registries: scenery.places.iter().map(|(_, place)| place.addresses.clone()).collect(),
            user: &broker.user,
        };
        let watcher = daemons::write_config(directory.path(), "watcher", &scenery, &addresses);
        let mut stage = Self {
            setup: setup.clone(),
            scenery,
            actors: Vec::new(),
            proxies: Vec::new(),
            control: sandbox.control.clone(),
            sandbox: tokio::sync::Mutex::new(sandbox),
            database,
            broker,
            links: Default::default(),
            faults: Default::default(),
            deaths: Mutex::default(),
            blameless: Mutex::default(),
            watcher,
            directory,
            _alone: alone,
        };
        stage.add_daemons().await;
        stage
    }

    async fn add_daemons(&mut self) {
        for number in 0..self.setup.daemons {
            let database = Proxy::start(self.database.authority()).await;
            let broker = Proxy::start(self.broker.authority()).await;
            let (mut registries, mut at) = (Vec::new(), Vec::new());
            for (_, place) in &self.scenery.places {
                let mut here = Vec::new();
                for address in &place.addresses {
                    let proxy = Proxy::start(address).await;
                    here.push(proxy.address.to_string());
                    registries.push(proxy);
                }
                at.push(here);
            }
            let addresses = Addresses {
                database: self.database.through(database.address),
                broker: self.broker.through(broker.address),
                registries: at,
                user: &self.broker.user,
            };
            let name = format!("daemon-{number}");
            let mut actor = Actor::new(self.directory.path(), &name, &self.scenery, &addresses, self.setup.flaw);
            actor.start();
            self.actors.push(tokio::sync::Mutex::new(actor));
            self.proxies.push([vec![database], vec![broker], registries]);
        }
    }

    /// The registries, each with the names of its accounts.
    pub fn places(&self) -> impl Iterator<Item = (&'static dyn Registry, Vec<String>)> {
        let names = |place: &crate::registries::Place| place.accounts.iter().map(|one| one.name.clone()).collect();
        self.scenery.places.iter().map(move |(registry, place)| (*registry, names(place)))
    }

    /// The registrar accounts' names.
    pub fn accounts(&self) -> Vec<String> {
        self.places().flat_map(|(_, accounts)| accounts).collect()
    }

    /// How long a question about a lost request may wait for the next one.
    pub fn longest_pause(&self) -> Duration {
        Duration::from_secs_f64(self.scenery.questions().0)
    }

    /// The requests a minute that the sandbox lets an account send, and the daemons know of.
    pub fn requests_per_minute(&self) -> usize {
        REQUESTS_PER_MINUTE
    }

    /// The broker for publisher, consumer and referee: nothing between.
    pub fn amqp_direct(&self) -> &str {
        &self.broker.url
    }

    /// The database for the referee: nothing between. Its connections survive a fail-over, but not a restart.
    pub fn database_direct(&self) -> &str {
        &self.database.url
    }

    /// The broker's user, who may publish for every account.
    pub fn user(&self) -> &str {
        &self.broker.user
    }

    /// The failpoints this run may use.
    pub fn points(&self) -> Vec<&'static str> {
        Point::ALL.iter().filter(|_| self.setup.failpoints).map(|point| point.name()).collect()
    }

    /// Everything the registry has seen and done.
    pub async fn ledger(&self) -> Value {
        control::ordered(&self.control, "GET", "/ledger", &Value::Null).await
    }

    /// The registry's objects.
    pub async fn objects(&self) -> Value {
        control::ordered(&self.control, "GET", "/objects", &Value::Null).await
    }

    /// Lets things go wrong at the registry, beside those that already do.
    pub async fn add_faults(&self, specs: &[&str]) {
        control::ordered(&self.control, "POST", "/faults", &json!(specs)).await;
    }

    /// Lets nothing go wrong at the registry any more.
    pub async fn clear_faults(&self) {
        control::ordered(&self.control, "DELETE", "/faults", &Value::Null).await;
    }

    /// How many daemons there are.
    pub fn daemons(&self) -> usize {
        self.actors.len()
    }

    /// A daemon, for the blow that is to befall it; waits until the one before is over.
    pub async fn actor(&self, number: usize) -> tokio::sync::MutexGuard<'_, Actor> {
        let mut actor = self.actors[number % self.actors.len()].lock().await;
        self.note(actor.ended_by_itself());
        actor
    }

    /// The network between a daemon, or all of them, and what is at the other end of the link.
    pub fn network(&self, whose: Option<usize>, link: Link, mode: Mode) {
        self.proxies_of(whose, link).for_each(|proxy| proxy.set(mode));
    }

    /// Resets the connections there are.
    pub fn cut(&self, whose: Option<usize>, link: Link) {
        self.proxies_of(whose, link).for_each(Proxy::cut_all);
    }

    fn proxies_of(&self, whose: Option<usize>, link: Link) -> impl Iterator<Item = &Proxy> {
        let whose = whose.map(|number| number % self.proxies.len());
        let some = self.proxies.iter().enumerate().filter(move |(number, _)| whose.is_none_or(|one| one == *number));
        some.flat_map(move |(_, proxies)| &proxies[link as usize])
    }

    /// Runs a command of the program on the store, around the proxies; what it prints, or none if it fails, as it does while
    /// the database is away.
    pub async fn command(&self, arguments: &[&str]) -> Option<String> {
        daemons::command(&self.watcher, arguments).await
    }

    /// How it stands, in the words of the program: the accounts, and what keeps the oldest jobs from starting.
    pub async fn standing(&self) -> String {
        let mut text = self.command(&["accounts", "list"]).await.unwrap_or_default();
        let list = self.command(&["jobs", "list", "--state", "waiting", "--limit", "100", "--output", "jsonl"]).await;
        let rows = list.iter().flat_map(|list| list.lines()).map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ids: Vec<String> = rows.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
        for id in ids.iter().rev().take(3) {
            text += &self.command(&["jobs", "explain", id]).await.unwrap_or_default();
        }
        text
    }

    /// Accounts that wait for a human now; none if that cannot be learned.
    async fn suspended_now(&self) -> Option<Vec<String>> {
        let list = self.command(&["accounts", "list", "--output", "jsonl"]).await?;
        let rows = list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let suspended = rows.filter(|row| row["suspended"].is_string());
        Some(suspended.filter_map(|row| row["account"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until the registry has refused a login and an account is suspended for it; whether that came to be.
    pub async fn suspended(&self, limit: Duration) -> bool {
        let looking = async {
            while self.suspended_now().await.is_none_or(|accounts| accounts.is_empty()) {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        tokio::time::timeout(limit, looking).await.is_ok()
    }

    /// The human: lets every suspended account work again.
    pub async fn resume(&self) {
        until("accounts that are resumed", PATIENCE, async || {
            let accounts = self.suspended_now().await?;
            for account in &accounts {
                self.command(&["accounts", "resume", account]).await?;
            }
            accounts.is_empty().then_some(())
        })
        .await;
    }

    /// Notes whom these faults may have had suspended.
    pub fn forgive(&self, faults: Faults) {
        let hit = self.places().filter(|(registry, _)| registry.is_suspended_by(faults));
        let accounts: Vec<String> = hit.flat_map(|(_, accounts)| accounts).collect();
        self.blameless.lock().unwrap().extend(accounts);
    }

    /// The human, again: lets those work whom faults had suspended, as far as that can be done now.
    pub async fn resume_blameless(&self) {
        let blameless = self.blameless.lock().unwrap().clone();
        if blameless.is_empty() {
            return;
        }
        for account in self.suspended_now().await.unwrap_or_default().iter().filter(|name| blameless.contains(*name)) {
            self.command(&["accounts", "resume", account]).await;
        }
    }

    /// Writes down a death that is not the one its failpoint was to bring.
    pub fn judge_end(&self, actor: &Actor, ended: ExitStatus, crash_wanted: bool) {
        if !(crash_wanted && daemons::is_abort(ended) || actor.never_began(ended)) {
            self.note(Some(format!("{} ended by itself with {ended}:\n{}", actor.name, actor.log_tail())));
        }
    }

    fn note(&self, death: Option<String>) {
        self.deaths.lock().unwrap().extend(death);
    }

    /// Daemons that ended by themselves so far, and panics in a daemon that went on: what happened, with the end of the log.
    /// None of either is allowed, whatever is broken.
    pub async fn daemons_died(&self) -> Vec<String> {
        for actor in &self.actors {
            // Whoever is at one looks by himself.
            if let Ok(mut actor) = actor.try_lock() {
                self.note(actor.ended_by_itself());
            }
        }
        if let Some(status) = self.sandbox.lock().await.has_died() {
            self.note(Some(format!("the sandbox ended by itself with {status}")));
        }
        self.deaths.lock().unwrap().clone()
    }

    /// Nothing is broken any more, and every daemon runs, without failpoints. Waits until blows in progress are over.
    pub async fn calm(&self) {
        let faults = self.faults.lock().await;
        self.clear_faults().await;
        drop(faults);
        for link in LINKS {
            let _idle = self.links[link as usize].lock().await;
            self.network(None, link, Mode::Forward);
        }
        self.database.wait().await;
        self.broker.wait().await;
        for number in 0..self.actors.len() {
            self.actor(number).await.recover().await;
        }
    }

    /// Ends the daemons in good order. What each of them did wrong in that, and whoever died before.
    pub async fn close(&self) -> Vec<String> {
        for number in 0..self.actors.len() {
            let wrong = self.actor(number).await.end().await;
            self.note(wrong);
        }
        self.daemons_died().await
    }

    /// Where a daemon's log is.
    pub fn log_of(&self, daemon: usize) -> PathBuf {
        self.directory.path().join(format!("daemon-{daemon}.log"))
    }

    /// The ends of the daemons' logs.
    pub async fn log_tails(&self) -> String {
        let mut tails = String::new();
        for actor in &self.actors {
            let Ok(actor) = actor.try_lock() else { continue };
            tails += &format!("── {} ──\n{}\n", actor.name, actor.log_tail());
        }
        tails
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("REGISTRARD_TEST_KEEP").is_some() {
            self.directory.disable_cleanup(true);
            eprintln!("logs and configurations are kept in {}", self.directory.path().display());
        }
    }
}
