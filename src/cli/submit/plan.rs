//! What a submission would do, before anything of it is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::outlook::{self, AllLimits};
use crate::cli::output::plain;
use crate::cli::progress::grouped;
use crate::config::Config;
use crate::job::intake::{About, LOCAL, Outcome, Submitted};
use crate::job::schedule::forecast::{self, Estimate};
use crate::model::{Class, JobId, Limits, Operation};
use crate::store::{Flow, Pause, PauseKind, Store};

/// Deletions that are listed one by one.
const LISTED: usize = 20;
/// Lines of a forecast that are told apart by their batch; more are taken together.
const BATCHES: usize = 20;

/// What a plan is made by.
pub struct Terms<'a> {
    /// Accounts, pools and publishers.
    pub config: &'a Config,
    /// What each account may send.
    pub limits: AllLimits,
    /// When it is.
    pub now: Timestamp,
}

impl Terms<'_> {
    /// The limits of an account; those of a pool are its accounts', which are of one registry.
    fn of(&self, queue: &str) -> Option<&Arc<Limits>> {
        let (_, accounts) = outlook::members(self.config, queue)?;
        let first = if self.config.accounts.contains_key(queue) { queue } else { accounts.first()? };
        self.limits.get(first)
    }
}

/// What would become of a submission.
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// Jobs that would be stored.
    pub new: u64,
    /// Jobs that are known already.
    pub duplicates: u64,
    /// Jobs that would be turned away.
    pub rejected: u64,
    /// Jobs that break rules which do not stop them.
    pub warned: u64,
    /// What the new jobs cost, by account or pool.
    pub costs: Vec<Cost>,
    /// New jobs that delete something or give it away.
    pub destroys: u64,
    /// The first of them.
    pub destroyed: Vec<Destroyed>,
    /// Batches that the brake would stop before anything of them starts, and why.
    pub braked: BTreeMap<String, String>,
    /// What is paused and holds some of the new jobs.
    pub paused: Vec<Pause>,
    /// What the registries want to be told beforehand.
    pub notices: Vec<String>,
}

/// What new jobs cost one account or pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// The account or pool.
    pub account: String,
    /// New jobs.
    pub jobs: u64,
    /// Those of them that change something.
    pub orders: u64,
    /// Requests, without repetitions; a job that is read first makes two.
    pub requests: u64,
    /// Points of the daily quota; `null` where the registry counts none.
    pub points: Option<u64>,
    /// Points of a day.
    pub quota: Option<u64>,
    /// When the first would start and the last be done, as far as one can tell; `null` if not before somebody acts.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// A job that deletes something or gives it away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Destroyed {
    /// The job.
    pub job: Option<JobId>,
    /// What it does.
    pub operation: Operation,
    /// To what.
    pub object: String,
}

impl Plan {
    /// Everything but the times.
    #[must_use]
    pub fn of(submitted: &[Submitted], terms: &Terms<'_>) -> Self {
        let mut plan = Self::default();
        let mut costs = BTreeMap::<&str, Cost>::new();
        for one in submitted {
            plan.warned += u64::from(!one.warnings.is_empty());
            match (&one.outcome, &one.about) {
                (Outcome::Rejected(_), _) => plan.rejected += 1,
                (Outcome::Duplicate(_), _) => plan.duplicates += 1,
                (Outcome::Accepted, about) => {
                    plan.new += 1;
                    let Some(about) = about else { continue };
                    plan.add(one, about);
                    let limits = terms.of(&about.queue);
                    let cost = costs.entry(&about.queue).or_insert_with(|| Cost::none(&about.queue, limits));
                    cost.add(&one.plan, limits);
                }
            }
        }
        plan.costs = costs.into_values().collect();
        plan.notices = plan.costs.iter().filter_map(|cost| cost.notice(terms.of(&cost.account)?)).collect();
        plan
    }

