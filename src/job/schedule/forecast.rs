//! When the quota runs dry, and when what waits will be done.
//!
//! A fluid model of the limits: jobs flow at the rate that the throttle allows, the most urgent class first, within a class
//! publishers by their weights, within a publisher its batches alike. Between two instants at which a limit changes (the
//! timetable, a quiet window, local midnight) every rate is constant, so that a million jobs cost no more than ten.
//!
//! What it does not know: jobs still to come, how long answers take, jobs that cost no point, and when jobs that wait for
//! something else than their turn will be let go; it takes them as if they were.

mod fluid;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::execute::permits::Part;
use super::quota::Tier;
use crate::model::{Class, Job, Limits};
use crate::store::{Ahead, Flow, Pause, PauseKind, QuotaUse};
use fluid::Fluid;

/// How far a forecast looks, in days; what comes later is only "later".
pub const HORIZON_DAYS: i64 = 400;

/// What is known of the accounts that share queues: one account, or all of a pool.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// When this was so.
    pub now: Timestamp,
    /// The pool the accounts belong to.
    pub pool: Option<String>,
    /// The accounts.
    pub stations: Vec<Station>,
    /// What waits for them.
    pub flows: Vec<Flow>,
    /// Weights of publishers that have another than 1.
    pub weights: BTreeMap<String, u32>,
    /// Everything that is paused.
    pub pauses: Vec<Pause>,
}

/// One account, as far as it decides how fast it works.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its name.
    pub account: String,
    /// What it may send.
    pub limits: Arc<Limits>,
    /// The points of its day.
    pub quota: QuotaUse,
    /// Sends reserved within the last window.
    pub sent: u32,
    /// Whether, and until when, it sends nothing at all.
    pub silence: Option<Silence>,
}

/// An account sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// A cool-down, or anything else that ends by itself.
    Until(Timestamp),
    /// Until an operator ends it.
    Unknown,
}

/// When work begins and when it is done. `None` if not within [`HORIZON_DAYS`], or not before somebody ends a pause or a
/// suspension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// When the first of it starts.
    pub start: Option<Timestamp>,
    /// When the last of it is done.
    pub end: Option<Timestamp>,
}

/// What will become of an [`Outlook`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// For each flow.
    pub flows: Vec<Estimate>,
    /// For each station: when work that waits first has to go on waiting for want of quota.
    pub dry: Vec<Option<Timestamp>>,
}

/// Looks ahead.
#[must_use]
pub fn forecast(outlook: &Outlook) -> Forecast {
    Fluid::of(outlook).run()
}

/// When jobs that are not there yet would start and be done, `ripe` and `unripe` of the flow taken together. They stand
/// behind those of their own batch.
#[must_use]
pub fn additional(outlook: &Outlook, flow: &Flow) -> Estimate {
    let mut fluid = Fluid::of(outlook);
    let line = fluid.add(flow);
    fluid.run().flows.get(line).copied().unwrap_or_default()
}

/// When it is the turn of a ripe job that has this much before it.
#[must_use]
pub fn turn_of(outlook: &Outlook, job: &Job, ahead: &Ahead) -> Option<Timestamp> {
    let own = Flow {
        queue: job.queue.clone(),
        class: job.class,
        publisher: job.publisher.clone(),
        batch: job.batch.clone(),
        ripe: ahead.same_publisher,
        unripe: 0,
    };
    // What is before it is ripe; its publisher's batches are counted as the one line they stand in.
    let others = outlook.flows.iter().filter(|flow| flow.class <= job.class);
    let others = others.filter(|flow| flow.class != job.class || flow.publisher != job.publisher);
    let ripe = others.map(|flow| Flow { unripe: 0, ..flow.clone() });
    let before = Outlook { flows: ripe.chain([own.clone()]).collect(), ..outlook.clone() };
    additional(&before, &Flow { ripe: 1, ..own }).start
}

/// When jobs of a class will have used up their points at so many sends a second; `None` if the points last until the day
/// ends, or the registry counts none.
#[must_use]
pub fn dry_at_rate(station: &Station, class: Class, per_second: f64, now: Timestamp) -> Option<Timestamp> {
    station.limits.quota?;
    let left = tier(class).limit(&station.limits).saturating_sub(station.quota.used);
    if left == 0 || station.quota.exhausted_until.is_some_and(|until| until > now) {
        return Some(now);
    }
    // A rate of nothing takes for ever, which is later than any day's end.
    let dry = later(now, left as f64 / per_second)?;
    (dry < station.limits.next_day(now)).then_some(dry)
}

/// The part of the quota that jobs of a class may use. Those that a deadline brought about are few.
#[must_use]
pub const fn tier(class: Class) -> Tier {
    match class {
        Class::Urgent => Tier::Urgent,
        Class::Normal | Class::Bulk => Tier::Ordinary,
    }
}

/// The part of the window that jobs of a class may use.
#[must_use]
pub const fn part(class: Class) -> Part {
    match class {
        Class::Urgent => Part::Urgent,
        Class::Normal | Class::Bulk => Part::Ordinary,
    }
}

impl Outlook {
    /// Whether a pause keeps these jobs from starting. Which operation they ask for a flow does not tell.
    #[must_use]
    pub fn is_held(&self, flow: &Flow) -> bool {
        self.pauses.iter().any(|pause| match pause.kind {
            PauseKind::Publisher => pause.name == flow.publisher,
            PauseKind::Batch => Some(&pause.name) == flow.batch.as_ref(),
            PauseKind::Operation | PauseKind::Account | PauseKind::Registry | PauseKind::Funds => false,
        })
    }

    /// Whether a station takes jobs from this queue.
    #[must_use]
    pub fn serves(&self, station: &Station, queue: &str) -> bool {
        queue == station.account || Some(queue) == self.pool.as_deref()
    }
}

/// `seconds` later; `None` past the end of time.
fn later(at: Timestamp, seconds: f64) -> Option<Timestamp> {
    SignedDuration::try_from_secs_f64(seconds).ok().and_then(|span| at.checked_add(span).ok())
}
