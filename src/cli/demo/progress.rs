//! Waiting for the bulk, with a bar on a terminal and a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::super::exit::{Exit, Failure};
use super::stage::Stage;
use crate::model::State;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Waits until `expected` jobs have ended or need attention.
pub async fn until_ended(stage: &Stage, expected: usize, patience: Duration) -> Result<(), Failure> {
    let bar = ProgressBar::new(expected as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} jobs ended, {msg}, {elapsed}") {
        bar.set_style(style);
    }
    let (begun, terminal) = (Instant::now(), std::io::stderr().is_terminal());
    let mut next_line = begun + LINE_EVERY;
    loop {
        let counts = stage.store().counts().await?;
        let count = |wanted: fn(State) -> bool| -> u64 {
            counts.iter().filter(|row| wanted(row.state)).map(|row| row.jobs).sum()
        };
        let ended = count(|state| state.is_final() || state == State::NeedsAttention);
        let doubt = count(|state| state == State::InDoubt);
        bar.set_position(ended);
        bar.set_message(format!("{doubt} in doubt"));
        if ended >= expected as u64 {
            bar.finish_and_clear();
            return Ok(());
        }
        if !terminal && Instant::now() >= next_line {
            next_line += LINE_EVERY;
            eprintln!("{ended}/{expected} jobs ended, {doubt} in doubt");
        }
        if begun.elapsed() > patience || stage.daemon_ended() {
            bar.abandon();
            let why = if stage.daemon_ended() { "the daemon ended" } else { "too slow" };
            let what = format!("{ended} of {expected} jobs ended after {} s", begun.elapsed().as_secs());
            return Err(Failure::new(Exit::Temporary, "stuck", what).why(why));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
