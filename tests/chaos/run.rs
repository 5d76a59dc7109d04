//! One run: a plan is published while blows fall; then everything works again, and when nothing is left to do the referee
//! speaks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use registrard::sandbox::Ledger;

use crate::blows::{self, Blow, Performed};
use crate::books;
use crate::house::{PATIENCE, until};
use crate::plain_amqp::{self, Collector};
use crate::plan::{Plan, Size};
use crate::referee::{Evidence, Verdict, judge};
use crate::report::Totals;
use crate::stage::{Setup, Stage};

/// What a run consists of.
#[derive(Clone, Debug)]
pub struct Run {
    pub setup: Setup,
    pub size: Size,
    /// How long blows fall.
    pub blows: Duration,
    /// Blows of one's own choice in place of those the seed brings.
    pub script: Option<Vec<(Duration, Blow)>>,
    /// Longest wait for the end of all jobs when everything works again.
    pub patience: Duration,
}

/// What came of it.
pub struct Outcome {
    pub verdict: Verdict,
    pub totals: Totals,
    /// Daemons that died or panicked.
    pub deaths: Vec<String>,
    /// What happened when, and the ends of the logs.
    pub story: String,
}

impl Outcome {
    pub fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.deaths.is_empty()
    }
}

/// Pause between looks at what is left to do.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Longest wait for a broker that takes what is published.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(180);

/// Plays it.
pub async fn play(run: &Run) -> Outcome {
    let began = Instant::now();
    let stage = Stage::open(&run.setup).await;
    plain_amqp::attach(stage.amqp_direct()).await.expect("RabbitMQ is there");
    let collector = Collector::start(stage.amqp_direct());
    let plan = Plan::new(run.setup.seed, stage.accounts(), run.size);
    let script = run
        .script
        .clone()
        .unwrap_or_else(|| blows::script(run.setup.seed, run.blows, stage.daemons(), &stage.points()));
    let everybody = async || {
        let owned = books::owned(stage.database_direct(), stage.accounts()).await.ok()?;
        (owned == stage.accounts().len()).then_some(())
    };
    until("daemons at work", PATIENCE, everybody).await;
    let (performed, ()) = tokio::join!(blows::perform(&stage, &script), publish(&stage, &plan, run.blows));
    stage.calm().await;
    let left = over(&stage, &plan, &collector, run.patience).await;
    let logs = stage.log_tails().await;
    let deaths = stage.close().await;

    let ledger: Ledger = serde_json::from_value(stage.ledger().await).unwrap();
    let books = books::read(stage.database_direct()).await.unwrap();
    let hits: Vec<_> =
        performed.iter().filter(|one| !matches!(one.blow, Blow::SandboxFault { .. })).map(|one| one.began).collect();
    let unread = unread(&stage).await;
    let rejected = plain_amqp::rejected(stage.amqp_direct()).await.unwrap_or(0);
    let verdict = judge(&Evidence {
        plan: &plan,
        ledger: &ledger,
        books: &books,
        heard: &collector.heard.lock().unwrap(),
        unread,
        rejected,
        blows: &hits,
    });
    let totals = Totals::of(plan.orders.len(), plan.writes(), count(&performed), &verdict, began.elapsed());
    let story =
        format!("{}{}\n{logs}", timeline(&performed), left.map(|left| format!("left: {left}")).unwrap_or_default());
    Outcome { verdict, totals, deaths, story }
}

/// Publishes wave after wave, evenly over the time of the blows.
async fn publish(stage: &Stage, plan: &Plan, span: Duration) {
    let start = tokio::time::Instant::now();
    for (number, wave) in plan.waves.iter().enumerate() {
        tokio::time::sleep_until(
            start + span * u32::try_from(number).unwrap() / u32::try_from(plan.waves.len()).unwrap(),
        )
        .await;
        let publishing = plain_amqp::publish(stage.amqp_direct(), stage.user(), wave);
        tokio::time::timeout(PUBLISHER_PATIENCE, publishing).await.expect("the broker takes nothing");
    }
}

/// Waits until nothing is left to do; what is left if that takes too long.
async fn over(stage: &Stage, plan: &Plan, collector: &Collector, patience: Duration) -> Option<String> {
    let mut left = String::new();
    let looking = async {
        loop {
            let open = books::open(stage.database_direct()).await;
            let (unread, untold) =
                (unread(stage).await, plan.orders.len() - collector.finished().min(plan.orders.len()));
            if matches!(open, Ok([0, 0, 0])) && (unread, untold) == (0, 0) {
                return;
            }
            left =
                format!("[jobs, events, removals] {open:?}, {unread} messages at the registry, {untold} jobs untold");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    tokio::time::timeout(patience, looking).await.is_err().then_some(left)
}

/// Messages that wait at the registry.
async fn unread(stage: &Stage) -> u64 {
    let objects = stage.objects().await;
    let registries = objects.as_object().unwrap().values();
    let accounts = registries.filter_map(|registry| registry["accounts"].as_array()).flatten();
    accounts.filter_map(|account| account["messages"].as_u64()).sum()
}

fn count(performed: &[Performed]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in performed {
        *counts.entry(one.blow.kind().to_owned()).or_insert(0) += 1;
    }
    counts
}

fn timeline(performed: &[Performed]) -> String {
    let mut text = String::new();
    for Performed { blow, began, ended, struck } in performed {
        let miss = if *struck { "" } else { " (it did not come to that)" };
        writeln!(text, "  {began:.3} to {ended:.3}: {blow}{miss}").unwrap();
    }
    text
}
