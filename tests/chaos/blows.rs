//! What is broken, when, and how: a script made from a seed, and its performance on a stage.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, sleep, sleep_until};

use crate::proxy::{Mode, Way};
use crate::registries::{Faults, Registry};
use crate::stage::{LINKS, Link, Stage};

/// What a daemon does at a failpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Crash,
    /// For so many milliseconds.
    Hang(u64),
    /// The step fails, where it can.
    Error,
}

/// What becomes of the bytes that were held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// They arrive late.
    Late,
    /// They are lost with their connections.
    Lost,
}

/// Something that befalls the house. Daemons are meant by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL, and started again after a while.
    Kill {
        daemon: usize,
        away: Duration,
    },
    /// SIGSTOP, and SIGCONT after a while.
    Stop {
        daemon: usize,
        span: Duration,
    },
    /// Killed and started again such that something happens when it comes to a place for the `skip + 1`th time. One that
    /// crashes there is started again.
    Failpoint {
        daemon: usize,
        point: &'static str,
        skip: u32,
        how: How,
    },
    /// The network between one daemon, or all, and what they talk to.
    Network {
        whose: Option<usize>,
        link: Link,
        mode: Mode,
        span: Duration,
        ending: Ending,
    },
    RestartBroker,
    /// `fast`, or `immediate`: without goodbye.
    RestartDatabase {
        how: &'static str,
    },
    /// The database is there, but every connection to it has ended.
    FailOver,
    /// The registry misbehaves for a while.
    SandboxFault {
        specs: Faults,
        span: Duration,
    },
    /// The registry refuses a login. The account is suspended until a human has looked; the blow ends with the human.
    RefuseLogin {
        daemon: usize,
    },
}

impl Blow {
    /// Its kind, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Stop { .. } => "stop",
            Self::Failpoint { .. } => "failpoint",
            Self::Network { .. } => "network",
            Self::RestartBroker => "restart_broker",
            Self::RestartDatabase { .. } => "restart_database",
            Self::FailOver => "fail_over",
            Self::SandboxFault { .. } => "sandbox_fault",
            Self::RefuseLogin { .. } => "refuse_login",
        }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = Duration::as_millis;
        match self {
            Self::Kill { daemon, away } => write!(f, "kill daemon {daemon}, away for {} ms", ms(away)),
            Self::Stop { daemon, span } => write!(f, "stop daemon {daemon} for {} ms", ms(span)),
            Self::Failpoint { daemon, .. } => write!(f, "daemon {daemon} at {}", self.failpoints()),
            Self::Network { whose, link, mode, span, ending } => {
                let whose = whose.map_or("all daemons".to_owned(), |daemon| format!("daemon {daemon}"));
                write!(f, "{mode:?} between {whose} and {link} for {} ms, {ending:?}", ms(span))
            }
            Self::RestartBroker => f.write_str("restart the broker"),
            Self::RestartDatabase { how } => write!(f, "restart the database, {how}"),
            Self::FailOver => f.write_str("end all connections to the database"),
            Self::SandboxFault { specs, span } => write!(f, "{} at the registry for {} ms", specs.join(" "), ms(span)),
            Self::RefuseLogin { daemon } => write!(f, "refuse a login of daemon {daemon}"),
        }
    }
}

/// Faults of any registry. A delay beyond the daemons' patience (3 s) has its effect when nobody waits for it any more.
pub const FAULTS: &[Faults] = &[
    &["cut_before:p=0.05"],
    &["cut_after:p=0.05"],
    &["cut_after:action=*.create,p=0.3"],
    &["half_frame:p=0.05"],
    &["garbage:p=0.05"],
    &["duplicate_answer:p=0.05"],
    &["wrong_ctid:p=0.05"],
    &["busy:p=0.2"],
    &["unavailable:p=0.2"],
    &["delay=4500:p=0.05"],
    &["delay=300:p=0.5"],
    &["stall:p=0.03"],
    &["slow_drip=1500:p=0.1", "slow_drip=5000:p=0.03"],
    &["tls_alert:p=0.05", "tls_alert:effect=yes,p=0.05"],
    &["previous_answer:p=0.05", "wrong_stid:p=0.05"],
    &["drop_session:p=0.02", "drop_session:result=not_logged_in,p=0.02"],
    &["refuse_connection:p=0.5", "cut_after:p=0.05"],
    &["cut_before:p=0.02", "cut_after:p=0.02", "delay=4500:p=0.02", "garbage:p=0.02"],
];

