//! `registrard bench`: how fast we are, against the raw floor measured in the same run.

mod claim;
mod deadlines;
mod engine;
mod house;
mod instant;
mod intake;
mod memory;

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::exit::Failure;

/// Measures against a database (and a broker) of your choice. Everything it writes is in a schema, or in queues, of its
/// own and is removed at the end.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From the broker into the store: messages consumed, checked, committed, acknowledged.
    Intake(intake::IntakeArgs),
    /// The whole cycle: accepted, claimed, sent to a registry that answers at once, recorded, event sent.
    Engine(engine::EngineArgs),
    /// What it costs to claim jobs when few wait and when millions wait, in PostgreSQL and in SQLite.
    Claim(claim::ClaimArgs),
    /// What it costs to look for due reminders in a calendar of a million entries, in PostgreSQL and in SQLite.
    Deadlines(deadlines::DeadlinesArgs),
    /// What memory the daemon needs while it works a queue of a million jobs, in PostgreSQL.
    Memory(memory::MemoryArgs),
}

/// Runs one benchmark and prints its figures.
///
/// # Errors
/// The database or the broker cannot be used, or what was measured misses its goal.
pub async fn run(args: &BenchArgs) -> Result<(), Failure> {
    match &args.what {
        What::Intake(args) => intake::run(args).await,
        What::Engine(args) => engine::run(args).await,
        What::Claim(args) => claim::run(args).await,
        What::Deadlines(args) => deadlines::run(args).await,
        What::Memory(args) => memory::run(args).await,
    }
}

/// Jobs per second.
fn rate(jobs: usize, took: Duration) -> f64 {
    jobs as f64 / took.as_secs_f64().max(1e-9)
}

/// One line of figures.
fn line(what: &str, jobs: usize, took: Duration) {
    println!("{what:<58} {:>9.0} jobs/s  ({:.2} s)", rate(jobs, took), took.as_secs_f64());
}

/// The bodies of `count` jobs as a publisher writes them, `prefix` making their ids distinct.
fn bodies(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| {
            serde_json::json!({
                "id": uuid::Uuid::now_v7(),
                "account": ACCOUNT,
                "operation": "domain.create",
                "params": { "domain": format!("bench-{n}.de"), "holder": ["BENCH-HOLDER"], "nserver": ["ns1.example.net", "ns2.example.net"] },
                "context": { "order": format!("A-{n}") },
            })
            .to_string()
        })
        .collect()
}

/// The account of all benchmark jobs.
const ACCOUNT: &str = "BENCH";
