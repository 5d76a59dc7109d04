//! One account's queue, step by step. Each step may be the last one of this process; what follows then stands in
//! `docs/architecture.md`, and `tests` ends it after every one of them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::Poller;
use super::inbound::Inbound;
use crate::failpoint::failpoint;
use crate::model::civil::Span;
use crate::model::deadline::{Basis, DeadlineKind, Says, Word};
use crate::model::verdict::Judgement;
use crate::model::{Lost, ObjectKey, ObjectKind, Reject, Verdict};
use crate::registries::{Head, Line, Mailbox, RegistryMessage, Removed};
use crate::store::{Lease, Receipt, StoreError};

/// Times in a row that one message may be found at the head, or not there, without any progress.
const PATIENCE: u32 = 3;

/// Why a look at the queue ended early.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nothing was sent.
    #[error("not asked: {0}")]
    NotSent(String),
    /// No answer was heard. Reading again and removing again are both harmless.
    #[error("no answer: {0}")]
    Lost(String),
    /// The registry would not, or cannot be asked in words it would understand.
    #[error("refused: {0}")]
    Refused(String),
    /// The store would not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    /// As a label.
    const fn word(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Lost(_) => "lost",
            Self::Refused(_) => "refused",
            Self::Store(_) => "store",
        }
    }
}

impl From<Lost> for Trouble {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(why) => Self::NotSent(why),
            Lost::PerhapsSent(why) => Self::Lost(why),
        }
    }
}

impl From<Reject> for Trouble {
    /// Without the value: it is of the registry's making and may be anything.
    fn from(reject: Reject) -> Self {
        Self::Refused(format!("the request cannot be written ({})", reject.code))
    }
}

/// The queue of an account that is owned here.
pub struct Queue<'a> {
    poller: &'a Poller,
    mailbox: &'a dyn Mailbox,
    line: Arc<dyn Line>,
    lease: Lease,
    /// Whether messages may be stored as not removed that are gone: nobody heard the answer, or an earlier owner died.
    unsettled: bool,
    /// When the calendar was last told that the queue is empty.
    told: Option<Timestamp>,
}

impl<'a> Queue<'a> {
    /// Nothing is known of it yet.
    pub fn new(poller: &'a Poller, mailbox: &'a dyn Mailbox, line: Arc<dyn Line>, lease: Lease) -> Self {
        Self { poller, mailbox, line, lease, unsettled: true, told: None }
    }

    /// Reads, stores and removes until the queue is empty, or told to stop; returns how many messages were removed.
    pub async fn drain(&mut self, stop: &CancellationToken) -> Result<u64, Trouble> {
        let (mut removed, mut futile) = (0, 0);
        let mut last = None;
        while !stop.is_cancelled() {
            let Some(message) = self.head().await? else {
                self.settle().await?;
                return Ok(removed);
            };
            // Removed, and there again; or always another one's turn. Not to be repeated as fast as the line allows.
            futile = if last.as_deref() == Some(&*message.id) { futile + 1 } else { 0 };
            if futile >= PATIENCE {
                return Err(Trouble::Refused(format!("a message is still there after {PATIENCE} removals")));
            }
            failpoint!(PollRead, |why| Err(Trouble::Lost(why)));
            self.keep(&message).await?;
            failpoint!(PollStored, |why| Err(Trouble::Lost(why)));
            if stop.is_cancelled() {
                break;
            }
            if self.remove(&message).await? {
                removed += 1;
            }
            last = Some(message.id);
        }
        Ok(removed)
    }

    /// Logs and counts what went wrong. An account that may not send now has said so elsewhere.
    pub fn complain(&self, trouble: &Trouble) {
        let account = &self.lease.name;
        self.poller.observer.failed(account, trouble.word());
        match trouble {
            Trouble::NotSent(_) => tracing::debug!(account, "its messages cannot be read now: {trouble}"),
            _ => tracing::warn!(account, "its messages cannot be read now: {trouble}"),
        }
    }

    /// The oldest message.
    async fn head(&self) -> Result<Option<RegistryMessage>, Trouble> {
        let answer = self.line.ask(self.mailbox.read()?).await?;
        match self.mailbox.head(&answer) {
            Head::Empty => {
                self.poller.observer.looked(&self.lease.name, Some(0));
                Ok(None)
            }
            Head::Message(message) => {
                self.poller.observer.looked(&self.lease.name, message.count);
                Ok(Some(*message))
            }
            Head::Refused(judgement) => Err(Trouble::Refused(reason(&judgement))),
        }
    }

