//! Three days at a registry in a few seconds: the scheduler as it is, a real store, the real protocol between account and
//! sandbox, on simulated time that both share, over the two nights in which the clocks are changed. Work always waits. The
//! sandbox's ledger judges: no rule was broken, and what was allowed was used.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "simulation/calendar.rs"]
mod calendar;
#[path = "simulation/held.rs"]
mod held;
#[path = "simulation/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use calendar::{Rules, by_windows};
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use registrard::model::Limits;
use registrard::model::limits::{Span, Timetable};
use registrard::sandbox::{DenicOptions, Ledger, LocalSandbox, Sandbox};
use tokio::time::{Instant, sleep_until};
use world::{ACCOUNT, Daemon, Dice, House, off};

const HOUR: u64 = 3600;
const RUN: Duration = Duration::from_secs(72 * HOUR);

/// In proportion to each other as at DENIC, small enough for 72 hours in seconds. Each day begins with more work than the
/// windows let through, meets the purge phase, and then the end of its quota.
const RULES: Rules = Rules { window: 300, requests: 24, at_purge: 6, quota: 900 };

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// The registry, set up by the rules; now and then it takes a request and does not answer.
fn registry(seed: u64, begin: Timestamp) -> LocalSandbox {
    let options = DenicOptions {
        requests_per_window: Some(RULES.requests as usize),
        requests_at_purge: Some(RULES.at_purge as usize),
        window: Duration::from_secs(RULES.window.unsigned_abs()),
        quota_per_day: RULES.quota,
        ..DenicOptions::default()
    };
    let fault = "cut_after:action=domain.check,p=0.002".parse().unwrap();
    Sandbox::local(options, seed, vec![fault], begin)
}

/// The same for the daemon: exactly what the registry enforces, not less. Slots for LOGOUTs are kept free in windows of a
/// hundred and more only; so that sessions cut off in a full window still leave places, there are three of seven.
fn limits(published: Limits) -> Limits {
    let purge = Span { from: time(2, 0, 0, 0), to: time(4, 0, 0, 0) };
    Limits {
        sessions: 3,
        zone: zone(),
        window: Duration::from_secs(RULES.window.unsigned_abs()),
        requests: Timetable { base: RULES.requests, spans: vec![(purge, RULES.at_purge)] },
        quota: Some(RULES.quota),
        ..published
    }
}

/// What happens to daemons at an hour of the run.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Stopped in good order, and started again.
    Restart,
    /// Killed, while another one stands by.
    Death,
}

/// One of each while windows bind, in the first hours of a day, and one of each at any hour.
fn changes(dice: &Dice, midnights: &[u64]) -> Vec<(Duration, Change)> {
    let minute =
        |hour: u64, hours: u64| Duration::from_secs(hour * HOUR + dice.below(hours * 60) * 60 + dice.below(60));
    let mut changes = vec![
        (minute(midnights[0], 4), Change::Death),
        (minute(midnights[1], 4), Change::Restart),
        (minute(2, 60), Change::Death),
        (minute(2, 60), Change::Restart),
    ];
    changes.sort_by_key(|(at, _)| *at);
    changes
}

/// Plays 72 hours and returns the ledger.
async fn play(begin: Timestamp, dice: &Dice, seed: u64) -> Ledger {
    let begun = Instant::now();
    let sandbox = Arc::new(registry(seed, begin));
    let registry = world::account(&sandbox, dice);
    let limits = Arc::new(limits(registry.limits()));
    let store = world::store().await;
    world::fill(&*store, &*registry, 9 * RULES.quota / 2, begin).await;
    let house = House { store, registry, limits };
    // Wall clocks of machines are a little off, each in its own way.
    let start = |nth: usize| {
        let millis = i64::try_from(dice.below(4000)).unwrap() - 2000;
        house.daemon(&format!("daemon-{nth}"), off(sandbox.now(), millis))
    };
    let (mut at_work, mut standing_by): (Daemon, Daemon) = (start(0), start(1));
    for (nth, (at, change)) in changes(dice, &[12, 36]).into_iter().enumerate() {
        sleep_until(begun + at).await;
        println!("  {change:?} at {}", sandbox.now().to_zoned(zone()));
        let next = start(nth + 2);
        let before = std::mem::replace(&mut at_work, std::mem::replace(&mut standing_by, next));
        match change {
            Change::Restart => before.stop().await,
            Change::Death => before.kill().await,
        }
    }
    sleep_until(begun + RUN).await;
    assert!(world::waiting(&*house.store).await > 0, "work was to wait until the end");
    at_work.stop().await;
    standing_by.stop().await;
    sandbox.ledger()
}

/// What was sent on a day, and when the last of it.
#[derive(Default)]
struct Sent {
    orders: u64,
    last: Option<Timestamp>,
}

fn sent(ledger: &Ledger) -> BTreeMap<Date, Sent> {
    let mut days: BTreeMap<Date, Sent> = BTreeMap::new();
    for request in &ledger.requests {
        let day = days.entry(request.arrived.to_zoned(zone()).date()).or_default();
        if request.action == "domain.check" {
            day.orders += 1;
            day.last = Some(request.arrived);
        }
    }
    days
}

fn simulate(begin: &str) {
    let seed = std::env::var("REGISTRARD_TEST_SEED").map_or(7, |text| text.parse().unwrap());
    println!("REGISTRARD_TEST_SEED={seed}");
    let real = std::time::Instant::now();
    let begin: Zoned = begin.parse().unwrap();
    let (from, to) = (begin.timestamp(), begin.timestamp() + SignedDuration::try_from(RUN).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let dice = Dice::new(seed);
    let ledger = runtime.block_on(play(from, &dice, seed));

    let (mut permitted, mut used, mut open, mut within) = (0.0, 0, 0.0, 0);
    for (day, sent) in sent(&ledger) {
        let windows = by_windows(RULES, &zone(), from, to).get(&day).copied().unwrap_or(0.0);
        let allowed = windows.min(RULES.quota as f64);
        // As long as there were points, windows alone decided.
        let first = day.to_zoned(zone()).unwrap().timestamp().max(from);
        let bound = sent.last.map_or(0.0, |last| by_windows(RULES, &zone(), first, last).values().sum());
        println!("  {day}: {} of {allowed:.0} orders; {bound:.0} by windows until the last of them", sent.orders);
        permitted += allowed;
        used += sent.orders;
        open += bound;
        within += sent.orders;
    }
    let (share, share_of_windows) = (used as f64 / permitted, within as f64 / open);
    println!(
        "{used} orders of {permitted:.0} permitted ({:.2} %), {:.2} % of the windows while there were points; {} requests, \
         broken rules: {:?}; {:.1} s",
        100.0 * share,
        100.0 * share_of_windows,
        ledger.requests.len(),
        ledger.violations,
        real.elapsed().as_secs_f64()
    );
    assert_eq!(ledger.violations, BTreeMap::new(), "of {ACCOUNT}");
    assert!(share >= 0.98, "only {:.2} % of what is permitted was used", 100.0 * share);
    // Less than the day as a whole: a take-over costs up to two minutes, and here it is not made good later.
    assert!(share_of_windows >= 0.97, "only {:.2} % of the windows was used", 100.0 * share_of_windows);
}

#[test]
fn seventy_two_hours_over_the_night_of_twenty_three_hours() {
    simulate("2027-03-27T12:00+01:00[Europe/Berlin]");
}

#[test]
fn seventy_two_hours_over_the_night_of_twenty_five_hours() {
    simulate("2026-10-24T12:00+02:00[Europe/Berlin]");
}
