//! The brake: a batch whose first jobs all fail alike, or that gives up more than anybody may have meant, is stopped until
//! an operator has looked at it and resumes it by name.
//!
//! What decides are the counts of the batch alone, so every daemon, and the command line, comes to the same answer. A
//! batch that an operator has resumed is never stopped again by itself.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::config;
use crate::model::{Event, Move, NewJob, State};
use crate::store::{Pause, PauseKind, Progress, Result, Store};

/// Batches remembered as ones the brake has no more say in.
const REMEMBERED: usize = 10_000;

/// What the ended jobs of a batch say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Too few have ended.
    Undecided,
    /// Something went well, or things went wrong in different ways, or an operator has decided: it goes on.
    Settled,
    /// So many failed with this code, and nothing else happened.
    Alike(u64, String),
}

/// Whether the jobs of a batch that have ended all failed with one code. Jobs that never ran (withdrawn, expired) say
/// nothing; an order that the registry has taken says that it was good.
#[must_use]
pub fn look(rules: &config::Brake, progress: &Progress) -> Look {
    if rules.alike == 0 || progress.released {
        return Look::Settled;
    }
    let went_well = progress.ended.iter().any(|(state, _, jobs)| *state == State::Succeeded && *jobs > 0)
        || progress.open.iter().any(|(state, jobs)| *state == State::Pending && *jobs > 0);
    let mut failed = progress.ended.iter().filter(|(state, _, jobs)| *state == State::Failed && *jobs > 0);
    match (failed.next(), failed.next()) {
        _ if went_well => Look::Settled,
        (None, _) => Look::Undecided,
        (Some(_), Some(_)) => Look::Settled,
        (Some((_, code, jobs)), None) if *jobs >= u64::from(rules.alike) => Look::Alike(*jobs, code.clone()),
        (Some(_), None) => Look::Undecided,
    }
}

/// Jobs on their way into one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// How many.
    pub jobs: u64,
    /// Those that give something up.
    pub destructive: u64,
}

/// What a batch would come to with more jobs in it, if that is too destructive.
#[must_use]
pub fn too_destructive(rules: &config::Brake, stored: &Progress, more: Load) -> Option<Load> {
    let whole = Load {
        jobs: stored.total.saturating_add(more.jobs),
        destructive: stored.destructive.saturating_add(more.destructive),
    };
    let many = whole.destructive > 0 && whole.destructive >= rules.destructive_from;
    // Rounding decides nothing here that a person would decide otherwise.
    let large = whole.destructive as f64 > whole.jobs as f64 * rules.destructive_share;
    (!stored.released && rules.destructive_share < 1.0 && many && large).then_some(whole)
}

/// Batches that these jobs would make too destructive, and why. Jobs that are stored already are not counted twice.
///
/// # Errors
/// The store failed.
pub async fn tripped(rules: &config::Brake, store: &dyn Store, jobs: &[NewJob]) -> Result<BTreeMap<String, String>> {
    let mut tripped = BTreeMap::new();
    let mut known = None;
    for (batch, all) in loads(jobs.iter()).into_iter().filter(|(_, load)| load.destructive > 0) {
        let stored = store.progress(batch).await?.unwrap_or_default();
        if too_destructive(rules, &stored, all).is_none() {
            continue;
        }
        // Only now it matters which of them were submitted before.
        let known = match &known {
            Some(known) => known,
            None => known.insert(store.known(jobs).await?),
        };
        let mut seen = HashSet::new();
        let fresh = jobs.iter().filter(|job| !known.contains_key(&job.id) && seen.insert(job.id));
        let more = loads(fresh).get(batch).copied().unwrap_or_default();
        if let Some(whole) = too_destructive(rules, &stored, more).filter(|_| more.destructive > 0) {
            tripped.insert(batch.to_owned(), of_destruction(batch, whole));
        }
    }
    Ok(tripped)
}

