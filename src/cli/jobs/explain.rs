//! Why a job does not start.

use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::unknown;
use crate::cli::exit::Failure;
use crate::cli::outlook::{self, AllLimits};
use crate::cli::output::{Out, plain};
use crate::config::Config;
use crate::job::schedule::explain::{Blocker, Candidate, Explanation, Situation, explain, gather};
use crate::job::schedule::forecast::turn_of;
use crate::model::{JobId, Operation, State};
use crate::store::{Ahead, JobDetail, Store};

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
    let situation = situation(detail, config, &limits, store, now).await?;
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
async fn situation(
    detail: JobDetail,
    config: &Config,
    limits: &AllLimits,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Situation, Failure> {
    let (account, queue) = (detail.job.account.clone(), detail.job.queue.clone());
    let pool = outlook::members(config, &account).and_then(|(pool, _)| pool);
    let mut situation =
        gather(store, detail, candidates(&account, config, limits), pool.as_deref().unwrap_or(&account), now).await?;
    if situation.ahead != Ahead::default() && !situation.posts.is_empty() {
        let outlook = outlook::gather(store, config, limits, &queue, now).await?;
        situation.turn = turn_of(&outlook, &situation.job, &situation.ahead);
    }
    Ok(situation)
}

/// The accounts that may take a job: the one it belongs to, or those of the pool it waits in.
fn candidates(account: &str, config: &Config, limits: &AllLimits) -> Vec<Candidate> {
    let one = [account.to_owned()];
    let names = config.pools.get(account).map_or(&one[..], |pool| &pool.accounts);
    let candidate = |name: &String| {
        let registry = config.accounts.get(name)?.registry.clone();
        Some(Candidate { account: name.clone(), registry, limits: Arc::clone(limits.get(name)?) })
    };
    names.iter().filter_map(candidate).collect()
}

fn people(explained: &Explained, heading: &str) -> String {
    let Explanation { eligible, blockers, earliest, members } = &explained.explanation;
    let mut text = format!("{heading}\n");
    let verdict = match (explained.state, eligible, blockers.is_empty()) {
        (State::Waiting, true, true) => "nothing keeps it from starting; it does as soon as a session is free",
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
