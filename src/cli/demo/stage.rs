//! What the demo plays on: the sandbox's registries, a store, perhaps a broker, and a daemon between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::super::exit::{Exit, Failure};
use super::super::output::Out;
use super::DemoArgs;
use super::cast::Cast;
use super::parts::PARTS;
use crate::broker::rabbitmq::{JobMessage, Names, publish_jobs};
use crate::broker::{BrokerError, Published};
use crate::config::{self, Config};
use crate::daemon::{self, DaemonError};
use crate::job::intake::{self, Outcome, Submission};
use crate::model::Job;
use crate::ops::notify::Notify;
use crate::ops::stop::Stop;
use crate::sandbox::{FaultSpec, Ledger, Options, Sandbox};
use crate::store::floor::Scratch;
use crate::store::{JobFilter, Store};

/// How long a stopping daemon may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How long the daemon may take until the broker has everything that jobs need.
const DECLARED_WITHIN: Duration = Duration::from_secs(30);

/// Everything the demo started.
pub struct Stage {
    config: Config,
    /// Who the accounts are to the registries.
    cast: Cast,
    store: Arc<dyn Store>,
    sandbox: Sandbox,
    daemon: JoinHandle<Result<(), DaemonError>>,
    stop: Stop,
    scratch: Option<Scratch>,
    /// Removed with the stage unless it is to be kept.
    directory: Option<tempfile::TempDir>,
}

impl Stage {
    /// Starts sandbox and daemon.
    pub async fn set(args: &DemoArgs, out: &mut Out<'_>) -> Result<Self, Failure> {
        let (path, directory) = directory(args)?;
        let sandbox = Sandbox::start(options(args.seed, &path)?).await.map_err(software)?;
        let scratch = match &args.database {
            Some(url) => Some(Scratch::create(url).await?),
            None => None,
        };
        let url = match &scratch {
            Some(scratch) => scratch.url.clone(),
            None => format!("sqlite://{}", path.join("registrard.db").display()),
        };
        let cast = Cast::of(sandbox.ready())?;
        let config = cast.configuration(args, &url, &path)?;
        let store = daemon::store(&config).await?;
        let stop = Stop::new();
        let daemon = tokio::spawn(daemon::run(config.clone(), stop.clone(), Notify::to("", None)));
        let names: Vec<_> = PARTS.iter().map(|part| part.registry).collect();
        let place = if args.keep.is_some() { format!(", kept in {}", path.display()) } else { String::new() };
        out.say(&format!("the sandbox plays {}{place}", names.join(", ")));
        Ok(Self { config, cast, store, sandbox, daemon, stop, scratch, directory })
    }

