//! `registrard submit`: jobs from a file or standard input into the store, as if they came through the broker.

mod read;
mod wait;

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use super::exit::{Exit, Failure};
use super::output::{Format, Out, Row};
use crate::model::{JobId, Reject, State};
use crate::store::{Acceptance, Store};

/// Jobs handed over at once: few enough for a moving progress bar, enough for one transaction to carry many.
const AT_ONCE: usize = 500;

/// What to submit, and how.
#[derive(Args, Debug)]
pub struct SubmitArgs {
    /// File with jobs, `-` for standard input: one job, one bulk message, an array of jobs, or one job a line. A job
    /// without `id` gets one made of its content, its place and its batch, so that submitting a file twice does nothing.
    pub file: PathBuf,
    /// The batch of every job that names none.
    #[arg(long)]
    pub batch: Option<String>,
    /// Wait until every job is over or needs attention; the exit code says whether all succeeded.
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Only check the jobs, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What became of one submitted job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The store answered (in a dry run: it would be stored).
    Taken(JobId, Acceptance),
    /// Turned away: its id, if it had a readable one, and why.
    Rejected(Option<String>, Reject),
}

/// One job of the report.
#[derive(Serialize)]
struct Line {
    job: Option<String>,
    outcome: &'static str,
    state: Option<State>,
    code: Option<&'static str>,
    field: Option<String>,
    reason: Option<String>,
}

impl From<&Submitted> for Line {
    fn from(submitted: &Submitted) -> Self {
        let line =
            |job: Option<String>, outcome| Self { job, outcome, state: None, code: None, field: None, reason: None };
        let refused =
            |id: &JobId, reason: &str| Self { reason: Some(reason.into()), ..line(Some(id.to_string()), "rejected") };
        match submitted {
            Submitted::Taken(id, Acceptance::New) => line(Some(id.to_string()), "accepted"),
            Submitted::Taken(id, Acceptance::Duplicate(state)) => {
                Self { state: Some(*state), ..line(Some(id.to_string()), "duplicate") }
            }
            Submitted::Taken(id, Acceptance::Conflict) => {
                Self { code: Some("conflict"), ..refused(id, "the id is known with other content, which stands") }
            }
            Submitted::Taken(id, Acceptance::Cycle) => {
                Self { code: Some("cycle"), ..refused(id, "it would wait for itself") }
            }
            Submitted::Rejected(id, reject) => Self {
                code: Some(reject.code.word()),
                field: reject.field.clone(),
                reason: Some(reject.reason.clone()),
                ..line(id.clone(), "rejected")
            },
        }
    }
}

impl Row for Line {
    const HEADINGS: &'static [&'static str] = &["JOB", "OUTCOME", "STATE", "CODE", "FIELD", "REASON"];
    fn cells(&self) -> Vec<String> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        vec![
            text(&self.job),
            self.outcome.into(),
            self.state.map(|state| state.to_string()).unwrap_or_default(),
            self.code.unwrap_or_default().into(),
            text(&self.field),
            text(&self.reason),
        ]
    }
}

/// Runs the command. `accept` takes a bulk message and whether it is only to be checked, and says for each of its jobs,
/// in order, what became of it.
///
/// # Errors
/// See [`Failure`]; a job that was rejected or did not succeed is [`Exit::JobFailed`].
pub async fn run(
    args: &SubmitArgs,
    store: &dyn Store,
    input: impl Read,
    accept: impl AsyncFn(&str, bool) -> Result<Vec<Submitted>, Failure>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let jobs = read::jobs(args, input)?;
    let mut submitted = Vec::with_capacity(jobs.len());
    let bar = bar(jobs.len(), "submitted");
    for some in jobs.chunks(AT_ONCE) {
        let message = json!({ "batch": args.batch, "jobs": some });
        submitted.extend(accept(&message.to_string(), args.dry_run).await?);
        bar.set_position(submitted.len() as u64);
    }
    bar.finish_and_clear();
    report(&submitted, args.dry_run, out)?;
    let rejected = submitted.iter().filter(|one| Line::from(*one).outcome == "rejected").count();
    let failed = if args.wait { wait::until_over(&submitted, store, out).await? } else { 0 };
    if rejected + failed == 0 {
        return Ok(());
    }
    let what = format!("of {} job(s), {rejected} were rejected and {failed} did not succeed", submitted.len());
    Err(Failure::new(Exit::JobFailed, "job_failed", what).next("`registrard jobs show ID` tells why"))
}

/// For programs every job; for people what needs a look, and how many there were.
fn report(submitted: &[Submitted], dry_run: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    let lines: Vec<_> = submitted.iter().map(Line::from).collect();
    if out.format != Format::Table || lines.len() <= 20 {
        out.rows(&lines)?;
    } else {
        let notable: Vec<_> = lines.into_iter().filter(|line| line.outcome != "accepted").collect();
        if !notable.is_empty() {
            out.rows(&notable)?;
        }
    }
    let new = submitted.iter().filter(|one| matches!(one, Submitted::Taken(_, Acceptance::New))).count();
    let verb = if dry_run { "would be accepted" } else { "accepted" };
    out.say(&format!("{new} of {} job(s) {verb}", submitted.len()));
    Ok(())
}

/// A progress bar on standard error; invisible where that is no terminal.
fn bar(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests;
