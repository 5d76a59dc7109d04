//! Where a job stands on its object when messages overtook each other on their way.
//!
//! What a job names in its `after` is an order; to stand behind whoever came earlier on the object is only a custom. So
//! custom gives way: a job that arrives after those that wait for it goes before them, and before it go those it waits for
//! itself and those that stood before it in its message; and so it is with each of those. Only jobs that name each other in a circle cannot be put in order.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Link, LinkKind};
use crate::model::JobId;

/// Who waits for whom, seen from both ends; and who came together.
#[derive(Default)]
pub(in crate::store) struct Order {
    ahead: HashMap<JobId, Vec<Link>>,
    behind: HashMap<JobId, Vec<Link>>,
    /// See [`super::came_at`].
    came: HashMap<JobId, Timestamp>,
}

/// Another place for a job that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Shift {
    /// Whose place.
    pub(in crate::store) job: JobId,
    /// Whom it stood behind so far; nobody if it was the first.
    pub(in crate::store) behind: Option<JobId>,
    /// Whom it stands behind now.
    pub(in crate::store) now_behind: Option<JobId>,
}

/// Where a new job finds room on its object.
pub(super) struct Room {
    /// Whom it stands behind.
    pub(super) behind: Option<JobId>,
    /// Who makes room for it, and for those it waits for.
    pub(super) shifts: Vec<Shift>,
    /// The last on its object from now on.
    pub(super) last: JobId,
    /// The last ones of other queues, and who takes their places.
    pub(super) others: Vec<(JobId, JobId)>,
}

impl Extend<Link> for Order {
    fn extend<T: IntoIterator<Item = Link>>(&mut self, links: T) {
        for link in links {
            self.add(link);
        }
    }
}

impl Order {
    /// Notes when a job counts as taken in.
    pub(in crate::store) fn note(&mut self, job: JobId, came: Timestamp) {
        self.came.insert(job, came);
    }

    /// The jobs that wait, or are waited for.
    pub(in crate::store) fn jobs(&self) -> impl Iterator<Item = JobId> {
        self.ahead.keys().chain(self.behind.keys()).copied().collect::<HashSet<_>>().into_iter()
    }

    pub(super) fn add(&mut self, link: Link) {
        self.ahead.entry(link.job).or_default().push(link);
        self.behind.entry(link.needs).or_default().push(link);
    }

    fn remove(&mut self, link: Link) {
        for (links, end) in [(&mut self.ahead, link.job), (&mut self.behind, link.needs)] {
            if let Some(links) = links.get_mut(&end) {
                links.retain(|other| *other != link);
            }
        }
    }

    pub(super) fn shift(&mut self, shift: Shift) {
        let link = |needs| Link { job: shift.job, needs, kind: LinkKind::Object };
        if let Some(needs) = shift.behind {
            self.remove(link(needs));
        }
        self.extend(shift.now_behind.map(link));
    }

    /// Finds room for a job that names `after`, that stood behind `siblings` in its message and whose object's queue ends with
    /// `last`. `None` if jobs name each other in a circle.
    pub(super) fn room(&self, job: JobId, after: &[JobId], siblings: &[JobId], last: Option<JobId>) -> Option<Room> {
        if after.contains(&job) {
            return None;
        }
        let mut room = Room { behind: last, shifts: Vec::new(), last: job, others: Vec::new() };
        let waiting = self.waiting_for(job);
        if waiting.is_empty() {
            return Some(room);
        }
        let mut named = self.named_by(after);
        if named.contains(&job) {
            return None;
        }
        let before = |sibling: &JobId| Some(self.named_by(&[*sibling])).filter(|named| !named.contains(&job));
        named.extend(siblings.iter().filter_map(before).flatten());
        self.take_along(&mut named, &waiting, before);
        let part = |member: &JobId| match (waiting.contains(member), named.contains(member)) {
            (false, _) => Part::Unconcerned,
            (true, true) => Part::First,
            (true, false) => Part::Last,
        };
        let queue = last.map(|last| self.queue(last)).unwrap_or_default();
        room.make(&queue, job, part);
        let mut seen: HashSet<JobId> = queue.into_iter().collect();
        let mut hurried: Vec<JobId> = named.intersection(&waiting).copied().collect();
        hurried.sort_unstable();
        for member in hurried {
            if !seen.contains(&member) {
                let queue = self.queue(member);
                room.arrange(&queue, part);
                seen.extend(queue);
            }
        }
        Some(room)
    }

