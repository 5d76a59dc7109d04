//! `registrard jobs`: what there is, how one stands, and the three things an operator may do with one.

mod explain;
mod operate;
mod secret;
mod show;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::exit::Failure;
use super::output::Out;
use crate::config::Config;
use crate::model::{JobId, State};
use crate::store::{JobFilter, Store};
use operate::Verb;
use show::JobRow;

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List jobs, newest first.
    List(Filter),
    /// Show everything about one job: where it stands, why, its attempts, what it waits for, and what you can do.
    Show {
        /// Its id.
        id: JobId,
    },
    /// Open what the answer to a job holds sealed, such as a new UDAI, with the keys of store.parameter_keys_file.
    Secret {
        /// Its id.
        id: JobId,
    },
    /// Tell what keeps a job from starting: every reason in order, with numbers, the earliest start, and what you can do.
    Explain {
        /// Its id.
        id: JobId,
    },
    /// Send jobs that need attention back to work. If one may have happened, the registry is asked first.
    Retry(Retry),
    /// Withdraw jobs that have not started.
    Cancel(Which),
    /// Declare jobs that need attention over; they count as failed.
    Dismiss(Which),
}

/// Which jobs to list.
#[derive(Args, Debug)]
pub struct Filter {
    /// Only in this state; may be repeated.
    #[arg(long = "state", short)]
    pub states: Vec<State>,
    /// Only of this account.
    #[arg(long, short)]
    pub account: Option<String>,
    /// Only of this batch.
    #[arg(long, short)]
    pub batch: Option<String>,
    /// Only on this object; a name without kind is a domain.
    #[arg(long)]
    pub object: Option<String>,
    /// Only those that arrived before the job with this sequence number (for the next page).
    #[arg(long)]
    pub before: Option<i64>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

impl From<&Filter> for JobFilter {
    fn from(filter: &Filter) -> Self {
        let kind = |object: &String| if object.contains(':') { object.clone() } else { format!("domain:{object}") };
        Self {
            states: filter.states.clone(),
            account: filter.account.clone(),
            batch: filter.batch.clone(),
            object: filter.object.as_ref().map(kind),
            before_seq: filter.before,
            limit: filter.limit,
        }
    }
}

/// Which jobs to send back to work, and how.
#[derive(Args, Debug)]
pub struct Retry {
    /// Which, and why.
    #[command(flatten)]
    pub which: Which,
    /// Have the registry asked first in any case: for what may have been done by hand meanwhile.
    #[arg(long)]
    pub ask: bool,
}

/// Which jobs to move, and why.
#[derive(Args, Debug)]
pub struct Which {
    /// Their ids.
    #[arg(required = true)]
    pub ids: Vec<JobId>,
    /// Why; kept with the job and told in its event.
    #[arg(long)]
    pub because: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    command: &Jobs,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    match command {
        Jobs::List(filter) => {
            let jobs = store.jobs(&filter.into()).await?;
            if jobs.len() == filter.limit as usize
                && let Some(last) = jobs.last()
            {
                out.say(&format!("there may be more: --before {}", last.seq));
            }
            out.rows(&jobs.iter().map(JobRow::from).collect::<Vec<_>>())
        }
        Jobs::Show { id } => show::run(*id, store, now, out).await,
        Jobs::Secret { id } => secret::run(*id, config, store, out).await,
        Jobs::Explain { id } => explain::run(*id, config, store, now, out).await,
        Jobs::Retry(Retry { which, ask }) => {
            let verb = if *ask { Verb::Ask } else { Verb::Retry };
            operate::run(verb, which, store, now, out).await
        }
        Jobs::Cancel(which) => operate::run(Verb::Cancel, which, store, now, out).await,
        Jobs::Dismiss(which) => operate::run(Verb::Dismiss, which, store, now, out).await,
    }
}

/// There is no such job.
fn unknown(id: JobId) -> Failure {
    Failure::not_found(format!("job {id}"), "`registrard jobs list` shows the newest; rejected jobs are not stored")
}
