//! Submissions on the command line: straight into the store, by the same rules.

use jiff::Timestamp;
use serde_json::Value;

use super::commit::refusal;
use super::gate::{DefaultId, Gate, Origin, Publisher};
use crate::model::request::Warning;
use crate::model::{JobId, NewJob, Operation, Reject, State};
use crate::store::{Acceptance, Store, StoreError};

/// One item of a submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The job, with an id.
    pub job: Value,
    /// Its batch if it names none.
    pub batch: Option<String>,
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
}

/// Taken in or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Stored; with `dry_run`: would be stored, unless the store knows it already.
    Accepted,
    /// Known with the same content; it is in this state.
    Duplicate(State),
    /// Turned away.
    Rejected(Reject),
}

/// Checks items and stores them, as publisher [`super::LOCAL`]; the report is in their order. With `dry_run` nothing is
/// stored.
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
    let mut report = Vec::with_capacity(items.len());
    let mut jobs: Vec<NewJob> = Vec::new();
    // Places in the report of the jobs that passed the gate.
    let mut places = Vec::new();
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
                let (id, warnings, plan) = (Some(job.id), job.warnings.clone(), gate.plan(&job));
                places.push(index);
                jobs.push(job);
                Submitted { index, id, outcome: Outcome::Accepted, warnings, plan }
            }
            Err(reject) => {
                let id = item.job.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
                Submitted { index, id, outcome: Outcome::Rejected(reject), warnings: vec![], plan: vec![] }
            }
        });
    }
    if dry_run {
        return Ok(report);
    }
    let most = gate.limits().max_bulk_jobs.max(1);
    for (jobs, places) in jobs.chunks(most).zip(places.chunks(most)) {
        let acceptances = store.accept(jobs, &[], Timestamp::now()).await?;
        for ((job, acceptance), place) in jobs.iter().zip(&acceptances).zip(places) {
            report[*place].outcome = match (refusal(job, acceptance), acceptance) {
                (Some(reject), _) => Outcome::Rejected(reject),
                (None, Acceptance::Duplicate(state)) => Outcome::Duplicate(*state),
                (None, _) => Outcome::Accepted,
            };
        }
    }
    Ok(report)
}
