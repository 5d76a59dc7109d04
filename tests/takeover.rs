//! Two daemons, each a process of its own, on one database and one registry: one of them works the account. If it is
//! killed, or stopped and woken up too late, the other one takes over and every job still happens exactly once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "support/process.rs"]
mod process;
#[path = "engine/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use database::Kind;
use process::{Plan, Process};
use registrard::model::JobId;
use registrard::sandbox::RequestRecord;
use registrard::store::JobDetail;
use world::{ACCOUNT, Setup, World, contact_create, play, until};

const JOBS: usize = 200;
const SESSIONS: usize = 5;
/// No limit of requests that these tests could reach.
const LIFTED: &str = "requests = 100000\nquota = 0";
const LEASE: Duration = Duration::from_secs(3);
const NAMES: [&str; 2] = ["first", "second"];

/// A daemon that works the account under a short lease.
fn start(world: &World, name: &'static str) -> Process {
    let plan =
        Plan { accounts: &[ACCOUNT.to_owned()], sessions: SESSIONS, limits: LIFTED, lease: Some(LEASE), poll: 20 };
    Process::start(world, name, &plan)
}

/// Whoever works the account now. On a busy machine it may have changed hands since the last look.
async fn owner(world: &World) -> Option<&'static str> {
    let roll = world.database.store.roll_call().await.unwrap();
    let (_, owner, _) = roll.leases.into_iter().find(|(name, _, is_held)| *is_held && name == ACCOUNT)?;
    NAMES.into_iter().find(|name| owner.split('/').next() == Some(name))
}

/// Two daemons, one of which works the account.
async fn start_both(world: &World) -> Vec<Process> {
    let both = vec![start(world, NAMES[0]), start(world, NAMES[1])];
    until("an owner", async || owner(world).await).await;
    both
}

/// The owner and the one that stands by.
fn apart(both: Vec<Process>, owner: &str) -> (Process, Process) {
    let (mut owners, mut others): (Vec<_>, Vec<_>) = both.into_iter().partition(|process| process.name == owner);
    (owners.pop().unwrap(), others.pop().unwrap())
}

async fn taken_over(world: &World, by: &Process) {
    until("another owner", async || (owner(world).await? == by.name).then_some(())).await;
}

/// Every job succeeded, said so once, and happened once.
async fn assert_exactly_once(world: &World, ids: &[JobId]) {
    for id in ids {
        let detail = world.succeeded(*id).await;
        let finals = detail.events.iter().filter(|row| row.event.is_final).count();
        assert_eq!(finals, 1, "job {id}");
        assert!(detail.attempts.iter().all(|attempt| attempt.cause.is_some()), "{:?}", detail.attempts);
    }
    let ledger = world.sandbox.ledger();
    let mut effects: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in &ledger.effects {
        *effects.entry(effect.object.as_str()).or_default() += 1;
    }
    assert_eq!((effects.len(), ledger.effects.len()), (JOBS, JOBS));
}

/// What was on the wire when its owner fell asleep came to count, and was told apart from what might have been sent anew.
/// Asked before the registry came to it, it seems never to have arrived: then it is sent again, under the same transaction
/// id. That is put off as long as the registry is at work on the first one, and refused afterwards, which ends in asking.
fn assert_settled_by_asking(detail: &JobDetail) {
    let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect();
    let (last, before) = causes.split_last().unwrap();
    assert_eq!(*last, "found_applied", "{causes:?}");
    if let Some((first, between)) = before.split_first() {
        assert_eq!(*first, "found_nothing", "{causes:?}");
        assert!(between.iter().all(|cause| *cause == "deferred"), "{causes:?}");
    }
    let transactions: BTreeSet<_> = detail.attempts.iter().map(|attempt| &attempt.transaction).collect();
    assert_eq!(transactions.len(), 1, "{:?}", detail.attempts);
}

fn sessions_of<'a>(requests: impl IntoIterator<Item = &'a RequestRecord>) -> BTreeSet<u64> {
    requests.into_iter().map(|request| request.session).collect()
}

