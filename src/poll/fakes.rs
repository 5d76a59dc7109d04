//! A registry's queue and a store in memory, and a fuse that ends whoever uses them after so many steps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::model::deadline::Word;
use crate::model::verdict::Judgement;
use crate::model::{
    Answer, Class, Event, Job, JobId, Lost, Move, ObjectKey, ObjectKind, Operation, Reject, State, Verdict, WaitingFor,
};
use crate::registries::{Ending, Head, Line, Mailbox, Prepared, RegistryMessage, Removed};
use crate::store::{Inbox, InboxMessage, InboxRow, Lease, MessageFilter, Receipt, Result, StoreError};

/// When the order was sent, and every message was written unless a test says otherwise.
pub const THEN: Timestamp = Timestamp::UNIX_EPOCH;

/// Counts the steps of a process and ends it.
#[derive(Default)]
pub struct Fuse {
    left: Mutex<Option<usize>>,
    pub burnt: Notify,
}

impl Fuse {
    pub fn set(&self, steps: Option<usize>) {
        *self.left.lock().unwrap() = steps;
    }

    /// A moment at which a process can die: it then never gets any further.
    async fn step(&self) {
        let dies = {
            let mut left = self.left.lock().unwrap();
            *left = left.map(|left| left.saturating_sub(1));
            *left == Some(0)
        };
        if dies {
            self.burnt.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// Everything that outlives a process.
#[derive(Default)]
pub struct World {
    pub fuse: Fuse,
    /// The registry's queue, oldest first.
    pub queue: Mutex<VecDeque<RegistryMessage>>,
    /// Transaction ids the registry has seen.
    pub transactions: Mutex<BTreeSet<String>>,
    /// After so many true answers the registry says this instead: `refused`, `not_the_head`; or what it says is `lost`.
    pub lie: Mutex<Option<(usize, &'static str)>>,
    pub kept: Mutex<Kept>,
}

#[derive(Default)]
pub struct Kept {
    /// Removals begun and whether it is gone, by message.
    pub messages: BTreeMap<String, (i64, bool)>,
    pub events: Vec<Event>,
    pub pending: Vec<Job>,
    pub moved: Vec<JobId>,
    /// So many receipts find their jobs moved.
    pub overtaken: u32,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub fn message(number: usize, kind: &'static str) -> RegistryMessage {
    RegistryMessage {
        id: format!("message-{number}"),
        count: None,
        written_at: Some(THEN),
        native_kind: kind.to_uppercase(),
        kind,
        object: Some(ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de"))),
        data: json!({ "number": number }),
        deadlines: Vec::new(),
        ends: (kind == "domain_status_update").then(|| Ending {
            operations: &[Operation::DomainCreate],
            succeeded: true,
            reason: "connected".into(),
        }),
    }
}

/// A pending registration of `example-<number>.de`.
pub fn pending(number: usize) -> Job {
    Job {
        id: JobId(Uuid::from_u128(number as u128)),
        seq: 1,
        publisher: "billing".into(),
        account: "DENIC-1000022".into(),
        queue: "DENIC-1000022".into(),
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de")),
        params: Map::new(),
        class: Class::Normal,
        state: State::Pending,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: THEN,
        start_by: None,
        batch: None,
        max_attempts: 10,
        attempt: 1,
        spent: 0,
        asked: 0,
        transaction: Some("rd-1-1".into()),
        keep_transaction: false,
        lost: false,
        intent_at: Some(THEN),
        blockers: 0,
        answer: None,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        created_at: THEN,
        updated_at: THEN,
        finished_at: None,
        fence: 1,
    }
}

impl World {
    /// A queue of messages of all sorts; each third one ends a pending job.
    pub fn with(messages: usize) -> Arc<Self> {
        const KINDS: [&str; 3] = ["domain_status_update", "raw", "transferred_away"];
        let world = Self::default();
        lock(&world.queue).extend((0..messages).map(|number| message(number, KINDS[number % 3])));
        lock(&world.kept).pending = (0..messages).step_by(3).map(pending).collect();
        Arc::new(world)
    }

    /// Tells one untruth after so many true answers.
    pub fn lie_after(&self, answers: usize, lie: &'static str) {
        *lock(&self.lie) = Some((answers, lie));
    }

    fn lie(&self) -> Option<&'static str> {
        let mut lie = lock(&self.lie);
        match lie.as_mut() {
            Some((0, _)) => lie.take().map(|(_, lie)| lie),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }

    fn answer(&self, request: &Prepared) -> Option<Answer> {
        let reply = |result: &str| Some(Answer { result: result.into(), ..Answer::default() });
        let lie = self.lie();
        if let Some(lie) = lie.filter(|lie| *lie != "lost") {
            return reply(lie);
        }
        let mut queue = lock(&self.queue);
        let answer = if request.operation == Operation::MessageRead {
            reply(queue.front().map_or("empty", |oldest| &oldest.id))
        } else {
            let transaction = request.transaction.clone().expect("a removal has a transaction id");
            assert!(lock(&self.transactions).insert(transaction), "a transaction id was used twice");
            let id = std::str::from_utf8(&request.bytes).unwrap();
            match queue.iter().position(|message| message.id == id) {
                Some(0) => queue.pop_front().and_then(|_| reply("gone")),
                Some(_) => reply("not_the_head"),
                None => reply("gone"),
            }
        };
        answer.filter(|_| lie.is_none())
    }
}

#[async_trait]
impl Line for World {
    async fn ask(&self, request: Prepared) -> std::result::Result<Answer, Lost> {
        self.fuse.step().await;
        let answer = self.answer(&request);
        self.fuse.step().await;
        answer.ok_or_else(|| Lost::PerhapsSent("silence".into()))
    }
}

impl Mailbox for World {
    fn read(&self) -> std::result::Result<Prepared, Reject> {
        Ok(Prepared { bytes: Zeroizing::default(), operation: Operation::MessageRead, transaction: None })
    }

    fn head(&self, answer: &Answer) -> Head {
        match answer.result.as_str() {
            "empty" => Head::Empty,
            "refused" => Head::Refused(Judgement::plain(Verdict::Refused("no".into()))),
            id => {
                let message = lock(&self.queue).iter().find(|message| message.id == id).cloned();
                Head::Message(Box::new(message.expect("a message that is there")))
            }
        }
    }

    fn remove(&self, message: &str, transaction: &str) -> std::result::Result<Prepared, Reject> {
        let bytes = Zeroizing::new(message.as_bytes().to_vec());
        Ok(Prepared { bytes, operation: Operation::MessageDelete, transaction: Some(transaction.to_owned()) })
    }

    fn removed(&self, answer: &Answer) -> Removed {
        match answer.result.as_str() {
            "gone" => Removed::Gone,
            "not_the_head" => Removed::NotTheHead("there is an older one".into()),
            _ => Removed::Refused(Judgement::plain(Verdict::Refused("no".into()))),
        }
    }
}

#[async_trait]
impl Inbox for World {
    async fn receive(&self, _: &Lease, message: &InboxMessage, event: &Event, moves: &[Move]) -> Result<Receipt> {
        self.fuse.step().await;
        let receipt = {
            let mut kept = lock(&self.kept);
            if kept.messages.contains_key(&message.id) {
                Receipt::Known
            } else if kept.overtaken > 0 {
                kept.overtaken -= 1;
                Receipt::Overtaken
            } else {
                kept.messages.insert(message.id.clone(), (0, false));
                kept.events.push(event.clone());
                for step in moves {
                    kept.pending.retain(|job| job.id != step.job());
                    kept.moved.push(step.job());
                    kept.events.extend(step.event.clone());
                }
                Receipt::New
            }
        };
        self.fuse.step().await;
        Ok(receipt)
    }

    async fn pending_on(&self, _: &str, object: &str) -> Result<Vec<Job>> {
        self.fuse.step().await;
        Ok(lock(&self.kept).pending.iter().filter(|job| job.object.as_str() == object).cloned().collect())
    }

    async fn begin_removal(&self, _: &Lease, id: &str) -> Result<Option<i64>> {
        self.fuse.step().await;
        let tries = lock(&self.kept).messages.get_mut(id).map(|message| {
            message.0 += 1;
            message.0
        });
        self.fuse.step().await;
        Ok(tries)
    }

    async fn removed(&self, _: &str, id: &str, _: Timestamp) -> Result<()> {
        self.fuse.step().await;
        if let Some(message) = lock(&self.kept).messages.get_mut(id) {
            message.1 = true;
        }
        self.fuse.step().await;
        Ok(())
    }

    async fn not_removed(&self, _: &str, _: &str, _: &str) -> Result<()> {
        self.fuse.step().await;
        Ok(())
    }

    async fn found_empty(&self, _: &Lease, _: Timestamp, _: &[Word]) -> Result<u64> {
        self.fuse.step().await;
        lock(&self.kept).messages.values_mut().for_each(|message| message.1 = true);
        self.fuse.step().await;
        Ok(0)
    }

    async fn messages(&self, _: &MessageFilter) -> Result<Vec<InboxRow>> {
        Err(StoreError::Unavailable("the poller has no use for it".into()))
    }

    async fn open_messages(&self) -> Result<Vec<(String, u64)>> {
        Err(StoreError::Unavailable("the poller has no use for it".into()))
    }
}
