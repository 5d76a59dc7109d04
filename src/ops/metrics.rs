//! Metrics, by happening: whoever lets something happen calls one method here, which counts it and, where an operator
//! should read of it, writes the log line too, so that the two cannot drift apart.
//!
//! Labels are bounded by the configuration (accounts, registries), by tables in the code (operations, states, causes)
//! or by a cap here (native codes). Domains, handles and job ids are never labels.

mod deadlines;
mod messages;
mod traffic;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::model::{Cause, Operation, State};
use deadlines::Deadlines;
pub use deadlines::OpenDeadlines;
use messages::Messages;
use traffic::Traffic;

/// Buckets of a command's duration in seconds: from a fast CHECK to the longest answer a session waits for.
const DURATIONS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Buckets of the rows in one transaction.
const SIZES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];

/// Native codes of a registry that are told apart. A registry that invents more, or garbage on the wire, must not grow
/// memory without bound: all further ones count as `other`.
const MOST_CODES: usize = 200;

/// All metrics of a process.
pub struct Metrics {
    registry: Registry,
    codes: Mutex<BTreeSet<String>>,
    received: IntCounterVec,
    warned: IntCounterVec,
    finished: IntCounterVec,
    deferred: IntCounterVec,
    in_doubt: IntCounterVec,
    reconciled: IntCounterVec,
    durations: HistogramVec,
    commands: IntCounterVec,
    unknown_codes: IntCounterVec,
    logins: IntCounterVec,
    sessions: IntGaugeVec,
    slots: IntGaugeVec,
    suspended: IntGaugeVec,
    owned: IntGaugeVec,
    jobs: IntGaugeVec,
    oldest: IntGaugeVec,
    outbox_unsent: IntGauge,
    outbox_age: IntGauge,
    published: IntCounterVec,
    broker_connected: IntGauge,
    store_up: IntGauge,
    commits: HistogramVec,
    deadlines: Deadlines,
    messages: Messages,
    traffic: Traffic,
}

/// Registers metrics one by one; the only errors are two metrics of one name or a malformed name.
struct Making(Registry);