    /// Stores a message with its event and what it ends (law 5). One that is known changes nothing.
    ///
    /// A job whose answer is not recorded yet is not pending yet, so a message that overtakes it ends nothing. Such a job
    /// is asked about when it is due, like one whose message never comes.
    async fn keep(&self, message: &RegistryMessage) -> Result<(), Trouble> {
        let Poller { store, observer, changed, .. } = self.poller;
        for _ in 0..PATIENCE {
            let mut pending = match (&message.object, &message.ends) {
                (Some(object), Some(_)) => store.pending_on(&self.lease.name, object.as_str()).await?,
                _ => Vec::new(),
            };
            pending.retain(|job| job.answer.as_ref().is_none_or(|answer| self.mailbox.concerns(message, answer)));
            let inbound = Inbound::of(self.mailbox, message, &pending, &self.lease, Timestamp::now());
            match store.receive(&self.lease, &inbound.message, &inbound.event, &inbound.moves).await? {
                Receipt::New => {
                    self.tell(message);
                    observer.stored(&self.lease.name, message.kind);
                    inbound.moves.iter().for_each(|step| observer.ended(step));
                    changed(!inbound.moves.is_empty());
                    return Ok(());
                }
                Receipt::Known => return Ok(()),
                // A job was asked about in this very moment, and has moved.
                Receipt::Overtaken => {}
            }
        }
        Err(StoreError::Unavailable("the jobs it ends are moving all the time".into()).into())
    }

    fn tell(&self, message: &RegistryMessage) {
        let (account, id, kind) = (&self.lease.name, &message.id, message.kind);
        let object = message.object.as_ref().map(ToString::to_string).unwrap_or_default();
        if kind == RAW {
            let native = message.native_kind.escape_default();
            tracing::error!(account, id, "a message of the unknown type `{native}`: it was stored as it came");
        } else {
            tracing::info!(account, id, object, "message {kind}");
        }
    }

    /// Removes a message that is stored: the intent first, then the request, under a transaction id of its own. Says
    /// whether it is gone; if not, the head must be read again.
    async fn remove(&mut self, message: &RegistryMessage) -> Result<bool, Trouble> {
        let (store, account, id) = (&self.poller.store, &self.lease.name, &message.id);
        let Some(number) = store.begin_removal(&self.lease, id).await? else {
            return Err(StoreError::Broken(format!("message {id} was stored and is not there")).into());
        };
        failpoint!(PollRemoving, |why| Err(Trouble::NotSent(why)));
        let request = self.mailbox.remove(id, &transaction(account, id, number))?;
        self.unsettled = true;
        let answer = self.line.ask(request).await?;
        failpoint!(PollRemoved, |why| Err(Trouble::Lost(why)));
        match self.mailbox.removed(&answer) {
            Removed::Gone => {
                store.removed(account, id, Timestamp::now()).await?;
                Ok(true)
            }
            Removed::NotTheHead(why) => {
                tracing::debug!(account, id, "another message is older: {why}");
                store.not_removed(account, id, &why).await?;
                Ok(false)
            }
            Removed::Refused(judgement) => {
                let why = reason(&judgement);
                store.not_removed(account, id, &why).await?;
                Err(Trouble::Refused(why))
            }
        }
    }

    /// The queue is empty: whatever was to be removed is. The calendar is told now and then, so that it notices when nobody reads
    /// the queue any more.
    async fn settle(&mut self) -> Result<(), Trouble> {
        let now = Timestamp::now();
        let is_time = self.told.is_none_or(|told| now.duration_since(told).abs() >= TELL_EVERY);
        if self.unsettled || is_time {
            self.poller.store.found_empty(&self.lease, now, &[read_to_its_end(&self.lease.name, now)]).await?;
            (self.unsettled, self.told) = (false, Some(now));
        }
        Ok(())
    }
}

/// Between two words to the calendar that the queue was found empty.
const TELL_EVERY: SignedDuration = SignedDuration::from_hours(12);
/// A message that is older than this has the registry complain (DENIC-29, 7.1).
const OLDEST: Span = Span::Days(3);

/// Unless it is read to its end once more, there may be a message in the queue by then that is too old.
fn read_to_its_end(account: &str, now: Timestamp) -> Word {
    Word {
        account: account.to_owned(),
        object: ObjectKey::new(ObjectKind::Account, account),
        says: Says::Due { kind: DeadlineKind::MessageQueue, due: OLDEST.after(now, &TimeZone::UTC) },
        basis: Basis::Rule,
        evidence: "the queue was read to its end".into(),
        at: now,
        note: Map::new(),
    }
}

/// The kind of messages of a type nobody knows.
const RAW: &str = "raw";

/// The transaction id of a removal: computed, and never the same twice, since the number is in the store before it is
/// used.
fn transaction(account: &str, id: &str, number: i64) -> String {
    let mut hash = Sha256::new();
    for part in [account, id] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let start: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("rd-q-{start}-{number}")
}

fn reason(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Done => "the answer says neither what is there nor that nothing is".into(),
        Verdict::Later(later) => later.reason.clone(),
        Verdict::Pending(why)
        | Verdict::Refused(why)
        | Verdict::RefusedUnlessLost(why)
        | Verdict::Unsure(why)
        | Verdict::ByHand(why)
        | Verdict::Suspend(why) => why.clone(),
    }
}
