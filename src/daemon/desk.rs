//! Where the calendar's jobs go: through the same door as all others, by the same rules.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Accounts;
use super::outlook::{self, AllLimits};
use crate::config::Config;
use crate::deadlines::Desk;
use crate::deadlines::act::Order;
use crate::job::intake::{DefaultId, Gate, Origin, Publisher};
use crate::job::schedule::forecast;
use crate::model::Class;
use crate::model::deadline::Entry;
use crate::model::job::DEADLINES;
use crate::store::{Flow, Store, StoreError};

/// The door, and what is known of what waits behind it.
pub struct Counter {
    /// Checks jobs.
    pub gate: Arc<Gate>,
    /// Keeps them.
    pub store: Arc<dyn Store>,
    /// What is configured.
    pub config: Config,
    /// The accounts.
    pub accounts: Accounts,
    /// What they may send.
    pub limits: AllLimits,
    /// The clock.
    pub now: crate::deadlines::Now,
}

#[async_trait]
impl Desk for Counter {
    async fn submit(&self, orders: &[Order]) -> Result<Vec<Result<(), String>>, StoreError> {
        let origin = Origin {
            publisher: Publisher::Deadline,
            id: DefaultId::InBulk,
            batch: None,
            reply_to: None,
            correlation_id: None,
        };
        let admitted: Vec<_> = orders.iter().map(|order| self.gate.admit(&origin, &order.job)).collect();
        let jobs: Vec<_> = admitted.iter().filter_map(|admitted| admitted.as_ref().ok().cloned()).collect();
        // One that is known, also with other content, was submitted before the configuration changed: it stands.
        self.store.accept(&jobs, &[], (self.now)()).await?;
        Ok(admitted.into_iter().map(|admitted| admitted.map(drop).map_err(|reject| reject.to_string())).collect())
    }

    fn asks_more(&self, entry: &Entry) -> Map<String, Value> {
        let registry = self.accounts.get(&entry.account);
        registry.map(|registry| registry.dialect().asks_about(entry.kind)).unwrap_or_default()
    }

    async fn done_by(&self, account: &str, more: u64, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let outlook = outlook::gather(&*self.store, &self.config, &self.limits, account, now).await?;
        let Some(outlook) = outlook else { return Ok(None) };
        let flow = Flow {
            queue: account.to_owned(),
            class: Class::Urgent,
            publisher: DEADLINES.to_owned(),
            batch: None,
            // One more than none: when what is there already will be done.
            ripe: more.max(1),
            unripe: 0,
        };
        Ok(forecast::additional(&outlook, &flow).end)
    }
}
