//! Random lives of a few jobs on a few objects, step by step against a model that knows no links and no counters: a job
//! may start if it waits, everything in its `after` succeeded, and no earlier job on its object is unfinished.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use registrard::model::state::{MOVES, next};
use registrard::model::{Cause, Move, NewJob, State};
use registrard::store::{Acceptance, Lease, Store};

use crate::database::{Database, Kind, with};
use crate::steps::*;

const OBJECTS: u128 = 3;
const IDS: u128 = 25;
const STEPS: usize = 50;

struct Kept {
    content: NewJob,
    state: State,
}

#[derive(Default)]
struct Model {
    /// How often jobs were taken in.
    intakes: i64,
    jobs: BTreeMap<u128, Kept>,
    arrival: Vec<u128>,
    /// Of jobs on one object the earlier one goes first: the order of arrival, but a job stands before those that came
    /// earlier and wait for it.
    order: Vec<u128>,
}

impl Model {
    fn open(&self, number: u128) -> bool {
        self.jobs.get(&number).is_some_and(|job| !job.state.is_final())
    }

    /// What a job names and did not succeed, known or not.
    fn named(&self, job: &NewJob) -> Vec<u128> {
        let named = job.after.iter().map(|id| id.0.as_u128());
        named.filter(|id| self.jobs.get(id).is_none_or(|job| job.state != State::Succeeded)).collect()
    }

    /// Whom a job waits for: what it names, and its unfinished predecessors.
    fn needs_of(&self, number: u128) -> Vec<u128> {
        let job = &self.jobs[&number].content;
        let ahead = self.order.iter().copied().take_while(|id| *id != number);
        let predecessors = ahead.filter(|id| self.open(*id) && self.jobs[id].content.object == job.object);
        self.named(job).into_iter().chain(predecessors).collect()
    }

    /// Whom a job names, and whom those name, as far as they have not ended.
    fn named_over_any_number(&self, job: &NewJob) -> BTreeSet<u128> {
        let mut ahead = self.named(job);
        let mut seen = BTreeSet::new();
        while let Some(id) = ahead.pop() {
            if seen.insert(id) && self.open(id) {
                ahead.extend(self.named(&self.jobs[&id].content));
            }
        }
        seen
    }

    fn waits(&self, mut ahead: Vec<u128>, number: u128) -> bool {
        let mut seen = BTreeSet::new();
        while let Some(id) = ahead.pop() {
            if id == number {
                return true;
            }
            if self.open(id) && seen.insert(id) {
                ahead.extend(self.needs_of(id));
            }
        }
        false
    }

    /// `taken` are the jobs that were taken before it in the same call.
    fn accept(&mut self, job: &NewJob, taken: &mut Vec<NewJob>) -> Acceptance {
        let number = job.id.0.as_u128();
        if let Some(known) = self.jobs.get(&number) {
            // Which message it came in is no part of what was ordered.
            let again = NewJob { message: known.content.message, ..job.clone() };
            return if known.content == again { Acceptance::Duplicate(known.state) } else { Acceptance::Conflict };
        }
        let mut first = self.named_over_any_number(job);
        if first.contains(&number) {
            return Acceptance::Cycle;
        }
        let siblings = taken.iter().filter(|other| other.message == job.message && other.object == job.object);
        for sibling in siblings {
            let named = self.named_over_any_number(sibling);
            if !named.contains(&number) {
                first.extend(named.into_iter().chain([sibling.id.0.as_u128()]));
            }
        }
        // Those that do not wait for it stay where they are; of the others, those it waits for go before it.
        let waiting: BTreeSet<u128> =
            self.order.iter().copied().filter(|id| self.open(*id) && self.waits(self.needs_of(*id), number)).collect();
        let part = |id: &u128| if waiting.contains(id) { 1 + usize::from(!first.contains(id)) } else { 0 };
        self.order.sort_by_key(part);
        let at = self.order.partition_point(|id| part(id) < 2);
        self.order.insert(at, number);
        self.jobs.insert(number, Kept { content: job.clone(), state: State::Waiting });
        self.arrival.push(number);
        taken.push(job.clone());
        Acceptance::New
    }

    fn doomed(&self) -> Vec<u128> {
        let hopeless = |id: &u128| self.jobs.get(id).is_some_and(|job| job.state.is_final());
        let waiting = self.arrival.iter().copied().filter(|id| self.jobs[id].state == State::Waiting);
        waiting.filter(|id| self.needs_of(*id).iter().any(hopeless)).collect()
    }

    fn due(&self) -> Vec<u128> {
        let waiting = self.arrival.iter().copied().filter(|id| self.jobs[id].state == State::Waiting);
        waiting.filter(|id| self.needs_of(*id).is_empty()).collect()
    }
}

