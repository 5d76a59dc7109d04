//! How the daemon stands: what probes are told, and what is counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{Accounts, Hints};
use crate::broker::Broker;
use crate::job::observer::Observer;
use crate::model::{Cause, Limits, Move, Operation, State};
use crate::ops::http::{AccountReadiness, Check, Health, Readiness};
use crate::ops::metrics::{Login, Metrics, Received};
use crate::ops::notify::Notify as ServiceManager;
use crate::poll;
use crate::store::{Result, Store};

/// Between two looks at store and broker.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks between two counts of all jobs.
const COUNT_EVERY: u32 = 3;

/// What probes are told; kept in memory and answered at once.
pub struct Standing(Mutex<Readiness>);

impl Standing {
    /// Nothing is known yet except the names of the accounts. The store and the broker were reached at start.
    pub fn new<'a>(accounts: impl Iterator<Item = &'a String>) -> Self {
        let accounts = accounts
            .map(|name| AccountReadiness { account: name.clone(), owned_here: false, suspended: None, sessions: 0 })
            .collect();
        Self(Mutex::new(Readiness { store: Check::up(), broker: None, accounts }))
    }

    fn change(&self, change: impl FnOnce(&mut Readiness)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn change_account(&self, name: &str, change: impl FnOnce(&mut AccountReadiness)) {
        self.change(|all| {
            if let Some(account) = all.accounts.iter_mut().find(|account| account.account == name) {
                change(account);
            }
        });
    }
}

