//! What the demo prints at the end.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use super::super::exit::Failure;
use super::stage::Stage;
use crate::model::{Job, Operation, State};

/// Figures of a run.
pub struct Figures {
    /// Attempts beyond the first, over all jobs.
    pub retries: u32,
    /// Jobs that were in doubt, by how the question was answered.
    pub reconciled: BTreeMap<String, usize>,
    /// Submissions turned away at the door, with their reasons.
    pub rejects: Vec<(String, String)>,
}

impl Figures {
    /// Counts over all jobs and their attempts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn of(stage: &Stage, jobs: &[Job], rejects: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut figures = Self { retries: 0, reconciled: BTreeMap::new(), rejects };
        for job in jobs.iter().filter(|job| job.attempt > 0) {
            figures.retries += job.attempt - 1;
            let attempts = stage.store().job(job.id).await?.map(|detail| detail.attempts).unwrap_or_default();
            for cause in attempts.into_iter().filter_map(|attempt| attempt.cause) {
                if cause.starts_with("found_") {
                    *figures.reconciled.entry(cause).or_default() += 1;
                }
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

/// States by operation.
#[must_use]
pub fn states(jobs: &[Job]) -> Table {
    let mut rows: BTreeMap<Operation, BTreeMap<State, usize>> = BTreeMap::new();
    for job in jobs {
        *rows.entry(job.operation).or_default().entry(job.state).or_default() += 1;
    }
    let shown: Vec<State> =
        State::ALL.iter().copied().filter(|state| rows.values().any(|counts| counts.contains_key(state))).collect();
    let mut table = empty();
    table.set_header(std::iter::once("operation".to_owned()).chain(shown.iter().map(ToString::to_string)));
    for (operation, counts) in &rows {
        let cells = shown.iter().map(|state| counts.get(state).copied().unwrap_or(0).to_string());
        table.add_row(std::iter::once(operation.to_string()).chain(cells));
    }
    table
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
