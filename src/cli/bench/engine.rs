//! The whole cycle on a store, with a registry that answers at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::house::House;
use super::{ACCOUNT, bodies, instant, line, rate};
use crate::cli::exit::{Exit, Failure};
use crate::config;
use crate::job::intake::{DefaultId, Gate, Origin, Publisher};
use crate::job::schedule::ownership;
use crate::model::NewJob;
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
    let registry = instant::Instant::account(args.sessions);
    let limits = registry.limits();
    let House { candidate, outbox, writer, ended } = House::of(&store, registry, limits, "bench".into());
    let (stop, hint) = (CancellationToken::new(), Arc::clone(&candidate.hint));
    let worker = tokio::spawn(ownership::run(candidate, stop.clone()));
    let sender = tokio::spawn(outbox.run(stop.clone()));
    let begun = Instant::now();
    for group in jobs.chunks(args.batch.max(1)) {
        store.accept(group, &[], Timestamp::now()).await?;
        hint.notify_one();
    }
    while ended.jobs() < jobs.len() || store.outbox_backlog().await?.unsent > 0 {
        tokio::select! {
            () = ended.told() => {}
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