    /// The way jobs take, for people.
    pub fn way(&self) -> &'static str {
        if self.config.broker.is_some() { "through RabbitMQ" } else { "into the store" }
    }

    /// Submits jobs; returns those turned away at the door, with code and reason.
    pub async fn submit(&self, jobs: &[Value]) -> Result<Vec<(String, String)>, Failure> {
        match &self.config.broker {
            Some(broker) => self.publish(broker, jobs).await,
            None => self.put(jobs).await,
        }
    }

    async fn put(&self, jobs: &[Value]) -> Result<Vec<(String, String)>, Failure> {
        let gate = daemon::gate(&self.config, &daemon::accounts(&self.config)?)?;
        let items: Vec<_> =
            jobs.iter().map(|job| Submission { job: job.clone(), batch: Some("demo".into()) }).collect();
        let report = intake::submit(&gate, &*self.store, &items, false).await?;
        Ok(report
            .into_iter()
            .filter_map(|one| match one.outcome {
                Outcome::Rejected(reject) => Some((reject.code.word().to_owned(), reject.to_string())),
                _ => None,
            })
            .collect())
    }

    /// One bulk message; what was turned away is told by events.
    async fn publish(&self, broker: &config::Broker, jobs: &[Value]) -> Result<Vec<(String, String)>, Failure> {
        let message = JobMessage {
            message_id: uuid::Uuid::now_v7().to_string(),
            body: json!({ "batch": "demo", "jobs": jobs }).to_string().into_bytes(),
        };
        self.send(broker, &[message]).await?;
        let deadline = tokio::time::Instant::now() + super::PATIENCE;
        loop {
            let stored = self.jobs().await?.len();
            let events = self.store.events_after(0, 10_000).await?;
            let rejects: Vec<_> = events.iter().filter(|row| row.event.kind == "job.rejected").collect();
            if stored + rejects.len() >= jobs.len() {
                let told = |row: &&crate::store::OutboxRow| {
                    let data = &row.event.body["data"];
                    let field = data["field"].as_str().map(|field| format!("{field}: ")).unwrap_or_default();
                    (text(&data["code"]), format!("{field}{}", text(&data["reason"])))
                };
                return Ok(rejects.iter().map(told).collect());
            }
            if tokio::time::Instant::now() > deadline || self.daemon.is_finished() {
                return Err(Failure::new(Exit::Temporary, "stuck", format!("{stored} of {} jobs arrived", jobs.len())));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// At a broker that nobody has used before, exchange and queue are there once the daemon has declared them. The jobs have ids,
    /// so sending them again does no harm.
    async fn send(&self, broker: &config::Broker, messages: &[JobMessage]) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + DECLARED_WITHIN;
        loop {
            let failure: Failure = match publish_jobs(broker, &Names::default(), messages).await {
                Ok(published) if published.iter().all(|one| *one == Published::Confirmed) => return Ok(()),
                Ok(_) => Failure::new(Exit::Unavailable, "unroutable", "the jobs reached no queue"),
                Err(error @ BrokerError::Misconfigured(_)) => error.into(),
                Err(error) => return Err(error.into()),
            };
            if tokio::time::Instant::now() > deadline || self.daemon.is_finished() {
                return Err(failure);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All jobs.
    pub async fn jobs(&self) -> Result<Vec<Job>, Failure> {
        Ok(self.store.jobs(&JobFilter { limit: 10_000, ..JobFilter::default() }).await?)
    }

    /// Who the accounts are to the registries.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Whether the daemon ended by itself.
    pub fn daemon_ended(&self) -> bool {
        self.daemon.is_finished()
    }

    /// Stops the daemon in good order, then the sandbox, and removes what is not to be kept.
    pub async fn clear(self) -> Result<Ledger, Failure> {
        self.stop.soft();
        let ended = tokio::time::timeout(STOP_PATIENCE, self.daemon).await;
        let ledger = self.sandbox.ledger();
        self.sandbox.stop().await;
        drop(self.store);
        if let Some(scratch) = self.scratch {
            scratch.remove().await?;
        }
        drop(self.directory);
        match ended {
            Ok(Ok(result)) => result?,
            Ok(Err(error)) => return Err(software(format!("the daemon broke: {error}"))),
            Err(_) => return Err(software("the daemon did not stop in time".into())),
        }
        Ok(ledger)
    }
}

/// The sandbox with every part's registry and faults.
fn options(seed: u64, path: &Path) -> Result<Options, Failure> {
    let faults = PARTS.iter().flat_map(|part| part.faults).map(|spec| spec.parse::<FaultSpec>());
    let mut options = Options {
        registries: PARTS.iter().map(|part| part.registry.to_owned()).collect(),
        state_dir: path.join("sandbox"),
        port_base: None,
        faults: faults.collect::<Result<_, _>>().map_err(software)?,
        seed,
        ..Options::default()
    };
    PARTS.iter().for_each(|part| (part.set_up)(&mut options));
    Ok(options)
}

fn directory(args: &DemoArgs) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    let failed = |error: std::io::Error| software(format!("no directory for the demo: {error}"));
    match &args.keep {
        None => {
            let directory = tempfile::tempdir().map_err(failed)?;
            Ok((directory.path().to_owned(), Some(directory)))
        }
        Some(path) => {
            std::fs::create_dir_all(path).map_err(failed)?;
            let path = path.canonicalize().map_err(failed)?;
            if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
                let what = format!("{} is not empty", path.display());
                return Err(Failure::new(Exit::Usage, "not_empty", what).next("name a new directory"));
            }
            Ok((path, None))
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn software(what: String) -> Failure {
    Failure::new(Exit::Software, "demo", what)
}
