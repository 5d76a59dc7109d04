//! Looks for due reminders in a calendar of a million open entries: they must cost what the due ones cost, and not what all do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::claim::Filling;
use super::memory::{Memory, mebibytes};
use crate::cli::exit::{Exit, Failure};
use crate::model::deadline::Entry;
use crate::store::floor::Scratch;
use crate::store::floor::calendar::{self, Raw};
use crate::store::floor::queue;
use crate::store::{self, DeadlineFilter, LEASE, Lease, Page, Store, StoreError};

/// How many entries are due at a look. The last is as many as the keeper takes at once.
const DUE: [u32; 3] = [0, 10, 500];
/// Looks before the clock counts.
const WARM_UP: usize = 10;
/// A look may take so long.
const GOAL: Duration = Duration::from_millis(50);
/// How long the lease lasts; nobody prolongs it.
const HOLD: Duration = Duration::from_secs(24 * 3600);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Options of `bench deadlines`.
#[derive(Debug, Args)]
pub struct DeadlinesArgs {
    /// PostgreSQL database to measure on; SQLite is measured in a temporary file.
    #[arg(long, value_name = "URL", env = "REGISTRARD_TEST_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Open entries.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    entries: u64,
    /// Looks that are measured.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    looks: u32,
}

pub(super) async fn run(args: &DeadlinesArgs) -> Result<(), Failure> {
    println!("{} open entries, {} looks each: median and p99, in milliseconds", args.entries, args.looks);
    let slowest = [("PostgreSQL", on_postgres(args).await?), ("SQLite", on_sqlite(args).await?)];
    judge(&slowest)
}

/// Whether every database meets the goal with its p99 of the slowest kind of look.
fn judge(slowest: &[(&str, f64)]) -> Result<(), Failure> {
    let goal = GOAL.as_secs_f64() * 1000.0;
    let missed: Vec<_> =
        slowest.iter().filter(|(_, p99)| *p99 >= goal).map(|(name, p99)| format!("{name} {p99:.1} ms")).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let what = format!("a look for due reminders takes {goal:.0} ms or more: {}", missed.join(", "));
    Err(Failure::new(Exit::JobFailed, "goal_missed", what))
}

async fn on_postgres(args: &DeadlinesArgs) -> Result<f64, Failure> {
    let scratch = Scratch::create(&args.database).await?;
    let result = async {
        let store = store::open(&scratch.url).await?;
        store.migrate().await?;
        let bar = Filling::of("PostgreSQL", args.entries);
        let now = Timestamp::now();
        scratch.fill_calendar(args.entries, now.as_microsecond(), |written| bar.at(written)).await?;
        measure("PostgreSQL", &scratch.durability().await?, args, store, Raw::open(&scratch.url).await?, now).await
    }
    .await;
    scratch.remove().await?;
    result
}

async fn on_sqlite(args: &DeadlinesArgs) -> Result<f64, Failure> {
    let directory = tempfile::tempdir().map_err(|error| {
        Failure::new(Exit::Unavailable, "directory", "no temporary directory").why(error.to_string())
    })?;
    let url = format!("sqlite://{}/calendar.db", directory.path().display());
    let (store, durability) = queue::open_file(&url).await?;
    store.migrate().await?;
    let bar = Filling::of("SQLite", args.entries);
    let now = Timestamp::now();
    calendar::fill_file(&url, args.entries, now.as_microsecond(), |written| bar.at(written)).await?;
    measure("SQLite", &durability, args, store, Raw::open(&url).await?, now).await
}

/// Measures and prints; returns the highest p99 of a look, in milliseconds.
async fn measure(
    database: &str,
    durability: &str,
    args: &DeadlinesArgs,
    store: Arc<dyn Store>,
    mut raw: Raw,
    now: Timestamp,
) -> Result<f64, Failure> {
    let lease = store.acquire(LEASE, "bench", HOLD).await?.ok_or_else(|| StoreError::Fenced(LEASE.into()))?;
    let before = Memory::now()?;
    println!("\n{database} ({durability})");
    println!("{:>12} {:>17} {:>23} {:>8}", "due", "look", "floor: rows by number", "ratio");
    let mut slowest = 0.0_f64;
    for due in DUE {
        let ripe = ripen(&*store, &lease, due, now).await?;
        let (mut looks, mut floors) = (Vec::new(), Vec::new());
        for number in 0..WARM_UP + args.looks as usize {
            let begun = Instant::now();
            let found = store.ripe_entries(now, 500).await?;
            let took = begun.elapsed();
            if found.len() != due as usize {
                return Err(Failure::new(Exit::Software, "bench", "a look found others than those that are due"));
            }
            let floor = raw.read(due).await?;
            if number >= WARM_UP {
                looks.push(millis(took));
                floors.push(millis(floor));
            }
        }
        looks.sort_unstable_by(f64::total_cmp);
        floors.sort_unstable_by(f64::total_cmp);
        let (look, floor) = ((at(&looks, 50), at(&looks, 99)), (at(&floors, 50), at(&floors, 99)));
        println!(
            "{due:>12} {:>8.2} {:>8.2} {:>14.2} {:>8.2} {:>8.1}",
            look.0,
            look.1,
            floor.0,
            floor.1,
            look.0 / floor.0.max(1e-6)
        );
        slowest = slowest.max(look.1);
        put_off(&*store, &lease, ripe, now).await?;
    }
    println!("{:>12} {slowest:>17.2}   (goal: below {} ms)", "highest p99", GOAL.as_millis());
    let begun = Instant::now();
    let counts = store.deadline_counts(now).await?;
    let open: u64 = counts.iter().map(|count| count.overdue + count.ahead.iter().sum::<u64>()).sum();
    println!("counting all {open} for the metrics, once a minute: {:.0} ms", millis(begun.elapsed()));
    let after = Memory::now()?;
    println!(
        "resident memory {:.1} MiB before, {:.1} MiB after",
        mebibytes(before.resident),
        mebibytes(after.resident)
    );
    if open != args.entries {
        return Err(Failure::new(Exit::Software, "bench", "not all entries are counted"));
    }
    Ok(slowest)
}

/// Makes something of so many entries due at `now`, as if its time had come.
async fn ripen(store: &dyn Store, lease: &Lease, due: u32, now: Timestamp) -> Result<Vec<Entry>, Failure> {
    if due == 0 {
        return Ok(Vec::new());
    }
    let entries = store.deadlines(&DeadlineFilter { limit: due, ..DeadlineFilter::default() }).await?;
    let ripe = entries.iter().cloned().map(|entry| Entry { next_at: now.checked_sub(HOUR).ok(), ..entry });
    store.keep(lease, &Page { entries: ripe.collect(), ..Page::default() }).await?;
    Ok(entries)
}

/// Makes nothing of them due any more.
async fn put_off(store: &dyn Store, lease: &Lease, entries: Vec<Entry>, now: Timestamp) -> Result<(), Failure> {
    let later = entries.into_iter().map(|entry| Entry { next_at: now.checked_add(HOUR * 48).ok(), ..entry });
    Ok(store.keep(lease, &Page { entries: later.collect(), ..Page::default() }).await?)
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// The value below which so many in a hundred lie.
fn at(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_database_that_misses_the_goal_is_enough() {
        assert_eq!(judge(&[("PostgreSQL", 49.9), ("SQLite", 1.0)]), Ok(()));
        let failure = judge(&[("PostgreSQL", 1.0), ("SQLite", 50.0)]).unwrap_err();
        assert_eq!(failure.exit, Exit::JobFailed);
        assert!(failure.what.ends_with(": SQLite 50.0 ms"), "{}", failure.what);
    }
}
