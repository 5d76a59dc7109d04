//! `registrard deadlines show`: all there is to know of the dates of one object.

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::advice;
use super::list::{Line, read};
use super::objects::Tongues;
use super::when::{Zones, local};
use crate::cli::exit::Failure;
use crate::cli::output::{Out, plain};
use crate::config::Config;
use crate::deadlines::plan::{Plans, Step};
use crate::model::State;
use crate::model::deadline::Entry;
use crate::store::{DeadlineFilter, Store};

/// Entries of one object that are shown at most.
const MOST: u32 = 1000;

/// Which deadlines to show.
#[derive(Args, Debug)]
pub struct Which {
    /// The object (example.de, contact:HANDLE), or the number of one deadline.
    pub what: String,
    /// Only of this account.
    #[arg(long, short)]
    pub account: Option<String>,
}

/// What there is to know.
#[derive(Serialize)]
struct Shown {
    /// What is due, by date.
    open: Vec<Due>,
    /// What is over, the latest first.
    over: Vec<Line>,
}

/// A date.
#[derive(Serialize)]
struct Due {
    #[serde(flatten)]
    line: Line,
    /// What somebody can do about it.
    advice: &'static str,
    /// What is still to come of itself.
    steps: Vec<Coming>,
    /// How the job stands that was submitted because of it.
    job_state: Option<State>,
}

/// Something that will be said or done.
#[derive(Serialize)]
struct Coming {
    at: Timestamp,
    #[serde(skip)]
    at_local: String,
    what: String,
}

/// Shows deadlines.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    which: &Which,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let zones = Zones::of(config);
    let entries = read(store, filter(which, config, store).await?).await?;
    if entries.is_empty() {
        let next = "`registrard deadlines list --all` shows what there is; `registrard deadlines import` adds dates";
        return Err(Failure::not_found(format!("deadline of {}", which.what.escape_default()), next));
    }
    let (open, mut over): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.closed.is_none());
    over.reverse();
    let accounts = open.iter().map(|entry| (entry.account.clone(), zones.zone(&entry.account)));
    let plans = Plans { deadlines: config.deadlines.clone(), zones: accounts.collect() };
    let mut shown = Shown { open: Vec::with_capacity(open.len()), over: Vec::with_capacity(over.len()) };
    for entry in open {
        shown.open.push(due(entry, &plans, store, now).await?);
    }
    shown.over = over
        .into_iter()
        .map(|entry| (zones.zone(&entry.account), entry))
        .map(|(zone, entry)| Line::of(entry, &zone, now))
        .collect();
    out.one(&shown, people)
}

/// All entries of the object, or of the object, account and kind of the entry with a number.
async fn filter(which: &Which, config: &Config, store: &dyn Store) -> Result<DeadlineFilter, Failure> {
    let all = DeadlineFilter { account: which.account.clone(), closed: true, limit: MOST, ..DeadlineFilter::default() };
    let Ok(id) = which.what.parse::<i64>() else {
        let object = Tongues::new(config).meant(which.account.as_deref(), &which.what);
        return Ok(DeadlineFilter { object: Some(object.to_string()), ..all });
    };
    let one = DeadlineFilter { id: Some(id), limit: 1, ..all.clone() };
    let entry = store.deadlines(&one).await?.into_iter().next().ok_or_else(|| {
        Failure::not_found(format!("deadline {id}"), "`registrard deadlines list --all` shows the numbers")
    })?;
    let Entry { account, object, kind, .. } = entry;
    Ok(DeadlineFilter { account: Some(account), object: Some(object.to_string()), kinds: vec![kind], ..all })
}

async fn due(entry: Entry, plans: &Plans, store: &dyn Store, now: Timestamp) -> Result<Due, Failure> {
    let zone = plans.zone(&entry.account);
    let to_come = plans.steps(&entry).into_iter().filter(|(at, _)| *at > entry.seen_until);
    let steps = to_come.map(|(at, step)| Coming { at, at_local: local(at, &zone), what: told(&step) }).collect();
    let job_state = match entry.job {
        Some(id) => store.job(id).await?.map(|detail| detail.job.state),
        None => None,
    };
    Ok(Due { advice: advice::of(entry.kind), steps, job_state, line: Line::of(entry, &zone, now) })
}

fn told(step: &Step<'_>) -> String {
    match step {
        Step::Remind(lead) => format!("reminder, {lead} before"),
        Step::Act(act) => format!("{} is submitted", act.operation),
        Step::Ask(number) => format!("question {number} to the registry, if there is no news"),
        Step::Lapse => "over, if there is no news".into(),
    }
}

fn people(shown: &Shown) -> String {
    let mut text = String::new();
    for Due { line, advice, steps, job_state } in &shown.open {
        let entry = &line.entry;
        let _ = writeln!(text, "{} of {} ({})", plain(entry.object.as_str()), plain(&entry.account), entry.kind);
        let _ = writeln!(text, "  what      {}", entry.kind.title());
        let _ = writeln!(text, "  due       {}, {}", line.due_local, line.left);
        let _ = writeln!(text, "  then      {}", entry.kind.harm());
        let _ = writeln!(text, "  to do     {advice}");
        let _ = writeln!(
            text,
            "  known     from {} ({}), since {:.0}",
            plain(&entry.evidence),
            entry.basis,
            entry.heard_at
        );
        for (name, value) in &entry.note {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = writeln!(text, "  {:<8}  {}", plain(name), plain(&value));
        }
        if let Some(job) = entry.job {
            let state = job_state.map_or("not in the store any more", State::word);
            let _ = writeln!(text, "  job       {job}, {state}");
        }
        if entry.asked > 0 {
            let _ = writeln!(text, "  asked     {} time(s) since it passed", entry.asked);
        }
        for (place, step) in steps.iter().enumerate() {
            let heading = if place == 0 { "to come" } else { "" };
            let _ = writeln!(text, "  {heading:<8}  {}  {}", step.at_local, step.what);
        }
        text.push('\n');
    }
    if !shown.over.is_empty() {
        let _ = writeln!(text, "over");
    }
    for line in &shown.over {
        let (entry, why) = (&line.entry, line.entry.closed.as_ref().map_or("", |closed| &closed.why));
        let _ = writeln!(text, "  {}  {}  {}: {}", line.due_local, entry.kind, line.left, plain(why));
    }
    text
}
