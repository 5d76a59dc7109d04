//! Why a job does not start.

use std::fmt::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::unknown;
use crate::cli::exit::Failure;
use crate::cli::outlook::{self, AllLimits};
use crate::cli::output::{Out, plain};
use crate::config::Config;
use crate::job::schedule::explain::{Blocker, Explanation, Need, Post, Situation, explain};
use crate::job::schedule::forecast::turn_of;
use crate::job::schedule::quota::MARGIN;
use crate::model::{Job, JobId, Limits, Operation, State, WaitingFor};
use crate::store::{Ahead, BudgetKind, JobDetail, QuotaUse, RollCall, Store};

/// What is printed.
#[derive(Serialize)]
struct Explained {
    job: JobId,
    operation: Operation,
    object: String,
    account: String,
    class: &'static str,
    state: State,
    #[serde(flatten)]
    explanation: Explanation,
    /// What could not be found out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

/// Explains one job.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    id: JobId,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let detail = store.job(id).await?.ok_or_else(|| unknown(id))?;
    let (limits, remarks) = outlook::limits(config);
    let situation = gather(detail, config, &limits, store, now).await?;
    let job = &situation.job;
    let explained = Explained {
        job: job.id,
        operation: job.operation,
        object: job.object.to_string(),
        account: job.account.clone(),
        class: job.class.word(),
        state: job.state,
        explanation: explain(&situation),
        remarks,
    };
    let heading = out.strong(&plain(&format!("{} {}", explained.operation, explained.object)));
    out.one(&explained, |explained| people(explained, &heading))
}

/// Everything that decides whether the job may start.
async fn gather(
    detail: JobDetail,
    config: &Config,
    limits: &AllLimits,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Situation, Failure> {
    let JobDetail { job, waits_for, .. } = detail;
    let mut needs = Vec::with_capacity(waits_for.len());
    for (needed, kind) in waits_for {
        let state = store.job(needed).await?.map(|detail| detail.job.state);
        needs.push(Need { job: needed, must_succeed: kind == "after", state });
    }
    let roll = store.roll_call().await?;
    let mut posts = Vec::new();
    for account in candidates(&job, config) {
        if let Some(limits) = limits.get(&account) {
            posts.push(post(account, Arc::clone(limits), config, store, &roll, now).await?);
        }
    }
    let pauses = store.pauses().await?;
    let last_on_object = last_on_object(&job, &posts, config, store, now).await?;
    let is_ripe =
        job.state == State::Waiting && needs.is_empty() && job.due_at <= now && job.waiting_for != WaitingFor::Paused;
    let ahead = if is_ripe { store.ahead(&job).await? } else { Ahead::default() };
    let turn = match ahead == Ahead::default() || posts.is_empty() {
        true => None,
        false => turn_of(&outlook::gather(store, config, limits, &job.queue, now).await?, &job, &ahead),
    };
    Ok(Situation { now, job, needs, posts, pauses, last_on_object, ahead, turn })
}

/// The accounts that may take a job: the one it belongs to, or those of the pool it waits in.
fn candidates(job: &Job, config: &Config) -> Vec<String> {
    match config.pools.get(&job.account) {
        Some(pool) => pool.accounts.clone(),
        None => vec![job.account.clone()],
    }
}

async fn post(
    account: String,
    limits: Arc<Limits>,
    config: &Config,
    store: &dyn Store,
    roll: &RollCall,
    now: Timestamp,
) -> Result<Post, Failure> {
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
        Some(budget) => {
            let within = SignedDuration::try_from(budget.within).unwrap_or(SignedDuration::MAX);
            let since = now.saturating_sub(within).unwrap_or(Timestamp::MIN);
            store.noted(&account, BudgetKind::Logins, since).await?
        }
        None => Vec::new(),
    };
    Ok(Post {
        registry: config.accounts.get(&account).map(|account| account.registry.clone()).unwrap_or_default(),
        state: store.account(&account).await?,
        owner: lease.map(|(_, owner, _)| owner.clone()),
        daemons: roll.daemons.len(),
        blocks: outlook::sends(store, &account).await?,
        quota,
        quota_before,
        logins,
        limits,
        account,
    })
}

async fn last_on_object(
    job: &Job,
    posts: &[Post],
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    let Some(spacing) = posts.iter().map(|post| post.limits.spacing).max().filter(|spacing| !spacing.is_zero()) else {
        return Ok(None);
    };
    let pool = outlook::members(config, &job.account).and_then(|(pool, _)| pool);
    let lane = pool.as_deref().unwrap_or(&job.account);
    let spacing = SignedDuration::try_from(spacing).unwrap_or(SignedDuration::MAX);
    let since = now.saturating_sub(spacing).unwrap_or(Timestamp::MIN);
    let last = store.last_on(lane, &[job.object.as_str()], since).await?;
    Ok(last.into_iter().map(|(_, last)| last).max())
}

fn people(explained: &Explained, heading: &str) -> String {
    let Explanation { eligible, blockers, earliest, members } = &explained.explanation;
    let mut text = format!("{heading}\n");
    let verdict = match (explained.state, eligible, blockers.is_empty()) {
        (State::Waiting, true, true) => "nothing keeps it from starting; a daemon takes it within a second",
        (State::Waiting, true, false) => "nothing but its turn keeps it from starting",
        (State::Waiting, false, _) => "it cannot start now",
        _ => "it does not wait to be started",
    };
    let _ = writeln!(text, "  {}: {verdict}", explained.state);
    tell(&mut text, blockers, "  ");
    for member in members {
        let may = if member.blockers.is_empty() { "may take it" } else { "may not take it" };
        let _ = writeln!(text, "  account {} {may}", plain(&member.account));
        tell(&mut text, &member.blockers, "    ");
    }
    if explained.state == State::Waiting {
        let earliest = earliest.map_or_else(|| "cannot be told".to_owned(), |at| format!("{at:.0}"));
        let _ = writeln!(text, "  earliest start: {earliest}");
    }
    for remark in &explained.remarks {
        let _ = writeln!(text, "  note: {}", plain(remark));
    }
    text
}

fn tell(text: &mut String, blockers: &[Blocker], indent: &str) {
    for (number, Blocker { kind, what, until, advice }) in (1..).zip(blockers) {
        let _ = writeln!(text, "{indent}{number}. {} ({kind})", plain(what));
        if let Some(until) = until {
            let _ = writeln!(text, "{indent}   until {until:.0}");
        }
        let _ = writeln!(text, "{indent}   you can: {}", plain(advice));
    }
}
