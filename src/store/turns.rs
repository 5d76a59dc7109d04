//! Who comes next: start-time fair queueing of the batches of one publisher, in one class of one queue. Pure, and the same
//! for both databases.
//!
//! A ripe job (due, not blocked) has a turn, and the smallest comes first. A batch's next job stands one behind its last,
//! but never before the one whose turn it is now: so batches take turns however long they are, and one that was idle
//! has saved up nothing. What comes back after a back-off, or was put back, goes to the front: it had its turn before.

use std::collections::BTreeMap;

use crate::model::{NewJob, WaitingFor};

use super::rows::text;

/// The turn of a job that stands before all others of its publisher.
pub(super) const FRONT: i64 = 0;

/// Jobs that stand one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// Account or pool.
    pub(super) queue: String,
    /// Rank of the class.
    pub(super) class: i16,
    pub(super) publisher: String,
    /// Empty for jobs without a batch.
    pub(super) batch: String,
}

impl Line {
    /// The line of a new job, spelt as it will be stored.
    pub(super) fn of(job: &NewJob) -> Self {
        let spelt = |given: &str| text(given).into_owned();
        Self {
            queue: spelt(&job.account),
            class: job.class.rank(),
            publisher: spelt(&job.publisher),
            batch: spelt(job.batch.as_deref().unwrap_or_default()),
        }
    }
}

/// How a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    /// The last turn that was given in it; 0 if none is remembered.
    pub(super) last: i64,
    /// The publisher's turn now: the least above [`FRONT`] among its ripe jobs in this class of the queue, and if there are
    /// none the greatest that was ever given there.
    pub(super) now: i64,
}

/// Gives turns; afterwards it knows the last of each line.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeMap<Line, i64>);

impl Turns {
    /// Turns for lines that stand so.
    pub(super) fn new(lines: impl IntoIterator<Item = (Line, Stand)>) -> Self {
        Self(lines.into_iter().map(|(line, stand)| (line, stand.last.max(stand.now).max(FRONT))).collect())
    }

    /// The next turn of a line.
    pub(super) fn give(&mut self, line: &Line) -> i64 {
        let last = match self.0.get_mut(line) {
            Some(last) => last,
            None => self.0.entry(line.clone()).or_insert(FRONT),
        };
        *last = last.saturating_add(1);
        *last
    }

    /// The lines in order, with the last turn given in each.
    pub(super) fn lasts(&self) -> impl Iterator<Item = (&Line, i64)> {
        self.0.iter().map(|(line, last)| (line, *last))
    }
}

/// Whether a job that waits for this goes to the front as soon as it is due: it had its turn before.
pub(super) const fn had_its_turn(waiting_for: WaitingFor) -> bool {
    matches!(waiting_for, WaitingFor::Backoff | WaitingFor::Cooldown | WaitingFor::Quota | WaitingFor::Spacing)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(batch: usize) -> Line {
        Line { queue: "DENIC-1000001".into(), class: 1, publisher: "billing".into(), batch: format!("b{batch}") }
    }

    /// One publisher's jobs, as the store keeps them.
    #[derive(Default)]
    struct Publisher {
        last: BTreeMap<Line, i64>,
        /// Turn, arrival, batch.
        ripe: Vec<(i64, usize, usize)>,
        arrived: usize,
    }

    impl Publisher {
        fn now(&self) -> i64 {
            let least = self.ripe.iter().map(|(turn, ..)| *turn).filter(|turn| *turn > FRONT).min();
            least.or(self.last.values().copied().max()).unwrap_or(0)
        }

        fn arrive(&mut self, batches: &[usize]) {
            let now = self.now();
            let stand = |line: Line| (line.clone(), Stand { last: self.last.get(&line).copied().unwrap_or(0), now });
            let mut turns = Turns::new(batches.iter().map(|batch| stand(line(*batch))));
            for batch in batches {
                self.ripe.push((turns.give(&line(*batch)), self.arrived, *batch));
                self.arrived += 1;
            }
            self.last.extend(turns.lasts().map(|(line, last)| (line.clone(), last)));
        }

        fn claim(&mut self) -> Option<(i64, usize)> {
            let first = *self.ripe.iter().min()?;
            self.ripe.retain(|job| *job != first);
            Some((first.0, first.2))
        }
    }

    proptest! {
        /// Whatever arrives and leaves: the turn never goes back, and between two claims of a batch that waits all the
        /// time every other one is claimed at most twice.
        #[test]
        fn batches_take_turns(steps in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(0_usize..4, 1..20).prop_map(Some),
                Just(None),
                Just(None),
            ], 1..120)
        ) {
            let mut publisher = Publisher::default();
            let mut before = 0;
            // Claims of each other batch since a batch that waits was claimed last.
            let mut since: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
            for step in steps {
                match step {
                    Some(batches) => publisher.arrive(&batches),
                    None => {
                        let Some((_, claimed)) = publisher.claim() else { continue };
                        let waiting: std::collections::BTreeSet<usize> =
                            publisher.ripe.iter().map(|(.., batch)| *batch).collect();
                        since.retain(|batch, _| waiting.contains(batch));
                        since.remove(&claimed);
                        for batch in waiting.into_iter().filter(|batch| *batch != claimed) {
                            let times = since.entry(batch).or_default().entry(claimed).or_default();
                            *times += 1;
                            prop_assert!(*times <= 2, "batch {claimed} was claimed {times} times while {batch} waited");
                        }
                    }
                }
                prop_assert!(publisher.now() >= before, "the turn went back from {before} to {}", publisher.now());
                before = publisher.now();
            }
        }
    }

    #[test]
    fn a_late_batch_does_not_wait_for_an_earlier_million() {
        let mut turns =
            Turns::new([(line(0), Stand { last: 1_000_000, now: 17 }), (line(1), Stand { last: 0, now: 17 })]);
        assert_eq!((turns.give(&line(1)), turns.give(&line(1)), turns.give(&line(0))), (18, 19, 1_000_001));
        assert_eq!(turns.lasts().map(|(_, last)| last).collect::<Vec<_>>(), [1_000_001, 19]);
    }

    #[test]
    fn only_what_was_at_the_front_before_goes_there_again() {
        let front: Vec<WaitingFor> = WaitingFor::ALL.iter().copied().filter(|what| had_its_turn(*what)).collect();
        assert_eq!(front, [WaitingFor::Backoff, WaitingFor::Cooldown, WaitingFor::Quota, WaitingFor::Spacing]);
    }
}
