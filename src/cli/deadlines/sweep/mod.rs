//! `registrard deadlines sweep`: the registry is asked about everything an account has, by ordinary jobs in the background.
//! What it answers comes into the calendar like every other answer.
//!
//! The jobs' ids follow from the account, the day and what is asked, so that a sweep that was interrupted goes on where it was.

mod names;
mod pages;

use std::collections::HashSet;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::when::{Zones, local};
use crate::cli::exit::{Exit, Failure};
use crate::cli::outlook;
use crate::cli::output::{Out, plain};
use crate::cli::progress::{Tally, grouped};
use crate::config::Config;
use crate::daemon;
use crate::job::intake::{DefaultId, Gate, Origin, Publisher};
use crate::model::{EventId, JobId, NewJob, Operation};
use crate::store::{Acceptance, JobFilter, Store};

/// Questions a day where the registry counts none: a thousand an hour.
const PER_DAY: u64 = 24_000;
/// The part of the daily quota that a sweep uses if nothing is said.
const SHARE: Share = Share(100);
/// Jobs stored, and looked at, at once.
const AT_ONCE: usize = 500;

/// What to ask about, and how fast.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// The account.
    #[arg(long, short)]
    pub account: String,
    /// File with names of domains, one a line; by default what the registry lists, or what the store knows of the account.
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    /// At most so many questions a day.
    #[arg(long, value_name = "N", conflicts_with = "share", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub per_day: Option<u64>,
    /// At most this part of the account's daily quota; 10% if nothing is said.
    #[arg(long, value_name = "PERCENT")]
    pub share: Option<Share>,
    /// Domains on a page, where the registry lists them in pages.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=500))]
    pub page_size: u64,
    /// Go on with the sweep of this day, by the account's calendar; today's by default.
    #[arg(long)]
    pub day: Option<Date>,
    /// Wait until every question is answered. A sweep in pages always waits: the next page is known from the answer only.
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Only say what would be asked, and when.
    #[arg(long)]
    pub dry_run: bool,
}

/// A part of the quota, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u64);

impl FromStr for Share {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let percent: Option<f64> = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
        match percent {
            Some(percent) if (0.1..=100.0).contains(&percent) => Ok(Self((percent * 10.0).round() as u64)),
            _ => Err("write 0.1% to 100%".into()),
        }
    }
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Swept {
    account: String,
    batch: String,
    /// Questions a day at most.
    per_day: u64,
    /// Domains to ask about, or that were listed.
    domains: u64,
    /// Questions that are new.
    new: u64,
    /// Questions of this sweep that were submitted before.
    known: u64,
    /// Names that no registry would take.
    bad: u64,
    /// When the last of the new questions may be sent.
    until: Option<Timestamp>,
    dry_run: bool,
    /// How they ended, if that was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Tally>,
}

/// A sweep of one account.
struct Sweep<'a> {
    gate: Gate,
    store: &'a dyn Store,
    account: &'a str,
    day: Date,
    batch: String,
    /// Between two questions.
    spacing: SignedDuration,
    /// When the next question may be sent.
    next: Timestamp,
    /// Jobs of this sweep that are in the store.
    known: HashSet<JobId>,
    /// What it has come to.
    swept: Swept,
}

/// Sweeps.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    args: &SweepArgs,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let account = config.accounts.get(&args.account).ok_or_else(|| {
        let name = args.account.escape_default();
        Failure::not_found(
            format!("account {name}"),
            "`registrard accounts list` shows all; a pool is swept account by account",
        )
    })?;
    let zone = Zones::of(config).zone(&args.account);
    let day = args.day.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
    let per_day = per_day(args, config)?;
    let gate = daemon::gate(config, &daemon::accounts(config)?)?;
    let batch = batch(&args.account, day);
    let spacing = SignedDuration::from_hours(24) / i32::try_from(per_day).unwrap_or(i32::MAX).max(1);
    let swept = Swept {
        account: args.account.clone(),
        batch: batch.clone(),
        per_day,
        dry_run: args.dry_run,
        ..Swept::default()
    };
    let account_name = args.account.as_str();
    let mut sweep =
        Sweep { gate, store, account: account_name, day, batch, spacing, next: now, known: HashSet::new(), swept };
    sweep.look_back().await?;
    match pages::of(&account.registry).filter(|_| args.names.is_none()) {
        Some(pages) => pages::run(&mut sweep, pages, args.page_size, now, out).await?,
        None => names::run(&mut sweep, args, config, out).await?,
    }
    let until = sweep.swept.until.map(|until| local(until, &zone));
    end(&sweep.swept, until.as_deref(), out)
}

/// Letters, digits and `-` are all that an account's name must have to be part of a batch's.
fn batch(account: &str, day: Date) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-:/".contains(c) { c } else { '_' };
    let name: String = account.chars().take(60).map(plain).collect();
    format!("sweep-{name}-{day}")
}