    /// Stored jobs that go first take along those that stood before them in their messages, and whom those name; `before`
    /// leaves out who waits for the arrival.
    fn take_along(
        &self,
        named: &mut HashSet<JobId>,
        waiting: &HashSet<JobId>,
        before: impl Fn(&JobId) -> Option<HashSet<JobId>>,
    ) {
        let mut first: Vec<JobId> = named.intersection(waiting).copied().collect();
        let mut seen = HashSet::new();
        while let Some(job) = first.pop() {
            let sibling = |other: &JobId| self.came.contains_key(other) && self.came.get(other) == self.came.get(&job);
            // Those before one that was seen have been taken along with it.
            let ahead = self.ahead_of(job).skip(1).take_while(|other| !sibling(other) || !seen.contains(other));
            let siblings: Vec<JobId> = ahead.filter(sibling).collect();
            seen.insert(job);
            let along = siblings.iter().filter(|other| seen.insert(**other)).filter_map(&before).flatten();
            first.extend(along.filter(|other| named.insert(*other) && waiting.contains(other)));
        }
    }

    /// Who waits for this job, over any number of links. Nobody, unless somebody named it before it came.
    fn waiting_for(&self, job: JobId) -> HashSet<JobId> {
        let links = |job| self.behind.get(&job).into_iter().flatten();
        reached(links(job).map(|link| link.job).collect(), |job| links(job).map(|link| link.job))
    }

    /// Whom these jobs name, over any number of links, and they themselves.
    fn named_by(&self, after: &[JobId]) -> HashSet<JobId> {
        reached(after.to_vec(), |job| {
            let links = self.ahead.get(&job).into_iter().flatten();
            links.filter(|link| link.kind == LinkKind::After).map(|link| link.needs)
        })
    }

    /// The queue in which this job stands, from the first to the last.
    fn queue(&self, member: JobId) -> Vec<JobId> {
        let after = |job: &JobId| Self::custom(self.behind.get(job)).map(|link| link.job);
        let mut queue: Vec<JobId> = self.ahead_of(member).collect();
        queue.reverse();
        queue.extend(std::iter::successors(after(&member), after));
        queue
    }

    /// This job and those ahead of it in its queue, from the last to the first.
    fn ahead_of(&self, member: JobId) -> impl Iterator<Item = JobId> {
        std::iter::successors(Some(member), |job| Self::custom(self.ahead.get(job)).map(|link| link.needs))
    }

    fn custom(links: Option<&Vec<Link>>) -> Option<&Link> {
        links.into_iter().flatten().find(|link| link.kind == LinkKind::Object)
    }
}

/// The parts of a queue when a job arrives. Whoever stands behind one that waits for it waits for it, too: so those that are
/// not concerned are the first already, and stay so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Does not wait for the arrival.
    Unconcerned,
    /// Waits for it by custom only, and goes before it.
    First,
    /// Waits for it.
    Last,
}

impl Room {
    /// Puts the arrival into its queue, between those it names and those that wait for it.
    fn make(&mut self, queue: &[JobId], arrival: JobId, part: impl Fn(&JobId) -> Part) {
        let mut order = queue.to_vec();
        order.sort_by_key(&part);
        let at = order.partition_point(|member| part(member) < Part::Last);
        order.insert(at, arrival);
        self.behind = at.checked_sub(1).map(|before| order[before]);
        self.last = order.last().copied().unwrap_or(arrival);
        self.note(queue, &order);
    }

    /// Lets those that the arrival names go first in a queue of another object.
    fn arrange(&mut self, queue: &[JobId], part: impl Fn(&JobId) -> Part) {
        let mut order = queue.to_vec();
        order.sort_by_key(part);
        self.others.extend(queue.last().copied().zip(order.last().copied()));
        self.note(queue, &order);
    }

    fn note(&mut self, queue: &[JobId], order: &[JobId]) {
        let stood: HashMap<JobId, Option<JobId>> = with_predecessor(queue).collect();
        self.shifts.extend(with_predecessor(order).filter_map(|(job, now_behind)| {
            let behind = *stood.get(&job)?;
            (behind != now_behind).then_some(Shift { job, behind, now_behind })
        }));
    }
}

fn with_predecessor(queue: &[JobId]) -> impl Iterator<Item = (JobId, Option<JobId>)> {
    let predecessors = std::iter::once(None).chain(queue.iter().copied().map(Some));
    queue.iter().copied().zip(predecessors)
}

/// All that can be reached from some jobs, and they. A loop and not a recursion, because queues can be long.
fn reached<I: Iterator<Item = JobId>>(mut from: Vec<JobId>, next: impl Fn(JobId) -> I) -> HashSet<JobId> {
    let mut seen = HashSet::new();
    while let Some(job) = from.pop() {
        if seen.insert(job) {
            from.extend(next(job));
        }
    }
    seen
}
