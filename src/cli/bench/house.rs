//! The parts of a daemon that the benchmarks set to work: one account with a registry in the same process, the committer and
//! the outbox with the broker built in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::ACCOUNT;
use crate::broker::local::LocalBroker;
use crate::config;
use crate::job::brake::Brake;
use crate::job::clock::Clock;
use crate::job::commit::Committer;
use crate::job::companion::Alone;
use crate::job::event::Outbox;
use crate::job::observer::Observer;
use crate::job::schedule::ownership::Candidate;
use crate::model::retry::Policy;
use crate::model::{Limits, Move};
use crate::registries::Registry;
use crate::store::Store;

const LEASE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(500);

/// Counts jobs whose life ended.
#[derive(Default)]
pub(super) struct Ended {
    jobs: AtomicUsize,
    told: Notify,
}

impl Ended {
    /// So many until now.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Relaxed)
    }

    /// Returns when another job has ended or an event was sent.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }
}

impl Observer for Ended {
    fn moved(&self, step: &Move) {
        if step.to().is_final() {
            self.jobs.fetch_add(1, Ordering::Relaxed);
            self.told.notify_one();
        }
    }
    fn published(&self, _outcome: &'static str, _count: u64) {
        self.told.notify_one();
    }
}

/// What there is to set to work.
pub(super) struct House {
    /// For the account of all benchmark jobs.
    pub(super) candidate: Candidate,
    pub(super) outbox: Outbox,
    /// Writes outcomes already; ends when the candidate is gone and everything is written.
    pub(super) writer: JoinHandle<()>,
    pub(super) ended: Arc<Ended>,
}

impl House {
    pub(super) fn of(store: &Arc<dyn Store>, registry: Arc<dyn Registry>, limits: Limits, owner: String) -> Self {
        let ended = Arc::new(Ended::default());
        let observer: Arc<dyn Observer> = ended.clone();
        let (hint, outbox) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let policy = Policy::default();
        let (wake, wake_outbox) = (Arc::clone(&hint), Arc::clone(&outbox));
        let brake = Brake::new(config::Brake::default());
        let after = move || {
            wake.notify_one();
            wake_outbox.notify_one();
        };
        let (committer, writer) =
            Committer::braking(Arc::clone(store), brake, policy.connect, Arc::clone(&observer), after);
        let candidate = Candidate {
            account: ACCOUNT.into(),
            limits: Arc::new(limits),
            registry,
            pool: None,
            weights: Arc::default(),
            clock: Clock::system(),
            keys: Arc::default(),
            store: Arc::clone(store),
            owner: owner.clone(),
            ttl: LEASE,
            poll: POLL,
            stop_within: Duration::from_secs(5),
            policy,
            committer,
            observer: Arc::clone(&observer),
            hint,
            companion: Arc::new(Alone),
        };
        let outbox = Outbox {
            store: Arc::clone(store),
            broker: Arc::new(LocalBroker::new()),
            owner,
            ttl: LEASE,
            poll: POLL,
            retry: policy.connect,
            wake: outbox,
            observer,
        };
        Self { candidate, outbox, writer, ended }
    }
}