    fn add(&mut self, one: &Submitted, about: &About) {
        if about.operation.destroys() {
            self.destroys += 1;
            if self.destroyed.len() < LISTED {
                let object = about.object.to_string();
                self.destroyed.push(Destroyed { job: one.id, operation: about.operation, object });
            }
        }
        if let (Some(batch), Some(why)) = (&about.batch, &one.braked) {
            self.braked.entry(batch.clone()).or_insert_with(|| why.clone());
        }
    }

    /// Adds the times, and what is paused.
    ///
    /// # Errors
    /// The store failed.
    pub async fn foretell(
        &mut self,
        submitted: &[Submitted],
        store: &dyn Store,
        terms: &Terms<'_>,
    ) -> Result<(), Failure> {
        let new = || submitted.iter().filter(|one| one.outcome == Outcome::Accepted);
        let abouts: Vec<(&About, u64)> =
            new().filter_map(|one| Some((one.about.as_ref()?, one.plan.len() as u64))).collect();
        self.paused = held(store.pauses().await?, &abouts, terms.config);
        for cost in &mut self.costs {
            let own: Vec<_> = abouts.iter().filter(|(about, _)| about.queue == cost.account).copied().collect();
            cost.estimate = estimate(&cost.account, &own, store, terms).await?;
        }
        Ok(())
    }

    /// What to say before anything is stored.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let braked = self.braked.iter().map(|(batch, why)| format!("warning: batch {batch} is stopped: {why}"));
        self.notices.iter().map(|notice| format!("warning: {notice}")).chain(braked).collect()
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "\nplan: {} new, {} known already, {} rejected, {} with warnings\n",
            grouped(self.new),
            grouped(self.duplicates),
            grouped(self.rejected),
            grouped(self.warned)
        );
        for cost in &self.costs {
            let _ = writeln!(text, "  {}", cost.text());
        }
        if self.destroys > 0 {
            let _ = writeln!(text, "  {} delete something or give it away:", grouped(self.destroys));
            for one in &self.destroyed {
                let _ = writeln!(text, "    {} {}", one.operation, plain(&one.object));
            }
            let more = self.destroys.saturating_sub(self.destroyed.len() as u64);
            if more > 0 {
                let _ = writeln!(text, "    and {} more", grouped(more));
            }
        }
        for (batch, why) in &self.braked {
            let _ = writeln!(text, "  batch {} would be stopped before it starts: {}", plain(batch), plain(why));
        }
        for pause in &self.paused {
            let (kind, name) = (pause.kind.word(), plain(&pause.name));
            let _ = writeln!(text, "  {kind} {name} is paused since {}: {}", pause.since, plain(&pause.reason));
        }
        for notice in &self.notices {
            let _ = writeln!(text, "  warning: {notice}");
        }
        text
    }
}

impl Cost {
    fn none(queue: &str, limits: Option<&Arc<Limits>>) -> Self {
        let quota = limits.and_then(|limits| limits.quota);
        Self { account: queue.to_owned(), points: quota.map(|_| 0), quota, ..Self::default() }
    }

    fn add(&mut self, requests: &[Operation], limits: Option<&Arc<Limits>>) {
        self.jobs += 1;
        self.orders += u64::from(requests.iter().any(|operation| operation.writes()));
        self.requests += requests.len() as u64;
        let cost = |limits: &Arc<Limits>| requests.iter().map(|operation| limits.cost(*operation)).sum::<u64>();
        self.points = self.points.zip(limits).map(|(points, limits)| points + cost(limits));
    }

    /// What the registry wants to know of so many orders.
    fn notice(&self, limits: &Limits) -> Option<String> {
        let (most, whom) = limits.bulk_notice.filter(|(most, _)| self.orders > *most)?;
        let (orders, most) = (grouped(self.orders), grouped(most));
        Some(format!("{orders} orders for {} are more than {most} at once: {whom}", self.account))
    }