fn per_day(args: &SweepArgs, config: &Config) -> Result<u64, Failure> {
    let limits = outlook::limits(config).0;
    let quota = limits.get(&args.account).and_then(|limits| limits.quota);
    match (args.per_day, args.share, quota) {
        (Some(number), ..) => Ok(number),
        (None, share, Some(quota)) => Ok((quota / 1000 * share.unwrap_or(SHARE).0).max(1)),
        (None, None, None) => Ok(PER_DAY),
        (None, Some(_), None) => {
            let what = format!("{} has no daily quota to take a share of", args.account);
            Err(Failure::new(Exit::Usage, "usage", what).next("name a number with --per-day"))
        }
    }
}

impl Sweep<'_> {
    /// Finds what this sweep has submitted before.
    async fn look_back(&mut self) -> Result<(), Failure> {
        let mut filter = JobFilter { batch: Some(self.batch.clone()), limit: 1000, ..JobFilter::default() };
        loop {
            let jobs = self.store.jobs(&filter).await?;
            self.known.extend(jobs.iter().map(|job| job.id));
            // The day's measure is used up as far as its questions reach.
            let reached = jobs.iter().map(|job| job.due_at).max().and_then(|at| at.checked_add(self.spacing).ok());
            self.next = self.next.max(reached.unwrap_or(self.next));
            filter.before_seq = jobs.last().map(|job| job.seq);
            if jobs.len() < filter.limit as usize {
                return Ok(());
            }
        }
    }

    /// The job of a question, and whether it is new; what is not new has been submitted with whatever time it had.
    fn job(
        &mut self,
        what: &str,
        operation: Operation,
        params: Map<String, Value>,
    ) -> Result<(JobId, Option<NewJob>), String> {
        let id = EventId::of(&[b"sweep", self.account.as_bytes(), self.day.to_string().as_bytes(), what.as_bytes()]);
        let id = JobId(id.0);
        if self.known.contains(&id) {
            return Ok((id, None));
        }
        let job = json!({
            "id": id, "account": self.account, "operation": operation, "params": params, "class": "bulk",
            "not_before": self.next, "batch": self.batch,
        });
        let origin = Origin {
            publisher: Publisher::Deadline,
            id: DefaultId::InBulk,
            batch: None,
            reply_to: None,
            correlation_id: None,
        };
        let job = self.gate.admit(&origin, &job).map_err(|reject| reject.reason)?;
        self.known.insert(id);
        self.swept.until = Some(self.next);
        self.next = self.next.checked_add(self.spacing).unwrap_or(Timestamp::MAX);
        Ok((id, Some(job)))
    }

    /// Stores jobs, unless this is only to be said.
    async fn submit(&mut self, jobs: &mut Vec<NewJob>) -> Result<(), Failure> {
        let mut new = jobs.len() as u64;
        if !self.swept.dry_run && !jobs.is_empty() {
            let accepted = self.store.accept(jobs, &[], Timestamp::now()).await?;
            // Another sweep of this day may run beside this one.
            new = accepted.iter().filter(|acceptance| **acceptance == Acceptance::New).count() as u64;
        }
        self.swept.new += new;
        self.swept.known += jobs.len() as u64 - new;
        jobs.clear();
        Ok(())
    }
}

fn end(swept: &Swept, until: Option<&str>, out: &mut Out<'_>) -> Result<(), Failure> {
    out.one(swept, |swept| {
        let verb = if swept.dry_run { "would be asked" } else { "asked" };
        let mut text = format!("batch     {}\ndomains   {}\n", plain(&swept.batch), grouped(swept.domains));
        text.push_str(&format!("questions {} {verb}, {} before\n", grouped(swept.new), grouped(swept.known)));
        text.push_str(&format!("a day     {}\n", grouped(swept.per_day)));
        text.extend(until.map(|until| format!("until     {until}\n")));
        text.extend(swept.answers.as_ref().map(|tally| {
            format!("answers   {} succeeded, {} did not\n", grouped(tally.succeeded), grouped(tally.unsuccessful()))
        }));
        text
    })?;
    let failed = swept.answers.as_ref().map_or(0, Tally::unsuccessful);
    if swept.bad == 0 && failed == 0 {
        return Ok(());
    }
    let what = format!("{} name(s) cannot be asked about, {} question(s) did not succeed", swept.bad, failed);
    let next = format!("`registrard jobs list --batch {} --state failed` lists those that failed", swept.batch);
    Err(Failure::new(Exit::JobFailed, "job_failed", what).next(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percents_and_batches_have_names() {
        assert_eq!("10%".parse(), Ok(Share(100)));
        assert_eq!("0.5 %".parse(), Ok(Share(5)));
        for wrong in ["10", "0%", "101%", "%", "NaN%", "ten%"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
        let day = jiff::civil::date(2026, 11, 22);
        assert_eq!(batch("DENIC-1000022", day), "sweep-DENIC-1000022-2026-11-22");
        assert_eq!(batch("a b", day), "sweep-a_b-2026-11-22");
    }
}
