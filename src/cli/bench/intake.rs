//! From the broker into the store: messages consumed, checked, committed, acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ACCOUNT, bodies, instant, line, rate};
use crate::broker::rabbitmq::{JobMessage, Names, RabbitBroker, floor, publish_jobs};
use crate::cli::exit::{Exit, Failure};
use crate::config;
use crate::job::intake::{Gate, Intake};
use crate::job::observer::Observer;
use crate::model::retry::Policy;
use crate::store::floor::Scratch;
use crate::store::{self, Store};

/// Options of `bench intake`.
#[derive(Debug, Args)]
pub struct IntakeArgs {
    /// PostgreSQL database to measure on.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// RabbitMQ to measure with.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_AMQP_URL", hide_env_values = true)]
    amqp: String,
    /// Messages to take in, one job each.
    #[arg(long, default_value_t = 50_000)]
    jobs: usize,
    /// Messages committed and acknowledged at once.
    #[arg(long, default_value_t = 500)]
    batch: u16,
}

/// Counts jobs that became durable and were acknowledged.
#[derive(Default)]
struct Taken {
    jobs: AtomicU64,
    told: Notify,
}

impl Observer for Taken {
    fn received(&self, _outcome: &'static str, count: u64) {
        self.jobs.fetch_add(count, Ordering::Relaxed);
        self.told.notify_one();
    }
}

pub(super) async fn run(args: &IntakeArgs) -> Result<(), Failure> {
    let broker: config::Broker = serde_json::from_value(serde_json::json!({ "url": args.amqp, "events_queue": "" }))
        .map_err(|error| Failure::new(Exit::Usage, "usage", error.to_string()))?;
    let names = Names::with_prefix(&format!("bench-{}", Uuid::now_v7().simple()));
    let scratch = Scratch::create(&args.database).await?;
    let result = measure(args, &broker, &names, &scratch).await;
    let removed = floor::remove(&broker, &names).await;
    scratch.remove().await?;
    result?;
    Ok(removed?)
}

async fn measure(args: &IntakeArgs, broker: &config::Broker, names: &Names, scratch: &Scratch) -> Result<(), Failure> {
    let bodies = bodies(args.jobs);
    let messages: Vec<JobMessage> = bodies
        .iter()
        .map(|body| JobMessage { message_id: Uuid::now_v7().to_string(), body: body.clone().into_bytes() })
        .collect();
    // Declares the queues; goes before anything is consumed.
    drop(RabbitBroker::connect_as(broker, 1, names).await?);
    publish(broker, names, &messages).await?;
    let consumed = floor::consume(broker, names, args.jobs, args.batch).await?;
    line("floor: consume and acknowledge, nothing else", args.jobs, consumed);
    let inserted = scratch.insert_floor(&bodies, args.batch.into()).await?;
    line("floor: multi-row insert of id and body, nothing else", args.jobs, inserted);
    let both = consumed + inserted;
    line("both floors one after the other", args.jobs, both);
    let store = store::open(&scratch.url).await?;
    store.migrate().await?;
    publish(broker, names, &messages).await?;
    let took = take_in(args, broker, names, store).await?;
    line("intake: consumed → checked → committed → acknowledged", args.jobs, took);
    println!("intake / both floors: {:.3}", rate(args.jobs, took) / rate(args.jobs, both));
    Ok(())
}

async fn publish(broker: &config::Broker, names: &Names, messages: &[JobMessage]) -> Result<(), Failure> {
    for group in messages.chunks(5000) {
        publish_jobs(broker, names, group).await?;
    }
    Ok(())
}

async fn take_in(
    args: &IntakeArgs,
    broker: &config::Broker,
    names: &Names,
    store: Arc<dyn Store>,
) -> Result<Duration, Failure> {
    let limits = config::Intake { batch: args.batch.into(), open: true, ..config::Intake::default() };
    let accounts = BTreeMap::from([(ACCOUNT.to_owned(), instant::Instant::account(1))]);
    let taken = Arc::new(Taken::default());
    let stop = CancellationToken::new();
    let broker = RabbitBroker::connect_as(broker, args.batch.saturating_mul(2), names).await?;
    // As with the floor, the clock starts when the connection stands.
    let begun = Instant::now();
    let intake = Intake {
        gate: Arc::new(Gate::new(accounts, &BTreeMap::new(), BTreeMap::new(), limits)),
        store,
        broker: Arc::new(broker),
        hint: Arc::new(|_| {}),
        observer: taken.clone(),
        retry: Policy::default().connect,
    };
    let running = tokio::spawn(intake.run(stop.clone()));
    while taken.jobs.load(Ordering::Relaxed) < args.jobs as u64 {
        tokio::select! {
            () = taken.told.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(30)) => {
                return Err(Failure::new(Exit::Temporary, "stuck", "no message was taken in for 30 s"));
            }
        }
    }
    let took = begun.elapsed();
    stop.cancel();
    let _ = running.await;
    Ok(took)
}
