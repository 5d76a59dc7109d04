//! One run: a plan is published while blows fall; then everything works again, and when nothing is left to do the referee
//! speaks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use registrard::sandbox::Ledger;
use serde_json::Value;
use uuid::Uuid;

use crate::blows::{self, Blow, Performed};
use crate::books;
use crate::house::{PATIENCE, until};
use crate::plain_amqp::{self, Collector, Heard};
use crate::plan::{Cast, Plan, Reply, Size};
use crate::referee::{Evidence, Verdict, judge};
use crate::registries::{Registry, Weighted};
use crate::report::Totals;
use crate::stage::{Setup, Stage};

/// What a run consists of.
#[derive(Clone, Debug)]
pub struct Run {
    pub setup: Setup,
    pub size: Size,
    /// What is played at a registry.
    pub scenes: fn(&'static dyn Registry) -> &'static [Weighted],
    /// How long blows fall.
    pub blows: Duration,
    /// Blows of one's own choice in place of those the seed brings.
    pub script: Option<Vec<(Duration, Blow)>>,
    /// Longest wait for anything to come to its end when everything works again.
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
/// Longest wait for a broker that takes what is published; on a busy machine it starts in minutes.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(480);

/// Plays it.
pub async fn play(run: &Run) -> Outcome {
    let began = Instant::now();
    let stage = Stage::open(&run.setup).await;
    plain_amqp::attach(stage.amqp_direct()).await.expect("RabbitMQ is there");
    let collector = Collector::start(stage.amqp_direct());
    let cast = stage.places().map(|(registry, accounts)| Cast { registry, accounts, scenes: (run.scenes)(registry) });
    let plan = Plan::new(run.setup.seed, &cast.collect::<Vec<_>>(), run.size);
    let (daemons, points) = (stage.daemons(), stage.points());
    let of_seed = || blows::script(run.setup.seed, run.blows, daemons, &points, &run.setup.registries);
    let script = run.script.clone().unwrap_or_else(of_seed);
    let accounts = stage.accounts();
    let everybody = async || {
        let owned = books::owned(stage.database_direct(), &accounts).await.ok()?;
        (owned == accounts.len()).then_some(())
    };
    until("daemons at work", PATIENCE * 3, everybody).await;
    let mut human = Human { plan: &plan, declared_over: BTreeSet::new() };
    let everything = async {
        let (performed, ()) = tokio::join!(blows::perform(&stage, &script), publish(&stage, &plan, run.blows));
        stage.calm().await;
        // What settles late, and what a human has to look at, comes only now.
        let patience = run.patience + 12 * stage.longest_pause();
        let left = over(&stage, &plan, &collector, &mut human, patience).await;
        let left = match left {
            Some(left) => Some(format!("{left}\n{}", stage.standing().await)),
            None => None,
        };
        (performed, left)
    };
    let (performed, left) = tokio::select! {
        played = everything => played,
        never = answer(&stage, &plan.replies, &collector.heard) => never,
    };
    let by_hand = human.declared_over;
    let logs = stage.log_tails().await;
    let deaths = stage.close().await;

    let objects = stage.objects().await;
    let ledger: Ledger = serde_json::from_value(stage.ledger().await).unwrap();
    let books = books::read(stage.database_direct()).await.unwrap();
    let hits: Vec<_> =
        performed.iter().filter(|one| !matches!(one.blow, Blow::SandboxFault { .. })).map(|one| one.began).collect();
    let unread = unread(&stage).await;
    let rejected = plain_amqp::rejected(stage.amqp_direct()).await.unwrap_or(0);
    let verdict = judge(&Evidence {
        plan: &plan,
        ledger: &ledger,
        objects: &objects,
        books: &books,
        heard: &collector.heard.lock().unwrap(),
        unread,
        rejected,
        blows: &hits,
        by_hand: &by_hand,
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

/// Billing hears of jobs and orders what comes of them; never ends, for nobody knows what is still to be heard.
async fn answer(stage: &Stage, replies: &[Reply], heard: &Arc<Mutex<Heard>>) -> ! {
    let mut open: Vec<&Reply> = replies.iter().collect();
    loop {
        let mut messages: Vec<Value> = Vec::new();
        open.retain(|reply| {
            let answers = &heard.lock().unwrap().answers;
            let Some(answer) = answers.get(&(reply.to, reply.event.to_owned())) else { return true };
            let mut message = reply.message.clone();
            reply.registry.complete(&mut message, reply.to, answer);
            messages.push(message);
            false
        });
        plain_amqp::publish(stage.amqp_direct(), stage.user(), &messages).await;
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The human, with whom some orders end on purpose: declares them over.
struct Human<'a> {
    plan: &'a Plan,
    declared_over: BTreeSet<Uuid>,
}

impl Human<'_> {
    async fn look(&mut self, stage: &Stage) {
        for id in books::at_a_human(stage.database_direct()).await.unwrap_or_default() {
            let is_meant = self.plan.orders.get(&id).is_some_and(|order| order.registry.is_for_a_human(order));
            if is_meant && stage.command(&["jobs", "dismiss", &id.to_string()]).await.is_some() {
                self.declared_over.insert(id);
            }
        }
        // There is plenty: a registry further away said so of one order (`forced-440`), and the operator has another one try.
        for account in books::out_of_funds(stage.database_direct()).await.unwrap_or_default() {
            stage.command(&["accounts", "resume", &account]).await;
        }
    }
}

/// Waits until nothing is left to do; what is left if it has not become less for too long.
async fn over(
    stage: &Stage,
    plan: &Plan,
    collector: &Collector,
    human: &mut Human<'_>,
    patience: Duration,
) -> Option<String> {
    let (mut least, mut since) = (usize::MAX, Instant::now());
    loop {
        let open = books::open(stage.database_direct()).await;
        let (unread, untold) = (unread(stage).await, plan.orders.len() - collector.finished().min(plan.orders.len()));
        human.look(stage).await;
        stage.resume_blameless().await;
        let left = open.as_ref().map(|open| open.iter().sum::<usize>() + usize::try_from(unread).unwrap() + untold);
        match left {
            Ok(0) => return None,
            Ok(left) if left < least => (least, since) = (left, Instant::now()),
            _ => {}
        }
        if since.elapsed() > patience {
            let left = "[jobs, events, removals]";
            return Some(format!("{left} {open:?}, {unread} messages at the registry, {untold} jobs untold"));
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Messages that wait at the registries.
async fn unread(stage: &Stage) -> u64 {
    let objects = stage.objects().await;
    // The sandbox writes its registries' names with underscores.
    let of = |registry: &'static dyn Registry| {
        let part = &objects[registry.name().replace('-', "_")];
        let accounts = part["accounts"].as_array().unwrap_or_else(|| panic!("no accounts of {registry:?}"));
        accounts.iter().map(|account| registry.waiting(account)).sum::<u64>()
    };
    stage.places().map(|(registry, _)| of(registry)).sum()
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
