//! Claims from a short queue and from a long one: both must cost the same.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::exit::{Exit, Failure};
use crate::model::{
    Cause, Class, Event, Job, JobId, Move, NewJob, ObjectKey, ObjectKind, Operation, State, WaitingFor,
};
use crate::store::floor::Scratch;
use crate::store::floor::queue::{self, ACCOUNT, BATCHES, PUBLISHERS};
use crate::store::{self, Lease, Start, Store, StoreError};

/// Jobs in the short queue.
const SHORT: u64 = 5_000;
/// Claims before the clock counts.
const WARM_UP: usize = 20;
/// The queues are measured in turn, so many claims at a time: whatever else the machine does meets both.
const TURN: usize = 50;
/// The long queue may cost so many times as much as the short one.
const GOAL: f64 = 1.3;
/// How long the lease lasts; nobody prolongs it.
const LEASE: Duration = Duration::from_secs(24 * 3600);

/// Options of `bench claim`.
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// PostgreSQL database to measure on; SQLite is measured in a temporary file.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Jobs in the long queue; five million need about 10 GB of disk.
    #[arg(long, default_value_t = 5_000_000)]
    jobs: u64,
    /// Claims that are measured in each queue.
    #[arg(long, default_value_t = 500)]
    claims: usize,
    /// Jobs per claim.
    #[arg(long, default_value_t = 14)]
    each: u32,
}

pub(super) async fn run(args: &ClaimArgs) -> Result<(), Failure> {
    println!("{} claims of {} jobs: median and p99, in milliseconds", args.claims, args.each);
    let ratios = [("PostgreSQL", on_postgres(args).await?), ("SQLite", on_sqlite(args).await?)];
    judge(&ratios)
}

/// Whether every database meets the goal.
fn judge(ratios: &[(&str, f64)]) -> Result<(), Failure> {
    let missed = ratios.iter().filter(|(_, ratio)| *ratio > GOAL);
    let missed: Vec<String> = missed.map(|(database, ratio)| format!("{database} {ratio:.2}")).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let what = format!("a claim from the long queue costs more than {GOAL} times as much: {}", missed.join(", "));
    Err(Failure::new(Exit::JobFailed, "goal_missed", what))
}

async fn on_postgres(args: &ClaimArgs) -> Result<f64, Failure> {
    let (short, long) = (Scratch::create(&args.database).await?, Scratch::create(&args.database).await?);
    let result = async {
        let mut queues = Vec::new();
        for (scratch, jobs) in [(&short, SHORT), (&long, args.jobs)] {
            let store = store::open(&scratch.url).await?;
            store.migrate().await?;
            let bar = Filling::of("PostgreSQL", jobs);
            scratch.fill(jobs, Timestamp::now().as_microsecond(), |written| bar.at(written)).await?;
            queues.push(Queue::open(store, jobs).await?);
        }
        report("PostgreSQL", &short.durability().await?, args, queues).await
    }
    .await;
    let removed = (short.remove().await, long.remove().await);
    let ratio = result?;
    removed.0?;
    removed.1?;
    Ok(ratio)
}

async fn on_sqlite(args: &ClaimArgs) -> Result<f64, Failure> {
    let directory = tempfile::tempdir().map_err(|error| {
        Failure::new(Exit::Unavailable, "directory", "no temporary directory").why(error.to_string())
    })?;
    let mut queues = Vec::new();
    let mut durability = String::new();
    for (name, jobs) in [("short", SHORT), ("long", args.jobs)] {
        let url = format!("sqlite://{}/{name}.db", directory.path().display());
        let (store, keeps) = queue::open_file(&url).await?;
        durability = keeps;
        store.migrate().await?;
        let bar = Filling::of("SQLite", jobs);
        queue::fill_file(&url, jobs, Timestamp::now().as_microsecond(), |written| bar.at(written)).await?;
        queues.push(Queue::open(store, jobs).await?);
    }
    report("SQLite", &durability, args, queues).await
}

