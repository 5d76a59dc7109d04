//! Group commit: moves that arrive together are written together, and a lonely move waits for nobody.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::brake::Brake;
use super::observer::Observer;
use crate::failpoint::failpoint;
use crate::model::retry::Steps;
use crate::model::{Move, State};
use crate::store::{Store, StoreError};

/// Most moves in one transaction.
const LARGEST_GROUP: usize = 500;
/// Moves that may wait for a commit before senders wait too.
const QUEUE: usize = 4096;

/// The writing end. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Item>,
}

struct Item {
    /// `None` is a barrier: it is answered when everything queued before it is written.
    step: Option<Move>,
    done: oneshot::Sender<bool>,
}

/// Whether a move took effect: resolves once it is committed, to `false` if the job was not where the move expected it
/// or the writer is gone.
pub struct Committed(oneshot::Receiver<bool>);

impl Committed {
    /// Waits for the commit.
    pub async fn wait(self) -> bool {
        self.0.await.unwrap_or(false)
    }
}

impl Committer {
    /// Starts the writer. It ends when the last `Committer` is dropped and everything queued is written, so dropping
    /// them and awaiting the handle is the flush. `after` is called after each commit (to wake schedulers and the
    /// outbox).
    pub fn start(
        store: Arc<dyn Store>,
        steps: Steps,
        observer: Arc<dyn Observer>,
        after: impl Fn() + Send + Sync + 'static,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        Self::braking(store, Brake::never(), steps, observer, after)
    }

    /// The same with a brake that looks at the batches of jobs that fail, before anything further is written.
    pub fn braking(
        store: Arc<dyn Store>,
        brake: Brake,
        steps: Steps,
        observer: Arc<dyn Observer>,
        after: impl Fn() + Send + Sync + 'static,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, items) = mpsc::channel(QUEUE);
        (Self { queue }, tokio::spawn(write(store, brake, steps, observer, items, after)))
    }

    /// Queues a move; waits only while the queue is full.
    pub async fn commit(&self, step: Move) -> Committed {
        let (done, committed) = oneshot::channel();
        // If the writer is gone the sender inside the item is dropped, and waiting answers `false`.
        let _ = self.queue.send(Item { step: Some(step), done }).await;
        Committed(committed)
    }

    /// Waits until everything queued so far is written, at most [`LAST_FLUSH`].
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let barrier = async {
            let _ = self.queue.send(Item { step: None, done }).await;
            let _ = written.await;
        };
        if tokio::time::timeout(LAST_FLUSH, barrier).await.is_err() {
            tracing::warn!("outcomes are still being written; if that fails, their jobs will be asked about");
        }
    }
}

async fn write(
    store: Arc<dyn Store>,
    brake: Brake,
    steps: Steps,
    observer: Arc<dyn Observer>,
    mut items: mpsc::Receiver<Item>,
    after: impl Fn() + Send + Sync + 'static,
) {
    let mut group = Vec::new();
    while items.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        let (mut moves, mut done, mut barriers) = (Vec::new(), Vec::new(), Vec::new());
        for item in group.drain(..) {
            match item.step {
                Some(step) => {
                    moves.push(step);
                    done.push(item.done);
                }
                None => barriers.push(item.done),
            }
        }
        failpoint!(OutcomeReady);
        let effects = write_group(&store, steps, &moves).await;
        failpoint!(OutcomeWritten);
        observer.committed(moves.len());
        for ((step, done), effect) in moves.iter().zip(done).zip(&effects) {
            if *effect {
                observer.moved(step);
            }
            // Nobody waiting is fine: the move is committed all the same.
            let _ = done.send(*effect);
        }
        let failed = |(step, effect): &(&Move, &bool)| **effect && step.to() == State::Failed;
        let failed = moves.iter().zip(&effects).filter(failed).map(|(step, _)| step);
        brake.after(&*store, failed, Timestamp::now()).await;
        for barrier in barriers {
            let _ = barrier.send(true);
        }
        after();
    }
}

/// Writes one group, however long the store is away: what happened at a registry must not be forgotten while this
/// process lives. If it dies, the intent is in the store and the job is asked about (law 3). Repeating after an unclear
/// commit is harmless, because every move names the attempt and state it expects.
async fn write_group(store: &Arc<dyn Store>, steps: Steps, moves: &[Move]) -> Vec<bool> {
    let mut tries = 0;
    loop {
        match store.apply(moves).await {
            Ok(effects) => return effects,
            Err(StoreError::Unavailable(why)) => {
                tracing::warn!(moves = moves.len(), "outcomes cannot be written yet, will try again: {why}");
                tokio::time::sleep(steps.wait(tries, rand::random())).await;
                tries += 1;
            }
            Err(error) if moves.len() > 1 => {
                // One bad row must not take its neighbours with it.
                tracing::warn!("writing {} outcomes one by one: {error}", moves.len());
                return write_singly(store, steps, moves).await;
            }
            Err(error) => {
                let job = moves.first().map(Move::job);
                tracing::error!(job = job.map(tracing::field::display), "an outcome cannot be written: {error}");
                moves.iter().for_each(|step| keep_trying(store, steps, step));
                return vec![false; moves.len()];
            }
        }
    }
}

/// What the registry said is not thrown away because of an error that looks lasting: a human may mend it. The other jobs
/// do not wait for that.
fn keep_trying(store: &Arc<dyn Store>, steps: Steps, step: &Move) {
    let (store, step) = (Arc::clone(store), step.clone());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(steps.longest).await;
            match store.apply(std::slice::from_ref(&step)).await {
                Ok(_) => return,
                Err(error) => tracing::error!(job = %step.job(), "the outcome still cannot be written: {error}"),
            }
        }
    });
}

async fn write_singly(store: &Arc<dyn Store>, steps: Steps, moves: &[Move]) -> Vec<bool> {
    let mut effects = Vec::with_capacity(moves.len());
    for step in moves {
        effects.extend(Box::pin(write_group(store, steps, std::slice::from_ref(step))).await);
    }
    effects
}

/// Longest time a stopping daemon waits for its last outcomes to be written.
pub const LAST_FLUSH: Duration = Duration::from_secs(20);