    fn text(&self) -> String {
        let mut text =
            format!("{}: {} jobs, {} requests", plain(&self.account), grouped(self.jobs), grouped(self.requests));
        if let (Some(points), Some(quota)) = (self.points, self.quota) {
            let _ = write!(text, ", {} points of {} a day", grouped(points), grouped(quota));
        }
        let _ = match (self.estimate.start, self.estimate.end) {
            (Some(start), Some(end)) => write!(text, "; starts about {start:.0}, done about {end:.0}"),
            (Some(start), None) => write!(text, "; starts about {start:.0}, no end in sight"),
            (None, _) => write!(text, "; does not start before somebody acts"),
        };
        text
    }
}

/// The pauses that hold some of these jobs.
fn held(pauses: Vec<Pause>, abouts: &[(&About, u64)], config: &Config) -> Vec<Pause> {
    let mut accounts = BTreeSet::new();
    for queue in abouts.iter().map(|(about, _)| about.queue.as_str()).collect::<BTreeSet<_>>() {
        accounts.extend(outlook::members(config, queue).map(|(_, accounts)| accounts).unwrap_or_default());
    }
    let registries: BTreeSet<&str> =
        accounts.iter().filter_map(|account| Some(config.accounts.get(account)?.registry.as_str())).collect();
    let holds = |pause: &Pause| match pause.kind {
        PauseKind::Account => accounts.contains(&pause.name),
        PauseKind::Registry => registries.contains(pause.name.as_str()),
        PauseKind::Publisher => pause.name == LOCAL && !abouts.is_empty(),
        PauseKind::Operation => abouts.iter().any(|(about, _)| about.operation.name() == pause.name),
        PauseKind::Batch => abouts.iter().any(|(about, _)| about.batch.as_ref() == Some(&pause.name)),
        PauseKind::Funds => abouts.iter().any(|(about, _)| about.queue == pause.name && about.operation.costs_money()),
    };
    pauses.into_iter().filter(holds).collect()
}

/// When the first of these jobs would start and the last be done; each comes with the number of its requests.
async fn estimate(
    queue: &str,
    abouts: &[(&About, u64)],
    store: &dyn Store,
    terms: &Terms<'_>,
) -> Result<Estimate, Failure> {
    let mut outlook = match outlook::gather(store, terms.config, &terms.limits, queue, terms.now).await {
        Ok(outlook) => outlook,
        Err(failure) if failure.exit == Exit::NotFound => return Ok(Estimate::default()),
        Err(failure) => return Err(failure),
    };
    let mut whole: Option<Estimate> = None;
    for flow in flows(queue, abouts) {
        let one = forecast::additional(&outlook, &flow);
        whole = Some(match whole {
            None => one,
            Some(so_far) => Estimate {
                start: [so_far.start, one.start].into_iter().flatten().min(),
                end: so_far.end.zip(one.end).map(|(one, other)| one.max(other)),
            },
        });
        // The next line shares the turns with this one.
        outlook.flows.push(flow);
    }
    let whole = whole.unwrap_or_default();
    let earliest = abouts.iter().map(|(about, _)| about.not_before).min().flatten();
    let latest = abouts.iter().filter_map(|(about, _)| about.not_before).max();
    Ok(Estimate {
        start: whole.start.map(|at| earliest.map_or(at, |earliest| at.max(earliest))),
        end: whole.end.map(|at| latest.map_or(at, |latest| at.max(latest))),
    })
}

/// Jobs as the lines of a forecast, most urgent first.
fn flows(queue: &str, abouts: &[(&About, u64)]) -> Vec<Flow> {
    let batches: BTreeSet<_> = abouts.iter().map(|(about, _)| &about.batch).collect();
    let together = batches.len() > BATCHES;
    let mut lines = BTreeMap::<(Class, Option<&str>), u64>::new();
    for (about, requests) in abouts {
        let batch = if together { None } else { about.batch.as_deref() };
        *lines.entry((about.class, batch)).or_default() += requests;
    }
    let line = |((class, batch), ripe): ((Class, Option<&str>), u64)| Flow {
        queue: queue.to_owned(),
        class,
        publisher: LOCAL.to_owned(),
        batch: batch.map(str::to_owned),
        ripe,
        unripe: 0,
    };
    lines.into_iter().map(line).collect()
}
