//! What forecasts need to know, for whoever runs a command.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::exit::Failure;
use crate::config::Config;
use crate::daemon;
pub use crate::daemon::outlook::{AllLimits, members};
use crate::job::schedule::forecast::Outlook;
use crate::registries;
use crate::store::Store;

/// The limits of all accounts, and what to say of those that cannot be made here: whoever runs a command may not be able to
/// read their secrets, but what their registry publishes is known without.
#[must_use]
pub fn limits(config: &Config) -> (AllLimits, Vec<String>) {
    let made = |config: &Config| daemon::accounts(config).and_then(|accounts| daemon::limits(config, &accounts));
    if let Ok(limits) = made(config) {
        return (limits, Vec::new());
    }
    let (mut limits, mut remarks) = (AllLimits::new(), Vec::new());
    for (name, account) in &config.accounts {
        let only = BTreeMap::from([(name.clone(), account.clone())]);
        let alone = Config { accounts: only, pools: BTreeMap::new(), ..config.clone() };
        match (made(&alone), registries::plugin(&account.registry)) {
            (Ok(made), _) => limits.extend(made),
            (Err(why), Some(plugin)) => {
                let published = (plugin.limits)();
                let configured = account.limits.over(name, published.clone()).unwrap_or(published);
                limits.insert(name.clone(), Arc::new(configured));
                remarks.push(format!(
                    "the limits of account {name} are those of the configuration and of its registry, since it cannot be made \
                     here: {why}"
                ));
            }
            (Err(why), None) => remarks.push(why.to_string()),
        }
    }
    (limits, remarks)
}

/// The outlook of everybody who works a queue: the account, with all others of its pool; or the accounts of a pool.
///
/// # Errors
/// The configuration has neither an account nor a pool of that name, or the store cannot be read.
pub async fn gather(
    store: &dyn Store,
    config: &Config,
    limits: &AllLimits,
    queue: &str,
    now: Timestamp,
) -> Result<Outlook, Failure> {
    daemon::outlook::gather(store, config, limits, queue, now).await?.ok_or_else(|| {
        Failure::not_found(format!("account {queue}"), "`registrard accounts list` shows all; pools have names, too")
    })
}

#[cfg(test)]
mod tests;
