//! Everything is broken at once, and every job still has exactly one effect and one true end: a real PostgreSQL and RabbitMQ,
//! daemons that are processes, a registry that misbehaves, networks that cut and stall, and a referee who looks from outside.
//!
//! `./dev chaos` runs the long form; see docs/reliability.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "chaos/blows.rs"]
mod blows;
#[path = "chaos/books.rs"]
mod books;
#[path = "support/control.rs"]
mod control;
#[path = "support/house.rs"]
mod house;
#[path = "support/plain_amqp.rs"]
mod plain_amqp;
#[path = "chaos/plan.rs"]
mod plan;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "chaos/referee.rs"]
mod referee;
#[path = "chaos/referee_tests.rs"]
mod referee_tests;
#[path = "chaos/registries/mod.rs"]
mod registries;
#[path = "chaos/report.rs"]
mod report;
#[path = "chaos/run.rs"]
mod run;
#[path = "chaos/stage.rs"]
mod stage;

use std::time::{Duration, Instant};

use blows::{Blow, Ending};
use plan::Size;
use proxy::Mode;
use referee::Wrong;
use registries::{DenicRri, NzSrs, Opensrs, Registry, Weighted, chosen};
use report::Totals;
use run::{Outcome, Run, play};
use stage::{Link, Setup};

/// The seed every short run begins with.
const FIXED: u64 = 20_261_122;
/// How long blows fall in a run.
const BLOWS: Duration = Duration::from_secs(40);
/// Longest wait for anything to come to its end when everything works again.
const PATIENCE: Duration = Duration::from_secs(120);

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The run of a seed. Seeds with an even number have two daemons, others three.
fn run_of(seed: u64) -> Run {
    let daemons = 2 + usize::try_from(seed % 2).unwrap();
    let name = std::env::var("REGISTRARD_CHAOS_REGISTRY").unwrap_or_else(|_| "all".into());
    let registries = chosen(&name);
    let accounts = if registries.len() == 1 { 4 } else { 3 };
    Run {
        setup: Setup { seed, registries, accounts, daemons, flaw: None, failpoints: true },
        size: Size { writes: 420, waves: 80 },
        scenes: |registry| registry.scenes(),
        blows: BLOWS,
        script: None,
        patience: PATIENCE,
    }
}

/// Plays a seed, says how it ended and adds it up; whether there was nothing to find fault with.
async fn is_clean(seed: u64, totals: &mut Totals) -> bool {
    println!("seed {seed}");
    let outcome = play(&run_of(seed)).await;
    println!("seed {seed}: {}", outcome.totals);
    let is_clean = outcome.is_clean();
    let Outcome { verdict, deaths, story, totals: of_seed } = outcome;
    if !is_clean {
        eprintln!("seed {seed}: {verdict}\n{}\n{story}", deaths.join("\n"));
    }
    totals.add(of_seed);
    is_clean
}

/// The short form: one seed that is always the same and one that never is. With `REGISTRARD_CHAOS_MINUTES` seeds one after
/// the other, from `REGISTRARD_CHAOS_SEED` on, until the time is up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_job_has_exactly_one_effect_whatever_breaks() {
    let (began, minutes) = (Instant::now(), variable("REGISTRARD_CHAOS_MINUTES"));
    let chosen = variable("REGISTRARD_CHAOS_SEED");
    let first = chosen.or(minutes.is_none().then_some(FIXED)).unwrap_or_else(random);
    let is_time = |number: u64| match minutes {
        Some(minutes) => number == 0 || began.elapsed() < Duration::from_secs(60 * minutes),
        None => number < 2,
    };
    let (mut totals, mut failures) = (Totals::default(), Vec::new());
    let mut seed = first;
    for number in 0.. {
        if !is_time(number) {
            break;
        }
        if !is_clean(seed, &mut totals).await {
            let registry = std::env::var("REGISTRARD_CHAOS_REGISTRY").unwrap_or_else(|_| "all".into());
            failures.push(format!("{seed} (to replay: ./dev chaos --minutes 1 --seed {seed} --registry {registry})"));
        }
        seed = if minutes.is_some() { seed.wrapping_add(1) } else { random() };
    }
    println!("{} seeds, {} of them failed: {totals}", totals.seeds, failures.len());
    assert!(failures.is_empty(), "seeds that failed (what was wrong stands above): {}", failures.join(", "));
}

/// Short enough to be typed.
fn random() -> u64 {
    u64::from(rand::random::<u32>())
}

fn after(millis: u64, blow: Blow) -> (Duration, Blow) {
    (Duration::from_millis(millis), blow)
}

/// A small run at one registry with a flaw planted.
fn flawed(
    flaw: &'static str,
    registry: &'static dyn Registry,
    scenes: fn(&'static dyn Registry) -> &'static [Weighted],
    script: Vec<(Duration, Blow)>,
) -> Run {
    let registries = vec![registry];
    Run {
        setup: Setup { seed: FIXED, registries, accounts: 2, daemons: 2, flaw: Some(flaw), failpoints: false },
        size: Size { writes: 60, waves: 30 },
        scenes,
        blows: Duration::from_secs(8),
        script: Some(script),
        patience: Duration::from_secs(20),
    }
}

/// A referee that finds nothing where something is wrong proves nothing.
async fn resending_is_found_out(registry: &'static dyn Registry) {
    let lost_answers = Blow::SandboxFault { specs: registry.changes().1, span: Duration::from_secs(8) };
    let run = flawed("resend_unasked", registry, |registry| registry.changes().0, vec![after(0, lost_answers)]);
    let outcome = play(&run).await;
    println!("{}", outcome.verdict);
    assert!(outcome.verdict.count(Wrong::Duplicate) > 0, "found nothing: {}\n{}", outcome.verdict, outcome.story);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_that_resends_without_asking_is_found_out() {
    resending_is_found_out(&DenicRri).await;
}

/// Where requests bear no transaction id, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_that_resends_without_asking_is_found_out_at_opensrs() {
    resending_is_found_out(&Opensrs).await;
}

/// Where the same id may be sent again as often as one likes, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_that_resends_without_asking_is_found_out_at_nz_srs() {
    resending_is_found_out(&NzSrs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_that_acknowledges_before_it_has_committed_is_found_out() {
    let silence = Blow::Network {
        whose: None,
        link: Link::Database,
        mode: Mode::Stall,
        span: Duration::from_secs(4),
        ending: Ending::Lost,
    };
    let kill = |daemon| Blow::Kill { daemon, away: Duration::from_secs(1) };
    let script = vec![after(2000, silence), after(4500, kill(0)), after(4500, kill(1))];
    let outcome = play(&flawed("ack_before_commit", &DenicRri, |_| DenicRri::CONTACTS, script)).await;
    println!("{}", outcome.verdict);
    assert!(outcome.verdict.count(Wrong::Lost) > 0, "found nothing: {}\n{}", outcome.verdict, outcome.story);
}
