//! What is told of a year: figures.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::referee::{End, Life, Told, Verdict};
use crate::run::Setup;

/// Lives in which so many events were told at most had the same load: none to speak of.
const QUIET: usize = 50;
/// The memory of the last of them may be so many times that of the first.
const GROWTH: f64 = 1.2;
/// Fewer tell nothing.
const FEWEST: usize = 10;

/// Figures.
pub struct Report {
    setup: Setup,
    lives: usize,
    sudden: usize,
    entries: usize,
    ends: BTreeMap<String, usize>,
    missed: BTreeMap<String, usize>,
    beyond: usize,
    owed: usize,
    open_questions: BTreeMap<String, usize>,
    events: BTreeMap<String, usize>,
    most: u64,
    /// Medians of the first and the last quiet lives, and of how many each.
    quiet: Option<(u64, u64, usize)>,
    took: Duration,
}

impl Report {
    pub fn of(setup: &Setup, told: &[Told], lives: &[Life], verdict: &Verdict, beyond: usize, took: Duration) -> Self {
        let count = |words: &mut dyn Iterator<Item = String>| {
            let mut counts = BTreeMap::new();
            words.for_each(|word| *counts.entry(word).or_insert(0) += 1);
            counts
        };
        let entries = verdict.segments.iter().filter(|segment| segment.end.is_none_or(|(_, how)| how != End::Moved));
        let end = |segment: &crate::referee::Segment| match segment.end {
            Some((_, how)) => format!("{how:?}").to_lowercase(),
            None => "open".into(),
        };
        let missed = verdict.segments.iter().filter(|segment| matches!(segment.end, Some((_, End::Missed))));
        Self {
            setup: setup.clone(),
            lives: lives.len(),
            sudden: lives.iter().filter(|life| !life.settled).count(),
            entries: entries.count(),
            ends: count(&mut verdict.segments.iter().map(end)),
            missed: count(&mut missed.map(|segment| segment.kind.clone())),
            beyond,
            owed: verdict.owed,
            open_questions: verdict.open_questions.clone(),
            events: count(&mut told.iter().map(|event| event.kind.clone())),
            most: lives.iter().map(|life| life.memory).max().unwrap_or(0),
            quiet: quiet(lives),
            took,
        }
    }

    /// That memory grew, if it did.
    pub fn memory_fault(&self) -> Option<String> {
        let (first, last, of) = self.quiet?;
        let grew = last as f64 > first as f64 * GROWTH;
        grew.then(|| format!("memory grew from {first} to {last} kB, medians of {of} quiet lives each"))
    }
}

/// The medians of the first tenth of the quiet lives and of the last.
fn quiet(lives: &[Life]) -> Option<(u64, u64, usize)> {
    let quiet: Vec<u64> =
        lives.iter().filter(|life| life.settled && life.events <= QUIET).map(|life| life.memory).collect();
    let each = (quiet.len() / 10).max(3);
    let median = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    (quiet.len() >= FEWEST).then(|| (median(&quiet[..each]), median(&quiet[quiet.len() - each..]), each))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<String, usize>| {
            counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "── a year of the calendar, seed {} ──", self.setup.seed)?;
        writeln!(f, "{} domains, {} days, {:?}", self.setup.domains, self.setup.days, self.setup.kind)?;
        writeln!(f, "daemons: {} lives, {} of them ended in the midst of their work", self.lives, self.sudden)?;
        writeln!(f, "entries: {} ({})", self.entries, list(&self.ends))?;
        writeln!(f, "missed: {}", list(&self.missed))?;
        writeln!(
            f,
            "of these {} because no daemon lived to the end of its work between the day of the job and the date, all others on purpose",
            self.beyond
        )?;
        writeln!(f, "reminders: {} owed and told, once each", self.owed)?;
        writeln!(f, "neither owed nor told, because the date was over first: {}", list(&self.open_questions))?;
        writeln!(f, "events: {}", list(&self.events))?;
        writeln!(f, "memory: at most {} kB", self.most)?;
        if let Some((first, last, of)) = self.quiet {
            writeln!(f, "memory of the first and the last {of} quiet lives, medians: {first} and {last} kB")?;
        }
        write!(f, "took {} s", self.took.as_secs())
    }
}
