//! `registrard quota`: what each account has sent and may send, when its quota runs dry, and when what waits will be done.

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::exit::Failure;
use super::outlook;
use super::output::{Format, Out, Row};
use crate::config::Config;
use crate::job::schedule::explain::{grouped, local};
use crate::job::schedule::forecast::{
    Estimate, Forecast, HORIZON_DAYS, Outlook, Silence, Station, dry_at_rate, forecast,
};
use crate::model::{Class, Limits};
use crate::store::{Flow, Store};

/// Whose quota.
#[derive(Args, Debug)]
pub struct QuotaArgs {
    /// Only of this account, or of the accounts of this pool.
    #[arg(long, short)]
    pub account: Option<String>,
}

/// An account and what lies before it.
#[derive(Serialize)]
struct AccountRow {
    account: String,
    registry: String,
    pool: Option<String>,
    /// Points of today; all of these are empty where the registry counts none.
    quota: Option<Points>,
    rate: Rate,
    /// Nothing is sent until then; `"unknown"` if that is for an operator to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    silent_until: Option<String>,
    /// What waits for it, each with the time at which it will be done.
    waiting: Vec<FlowRow>,
    /// For people, whose clocks are the registry's.
    #[serde(skip)]
    clocks: Arc<Limits>,
}

#[derive(Serialize)]
struct Points {
    limit: u64,
    used: u64,
    left: u64,
    /// The most the registry has said is used.
    heard: Option<u64>,
    kept_for_urgent: u64,
    kept_for_deadlines: u64,
    exhausted_until: Option<Timestamp>,
    resets_at: Timestamp,
    /// The same as the registry's clocks show it.
    resets_local: String,
    /// When what waits has to go on waiting for want of points.
    dry_at: Option<Timestamp>,
    /// When no point is left for jobs that are not urgent, if as much is sent as in the last window; empty if that is after
    /// the reset.
    dry_at_present_rate: Option<Timestamp>,
}

#[derive(Serialize)]
struct Rate {
    /// Sends reserved in the last window.
    sent: u32,
    /// How many the timetable allows now.
    allowed: u32,
    window_seconds: u64,
}

/// Jobs that wait, and what will become of them.
#[derive(Clone, Serialize)]
struct FlowRow {
    #[serde(flatten)]
    flow: Flow,
    paused: bool,
    #[serde(flatten)]
    estimate: Estimate,
    /// Both for people.
    #[serde(skip)]
    words: [String; 2],
}

impl Row for AccountRow {
    const HEADINGS: &'static [&'static str] =
        &["ACCOUNT", "USED", "LEFT", "OF", "REGISTRY SAYS", "KEPT", "RESETS", "RATE", "RUNS DRY"];
    fn cells(&self) -> Vec<String> {
        let Rate { sent, allowed, window_seconds } = &self.rate;
        let rate = match &self.silent_until {
            None => format!("{} of {} in {window_seconds} s", grouped(*sent), grouped(*allowed)),
            Some(until) if until == UNKNOWN => "stopped".into(),
            Some(until) => format!("silent until {until}"),
        };
        let Some(points) = &self.quota else {
            let none = ["-"; 6].map(str::to_owned).into_iter();
            return [self.account.clone()].into_iter().chain(none).chain([rate, "-".into()]).collect();
        };
        let kept = match (points.kept_for_urgent, points.kept_for_deadlines) {
            (0, 0) => "-".into(),
            (urgent, deadlines) => format!("{} urgent, {} deadlines", grouped(urgent), grouped(deadlines)),
        };
        let dry = match (points.exhausted_until, points.dry_at) {
            (Some(until), _) => format!("refused until {}", local(until, &self.clocks)),
            (None, Some(at)) => local(at, &self.clocks),
            (None, None) => "no".into(),
        };
        vec![
            self.account.clone(),
            grouped(points.used),
            grouped(points.left),
            grouped(points.limit),
            points.heard.map_or_else(|| "-".into(), |heard| format!("{} used", grouped(heard))),
            kept,
            points.resets_local.clone(),
            rate,
            dry,
        ]
    }
}

/// The word for an end that is not known.
const UNKNOWN: &str = "unknown";

