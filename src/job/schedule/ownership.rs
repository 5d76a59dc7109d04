//! Who works an account: one daemon at a time, by a lease with a fence in the store (§6 of the design).
//!
//! A daemon sends only while its lease certainly holds by its own monotonic clock: it counts from *before* the request
//! for the lease, so it stops earlier than the store lets anybody else begin. A process that was stopped and wakes up
//! late finds its lease over before it can send. What it still writes is refused by the fence (law 9).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::commit::Committer;
use super::super::execute::Account;
use super::super::execute::standing::Standing;
use super::super::observer::Observer;
use super::throttle::Throttle;
use super::worker;
use crate::model::retry::Policy;
use crate::registries::Registry;
use crate::store::{Lease, Result, Store};

/// What is needed to compete for an account and to work it.
#[derive(Clone)]
pub struct Candidate {
    /// The account.
    pub account: String,
    /// Its registry.
    pub registry: Arc<dyn Registry>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Name of this daemon, unique per process.
    pub owner: String,
    /// Length of the lease.
    pub ttl: Duration,
    /// Longest time between two looks for work.
    pub poll: Duration,
    /// What requests on the wire get when it must stop.
    pub stop_within: Duration,
    /// When to try again.
    pub policy: Policy,
    /// Where outcomes go.
    pub committer: Committer,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Told when there may be new work for this account.
    pub hint: Arc<Notify>,
}

/// Competes for the account until told to stop; works it whenever it is owned.
pub async fn run(candidate: Candidate, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let asked_at = Instant::now();
        let pause = match candidate.store.acquire(&candidate.account, &candidate.owner, candidate.ttl).await {
            Ok(Some(lease)) => {
                failures = 0;
                own(&candidate, lease, asked_at, &stop).await;
                Duration::ZERO
            }
            Ok(None) => candidate.ttl / 3,
            Err(error) => {
                failures += 1;
                tracing::warn!(account = candidate.account, "cannot ask for the account: {error}");
                candidate.policy.connect.wait(failures - 1, rand::random())
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Owns the account until stopped or until the lease is lost.
async fn own(candidate: &Candidate, lease: Lease, asked_at: Instant, stop: &CancellationToken) {
    tracing::info!(account = lease.name, fence = lease.fence, "this daemon works the account now");
    candidate.observer.owns(&lease.name, true);
    let (validity, valid_until) = watch::channel(asked_at + candidate.ttl);
    let done = stop.child_token();
    match prepare(candidate, &lease, valid_until).await {
        Ok(account) => {
            let working = worker::work(account, candidate.poll, candidate.stop_within, done.clone());
            tokio::pin!(working);
            tokio::select! {
                () = &mut working => {}
                // Lost the lease: stop claiming, let what is on the wire end, and let the other daemon have it.
                () = renew(candidate, &lease, &validity) => {
                    done.cancel();
                    working.await;
                }
            }
        }
        Err(error) => tracing::warn!(account = lease.name, "cannot begin to work the account: {error}"),
    }
    if let Err(error) = candidate.store.release(&lease).await {
        tracing::warn!(account = lease.name, "the lease could not be given back and will run out: {error}");
    }
    candidate.observer.owns(&lease.name, false);
    tracing::info!(account = lease.name, "this daemon no longer works the account");
}

async fn prepare(candidate: &Candidate, lease: &Lease, valid_until: watch::Receiver<Instant>) -> Result<Arc<Account>> {
    let limits = candidate.registry.limits();
    let store = Arc::clone(&candidate.store);
    let throttle = Throttle::rebuild(&*store, lease, limits.window, limits.grace, Timestamp::now()).await?;
    let account = Account {
        name: lease.name.clone(),
        registry: Arc::clone(&candidate.registry),
        store,
        lease: lease.clone(),
        valid_until,
        throttle,
        policy: candidate.policy,
        committer: candidate.committer.clone(),
        observer: Arc::clone(&candidate.observer),
        hint: Arc::clone(&candidate.hint),
        standing: Standing::default(),
        talk: Mutex::default(),
    };
    // Before the first desk: a suspended account must not even log in.
    account.look_up_standing().await?;
    Ok(Arc::new(account))
}

/// Prolongs the lease until it is lost. A store that is away does not end ownership by itself: sending stops when the
/// lease can no longer be trusted, and goes on if the store comes back before anybody else took it.
async fn renew(candidate: &Candidate, lease: &Lease, validity: &watch::Sender<Instant>) {
    loop {
        tokio::time::sleep(candidate.ttl / 3).await;
        let asked_at = Instant::now();
        match candidate.store.renew(lease, candidate.ttl).await {
            Ok(true) => {
                validity.send_replace(asked_at + candidate.ttl);
            }
            Ok(false) => {
                validity.send_replace(asked_at);
                tracing::warn!(account = lease.name, "the lease was lost to another daemon");
                return;
            }
            Err(error) => tracing::warn!(account = lease.name, "the lease could not be prolonged: {error}"),
        }
    }
}
