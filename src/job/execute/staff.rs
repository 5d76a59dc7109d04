//! The desks of one account: how many sessions are open, how much work is out, and the queue between.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::errand::DeskLine;
use super::{Account, Entrance, Queue, Work, desk};
use crate::model::JobId;
use crate::registries::Line;

/// Work claimed ahead per open session: one on the wire, one at hand, so that a session need not wait for a commit.
const AHEAD: usize = 2;

/// All desks of an account.
pub struct Staff {
    pub(super) shared: Arc<Shared>,
    entrance: Entrance,
    desks: JoinSet<()>,
    stop: CancellationToken,
}

/// What the desks share with the scheduler.
pub(super) struct Shared {
    pub(super) account: Arc<Account>,
    pub(super) work: Mutex<Queue>,
    /// How many desks should have a session.
    pub(super) wanted: watch::Sender<usize>,
    /// Sessions open now.
    pub(super) open: AtomicUsize,
    /// Desks with an exchange in flight.
    pub(super) busy: AtomicUsize,
    /// Work handed over and not finished.
    pub(super) outstanding: AtomicUsize,
    /// Jobs that are being asked about; the store still shows them as due.
    pub(super) asking: std::sync::Mutex<HashSet<JobId>>,
    /// Whether the store knows that no session can be opened.
    pub(super) in_trouble: AtomicBool,
    /// Nobody opens a session before this instant, and one at a time, so that a registry in trouble is not hammered.
    pub(super) door: Mutex<Door>,
}

impl Shared {
    pub(super) fn room(&self) -> usize {
        let open = self.open.load(Ordering::Acquire);
        (open * AHEAD).saturating_sub(self.outstanding.load(Ordering::Acquire))
    }

    fn want(&self, sessions: usize) {
        self.wanted.send_if_modified(|wanted| {
            let more = sessions > *wanted;
            if more {
                *wanted = sessions;
            }
            more
        });
    }
}

impl Shared {
    /// Notes why no session can be opened, for whoever asks what a job waits for. Best effort: it decides nothing.
    pub(super) async fn in_trouble(&self, why: &str) {
        if self.open.load(Ordering::Acquire) == 0 {
            self.in_trouble.store(true, Ordering::Release);
            self.note_trouble(Some(why)).await;
        }
    }

    /// A session is open.
    pub(super) async fn out_of_trouble(&self) {
        if self.in_trouble.swap(false, Ordering::AcqRel) {
            self.note_trouble(None).await;
        }
    }

    async fn note_trouble(&self, why: Option<&str>) {
        let account = &self.account;
        if let Err(error) = account.store.trouble(&account.name, why, account.clock.now()).await {
            tracing::debug!(account = account.name, "the lack of sessions could not be noted: {error}");
        }
    }
}

/// Puts work into the queue.
pub(super) async fn enter(shared: &Shared, entrance: &Entrance, work: Work) {
    let queue = if work.is_urgent() { &entrance.urgent } else { &entrance.ordinary };
    // A place first: whoever gives up waiting for one has entered nothing. The queue outlives the senders: `shared` holds
    // the receiver.
    let Ok(place) = queue.reserve().await else { return };
    shared.outstanding.fetch_add(1, Ordering::AcqRel);
    if let Some(job) = work.asked() {
        shared.asking.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
    }
    place.send(work);
    // The last session may have ended since there was room; nobody else would call for one now.
    shared.want(1);
}

/// The state of opening sessions.
pub(super) struct Door {
    pub(super) not_before: Instant,
    /// Sessions in a row that could not be opened, or ended before anything was answered on them.
    pub(super) failures: u32,
}

impl Staff {
    /// Hires a desk per allowed session; sessions are opened when there is work.
    #[must_use]
    pub fn hire(account: Arc<Account>) -> Self {
        let sessions = account.limits.sessions.max(1);
        let (urgent, urgent_work) = mpsc::channel(sessions * AHEAD + 1);
        let (ordinary, ordinary_work) = mpsc::channel(sessions * AHEAD + 1);
        let shared = Arc::new(Shared {
            account,
            work: Mutex::new(Queue { urgent: urgent_work, ordinary: ordinary_work }),
            wanted: watch::Sender::new(0),
            open: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            outstanding: AtomicUsize::new(0),
            asking: std::sync::Mutex::default(),
            // An earlier owner may have noted something.
            in_trouble: AtomicBool::new(true),
            door: Mutex::new(Door { not_before: Instant::now(), failures: 0 }),
        });
        let mut desks = JoinSet::new();
        let stop = CancellationToken::new();
        for number in 0..sessions {
            desks.spawn(desk::run(number, Arc::clone(&shared), stop.clone()));
        }
        Self { shared, entrance: Entrance { urgent, ordinary }, desks, stop }
    }

    /// How much more work can be taken now: nothing unless a session is open (law 7: waiting for a session costs no
    /// attempt).
    #[must_use]
    pub fn room(&self) -> usize {
        self.shared.room()
    }

    /// Says that there is work for this many sessions.
    pub fn want(&self, sessions: usize) {
        self.shared.want(sessions);
    }

    /// The way to ask on behalf of the account for whoever has no job; good for one errand at a time.
    #[must_use]
    pub fn line(&self) -> Arc<dyn Line> {
        let (shared, entrance, stop) = (Arc::clone(&self.shared), self.entrance.clone(), self.stop.clone());
        Arc::new(DeskLine { shared, entrance, stop })
    }

    /// Jobs that are being asked about now.
    #[must_use]
    pub fn asking(&self) -> HashSet<JobId> {
        self.shared.asking.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands over work; at most [`Staff::room`] pieces at a time.
    pub async fn hand_over(&self, work: Work) {
        enter(&self.shared, &self.entrance, work).await;
    }

    /// Whether a desk ended although nobody told it to: its task broke, and its counts with it.
    pub fn has_collapsed(&mut self) -> bool {
        self.desks.try_join_next().is_some()
    }

    /// Open and busy sessions.
    #[must_use]
    pub fn sessions(&self) -> (usize, usize) {
        (self.shared.open.load(Ordering::Relaxed), self.shared.busy.load(Ordering::Relaxed))
    }

    /// Sends everybody home: what is on the wire may finish within `patience`, queued work is put back, sessions log
    /// out. After that, connections are reset; what was on them is in doubt and will be asked about.
    pub async fn dismiss(mut self, patience: Duration) {
        self.stop.cancel();
        let home = async { while self.desks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, home).await.is_err() {
            tracing::warn!(
                account = self.shared.account.name,
                "requests still on the wire are given up; they will be asked about"
            );
            self.desks.shutdown().await;
        }
        desk::put_back_queue(&self.shared, "the daemon stops").await;
    }
}
