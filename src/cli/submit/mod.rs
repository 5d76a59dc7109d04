//! `registrard submit`: jobs from a file or standard input into the store, as if they came through the broker.

mod read;
mod wait;

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::output::{Format, Out, Row};
use crate::broker::Published;
use crate::broker::rabbitmq::{JobMessage, Names, publish_jobs};
use crate::config::Config;
use crate::job::intake::{Outcome, Submission, Submitted};
use crate::model::request::Warning;
use crate::model::{Operation, State};
use crate::store::Store;

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
    /// The way they take: straight into the store, or as a publisher through the broker.
    #[arg(long, value_enum, default_value_t)]
    pub via: Via,
}

/// The way jobs take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// Straight into the store; also while the daemon is down.
    #[default]
    Store,
    /// Through the broker, with confirms, as the user of `broker.url`.
    Amqp,
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
    warnings: Vec<Warning>,
    plan: Vec<Operation>,
}

impl From<&Submitted> for Line {
    fn from(submitted: &Submitted) -> Self {
        let job = submitted.id.map(|id| id.to_string());
        let (warnings, plan) = (submitted.warnings.clone(), submitted.plan.clone());
        let line = |outcome| Self { job, outcome, state: None, code: None, field: None, reason: None, warnings, plan };
        match &submitted.outcome {
            Outcome::Accepted => line("accepted"),
            Outcome::Duplicate(state) => Self { state: Some(*state), ..line("duplicate") },
            Outcome::Rejected(reject) => Self {
                code: Some(reject.code.word()),
                field: reject.field.clone(),
                reason: Some(reject.reason.clone()),
                ..line("rejected")
            },
        }
    }
}

impl Row for Line {
    const HEADINGS: &'static [&'static str] = &["JOB", "OUTCOME", "STATE", "CODE", "FIELD", "REASON"];
    fn cells(&self) -> Vec<String> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let warning = |warning: &Warning| format!("warning: {}: {} ({})", warning.field, warning.reason, warning.rule);
        let plan = match self.plan.as_slice() {
            [question, request] => Some(format!("plan: {question} first, then {request} of the whole object")),
            _ => None,
        };
        let warnings = self.warnings.iter().map(warning);
        let reasons: Vec<String> = self.reason.iter().cloned().chain(plan).chain(warnings).collect();
        vec![
            text(&self.job),
            self.outcome.into(),
            self.state.map(|state| state.to_string()).unwrap_or_default(),
            self.code.unwrap_or_default().into(),
            text(&self.field),
            reasons.join("; "),
        ]
    }
}

/// Runs the command. `accept` takes jobs and whether they are only to be checked, and says for each, in order, what
/// became of it.
///
/// # Errors
/// See [`Failure`]; a job that was rejected or did not succeed is [`Exit::JobFailed`].
pub async fn run(
    args: &SubmitArgs,
    store: &dyn Store,
    input: impl Read,
    accept: impl AsyncFn(&[Submission], bool) -> Result<Vec<Submitted>, Failure>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let jobs = read::jobs(args, input)?;
    let mut submitted = Vec::with_capacity(jobs.len());
    let bar = bar(jobs.len(), "submitted");
    for some in jobs.chunks(AT_ONCE) {
        let items: Vec<_> = some.iter().map(|job| Submission { job: job.clone(), batch: None }).collect();
        submitted.extend(accept(&items, args.dry_run).await?);
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

/// Publishes the jobs as bulk messages. What becomes of each is told by events, so there is nothing to wait for or to
/// try here.
///
/// # Errors
/// See [`Failure`].
pub async fn publish(args: &SubmitArgs, config: &Config, input: impl Read, out: &mut Out<'_>) -> Result<(), Failure> {
    if args.wait || args.dry_run {
        let what = "--wait and --dry-run look into the store, --via amqp does not";
        return Err(Failure::new(Exit::Usage, "usage", what).next("leave one of them out"));
    }
    let Some(broker) = &config.broker else {
        let what = "there is no [broker] in the configuration";
        return Err(Failure::new(Exit::Configuration, "configuration", what).next("use --via store"));
    };
    let jobs = read::jobs(args, input)?;
    let message = |some: &[Value]| JobMessage {
        message_id: uuid::Uuid::now_v7().to_string(),
        body: json!({ "batch": args.batch, "jobs": some }).to_string().into_bytes(),
    };
    let messages: Vec<_> = jobs.chunks(AT_ONCE).map(message).collect();
    for published in publish_jobs(broker, &Names::default(), &messages).await? {
        if let Published::Unroutable(why) = published {
            let next = "start the daemon once, so that it declares its queues; submitting again is safe";
            return Err(Failure::new(Exit::Unavailable, "unroutable", "the jobs reached no queue").why(why).next(next));
        }
    }
    out.say(&format!("{} job(s) published; `registrard events tail` tells what becomes of them", jobs.len()));
    Ok(())
}

/// For programs every job; for people what needs a look, and how many there were.
fn report(submitted: &[Submitted], dry_run: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    let lines: Vec<_> = submitted.iter().map(Line::from).collect();
    if out.format != Format::Table || lines.len() <= 20 {
        out.rows(&lines)?;
    } else {
        let notable: Vec<_> =
            lines.into_iter().filter(|line| line.outcome != "accepted" || !line.warnings.is_empty()).collect();
        if !notable.is_empty() {
            out.rows(&notable)?;
        }
    }
    let new = submitted.iter().filter(|one| one.outcome == Outcome::Accepted).count();
    let verb = if dry_run { "would be accepted" } else { "accepted" };
    let warned = submitted.iter().filter(|one| !one.warnings.is_empty()).count();
    let warned = if warned == 0 { String::new() } else { format!(", {warned} with warnings") };
    out.say(&format!("{new} of {} job(s) {verb}{warned}", submitted.len()));
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
