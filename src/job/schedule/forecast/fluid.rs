//! The model at work: rates that are constant between two instants.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Estimate, Forecast, HORIZON_DAYS, Outlook, Silence, Station, later, part, tier};
use crate::model::limits::instants;
use crate::model::{Class, Limits};
use crate::store::Flow;

/// What counts as nothing, in jobs: far less than one, far more than what rounding leaves of a billion.
const NOTHING: f64 = 1e-4;
/// Days to look through for the next edge of a quiet window.
const WEEK: i64 = 8;
/// Classes there are.
const CLASSES: usize = Class::ALL.len();

/// Accounts and what flows through them. Seconds count from the outlook's instant.
pub(super) struct Fluid<'a> {
    outlook: &'a Outlook,
    at: f64,
    horizon: f64,
    lines: Vec<Line>,
    posts: Vec<Post<'a>>,
}

/// The jobs of one queue, class, publisher and batch.
struct Line {
    flow: Flow,
    /// Jobs not done.
    left: f64,
    /// Jobs that stand before those of interest.
    before: f64,
    /// Jobs a second now.
    rate: f64,
    start: Option<f64>,
    end: Option<f64>,
    held: bool,
}

/// One account.
struct Post<'a> {
    station: &'a Station,
    /// Its lines, by class, and there by publisher with the publisher's weight.
    work: [Vec<(f64, Vec<usize>)>; CLASSES],
    /// What each class may send in a second; 0 while something holds it.
    allowed: [f64; CLASSES],
    /// Points used today.
    used: f64,
    day: Date,
    /// The registry refuses for want of quota.
    exhausted: bool,
    /// Until when all this holds.
    until: f64,
    until_instant: Timestamp,
    /// What it sends in a second now, and of which class.
    sending: Option<(f64, Class)>,
    dry: Option<f64>,
}

impl<'a> Fluid<'a> {
    pub(super) fn of(outlook: &'a Outlook) -> Self {
        let mut lines = Vec::with_capacity(outlook.flows.len());
        lines.extend(outlook.flows.iter().map(|flow| Line::of(flow, outlook)));
        let posts = outlook.stations.iter().map(|station| Post::of(station, outlook.now)).collect();
        Self { outlook, at: 0.0, horizon: HORIZON_DAYS as f64 * 86_400.0, lines, posts }
    }

    /// Puts more jobs in line, behind those of the same line; returns the line, whose estimate is then about these.
    pub(super) fn add(&mut self, flow: &Flow) -> usize {
        let same = |line: &&mut Line| line.is_one_with(flow);
        if let Some(line) = self.lines.iter_mut().find(same) {
            line.before = line.left;
            line.left += size(flow);
        } else {
            self.lines.push(Line::of(flow, self.outlook));
        }
        self.lines.iter().position(|line| line.is_one_with(flow)).unwrap_or_default()
    }

    pub(super) fn run(mut self) -> Forecast {
        self.share_out();
        self.note();
        while self.at < self.horizon && self.lines.iter().any(|line| line.left > NOTHING && !line.held) {
            self.set_rates();
            self.note();
            let step = self.constant_for();
            if !step.is_finite() {
                break;
            }
            self.pass(step);
            self.note();
        }
        let now = self.outlook.now;
        let instant = |at: Option<f64>| at.and_then(|at| later(now, at));
        let estimate = |line: &Line| Estimate { start: instant(line.start), end: instant(line.end) };
        Forecast {
            flows: self.lines.iter().map(estimate).collect(),
            dry: self.posts.iter().map(|post| instant(post.dry)).collect(),
        }
    }

    /// Gives each account the lines it may work.
    fn share_out(&mut self) {
        for post in &mut self.posts {
            let mut work: [BTreeMap<&str, Vec<usize>>; CLASSES] = Default::default();
            for (index, line) in self.lines.iter().enumerate() {
                if !line.held && self.outlook.serves(post.station, &line.flow.queue) {
                    work[rank(line.flow.class)].entry(&line.flow.publisher).or_default().push(index);
                }
            }
            let weight = |publisher: &str| f64::from(self.outlook.weights.get(publisher).copied().unwrap_or(1).max(1));
            post.work = work.map(|publishers| publishers.into_iter().map(|(p, lines)| (weight(p), lines)).collect());
        }
    }

    /// Divides what each account may send now.
    fn set_rates(&mut self) {
        self.lines.iter_mut().for_each(|line| line.rate = 0.0);
        for post in &mut self.posts {
            post.sending = None;
            for &class in Class::ALL {
                let waits = |line: &&usize| self.lines[**line].left > NOTHING;
                let publishers = &post.work[rank(class)];
                let busy: Vec<(f64, usize)> =
                    publishers.iter().map(|(weight, lines)| (*weight, lines.iter().filter(waits).count())).collect();
                let weights: f64 = busy.iter().filter(|(_, lines)| *lines > 0).map(|(weight, _)| weight).sum();
                let allowed = post.allowed[rank(class)];
                if weights == 0.0 || allowed == 0.0 {
                    continue;
                }
                if !post.has_points(class) {
                    post.dry.get_or_insert(self.at);
                    continue;
                }
                for ((weight, count), (_, lines)) in busy.iter().zip(publishers) {
                    let each = allowed * weight / weights / (*count).max(1) as f64;
                    for &line in lines {
                        if self.lines[line].left > NOTHING {
                            self.lines[line].rate += each;
                        }
                    }
                }
                post.sending = Some((allowed, class));
                break;
            }
        }
    }

