//! What an intake will write, worked out from facts read in its transaction. Pure, and the same for both databases.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

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
    /// Whom stored jobs wait for, as far as a cycle could go through them.
    pub(super) waits: HashMap<JobId, Vec<(JobId, LinkKind)>>,
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
    /// Stored jobs that let a later one pass.
    pub(super) passed: Vec<Passed>,
    /// What is told of new jobs that break rules.
    pub(super) warned: Vec<Event>,
}

/// A stored job that lets a later one on its object pass, because it waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// Who lets it pass.
    pub(super) job: JobId,
    /// Whom it stood behind so far; nobody if it was the first.
    pub(super) behind: Option<JobId>,
    /// Whom it stands behind now.
    pub(super) now_behind: JobId,
}

/// Decides about each job in turn; every decision sees those before it.
pub(super) fn plan<'a>(jobs: &'a [NewJob], mut facts: Facts<'a>, now: Timestamp) -> Plan<'a> {
    let mut plan = Plan::default();
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
            None => match links_of(job, &facts) {
                Some(Links { links, doomed_by, lets_pass }) => {
                    facts.known.insert(job.id, (digest, State::Waiting));
                    match lets_pass {
                        Some(behind) => plan.let_pass(behind, job.id, &mut facts),
                        None => drop(facts.tails.insert(place(job), job.id)),
                    }
                    facts.awaited.extend(links.iter().map(|link| link.needs));
                    facts.waits.insert(job.id, links.iter().map(|link| (link.needs, link.kind)).collect());
                    plan.warned.extend(Event::of_warnings(job, now));
                    plan.jobs.push(planned(job, digest, links, doomed_by, now));
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

    /// `behind` stands behind `passing` from now on, instead of behind whom it stood.
    fn let_pass(&mut self, behind: JobId, passing: JobId, facts: &mut Facts<'_>) {
        let waits = facts.waits.entry(behind).or_default();
        let before = waits.iter().position(|(_, kind)| *kind == LinkKind::Object).map(|at| waits.swap_remove(at).0);
        waits.push((passing, LinkKind::Object));
        facts.awaited.insert(passing);
        let link = Link { job: behind, needs: passing, kind: LinkKind::Object };
        if let Some(planned) = self.jobs.iter_mut().find(|planned| planned.job.id == behind) {
            planned.links.retain(|link| link.kind != LinkKind::Object);
            planned.links.push(link);
        } else if let Some(passed) = self.passed.iter_mut().find(|passed| passed.job == behind) {
            passed.now_behind = passing;
        } else {
            self.passed.push(Passed { job: behind, behind: before, now_behind: passing });
        }
    }
}

/// What a job has to wait for.
struct Links {
    links: Vec<Link>,
    /// The job that has already made sure that it can never start.
    doomed_by: Option<JobId>,
    /// The job on the same object that came earlier and yet has to stand behind it.
    lets_pass: Option<JobId>,
}

/// What the job has to wait for; `None` if it would wait for itself.
fn links_of(job: &NewJob, facts: &Facts<'_>) -> Option<Links> {
    let mut doomed_by = None;
    let mut links = Vec::with_capacity(job.after.len() + 1);
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
        links.push(Link { job: job.id, needs, kind: LinkKind::After });
    }
    if reaches(links.iter().map(|link| link.needs), job.id, facts) {
        return None;
    }
    let (ahead, lets_pass) = place_in_order(job, facts);
    links.extend(ahead.map(|needs| Link { job: job.id, needs, kind: LinkKind::Object }));
    links.sort_unstable();
    links.dedup();
    Some(Links { links, doomed_by, lets_pass })
}

/// Between whom a job stands on its object: behind everybody who came earlier, but before those that wait for it. Messages
/// may overtake each other on their way, so that a job arrives after one that names it in its `after`.
fn place_in_order(job: &NewJob, facts: &Facts<'_>) -> (Option<JobId>, Option<JobId>) {
    let mut ahead = facts.tails.get(&place(job)).copied();
    let mut lets_pass = None;
    // Whoever stands behind somebody that waits for it waits for it, too: so the first who does not is the end.
    while let Some(next) = ahead.filter(|next| reaches([*next], job.id, facts)) {
        lets_pass = Some(next);
        let before = |waits: &Vec<(JobId, LinkKind)>| waits.iter().find(|(_, kind)| *kind == LinkKind::Object).copied();
        ahead = facts.waits.get(&next).and_then(before).map(|(before, _)| before);
    }
    (ahead, lets_pass)
}

/// Whether one of `from` waits, over any number of links, for `id`. Nobody can wait for a job that nobody has named, so
/// the walk is rare; it is a loop and not a recursion because chains can be long.
fn reaches(from: impl IntoIterator<Item = JobId>, id: JobId, facts: &Facts<'_>) -> bool {
    let mut ahead: Vec<JobId> = from.into_iter().collect();
    if !facts.awaited.contains(&id) {
        return ahead.contains(&id);
    }
    let mut seen = HashSet::new();
    while let Some(next) = ahead.pop() {
        if next == id {
            return true;
        }
        if seen.insert(next) {
            ahead.extend(facts.waits.get(&next).into_iter().flatten().map(|(needs, _)| *needs));
        }
    }
    false
}

fn planned(job: &NewJob, digest: [u8; 32], links: Vec<Link>, doomed_by: Option<JobId>, now: Timestamp) -> Planned<'_> {
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
    Planned { job, digest, links, doomed_by, waiting_for, due_at, turn: None }
}

/// Whether the links of stored jobs must be read before [`plan`] can rule out a cycle: only if somebody waits for a job
/// that is only now arriving.
pub(super) fn may_close_a_cycle(jobs: &[NewJob], facts: &Facts<'_>) -> bool {
    let arriving: HashSet<JobId> = jobs.iter().map(|job| job.id).filter(|id| !facts.known.contains_key(id)).collect();
    !facts.awaited.is_empty() || jobs.iter().any(|job| job.after.iter().any(|id| arriving.contains(id)))
}
