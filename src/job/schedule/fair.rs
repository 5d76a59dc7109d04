//! Whose turn it is: class first, then publishers by their weights, then each publisher's own order (the turns in the
//! store).
//!
//! Publishers take turns by start-time fair queueing. Each has a tag, the virtual time at which its next job may start;
//! the smallest is next, and moves on by the inverse of the weight. One that was idle begins at the present virtual
//! time: it has saved nothing up and owes nothing, however many jobs the others have waiting. The tags live as long as
//! the ownership of the account; a new owner begins with everybody equal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Class, Job};

/// Virtual time of one job at weight 1.
const UNIT: u64 = 1 << 20;
/// A class whose jobs could have started this long ago is starving.
const PATIENCE: Duration = Duration::from_secs(600);
/// Of so many jobs one is of a starving class, whatever else waits.
const STARVING_ONE_IN: u32 = 10;

/// The turns of one account.
#[derive(Clone, Debug)]
pub struct Fair {
    weights: Arc<BTreeMap<String, u32>>,
    classes: BTreeMap<Class, Turns>,
    /// The classes that starve, and how many jobs of others have started in a row meanwhile.
    starving: BTreeMap<Class, u32>,
}

/// The publishers of one class.
#[derive(Clone, Debug, Default)]
struct Turns {
    now: u64,
    /// When each publisher's next job may start; one that is not here may now.
    next: BTreeMap<String, u64>,
}

impl Turns {
    fn tag(&self, publisher: &str) -> u64 {
        self.next.get(publisher).map_or(self.now, |next| self.now.max(*next))
    }

    fn serve(&mut self, publisher: &str, weight: u32) {
        let start = self.tag(publisher);
        self.now = start;
        // What lies in the past is as good as nothing, and is forgotten.
        self.next.retain(|_, next| *next > start);
        self.next.insert(publisher.to_owned(), start + UNIT / u64::from(weight.max(1)));
    }
}

/// Jobs that could start, by class and publisher; those of one publisher in their order.
type Waiting = BTreeMap<Class, BTreeMap<String, VecDeque<Job>>>;

impl Fair {
    /// Begins with everybody equal. Publishers that are not in `weights` have weight 1.
    #[must_use]
    pub fn new(weights: Arc<BTreeMap<String, u32>>) -> Self {
        Self { weights, classes: BTreeMap::new(), starving: BTreeMap::new() }
    }

    /// The first `count` jobs to start, in order. `heads` are the first jobs of each queue, class and publisher, those of
    /// one queue in their order; a publisher's queues (an account's, its pool's) take turns.
    #[must_use]
    pub fn order(&mut self, heads: Vec<Job>, now: Timestamp, count: usize) -> Vec<Job> {
        let mut waiting = sorted(heads);
        let starving = starving(&waiting, now);
        self.starving = starving.map(|class| (class, self.starving.get(&class).copied().unwrap_or(0))).collect();
        let mut ahead = self.clone();
        let mut order = Vec::new();
        while order.len() < count
            && let Some((class, publisher)) = ahead.next(&waiting)
            && let Some(job) = take(&mut waiting, class, &publisher)
        {
            ahead.serve(&job);
            order.push(job);
        }
        order
    }

    /// Notes that these have started, in this order.
    pub fn started<'a>(&mut self, jobs: impl IntoIterator<Item = &'a Job>) {
        jobs.into_iter().for_each(|job| self.serve(job));
    }

    /// The most urgent class; now and then one that starves. In it the publisher with the smallest tag, and of equal
    /// ones the one with more weight.
    fn next(&self, waiting: &Waiting) -> Option<(Class, String)> {
        let first = *waiting.keys().next()?;
        let turn = |(class, passed): &(&Class, &u32)| **passed + 1 >= STARVING_ONE_IN && waiting.contains_key(class);
        let starving = self.starving.iter().filter(turn).max_by_key(|(_, passed)| **passed);
        let class = starving.map_or(first, |(class, _)| *class);
        let turns = self.classes.get(&class);
        let rank =
            |publisher: &&String| (turns.map_or(0, |turns| turns.tag(publisher)), Reverse(self.weight(publisher)));
        Some((class, waiting.get(&class)?.keys().min_by_key(rank)?.clone()))
    }

    fn serve(&mut self, job: &Job) {
        for (class, passed) in &mut self.starving {
            *passed = if *class == job.class { 0 } else { *passed + 1 };
        }
        let weight = self.weight(&job.publisher);
        self.classes.entry(job.class).or_default().serve(&job.publisher, weight);
    }

    fn weight(&self, publisher: &str) -> u32 {
        self.weights.get(publisher).copied().unwrap_or(1)
    }
}

/// The classes, besides the most urgent one, with a job that could have started long ago.
fn starving(waiting: &Waiting, now: Timestamp) -> impl Iterator<Item = Class> {
    let long_ago = |job: &Job| Duration::try_from(now.duration_since(job.due_at)).is_ok_and(|age| age >= PATIENCE);
    let starves = |publishers: &BTreeMap<String, VecDeque<Job>>| publishers.values().flatten().any(long_ago);
    let starving: Vec<Class> =
        waiting.iter().skip(1).filter(|(_, publishers)| starves(publishers)).map(|(class, _)| *class).collect();
    starving.into_iter()
}

fn take(waiting: &mut Waiting, class: Class, publisher: &str) -> Option<Job> {
    let publishers = waiting.get_mut(&class)?;
    let jobs = publishers.get_mut(publisher)?;
    let job = jobs.pop_front();
    if jobs.is_empty() {
        publishers.remove(publisher);
    }
    if publishers.is_empty() {
        waiting.remove(&class);
    }
    job
}

/// By class and publisher, the queues of each publisher alternating.
fn sorted(heads: Vec<Job>) -> Waiting {
    let mut queues: BTreeMap<(Class, String), BTreeMap<String, VecDeque<Job>>> = BTreeMap::new();
    for job in heads {
        let line = queues.entry((job.class, job.publisher.clone())).or_default();
        line.entry(job.queue.clone()).or_default().push_back(job);
    }
    let mut waiting = Waiting::new();
    for ((class, publisher), mut queues) in queues {
        let line = waiting.entry(class).or_default().entry(publisher).or_default();
        while !queues.is_empty() {
            line.extend(queues.values_mut().filter_map(VecDeque::pop_front));
            queues.retain(|_, jobs| !jobs.is_empty());
        }
    }
    waiting
}

#[cfg(test)]
mod tests;
