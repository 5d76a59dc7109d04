//! Jobs that may never start (too late, or waiting for something that did not succeed) are ended, and those of ended pauses
//! take their turn again. Every daemon does this; the guards of the store make it harmless to do twice.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::super::observer::Observer;
use crate::model::{Cause, Event, Job, Move};
use crate::store::{Result, Store};

/// Jobs dealt with in one transaction.
const GROUP: u32 = 500;
/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Looks between two sweeps of the links.
const SWEEP_EVERY: u32 = 30;

/// Runs until told to stop. `changed` is called when jobs ended, so that events leave and successors start.
pub async fn run(store: Arc<dyn Store>, observer: Arc<dyn Observer>, changed: impl Fn(), stop: CancellationToken) {
    let mut looks = 0u32;
    while !stop.is_cancelled() {
        match tidy(&*store, &*observer, looks.is_multiple_of(SWEEP_EVERY)).await {
            Ok(0) => {}
            Ok(_) => {
                changed();
                // There may be more: a cancelled job can doom others.
                continue;
            }
            Err(error) => tracing::warn!("housekeeping will try again: {error}"),
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn tidy(store: &dyn Store, observer: &dyn Observer, sweep: bool) -> Result<usize> {
    let freed = store.let_go(GROUP).await?;
    if freed > 0 {
        tracing::info!(freed, "jobs of ended pauses take their turn again");
    }
    if sweep {
        let repaired = store.sweep_links().await?;
        if repaired > 0 {
            tracing::info!(repaired, "links of jobs that had finished meanwhile were released");
        }
    }
    let ended = end_what_never_starts(store, observer).await?;
    Ok(ended + usize::try_from(freed).unwrap_or(0))
}

async fn end_what_never_starts(store: &dyn Store, observer: &dyn Observer) -> Result<usize> {
    let now = Timestamp::now();
    let mut moves = Vec::new();
    for job in store.overdue(now, GROUP).await? {
        let until = job.start_by.map(|at| at.to_string()).unwrap_or_default();
        moves.extend(end(&job, Cause::TooLate, now, format!("start_by {until} passed while it was waiting")));
    }
    for (job, failed) in store.doomed(GROUP).await? {
        moves.extend(end(&job, Cause::PredecessorFailed, now, format!("job {failed} in its `after` did not succeed")));
    }
    let effects = store.apply(&moves).await?;
    moves.iter().zip(&effects).filter(|(_, effect)| **effect).for_each(|(step, _)| observer.moved(step));
    Ok(effects.iter().filter(|effect| **effect).count())
}

fn end(job: &Job, cause: Cause, now: Timestamp, why: String) -> Option<Move> {
    let mut step = Move::new(job, cause, now)?;
    step.reason = Some(why);
    step.event = Some(Event::of_move(job, &step, &[]));
    Some(step)
}