impl Making {
    fn keep<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> Result<C, String> {
        let made = made.map_err(|error| error.to_string())?;
        self.0.register(Box::new(made.clone())).map_err(|error| error.to_string())?;
        Ok(made)
    }
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, String> {
        self.keep(IntCounterVec::new(Opts::new(format!("registrard_{name}"), help), labels))
    }
    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, String> {
        self.keep(IntGaugeVec::new(Opts::new(format!("registrard_{name}"), help), labels))
    }
    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, String> {
        self.keep(IntGauge::new(format!("registrard_{name}"), help))
    }
    fn histograms(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> Result<HistogramVec, String> {
        let options = HistogramOpts::new(format!("registrard_{name}"), help).buckets(buckets.to_vec());
        self.keep(HistogramVec::new(options, labels))
    }
}

impl Metrics {
    /// Registers all metrics in a registry of their own.
    ///
    /// # Errors
    /// Two metrics have one name (a mistake in this file).
    pub fn new() -> Result<Arc<Self>, String> {
        let registry = Registry::new();
        let make = Making(registry.clone());
        let build = make.gauges("build_info", "Always 1; the running release is in its label.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        registry.register(Box::new(ProcessCollector::for_self())).map_err(|error| error.to_string())?;
        Ok(Arc::new(Self {
            received: make.counters(
                "jobs_received_total",
                "Jobs from the broker by what became of them at intake: accepted, duplicate or rejected (conflicts too).",
                &["outcome"],
            )?,
            warned: make.counters(
                "job_warnings_total",
                "Warnings about jobs that were taken in although they break a rule, by the rule's name.",
                &["account", "rule"],
            )?,
            finished: make.counters(
                "jobs_finished_total",
                "Jobs whose life this daemon ended, by final state; needs_attention counts each time a human is asked.",
                &["account", "operation", "state"],
            )?,
            deferred: make.counters(
                "jobs_deferred_total",
                "Times a claimed job went back to waiting, by what for: backoff, cooldown, quota, or turn if nothing was sent.",
                &["account", "cause"],
            )?,
            in_doubt: make.counters(
                "jobs_in_doubt_total",
                "Times nobody could tell whether a request had happened, so that the registry had to be asked.",
                &["account"],
            )?,
            reconciled: make.counters(
                "jobs_reconciled_total",
                "Doubts looked into, by what the registry was found to hold; still_unknown is asked again.",
                &["account", "finding"],
            )?,
            durations: make.histograms(
                "registry_command_duration_seconds",
                "Time from sending a command or a question to its answer, or until it was given up.",
                &["registry", "operation"],
                DURATIONS,
            )?,
            commands: make.counters(
                "registry_commands_total",
                "Commands by what the answer meant for the job, or lost, or not_sent; question for those that settle a doubt.",
                &["account", "operation", "verdict"],
            )?,
            unknown_codes: make.counters(
                "registry_unknown_codes_total",
                "Native codes in answers that stand in no table of this release.",
                &["registry", "code"],
            )?,
            logins: make.counters(
                "registry_logins_total",
                "Attempts to open a session: open, unreachable, not_now or refused.",
                &["account", "result"],
            )?,
            sessions: make.gauges(
                "registry_sessions",
                "Sessions by state: busy, idle, and limit for how many may be open.",
                &["account", "state"],
            )?,
            slots: make.gauges(
                "throttle_slots",
                "Requests in the throttle's sliding window (used) and how many are allowed (limit).",
                &["account", "state"],
            )?,
            suspended: make.gauges(
                "account_suspended",
                "1 while an account sends nothing until an operator has looked; told by the daemon that works it.",
                &["account"],
            )?,
            owned: make.gauges("account_owned", "1 while this daemon works the account.", &["account"])?,
            jobs: make.gauges("jobs", "Jobs in the store by state.", &["account", "state"])?,
            oldest: make.gauges(
                "oldest_job_age_seconds",
                "By open state, the longest time: waiting since it could start, in_doubt since the doubt began, else since arrival.",
                &["account", "state"],
            )?,
            outbox_unsent: make.gauge("outbox_unsent", "Events the broker has not yet confirmed.")?,
            outbox_age: make.gauge("outbox_oldest_age_seconds", "Age of the oldest unconfirmed event, 0 for none.")?,
            published: make.counters(
                "events_published_total",
                "Tries to publish an event: confirmed, or unroutable if it was not and is tried again.",
                &["outcome"],
            )?,
            broker_connected: make.gauge("broker_connected", "1 while the broker is connected.")?,
            store_up: make.gauge("store_up", "1 while the store answers.")?,
            commits: make.histograms(
                "group_commit_size",
                "Moves of jobs in one transaction; kind is always outcome.",
                &["kind"],
                SIZES,
            )?,
            deadlines: Deadlines::new(&make)?,
            messages: Messages::new(&make)?,
            traffic: Traffic::new(&make)?,
            codes: Mutex::default(),
            registry,
        }))
    }

    /// The text for a scrape.
    ///
    /// # Errors
    /// The encoder refuses a metric.
    pub fn render(&self) -> Result<String, String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(|error| error.to_string())?;
        String::from_utf8(text).map_err(|error| error.to_string())
    }
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Stored as new.
    Accepted,
    /// Known already with the same content.
    Duplicate,
    /// Turned away.
    Rejected,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// A session is open.
    Open,
    /// No connection.
    Unreachable,
    /// Too many sessions or too much traffic.
    NotNow,
    /// Credentials refused.
    Refused,
}

// ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────
impl Metrics {
    /// Submissions came in.
    pub fn received(&self, what: Received, count: u64) {
        let outcome = match what {
            Received::Accepted => "accepted",
            Received::Duplicate => "duplicate",
            Received::Rejected => "rejected",
        };
        self.received.with_label_values(&[outcome]).inc_by(count);
    }

    /// A job was taken in although it breaks this rule, one of a table in the code.
    pub fn warned(&self, account: &str, rule: &'static str) {
        self.warned.with_label_values(&[account, rule]).inc();
    }

    /// A job's life ended, or a human is asked.
    pub fn finished(&self, account: &str, operation: Operation, state: State) {
        self.finished.with_label_values(&[account, operation.name(), state.word()]).inc();
    }

    /// A job went back to waiting. `why` is one of few words ([`crate::model::WaitingFor`]).
    pub fn deferred(&self, account: &str, why: &'static str) {
        self.deferred.with_label_values(&[account, why]).inc();
    }

    /// Nobody can tell whether a request happened.
    pub fn in_doubt(&self, account: &str) {
        self.in_doubt.with_label_values(&[account]).inc();
    }

    /// A question about a job in doubt was answered, or could not be.
    pub fn reconciled(&self, account: &str, finding: Cause) {
        self.reconciled.with_label_values(&[account, finding.word()]).inc();
    }

    /// Moves of so many jobs were committed in one transaction.
    pub fn committed(&self, moves: usize) {
        self.commits.with_label_values(&["outcome"]).observe(moves as f64);
    }
}

// ── registry ────────────────────────────────────────────────────────────────────────────────────────────────────────
impl Metrics {
    /// A command was answered, or given up, after this long; `verdict` is a word of [`crate::model::Verdict`], `lost`,
    /// `not_sent` or `question`.
    pub fn answered(&self, registry: &str, account: &str, operation: Operation, verdict: &'static str, took: Duration) {
        self.durations.with_label_values(&[registry, operation.name()]).observe(took.as_secs_f64());
        self.commands.with_label_values(&[account, operation.name(), verdict]).inc();
    }

