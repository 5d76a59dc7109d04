//! `registrard submit`: jobs from a file or standard input into the store, as if they came through the broker.

mod plan;
mod read;
mod wait;

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::output::{Format, Out, Row};
use super::progress::bar;
use crate::broker::Published;
use crate::broker::rabbitmq::{JobMessage, Names, publish_jobs};
use crate::config::Config;
use crate::job::intake::{Outcome, Submission, Submitted, Told};
use crate::model::request::Warning;
use crate::model::{Operation, State};
use crate::store::Store;
pub use plan::{Plan, Terms};

/// Jobs in one message to the broker.
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
    /// Only say what would happen, and store nothing: what is wrong with the jobs, which are known already, what they cost,
    /// what they delete, when they would be done, and whether the brake would stop them.
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

/// Runs the command. `accept` takes jobs, whether they are only to be checked, and whom to tell how far it is, and says for
/// each, in order, what became of it.
///
/// # Errors
/// See [`Failure`]; a job that was rejected or did not succeed is [`Exit::JobFailed`].
pub async fn run(
    args: &SubmitArgs,
    store: &dyn Store,
    input: impl Read,
    accept: impl AsyncFn(&[Submission], bool, Told<'_>) -> Result<Vec<Submitted>, Failure>,
    terms: &Terms<'_>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let items: Vec<_> = read::jobs(args, input)?.into_iter().map(|job| Submission { job, batch: None }).collect();
    // What is to be said beforehand is known from all of it only.
    let foreseen = counting(&items, "checked", async |told| accept(&items, true, told).await).await?;
    let mut plan = Plan::of(&foreseen, terms);
    let submitted = if args.dry_run {
        plan.foretell(&foreseen, store, terms).await?;
        report(&foreseen, Some(&plan), out)?;
        foreseen
    } else {
        plan.warnings().iter().for_each(|warning| out.say(warning));
        let submitted = counting(&items, "submitted", async |told| accept(&items, false, told).await).await?;
        report(&submitted, None, out)?;
        submitted
    };
    let rejected = submitted.iter().filter(|one| matches!(one.outcome, Outcome::Rejected(_))).count();
    let failed = if args.wait { wait::until_over(&submitted, store, out).await? } else { 0 };
    if rejected == 0 && failed == 0 {
        return Ok(());
    }
    let what = format!("of {} job(s), {rejected} were rejected and {failed} did not succeed", submitted.len());
    Err(Failure::new(Exit::JobFailed, "job_failed", what).next("`registrard jobs show ID` tells why"))
}

/// Does something with all items under a bar.
async fn counting<T>(
    items: &[Submission],
    what: &'static str,
    deal: impl AsyncFnOnce(Told<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let bar = bar(items.len() as u64, "{bar:40} {pos}/{len} {msg}, {elapsed}").with_message(what);
    let done = deal(&|items| bar.set_position(items as u64)).await;
    bar.finish_and_clear();
    done
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

/// What a program reads: every job, and in a dry run the plan.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Job(Box<Line>),
    Plan { plan: &'a Plan },
}

impl Row for Item<'_> {
    const HEADINGS: &'static [&'static str] = Line::HEADINGS;
    fn cells(&self) -> Vec<String> {
        match self {
            Self::Job(line) => line.cells(),
            Self::Plan { .. } => vec![String::new(); Self::HEADINGS.len()],
        }
    }
}

/// For programs every job; for people what needs a look, and how many there were. With the plan, if this is a dry run.
fn report(submitted: &[Submitted], plan: Option<&Plan>, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut lines: Vec<_> = submitted.iter().map(|one| Item::Job(Box::new(Line::from(one)))).collect();
    if out.format != Format::Table {
        lines.extend(plan.map(|plan| Item::Plan { plan }));
    } else if lines.len() > 20 {
        lines = submitted.iter().filter(|one| is_notable(one)).map(|one| Item::Job(Box::new(one.into()))).collect();
    }
    if !lines.is_empty() || out.format != Format::Table {
        out.rows(&lines)?;
    }
    if let Some(plan) = plan.filter(|_| out.format == Format::Table) {
        out.data(&plan.text())?;
    }
    let new = submitted.iter().filter(|one| one.outcome == Outcome::Accepted).count();
    let verb = if plan.is_some() { "would be accepted" } else { "accepted" };
    let warned = submitted.iter().filter(|one| !one.warnings.is_empty()).count();
    let warned = if warned == 0 { String::new() } else { format!(", {warned} with warnings") };
    out.say(&format!("{new} of {} job(s) {verb}{warned}", submitted.len()));
    Ok(())
}

/// Whether somebody should look at it among many.
fn is_notable(one: &Submitted) -> bool {
    one.outcome != Outcome::Accepted || !one.warnings.is_empty()
}

#[cfg(test)]
mod tests;
