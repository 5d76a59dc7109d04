//! What is said of a run, and of all of them together.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::referee::{Verdict, Wrong};

/// Runs, added up.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub seeds: usize,
    pub jobs: usize,
    pub writes: usize,
    pub effects: usize,
    pub messages: usize,
    pub doubts: usize,
    /// Jobs that ended with a human, on purpose.
    pub by_hand: usize,
    pub letters_twice: usize,
    pub faults: BTreeMap<String, usize>,
    pub blows: BTreeMap<String, usize>,
    pub wrong: BTreeMap<Wrong, usize>,
    pub settled: Vec<Duration>,
    pub finished: Vec<Duration>,
    pub took: Duration,
}

impl Totals {
    /// Of one run.
    pub fn of(jobs: usize, writes: usize, blows: BTreeMap<String, usize>, verdict: &Verdict, took: Duration) -> Self {
        Self {
            seeds: 1,
            jobs,
            writes,
            effects: verdict.effects,
            messages: verdict.messages,
            doubts: verdict.doubts,
            by_hand: verdict.by_hand,
            letters_twice: verdict.letters_twice,
            faults: verdict.faults.clone(),
            blows,
            wrong: Wrong::ALL.into_iter().map(|wrong| (wrong, verdict.count(wrong))).collect(),
            settled: verdict.settled.clone(),
            finished: verdict.finished.clone(),
            took,
        }
    }

    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.jobs += other.jobs;
        self.writes += other.writes;
        self.effects += other.effects;
        self.messages += other.messages;
        self.doubts += other.doubts;
        self.by_hand += other.by_hand;
        self.letters_twice += other.letters_twice;
        sum(&mut self.faults, other.faults);
        sum(&mut self.blows, other.blows);
        sum(&mut self.wrong, other.wrong);
        self.settled.extend(other.settled);
        self.finished.extend(other.finished);
        self.took += other.took;
    }
}

fn sum<K: Ord>(all: &mut BTreeMap<K, usize>, more: BTreeMap<K, usize>) {
    for (key, count) in more {
        *all.entry(key).or_default() += count;
    }
}

/// The value below which so many of a hundred lie.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn spread(f: &mut fmt::Formatter<'_>, what: &str, times: &[Duration]) -> fmt::Result {
    let [half, most, longest] = [50, 95, 100].map(|percent| percentile(times, percent).as_secs_f64());
    write!(f, "; {what} p50 {half:.2} s p95 {most:.2} s max {longest:.2} s (of {})", times.len())
}

fn counts<K: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, counts: &BTreeMap<K, usize>) -> fmt::Result {
    write!(f, "; {what} {}", counts.values().sum::<usize>())?;
    let each: Vec<_> = counts.iter().map(|(key, count)| format!("{key} {count}")).collect();
    if each.is_empty() { Ok(()) } else { write!(f, " ({})", each.join(", ")) }
}

impl fmt::Display for Totals {
    /// On one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jobs, writes, effects, messages, doubts, by_hand, letters_twice, .. } = self;
        write!(f, "{jobs} jobs, {writes} of them write, {effects} effects, {messages} messages, {doubts} doubts, ")?;
        write!(f, "{by_hand} by hand on purpose, {letters_twice} letters twice")?;
        counts(f, "faults", &self.faults)?;
        counts(f, "blows", &self.blows)?;
        f.write_str(";")?;
        for (wrong, count) in &self.wrong {
            write!(f, " {wrong} {count}")?;
        }
        spread(f, "fault to certainty", &self.settled)?;
        spread(f, "fault to end of job", &self.finished)?;
        write!(f, "; {:.0} s, {:.1} jobs/s", self.took.as_secs_f64(), *jobs as f64 / self.took.as_secs_f64().max(0.001))
    }
}