fn setup() -> Setup {
    let mut setup = Setup::new();
    // The registry keeps the sessions of one that sleeps.
    setup.denic.sessions = 2 * SESSIONS;
    setup.denic.processing = Duration::from_millis(10);
    setup
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_daemon_takes_over_from_one_that_was_killed() {
    let mut setup = setup();
    // Not one session more than a single daemon may have.
    setup.denic.sessions = SESSIONS;
    play(Kind::Postgres, setup, async |world: World| {
        let both = start_both(&world).await;
        let jobs: Vec<_> = (0..JOBS).map(|n| contact_create(&format!("C{n}"))).collect();
        let ids = world.submit(&jobs).await;
        let name = until("a third of the jobs", async || {
            if world.sandbox.ledger().effects.len() >= JOBS / 3 { owner(&world).await } else { None }
        })
        .await;
        let (mut owner, other) = apart(both, name);
        owner.child.kill().await.unwrap();
        assert!(world.sandbox.ledger().effects.len() < JOBS, "killed too late");
        let killed = Instant::now();
        let too_many = || world.sandbox.ledger().violations_of(ACCOUNT, "too_many_sessions");
        let before = too_many();
        taken_over(&world, &other).await;
        // The lease ends, the next look of the one that stands by finds it, and a busy machine may be late.
        let most = LEASE + LEASE / 3 + Duration::from_secs(5);
        assert!(killed.elapsed() <= most, "taken over after {:?}", killed.elapsed());
        assert_exactly_once(&world, &ids).await;
        assert_eq!(too_many(), before);
        other.terminate().await;
    })
    .await;
}

/// What the stopped owner had on the wire when it was stopped is answered while it sleeps, and it reads the answers when
/// it wakes up. By then it owns nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_slept_through_its_lease_sends_and_writes_nothing_more() {
    let setup = setup().fault("delay=2500:action=contact.create,object=*-SLOW*");
    play(Kind::Postgres, setup, async |world: World| {
        let both = start_both(&world).await;
        // In the middle every session has a slow request, so that the owner is caught with all of them on the wire.
        let slow = JOBS / 3..JOBS / 3 + SESSIONS;
        let name = |n| if slow.contains(&n) { format!("SLOW{n}") } else { format!("C{n}") };
        let jobs: Vec<_> = (0..JOBS).map(|n| contact_create(&name(n))).collect();
        let ids = world.submit(&jobs).await;
        let is_slow = |request: &RequestRecord| request.object.as_deref().is_some_and(|name| name.contains("-SLOW"));
        let (name, old) = until("slow requests on all sessions", async || {
            let requests = world.requests(ACCOUNT);
            let waiting: Vec<_> = requests.iter().filter(|request| request.answer.is_none()).collect();
            if waiting.len() != SESSIONS || !waiting.iter().all(|request| is_slow(request)) {
                return None;
            }
            Some((owner(&world).await?, sessions_of(waiting)))
        })
        .await;
        let (sleeper, other) = apart(both, name);
        sleeper.signal("STOP").await;
        let known = sessions_of(&world.requests(ACCOUNT));
        let of_old = || -> Vec<String> {
            let requests = world.requests(ACCOUNT).into_iter();
            requests.filter(|request| old.contains(&request.session)).map(|request| request.action).collect()
        };
        let sent = of_old();
        taken_over(&world, &other).await;
        sleeper.signal("CONT").await;
        assert_exactly_once(&world, &ids).await;
        // Both end in good order: what the sleeper still wanted to write was refused, and it knows.
        sleeper.terminate().await;
        other.terminate().await;
        assert_eq!(of_old(), sent, "the old owner went on sending");
        let new = sessions_of(&world.requests(ACCOUNT));
        assert!(new.difference(&known).count() <= SESSIONS, "nor did it open sessions beside those of the new one");
        let fence = world.job(ids[slow.start]).await.attempts[0].fence;
        assert!(fence > 1 || known == old, "the one that stood by had sessions");
        for id in ids {
            let detail = world.job(id).await;
            // An attempt begun under the old lease was ended by the new owner, by asking.
            let asked = |cause: &str| cause.starts_with("found_");
            let ended_late = detail.attempts.iter().filter(|attempt| attempt.fence == fence);
            let answered = detail.attempts.iter().any(|attempt| attempt.fence > fence);
            for attempt in ended_late {
                let cause = attempt.cause.as_deref().unwrap();
                assert!(cause == "done" || asked(cause), "attempt {} ended with {cause}", attempt.attempt);
                assert!(!answered || cause == "found_nothing", "sent again although {cause}");
            }
            if detail.job.object.name().contains("-SLOW") {
                assert_settled_by_asking(&detail);
                let effect =
                    world.sandbox.ledger().effects.into_iter().find(|one| one.object == detail.job.object.name());
                let request = effect.unwrap().request;
                let ordered = world.requests(ACCOUNT).into_iter().find(|one| one.seq == request).unwrap();
                assert!(old.contains(&ordered.session), "not what the sleeper had on the wire: {ordered:?}");
            }
        }
    })
    .await;
}