    /// An answer held a code that stands in no table.
    pub fn unknown_code(&self, registry: &str, code: &str) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = codes.contains(code) || (codes.len() < MOST_CODES && code.len() <= 32);
        if known {
            codes.insert(code.to_owned());
        }
        drop(codes);
        self.unknown_codes.with_label_values(&[registry, if known { code } else { "other" }]).inc();
    }

    /// A session was opened, or could not be.
    pub fn login(&self, account: &str, result: Login) {
        let result = match result {
            Login::Open => "open",
            Login::Unreachable => "unreachable",
            Login::NotNow => "not_now",
            Login::Refused => "refused",
        };
        self.logins.with_label_values(&[account, result]).inc();
    }

    /// So many sessions are at work, idle, and allowed.
    pub fn sessions(&self, account: &str, busy: usize, idle: usize, limit: usize) {
        for (state, count) in [("busy", busy), ("idle", idle), ("limit", limit)] {
            self.sessions.with_label_values(&[account, state]).set(whole(count));
        }
    }

    /// So many slots of the throttle's window are used, and so many there are.
    pub fn throttle(&self, account: &str, used: usize, limit: u32) {
        self.slots.with_label_values(&[account, "used"]).set(whole(used));
        self.slots.with_label_values(&[account, "limit"]).set(limit.into());
    }

    /// An account was suspended.
    pub fn suspended(&self, account: &str) {
        self.suspended.with_label_values(&[account]).set(1);
    }

    /// An account is not, or no longer, suspended.
    pub fn resumed(&self, account: &str) {
        self.suspended.with_label_values(&[account]).set(0);
    }

    /// This daemon began or ceased to work an account.
    pub fn owned(&self, account: &str, here: bool) {
        self.owned.with_label_values(&[account]).set(i64::from(here));
        if !here {
            // What this daemon last knew of it is now somebody else's to tell.
            let _ = self.suspended.remove_label_values(&[account]);
            for state in ["busy", "idle", "limit"] {
                let _ = self.sessions.remove_label_values(&[account, state]);
            }
            for state in ["used", "limit"] {
                let _ = self.slots.remove_label_values(&[account, state]);
            }
            self.messages.forget(account);
            self.traffic.forget(account);
        }
    }
}

// ── store and broker ────────────────────────────────────────────────────────────────────────────────────────────────
impl Metrics {
    /// All jobs by account and state, with the instant since which the oldest is there; replaces what was told before. An
    /// instant to come (a job that may start later) is an age of 0.
    pub fn backlog(&self, counts: &[(String, State, u64, Option<Timestamp>)], now: Timestamp) {
        self.jobs.reset();
        self.oldest.reset();
        for (account, state, jobs, oldest) in counts {
            let labels = [account.as_str(), state.word()];
            self.jobs.with_label_values(&labels).set(i64::try_from(*jobs).unwrap_or(i64::MAX));
            if let Some(oldest) = oldest.filter(|_| !state.is_final()) {
                self.oldest.with_label_values(&labels).set(age(oldest, now));
            }
        }
    }

    /// Unconfirmed events and when the oldest happened.
    pub fn outbox(&self, unsent: u64, oldest: Option<Timestamp>, now: Timestamp) {
        self.outbox_unsent.set(i64::try_from(unsent).unwrap_or(i64::MAX));
        self.outbox_age.set(oldest.map_or(0, |oldest| age(oldest, now)));
    }

    /// Events were confirmed by the broker.
    pub fn published(&self, count: u64) {
        self.published.with_label_values(&["confirmed"]).inc_by(count);
    }

    /// Events found nobody to receive them.
    pub fn unroutable(&self, count: u64) {
        self.published.with_label_values(&["unroutable"]).inc_by(count);
    }

    /// The broker came or went.
    pub fn broker(&self, connected: bool) {
        told(&self.broker_connected, connected, "the broker");
    }

    /// The store came or went.
    pub fn store(&self, up: bool) {
        told(&self.store_up, up, "the store");
    }
}

/// Sets a gauge, and says so where it changes.
fn told(gauge: &IntGauge, up: bool, what: &'static str) {
    match (gauge.get() != 0, up) {
        (true, false) => tracing::error!("{what} is not available"),
        (false, true) => tracing::info!("{what} is available"),
        _ => {}
    }
    gauge.set(i64::from(up));
}

fn age(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second()).max(0)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
