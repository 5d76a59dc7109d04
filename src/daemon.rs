//! Builds and connects everything; the only file that knows all parts.
//!
//! Start: store, accounts, broker, and only then work, so that what is wrong is an error at once and not a silent
//! daemon. Stop, in this order: take nothing in, claim nothing, let what is on the wire end, log out, write the last
//! outcomes, send their events, close.

mod calendar;
mod company;
mod desk;
pub mod outlook;
mod standing;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::broker::local::LocalBroker;
use crate::broker::rabbitmq::RabbitBroker;
use crate::broker::{Broker, BrokerError};
use crate::config::address::with_password;
use crate::config::{Config, Finding, Login, shared_logins};
use crate::job::brake::Brake;
use crate::job::clock::Clock;
use crate::job::commit::{Committer, LAST_FLUSH};
use crate::job::companion::Companion;
use crate::job::event::Outbox;
use crate::job::intake::{Gate, Intake};
use crate::job::observer::Observer;
use crate::job::schedule::{housekeeping, ownership, spread, steward};
use crate::model::Limits;
use crate::net::seal::Keyring;
use crate::net::secret_ref;
use crate::ops::http::Server;
use crate::ops::metrics::Metrics;
use crate::ops::notify::Notify as ServiceManager;
use crate::ops::stop::Stop;
use crate::poll::Poller;
use crate::registries::{self, Registry};
use crate::store::{self, Store, StoreError};
use company::Company;
use standing::{Counting, Standing};

/// Time from the end of what requests on the wire get to the hard stop: logging out, writing the last outcomes, sending
/// their events.
pub const TAIL: Duration = Duration::from_secs(30);

/// The accounts of a daemon, by name.
pub type Accounts = BTreeMap<String, Arc<dyn Registry>>;

/// Something to be woken for each account.
type Hints = Arc<BTreeMap<String, Arc<Notify>>>;

/// Why the daemon could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Something in the configuration must be changed.
    #[error("{0}")]
    Configuration(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// An address could not be used.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        error: std::io::Error,
    },
}

/// Makes the accounts of the configuration; names every one that is wrong, not only the first.
///
/// # Errors
/// Unknown plug-ins, unknown or missing settings, secrets or certificates that cannot be read.
pub fn accounts(config: &Config) -> Result<Accounts, DaemonError> {
    let mut accounts = Accounts::new();
    let mut wrong = Vec::new();
    for (name, account) in &config.accounts {
        match registry(name, account) {
            Ok(registry) => drop(accounts.insert(name.clone(), registry)),
            Err(why) => wrong.push(Finding::error(format!("accounts.{name}"), why, "correct it")),
        }
    }
    let login = |(name, registry)| -> Login<'_> {
        let (account, registry): (&String, &Arc<dyn Registry>) = (name, registry);
        Login { account, registry: registry.kind(), identity: registry.identity() }
    };
    wrong.extend(shared_logins(&accounts.iter().map(login).collect::<Vec<_>>()));
    if wrong.is_empty() { Ok(accounts) } else { Err(refused(config, wrong)) }
}

/// What each account may send: what its registry publishes, with the configuration on top. Names everything that is
/// wrong.
///
/// # Errors
/// Limits that make no sense, or are more than the registry allows at all.
pub fn limits(config: &Config, accounts: &Accounts) -> Result<BTreeMap<String, Arc<Limits>>, DaemonError> {
    let mut limits = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, registry) in accounts {
        let published = registry.limits();
        let effective = match config.accounts.get(name) {
            Some(account) => account.limits.over(name, published),
            None => Ok(published),
        };
        match effective {
            Ok(effective) => drop(limits.insert(name.clone(), Arc::new(effective))),
            Err(findings) => wrong.extend(findings),
        }
    }
    if wrong.is_empty() { Ok(limits) } else { Err(refused(config, wrong)) }
}

fn refused(config: &Config, findings: Vec<Finding>) -> DaemonError {
    let lines: Vec<_> = findings.into_iter().map(|finding| config.in_its_file(finding).to_string()).collect();
    DaemonError::Configuration(lines.join("\n"))
}

