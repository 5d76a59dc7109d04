//! `registrard batches`: what became of many jobs that were submitted under one name; stopping them, and watching them go.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{Format, Out, Row, plain};
use super::progress::{Drawing, Tally};
use super::{accounts, progress};
use crate::config::Config;
use crate::store::{BatchView, Pause, PauseKind, Store, StoreError};

/// What to do with batches.
#[derive(Debug, Subcommand)]
pub enum Batches {
    /// List batches, newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show one batch.
    Show {
        /// Its name.
        name: String,
        /// Watch it until every job is over or needs attention; the exit code says whether all succeeded. With
        /// `--output jsonl` one JSON line for each change.
        #[arg(long, short)]
        follow: bool,
    },
    /// Let no further job of a batch start. What is on the wire is answered; everything else waits, at no cost.
    Stop {
        /// Its name.
        name: String,
        /// Why, for whoever finds it stopped.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a batch go on that was stopped, by an operator or by the brake; the brake does not stop it again.
    Resume {
        /// Its name.
        name: String,
    },
}

/// A batch, and whether it is stopped.
#[derive(Serialize)]
struct BatchRow {
    #[serde(flatten)]
    view: BatchView,
    stopped: Option<Pause>,
}

impl BatchRow {
    fn new(view: BatchView, pauses: &[Pause]) -> Self {
        let stopped = pauses.iter().find(|pause| pause.kind == PauseKind::Batch && pause.name == view.name);
        Self { stopped: stopped.cloned(), view }
    }
}

impl Row for BatchRow {
    const HEADINGS: &'static [&'static str] = &["BATCH", "PUBLISHER", "CREATED", "JOBS", "STATES", "STOPPED"];
    fn cells(&self) -> Vec<String> {
        let states: Vec<_> = self.view.by_state.iter().map(|(state, jobs)| format!("{state} {jobs}")).collect();
        vec![
            self.view.name.clone(),
            self.view.publisher.clone(),
            self.view.created_at.to_string(),
            self.view.total.to_string(),
            states.join(", "),
            self.stopped.as_ref().map(|pause| pause.reason.clone()).unwrap_or_default(),
        ]
    }
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`]; of a batch that was followed, a job that did not succeed is [`Exit::JobFailed`].
pub async fn run(
    command: &Batches,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    match command {
        Batches::List { limit } => {
            let pauses = store.pauses().await?;
            let batches = store.batches(None, *limit).await?;
            out.rows(&batches.into_iter().map(|view| BatchRow::new(view, &pauses)).collect::<Vec<_>>())
        }
        Batches::Show { name, follow: false } => {
            let batch = store.batches(Some(name), 1).await?.into_iter().next().ok_or_else(|| unknown(name))?;
            out.one(&BatchRow::new(batch, &store.pauses().await?), people)
        }
        Batches::Show { name, follow: true } => follow(name, store, out).await,
        Batches::Stop { name, reason } => {
            accounts::begin(PauseKind::Batch, name, reason.as_deref(), config, store, now, out).await
        }
        Batches::Resume { name } => accounts::end(PauseKind::Batch, name, config, store, now, out).await,
    }
}

fn unknown(name: &str) -> Failure {
    Failure::not_found(format!("batch {name}"), "`registrard batches list` shows the newest")
}

fn people(row: &BatchRow) -> String {
    let BatchRow { view, stopped } = row;
    let mut text = format!(
        "batch      {}\npublisher  {}\ncreated    {}\njobs       {}\n",
        plain(&view.name),
        plain(&view.publisher),
        view.created_at,
        view.total
    );
    for (state, jobs) in &view.by_state {
        let _ = writeln!(text, "  {state:<15}  {jobs}");
    }
    let name = view.name.escape_default();
    if let Some(pause) = stopped {
        let _ = writeln!(text, "stopped    since {}: {}", pause.since, plain(&pause.reason));
        let _ = writeln!(text, "\n`registrard batches resume '{name}'` lets it go on.");
    }
    let _ = writeln!(text, "\n`registrard jobs list --batch '{name}'` lists its jobs.");
    text
}

/// Watches a batch until it is over.
async fn follow(name: &str, store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut drawing = Drawing::new(out.format == Format::Jsonl);
    let watched = progress::watch(&mut drawing, out, async || tally(name, store).await).await?;
    let tally = watched.ok_or_else(|| unknown(name))?;
    if out.format == Format::Json {
        out.one(&tally, |_| String::new())?;
    }
    if tally.unsuccessful() == 0 {
        return Ok(());
    }
    let what = format!("of {} job(s), {} did not succeed", tally.total, tally.unsuccessful());
    let next = format!("`registrard jobs list --batch {name} --state failed` lists those that failed");
    Err(Failure::new(Exit::JobFailed, "job_failed", what).next(next))
}

/// How far a batch is; `None` if there is none of that name.
pub(super) async fn tally(name: &str, store: &dyn Store) -> Result<Option<Tally>, StoreError> {
    let Some(progress) = store.progress(name).await? else { return Ok(None) };
    let stopped = store.pauses().await?.into_iter().find(|p| p.kind == PauseKind::Batch && p.name == name);
    Ok(Some(Tally::of(&progress, stopped.map(|pause| pause.reason))))
}
