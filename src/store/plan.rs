//! What an intake will write, worked out from facts read in its transaction. Pure, and the same for both databases.

mod order;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use self::order::Room;
pub(super) use self::order::{Order, Shift};
use super::Acceptance;
use super::turns::{Line, Turns};
use crate::model::{Event, JobId, NewJob, State, WaitingFor};

/// What a job waits for another job for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum LinkKind {
    /// The publisher named it in `after`: it must succeed.
    After,
    /// It came earlier on the same object: it must be over.
    Object,
}

impl LinkKind {
    /// The word in the store.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::After => "after",
            Self::Object => "object",
        }
    }

    /// The kind of a stored word.
    pub(super) fn of(word: &str) -> Self {
        if word == "after" { Self::After } else { Self::Object }
    }
}

/// A row of `job_links`: `job` waits for `needs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Link {
    pub(super) job: JobId,
    pub(super) needs: JobId,
    pub(super) kind: LinkKind,
}

/// The place of a job in its object's order.
pub(super) type Place<'a> = (&'a str, &'a str);

/// The lane and object of a job.
pub(super) fn place(job: &NewJob) -> Place<'_> {
    (job.lane(), job.object.as_str())
}

/// When a job counts as taken in. Jobs of one message share the instant, and no two messages of an intake do: by that stored
/// jobs are known to have come together.
pub(super) fn came_at(job: &NewJob, now: Timestamp) -> Timestamp {
    let number = i64::try_from(job.message).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(now.as_microsecond().saturating_add(number)).unwrap_or(now)
}

/// The facts.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// Jobs of this intake that are stored already: their digest and state.
    pub(super) known: HashMap<JobId, ([u8; 32], State)>,
    /// The unfinished job on an object behind which nobody stands yet.
    pub(super) tails: HashMap<Place<'a>, JobId>,
    /// The states of those jobs named in `after` that are stored.
    pub(super) needed: HashMap<JobId, State>,
    /// Jobs of this intake that a stored job waits for already.
    pub(super) awaited: HashSet<JobId>,
    /// Whom stored jobs wait for, as far as jobs of this intake may have to stand among them.
    pub(super) order: Order,
}

/// A job to be written.
pub(super) struct Planned<'a> {
    pub(super) job: &'a NewJob,
    pub(super) digest: [u8; 32],
    pub(super) links: Vec<Link>,
    pub(super) doomed_by: Option<JobId>,
    pub(super) waiting_for: WaitingFor,
    pub(super) due_at: Timestamp,
    /// Given by [`Plan::take_turns`] to what is ripe at once.
    pub(super) turn: Option<i64>,
}

impl Planned<'_> {
    /// Whether nothing but its turn is waited for.
    fn is_ripe(&self) -> bool {
        self.waiting_for == WaitingFor::Turn
    }
}

/// What is added to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Growth<'a> {
    /// Who publishes into it.
    pub(super) publisher: &'a str,
    /// New jobs.
    pub(super) jobs: i64,
    /// Those of them that give something up.
    pub(super) destructive: i64,
}

/// What to write and what to answer.
#[derive(Default)]
pub(super) struct Plan<'a> {
    /// In the order of the intake.
    pub(super) answers: Vec<Acceptance>,
    /// In the order of arrival.
    pub(super) jobs: Vec<Planned<'a>>,
    /// Finished jobs that came again: their final event is sent again.
    pub(super) resend: Vec<JobId>,
    /// Stored jobs that stand elsewhere on their object from now on, each once.
    pub(super) shifts: Vec<Shift>,
    /// What is told of new jobs that break rules.
    pub(super) warned: Vec<Event>,
}

/// What was taken so far of one message.
#[derive(Default)]
struct Message<'a> {
    number: usize,
    jobs: HashMap<Place<'a>, Vec<JobId>>,
}

impl<'a> Message<'a> {
    fn siblings_of(&self, job: &'a NewJob) -> &[JobId] {
        let siblings = self.jobs.get(&place(job)).filter(|_| self.number == job.message);
        siblings.map_or(&[], Vec::as_slice)
    }

    fn take(&mut self, job: &'a NewJob) {
        if self.number != job.message {
            *self = Self { number: job.message, jobs: HashMap::new() };
        }
        self.jobs.entry(place(job)).or_default().push(job.id);
    }
}

/// Decides about each job in turn; every decision sees those before it.
pub(super) fn plan<'a>(jobs: &'a [NewJob], mut facts: Facts<'a>, now: Timestamp) -> Plan<'a> {
    let mut plan = Plan::default();
    let mut message = Message::default();
    for job in jobs {
        let digest = job.digest();
        let answer = match facts.known.get(&job.id) {
            Some((stored, state)) if job.is_known_by(stored) => {
                if state.is_final() {
                    plan.resend.push(job.id);
                }
                Acceptance::Duplicate(*state)
            }
            Some(_) => Acceptance::Conflict,
            None => match needs_of(job, message.siblings_of(job), &facts) {
                Some(needs) => {
                    plan.take(job, digest, needs, &mut facts, now);
                    message.take(job);
                    Acceptance::New
                }
                None => Acceptance::Cycle,
            },
        };
        plan.answers.push(answer);
    }
    plan
}

impl<'a> Plan<'a> {
    /// The lines of the new jobs that are ripe at once.
    pub(super) fn lines(&self) -> BTreeSet<Line> {
        self.jobs.iter().filter(|planned| planned.is_ripe()).map(|planned| Line::of(planned.job)).collect()
    }

