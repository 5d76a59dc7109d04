//! `registrard messages`: what the registries themselves had to say.

use clap::{Args, Subcommand};

use super::exit::Failure;
use super::output::{Out, Row};
use crate::store::{InboxRow, MessageFilter, Store};

/// What to do with messages.
#[derive(Debug, Subcommand)]
pub enum Messages {
    /// List messages of registries, newest first.
    List(Filter),
}

/// Which messages to list.
#[derive(Args, Debug)]
pub struct Filter {
    /// Only of this account.
    #[arg(long, short)]
    pub account: Option<String>,
    /// Only of this kind, for example `transferred_away`, or `raw` for types nobody knows.
    #[arg(long, short)]
    pub kind: Option<String>,
    /// Only those that are not yet known to be removed at the registry.
    #[arg(long)]
    pub open: bool,
    /// Only those received before the message with this sequence number (for the next page).
    #[arg(long)]
    pub before: Option<i64>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

impl From<&Filter> for MessageFilter {
    fn from(filter: &Filter) -> Self {
        Self {
            account: filter.account.clone(),
            kind: filter.kind.clone(),
            only_open: filter.open,
            before_seq: filter.before,
            limit: filter.limit,
        }
    }
}

impl Row for InboxRow {
    const HEADINGS: &'static [&'static str] = &["SEQ", "ACCOUNT", "KIND", "OBJECT", "WRITTEN", "RECEIVED", "REMOVED"];
    fn cells(&self) -> Vec<String> {
        let removed = match (self.removed_at, &self.why) {
            (Some(at), _) => at.to_string(),
            (None, Some(why)) => format!("not yet ({} tries): {why}", self.tries),
            (None, None) => "not yet".into(),
        };
        vec![
            self.seq.to_string(),
            self.account.clone(),
            if self.kind == "raw" { format!("raw ({})", self.native_kind) } else { self.kind.clone() },
            self.object.clone().unwrap_or_default(),
            self.written_at.map(|at| at.to_string()).unwrap_or_default(),
            self.received_at.to_string(),
            removed,
        ]
    }
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(command: &Messages, store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    let Messages::List(filter) = command;
    let messages = store.messages(&filter.into()).await?;
    if messages.len() == filter.limit as usize
        && let Some(last) = messages.last()
    {
        out.say(&format!("there may be more: --before {}", last.seq));
    }
    out.rows(&messages)
}
