//! `registrard demo`: the registries, a daemon and a morning's work, with trouble on purpose, and the proof at the end that
//! everything happened exactly once.

mod cast;
mod parts;
mod progress;
mod referee;
mod report;
mod stage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::exit::{Exit, Failure};
use super::output::Out;
use crate::model::Job;
use parts::PARTS;
use report::Figures;
use stage::Stage;

/// How long the whole bulk may take before the demo says that something is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts the sandbox and the daemon, submits a bulk of jobs, injects faults, and proves from the registry's ledger that
/// every effect happened exactly once. Without options it needs neither PostgreSQL nor RabbitMQ.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep everything it writes in this directory (which must be empty or new).
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Use this PostgreSQL database instead of SQLite; the demo makes a schema of its own in it.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Send the jobs through this RabbitMQ, and read the events from it.
    #[arg(long, value_name = "URL")]
    pub amqp: Option<String>,
    /// Decides which requests are hit by a fault.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// Plays the demo.
///
/// # Errors
/// Something could not be started, the bulk got stuck, or the proof failed.
pub async fn run(args: &DemoArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    let begun = Instant::now();
    let stage = Stage::set(args, out).await?;
    let cast = stage.cast().clone();
    let played = play(&stage, out).await;
    let ledger = stage.clear().await?;
    let (jobs, figures) = played?;
    out.data(&format!("\n{}\n", report::states(&cast, &jobs)))?;
    out.data(&format!("\nNot succeeded, and why:\n{}\n", report::failures(&jobs)))?;
    out.data(&format!("\nTurned away at the door:\n{}\n", report::rejects(&figures.rejects)))?;
    out.data(&format!("\n{}\n", figures.summary()))?;
    let (mut once, mut findings) = (0, Vec::new());
    for part in PARTS {
        let told: Vec<_> = jobs.iter().filter_map(|job| cast.told(part, job)).collect();
        let ruling = referee::rule(part, &told, &figures.transactions, &ledger.effects);
        out.data(&report::ledger(part, &ledger, ruling.once))?;
        once += ruling.once;
        findings.extend(ruling.findings);
    }
    for finding in &findings {
        out.say(&format!("NOT IN ORDER: {finding}"));
    }
    if !findings.is_empty() {
        let what = format!("{} findings against exactly-once", findings.len());
        return Err(Failure::new(Exit::Software, "proof_failed", what).next("run again with --keep DIR and look there"));
    }
    out.data(&format!(
        "proof: {once} effects happened exactly once, nothing else happened ({:.1} s)\n",
        begun.elapsed().as_secs_f64()
    ))?;
    Ok(())
}

/// Submits the bulk and waits until every job has ended.
async fn play(stage: &Stage, out: &mut Out<'_>) -> Result<(Vec<Job>, Figures), Failure> {
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    let bulk: Vec<_> = PARTS.iter().flat_map(|part| (part.jobs)(today)).collect();
    out.say(&format!("submitting {} jobs {}", bulk.len(), stage.way()));
    let rejects = stage.submit(&bulk).await?;
    let expected = bulk.len() - rejects.len();
    progress::until_ended(stage, expected, PATIENCE).await?;
    let jobs = stage.jobs().await?;
    let figures = Figures::of(stage, &jobs, rejects).await?;
    Ok((jobs, figures))
}
