//! The two rules both databases carry out the same way: when a move may be made, and whom a finished job lets go.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::plan::{Link, LinkKind};
use super::rows::text;
use crate::model::{Cause, JobId, Move, State};

/// Inquiries of a job that settled nothing: besides the first of each attempt only so many of the last are kept, so that a
/// job that is asked about for weeks does not fill the store.
pub(super) const OPEN_INQUIRIES_KEPT: i64 = 20;

/// What a move is checked against, read under the job's lock.
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) attempt: u32,
    /// Fence of the owner that claimed the job last.
    pub(super) fence: i64,
    /// Fence of the account's owner now; `None` if nobody ever owned it, as nobody owns a pool.
    pub(super) lease: Option<i64>,
    /// Whether it waits for another job.
    pub(super) blocked: bool,
}

/// Whether the job still is where the move expects it (law 9), and the mover still is who it was. A running job is moved
/// by the owner that claimed it; a later one may only rescue it. A job that waits in a pool is nobody's: where it is and in
/// which attempt is guard enough for what an account of the pool finds out about it. A job that another one has passed
/// meanwhile stays where it waits, whatever its secrets: people are asked when its turn has come. Of a job that never started
/// nobody can be asked what became of it.
pub(super) fn may_move(step: &Move, now: &Standing) -> bool {
    let rescued = step.cause() == Cause::Lost || (step.cause() == Cause::Deferred && !step.operation().writes());
    let claimed_by = |fence| now.fence == fence || step.from() != State::Running || rescued;
    now.state == step.from()
        && !(now.blocked && step.cause() == Cause::Unopened)
        && !(now.attempt == 0 && step.cause() == Cause::AskAgain)
        && now.attempt == step.attempt()
        && step.fence.is_none_or(|fence| match now.lease {
            Some(lease) => lease == fence && claimed_by(fence),
            None => now.state == State::Waiting,
        })
}

/// The most characters of a code that batches are counted by.
const CODE_CHARS: usize = 64;

/// What ended a job, for the counts of its batch: the registry's code if its answer decided, else the cause.
pub(super) fn decided_by(step: &Move) -> Cow<'_, str> {
    match step.answer.as_ref().and_then(|answer| answer.leading_code()) {
        Some(code) => match code.char_indices().nth(CODE_CHARS) {
            Some((end, _)) => text(code.get(..end).unwrap_or_default()),
            None => text(code),
        },
        None => Cow::Borrowed(step.cause().word()),
    }
}

/// Splits moves into rounds in which no job occurs twice, so that a round can be one statement.
pub(super) fn rounds(moves: &[Move]) -> Vec<Vec<(usize, &Move)>> {
    let mut rounds: Vec<Vec<(usize, &Move)>> = Vec::new();
    let mut seen: HashMap<JobId, usize> = HashMap::new();
    for (index, step) in moves.iter().enumerate() {
        let round = seen.entry(step.job()).and_modify(|round| *round += 1).or_insert(0);
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        if let Some(round) = rounds.get_mut(*round) {
            round.push((index, step));
        }
    }
    rounds
}

/// What happens to the links of finished jobs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    /// Links that go.
    pub(super) remove: Vec<Link>,
    /// Links that get another needed job.
    pub(super) inherit: Vec<(Link, JobId)>,
    /// Jobs that can never start, and because of whom.
    pub(super) doom: Vec<(JobId, JobId)>,
}

/// Whom jobs let go that have just finished (`true`: succeeded). `links` are all links to and from them.
///
/// A job that ends before its turn came (cancelled, expired) hands its place in the object's order to its successor,
/// which then waits for the job the ended one waited for; otherwise two jobs would work on one object (law 8).
pub(super) fn release(ended: &HashMap<JobId, bool>, links: &[Link]) -> Release {
    let predecessors: HashMap<JobId, JobId> =
        links.iter().filter(|link| link.kind == LinkKind::Object).map(|link| (link.job, link.needs)).collect();
    let mut release = Release::default();
    for &link in links {
        if ended.contains_key(&link.job) {
            release.remove.push(link);
            continue;
        }
        let Some(&succeeded) = ended.get(&link.needs) else { continue };
        match link.kind {
            LinkKind::After if succeeded => release.remove.push(link),
            LinkKind::After => release.doom.push((link.job, link.needs)),
            LinkKind::Object => match still_ahead(link.needs, ended, &predecessors) {
                Some(heir) => release.inherit.push((link, heir)),
                None => release.remove.push(link),
            },
        }
    }
    release
}

/// The nearest unfinished job before `job` in its object's order.
fn still_ahead(job: JobId, ended: &HashMap<JobId, bool>, predecessors: &HashMap<JobId, JobId>) -> Option<JobId> {
    let mut seen = HashSet::new();
    let mut at = job;
    while seen.insert(at) {
        at = *predecessors.get(&at)?;
        if !ended.contains_key(&at) {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn job(number: usize) -> JobId {
        JobId(Uuid::from_u128(number as u128))
    }

    proptest! {
        /// Of a chain of jobs on one object any set ends in one transaction: those that remain still form one chain in
        /// the old order, and the first of them waits for nobody.
        #[test]
        fn a_chain_stays_a_chain(ends in proptest::collection::vec(any::<bool>(), 1..12)) {
            let links: Vec<Link> = (1..ends.len())
                .map(|n| Link { job: job(n), needs: job(n - 1), kind: LinkKind::Object })
                .collect();
            let ended: HashMap<JobId, bool> =
                ends.iter().enumerate().filter(|(_, ends)| **ends).map(|(n, _)| (job(n), false)).collect();
            let release = release(&ended, &links);
            let mut left: HashMap<JobId, JobId> = links
                .iter()
                .filter(|link| !release.remove.contains(link))
                .map(|link| (link.job, link.needs))
                .collect();
            for (link, heir) in &release.inherit {
                left.insert(link.job, *heir);
            }
            let rest: Vec<JobId> = ends.iter().enumerate().filter(|(_, ends)| !**ends).map(|(n, _)| job(n)).collect();
            let expected: HashMap<JobId, JobId> = rest.windows(2).map(|pair| (pair[1], pair[0])).collect();
            prop_assert_eq!(left, expected);
        }
    }

    #[test]
    fn dependants_are_freed_by_success_and_doomed_by_anything_else() {
        let link = Link { job: job(2), needs: job(1), kind: LinkKind::After };
        let freed = release(&HashMap::from([(job(1), true)]), &[link]);
        assert_eq!(freed, Release { remove: vec![link], ..Release::default() });
        let doomed = release(&HashMap::from([(job(1), false)]), &[link]);
        assert_eq!(doomed, Release { doom: vec![(job(2), job(1))], ..Release::default() });
    }
}
