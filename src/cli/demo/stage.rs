//! What the demo plays on: a sandbox registry, a store, perhaps a broker, and a daemon between them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::super::exit::{Exit, Failure};
use super::super::output::Out;
use super::DemoArgs;
use crate::broker::rabbitmq::{JobMessage, Names, publish_jobs};
use crate::config::{self, Config};
use crate::daemon::{self, DaemonError};
use crate::job::intake::{self, Outcome, Submission};
use crate::model::Job;
use crate::ops::notify::Notify;
use crate::ops::stop::Stop;
use crate::sandbox::{DenicOptions, EffectRecord, FaultSpec, Options, Sandbox};
use crate::store::floor::Scratch;
use crate::store::{JobFilter, Store};

/// The account the demo works.
pub const ACCOUNT: &str = "DENIC-1000001";

/// What goes wrong, and how often. Numbered faults strike in every run, the others by the seed.
const FAULTS: &[&str] = &[
    "cut_after:action=domain.create,every=23",
    "cut_after:action=contact.create,nth=9",
    "cut_after:action=domain.delete,nth=11",
    "cut_before:action=domain.create,every=31",
    "half_frame:action=domain.create,nth=50",
    "garbage:action=domain.create,nth=75",
    "wrong_ctid:action=domain.create,nth=100",
    "busy:action=domain.create,every=17",
    "unavailable:p=0.02",
    "delay=30:p=0.05",
];

/// What the registry allows, by day and by night.
const REQUESTS_PER_MINUTE: usize = 2000;

/// How long a stopping daemon may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Everything the demo started.
pub struct Stage {
    config: Config,
    store: Arc<dyn Store>,
    sandbox: Sandbox,
    daemon: JoinHandle<Result<(), DaemonError>>,
    stop: Stop,
    scratch: Option<Scratch>,
    /// Removed with the stage unless it is to be kept.
    directory: Option<tempfile::TempDir>,
}

/// What the registry saw.
pub struct Seen {
    /// Requests it got.
    pub requests: usize,
    /// What happened because of them.
    pub effects: Vec<EffectRecord>,
}

impl Stage {
    /// Starts sandbox and daemon.
    pub async fn set(args: &DemoArgs, out: &mut Out<'_>) -> Result<Self, Failure> {
        let (path, directory) = directory(args)?;
        let faults = FAULTS.iter().map(|spec| spec.parse::<FaultSpec>()).collect::<Result<_, _>>().map_err(software)?;
        let sandbox = Sandbox::start(Options {
            registries: vec!["denic-rri".into()],
            state_dir: path.join("sandbox"),
            port_base: None,
            faults,
            seed: args.seed,
            // A cut session keeps its place for a while; a short while, or the demo would mostly wait for it.
            // The same limit at every hour of the day, or the demo would be slow in the registry's purge phase.
            denic: DenicOptions {
                ghost: Duration::from_millis(20),
                requests_per_window: Some(REQUESTS_PER_MINUTE),
                ..DenicOptions::default()
            },
            ..Options::default()
        })
        .await
        .map_err(software)?;
        let scratch = match &args.database {
            Some(url) => Some(Scratch::create(url).await?),
            None => None,
        };
        let url = match &scratch {
            Some(scratch) => scratch.url.clone(),
            None => format!("sqlite://{}", path.join("registrard.db").display()),
        };
        let config = configuration(args, url, sandbox.ready(), &path)?;
        let store = daemon::store(&config).await?;
        let stop = Stop::new();
        let daemon = tokio::spawn(daemon::run(config.clone(), stop.clone(), Notify::to("", None)));
        let place = if args.keep.is_some() { format!(", kept in {}", path.display()) } else { String::new() };
        out.say(&format!("sandbox registry on {}{place}", text(&sandbox.ready()["denic_rri"]["address"])));
        Ok(Self { config, store, sandbox, daemon, stop, scratch, directory })
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
        publish_jobs(broker, &Names::default(), &[message]).await?;
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

    /// All jobs.
    pub async fn jobs(&self) -> Result<Vec<Job>, Failure> {
        Ok(self.store.jobs(&JobFilter { limit: 10_000, ..JobFilter::default() }).await?)
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
    pub async fn clear(self) -> Result<Seen, Failure> {
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
        // What is removed from the queue of messages, no job has asked for.
        let of_jobs = ledger.effects.into_iter().filter(|effect| effect.kind != "queue.delete");
        Ok(Seen { requests: ledger.requests.len(), effects: of_jobs.collect() })
    }
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

/// The configuration of the demo's daemon: one account, everything that waits shortened.
fn configuration(args: &DemoArgs, store: String, ready: &Value, path: &std::path::Path) -> Result<Config, Failure> {
    let account = ready["denic_rri"]["accounts"]
        .as_array()
        .and_then(|accounts| accounts.iter().find(|account| account["account"] == ACCOUNT))
        .ok_or_else(|| software("the sandbox lacks the demo's account".into()))?;
    let secret = path.join("password");
    std::fs::write(&secret, text(&account["password"])).map_err(|error| software(error.to_string()))?;
    let quoted = |text: &str| Value::from(text).to_string();
    let broker = args.amqp.as_ref().map(|url| format!("[broker]\nurl = {}\n\n", quoted(url))).unwrap_or_default();
    let file = format!(
        "{broker}[store]\nurl = {store}\n\n[http]\nlisten = \"\"\n\n[intake]\nopen = true\n\n[daemon]\npoll_millis = 100\n\n\
         [retry]\nsoon = [0.1, 0.5]\nbackoff = [0.2, 1.0]\nquestion = [0.1, 1.0]\nconnect = [0.1, 0.5]\n\n\
         [accounts.{ACCOUNT}]\nregistry = \"denic-rri\"\naddress = {address}\nuser = {user}\npassword_file = {secret}\n\
         ca_file = {ca}\nanswer_seconds = 5\n\n\
         [accounts.{ACCOUNT}.limits]\nrequests = {REQUESTS_PER_MINUTE}\ntimetable = []\nquiet = []\n",
        store = quoted(&store),
        address = ready["denic_rri"]["address"],
        user = account["user"],
        secret = quoted(&secret.display().to_string()),
        ca = ready["ca"],
    );
    let place = path.join("registrard.toml");
    std::fs::write(&place, file).map_err(|error| software(error.to_string()))?;
    Config::load_with(Some(&place), &[]).map_err(|error| software(error.to_string()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn software(what: String) -> Failure {
    Failure::new(Exit::Software, "demo", what)
}
