//! A registry that answers at once and notes what it hears, accounts of it, and a store in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::job::clock::Clock;
use crate::job::commit::Committer;
use crate::job::companion::Alone;
use crate::job::observer::Unobserved;
use crate::job::schedule::housekeeping;
use crate::job::schedule::ownership::{self, Candidate};
use crate::model::retry::{Policy, Steps};
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{
    Answer, Class, Finding, JobId, Limits, Lost, NewJob, ObjectKey, ObjectKind, Operation, Reject, State, Verdict,
};
use crate::registries::{Checked, Dialect, OpenError, Prepared, Registry, Session, Step};
use crate::store::{self, Store};

/// One request that was heard.
#[derive(Clone, Debug)]
pub struct Said {
    pub account: String,
    pub session: usize,
    pub name: String,
    pub at: Instant,
}

/// What all accounts share.
#[derive(Default)]
struct Heard {
    said: Mutex<Vec<Said>>,
    sessions: AtomicUsize,
    logged_out: AtomicUsize,
}

/// An account at the registry.
struct Account {
    name: String,
    limits: Limits,
    heard: Arc<Heard>,
}

impl Dialect for Account {
    fn check(&self, _: Operation, _: &Map<String, Value>) -> Result<Checked, Reject> {
        Ok(ObjectKey::new(ObjectKind::Domain, "example.de").into())
    }
    fn prepare(&self, operation: Operation, params: &Map<String, Value>, _: &str) -> Result<Prepared, Reject> {
        let name = params.get("domain").and_then(Value::as_str).unwrap_or_default();
        Ok(Prepared { bytes: Zeroizing::new(name.into()), operation, transaction: None })
    }
    fn decode(&self, _: Operation, _: &[u8]) -> Result<Answer, String> {
        Ok(Answer::default())
    }
    fn judge(&self, _: Operation, answer: &Answer) -> Judgement {
        Judgement::plain(match answer.result.as_str() {
            "no" => Verdict::Refused("it is bad".into()),
            _ => Verdict::Done,
        })
    }
    fn reconcile(&self, _: &Doubt<'_>, _: &[Answer]) -> Step {
        Step::Found(Finding::Unknown("nobody doubts here".into()))
    }
}

#[async_trait]
impl Registry for Account {
    fn kind(&self) -> &'static str {
        "bench"
    }
    fn dialect(&self) -> &dyn Dialect {
        self
    }
    fn limits(&self) -> Limits {
        self.limits.clone()
    }
    fn identity(&self) -> String {
        self.name.clone()
    }
    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        let session = self.heard.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Wire { account: self.name.clone(), session, heard: Arc::clone(&self.heard) }))
    }
}

struct Wire {
    account: String,
    session: usize,
    heard: Arc<Heard>,
}

#[async_trait]
impl Session for Wire {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        let name = String::from_utf8(request.bytes.to_vec()).unwrap();
        let result = if name.starts_with("bad") { "no" } else { "yes" };
        let said = Said { account: self.account.clone(), session: self.session, name, at: Instant::now() };
        self.heard.said.lock().unwrap().push(said);
        Ok(Answer { result: result.into(), ..Answer::default() })
    }
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        Ok(Judgement::plain(Verdict::Done))
    }
    async fn close(self: Box<Self>) {
        self.heard.logged_out.fetch_add(1, Ordering::Relaxed);
    }
}

/// Limits that nobody meets, but for a window that outlasts the test.
pub fn all_in_one_window() -> Limits {
    Limits { window: Duration::from_secs(600), ..Limits::none() }
}

/// An object whose jobs are refused.
pub fn bad(number: u128) -> ObjectKey {
    ObjectKey::new(ObjectKind::Domain, &format!("bad-{number}.de"))
}

/// A job on an object of its own.
pub fn job(number: u128) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(number + 1)),
        publisher: "billing".into(),
        account: "A".into(),
        pool: None,
        operation: Operation::DomainCheck,
        object: ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de")),
        params: Map::new(),
        class: Class::Normal,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: None,
        max_attempts: 3,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
    }
}

/// Everything together.
pub struct Bench {
    pub store: Arc<dyn Store>,
    pool: Option<String>,
    accounts: Vec<Arc<Account>>,
    heard: Arc<Heard>,
    hint: Arc<Notify>,
}

