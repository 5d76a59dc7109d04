//! A [`Situation`] as the store knows it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::quota::MARGIN;
use super::{Need, Post, Situation};
use crate::model::{Job, Limits, State, WaitingFor};
use crate::store::{Ahead, BudgetKind, JobDetail, QuotaUse, Result, RollCall, Store};

/// An account that may take the job.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its name.
    pub account: String,
    /// Its plug-in.
    pub registry: String,
    /// What it may send.
    pub limits: Arc<Limits>,
}

/// Gathers everything that decides whether a job may start, but for the forecast of its turn. `lane` is the pool, or the
/// account, among whose jobs on one object there is an order.
///
/// # Errors
/// The store cannot be read.
pub async fn gather(
    store: &dyn Store,
    detail: JobDetail,
    candidates: Vec<Candidate>,
    lane: &str,
    now: Timestamp,
) -> Result<Situation> {
    let JobDetail { job, waits_for, .. } = detail;
    let mut needs = Vec::with_capacity(waits_for.len());
    for (needed, kind) in waits_for {
        let state = store.job(needed).await?.map(|detail| detail.job.state);
        needs.push(Need { job: needed, must_succeed: kind == "after", state });
    }
    let roll = store.roll_call().await?;
    let mut posts = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        posts.push(post(store, candidate, &roll, now).await?);
    }
    let is_ripe =
        job.state == State::Waiting && needs.is_empty() && job.due_at <= now && job.waiting_for != WaitingFor::Paused;
    let ahead = if is_ripe { store.ahead(&job).await? } else { Ahead::default() };
    let last_on_object = last_on_object(store, &job, &posts, lane, now).await?;
    Ok(Situation { now, job, needs, posts, pauses: store.pauses().await?, last_on_object, ahead, turn: None })
}

async fn post(store: &dyn Store, candidate: Candidate, roll: &RollCall, now: Timestamp) -> Result<Post> {
    let Candidate { account, registry, limits } = candidate;
    let lease = roll.leases.iter().find(|(name, _, held)| *name == account && *held);
    let (mut quota, mut quota_before) = (QuotaUse::default(), QuotaUse::default());
    if limits.quota.is_some() {
        let (today, before) = (limits.day(now), limits.day(now.saturating_sub(MARGIN).unwrap_or(now)));
        quota = store.quota(&account, today).await?;
        if before != today {
            quota_before = store.quota(&account, before).await?;
        }
    }
    let logins = match limits.logins {
        Some(budget) => store.noted(&account, BudgetKind::Logins, before(now, budget.within)).await?,
        None => Vec::new(),
    };
    Ok(Post {
        state: store.account(&account).await?,
        owner: lease.map(|(_, owner, _)| owner.clone()),
        daemons: roll.daemons.len(),
        // All that are kept: only the account's owner knows for certain which do not count any more, and removes them.
        blocks: store.blocks(&account, Timestamp::UNIX_EPOCH).await?,
        quota,
        quota_before,
        logins,
        limits,
        registry,
        account,
    })
}

async fn last_on_object(
    store: &dyn Store,
    job: &Job,
    posts: &[Post],
    lane: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let spacing = posts.iter().map(|post| post.limits.spacing).max().unwrap_or_default();
    if spacing.is_zero() {
        return Ok(None);
    }
    let last = store.last_on(lane, &[job.object.as_str()], before(now, spacing)).await?;
    Ok(last.into_iter().map(|(_, last)| last).max())
}

fn before(now: Timestamp, span: std::time::Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}