/// Kinds of blows and how many of each there are among as many as all weights together.
const KINDS: &[(usize, Draw)] = &[
    (5, kill),
    (4, stop),
    (8, failpoint),
    (8, network),
    (1, |_, _| Blow::RestartBroker),
    (1, |draw, _| Blow::RestartDatabase { how: draw.one_of(&["fast", "immediate"]) }),
    (2, |_, _| Blow::FailOver),
    (6, |draw, _| Blow::SandboxFault { specs: draw.fault(), span: draw.span(2_000, 8_000) }),
    (1, |draw, _| Blow::RefuseLogin { daemon: draw.daemon() }),
];

/// Makes a blow of one kind; the points are those that were not used for longest.
type Draw = fn(&mut Lots, &mut Bag<&'static str>) -> Blow;

fn kill(lots: &mut Lots, _: &mut Bag<&'static str>) -> Blow {
    Blow::Kill { daemon: lots.daemon(), away: lots.span(0, 6_000) }
}

fn stop(lots: &mut Lots, _: &mut Bag<&'static str>) -> Blow {
    Blow::Stop { daemon: lots.daemon(), span: lots.span(200, 8_000) }
}

fn failpoint(lots: &mut Lots, points: &mut Bag<&'static str>) -> Blow {
    let Some(point) = points.draw(&mut lots.rng) else { return kill(lots, points) };
    let how = match lots.rng.random_range(0..5) {
        0..3 => How::Crash,
        3 => How::Hang(lots.rng.random_range(500..6_000)),
        _ => How::Error,
    };
    // What happens to a lease or to a message happens rarely.
    let rare = ["lease.", "poll.", "rescue.", "doubt."].iter().any(|kind| point.starts_with(kind));
    let skip = lots.rng.random_range(0..if rare { 2 } else { 20 });
    Blow::Failpoint { daemon: lots.daemon(), point, skip, how }
}

fn network(lots: &mut Lots, _: &mut Bag<&'static str>) -> Blow {
    let whose = lots.rng.random_bool(0.6).then(|| lots.daemon());
    let modes = [Mode::Cut, Mode::Stall, Mode::OneWay(Way::ToServer), Mode::OneWay(Way::ToClient)];
    Blow::Network {
        whose,
        link: lots.one_of(&LINKS),
        mode: lots.one_of(&modes),
        span: lots.span(100, 8_000),
        ending: lots.one_of(&[Ending::Late, Ending::Lost]),
    }
}

/// Chance, from a seed.
struct Lots {
    rng: StdRng,
    daemons: usize,
    faults: Vec<Faults>,
}

impl Lots {
    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.random_range(0..choices.len())]
    }

    fn fault(&mut self) -> Faults {
        self.faults[self.rng.random_range(0..self.faults.len())]
    }

    fn daemon(&mut self) -> usize {
        self.rng.random_range(0..self.daemons)
    }

    /// In milliseconds.
    fn span(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.rng.random_range(least..=most))
    }
}

/// Things drawn in random order, each as often as every other one.
struct Bag<T> {
    all: Vec<T>,
    left: Vec<T>,
}

impl<T: Copy> Bag<T> {
    fn new(all: Vec<T>) -> Self {
        Self { all, left: Vec::new() }
    }

    fn draw(&mut self, rng: &mut StdRng) -> Option<T> {
        if self.left.is_empty() {
            self.left.clone_from(&self.all);
            self.left.shuffle(rng);
        }
        self.left.pop()
    }
}

