//! A worked account as a whole, with a registry that takes orders and finishes them later.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ownership::{self, Candidate};
use crate::job::clock::Clock;
use crate::job::commit::Committer;
use crate::job::companion::Companion;
use crate::job::observer::Unobserved;
use crate::model::limits::Timetable;
use crate::model::retry::{Policy, Steps};
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{
    Answer, Class, Finding, JobId, Later, Limits, Lost, NewJob, ObjectKey, ObjectKind, Operation, Reject, Scope, State,
    Verdict,
};
use crate::registries::{Checked, Dialect, Line, OpenError, Prepared, Registry, Session, Step};
use crate::store::{self, Lease, Store};

const ACCOUNT: &str = "A";

/// Takes orders; shows them unfinished to the first so many questions.
#[derive(Default)]
struct Slow {
    unfinished: Mutex<u32>,
    /// What was said on the wire, in order.
    said: Arc<Mutex<Vec<&'static str>>>,
}

fn prepared(operation: Operation) -> Prepared {
    Prepared { bytes: Zeroizing::new(operation.name().into()), operation, transaction: None }
}

impl Dialect for Slow {
    fn check(&self, _: Operation, _: &Map<String, Value>) -> Result<Checked, Reject> {
        Ok(ObjectKey::new(ObjectKind::Domain, "example.de").into())
    }
    fn prepare(&self, operation: Operation, _: &Map<String, Value>, _: &str) -> Result<Prepared, Reject> {
        Ok(prepared(operation))
    }
    fn decode(&self, _: Operation, _: &[u8]) -> Result<Answer, String> {
        Ok(Answer::default())
    }
    fn judge(&self, operation: Operation, _: &Answer) -> Judgement {
        Judgement::plain(match operation {
            Operation::DomainCreate => Verdict::Pending("the registry assesses it".into()),
            Operation::AccountInfo => Verdict::Later(Later {
                pace: crate::model::retry::Pace::Exactly(Duration::from_secs(3600)),
                scope: Scope::Account,
                reason: "blocked".into(),
            }),
            _ => Verdict::Done,
        })
    }
    fn reconcile(&self, _: &Doubt<'_>, _: &[Answer]) -> Step {
        Step::Found(Finding::Unknown("nobody doubts here".into()))
    }
    fn follow_up(&self, _: &Doubt<'_>, heard: &[Answer]) -> Step {
        let Some(answer) = heard.first().cloned() else { return Step::Ask(prepared(Operation::DomainInfo)) };
        let mut unfinished = self.unfinished.lock().unwrap();
        *unfinished = unfinished.saturating_sub(1);
        Step::Found(match *unfinished {
            0 => Finding::Applied { shown: answer, evidence: "it is finished".into() },
            _ => Finding::Taken {
                shown: answer,
                until: "the registry assesses it".into(),
                evidence: "it is assessed".into(),
            },
        })
    }
}

#[async_trait]
impl Registry for Slow {
    fn kind(&self) -> &'static str {
        "slow"
    }
    fn dialect(&self) -> &dyn Dialect {
        self
    }
    fn limits(&self) -> Limits {
        let second = Duration::from_secs(1);
        Limits {
            window: second,
            grace: second,
            requests: Timetable::always(1000),
            answer_within: second,
            ..Limits::none()
        }
    }
    fn identity(&self) -> String {
        "nobody".into()
    }
    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        Ok(Box::new(Wire(Arc::clone(&self.said))))
    }
}

struct Wire(Arc<Mutex<Vec<&'static str>>>);

#[async_trait]
impl Session for Wire {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        self.0.lock().unwrap().push(request.operation.name());
        Ok(Answer { result: request.operation.name().into(), ..Answer::default() })
    }
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        Ok(Judgement::plain(Verdict::Done))
    }
    async fn close(self: Box<Self>) {
        self.0.lock().unwrap().push("logout");
    }
}

/// Runs errands, and notes whether the lease was still held when it was told to end.
struct Errands {
    store: Arc<dyn Store>,
    errands: Vec<Operation>,
    heard: Mutex<Vec<Result<String, Lost>>>,
    done: Notify,
    held_to_the_end: Mutex<Option<bool>>,
}

#[async_trait]
impl Companion for Errands {
    async fn accompany(&self, account: &str, line: Arc<dyn Line>, lease: Lease, stop: CancellationToken) {
        assert_eq!(account, ACCOUNT);
        for errand in &self.errands {
            let answer = line.ask(prepared(*errand)).await.map(|answer| answer.result);
            self.heard.lock().unwrap().push(answer);
        }
        self.done.notify_one();
        stop.cancelled().await;
        let held = self.store.renew(&lease, Duration::from_secs(9)).await.unwrap();
        assert!(matches!(line.ask(prepared(Operation::MessageRead)).await, Err(Lost::NotSent(_))));
        *self.held_to_the_end.lock().unwrap() = Some(held);
    }
}

