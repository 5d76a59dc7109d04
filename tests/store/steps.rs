//! Small steps that the cases are made of. The clock stands at [`at`]`(0)` unless a case moves it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use registrard::model::{Cause, Class, Event, Job, JobId, Move, NewJob, ObjectKey, ObjectKind, Operation, State};
use registrard::store::{Acceptance, JobDetail, Lease, Start, Store};
use serde_json::{Value, json};
use uuid::Uuid;

pub const ACCOUNT: &str = "DENIC-1000022";
pub const HOUR: Duration = Duration::from_secs(3600);

/// An instant, in seconds after the beginning.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// The id of a number.
pub fn id(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

/// A job on an object of its own.
pub fn job(number: u128) -> NewJob {
    on(number, &format!("example-{number}.de"))
}

/// A job on a domain.
pub fn on(number: u128, domain: &str) -> NewJob {
    let Value::Object(params) = json!({ "domain": domain }) else { unreachable!("an object") };
    NewJob {
        id: id(number),
        publisher: "billing".into(),
        account: ACCOUNT.into(),
        pool: None,
        operation: Operation::DomainUpdate,
        object: ObjectKey::new(ObjectKind::Domain, domain),
        params,
        class: Class::Normal,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: None,
        max_attempts: 10,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
    }
}

/// A job after others.
pub fn after(number: u128, needs: &[u128]) -> NewJob {
    NewJob { after: needs.iter().copied().map(id).collect(), ..job(number) }
}

pub async fn accept(store: &dyn Store, jobs: &[NewJob]) -> Vec<Acceptance> {
    store.accept(jobs, &[], at(0)).await.unwrap()
}

/// Accepts jobs that are all new.
pub async fn accept_new(store: &dyn Store, jobs: &[NewJob]) {
    assert_eq!(accept(store, jobs).await, vec![Acceptance::New; jobs.len()]);
}

pub async fn lease(store: &dyn Store) -> Lease {
    store.acquire(ACCOUNT, "daemon-1", HOUR).await.unwrap().expect("nobody holds the account")
}

pub async fn detail(store: &dyn Store, number: u128) -> JobDetail {
    store.job(id(number)).await.unwrap().expect("a stored job")
}

pub async fn stored(store: &dyn Store, number: u128) -> Job {
    detail(store, number).await.job
}

pub async fn state(store: &dyn Store, number: u128) -> State {
    stored(store, number).await.state
}

/// The jobs of a queue that may start, in the order of their turns.
pub async fn heads(store: &dyn Store, queue: &str, now: Timestamp) -> Vec<Job> {
    store.ripen(&[queue], now, 1000).await.unwrap();
    store.heads(&[queue], now, 1000).await.unwrap()
}

/// The numbers of the jobs that may start, in the order of their turns.
pub async fn turns(store: &dyn Store, now: Timestamp) -> Vec<u128> {
    numbers(&heads(store, ACCOUNT, now).await)
}

pub fn numbers(jobs: &[Job]) -> Vec<u128> {
    jobs.iter().map(|job| job.id.0.as_u128()).collect()
}

/// The numbers of the jobs that may start, in the order of arrival.
pub async fn due(store: &dyn Store) -> Vec<u128> {
    due_at(store, at(0)).await
}

pub async fn due_at(store: &dyn Store, now: Timestamp) -> Vec<u128> {
    let mut jobs = heads(store, ACCOUNT, now).await;
    jobs.sort_unstable_by_key(|job| job.seq);
    numbers(&jobs)
}

pub async fn next_due(store: &dyn Store, now: Timestamp) -> Option<Timestamp> {
    store.next_due(ACCOUNT, &[ACCOUNT], now).await.unwrap()
}

/// The claim of a job as it was read.
pub fn claim(job: &Job) -> Start {
    Start {
        job: job.id,
        queue: job.queue.clone(),
        attempt: job.attempt,
        transaction: job.next_transaction(),
        digest: [7; 32],
    }
}

/// Starts a job; panics if it could not be started.
pub async fn start(store: &dyn Store, lease: &Lease, number: u128) {
    let job = stored(store, number).await;
    assert_eq!(store.start(lease, &[claim(&job)], at(0)).await.unwrap(), [job.id], "job {number} starts");
}

/// A move of a job as it is now, with its event.
pub async fn step(store: &dyn Store, number: u128, cause: Cause) -> Move {
    step_of(&stored(store, number).await, cause)
}

/// A move of a job as it was read, with its event.
pub fn step_of(job: &Job, cause: Cause) -> Move {
    let mut step = Move::new(job, cause, at(0)).unwrap_or_else(|| panic!("{} --{cause}-->", job.state));
    step.event = Some(Event::of_move(job, &step, &[]));
    step
}

/// Moves a job; panics if it is not moved.
pub async fn make(store: &dyn Store, number: u128, cause: Cause) {
    let step = step(store, number, cause).await;
    assert_eq!(store.apply(&[step]).await.unwrap(), [true], "job {number} moves because of {cause}");
}

/// Starts a job and ends it.
pub async fn run(store: &dyn Store, lease: &Lease, number: u128, cause: Cause) {
    start(store, lease, number).await;
    make(store, number, cause).await;
}