/// What happens when, so much after the beginning: always the same for a seed. Blows overlap where they last longer than
/// it takes until the next one; two on the same daemon, link or sandbox follow one another.
pub fn script(
    seed: u64,
    duration: Duration,
    daemons: usize,
    points: &[&'static str],
    registries: &[&'static dyn Registry],
) -> Vec<(Duration, Blow)> {
    let own = registries.iter().flat_map(|registry| registry.faults());
    let is_fair = |faults: &&Faults| !registries.iter().any(|registry| registry.is_deceived_by(faults));
    let faults = FAULTS.iter().chain(own).filter(is_fair).copied().collect();
    let mut lots = Lots { rng: StdRng::seed_from_u64(seed), daemons, faults };
    let kinds = KINDS.iter().flat_map(|(weight, draw)| std::iter::repeat_n(*draw, *weight));
    let (mut kinds, mut points) = (Bag::new(kinds.collect()), Bag::new(points.to_vec()));
    let mut script = Vec::new();
    let mut at = lots.span(500, 2_000);
    while at < duration {
        let Some(draw) = kinds.draw(&mut lots.rng) else { break };
        script.push((at, draw(&mut lots, &mut points)));
        at += lots.span(200, 5_000);
    }
    script
}

/// A blow that was performed.
#[derive(Clone, Debug)]
pub struct Performed {
    pub blow: Blow,
    pub began: Timestamp,
    /// From here on nothing of it is left but its consequences.
    pub ended: Timestamp,
    /// Whether a failpoint was come to while it was waited for.
    pub struck: bool,
}

/// Performs a script; returns when the last blow is over. Each is told with its time when it begins.
pub async fn perform(stage: &Stage, script: &[(Duration, Blow)]) -> Vec<Performed> {
    let start = Instant::now();
    let each = script.iter().map(|(at, blow)| async move {
        sleep_until(start + *at).await;
        let (began, struck) = blow.strike(stage, start).await;
        Performed { blow: blow.clone(), began, ended: Timestamp::now(), struck }
    });
    let supervise = async {
        loop {
            stage.daemons_died().await;
            sleep(SUPERVISION).await;
        }
    };
    tokio::select! {
        performed = join_all(each) => performed,
        never = supervise => never,
    }
}

/// Pause between looks at daemons that no blow is at.
const SUPERVISION: Duration = Duration::from_millis(500);
/// How long a failpoint is waited for.
const POINT_PATIENCE: Duration = Duration::from_secs(12);
/// How long a refused login is waited for.
const LOGIN_PATIENCE: Duration = Duration::from_secs(20);

impl Blow {
    /// Returns when it began, and whether it had its effect.
    async fn strike(&self, stage: &Stage, start: Instant) -> (Timestamp, bool) {
        let begin = || {
            println!("{:8.3} s  {self}", start.elapsed().as_secs_f64());
            Timestamp::now()
        };
        match self {
            Self::Kill { daemon, away } => {
                let mut actor = stage.actor(*daemon).await;
                let began = begin();
                actor.kill().await;
                sleep(*away).await;
                actor.start();
                (began, true)
            }
            Self::Stop { daemon, span } => {
                let mut actor = stage.actor(*daemon).await;
                let began = begin();
                actor.signal("STOP").await;
                sleep(*span).await;
                actor.signal("CONT").await;
                (began, true)
            }
            Self::Failpoint { daemon, how, .. } => {
                let mut actor = stage.actor(*daemon).await;
                let began = begin();
                actor.kill().await;
                actor.start_armed(&self.failpoints());
                let ended = actor.struck(POINT_PATIENCE).await;
                if let Some(status) = ended {
                    stage.judge_end(&actor, status, *how == How::Crash);
                    actor.start();
                }
                (began, ended.is_some())
            }
            Self::Network { whose, link, mode, span, ending } => {
                let _link = stage.links[*link as usize].lock().await;
                let began = begin();
                stage.network(*whose, *link, *mode);
                sleep(*span).await;
                if *ending == Ending::Lost {
                    stage.cut(*whose, *link);
                }
                stage.network(*whose, *link, Mode::Forward);
                (began, true)
            }
            Self::RestartBroker => {
                let began = begin();
                stage.broker.restart().await;
                (began, true)
            }
            Self::RestartDatabase { how } => {
                let began = begin();
                stage.database.restart(how).await;
                (began, true)
            }
            Self::FailOver => {
                let began = begin();
                stage.database.fail_over().await;
                (began, true)
            }
            Self::SandboxFault { specs, span } => {
                let _faults = stage.faults.lock().await;
                let began = begin();
                stage.forgive(specs);
                stage.add_faults(specs).await;
                sleep(*span).await;
                stage.clear_faults().await;
                stage.resume_blameless().await;
                (began, true)
            }
            Self::RefuseLogin { daemon } => {
                let _faults = stage.faults.lock().await;
                let began = begin();
                stage.add_faults(&["refuse_login:times=1"]).await;
                stage.cut(Some(*daemon), Link::Registry);
                let suspended = stage.suspended(LOGIN_PATIENCE).await;
                stage.clear_faults().await;
                stage.resume().await;
                (began, suspended)
            }
        }
    }

    /// The value of `FAILPOINTS` for a failpoint.
    pub fn failpoints(&self) -> String {
        let Self::Failpoint { point, skip, how, .. } = self else { return String::new() };
        let what = match how {
            How::Crash => "crash".to_owned(),
            How::Hang(ms) => format!("hang={ms}"),
            How::Error => "error".to_owned(),
        };
        format!("{point}={skip}*off->1*return({what})")
    }
}
