//! What forecasts need to know, gathered from the store and the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::job::schedule::forecast::{Outlook, Silence, Station};
use crate::model::Limits;
use crate::store::{AccountState, Pause, PauseKind, QuotaUse, Result, SendBlock, Store};

/// Limits by account.
pub type AllLimits = BTreeMap<String, Arc<Limits>>;

/// The outlook of everybody who works a queue: the account, with all others of its pool; or the accounts of a pool.
///
/// `None` if the configuration has neither an account nor a pool of that name.
///
/// # Errors
/// The store cannot be read.
pub async fn gather(
    store: &dyn Store,
    config: &Config,
    limits: &AllLimits,
    queue: &str,
    now: Timestamp,
) -> Result<Option<Outlook>> {
    let Some((pool, accounts)) = members(config, queue) else { return Ok(None) };
    let pauses = store.pauses().await?;
    let mut stations = Vec::with_capacity(accounts.len());
    for account in &accounts {
        let Some(limits) = limits.get(account) else { continue };
        stations.push(station(store, config, account, Arc::clone(limits), &pauses, now).await?);
    }
    let mut flows = Vec::new();
    for queue in accounts.iter().chain(&pool) {
        flows.extend(store.flows(Some(queue)).await?);
    }
    let weights = config.publishers.iter().map(|(name, publisher)| (name.clone(), publisher.weight)).collect();
    Ok(Some(Outlook { now, pool, stations, flows, weights, pauses }))
}

/// The pool a queue is or is in, and the accounts that share queues.
#[must_use]
pub fn members(config: &Config, queue: &str) -> Option<(Option<String>, Vec<String>)> {
    let in_pool = config.pools.iter().find(|(name, pool)| *name == queue || pool.accounts.iter().any(|a| a == queue));
    match in_pool {
        Some((name, pool)) => Some((Some(name.clone()), pool.accounts.clone())),
        None => config.accounts.contains_key(queue).then(|| (None, vec![queue.to_owned()])),
    }
}

async fn station(
    store: &dyn Store,
    config: &Config,
    account: &str,
    limits: Arc<Limits>,
    pauses: &[Pause],
    now: Timestamp,
) -> Result<Station> {
    let quota = match limits.quota {
        Some(_) => store.quota(account, limits.day(now)).await?,
        None => QuotaUse::default(),
    };
    // All that are kept: only the account's owner knows for certain which do not count any more, and removes them.
    let blocks = store.blocks(account, Timestamp::UNIX_EPOCH).await?;
    let state = store.account(account).await?;
    Ok(Station {
        account: account.to_owned(),
        sent: sent(&blocks, &limits, now),
        quota,
        silence: silence(&state, config, account, pauses, now),
        limits,
    })
}

/// Sends that count against the window now: every block that is still open, and those closed within it.
fn sent(blocks: &[SendBlock], limits: &Limits, now: Timestamp) -> u32 {
    let since = SignedDuration::try_from(limits.window).ok().and_then(|window| now.checked_sub(window).ok());
    let counts = |block: &&SendBlock| block.closed_at.zip(since).is_none_or(|(closed, since)| closed > since);
    blocks.iter().filter(counts).map(|block| block.slots).fold(0, u32::saturating_add)
}

fn silence(state: &AccountState, config: &Config, account: &str, pauses: &[Pause], now: Timestamp) -> Option<Silence> {
    let registry = config.accounts.get(account).map_or("", |account| &account.registry);
    let paused = pauses.iter().any(|pause| match pause.kind {
        PauseKind::Account => pause.name == account,
        PauseKind::Registry => pause.name == registry,
        PauseKind::Publisher | PauseKind::Operation | PauseKind::Batch | PauseKind::Funds => false,
    });
    if paused || state.suspended.is_some() {
        return Some(Silence::Unknown);
    }
    state.cooldown_until.filter(|until| *until > now).map(Silence::Until)
}
