//! Both sides in one process on simulated time: the registry's, a network with delays between, and daemons that come and
//! go over one store.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use registrard::job::clock::Clock;
use registrard::job::commit::Committer;
use registrard::job::companion::Alone;
use registrard::job::observer::Unobserved;
use registrard::job::schedule::ownership::{self, Candidate};
use registrard::model::retry::Policy;
use registrard::model::{Class, JobId, Limits, NewJob, Operation};
use registrard::net::dial::{Dial, Stream};
use registrard::registries::{self, Registry};
use registrard::sandbox::LocalSandbox;
use registrard::store::Store;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const ACCOUNT: &str = "DENIC-1000001";
/// Jobs taken in by one transaction.
const GROUP: usize = 500;

/// Numbers that look like chance and repeat with their seed.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed)))
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// The network: what is sent arrives a little later, in order, even if the sender has gone meanwhile.
struct Network {
    sandbox: Arc<LocalSandbox>,
    dice: Dice,
}

#[async_trait]
impl Dial for Network {
    async fn dial(&self) -> std::io::Result<Box<dyn Stream>> {
        let (near, middle) = tokio::io::duplex(1 << 16);
        let (from_near, to_near) = tokio::io::split(middle);
        let (from_far, to_far) = tokio::io::split(self.sandbox.connect());
        tokio::spawn(carry(from_near, to_far, self.dice.clone()));
        tokio::spawn(carry(from_far, to_near, self.dice.clone()));
        Ok(Box::new(near))
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, dice: Dice) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(size @ 1..) = from.read(&mut buffer).await {
        // Mostly 20 ms, now and then up to a second.
        let steps = if dice.below(50) == 0 { dice.below(50) } else { 1 };
        tokio::time::sleep(Duration::from_millis(20 * steps)).await;
        if to.write_all(&buffer[..size]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// The account as the configuration would make it, over this network.
pub fn account(sandbox: &Arc<LocalSandbox>, dice: &Dice) -> Arc<dyn Registry> {
    let known = &sandbox.ready()["denic_rri"]["accounts"][0];
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, known["password"].as_str().unwrap()).unwrap();
    // The registry closes a session that was silent for 600 s.
    let settings = json!({ "user": known["user"], "password_file": password, "keep_alive_seconds": 540 });
    let network = Network { sandbox: Arc::clone(sandbox), dice: dice.clone() };
    let plugin = registries::plugin("denic-rri").unwrap();
    (plugin.account_over)(ACCOUNT, &settings, Arc::new(network)).unwrap()
}

/// Takes in so many jobs, each of which costs one point and one request.
pub async fn fill(store: &dyn Store, registry: &dyn Registry, jobs: u64, now: Timestamp) {
    let all: Vec<NewJob> = (0..jobs).map(|nth| job(registry, nth)).collect();
    for group in all.chunks(GROUP) {
        store.accept(group, &[], now).await.unwrap();
    }
}

fn job(registry: &dyn Registry, nth: u64) -> NewJob {
    let params = json!({ "domain": format!("example-{nth}.de") });
    let params = params.as_object().unwrap().clone();
    let object = registry.dialect().check(Operation::DomainCheck, &params).unwrap().object;
    NewJob {
        id: JobId(Uuid::from_u128(u128::from(nth) + 1)),
        publisher: ["billing", "shop"][nth as usize % 2].into(),
        account: ACCOUNT.into(),
        pool: None,
        operation: Operation::DomainCheck,
        object,
        params,
        class: [Class::Bulk, Class::Normal, Class::Normal][nth as usize % 3],
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

/// What all daemons of a run have in common.
pub struct House {
    pub store: Arc<dyn Store>,
    pub registry: Arc<dyn Registry>,
    pub limits: Arc<Limits>,
}

/// A daemon that competes for the account and works it.
pub struct Daemon {
    stop: CancellationToken,
    working: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl House {
    /// Starts a daemon with a wall clock.
    pub fn daemon(&self, owner: &str, shows: Timestamp) -> Daemon {
        let policy = Policy::default();
        let (committer, writer) =
            Committer::start(Arc::clone(&self.store), policy.connect, Arc::new(Unobserved), || {});
        let stop = CancellationToken::new();
        let candidate = Candidate {
            account: ACCOUNT.into(),
            registry: Arc::clone(&self.registry),
            limits: Arc::clone(&self.limits),
            pool: None,
            weights: Arc::default(),
            clock: Clock::starting(shows),
            keys: Arc::default(),
            store: Arc::clone(&self.store),
            owner: owner.into(),
            ttl: Duration::from_secs(120),
            poll: Duration::from_secs(300),
            stop_within: Duration::from_secs(30),
            policy,
            committer,
            observer: Arc::new(Unobserved),
            hint: Arc::default(),
            companion: Arc::new(Alone),
        };
        Daemon { working: tokio::spawn(ownership::run(candidate, stop.clone())), stop, writer }
    }
}

impl Daemon {
    /// Ends in good order.
    pub async fn stop(self) {
        self.stop.cancel();
        self.working.await.unwrap();
        self.writer.await.unwrap();
    }

    /// Dies: nothing is written any more, nothing given back, and its connections are gone.
    pub async fn kill(self) {
        self.writer.abort();
        self.working.abort();
        let _ = (self.writer.await, self.working.await);
    }
}

/// An instant a daemon's wall clock shows that is off by so many milliseconds.
pub fn off(now: Timestamp, millis: i64) -> Timestamp {
    now + SignedDuration::from_millis(millis)
}

/// How many jobs wait.
pub async fn waiting(store: &dyn Store) -> u64 {
    let counts = store.counts().await.unwrap();
    counts.iter().filter(|count| count.state == registrard::model::State::Waiting).map(|count| count.jobs).sum()
}

/// The store of a run.
pub async fn store() -> Arc<dyn Store> {
    super::held::Held::open().await
}
