//! `registrard events tail`: the events as the broker gets them, read from the store.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::Failure;
use super::output::{Format, Out, plain};
use crate::store::{OutboxRow, Store};

/// Events read at once.
const PAGE: u32 = 500;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// Print events, oldest first. With `--output json` or `jsonl` one CloudEvent a line.
    Tail(Tail),
}

/// Which events.
#[derive(Debug, Args)]
pub struct Tail {
    /// Go on printing as events happen.
    #[arg(long, short)]
    pub follow: bool,
    /// Begin after this sequence number (0: with the first) instead of near the end.
    #[arg(long)]
    pub since: Option<i64>,
    /// How many of the last events to begin with.
    #[arg(long, short = 'n', default_value_t = 20, conflicts_with = "since")]
    pub lines: u32,
    /// Milliseconds between looks.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=60_000), hide = true)]
    pub every: u64,
}

/// Runs the command. `--follow` ends only when its output is closed or the process is interrupted.
///
/// # Errors
/// See [`Failure`].
pub async fn run(command: &Events, store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    let Events::Tail(tail) = command;
    let mut seq = match tail.since {
        Some(seq) => seq,
        None => store.last_event().await?.saturating_sub(tail.lines.into()),
    };
    loop {
        let rows = store.events_after(seq, PAGE).await?;
        for row in &rows {
            out.data(&shown(row, out.format))?;
            seq = row.seq;
        }
        let at_end = rows.len() < PAGE as usize;
        if at_end && !tail.follow {
            out.say(&format!("continue with --since {seq}"));
            return Ok(());
        }
        if at_end {
            tokio::time::sleep(Duration::from_millis(tail.every)).await;
        }
    }
}

fn shown(row: &OutboxRow, format: Format) -> String {
    let OutboxRow { seq, event, sent_at, .. } = row;
    if format != Format::Table {
        return format!("{}\n", event.body);
    }
    let sent = if sent_at.is_some() { "sent" } else { "kept" };
    let text = |pointer: &str| event.body.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
    let about = if text("/data/object").is_empty() { text("/subject") } else { text("/data/object") };
    format!(
        "{seq:>8}  {}  {sent}  {:<20}  {:<20}  {}  {}\n",
        event.time,
        plain(&event.kind),
        plain(&event.account),
        plain(about),
        plain(text("/data/reason"))
    )
}

/// An event as last seen, for `jobs show`.
#[derive(Serialize)]
pub struct EventLine {
    /// Order of writing.
    pub seq: i64,
    /// `job.succeeded`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub time: jiff::Timestamp,
    /// When the broker confirmed it.
    pub sent_at: Option<jiff::Timestamp>,
    /// How often delivery failed.
    pub tries: u32,
}

impl From<&OutboxRow> for EventLine {
    fn from(row: &OutboxRow) -> Self {
        let OutboxRow { seq, event, sent_at, tries } = row;
        Self { seq: *seq, kind: event.kind.clone(), time: event.time, sent_at: *sent_at, tries: *tries }
    }
}
