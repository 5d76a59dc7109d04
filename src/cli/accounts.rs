//! `registrard accounts`: how the accounts stand, and putting a suspended one back to work.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{Out, Row};
use crate::config::Config;
use crate::model::Event;
use crate::store::{AccountState, Store};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// List all accounts with their suspension and cool-down.
    List,
    /// Let a suspended account work again. Correct the cause first: a second refused login may lock it at the registry.
    Resume {
        /// The account, as named in the configuration.
        account: String,
    },
}

#[derive(Serialize)]
struct AccountRow {
    registry: Option<String>,
    #[serde(flatten)]
    state: AccountState,
}

impl Row for AccountRow {
    const HEADINGS: &'static [&'static str] = &["ACCOUNT", "REGISTRY", "STATE", "SINCE / UNTIL", "REASON"];
    fn cells(&self) -> Vec<String> {
        let AccountState { account, suspended, suspended_at, cooldown_until, cooldown_reason, .. } = &self.state;
        let (word, instant, reason) = match (suspended, cooldown_until) {
            (Some(reason), _) => ("suspended", suspended_at, Some(reason)),
            (None, Some(_)) => ("cooling down", cooldown_until, cooldown_reason.as_ref()),
            (None, None) => ("active", &None, None),
        };
        vec![
            account.clone(),
            self.registry.clone().unwrap_or_else(|| "(not configured)".into()),
            word.into(),
            instant.map(|instant| instant.to_string()).unwrap_or_default(),
            reason.cloned().unwrap_or_default(),
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
        Accounts::List => out.rows(&list(config, store.accounts().await?, now)),
        Accounts::Resume { account } => resume(account, config, store, now, out).await,
    }
}

/// The configured accounts, and those of which only the store knows.
fn list(config: &Config, states: Vec<AccountState>, now: Timestamp) -> Vec<AccountRow> {
    let mut states: std::collections::BTreeMap<_, _> = states.into_iter().map(|s| (s.account.clone(), s)).collect();
    for account in config.accounts.keys() {
        states
            .entry(account.clone())
            .or_insert_with(|| AccountState { account: account.clone(), ..Default::default() });
    }
    let rows = states.into_values().map(|mut state| {
        if state.cooldown_until.is_some_and(|until| until <= now) {
            (state.cooldown_until, state.cooldown_reason) = (None, None);
        }
        AccountRow { registry: config.accounts.get(&state.account).map(|account| account.registry.clone()), state }
    });
    rows.collect()
}

async fn resume(
    account: &str,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let state = store.account(account).await?;
    let Some(reason) = state.suspended else {
        if config.accounts.contains_key(account) {
            return Err(Failure::new(Exit::Refused, "not_suspended", format!("account {account} is not suspended"))
                .next("`registrard accounts list` shows how it stands"));
        }
        return Err(Failure::not_found(format!("account {account}"), "`registrard accounts list` shows all"));
    };
    let event = Event::of_account(account, "resumed", "by an operator", now);
    store.suspend(account, None, &event).await?;
    out.say(&format!("account {account} works again within seconds; it was suspended because: {reason}"));
    Ok(())
}