impl Row for FlowRow {
    const HEADINGS: &'static [&'static str] = &["WAIT FOR", "CLASS", "PUBLISHER", "BATCH", "JOBS", "STARTS", "DONE"];
    fn cells(&self) -> Vec<String> {
        let Flow { queue, class, publisher, batch, ripe, unripe } = &self.flow;
        let jobs = match unripe {
            0 => grouped(*ripe),
            _ => format!("{} ({} not due)", grouped(ripe + unripe), grouped(*unripe)),
        };
        let batch = batch.clone().unwrap_or_else(|| "-".into());
        let [starts, done] = self.words.clone();
        vec![queue.clone(), class.word().into(), publisher.clone(), batch, jobs, starts, done]
    }
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    args: &QuotaArgs,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let (limits, remarks) = outlook::limits(config);
    let mut accounts = Vec::new();
    let mut flows = Vec::new();
    for group in groups(config, args.account.as_deref()) {
        let outlook = outlook::gather(store, config, &limits, &group, now).await?;
        let told = forecast(&outlook);
        let rows: Vec<FlowRow> = flow_rows(&outlook, &told);
        let wanted = |station: &&Station| args.account.as_ref().is_none_or(|name| is_of(name, station, &outlook));
        for (station, dry) in outlook.stations.iter().zip(&told.dry).filter(|(station, _)| wanted(station)) {
            accounts.push(account_row(station, *dry, &outlook, config, &rows));
        }
        flows.extend(rows);
    }
    remarks.iter().for_each(|remark| out.say(remark));
    out.rows(&accounts)?;
    if out.format == Format::Table && !flows.is_empty() {
        out.data("\n")?;
        out.rows(&flows)?;
    }
    Ok(())
}

/// One name for each set of accounts that share queues.
fn groups(config: &Config, only: Option<&str>) -> Vec<String> {
    if let Some(name) = only {
        return vec![name.to_owned()];
    }
    let alone = |account: &&String| !config.pools.values().any(|pool| pool.accounts.contains(account));
    config.pools.keys().chain(config.accounts.keys().filter(alone)).cloned().collect()
}

fn is_of(name: &str, station: &Station, outlook: &Outlook) -> bool {
    name == station.account || outlook.pool.as_deref() == Some(name)
}

fn account_row(
    station: &Station,
    dry: Option<Timestamp>,
    outlook: &Outlook,
    config: &Config,
    rows: &[FlowRow],
) -> AccountRow {
    let (limits, now) = (&station.limits, outlook.now);
    let registry = config.accounts.get(&station.account).map(|account| account.registry.clone());
    AccountRow {
        account: station.account.clone(),
        registry: registry.unwrap_or_default(),
        pool: outlook.pool.clone(),
        quota: limits.quota.map(|limit| points(station, limit, dry, now)),
        rate: Rate { sent: station.sent, allowed: limits.requests_now(now), window_seconds: limits.window.as_secs() },
        silent_until: station.silence.map(|silence| match silence {
            Silence::Until(until) => until.to_string(),
            Silence::Unknown => UNKNOWN.into(),
        }),
        waiting: rows.iter().filter(|row| outlook.serves(station, &row.flow.queue)).cloned().collect(),
        clocks: Arc::clone(limits),
    }
}

fn points(station: &Station, limit: u64, dry: Option<Timestamp>, now: Timestamp) -> Points {
    let Station { limits, quota, sent, .. } = station;
    let resets_at = limits.next_day(now);
    let per_second = f64::from(*sent) / limits.window.as_secs_f64().max(1.0);
    Points {
        limit,
        used: quota.used,
        left: limit.saturating_sub(quota.used),
        heard: quota.heard,
        kept_for_urgent: limits.urgent_quota.of(limit),
        kept_for_deadlines: limits.deadline_quota.of(limit),
        exhausted_until: quota.exhausted_until.filter(|until| *until > now),
        resets_at,
        resets_local: local(resets_at, limits),
        dry_at: dry,
        dry_at_present_rate: dry_at_rate(station, Class::Normal, per_second, now),
    }
}

fn flow_rows(outlook: &Outlook, told: &Forecast) -> Vec<FlowRow> {
    let row = |(flow, estimate): (&Flow, &Estimate)| {
        let paused = outlook.is_held(flow);
        let words = [estimate.start, estimate.end].map(|at| in_words(outlook, at, paused));
        FlowRow { flow: flow.clone(), paused, estimate: *estimate, words }
    };
    outlook.flows.iter().zip(&told.flows).map(row).collect()
}

fn in_words(outlook: &Outlook, at: Option<Timestamp>, paused: bool) -> String {
    let stopped = outlook.stations.iter().all(|station| station.silence == Some(Silence::Unknown));
    match (at, outlook.stations.first()) {
        (Some(at), Some(station)) => local(at, &station.limits),
        _ if paused => "paused".into(),
        _ if stopped => "stopped".into(),
        _ => format!("not within {HORIZON_DAYS} days"),
    }
}
