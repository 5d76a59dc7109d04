//! Intent, send, record. The intent is written with the claim (`schedule`); here the request goes over a session and
//! what was heard becomes a move.
//!
//! An account's sessions are worked by *desks*: tasks that own one session each and take work from a common queue, so
//! that a session is never shared and one exchange is in flight on it at a time.

mod ask;
mod desk;
mod errand;
mod read_first;
mod staff;
pub mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::Instant;

pub use errand::Errand;
pub use staff::Staff;
use standing::{Change, Standing};

use super::clock::Clock;
use super::commit::Committer;
use super::observer::Observer;
use super::outcome::{AccountEffect, Circumstances};
use super::schedule::throttle::{Slot, Throttle};
use crate::model::retry::Policy;
use crate::model::{Event, Job, JobId, Limits};
use crate::registries::{Prepared, Registry};
use crate::store::{Lease, Result, Store};

/// Everything that belongs to working one account under one lease.
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its registry.
    pub registry: Arc<dyn Registry>,
    /// What it may send.
    pub limits: Arc<Limits>,
    /// The pool it belongs to.
    pub pool: Option<String>,
    /// Weights of publishers that have another than 1.
    pub weights: Arc<BTreeMap<String, u32>>,
    /// The wall clock.
    pub clock: Clock,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The lease it is worked under.
    pub lease: Lease,
    /// Until when the lease certainly holds, by the monotonic clock. Nothing is sent after it.
    pub valid_until: watch::Receiver<Instant>,
    /// The window.
    pub throttle: Arc<Throttle>,
    /// When to try again.
    pub policy: Policy,
    /// Where outcomes go.
    pub committer: Committer,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Told when something happened that may allow new work.
    pub hint: Arc<Notify>,
    /// Whether it may send at all.
    pub standing: Arc<Standing>,
}

/// How the work on a claimed job begins.
pub enum Opening {
    /// With its request.
    Request(Prepared),
    /// With a question whose answer completes the job's parameters; the request can only be written then.
    Question(Prepared),
}

impl Opening {
    /// What goes over the wire first.
    #[must_use]
    pub const fn first(&self) -> &Prepared {
        match self {
            Self::Request(first) | Self::Question(first) => first,
        }
    }
}

/// One piece of work for a desk.
pub enum Work {
    /// A claimed job whose intent is written, with its slot.
    Run(Box<Job>, Opening, Slot),
    /// A job in doubt, or an order the registry works on, to ask about.
    Ask(Box<Job>),
    /// Something that belongs to no job.
    Errand(Errand),
}

impl Work {
    /// The job asked about, if this is a question.
    fn asked(&self) -> Option<JobId> {
        match self {
            Self::Ask(job) => Some(job.id),
            Self::Run(..) | Self::Errand(_) => None,
        }
    }

    const fn is_errand(&self) -> bool {
        matches!(self, Self::Errand(_))
    }
}

impl Account {
    /// Whether the lease certainly still holds and nothing keeps the account silent.
    #[must_use]
    pub fn may_send(&self) -> bool {
        self.is_ours() && self.standing.may_send()
    }

    /// Whether the lease certainly still holds. After it nothing may be sent, not even a LOGOUT.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        Instant::now() < *self.valid_until.borrow()
    }

    /// The queues its jobs wait in: its own, and its pool's.
    #[must_use]
    pub fn queues(&self) -> Vec<&str> {
        [Some(self.name.as_str()), self.pool.as_deref()].into_iter().flatten().collect()
    }

    /// What decisions need to know right now.
    #[must_use]
    pub fn circumstances(&self) -> Circumstances {
        let now = self.clock.now();
        Circumstances {
            policy: self.policy,
            random: rand::random(),
            now,
            next_quota_day: self.limits.next_day(now),
            fence: self.lease.fence,
        }
    }

    /// Slots of a window that may be used now. Everything but a LOGOUT leaves one free for each session's LOGOUT, so that
    /// a daemon told to stop with a full window need not choose between the limit and a session left behind.
    #[must_use]
    pub fn capacity(&self, now: Timestamp, kept_free: usize) -> u32 {
        let all = self.limits.requests_now(now);
        all.saturating_sub(u32::try_from(kept_free).unwrap_or(u32::MAX)).max(all.min(1))
    }

    /// Waits for a slot for something that is not a job (login, question, keep-alive, logout), at most `patience`, leaving
    /// `kept_free` slots of the window.
    pub async fn slot(&self, patience: Duration, kept_free: usize) -> Option<Slot> {
        let deadline = Instant::now() + patience;
        loop {
            let now = self.clock.now();
            let capacity = self.capacity(now, kept_free);
            match self.throttle.take(&*self.store, &self.lease, 1, capacity, now).await {
                Ok(mut slots) => {
                    if let Some(slot) = slots.pop() {
                        return Some(slot);
                    }
                }
                Err(error) => {
                    tracing::warn!(account = self.name, "no send can be reserved: {error}");
                    return None;
                }
            }
            let next = self.throttle.next_return().unwrap_or(deadline).min(deadline);
            if Instant::now() >= deadline {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.throttle.freed.notified() => {}
            }
        }
    }

    /// Carries out what an answer means for the whole account: in memory at once, then in the store.
    pub async fn affect(&self, effect: AccountEffect) {
        match &effect {
            AccountEffect::Suspend(why) => {
                tracing::error!(
                    account = self.name,
                    "account suspended: {why}; put it right, then `registrard accounts resume {}`",
                    self.name
                );
                let now = self.clock.now();
                self.standing.suspend(why, now);
                self.observer.suspended(&self.name, Some(why));
                self.write_suspension(why, now).await;
            }
            AccountEffect::CoolDown(until, why) => {
                tracing::warn!(account = self.name, "account is silent until {until}: {why}");
                let wait = until.duration_since(self.clock.now());
                self.standing.be_quiet(Duration::try_from(wait).unwrap_or_default());
                if let Err(error) = self.store.cool_down(&self.name, *until, why).await {
                    tracing::error!(account = self.name, "the silence could not be noted: {error}");
                }
            }
        }
        self.hint.notify_one();
    }

    /// Takes in what the store says about the account.
    ///
    /// # Errors
    /// The store is away; the account stands as it stood.
    pub async fn look_up_standing(&self) -> Result<()> {
        let (now, generation) = (self.clock.now(), self.standing.generation());
        let state = self.store.account(&self.name).await?;
        match self.standing.learn(&state, now, generation) {
            Change::None => {}
            Change::Resumed => tracing::info!(account = self.name, "account resumed"),
            Change::Tell(why, at) => self.write_suspension(&why, at).await,
        }
        if !self.standing.is_suspended() {
            self.observer.suspended(&self.name, None);
        } else if let Some(why) = &state.suspended {
            self.observer.suspended(&self.name, Some(why));
        }
        Ok(())
    }

    /// `at` is when it happened, however often it is tried: the event's id is made of it.
    async fn write_suspension(&self, why: &str, at: Timestamp) {
        let event = Event::of_account(&self.name, "suspended", why, at);
        match self.store.suspend(&self.name, Some(why), &event).await {
            Ok(()) => self.standing.written(),
            Err(error) => tracing::error!(account = self.name, "the suspension could not be noted yet: {error}"),
        }
    }
}

/// The queue all desks of an account take from.
type Queue = Arc<Mutex<mpsc::Receiver<Work>>>;