impl Health for Standing {
    fn report(&self) -> Readiness {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Looks at store and broker until the task is dropped, and feeds the service manager's watchdog: a daemon whose store
/// round trip hangs is not alive.
pub async fn watch(
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
    metrics: Arc<Metrics>,
    standing: Arc<Standing>,
    manager: ServiceManager,
    has_broker: bool,
) {
    let every = manager.watchdog_interval().unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
    let mut looks = 0u32;
    loop {
        let reached = store.ping().await;
        metrics.store(reached.is_ok());
        let connected = broker.connected();
        if has_broker {
            metrics.broker(connected);
        }
        standing.change(|all| {
            all.store = reached.as_ref().map_or_else(|why| Check::down(why.to_string()), |()| Check::up());
            all.broker = has_broker.then(|| if connected { Check::up() } else { Check::down("not connected") });
        });
        manager.alive();
        if looks.is_multiple_of(COUNT_EVERY) {
            // Counting many jobs may be slow; that is no reason to call the daemon dead.
            match tokio::time::timeout(LOOK_EVERY, count(&*store, &metrics)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!("jobs could not be counted: {error}"),
                Err(_) => tracing::warn!("counting the jobs took too long; their metrics are stale"),
            }
        }
        looks = looks.wrapping_add(1);
        tokio::time::sleep(every).await;
    }
}

async fn count(store: &dyn Store, metrics: &Metrics) -> Result<()> {
    let now = Timestamp::now();
    let counts = store.counts().await?.into_iter().map(|row| (row.account, row.state, row.jobs, row.oldest));
    metrics.backlog(&counts.collect::<Vec<_>>(), now);
    let backlog = store.outbox_backlog().await?;
    metrics.outbox(backlog.unsent, backlog.oldest, now);
    metrics.open_messages(&store.open_messages().await?);
    Ok(())
}

/// One line per change of what billing may believe.
fn log(step: &Move) {
    let (job, account, attempt) = (step.job(), step.account(), step.attempt());
    let (operation, cause, reason) = (step.operation(), step.cause(), step.reason.as_deref().unwrap_or_default());
    match step.to() {
        State::NeedsAttention => {
            tracing::error!(%job, account, attempt, %operation, %cause, reason, "job {job} needs attention");
        }
        State::InDoubt => tracing::warn!(%job, account, attempt, %operation, %cause, reason, "job {job} is in doubt"),
        State::Waiting => tracing::debug!(%job, account, attempt, %operation, %cause, reason, "job {job} waits again"),
        to => tracing::info!(%job, account, attempt, %operation, %cause, reason, "job {job} is {to}"),
    }
}

/// Binds what happens to metrics and to what probes are told.
pub struct Counting {
    metrics: Arc<Metrics>,
    standing: Arc<Standing>,
    /// Plug-in and session limit of each account.
    kinds: BTreeMap<String, (&'static str, usize)>,
    /// Wakes the poller of an account.
    pollers: Hints,
}

impl Counting {
    /// Counts for these accounts.
    pub fn new(
        metrics: Arc<Metrics>,
        standing: Arc<Standing>,
        accounts: &Accounts,
        limits: &BTreeMap<String, Arc<Limits>>,
        pollers: Hints,
    ) -> Self {
        let sessions = |name: &String| limits.get(name).map_or(1, |limits| limits.sessions);
        let kinds = accounts.iter().map(|(name, registry)| (name.clone(), (registry.kind(), sessions(name)))).collect();
        // So that an account nobody ever owned is seen, too.
        accounts.keys().for_each(|name| metrics.owned(name, false));
        Self { metrics, standing, kinds, pollers }
    }
}

impl Observer for Counting {
    fn received(&self, outcome: &str, count: u64) {
        let what = match outcome {
            "accepted" => Received::Accepted,
            "duplicate" => Received::Duplicate,
            _ => Received::Rejected,
        };
        self.metrics.received(what, count);
    }

    fn warned(&self, account: &str, rule: &'static str) {
        self.metrics.warned(account, rule);
    }

    fn moved(&self, step: &Move) {
        let account = step.account();
        log(step);
        match (step.from(), step.to()) {
            (_, to) if to.is_final() || to == State::NeedsAttention => {
                self.metrics.finished(account, step.operation(), to)
            }
            (State::Running, State::Waiting) => self.metrics.deferred(account, step.waiting_for.word()),
            (State::Running, State::InDoubt) => self.metrics.in_doubt(account),
            _ => {}
        }
        if step.to() == State::Pending
            && step.from() != State::Pending
            && let Some(poller) = self.pollers.get(account)
        {
            // The message that ends it may be there soon.
            poller.notify_one();
        }
        if step.from() == State::InDoubt && step.cause() != Cause::GaveUp {
            self.metrics.reconciled(account, step.cause());
        }
    }

    fn committed(&self, moves: usize) {
        self.metrics.committed(moves);
    }

    fn commanded(&self, account: &str, operation: Operation, verdict: &'static str, took: Duration) {
        let kind = self.kinds.get(account).map_or("", |(kind, _)| kind);
        self.metrics.answered(kind, account, operation, verdict, took);
    }

    fn unknown_code(&self, registry: &str, code: &str) {
        self.metrics.unknown_code(registry, code);
    }

    fn login(&self, account: &str, result: &str) {
        let result = match result {
            "ok" => Login::Open,
            "not_now" => Login::NotNow,
            "refused" => Login::Refused,
            _ => Login::Unreachable,
        };
        self.metrics.login(account, result);
    }

    fn sessions(&self, account: &str, open: usize, busy: usize) {
        let limit = self.kinds.get(account).map_or(0, |(_, limit)| *limit);
        self.metrics.sessions(account, busy, open.saturating_sub(busy), limit);
        self.standing.change_account(account, |a| a.sessions = open);
    }

    fn slots(&self, account: &str, used: u32, limit: u32) {
        self.metrics.throttle(account, used as usize, limit);
    }

    fn quota(&self, account: &str, used: u64, limit: u64, drift: Option<i64>) {
        self.metrics.quota(account, used, limit, drift);
    }

    fn paused(&self, account: &str, paused: bool) {
        self.metrics.paused(account, paused);
    }

    fn out_of_funds(&self, account: &str, short: bool) {
        self.metrics.out_of_funds(account, short);
    }

    fn owns(&self, account: &str, owns: bool) {
        self.metrics.owned(account, owns);
        self.standing.change_account(account, |a| a.owned_here = owns);
    }

    fn suspended(&self, account: &str, why: Option<&str>) {
        match why {
            Some(_) => self.metrics.suspended(account),
            None => self.metrics.resumed(account),
        }
        self.standing.change_account(account, |a| a.suspended = why.map(str::to_owned));
    }

    fn published(&self, outcome: &str, count: u64) {
        match outcome {
            "confirmed" => self.metrics.published(count),
            _ => self.metrics.unroutable(count),
        }
    }
}

impl poll::observer::Observer for Counting {
    fn stored(&self, account: &str, kind: &'static str) {
        self.metrics.message(account, kind);
    }

    fn ended(&self, step: &Move) {
        Observer::moved(self, step);
    }

    fn looked(&self, account: &str, length: Option<u64>) {
        self.metrics.queue_looked_at(account, length, Timestamp::now());
    }

    fn failed(&self, account: &str, why: &'static str) {
        self.metrics.poll_failed(account, why);
    }
}