    /// Gives the new jobs that are ripe at once their turns, in the order of arrival. `turns` knows all of [`Self::lines`].
    pub(super) fn take_turns(&mut self, turns: &mut Turns) {
        for planned in self.jobs.iter_mut().filter(|planned| planned.is_ripe()) {
            planned.turn = Some(turns.give(&Line::of(planned.job)));
        }
    }

    /// What the batches grow by, sorted by name, so that two intakes with the same names wait for each other in one
    /// direction only.
    pub(super) fn batches(&self) -> BTreeMap<&'a str, Growth<'a>> {
        let mut batches: BTreeMap<&str, Growth<'_>> = BTreeMap::new();
        for job in self.jobs.iter().map(|planned| planned.job) {
            let Some(name) = &job.batch else { continue };
            let growth = batches.entry(name).or_insert(Growth { publisher: &job.publisher, jobs: 0, destructive: 0 });
            growth.jobs += 1;
            growth.destructive += i64::from(job.operation.destroys());
        }
        batches
    }

    /// Puts a job among those that are there.
    fn take(&mut self, job: &'a NewJob, digest: [u8; 32], needs: Needs, facts: &mut Facts<'a>, now: Timestamp) {
        let Needs { links, doomed_by, room } = needs;
        facts.known.insert(job.id, (digest, State::Waiting));
        facts.order.extend(links.iter().copied());
        facts.order.note(job.id, came_at(job, now));
        self.warned.extend(Event::of_warnings(job, now));
        self.jobs.push(planned(job, digest, links, doomed_by, now));
        for shift in room.shifts {
            facts.order.shift(shift);
            self.shift(shift, now);
        }
        facts.tails.insert(place(job), room.last);
        for (last, now_last) in room.others {
            facts.tails.values_mut().filter(|tail| **tail == last).for_each(|tail| *tail = now_last);
        }
    }

    fn shift(&mut self, shift: Shift, now: Timestamp) {
        if let Some(planned) = self.jobs.iter_mut().find(|planned| planned.job.id == shift.job) {
            planned.links.retain(|link| link.kind != LinkKind::Object);
            planned.links.extend(behind(shift.job, shift.now_behind));
            (planned.waiting_for, planned.due_at) = waiting(planned.job, &planned.links, now);
        } else if let Some(known) = self.shifts.iter_mut().find(|known| known.job == shift.job) {
            known.now_behind = shift.now_behind;
        } else {
            self.shifts.push(shift);
        }
    }
}

/// What a job has to wait for.
struct Needs {
    links: Vec<Link>,
    /// The job that has already made sure that it can never start.
    doomed_by: Option<JobId>,
    /// Its place on its object.
    room: Room,
}

/// What the job has to wait for; `None` if it would wait for itself.
fn needs_of(job: &NewJob, siblings: &[JobId], facts: &Facts<'_>) -> Option<Needs> {
    let mut doomed_by = None;
    let mut named = Vec::with_capacity(job.after.len());
    for &needs in &job.after {
        // A job of this intake is in `known`; one that nobody knows may still arrive, over another daemon.
        let state = facts.needed.get(&needs).copied().or_else(|| facts.known.get(&needs).map(|(_, state)| *state));
        match state {
            Some(State::Succeeded) => continue,
            Some(state) if state.is_final() => {
                doomed_by.get_or_insert(needs);
            }
            _ => {}
        }
        named.push(needs);
    }
    let room = facts.order.room(job.id, &named, siblings, facts.tails.get(&place(job)).copied())?;
    let named = named.into_iter().map(|needs| Link { job: job.id, needs, kind: LinkKind::After });
    let mut links: Vec<Link> = named.chain(behind(job.id, room.behind)).collect();
    links.sort_unstable();
    links.dedup();
    Some(Needs { links, doomed_by, room })
}

fn behind(job: JobId, whom: Option<JobId>) -> Option<Link> {
    whom.map(|needs| Link { job, needs, kind: LinkKind::Object })
}

fn planned(job: &NewJob, digest: [u8; 32], links: Vec<Link>, doomed_by: Option<JobId>, now: Timestamp) -> Planned<'_> {
    let (waiting_for, due_at) = waiting(job, &links, now);
    Planned { job, digest, links, doomed_by, waiting_for, due_at, turn: None }
}

/// What a job with these links waits for, and from when on it is due.
fn waiting(job: &NewJob, links: &[Link], now: Timestamp) -> (WaitingFor, Timestamp) {
    let due_at = job.not_before.map_or(now, |earliest| earliest.max(now));
    let waiting_for = if links.iter().any(|link| link.kind == LinkKind::After) {
        WaitingFor::Dependency
    } else if !links.is_empty() {
        WaitingFor::Predecessor
    } else if due_at > now {
        WaitingFor::Time
    } else {
        WaitingFor::Turn
    };
    (waiting_for, due_at)
}

/// Whether the links of stored jobs must be read before [`plan`] can put jobs in order: only if somebody waits for a job
/// that is only now arriving.
pub(super) fn is_out_of_order(jobs: &[NewJob], facts: &Facts<'_>) -> bool {
    let arriving: HashSet<JobId> = jobs.iter().map(|job| job.id).filter(|id| !facts.known.contains_key(id)).collect();
    !facts.awaited.is_empty() || jobs.iter().any(|job| job.after.iter().any(|id| arriving.contains(id)))
}