struct World {
    store: Arc<dyn Store>,
    registry: Arc<Slow>,
    errands: Arc<Errands>,
}

impl World {
    async fn new(unfinished: u32, errands: &[Operation]) -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let errands = Errands {
            store: Arc::clone(&store),
            errands: errands.to_vec(),
            heard: Mutex::default(),
            done: Notify::new(),
            held_to_the_end: Mutex::default(),
        };
        let registry = Slow { unfinished: Mutex::new(unfinished), said: Arc::default() };
        Self { store, registry: Arc::new(registry), errands: Arc::new(errands) }
    }

    /// Works the account until `enough`.
    async fn work(&self, enough: impl Future<Output = ()>) {
        let steps = Steps { first: Duration::from_millis(5), longest: Duration::from_millis(20) };
        let policy = Policy { pending: steps, question: steps, connect: steps, ..Policy::default() };
        let (committer, writer) =
            Committer::start(Arc::clone(&self.store), policy.connect, Arc::new(Unobserved), || {});
        let stop = CancellationToken::new();
        let candidate = Candidate {
            account: ACCOUNT.into(),
            registry: self.registry.clone(),
            limits: Arc::new(self.registry.limits()),
            pool: None,
            weights: Arc::default(),
            clock: Clock::system(),
            keys: Arc::default(),
            store: Arc::clone(&self.store),
            owner: "test".into(),
            ttl: Duration::from_secs(9),
            poll: Duration::from_millis(5),
            stop_within: Duration::from_secs(5),
            policy,
            committer,
            observer: Arc::new(Unobserved),
            hint: Arc::default(),
            companion: self.errands.clone(),
        };
        let working = tokio::spawn(ownership::run(candidate, stop.clone()));
        tokio::time::timeout(Duration::from_secs(30), enough).await.expect("it never happens");
        stop.cancel();
        working.await.unwrap();
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_pending_order_is_asked_about_until_it_is_finished() {
    let world = World::new(3, &[]).await;
    let id = JobId(Uuid::from_u128(1));
    let order = NewJob {
        id,
        publisher: "billing".into(),
        account: ACCOUNT.into(),
        pool: None,
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        params: Map::new(),
        class: Class::Normal,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: None,
        max_attempts: 3,
        context: Value::Null,
        reply_to: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
        correlation_id: None,
    };
    world.store.accept(&[order], &[], Timestamp::now()).await.unwrap();
    world
        .work(async {
            while world.store.job(id).await.unwrap().is_none_or(|detail| !detail.job.state.is_final()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    let detail = world.store.job(id).await.unwrap().unwrap();
    assert_eq!((detail.job.state, detail.job.asked), (State::Succeeded, 2));
    assert_eq!(detail.job.answer.unwrap().result, "domain.info", "what the registry shows is kept");
    let told: Vec<_> = detail.events.iter().map(|row| row.event.kind.as_str()).collect();
    assert_eq!(told, ["job.pending", "job.succeeded"]);
    let said = world.registry.said.lock().unwrap().clone();
    assert_eq!(said, ["domain.create", "domain.info", "domain.info", "domain.info", "logout"]);
}

#[tokio::test]
async fn errands_go_over_the_desks_and_end_before_the_lease() {
    let world = World::new(0, &[Operation::MessageRead, Operation::MessageDelete]).await;
    world.work(world.errands.done.notified()).await;
    let said = world.registry.said.lock().unwrap().clone();
    assert_eq!(said, ["message.read", "message.delete", "logout"]);
    assert_eq!(*world.errands.held_to_the_end.lock().unwrap(), Some(true));
    assert!(world.store.acquire(ACCOUNT, "another", Duration::from_secs(1)).await.unwrap().is_some(), "given back");
}

#[tokio::test]
async fn what_an_errand_learns_of_the_account_holds_at_once() {
    let world = World::new(0, &[Operation::AccountInfo, Operation::MessageRead]).await;
    world.work(world.errands.done.notified()).await;
    let heard = world.errands.heard.lock().unwrap().clone();
    assert!(heard[0].is_ok() && matches!(heard[1], Err(Lost::NotSent(_))), "{heard:?}");
    let said = world.registry.said.lock().unwrap().clone();
    assert_eq!(said, ["account.info"], "not even a LOGOUT");
    assert!(world.store.account(ACCOUNT).await.unwrap().cooldown_until.is_some());
}
