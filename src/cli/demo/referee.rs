//! The proof: what the registry's ledger says happened, held against what the jobs say happened.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::{Job, State};
use crate::sandbox::EffectRecord;

/// What the referee found. Everything is in order if there is no finding.
#[derive(Debug, Default)]
pub struct Ruling {
    /// Effects that are in the ledger once, as their jobs say.
    pub once: usize,
    /// What is wrong, one line each.
    pub findings: Vec<String>,
}

/// Holds the ledger's effects against the jobs: every write that succeeded happened exactly once, every other not at
/// all, and nothing happened that no job asked for.
#[must_use]
pub fn rule(jobs: &[Job], effects: &[EffectRecord]) -> Ruling {
    let mut ruling = Ruling::default();
    let mut by_job: HashMap<Uuid, Vec<&EffectRecord>> = HashMap::new();
    for effect in effects {
        match effect.ctid.as_deref().and_then(job_of) {
            Some(job) => by_job.entry(job).or_default().push(effect),
            None => {
                ruling.findings.push(format!("{} on {} carries no job's transaction id", effect.kind, effect.object))
            }
        }
    }
    for job in jobs {
        let happened = by_job.remove(&job.id.0).unwrap_or_default();
        let expected = usize::from(job.operation.writes() && job.state == State::Succeeded);
        let same =
            happened.iter().all(|e| e.kind == job.operation.name() && e.object.eq_ignore_ascii_case(job.object.name()));
        if !same {
            ruling
                .findings
                .push(format!("job {} caused something else than {} on {}", job.id, job.operation, job.object));
        }
        if !job.state.is_final() {
            ruling.findings.push(format!("job {} has not ended: {}", job.id, job.state));
        } else if happened.len() == expected {
            ruling.once += expected;
        } else {
            let (id, state, times) = (job.id, job.state, happened.len());
            ruling
                .findings
                .push(format!("job {id} is {state}, but {} on {} happened {times} times", job.operation, job.object));
        }
    }
    for (job, happened) in by_job {
        ruling
            .findings
            .extend(happened.iter().map(|e| format!("{} on {} happened for unknown job {job}", e.kind, e.object)));
    }
    ruling
}

/// The job in a transaction id of ours (`rd-<job>-<attempt>`).
fn job_of(transaction: &str) -> Option<Uuid> {
    let (job, _attempt) = transaction.strip_prefix("rd-")?.split_once('-')?;
    Uuid::try_parse(job).ok()
}
