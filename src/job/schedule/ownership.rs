//! Who works an account: one daemon at a time, by a lease with a fence in the store (§6 of the design).
//!
//! A daemon sends only while its lease certainly holds by its own monotonic clock: it counts from *before* the request
//! for the lease, so it stops earlier than the store lets anybody else begin. A process that was stopped and wakes up
//! late finds its lease over before it can send. What it still writes is refused by the fence (law 9).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::clock::Clock;
use super::super::commit::Committer;
use super::super::companion::Companion;
use super::super::execute::Account;
use super::super::execute::funds::Funds;
use super::super::execute::standing::Standing;
use super::super::observer::Observer;
use super::budget::Budgets;
use super::quota::Quota;
use super::throttle::Throttle;
use super::worker;
use crate::failpoint::failpoint;
use crate::model::Limits;
use crate::model::retry::Policy;
use crate::net::seal::Keyring;
use crate::registries::Registry;
use crate::store::{Lease, Result, Store};

/// What is needed to compete for an account and to work it.
#[derive(Clone)]
pub struct Candidate {
    /// The account.
    pub account: String,
    /// Its registry.
    pub registry: Arc<dyn Registry>,
    /// What it may send.
    pub limits: Arc<Limits>,
    /// The pool it belongs to.
    pub pool: Option<String>,
    /// Weights of publishers that have another than 1.
    pub weights: Arc<BTreeMap<String, u32>>,
    /// The wall clock.
    pub clock: Clock,
    /// The keys of secrets in stored jobs.
    pub keys: Arc<Keyring>,
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
    /// Who else works for the account while it is owned.
    pub companion: Arc<dyn Companion>,
}

/// How a term of ownership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// It never began: another daemon owns the account.
    NotOurs,
    /// In good order.
    Orderly,
    /// Something was in the way; not to be tried again at once.
    Failed,
}

/// Competes for one account until told to stop; works it whenever it is owned. A daemon with several accounts has a
/// [`super::steward`] for all of them.
pub async fn run(candidate: Candidate, stop: CancellationToken) {
    let mut failures = 0;
    // Outlives each term of ownership: what a refused login taught must not be forgotten because the lease changed.
    let standing = Arc::new(Standing::default());
    while !stop.is_cancelled() {
        let pause = match serve(&candidate, &standing, &stop).await {
            Term::Orderly => {
                failures = 0;
                Duration::ZERO
            }
            Term::NotOurs => candidate.ttl / 3,
            Term::Failed => {
                failures += 1;
                candidate.policy.connect.wait(failures - 1, rand::random())
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Takes the account if it is free, and works it until told to stop or until the lease is lost.
pub(super) async fn serve(candidate: &Candidate, standing: &Arc<Standing>, stop: &CancellationToken) -> Term {
    let asked_at = Instant::now();
    match candidate.store.acquire(&candidate.account, &candidate.owner, candidate.ttl).await {
        Ok(Some(lease)) => match own(candidate, lease, asked_at, standing, stop).await {
            true => Term::Orderly,
            false => Term::Failed,
        },
        Ok(None) => Term::NotOurs,
        Err(error) => {
            tracing::warn!(account = candidate.account, "cannot ask for the account: {error}");
            Term::Failed
        }
    }
}

/// Owns the account until stopped or until the lease is lost; says whether it ended in good order.
async fn own(
    candidate: &Candidate,
    lease: Lease,
    asked_at: Instant,
    standing: &Arc<Standing>,
    stop: &CancellationToken,
) -> bool {
    failpoint!(LeaseAcquired);
    tracing::info!(account = lease.name, fence = lease.fence, "this daemon works the account now");
    candidate.observer.owns(&lease.name, true);
    let (validity, valid_until) = watch::channel(asked_at + candidate.ttl);
    let done = stop.child_token();
    let mut orderly = false;
    match prepare(candidate, &lease, standing, valid_until).await {
        Ok(account) => {
            let (poll, stop_within) = (candidate.poll, candidate.stop_within);
            let working = worker::work(account, &candidate.companion, poll, stop_within, done.clone());
            tokio::pin!(working);
            tokio::select! {
                ended = &mut working => orderly = ended,
                // Lost the lease: stop claiming, let what is on the wire end, and let the other daemon have it.
                () = renew(candidate, &lease, &validity) => {
                    done.cancel();
                    orderly = working.await;
                }
            }
        }
        Err(error) => tracing::warn!(account = lease.name, "cannot begin to work the account: {error}"),
    }
    // Outcomes still on their way name this lease's fence; the next owner may only begin when they are written.
    tokio::select! {
        () = candidate.committer.flush() => {}
        () = renew(candidate, &lease, &validity) => {}
    }
    failpoint!(LeaseReleasing);
    if let Err(error) = candidate.store.release(&lease).await {
        tracing::warn!(account = lease.name, "the lease could not be given back and will run out: {error}");
    }
    candidate.observer.owns(&lease.name, false);
    tracing::info!(account = lease.name, "this daemon no longer works the account");
    orderly
}

async fn prepare(
    candidate: &Candidate,
    lease: &Lease,
    standing: &Arc<Standing>,
    valid_until: watch::Receiver<Instant>,
) -> Result<Arc<Account>> {
    let limits = &candidate.limits;
    let store = Arc::clone(&candidate.store);
    let throttle = Throttle::rebuild(&*store, lease, limits.window, limits.grace, candidate.clock.now()).await?;
    let account = Account {
        name: lease.name.clone(),
        registry: Arc::clone(&candidate.registry),
        limits: Arc::clone(limits),
        pool: candidate.pool.clone(),
        weights: Arc::clone(&candidate.weights),
        clock: candidate.clock,
        keys: Arc::clone(&candidate.keys),
        store,
        lease: lease.clone(),
        valid_until,
        throttle,
        quota: Quota::new(Arc::clone(limits)),
        budgets: Budgets::rebuild(&*candidate.store, &lease.name, limits, candidate.clock.now()).await?,
        policy: candidate.policy,
        committer: candidate.committer.clone(),
        observer: Arc::clone(&candidate.observer),
        hint: Arc::clone(&candidate.hint),
        standing: Arc::clone(standing),
        funds: Funds::default(),
    };
    // Before the first desk: a suspended account must not even log in.
    account.look_up_standing().await?;
    account.obey(&account.store.pauses().await?);
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
                failpoint!(LeaseRenewed);
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
