//! The whole cycle on a store, with a registry that answers at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{ACCOUNT, bodies, instant, line, rate};
use crate::broker::local::LocalBroker;
use crate::cli::exit::{Exit, Failure};
use crate::config;
use crate::job::clock::Clock;
use crate::job::commit::Committer;
use crate::job::companion::Alone;
use crate::job::event::Outbox;
use crate::job::intake::{DefaultId, Gate, Origin, Publisher};
use crate::job::observer::Observer;
use crate::job::schedule::ownership::{self, Candidate};
use crate::model::retry::Policy;
use crate::model::{Move, NewJob};
use crate::store::floor::Scratch;
use crate::store::{self, Store};

/// Options of `bench engine`.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// PostgreSQL database to measure on.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Jobs to put through.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// Sessions of the registry that answers at once.
    #[arg(long, default_value_t = 128)]
    sessions: usize,
    /// Jobs accepted in one transaction.
    #[arg(long, default_value_t = 500)]
    batch: usize,
}

/// Counts jobs whose life ended.
#[derive(Default)]
struct Ended {
    jobs: AtomicUsize,
    told: Notify,
}

impl Observer for Ended {
    fn moved(&self, step: &Move) {
        if step.to().is_final() {
            self.jobs.fetch_add(1, Ordering::Relaxed);
            self.told.notify_one();
        }
    }
    fn published(&self, _outcome: &'static str, _count: u64) {
        self.told.notify_one();
    }
}

pub(super) async fn run(args: &EngineArgs) -> Result<(), Failure> {
    let scratch = Scratch::create(&args.database).await?;
    let result = measure(args, &scratch).await;
    scratch.remove().await?;
    result
}

async fn measure(args: &EngineArgs, scratch: &Scratch) -> Result<(), Failure> {
    let bodies = bodies(args.jobs);
    let floor = scratch.insert_floor(&bodies, args.batch).await?;
    line("floor: multi-row insert of id and body, nothing else", args.jobs, floor);
    let store = store::open(&scratch.url).await?;
    store.migrate().await?;
    let took = cycle(args, store, &bodies).await?;
    line("engine: accepted → claimed → sent → recorded → event sent", args.jobs, took);
    println!("engine / floor: {:.3}", rate(args.jobs, took) / rate(args.jobs, floor));
    Ok(())
}

async fn cycle(args: &EngineArgs, store: Arc<dyn Store>, bodies: &[String]) -> Result<Duration, Failure> {
    let jobs = admitted(bodies, args.sessions)?;
    let ended = Arc::new(Ended::default());
    let observer: Arc<dyn Observer> = ended.clone();
    let (hint, outbox) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let policy = Policy::default();
    let (wake, wake_outbox) = (Arc::clone(&hint), Arc::clone(&outbox));
    let (committer, writer) = Committer::start(Arc::clone(&store), policy.connect, Arc::clone(&observer), move || {
        wake.notify_one();
        wake_outbox.notify_one();
    });
    let stop = CancellationToken::new();
    let registry = instant::Instant::account(args.sessions);
    let candidate = Candidate {
        account: ACCOUNT.into(),
        limits: Arc::new(registry.limits()),
        registry,
        pool: None,
        weights: Arc::default(),
        clock: Clock::system(),
        store: Arc::clone(&store),
        owner: "bench".into(),
        ttl: Duration::from_secs(30),
        poll: Duration::from_millis(500),
        stop_within: Duration::from_secs(5),
        policy,
        committer,
        observer: Arc::clone(&observer),
        hint: Arc::clone(&hint),
        companion: Arc::new(Alone),
    };
    let worker = tokio::spawn(ownership::run(candidate, stop.clone()));
    let outbox = Outbox {
        store: Arc::clone(&store),
        broker: Arc::new(LocalBroker::new()),
        owner: "bench".into(),
        ttl: Duration::from_secs(30),
        poll: Duration::from_millis(500),
        retry: policy.connect,
        wake: outbox,
        observer,
    };
    let sender = tokio::spawn(outbox.run(stop.clone()));
    let begun = Instant::now();
    for group in jobs.chunks(args.batch.max(1)) {
        store.accept(group, &[], Timestamp::now()).await?;
        hint.notify_one();
    }
    while ended.jobs.load(Ordering::Relaxed) < jobs.len() || store.outbox_backlog().await?.unsent > 0 {
        tokio::select! {
            () = ended.told.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
    let took = begun.elapsed();
    stop.cancel();
    let _ = tokio::join!(worker, sender, writer);
    Ok(took)
}

fn admitted(bodies: &[String], sessions: usize) -> Result<Vec<NewJob>, Failure> {
    let accounts = BTreeMap::from([(ACCOUNT.to_owned(), instant::Instant::account(sessions))]);
    let gate = Gate::new(accounts, &BTreeMap::new(), BTreeMap::new(), config::Intake::default());
    let wrong = |why: String| Failure::new(Exit::Software, "bench", why);
    let origin = Origin {
        publisher: Publisher::Local,
        id: DefaultId::InBulk,
        batch: None,
        reply_to: None,
        correlation_id: None,
    };
    bodies
        .iter()
        .map(|body| {
            let raw = serde_json::from_str(body).map_err(|error| wrong(error.to_string()))?;
            gate.admit(&origin, &raw).map_err(|reject| wrong(reject.to_string()))
        })
        .collect()
}
