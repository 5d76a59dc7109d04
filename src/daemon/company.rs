//! Who accompanies an account beside its jobs: the poller of its messages, where its registry has a queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Accounts, Hints};
use crate::config::Config;
use crate::job::companion::Companion;
use crate::poll::Poller;
use crate::registries::{Line, Registry};
use crate::store::Lease;

/// Binds ownership to the poller; neither knows the other.
pub struct Company {
    poller: Poller,
    /// The accounts whose messages are read here.
    readers: BTreeMap<String, Arc<dyn Registry>>,
    hints: Hints,
}

impl Company {
    /// Reads the messages of the accounts that say so.
    pub fn new(poller: Poller, config: &Config, accounts: &Accounts, hints: Hints) -> Self {
        let reads = |name: &&String| config.accounts.get(*name).is_some_and(|account| account.read_messages);
        let readers =
            accounts.keys().filter(reads).filter_map(|name| Some((name.clone(), accounts.get(name)?.clone())));
        Self { poller, readers: readers.collect(), hints }
    }
}

#[async_trait]
impl Companion for Company {
    async fn accompany(&self, account: &str, line: Arc<dyn Line>, lease: Lease, stop: CancellationToken) {
        let mailbox = self.readers.get(account).and_then(|registry| registry.dialect().mailbox());
        match (mailbox, self.hints.get(account)) {
            (Some(mailbox), Some(hint)) => self.poller.attend(mailbox, line, lease, hint, stop).await,
            _ => stop.cancelled().await,
        }
    }
}
