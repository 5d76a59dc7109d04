//! What the demo prints at the end.

use std::collections::{BTreeMap, HashMap};

use comfy_table::{ContentArrangement, Table, presets};
use uuid::Uuid;

use super::super::exit::Failure;
use super::cast::Cast;
use super::parts::Part;
use super::stage::Stage;
use crate::model::{Job, Operation, State};
use crate::sandbox::Ledger;

/// Figures of a run.
pub struct Figures {
    /// Attempts beyond the first, over all jobs.
    pub retries: u32,
    /// Jobs that were in doubt, by how the question was answered.
    pub reconciled: BTreeMap<String, usize>,
    /// The jobs of transaction ids.
    pub transactions: HashMap<String, Uuid>,
    /// Submissions turned away at the door, with their reasons.
    pub rejects: Vec<(String, String)>,
}

impl Figures {
    /// Counts over all jobs and their attempts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn of(stage: &Stage, jobs: &[Job], rejects: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut figures = Self { retries: 0, reconciled: BTreeMap::new(), transactions: HashMap::new(), rejects };
        for job in jobs.iter().filter(|job| job.attempt > 0) {
            figures.retries += job.attempt - 1;
            let attempts = stage.store().job(job.id).await?.map(|detail| detail.attempts).unwrap_or_default();
            for attempt in attempts {
                if let Some(cause) = attempt.cause.filter(|cause| cause.starts_with("found_")) {
                    *figures.reconciled.entry(cause).or_default() += 1;
                }
                figures.transactions.insert(attempt.transaction, job.id.0);
            }
        }
        Ok(figures)
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let doubts: usize = self.reconciled.values().sum();
        let how: Vec<String> =
            self.reconciled.iter().map(|(cause, count)| format!("{count} {}", cause.replace('_', " "))).collect();
        let how = if how.is_empty() { "none".into() } else { how.join(", ") };
        format!(
            "retries: {}; in doubt and settled by asking: {doubts} ({how}); turned away: {}",
            self.retries,
            self.rejects.len()
        )
    }
}

/// States by registry and operation.
#[must_use]
pub fn states(cast: &Cast, jobs: &[Job]) -> Table {
    let mut rows: BTreeMap<(&str, Operation), BTreeMap<State, usize>> = BTreeMap::new();
    for job in jobs {
        *rows.entry((cast.registry(job), job.operation)).or_default().entry(job.state).or_default() += 1;
    }
    let shown: Vec<State> =
        State::ALL.iter().copied().filter(|state| rows.values().any(|counts| counts.contains_key(state))).collect();
    let mut table = empty();
    table.set_header(
        ["registry", "operation"].map(str::to_owned).into_iter().chain(shown.iter().map(ToString::to_string)),
    );
    for ((registry, operation), counts) in &rows {
        let cells = shown.iter().map(|state| counts.get(state).copied().unwrap_or(0).to_string());
        table.add_row([(*registry).to_owned(), operation.to_string()].into_iter().chain(cells));
    }
    table
}

/// What a registry saw, in one line.
#[must_use]
pub fn ledger(part: &Part, ledger: &Ledger, once: usize) -> String {
    let requests = ledger.requests.iter().filter(|request| request.registry == part.registry).count();
    let effects = ledger.effects.iter().filter(|effect| effect.registry == part.registry && (part.is_ordered)(effect));
    let (name, effects) = (part.registry, effects.count());
    format!("ledger of {name}: {requests} requests, {effects} effects ordered by jobs, {once} of them as they say\n")
}

/// Jobs that ended without success, by reason.
#[must_use]
pub fn failures(jobs: &[Job]) -> Table {
    let mut table = empty();
    table.set_header(["operation", "object", "state", "code", "reason"]);
    let unhappy = |state: State| state.is_final() && state != State::Succeeded;
    for job in jobs.iter().filter(|job| unhappy(job.state) || job.state == State::NeedsAttention) {
        let code = job.answer.as_ref().and_then(|answer| answer.leading_code()).unwrap_or("-");
        let reason = job.reason.as_deref().unwrap_or("-");
        table.add_row([job.operation.name(), job.object.name(), job.state.word(), code, reason]);
    }
    table
}

/// Submissions that were turned away.
#[must_use]
pub fn rejects(rejects: &[(String, String)]) -> Table {
    let mut table = empty();
    table.set_header(["code", "reason"]);
    for (code, reason) in rejects {
        let reason = reason.strip_prefix(&format!("{code}: ")).unwrap_or(reason);
        table.add_row([code, reason]);
    }
    table
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}