    /// Seconds until a rate changes.
    fn constant_for(&self) -> f64 {
        let flowing = self.lines.iter().filter(|line| line.rate > 0.0);
        let lines = flowing.flat_map(|line| {
            let until_start = (line.before > NOTHING).then(|| line.before / line.rate);
            [Some(line.left / line.rate), until_start]
        });
        let posts = self.posts.iter().flat_map(|post| {
            let points = post.sending.and_then(|(rate, class)| Some(post.points_left(class)? / rate));
            [Some(post.until - self.at), points]
        });
        lines.chain(posts).flatten().fold(self.horizon - self.at, f64::min).max(0.0)
    }

    fn pass(&mut self, seconds: f64) {
        self.at += seconds;
        for line in self.lines.iter_mut().filter(|line| line.rate > 0.0) {
            let done = (line.rate * seconds).min(line.left);
            line.left -= done;
            line.before -= done;
        }
        for post in &mut self.posts {
            if let Some((rate, _)) = post.sending {
                post.used += rate * seconds;
            }
            if post.until - self.at < 1e-6 {
                post.look_at(post.until_instant, self.outlook.now);
            }
        }
    }

    /// Notes which lines have begun, and which have ended.
    fn note(&mut self) {
        for line in &mut self.lines {
            if line.rate > 0.0 && line.before <= NOTHING {
                line.start.get_or_insert(self.at);
            }
            if line.left <= NOTHING && !line.held {
                line.start.get_or_insert(self.at);
                line.end.get_or_insert(self.at);
            }
        }
    }
}

impl Line {
    fn of(flow: &Flow, outlook: &Outlook) -> Self {
        let held = outlook.is_held(flow);
        Self { flow: flow.clone(), left: size(flow), before: 0.0, rate: 0.0, start: None, end: None, held }
    }

    fn is_one_with(&self, flow: &Flow) -> bool {
        let key = |flow: &Flow| (flow.queue.clone(), flow.class, flow.publisher.clone(), flow.batch.clone());
        key(&self.flow) == key(flow)
    }
}

impl<'a> Post<'a> {
    fn of(station: &'a Station, now: Timestamp) -> Self {
        let mut post = Self {
            station,
            work: Default::default(),
            allowed: [0.0; CLASSES],
            used: station.quota.used as f64,
            day: station.limits.day(now),
            exhausted: false,
            until: 0.0,
            until_instant: now,
            sending: None,
            dry: None,
        };
        post.look_at(now, now);
        post
    }

    /// Takes in what the limits say at an instant, and until when.
    fn look_at(&mut self, at: Timestamp, now: Timestamp) {
        let limits = &*self.station.limits;
        let silent = match self.station.silence {
            None => false,
            Some(Silence::Until(until)) => until > at,
            Some(Silence::Unknown) => true,
        };
        for &class in Class::ALL {
            let held = silent || limits.quiet_until(class, at).is_some();
            let requests = if held { 0 } else { part(class).capacity(limits, at) };
            self.allowed[rank(class)] = f64::from(requests) / limits.window.as_secs_f64().max(1e-3);
        }
        let day = limits.day(at);
        if day != self.day {
            (self.day, self.used) = (day, 0.0);
        }
        self.exhausted = self.station.quota.exhausted_until.is_some_and(|until| until > at);
        self.until_instant = next_change(self.station, at);
        self.until = self.until_instant.duration_since(now).as_secs_f64();
    }

    /// Points that jobs of a class may still use today; `None` if nobody counts.
    fn points_left(&self, class: Class) -> Option<f64> {
        self.station.limits.quota?;
        let all = tier(class).limit(&self.station.limits);
        Some(if self.exhausted { 0.0 } else { (all as f64 - self.used).max(0.0) })
    }

    fn has_points(&self, class: Class) -> bool {
        self.points_left(class).is_none_or(|left| left > NOTHING)
    }
}

/// The next instant at which anything about an account may change.
fn next_change(station: &Station, at: Timestamp) -> Timestamp {
    let limits = &*station.limits;
    let silence = match station.silence {
        Some(Silence::Until(until)) => Some(until),
        _ => None,
    };
    let (midnight, edge, requests) = (Some(limits.next_day(at)), next_edge(limits, at), limits.requests_change(at));
    let all = [silence, station.quota.exhausted_until, midnight, edge, requests].into_iter().flatten();
    all.filter(|change| *change > at).min().unwrap_or(Timestamp::MAX)
}

/// The next instant at which a quiet window may begin or end.
fn next_edge(limits: &Limits, at: Timestamp) -> Option<Timestamp> {
    let today = limits.day(at);
    let edges = limits.quiet.iter().flat_map(|quiet| [quiet.span.from, quiet.span.to]);
    let days = (0..WEEK).filter_map(|ahead| today.checked_add(jiff::Span::new().days(ahead)).ok());
    let days: Vec<Date> = days.collect();
    let all = edges.flat_map(|edge| days.iter().flat_map(move |day| instants(&limits.zone, *day, edge)));
    all.filter(|edge| *edge > at).min()
}

fn rank(class: Class) -> usize {
    match class {
        Class::Urgent => 0,
        Class::Normal => 1,
        Class::Bulk => 2,
    }
}

fn size(flow: &Flow) -> f64 {
    (flow.ripe + flow.unripe) as f64
}
