//! Resident memory while a long queue is worked: the daemon holds what it works at, not what waits.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::claim::Filling;
use super::house::House;
use super::{ACCOUNT, instant};
use crate::cli::exit::{Exit, Failure};
use crate::job::schedule::{housekeeping, spread, steward};
use crate::model::limits::Timetable;
use crate::model::{Limits, State};
use crate::store::floor::Scratch;
use crate::store::{self, Store};

/// What the kernel knows of this process.
const STATUS: &str = "/proc/self/status";
/// The peak must be below so many KiB.
const GOAL: u64 = 100 * 1024;

/// Options of `bench memory`.
#[derive(Debug, Args)]
pub struct MemoryArgs {
    /// PostgreSQL database to measure on.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Jobs that wait when the work begins.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    jobs: u64,
    /// How long the queue is worked; at most half of it is, however long that is.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Sessions of the registry that answers at once.
    #[arg(long, default_value_t = 128)]
    sessions: usize,
}

pub(super) async fn run(args: &MemoryArgs) -> Result<(), Failure> {
    // Before anything is filled: without it there is nothing to measure with.
    Memory::now()?;
    let scratch = Scratch::create(&args.database).await?;
    let result = measure(args, &scratch).await;
    scratch.remove().await?;
    result
}

async fn measure(args: &MemoryArgs, scratch: &Scratch) -> Result<(), Failure> {
    let store = store::open(&scratch.url).await?;
    store.migrate().await?;
    let bar = Filling::of("PostgreSQL", args.jobs);
    scratch.fill(args.jobs, Timestamp::now().as_microsecond(), |written| bar.at(written)).await?;
    let before = Memory::now()?;
    let (at_the_end, done) = work(args, &store).await?;
    let peak = Memory::now()?.peak;
    println!("jobs waiting at the beginning          {:>12}", args.jobs);
    println!("jobs done in {:>5} s                   {done:>12}", args.seconds);
    println!("jobs waiting at the end                {:>12}", waiting(&*store).await?);
    println!("resident memory before the work        {:>12.1} MiB", mebibytes(before.resident));
    println!("resident memory at its end             {:>12.1} MiB", mebibytes(at_the_end.resident));
    println!(
        "peak, the filling of the queue included {:>11.1} MiB   (goal: below {:.0} MiB)",
        mebibytes(peak),
        mebibytes(GOAL)
    );
    if done == 0 {
        return Err(Failure::new(Exit::Temporary, "stuck", "no job was done, so the figures say nothing"));
    }
    judge(peak)
}

fn judge(peak: u64) -> Result<(), Failure> {
    if peak < GOAL {
        return Ok(());
    }
    let what = format!("the peak of resident memory, {:.1} MiB, is above the goal", mebibytes(peak));
    Err(Failure::new(Exit::JobFailed, "goal_missed", what))
}

/// Works the queue as a daemon does; returns the memory before it is told to stop, and how many jobs have ended when
/// it has stopped.
async fn work(args: &MemoryArgs, store: &Arc<dyn Store>) -> Result<(Memory, usize), Failure> {
    let registry = instant::Instant::account(args.sessions);
    let limits = slow_enough(registry.limits(), args);
    let owner = spread::name("bench", &Uuid::now_v7().simple().to_string(), [ACCOUNT.to_owned()].iter());
    let House { candidate, outbox, writer, ended } = House::of(store, registry, limits, owner);
    let (stop, observer) = (CancellationToken::new(), Arc::clone(&candidate.observer));
    let (hint, wake) = (Arc::clone(&candidate.hint), Arc::clone(&outbox.wake));
    let changed = move || {
        wake.notify_one();
        hint.notify_one();
    };
    let keeper = tokio::spawn(housekeeping::run(Arc::clone(store), observer, changed, stop.clone()));
    let worker = tokio::spawn(steward::run(vec![candidate], stop.clone()));
    let sender = tokio::spawn(outbox.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(args.seconds.into())).await;
    let memory = Memory::now();
    stop.cancel();
    let _ = tokio::join!(keeper, worker, writer, sender);
    // What was on its way has ended, too: done and waiting add up.
    Ok((memory?, ended.jobs()))
}

/// The registry's limits, or so little that half of the queue is left at the end.
fn slow_enough(limits: Limits, args: &MemoryArgs) -> Limits {
    // So many windows begin, and each may be used up at once.
    let windows = f64::from(args.seconds) / limits.window.as_secs_f64().max(1e-9) + 1.0;
    // Saturates: a figure that large limits nothing.
    let half = (args.jobs as f64 / 2.0 / windows) as u32;
    let requests = Timetable::always(limits.requests.base.min(half).max(1));
    Limits { requests, ..limits }
}

async fn waiting(store: &dyn Store) -> Result<u64, Failure> {
    let counts = store.counts().await?;
    Ok(counts.iter().filter(|count| count.state == State::Waiting).map(|count| count.jobs).sum())
}

/// Resident memory of this process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) resident: u64,
    peak: u64,
}

impl Memory {
    pub(super) fn now() -> Result<Self, Failure> {
        let unknown = |why: String| {
            Failure::new(
                Exit::Unavailable,
                "no_figures",
                format!("this system does not tell a process its memory in {STATUS}"),
            )
            .why(why)
            .next("measure on Linux")
        };
        let status = std::fs::read_to_string(STATUS).map_err(|error| unknown(error.to_string()))?;
        Self::of(&status).ok_or_else(|| unknown("VmRSS or VmHWM is missing".into()))
    }

    fn of(status: &str) -> Option<Self> {
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix("kB")?.trim_end().parse().ok()
        };
        Some(Self { resident: figure("VmRSS")?, peak: figure("VmHWM")? })
    }
}

pub(super) fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let status = "Name:\tregistrard\nVmPeak:\t  900000 kB\nVmHWM:\t   61440 kB\nVmRSS:\t   51200 kB\nThreads:\t3\n";
        assert_eq!(Memory::of(status), Some(Memory { resident: 51_200, peak: 61_440 }));
        for missing in ["", "VmRSS:\t51200 kB\n", "VmHWM:\t61440 kB\nVmRSS:\tmuch kB\n", "VmHWM:\t1\nVmRSS:\t1\n"] {
            assert_eq!(Memory::of(missing), None, "{missing}");
        }
    }

    #[test]
    fn the_goal_is_missed_from_its_first_kibibyte_on() {
        assert_eq!(judge(GOAL - 1), Ok(()));
        assert_eq!(judge(GOAL).map_err(|failure| failure.exit), Err(Exit::JobFailed));
    }

    #[test]
    fn half_of_the_queue_is_left_at_the_end() {
        let requests = |jobs, seconds| {
            let args = MemoryArgs { database: String::new(), jobs, seconds, sessions: 1 };
            let limits = Limits { window: Duration::from_secs(1), ..Limits::none() };
            slow_enough(limits, &args).requests.base
        };
        assert_eq!(requests(1_050_000, 20), 25_000);
        assert_eq!(requests(u64::MAX, 1), Limits::none().requests.base);
        assert_eq!(requests(1, 20), 1);
    }
}
