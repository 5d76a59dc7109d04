//! `registrard accounts`: how the accounts stand, and what an operator keeps from starting.

mod pause;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::exit::Failure;
use super::output::{Out, Row};
use crate::config::Config;
use crate::store::{AccountState, Pause, PauseKind, Store};

pub(super) use pause::{begin, end};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// List all accounts: who is suspended, paused, out of funds, cooling down or without a session, and why; below them all
    /// other pauses.
    List,
    /// Let nothing of an account start, or nothing of all accounts of a registry, of a publisher, of an operation or of a
    /// batch. What is on the wire is answered; everything else waits, at no cost, until it is resumed.
    Pause {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// Why, for whoever finds it paused.
        #[arg(long)]
        reason: Option<String>,
    },
    /// End a pause; or, of an account without money, let one order try whether there is some now; or let a suspended account
    /// work again. Correct the cause of a suspension first: a second refused login
    /// may lock the account at the registry.
    Resume {
        /// Which.
        #[command(flatten)]
        which: Which,
    },
}

/// What a pause is about: exactly one of these.
#[derive(Args, Clone, Debug, Default)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The account, as named in the configuration.
    pub account: Option<String>,
    /// All accounts of this registry, for example denic-rri.
    #[arg(long)]
    pub registry: Option<String>,
    /// The jobs of this publisher; `local` are those of the command line.
    #[arg(long)]
    pub publisher: Option<String>,
    /// The jobs with this operation, for example domain.delete.
    #[arg(long)]
    pub operation: Option<String>,
    /// The jobs of this batch.
    #[arg(long)]
    pub batch: Option<String>,
}

impl Which {
    /// The kind and the name.
    #[must_use]
    pub fn one(&self) -> Option<(PauseKind, &str)> {
        let all = [
            (PauseKind::Account, &self.account),
            (PauseKind::Registry, &self.registry),
            (PauseKind::Publisher, &self.publisher),
            (PauseKind::Operation, &self.operation),
            (PauseKind::Batch, &self.batch),
        ];
        all.into_iter().find_map(|(kind, name)| Some((kind, name.as_deref()?)))
    }
}

/// One line of the list.
#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    Account(Box<AccountRow>),
    /// A pause of something else.
    Pause(Pause),
}

#[derive(Serialize)]
struct AccountRow {
    registry: Option<String>,
    #[serde(flatten)]
    state: AccountState,
    /// Pauses of the account (of what costs money alone, where it has none), and of its registry.
    pauses: Vec<Pause>,
}

impl Row for Line {
    const HEADINGS: &'static [&'static str] = &["ACCOUNT", "REGISTRY", "STATE", "SINCE / UNTIL", "REASON"];
    fn cells(&self) -> Vec<String> {
        match self {
            Self::Account(row) => row.cells(),
            Self::Pause(pause) => vec![
                format!("({} {})", pause.kind.word(), pause.name),
                String::new(),
                "paused".into(),
                pause.since.to_string(),
                pause.reason.clone(),
            ],
        }
    }
}

impl AccountRow {
    /// Everything that keeps it from working, most lasting first; it works only when all of it is over.
    fn standing(&self) -> Vec<(&'static str, Option<Timestamp>, &str)> {
        let AccountState { suspended, suspended_at, cooldown_until, cooldown_reason, trouble, trouble_since, .. } =
            &self.state;
        let mut all = Vec::new();
        all.extend(suspended.as_deref().map(|reason| ("suspended", *suspended_at, reason)));
        all.extend(self.pauses.iter().map(|pause| {
            let word = match pause.kind {
                PauseKind::Registry => "registry paused",
                PauseKind::Funds => "out of funds",
                _ => "paused",
            };
            (word, Some(pause.since), pause.reason.as_str())
        }));
        let cooling =
            cooldown_until.map(|until| ("cooling down", Some(until), cooldown_reason.as_deref().unwrap_or("")));
        all.extend(cooling);
        all.extend(trouble.as_deref().map(|reason| ("no session", *trouble_since, reason)));
        all
    }

    fn cells(&self) -> Vec<String> {
        let standing = self.standing();
        let join = |parts: Vec<String>| parts.join("; ");
        let word =
            if standing.is_empty() { "active".into() } else { join(standing.iter().map(|s| s.0.into()).collect()) };
        vec![
            self.state.account.clone(),
            self.registry.clone().unwrap_or_else(|| "(not configured)".into()),
            word,
            join(standing.iter().filter_map(|s| s.1).map(|at| at.to_string()).collect()),
            join(standing.iter().map(|s| s.2.to_owned()).collect()),
        ]
    }
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    command: &Accounts,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    match command {
        Accounts::List => out.rows(&list(config, store.accounts().await?, store.pauses().await?, now)),
        Accounts::Pause { which, reason } => {
            let (kind, name) = which.one().ok_or_else(nothing_named)?;
            begin(kind, name, reason.as_deref(), config, store, now, out).await
        }
        Accounts::Resume { which } => {
            let (kind, name) = which.one().ok_or_else(nothing_named)?;
            end(kind, name, config, store, now, out).await
        }
    }
}

/// Only for callers that are not the command line, which asks for exactly one.
fn nothing_named() -> Failure {
    Failure::new(super::exit::Exit::Usage, "usage", "nothing is named that could be paused")
}

/// The configured accounts, those of which only the store knows, and the pauses of other things.
fn list(config: &Config, states: Vec<AccountState>, pauses: Vec<Pause>, now: Timestamp) -> Vec<Line> {
    let mut states: BTreeMap<_, _> = states.into_iter().map(|s| (s.account.clone(), s)).collect();
    let of_account = |pause: &Pause| matches!(pause.kind, PauseKind::Account | PauseKind::Funds);
    let paused = pauses.iter().filter(|pause| of_account(pause)).map(|pause| &pause.name);
    for account in config.accounts.keys().chain(paused) {
        states
            .entry(account.clone())
            .or_insert_with(|| AccountState { account: account.clone(), ..Default::default() });
    }
    let rows = states.into_values().map(|mut state| {
        if state.cooldown_until.is_some_and(|until| until <= now) {
            (state.cooldown_until, state.cooldown_reason) = (None, None);
        }
        let registry = config.accounts.get(&state.account).map(|account| account.registry.clone());
        let keeps_still = |pause: &&Pause| match pause.kind {
            PauseKind::Account | PauseKind::Funds => pause.name == state.account,
            PauseKind::Registry => Some(&pause.name) == registry.as_ref(),
            PauseKind::Publisher | PauseKind::Operation | PauseKind::Batch => false,
        };
        let pauses = pauses.iter().filter(keeps_still).cloned().collect();
        Line::Account(Box::new(AccountRow { registry, state, pauses }))
    });
    let accounts: Vec<_> = rows.collect();
    let others = pauses.into_iter().filter(|pause| !of_account(pause)).map(Line::Pause);
    accounts.into_iter().chain(others).collect()
}