fn registry(name: &str, account: &crate::config::Account) -> Result<Arc<dyn Registry>, String> {
    let Some(plugin) = registries::plugin(&account.registry) else {
        let known: Vec<_> = registries::PLUGINS.iter().map(|plugin| plugin.name).collect();
        return Err(format!("there is no registry `{}`; known: {}", account.registry, known.join(", ")));
    };
    (plugin.account)(name, &serde_json::Value::Object(account.settings.clone()))
}

/// Opens the store of the configuration, migrated if `store.migrate` says so.
///
/// # Errors
/// It cannot be reached, or its schema is not this release's.
pub async fn store(config: &Config) -> Result<Arc<dyn Store>, DaemonError> {
    let store = match &config.store.password_file {
        None => store::open(&config.store.url).await?,
        Some(file) => {
            let url = secret_ref::from_file(file)
                .and_then(|password| with_password(&config.store.url, &password))
                .map_err(|why| DaemonError::Configuration(format!("store.password_file: {why}")))?;
            store::open(url.expose()).await?
        }
    };
    if config.store.migrate {
        store.migrate().await?;
    }
    store.check_schema().await?;
    Ok(store)
}

/// The keys that secrets of jobs are sealed with in the store; none if the configuration names none.
///
/// # Errors
/// They cannot be read.
pub fn keys(config: &Config) -> Result<Arc<Keyring>, DaemonError> {
    let Some(file) = &config.store.parameter_keys_file else { return Ok(Arc::default()) };
    let wrong = |why| {
        let next = "name a file with 32 random bytes in base64 on each line; `openssl rand -base64 32` makes them";
        refused(config, vec![Finding::error("store.parameter_keys_file", why, next)])
    };
    Keyring::from_file(file).map(Arc::new).map_err(wrong)
}

async fn broker(config: &Config) -> Result<Arc<dyn Broker>, DaemonError> {
    Ok(match &config.broker {
        Some(broker) => {
            let prefetch = u16::try_from(config.intake.batch.saturating_mul(2)).unwrap_or(u16::MAX);
            Arc::new(RabbitBroker::connect(broker, prefetch).await?)
        }
        None => Arc::new(LocalBroker::new()),
    })
}

/// Runs until told to stop. Returns after everything is written, sent and closed, or after the hard stop.
///
/// # Errors
/// Only at start: once it runs, what goes away is waited for.
pub async fn run(config: Config, stop: Stop, manager: ServiceManager) -> Result<(), DaemonError> {
    let accounts = accounts(&config)?;
    let limits = limits(&config, &accounts)?;
    let keys = keys(&config)?;
    let store = store(&config).await?;
    let broker = broker(&config).await?;
    let metrics = Metrics::new().map_err(DaemonError::Configuration)?;
    let daemon = Daemon::new(config, accounts, limits, keys, store, broker, metrics);
    let server = daemon.listen().await?;
    manager.ready("working");
    daemon.work(server, stop, manager).await;
    Ok(())
}

struct Daemon {
    config: Config,
    accounts: Accounts,
    /// What each account may send.
    limits: BTreeMap<String, Arc<Limits>>,
    /// What secrets of jobs are sealed with.
    keys: Arc<Keyring>,
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
    metrics: Arc<Metrics>,
    standing: Arc<Standing>,
    observer: Arc<dyn Observer>,
    company: Arc<dyn Companion>,
    /// Name of this process in leases; unique, so that a restarted daemon never mistakes its predecessor for itself.
    owner: String,
    /// Wakes the scheduler of an account.
    hints: Hints,
    /// Wakes the outbox.
    outbox: Arc<Notify>,
}