/// Measures the queues in turn and prints what was found; returns how many times as much the median of a whole claim from
/// the long queue costs.
async fn report(database: &str, durability: &str, args: &ClaimArgs, mut queues: Vec<Queue>) -> Result<f64, Failure> {
    for queue in &mut queues {
        queue.claims(WARM_UP, args.each).await?;
        queue.times.clear();
    }
    while queues.iter().any(|queue| queue.times.len() < args.claims) {
        for queue in &mut queues {
            let left = args.claims.saturating_sub(queue.times.len());
            queue.claims(left.min(TURN), args.each).await?;
        }
    }
    println!("\n{database} ({durability})");
    println!("{:>12} {:>17} {:>17} {:>17} {:>17}", "waiting", "turns and heads", "claim, intents", "outcomes", "all");
    for queue in &queues {
        let cells = Part::ALL.map(|part| {
            let times = queue.sorted(part);
            format!("{:>8.2} {:>8.2}", at(&times, 50), at(&times, 99))
        });
        println!("{:>12} {}", queue.jobs, cells.join(" "));
    }
    let [short, long] = queues.as_slice() else {
        return Err(Failure::new(Exit::Software, "bench", "there are two queues to compare"));
    };
    let ratio = |part, percent| at(&long.sorted(part), percent) / at(&short.sorted(part), percent).max(1e-6);
    let ratios = Part::ALL.map(|part| format!("{:>8.2} {:>8.2}", ratio(part, 50), ratio(part, 99)));
    println!("{:>12} {}   (goal: median of all at most {GOAL})", "ratio", ratios.join(" "));
    Ok(ratio(Part::All, 50))
}

/// What a claim consists of.
#[derive(Clone, Copy)]
enum Part {
    Look,
    Start,
    Apply,
    All,
}

impl Part {
    const ALL: [Self; 4] = [Self::Look, Self::Start, Self::Apply, Self::All];
}

/// The times of one claim.
#[derive(Clone, Copy)]
struct Times {
    look: Duration,
    start: Duration,
    apply: Duration,
}

impl Times {
    fn of(self, part: Part) -> Duration {
        match part {
            Part::Look => self.look,
            Part::Start => self.start,
            Part::Apply => self.apply,
            Part::All => self.look + self.start + self.apply,
        }
    }
}

/// The value below which so many in a hundred lie; `sorted` in milliseconds.
fn at(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(0.0)
}

/// A filled queue and who works it.
struct Queue {
    store: Arc<dyn Store>,
    lease: Lease,
    jobs: u64,
    /// New jobs since it was filled.
    taken_in: u64,
    times: Vec<Times>,
}

impl Queue {
    async fn open(store: Arc<dyn Store>, jobs: u64) -> Result<Self, Failure> {
        let lease = store.acquire(ACCOUNT, "bench", LEASE).await?;
        let lease = lease.ok_or_else(|| StoreError::Fenced(ACCOUNT.into()))?;
        Ok(Self { store, lease, jobs, taken_in: 0, times: Vec::new() })
    }

    fn sorted(&self, part: Part) -> Vec<f64> {
        let mut times: Vec<f64> = self.times.iter().map(|times| times.of(part).as_secs_f64() * 1000.0).collect();
        times.sort_unstable_by(f64::total_cmp);
        times
    }

    async fn claims(&mut self, count: usize, each: u32) -> Result<(), Failure> {
        for _ in 0..count {
            let (times, ended) = self.claim(each).await?;
            self.times.push(times);
            // As many come in as have left, so that the queue stays as long as it is; that is not measured.
            let jobs: Vec<NewJob> = (0..ended).map(|n| job(self.taken_in + n)).collect();
            self.store.accept(&jobs, &[], Timestamp::now()).await?;
            self.taken_in += ended;
        }
        Ok(())
    }