fn random_job(random: &mut StdRng) -> NewJob {
    let number = random.random_range(0..IDS);
    let domain = format!("example-{}.de", random.random_range(0..OBJECTS));
    let mut needs = BTreeSet::new();
    while random.random_bool(0.35) {
        needs.insert(id(random.random_range(0..IDS)));
    }
    NewJob { after: needs.into_iter().collect(), ..on(number, &domain) }
}

async fn some_step(store: &dyn Store, lease: &Lease, model: &mut Model, random: &mut StdRng, context: &str) {
    match random.random_range(0..3) {
        0 => {
            let mut jobs: Vec<NewJob> = (0..random.random_range(1..5)).map(|_| random_job(random)).collect();
            let mut message = 0;
            for job in &mut jobs {
                message += usize::from(random.random_bool(0.4));
                job.message = message;
            }
            // No two intakes share an instant: by that it is known which jobs came together.
            model.intakes += 1;
            let answers = store.accept(&jobs, &[], at(model.intakes - 1_000)).await.unwrap();
            let mut taken = Vec::new();
            let expected: Vec<Acceptance> = jobs.iter().map(|job| model.accept(job, &mut taken)).collect();
            assert_eq!(answers, expected, "{context}: intake");
        }
        1 => {
            let jobs = heads(store, ACCOUNT, at(0)).await;
            let some: Vec<_> = jobs.iter().filter(|_| random.random_bool(0.6)).collect();
            let claims: Vec<_> = some.iter().map(|job| claim(job)).collect();
            assert_eq!(store.start(lease, &claims, at(0)).await.unwrap().len(), claims.len(), "{context}: start");
            for job in some {
                model.jobs.get_mut(&job.id.0.as_u128()).unwrap().state = State::Running;
            }
        }
        _ => {
            let mut moves: Vec<Move> = Vec::new();
            for _ in 0..random.random_range(1..6) {
                let Some(&number) = model.arrival.choose(random) else { continue };
                let job = stored(store, number).await;
                let causes: Vec<Cause> = MOVES
                    .iter()
                    .filter(|(from, cause, _)| *from == job.state && *cause != Cause::Claimed)
                    .filter(|(_, cause, _)| *cause != Cause::Unopened || model.needs_of(number).is_empty())
                    .filter(|(_, cause, _)| *cause != Cause::AskAgain || job.attempt > 0)
                    .map(|(_, cause, _)| *cause)
                    .collect();
                moves.extend(causes.choose(random).map(|cause| step_of(&job, *cause)));
            }
            let made = store.apply(&moves).await.unwrap();
            let mut expected = Vec::new();
            for step in &moves {
                let job = model.jobs.get_mut(&step.job().0.as_u128()).unwrap();
                expected.push(job.state == step.from());
                if job.state == step.from() {
                    job.state = next(job.state, step.cause()).unwrap();
                }
            }
            assert_eq!(made, expected, "{context}: moves");
        }
    }
}

async fn life(db: Arc<Database>, seed: u64) {
    let store = &*db.store;
    let mut random = StdRng::seed_from_u64(seed);
    let mut model = Model::default();
    let lease = lease(store).await;
    for number in 0..STEPS {
        let context = format!("seed {seed}, step {number}");
        some_step(store, &lease, &mut model, &mut random, &context).await;
        assert_eq!(due(store).await, model.due(), "{context}: due");
        let doomed = store.doomed(99).await.unwrap();
        let doomed: Vec<u128> = doomed.iter().map(|(job, _)| job.id.0.as_u128()).collect();
        assert_eq!(doomed, model.doomed(), "{context}: doomed");
    }
    for (number, job) in &model.jobs {
        assert_eq!(state(store, *number).await, job.state, "seed {seed}: job {number}");
    }
    let mut counts: BTreeMap<State, u64> = BTreeMap::new();
    for job in model.jobs.values() {
        *counts.entry(job.state).or_default() += 1;
    }
    let counted = store.counts().await.unwrap();
    assert_eq!(
        counted.iter().map(|count| (count.state, count.jobs)).collect::<BTreeMap<_, _>>(),
        counts,
        "seed {seed}"
    );
    assert_eq!(store.sweep_links().await.unwrap(), 0, "seed {seed}: nothing to repair");
    let wrong = "SELECT count(*) FROM jobs
        WHERE blockers <> (SELECT count(*) FROM job_links WHERE job_links.job_id = jobs.id)";
    assert_eq!(db.number(wrong).await, 0, "seed {seed}: blockers are miscounted");
}

/// The seeds are fixed; `REGISTRARD_TEST_SEED` tries another.
pub async fn random_lives_agree_with_the_model(db: Arc<Database>) {
    let seeds = match std::env::var("REGISTRARD_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) if db.kind == Kind::Sqlite => (1..=24).collect(),
        Err(_) => (101..=106).collect::<Vec<u64>>(),
    };
    for seed in seeds {
        with(Database::migrated(db.kind).await, |db| life(db, seed)).await;
    }
}