impl Daemon {
    fn new(
        config: Config,
        accounts: Accounts,
        limits: BTreeMap<String, Arc<Limits>>,
        keys: Arc<Keyring>,
        store: Arc<dyn Store>,
        broker: Arc<dyn Broker>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let name = if config.daemon.name.is_empty() { "registrard" } else { &config.daemon.name };
        let owner = spread::name(name, &Uuid::now_v7().simple().to_string(), accounts.keys());
        let hints =
            || -> Hints { Arc::new(accounts.keys().map(|account| (account.clone(), Arc::default())).collect()) };
        let (hints, pollers, outbox) = (hints(), hints(), Arc::<Notify>::default());
        let standing = Arc::new(Standing::new(accounts.keys()));
        let counting =
            Counting::new(Arc::clone(&metrics), Arc::clone(&standing), &accounts, &limits, Arc::clone(&pollers));
        let observer = Arc::new(counting);
        let (wake, wake_outbox) = (Arc::clone(&hints), Arc::clone(&outbox));
        let poller = Poller {
            store: Arc::<dyn Store>::clone(&store),
            steps: config.poll_steps(),
            trouble: config.retry_policy().connect,
            observer: observer.clone(),
            changed: Arc::new(move |ended| {
                wake_outbox.notify_one();
                wake.values().filter(|_| ended).for_each(|hint| hint.notify_one());
            }),
        };
        let company = Arc::new(Company::new(poller, &config, &accounts, pollers));
        Self {
            config,
            accounts,
            limits,
            keys,
            store,
            broker,
            metrics,
            standing,
            observer,
            company,
            owner,
            hints,
            outbox,
        }
    }

    async fn listen(&self) -> Result<Option<Server>, DaemonError> {
        let address = &self.config.http.listen;
        if address.is_empty() {
            return Ok(None);
        }
        let listen: SocketAddr =
            address.parse().map_err(|error| DaemonError::Configuration(format!("http.listen `{address}`: {error}")))?;
        let health = Arc::clone(&self.standing);
        match Server::bind(listen, Arc::clone(&self.metrics), health).await {
            Ok(server) => Ok(Some(server)),
            Err(error) => Err(DaemonError::Listen { address: address.clone(), error }),
        }
    }

    async fn work(self, server: Option<Server>, stop: Stop, manager: ServiceManager) {
        let quiet = CancellationToken::new();
        let mut doors = JoinSet::new();
        if let Some(server) = server {
            let stop = stop.clone();
            doors.spawn(async move {
                if let Err(error) = server.serve(&stop).await {
                    tracing::error!("metrics and health are no longer served: {error}");
                }
            });
        }
        doors.spawn(standing::watch(
            Arc::clone(&self.store),
            Arc::clone(&self.broker),
            Arc::clone(&self.metrics),
            Arc::clone(&self.standing),
            manager.clone(),
            self.config.broker.is_some(),
        ));

        let (committer, writer) = self.committer();
        let mut workers = JoinSet::new();
        self.begin_taking_in(&mut workers, &quiet);
        self.begin_working(&mut workers, &committer, &quiet);
        self.begin_keeping(&mut workers, &quiet);
        drop(committer);
        let sending = CancellationToken::new();
        let sender = self.begin_sending(&sending);

        stop.softly().await;
        manager.stopping(Duration::from_secs(self.config.daemon.stop_seconds.into()) + TAIL);
        quiet.cancel();
        let orderly = async {
            while workers.join_next().await.is_some() {}
            if tokio::time::timeout(LAST_FLUSH, writer).await.is_err() {
                tracing::error!("the last outcomes could not be written; their jobs will be asked about");
            }
            sending.cancel();
            let _ = sender.await;
        };
        tokio::select! {
            () = orderly => tracing::info!("stopped in good order"),
            () = stop.finally() => tracing::warn!("stopped hard; what was on the wire will be asked about"),
        }
        self.broker.close().await;
    }

    fn committer(&self) -> (Committer, tokio::task::JoinHandle<()>) {
        let (hints, outbox) = (Arc::clone(&self.hints), Arc::clone(&self.outbox));
        let steps = self.config.retry_policy().connect;
        let brake = Brake::new(self.config.brake.clone());
        Committer::braking(Arc::clone(&self.store), brake, steps, Arc::clone(&self.observer), move || {
            outbox.notify_one();
            hints.values().for_each(|hint| hint.notify_one());
        })
    }