    /// One claim from the look to the outcomes; also, how many jobs ended.
    async fn claim(&self, each: u32) -> Result<(Times, u64), Failure> {
        let now = Timestamp::now();
        let begun = Instant::now();
        self.store.ripen(&[ACCOUNT], now, 500).await?;
        let mut jobs = self.store.heads(&[ACCOUNT], now, each).await?;
        let look = begun.elapsed();
        jobs.truncate(each as usize);
        let starts: Vec<Start> = jobs.iter().map(start).collect();
        let begun = Instant::now();
        let started = self.store.start(&self.lease, &starts, now).await?;
        let start = begun.elapsed();
        let moves: Vec<Move> = jobs.into_iter().enumerate().filter_map(|(n, job)| self.outcome(n, job, now)).collect();
        let begun = Instant::now();
        let made = self.store.apply(&moves).await?;
        let apply = begun.elapsed();
        if started.len() != each as usize || made.len() != started.len() || made.contains(&false) {
            return Err(Failure::new(Exit::Software, "bench", "a claim from a full queue fell short"));
        }
        let ended = moves.iter().filter(|step| step.to().is_final()).count() as u64;
        Ok((Times { look, start, apply }, ended))
    }

    /// Half of the fresh jobs are put back, and ripen before the next claim; all others are done.
    fn outcome(&self, n: usize, job: Job, now: Timestamp) -> Option<Move> {
        let fresh = job.attempt == 0;
        let job = Job { state: State::Running, attempt: job.attempt + 1, fence: self.lease.fence, ..job };
        let back = fresh && n.is_multiple_of(2);
        let mut step = Move::new(&job, if back { Cause::Deferred } else { Cause::Done }, now)?;
        step.fence = Some(self.lease.fence);
        if back {
            step.waiting_for = WaitingFor::Backoff;
        }
        step.event = Some(Event::of_move(&job, &step, &[]));
        Some(step)
    }
}

fn start(job: &Job) -> Start {
    Start {
        job: job.id,
        queue: job.queue.clone(),
        attempt: job.attempt,
        transaction: job.next_transaction(),
        digest: [7; 32],
    }
}

/// A new job like those that the queue was filled with.
fn job(n: u64) -> NewJob {
    let domain = format!("bench-new-{n}.de");
    let params =
        json!({ "domain": domain, "holder": ["BENCH-HOLDER"], "nserver": ["ns1.example.net", "ns2.example.net"] });
    let publisher = n / 3 % PUBLISHERS;
    NewJob {
        id: JobId(Uuid::now_v7()),
        publisher: format!("publisher-{publisher}"),
        account: ACCOUNT.into(),
        pool: None,
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, &domain),
        params: if let Value::Object(params) = params { params } else { serde_json::Map::new() },
        class: Class::from_rank((n % 3) as i16),
        not_before: None,
        start_by: None,
        after: Vec::new(),
        batch: Some(format!("batch-{publisher}-{}", n / (3 * PUBLISHERS) % BATCHES)),
        max_attempts: 10,
        context: json!({ "order": format!("A-{n}") }),
        reply_to: None,
        correlation_id: None,
        warnings: Vec::new(),
        keyed: vec![],
        message: 0,
    }
}

/// How far the filling is: a bar on a terminal, lines elsewhere.
pub(super) struct Filling {
    bar: ProgressBar,
    what: String,
    terminal: bool,
}

impl Filling {
    pub(super) fn of(database: &str, jobs: u64) -> Self {
        let bar = ProgressBar::new(jobs);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} rows written, {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(database.to_owned());
        Self { bar, what: format!("{database}: of {jobs} rows written"), terminal: std::io::stderr().is_terminal() }
    }

    pub(super) fn at(&self, written: u64) {
        self.bar.set_position(written);
        if !self.terminal {
            eprintln!("{} {written}", self.what);
        }
        if self.bar.length() == Some(written) {
            self.bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_database_that_misses_the_goal_is_enough() {
        assert_eq!(judge(&[("PostgreSQL", GOAL), ("SQLite", 0.9)]), Ok(()));
        let failure = judge(&[("PostgreSQL", 1.0), ("SQLite", 1.31)]).unwrap_err();
        assert_eq!(failure.exit, Exit::JobFailed);
        assert!(failure.what.ends_with(": SQLite 1.31"), "{}", failure.what);
    }
}
