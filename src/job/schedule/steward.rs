//! Sees to it that this daemon works its share of the accounts: looks at the roll call about once a second, takes what is
//! due to it, and gives back what is due to others.
//!
//! Everything it knows may be old by the time it acts on it. Nothing depends on that: the lease decides who works an
//! account, and the next look puts right what this one got wrong.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::super::execute::standing::Standing;
use super::ownership::{self, Candidate, Term};
use super::spread::{Duties, Spread, Stance};
use crate::model::retry::Steps;
use crate::store::{Result, RollCall, Store};

/// Longest time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Looks in the length of a lease.
const LOOKS: u32 = 6;
/// A daemon is at work if it has reported within so many looks: less than is left of a lease when its owner dies, so that
/// the dead are not counted on any more when their accounts become free.
const ATTENDANCE: u32 = 3;

/// What the steward needs of the rest.
#[async_trait]
trait Office: Send + Sync + 'static {
    /// Reports for duty, and learns who else is there.
    async fn report(&self, ttl: Duration) -> Result<RollCall>;
    /// Says that nothing more is to be expected of this daemon.
    async fn leave(&self) -> Result<()>;
    /// Takes an account if it is free, and works it until it is told to stop or loses it.
    async fn serve(self: Arc<Self>, account: String, stop: CancellationToken) -> Term;
}

/// Works this daemon's share of the accounts of these candidates until told to stop. All have the same owner, made by
/// [`super::spread::name`], and the same store; returns when every account is given back.
pub async fn run(candidates: Vec<Candidate>, stop: CancellationToken) {
    let Some(first) = candidates.first() else { return };
    let (me, ttl, steps) = (first.owner.clone(), first.ttl, first.policy.connect);
    let store = Arc::clone(&first.store);
    let accounts: Vec<String> = candidates.iter().map(|candidate| candidate.account.clone()).collect();
    let posts = candidates.into_iter().map(|candidate| {
        // Outlives each term: what a refused login taught must not be forgotten because the lease changed.
        (candidate.account.clone(), (candidate, Arc::new(Standing::default())))
    });
    let house = House { me: me.clone(), store, posts: posts.collect() };
    Steward::new(Arc::new(house), Spread::new(&me, accounts), ttl, steps, stop).run().await;
}

struct House {
    me: String,
    store: Arc<dyn Store>,
    posts: BTreeMap<String, (Candidate, Arc<Standing>)>,
}

#[async_trait]
impl Office for House {
    async fn report(&self, ttl: Duration) -> Result<RollCall> {
        self.store.report(&self.me, ttl).await
    }
    async fn leave(&self) -> Result<()> {
        self.store.leave(&self.me).await
    }
    async fn serve(self: Arc<Self>, account: String, stop: CancellationToken) -> Term {
        match self.posts.get(&account) {
            Some((candidate, standing)) => ownership::serve(candidate, standing, &stop).await,
            None => Term::NotOurs,
        }
    }
}

/// What this daemon is about with an account.
#[derive(Default)]
struct Post {
    /// Ends the term that is under way.
    term: Option<CancellationToken>,
    /// Failures in a row.
    failures: u32,
    /// Not to be tried before, after a failure.
    not_before: Option<Instant>,
}

impl Post {
    fn stance(&self) -> Option<Stance> {
        match &self.term {
            Some(stop) if stop.is_cancelled() => Some(Stance::Leaving),
            Some(_) => Some(Stance::Working),
            None if self.not_before.is_some_and(|at| Instant::now() < at) => Some(Stance::Unfit),
            None => None,
        }
    }
}

struct Steward<O> {
    office: Arc<O>,
    spread: Spread,
    look: Duration,
    steps: Steps,
    stop: CancellationToken,
    posts: BTreeMap<String, Post>,
    terms: JoinSet<Term>,
    /// The account of each running term; a term that broke can say nothing any more.
    accounts: BTreeMap<Id, String>,
}

impl<O: Office> Steward<O> {
    fn new(office: Arc<O>, spread: Spread, ttl: Duration, steps: Steps, stop: CancellationToken) -> Self {
        let look = (ttl / LOOKS).min(LOOK);
        let (posts, terms, accounts) = (BTreeMap::new(), JoinSet::new(), BTreeMap::new());
        Self { office, spread, look, steps, stop, posts, terms, accounts }
    }

    async fn run(mut self) {
        let mut looks = tokio::time::interval(self.look);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = self.stop.clone();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = self.terms.join_next_with_id() => self.ended(ended),
                _ = looks.tick() => {
                    // The store may take its time, but it must not keep a daemon that is told to stop.
                    tokio::select! {
                        () = self.look() => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
        // First of all the others learn to count on this daemon no more; then its accounts become free one by one.
        self.leave().await;
        while let Some(ended) = self.terms.join_next_with_id().await {
            self.ended(ended);
        }
    }

    async fn leave(&self) {
        if let Err(error) = self.office.leave().await {
            tracing::warn!("the other daemons will count on this one for a few seconds more: {error}");
        }
    }

    async fn look(&mut self) {
        let roll = match self.office.report(self.look * ATTENDANCE).await {
            Ok(roll) => roll,
            Err(error) => {
                tracing::warn!("who works which account cannot be looked up: {error}");
                return;
            }
        };
        let stances: BTreeMap<String, Stance> =
            self.posts.iter().filter_map(|(account, post)| Some((account.clone(), post.stance()?))).collect();
        let Duties { take, give_back } = self.spread.look(&roll, &stances);
        for account in give_back {
            if let Some(term) = self.posts.get(&account).and_then(|post| post.term.as_ref()) {
                tracing::info!(account, "given back: another daemon has fewer accounts");
                term.cancel();
            }
        }
        for account in take {
            self.begin(account);
        }
    }

    fn begin(&mut self, account: String) {
        let term = self.stop.child_token();
        let office = Arc::clone(&self.office);
        let handle = self.terms.spawn(office.serve(account.clone(), term.clone()));
        self.accounts.insert(handle.id(), account.clone());
        self.posts.entry(account).or_default().term = Some(term);
    }

    fn ended(&mut self, ended: std::result::Result<(Id, Term), tokio::task::JoinError>) {
        let (id, term) = match ended {
            Ok((id, term)) => (id, term),
            Err(error) => (error.id(), Term::Failed),
        };
        let Some(post) = self.accounts.remove(&id).and_then(|account| self.posts.get_mut(&account)) else { return };
        post.term = None;
        match term {
            Term::NotOurs => {}
            Term::Orderly => post.failures = 0,
            Term::Failed => {
                post.not_before = Some(Instant::now() + self.steps.wait(post.failures, rand::random()));
                post.failures = post.failures.saturating_add(1);
            }
        }
    }
}