    fn begin_taking_in(&self, workers: &mut JoinSet<()>, quiet: &CancellationToken) {
        let gate = Arc::new(gate_with(&self.config, &self.accounts, Arc::clone(&self.keys)));
        let (hints, outbox) = (Arc::clone(&self.hints), Arc::clone(&self.outbox));
        let pools = self.config.pools.clone();
        let hint = move |queue: &str| {
            outbox.notify_one();
            let members = pools.get(queue).map(|pool| pool.accounts.as_slice()).unwrap_or_default();
            let accounts = members.iter().map(String::as_str).chain([queue]);
            accounts.filter_map(|account| hints.get(account)).for_each(|hint| hint.notify_one());
        };
        let intake = Intake {
            gate,
            store: Arc::clone(&self.store),
            broker: Arc::clone(&self.broker),
            hint: Arc::new(hint),
            observer: Arc::clone(&self.observer),
            retry: self.config.retry_policy().connect,
        };
        workers.spawn(intake.run(quiet.clone()));
    }

    fn begin_working(&self, workers: &mut JoinSet<()>, committer: &Committer, quiet: &CancellationToken) {
        let (hints, outbox) = (Arc::clone(&self.hints), Arc::clone(&self.outbox));
        workers.spawn(housekeeping::run(
            Arc::clone(&self.store),
            Arc::clone(&self.observer),
            move || {
                outbox.notify_one();
                hints.values().for_each(|hint| hint.notify_one());
            },
            quiet.clone(),
        ));
        let times = &self.config.daemon;
        let weights = self.config.publishers.iter().map(|(name, publisher)| (name.clone(), publisher.weight));
        let weights = Arc::new(weights.collect::<BTreeMap<_, _>>());
        let candidates = self.accounts.iter().map(|(account, registry)| ownership::Candidate {
            account: account.clone(),
            registry: Arc::clone(registry),
            limits: self.limits.get(account).map_or_else(|| Arc::new(registry.limits()), Arc::clone),
            pool: self.config.pool_of(account).map(str::to_owned),
            weights: Arc::clone(&weights),
            clock: Clock::system(),
            keys: Arc::clone(&self.keys),
            store: Arc::clone(&self.store),
            owner: self.owner.clone(),
            ttl: Duration::from_secs(times.lease_seconds.into()),
            poll: Duration::from_millis(times.poll_millis.into()),
            stop_within: Duration::from_secs(times.stop_seconds.into()),
            policy: self.config.retry_policy(),
            committer: committer.clone(),
            observer: Arc::clone(&self.observer),
            hint: self.hints.get(account).cloned().unwrap_or_default(),
            companion: Arc::clone(&self.company),
        });
        workers.spawn(steward::run(candidates.collect(), quiet.clone()));
    }

    fn begin_sending(&self, stop: &CancellationToken) -> tokio::task::JoinHandle<()> {
        let outbox = Outbox {
            store: Arc::clone(&self.store),
            broker: Arc::clone(&self.broker),
            owner: self.owner.clone(),
            ttl: Duration::from_secs(self.config.daemon.lease_seconds.into()),
            poll: Duration::from_millis(self.config.daemon.poll_millis.into()),
            retry: self.config.retry_policy().connect,
            wake: Arc::clone(&self.outbox),
            observer: Arc::clone(&self.observer),
        };
        tokio::spawn(outbox.run(stop.clone()))
    }
}

/// The rules at the door, from the configuration.
///
/// # Errors
/// See [`keys`].
pub fn gate(config: &Config, accounts: &Accounts) -> Result<Gate, DaemonError> {
    Ok(gate_with(config, accounts, keys(config)?))
}

fn gate_with(config: &Config, accounts: &Accounts, keys: Arc<Keyring>) -> Gate {
    Gate::new(accounts.clone(), &config.pools, config.publishers.clone(), config.intake.clone())
        .with_brake(config.brake.clone())
        .with_keys(keys)
}