impl Bench {
    pub async fn new(accounts: &[(&str, Limits)]) -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let heard = Arc::<Heard>::default();
        let account = |(name, limits): &(&str, Limits)| {
            Arc::new(Account { name: (*name).into(), limits: limits.clone(), heard: Arc::clone(&heard) })
        };
        let accounts = accounts.iter().map(account).collect();
        Self { store, pool: None, accounts, heard, hint: Arc::default() }
    }

    pub async fn pool(name: &str, accounts: &[(&str, Limits)]) -> Self {
        Self { pool: Some(name.into()), ..Self::new(accounts).await }
    }

    /// Takes in jobs; the name they say on the wire is that of their object.
    pub async fn accept(&self, jobs: &[NewJob]) {
        let named: Vec<NewJob> = jobs
            .iter()
            .map(|job| {
                let params = Map::from_iter([("domain".to_owned(), Value::from(job.object.name()))]);
                NewJob { params, ..job.clone() }
            })
            .collect();
        self.store.accept(&named, &[], Timestamp::now()).await.unwrap();
        self.hint.notify_one();
    }

    pub fn said(&self) -> Vec<Said> {
        self.heard.said.lock().unwrap().clone()
    }

    pub fn sessions(&self) -> usize {
        self.heard.sessions.load(Ordering::Relaxed)
    }

    pub fn logged_out(&self) -> usize {
        self.heard.logged_out.load(Ordering::Relaxed)
    }

    pub async fn state(&self, number: u128) -> State {
        self.store.job(job(number).id).await.unwrap().unwrap().job.state
    }

    pub async fn until(&self, what: &str, seen: impl Fn() -> bool) {
        self.looking(what, async || seen()).await;
    }

    pub async fn until_over(&self, numbers: &[u128]) {
        for number in numbers {
            self.looking("the end of a job", async || self.state(*number).await.is_final()).await;
        }
    }

    pub async fn until_cool(&self, account: &str, why: &str) {
        let reason = async || self.store.account(account).await.unwrap().cooldown_reason;
        self.looking(why, async || reason().await.is_some_and(|reason| reason.contains(why))).await;
    }

    pub async fn until_trouble(&self, account: &str, why: &str) {
        let reason = async || self.store.account(account).await.unwrap().trouble;
        self.looking(why, async || reason().await.is_some_and(|reason| reason.contains(why))).await;
    }

    async fn looking(&self, what: &str, seen: impl AsyncFn() -> bool) {
        let looking = async {
            while !seen().await {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), looking).await.unwrap_or_else(|_| panic!("{what}: never seen"));
    }

    /// Works all accounts while the test looks on.
    pub async fn work(&self, test: impl AsyncFnOnce(&Self)) {
        let steps = Steps { first: Duration::from_millis(5), longest: Duration::from_millis(20) };
        let policy = Policy { soon: steps, backoff: steps, question: steps, connect: steps, ..Policy::default() };
        let (committer, writer) =
            Committer::start(Arc::clone(&self.store), policy.connect, Arc::new(Unobserved), || {});
        let stop = CancellationToken::new();
        let mut working = JoinSet::new();
        for account in &self.accounts {
            let candidate = Candidate {
                account: account.name.clone(),
                registry: Arc::clone(account) as Arc<dyn Registry>,
                limits: Arc::new(account.limits.clone()),
                pool: self.pool.clone(),
                weights: Arc::default(),
                clock: Clock::system(),
                keys: Arc::default(),
                store: Arc::clone(&self.store),
                owner: "test".into(),
                ttl: Duration::from_secs(9),
                poll: Duration::from_millis(5),
                stop_within: Duration::from_secs(5),
                policy,
                committer: committer.clone(),
                observer: Arc::new(Unobserved),
                hint: Arc::clone(&self.hint),
                companion: Arc::new(Alone),
            };
            working.spawn(ownership::run(candidate, stop.clone()));
        }
        drop(committer);
        let hint = Arc::clone(&self.hint);
        let (store, observer) = (Arc::clone(&self.store), Arc::new(Unobserved));
        working.spawn(housekeeping::run(store, observer, move || hint.notify_one(), stop.clone()));
        test(self).await;
        stop.cancel();
        while working.join_next().await.is_some() {}
        writer.await.unwrap();
    }
}
