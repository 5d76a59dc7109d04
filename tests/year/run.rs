//! The year itself: day after day, or from one act to the next.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use registrard::store::DeadlineFilter;

use crate::books;
use crate::database::Kind;
use crate::places::Registry;
use crate::referee::{self, Life, Told, act_of, days_before};
use crate::report::Report;
use crate::script::{Domain, Script};
use crate::stage::Stage;

/// Most events that are read at once.
const PAGE: u32 = 5_000;
/// Of so many lives one ends in the midst of its work.
const SUDDEN: f64 = 0.15;
/// The longest time between two lives in a year of jumps.
const STRIDE: SignedDuration = SignedDuration::from_hours(8 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How the year is played.
#[derive(Clone, Debug)]
pub struct Setup {
    pub domains: u32,
    pub days: u32,
    pub seed: u64,
    /// A daemon's life for every day, or only where something is to be done, and every eighth day.
    pub daily: bool,
    /// Whether daemons are killed at all.
    pub kills: bool,
    pub kind: Kind,
}

impl Setup {
    /// The short form, unless variables say otherwise.
    pub fn from_environment() -> Self {
        let text = |name: &str| std::env::var(format!("REGISTRARD_YEAR_{name}")).ok();
        let number = |name: &str, default: u64| text(name).map_or(default, |value| value.parse().unwrap());
        Self {
            domains: u32::try_from(number("DOMAINS", 300)).unwrap(),
            days: u32::try_from(number("DAYS", 400)).unwrap(),
            seed: number("SEED", rand::random::<u32>().into()),
            daily: text("STEP").is_some_and(|step| step == "day"),
            kills: text("KILLS").is_none_or(|kills| kills != "never"),
            kind: if text("STORE").is_some_and(|store| store == "postgres") { Kind::Postgres } else { Kind::Sqlite },
        }
    }

    /// The days on which domains are registered.
    fn registrations(&self) -> Vec<u32> {
        if self.daily { (0..30).collect() } else { vec![0, 4, 9] }
    }
}

/// What was seen of the year.
struct Year {
    setup: Setup,
    stage: Stage,
    script: Script,
    rng: StdRng,
    began: Timestamp,
    /// Orders that were given.
    ordered: usize,
    /// Domains whose registrants have not answered their mail yet.
    unproved: Vec<Domain>,
    lives: Vec<Life>,
    told: Vec<Told>,
    /// The last event that was read.
    read: i64,
}

/// Plays it, prints what came of it, and fails if the referee finds fault with any of it.
pub async fn play(setup: Setup) {
    eprintln!("a year of the calendar: {setup:?}");
    let clock = Instant::now();
    let stage = Stage::open(setup.seed, setup.kind).await;
    let script = Script::of(setup.seed, &stage.places, setup.domains, &setup.registrations());
    let at_opensrs = |domain: &&Domain| domain.registry == Registry::Opensrs && domain.covered;
    let mut year = Year {
        began: stage.now(),
        unproved: script.domains.iter().filter(at_opensrs).cloned().collect(),
        rng: StdRng::seed_from_u64(setup.seed ^ 0x5eed),
        setup,
        stage,
        script,
        ordered: 0,
        lives: Vec::new(),
        told: Vec::new(),
        read: 0,
    };
    year.live().await;
    let (report, faults) = year.judge(clock).await;
    println!("{report}");
    if !faults.is_empty() {
        year.stage.keep();
        year.trace(&faults);
        let shown: Vec<_> = faults.iter().take(40).map(String::as_str).collect();
        panic!("{} faults, seed {}; the first are\n{}", faults.len(), year.setup.seed, shown.join("\n"));
    }
}

impl Year {
    async fn live(&mut self) {
        let end = self.began + DAY * i32::try_from(self.setup.days).unwrap();
        let mut at = self.began;
        loop {
            let is_last = at >= end;
            self.stage.move_to(at.min(end)).await;
            let today = self.today();
            self.order(today).await;
            self.prove(today).await;
            self.live_once(!is_last).await;
            self.read().await;
            if self.setup.daily && today.is_multiple_of(10) {
                let life = self.lives.last().unwrap();
                eprintln!("day {today}: {} events so far, {} kB", self.told.len(), life.memory);
            }
            if is_last {
                return;
            }
            at = self.next(today).await;
        }
    }

    /// Days since the beginning, for the most part of a minute given.
    fn today(&self) -> u32 {
        let hours = (self.stage.now().duration_since(self.began) + SignedDuration::from_secs(50)).as_hours();
        u32::try_from(hours / 24).unwrap()
    }

    async fn order(&mut self, today: u32) {
        let rest = &self.script.orders[self.ordered..];
        let due: Vec<_> = rest.iter().take_while(|order| order.day <= today).map(|order| &order.job).collect();
        self.ordered += due.len();
        self.stage.submit(&due).await;
    }

    /// Two days after a registration the registrant answers, if the registration was carried out by then.
    async fn prove(&mut self, today: u32) {
        let (ripe, rest): (Vec<_>, Vec<_>) = self.unproved.drain(..).partition(|domain| domain.day + 2 <= today);
        self.unproved = rest;
        for domain in ripe {
            if !self.stage.verify(&domain.name).await && today < domain.day + 14 {
                self.unproved.push(domain);
            }
        }
    }

    /// A daemon's life; in a year without killing, the day of the one that lives.
    async fn live_once(&mut self, may_be_short: bool) {
        let began = self.stage.now();
        self.stage.start();
        let sudden = self.setup.kills && may_be_short && self.rng.random_bool(SUDDEN);
        if sudden {
            let millis = self.rng.random_range(30..1_200);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        } else {
            self.stage.settle(began).await;
        }
        let ended = self.stage.now();
        let memory = self.stage.memory(if self.setup.kills { "VmHWM" } else { "VmRSS" });
        if self.setup.kills {
            self.stage.kill().await;
        }
        // A process is dead when the kernel says so, and may have written until then.
        let ended = if sudden { self.stage.now() } else { ended };
        self.lives.push(Life { began, ended, settled: !sudden, memory, events: 0 });
    }

    async fn read(&mut self) {
        let before = self.told.len();
        loop {
            let rows = self.stage.database.store.events_after(self.read, PAGE).await.unwrap();
            let Some(last) = rows.last() else { break };
            self.read = last.seq;
            self.told.extend(rows.into_iter().map(|row| Told::of(row.event)));
        }
        self.lives.last_mut().unwrap().events = self.told.len() - before;
    }

    /// When the next daemon lives.
    async fn next(&mut self, today: u32) -> Timestamp {
        if self.setup.daily {
            let within = SignedDuration::from_secs(self.rng.random_range(0..20 * 3600));
            return self.began + DAY * i32::try_from(today + 1).unwrap() + within;
        }
        let now = self.stage.now();
        if self.lives.last().is_some_and(|life| !life.settled) {
            return now + SignedDuration::from_mins(self.rng.random_range(1..60));
        }
        let orders = self.script.orders.get(self.ordered);
        let orders = orders.map(|order| self.began + DAY * i32::try_from(order.day).unwrap());
        let filter = DeadlineFilter { limit: 100_000, ..DeadlineFilter::default() };
        let open = self.stage.database.store.deadlines(&filter).await.unwrap();
        let acts =
            open.iter().filter(|entry| entry.job.is_none() && self.is_covered(&entry.account)).filter_map(|entry| {
                let days = act_of(entry.kind.word())?;
                Some(days_before(entry.due, days, &self.zone(&entry.account)))
            });
        // Acts of one batch of registrations come together.
        let soonest = now + SignedDuration::from_hours(6);
        acts.chain(orders).filter(|at| *at > now).min().unwrap_or(now + STRIDE).clamp(soonest, now + STRIDE)
    }

    fn is_covered(&self, account: &str) -> bool {
        self.stage.places.iter().any(|place| place.account == account && place.covered)
    }

    fn zone(&self, account: &str) -> TimeZone {
        zone_of(&self.stage, account)
    }

    /// Everything that was told of the first domains with faults.
    fn trace(&self, faults: &[String]) {
        let is_faulty = |domain: &&Domain| faults.iter().any(|fault| fault.contains(&domain.name));
        for domain in self.script.domains.iter().filter(is_faulty).take(3) {
            eprintln!("── {} ──", domain.name);
            let is_of_it =
                |event: &&Told| event.kind != "deadline.digest" && event.data.to_string().contains(&domain.name);
            for event in self.told.iter().filter(is_of_it) {
                let data: String = event.data.to_string().chars().take(1_500).collect();
                eprintln!("{} {} {data}", event.time, event.kind);
            }
        }
    }

    async fn judge(&self, clock: Instant) -> (Report, Vec<String>) {
        let stage = &self.stage;
        let rules = referee::Rules {
            zone: &|account| zone_of(stage, account),
            is_covered: &|account| self.is_covered(account),
            accounts: stage.places.iter().map(|place| place.account.clone()).collect(),
        };
        let verdict = referee::judge(&self.told, &self.lives, &rules);
        let mut faults = verdict.faults.clone();
        let filter = DeadlineFilter { limit: 10_000_000, ..DeadlineFilter::default() };
        let open = stage.database.store.deadlines(&filter).await.unwrap();
        let open = open
            .into_iter()
            .filter(|entry| !entry.kind.is_watch())
            .map(|entry| (entry.account, entry.object.as_str().to_owned(), entry.kind.word().to_owned(), entry.due));
        faults.extend(referee::compare_open(&verdict.segments, open.collect()));
        let (effects, objects) = stage.truth().await;
        let is_beyond = |segment: &&referee::Segment| {
            let zone = zone_of(stage, &segment.account);
            matches!(segment.end, Some((_, referee::End::Missed)))
                && self.is_covered(&segment.account)
                && referee::is_beyond(segment, &self.lives, &zone)
        };
        let beyond: Vec<_> = verdict.segments.iter().filter(is_beyond).collect();
        faults.extend(books::judge(&self.script.domains, &verdict.segments, &beyond, &self.lives, &effects, &objects));
        faults.extend(stage.complaints());
        let report = Report::of(&self.setup, &self.told, &self.lives, &verdict, beyond.len(), clock.elapsed());
        faults.extend(report.memory_fault());
        (report, faults)
    }
}

fn zone_of(stage: &Stage, account: &str) -> TimeZone {
    let place = stage.places.iter().find(|place| place.account == account).unwrap();
    TimeZone::get(place.registry.time_zone()).unwrap()
}
