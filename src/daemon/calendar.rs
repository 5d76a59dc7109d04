//! The keeper of the calendar, bound to what the rest of the house knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::desk::Counter;
use super::{Accounts, Daemon, gate_with};
use crate::config::{Account, Config};
use crate::deadlines::plan::Plans;
use crate::deadlines::{self, Keeper, Now};
use crate::model::Limits;
use crate::model::deadline::{Deadline, Word, own};
use crate::ops::metrics::{Metrics, OpenDeadlines};
use crate::store::DeadlineCount;

impl Daemon {
    /// Keeps the calendar, whenever no other daemon does.
    pub(super) fn begin_keeping(&self, workers: &mut JoinSet<()>, quiet: &CancellationToken) {
        let (hints, outbox) = (Arc::clone(&self.hints), Arc::clone(&self.outbox));
        let now: Now = Arc::new(Timestamp::now);
        let desk = Counter {
            gate: Arc::new(gate_with(&self.config, &self.accounts, Arc::clone(&self.keys))),
            store: Arc::clone(&self.store),
            config: self.config.clone(),
            accounts: self.accounts.clone(),
            limits: self.limits.clone(),
            now: Arc::clone(&now),
        };
        let (accounts, config, limits) = (self.accounts.clone(), self.config.clone(), self.limits.clone());
        let keeper = Keeper {
            store: Arc::clone(&self.store),
            owner: self.owner.clone(),
            ttl: Duration::from_secs(self.config.daemon.lease_seconds.into()),
            retry: self.config.retry_policy().connect,
            now,
            plans: Plans {
                deadlines: self.config.deadlines.clone(),
                zones: self.limits.iter().map(|(account, limits)| (account.clone(), limits.zone.clone())).collect(),
            },
            desk: Arc::new(desk),
            own: Arc::new(move |now| own_words(&accounts, &config, &limits, now)),
            observer: Arc::new(Gauges(Arc::clone(&self.metrics))),
            changed: Arc::new(move || {
                outbox.notify_one();
                hints.values().for_each(|hint| hint.notify_one());
            }),
            wake: Arc::<Notify>::default(),
        };
        workers.spawn(keeper.run(quiet.clone()));
    }
}

/// What accounts say of themselves: when their keys, certificates and credentials end.
fn own_words(
    accounts: &Accounts,
    config: &Config,
    limits: &BTreeMap<String, Arc<Limits>>,
    now: Timestamp,
) -> Vec<Word> {
    let words = accounts.iter().flat_map(|(account, registry)| {
        let day = config.accounts.get(account).and_then(Account::credential_day);
        let credential = day.zip(limits.get(account)).map(|(day, limits)| own::credential(day, &limits.zone));
        let dates: Vec<Deadline> = registry.deadlines().into_iter().chain(credential).collect();
        own::words(account, &dates, now)
    });
    words.collect()
}

/// Counts.
struct Gauges(Arc<Metrics>);

impl deadlines::Observer for Gauges {
    fn counted(&self, counts: &[DeadlineCount], now: Timestamp) {
        let open: Vec<_> = counts
            .iter()
            .map(|count| OpenDeadlines {
                account: &count.account,
                kind: count.kind.word(),
                counts: [count.overdue, count.ahead[0], count.ahead[1], count.ahead[2], count.ahead[3]],
                next: count.next,
            })
            .collect();
        self.0.deadlines(&open, now);
    }

    fn at_risk(&self, account: &str, entries: u64) {
        self.0.deadlines_at_risk(account, entries);
    }

    fn looked(&self, now: Timestamp) {
        self.0.calendar_kept(now);
    }
}