fn loads<'a>(jobs: impl Iterator<Item = &'a NewJob>) -> BTreeMap<&'a str, Load> {
    let mut loads = BTreeMap::<&str, Load>::new();
    for (job, batch) in jobs.filter_map(|job| Some((job, job.batch.as_deref()?))) {
        let load = loads.entry(batch).or_default();
        load.jobs += 1;
        load.destructive += u64::from(job.operation.destroys());
    }
    loads
}

/// Stops the batches that these jobs would make too destructive, before the jobs are stored: none of them starts.
///
/// # Errors
/// The store failed; nothing may be stored then.
pub async fn before(rules: &config::Brake, store: &dyn Store, jobs: &[NewJob], now: Timestamp) -> Result<()> {
    stop_all(store, &tripped(rules, store, jobs).await?, now).await
}

/// Stops batches, each for its reason.
///
/// # Errors
/// The store failed.
pub async fn stop_all(store: &dyn Store, tripped: &BTreeMap<String, String>, now: Timestamp) -> Result<()> {
    for (batch, why) in tripped {
        stop(store, batch, why, now).await?;
    }
    Ok(())
}

/// Watches the jobs of batches end.
#[derive(Debug)]
pub struct Brake {
    rules: config::Brake,
    /// Batches that no further failure can make fail alike, so that a batch with many failures is not counted for each.
    settled: Mutex<HashSet<String>>,
}

impl Brake {
    /// A brake with these rules.
    #[must_use]
    pub fn new(rules: config::Brake) -> Self {
        Self { rules, settled: Mutex::default() }
    }

    /// One that stops nothing.
    #[must_use]
    pub fn never() -> Self {
        Self::new(config::Brake { alike: 0, destructive_share: 1.0, destructive_from: u64::MAX })
    }

    /// Looks at the batches of jobs that have just failed. A store that cannot say or be told now is asked again after the
    /// next failure.
    pub async fn after(&self, store: &dyn Store, failed: impl Iterator<Item = &Move>, now: Timestamp) {
        let open = |batch: &&str| self.rules.alike > 0 && !self.settled().contains(*batch);
        let batches: BTreeSet<&str> = failed.filter_map(Move::batch).filter(open).collect();
        for batch in batches {
            if let Err(error) = self.judge(store, batch, now).await {
                tracing::warn!(batch, "the brake could not look at a batch: {error}");
            }
        }
    }

    async fn judge(&self, store: &dyn Store, batch: &str, now: Timestamp) -> Result<()> {
        let Some(progress) = store.progress(batch).await? else { return Ok(()) };
        match look(&self.rules, &progress) {
            Look::Undecided => {}
            Look::Settled => self.settle(batch),
            Look::Alike(jobs, code) => stop(store, batch, &of_likeness(batch, jobs, &code), now).await?,
        }
        Ok(())
    }

    fn settle(&self, batch: &str) {
        let mut settled = self.settled();
        if settled.len() >= REMEMBERED {
            settled.clear();
        }
        settled.insert(batch.to_owned());
    }

    fn settled(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn stop(store: &dyn Store, batch: &str, why: &str, now: Timestamp) -> Result<()> {
    let pause = Pause { kind: PauseKind::Batch, name: batch.to_owned(), reason: why.to_owned(), since: now };
    let event = Event::of_pause(PauseKind::Batch.word(), batch, "stopped", why, now);
    if store.pause(&pause, &event).await? {
        tracing::warn!(batch, "batch {batch} is stopped: {why}");
    }
    Ok(())
}

fn of_likeness(batch: &str, jobs: u64, code: &str) -> String {
    let code = if code.is_empty() { "the same outcome" } else { code };
    format!(
        "brake: the first {jobs} jobs all failed with {code}; see `registrard jobs list --batch {batch} --state failed`; \
         `registrard batches resume {batch}` lets the others go"
    )
}

fn of_destruction(batch: &str, whole: Load) -> String {
    format!(
        "brake: {} of {} jobs delete something or give it away; see `registrard jobs list --batch {batch}`; \
         `registrard batches resume {batch}` lets them go",
        whole.destructive, whole.jobs
    )
}

#[cfg(test)]
mod tests;
