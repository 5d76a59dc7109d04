//! `registrard batches`: what became of many jobs that were submitted under one name.

use clap::Subcommand;

use super::exit::Failure;
use super::output::{Out, Row};
use crate::store::{BatchView, Store};

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
    },
}

impl Row for BatchView {
    const HEADINGS: &'static [&'static str] = &["BATCH", "PUBLISHER", "CREATED", "JOBS", "STATES"];
    fn cells(&self) -> Vec<String> {
        let states: Vec<_> = self.by_state.iter().map(|(state, jobs)| format!("{state} {jobs}")).collect();
        vec![
            self.name.clone(),
            self.publisher.clone(),
            self.created_at.to_string(),
            self.total.to_string(),
            states.join(", "),
        ]
    }
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(command: &Batches, store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    match command {
        Batches::List { limit } => out.rows(&store.batches(None, *limit).await?),
        Batches::Show { name } => {
            let batches = store.batches(Some(name), 1).await?;
            let Some(batch) = batches.first() else {
                return Err(Failure::not_found(format!("batch {name}"), "`registrard batches list` shows the newest"));
            };
            out.one(batch, |batch| {
                let mut text = format!(
                    "batch      {}\npublisher  {}\ncreated    {}\njobs       {}\n",
                    super::output::plain(&batch.name),
                    super::output::plain(&batch.publisher),
                    batch.created_at,
                    batch.total
                );
                for (state, jobs) in &batch.by_state {
                    text.push_str(&format!("  {state:<15}  {jobs}\n"));
                }
                text.push_str(&format!(
                    "\n`registrard jobs list --batch '{}'` lists its jobs.\n",
                    batch.name.escape_default()
                ));
                text
            })
        }
    }
}
