//! Submissions on the command line: straight into the store, by the same rules.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::commit::refusal;
use super::gate::{DefaultId, Gate, Origin, Publisher};
use crate::job::brake;
use crate::model::request::{Warning, scrubbed};
use crate::model::{Class, JobId, NewJob, ObjectKey, Operation, Reject, State};
use crate::store::{Acceptance, Store, StoreError};

/// Jobs stored in one transaction: many enough for one to carry many, few enough to see how it goes on.
const AT_ONCE: usize = 500;

/// One item of a submission.
#[derive(Clone, PartialEq)]
pub struct Submission {
    /// The job, with an id.
    pub job: Value,
    /// Its batch if it names none.
    pub batch: Option<String>,
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = scrubbed(&self.job).unwrap_or_else(|| self.job.clone());
        f.debug_struct("Submission").field("job", &job).field("batch", &self.batch).finish()
    }
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// Its place in the submission, from 0.
    pub index: usize,
    /// Its id, if it could be read.
    pub id: Option<JobId>,
    /// Taken in or not.
    pub outcome: Outcome,
    /// Rules it breaks that do not stop it.
    pub warnings: Vec<Warning>,
    /// What it would do at the registry, request by request; nothing for a job that is turned away.
    pub plan: Vec<Operation>,
    /// What it is about; nothing for a job that is turned away.
    pub about: Option<About>,
    /// Why the brake stops its batch before any of this starts, if it does.
    pub braked: Option<String>,
}

/// What an admitted job is about.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// The account, or the pool, that it named.
    pub queue: String,
    /// What to do.
    pub operation: Operation,
    /// On what.
    pub object: ObjectKey,
    /// Urgent, normal or bulk.
    pub class: Class,
    /// Earliest start.
    pub not_before: Option<Timestamp>,
    /// Its batch.
    pub batch: Option<String>,
}

impl From<&NewJob> for About {
    fn from(job: &NewJob) -> Self {
        Self {
            queue: job.account.clone(),
            operation: job.operation,
            object: job.object.clone(),
            class: job.class,
            not_before: job.not_before,
            batch: job.batch.clone(),
        }
    }
}

/// Taken in or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Stored; with `dry_run`: would be stored, unless over the jobs in its `after` it would wait for itself.
    Accepted,
    /// Known with the same content; it is in this state.
    Duplicate(State),
    /// Turned away.
    Rejected(Reject),
}

/// Hears how many items have been dealt with.
pub type Told<'a> = &'a (dyn Fn(usize) + Sync);

/// Checks items and stores them, as publisher [`super::LOCAL`]; the report is in their order. With `dry_run` nothing is
/// stored, and the report says what would become of them.
///
/// # Errors
/// The store failed. Items are stored in transactions of at most `intake.max_bulk_jobs`; repeating the whole submission
/// with the same ids is safe.
pub async fn submit(
    gate: &Gate,
    store: &dyn Store,
    items: &[Submission],
    dry_run: bool,
) -> Result<Vec<Submitted>, StoreError> {
    submit_telling(gate, store, items, dry_run, &|_| {}).await
}

/// [`submit`], and `told` hears how far it is. The brake judges all items together, before the first of them is stored.
///
/// # Errors
/// See [`submit`].
pub async fn submit_telling(
    gate: &Gate,
    store: &dyn Store,
    items: &[Submission],
    dry_run: bool,
    told: Told<'_>,
) -> Result<Vec<Submitted>, StoreError> {
    let (mut report, jobs, places) = admit(gate, items);
    let tripped = brake::tripped(gate.brake(), store, &jobs).await?;
    for (job, place) in jobs.iter().zip(&places) {
        report[*place].braked = job.batch.as_ref().and_then(|batch| tripped.get(batch)).cloned();
    }
    if !dry_run {
        brake::stop_all(store, &tripped, Timestamp::now()).await?;
    }
    let mut seen = HashMap::new();
    let most = gate.limits().max_bulk_jobs.clamp(1, AT_ONCE);
    for (jobs, places) in jobs.chunks(most).zip(places.chunks(most)) {
        let acceptances = match dry_run {
            true => foresee(store, jobs, &mut seen).await?,
            false => store.accept(jobs, &[], Timestamp::now()).await?,
        };
        for ((job, acceptance), place) in jobs.iter().zip(&acceptances).zip(places) {
            report[*place].outcome = match (refusal(job, acceptance), acceptance) {
                (Some(reject), _) => Outcome::Rejected(reject),
                (None, Acceptance::Duplicate(state)) => Outcome::Duplicate(*state),
                (None, _) => Outcome::Accepted,
            };
        }
        told(places.last().map_or(0, |place| place + 1));
    }
    Ok(report)
}

/// The report so far, the jobs that passed the gate, and their places in the report.
fn admit(gate: &Gate, items: &[Submission]) -> (Vec<Submitted>, Vec<NewJob>, Vec<usize>) {
    let (mut report, mut jobs, mut places) = (Vec::with_capacity(items.len()), Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let origin = Origin {
            publisher: Publisher::Local,
            id: DefaultId::InBulk,
            batch: item.batch.as_deref(),
            reply_to: None,
            correlation_id: None,
        };
        report.push(match gate.admit(&origin, &item.job) {
            Ok(job) => {
                let (warnings, plan, about) = (job.warnings.clone(), gate.plan(&job), Some(About::from(&job)));
                let (id, outcome) = (Some(job.id), Outcome::Accepted);
                places.push(index);
                jobs.push(job);
                Submitted { index, id, outcome, warnings, plan, about, braked: None }
            }
            Err(reject) => {
                let id = item.job.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
                let (outcome, none) = (Outcome::Rejected(reject), None);
                Submitted { index, id, outcome, warnings: vec![], plan: vec![], about: none, braked: None }
            }
        });
    }
    (report, jobs, places)
}

/// What the store would say of jobs; `seen` are those of the submission before them.
async fn foresee(
    store: &dyn Store,
    jobs: &[NewJob],
    seen: &mut HashMap<JobId, [u8; 32]>,
) -> Result<Vec<Acceptance>, StoreError> {
    let known = store.known(jobs).await?;
    let answer = |job: &NewJob| {
        let there = known.get(&job.id).copied().or_else(|| Some((*seen.get(&job.id)?, State::Waiting)));
        match there {
            Some((stored, state)) if job.is_known_by(&stored) => Acceptance::Duplicate(state),
            Some(_) => Acceptance::Conflict,
            None => {
                seen.insert(job.id, job.digest());
                Acceptance::New
            }
        }
    };
    Ok(jobs.iter().map(answer).collect())
}
